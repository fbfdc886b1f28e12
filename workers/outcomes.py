"""What follows from a transport's answer, in one transaction each, fenced by the lease's token.

SENT            → sent: message, touch done, the next touches after the real send, CRM, audit
UNKNOWN         → looked up after a lag (workers.recovery); never simply repeated
anything else   → a verdict (tools.mail.verdicts), and what agents.delivery_policy says of it: ready again later, the
                  same bytes, until `MAX_ATTEMPTS` or its time; or failed, with a task for a person; or the mailbox or
                  its domain closed
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlmodel import Session

from agents import brakes, preparation
from agents.context import AgentContext
from agents.delivery_policy import POLICY, Closes, Rule
from core.ids import stable_id
from core.redaction import redact_text
from store import audit, bulk, feed
from store.feed_kinds import Kind, MailboxData, TaskData
from store.models import Alert, Mailbox, MailboxState, OutboxItem, OutboxState, Task, TaskState, TouchState
from store.queries import approvals, outbox, placement, starting
from tools.mail import verdicts
from tools.mail.verdicts import Verdict
from tools.ports import SendOutcome, SendResult
from workers.aftermath import UNNAMED, MailNames, after_sent, all_sent, bounced, mail_data
from workers.letters import Words

# With the backoff of a deferral about a day and a half, as mail servers themselves give up after days.
MAX_ATTEMPTS = 10
# A server that took the mail may show it in its search only later.
LOOKUP_LAG = timedelta(seconds=60)
LOOKUP_OWNER = "lookup"


def record(context: AgentContext, item: OutboxItem, result: SendResult) -> bool:
    """Writes down what the transport said. False: the lease was lost, and the item is another worker's."""
    with context.database.write(context.workspace_id) as session:
        return apply(session, context, item, result)


def is_plain_yes(result: SendResult) -> bool:
    """Taken, and nothing more to keep of the answer than its words."""
    return result.outcome is SendOutcome.SENT and not (result.provider_id or result.wire_message_id)


def words_of(result: SendResult) -> str:
    return redact_text(result.detail)[:1_000]


@dataclass(frozen=True, slots=True)
class Taken:
    """A plain yes, and what is at hand of its mail."""

    item: OutboxItem
    detail: str
    words: Words


def record_taken(context: AgentContext, taken: Sequence[Taken], kept: int) -> list[OutboxItem]:
    """Writes down what follows from plain yeses, all at once; gives those whose lease was lost meanwhile.

    `kept`: of how many the answer is in the store already; the others' come with it here.
    """
    if not taken:
        return []
    with context.database.write(context.workspace_id) as session:
        now = context.clock.now()
        for one in taken[kept:]:
            starting.taken(session.connection(), now, one.item, one.detail)
        mine = outbox.complete_each(session, [one.item for one in taken], OutboxState.SENT, sent_at=now)
        ours = {item.id for item in mine}
        lost = [
            one.item for one in taken if one.item.id not in ours and not sent(session, context, one.item, one.detail)
        ]
        all_sent(session, context, mine, now, said={one.item.id: one.words for one in taken})
        return lost


def release(context: AgentContext, items: Sequence[OutboxItem]) -> None:
    """Claimed, and not started: nothing of these left. They are asked again from the start."""
    with context.database.write(context.workspace_id) as session:
        outbox.complete_each(session, items, OutboxState.READY)


def apply(session: Session, context: AgentContext, item: OutboxItem, result: SendResult) -> bool:
    detail = words_of(result)
    match result.outcome:
        case SendOutcome.SENT:
            return sent(session, context, item, detail, names=MailNames(result.provider_id, result.wire_message_id))
        case SendOutcome.UNKNOWN:
            return await_lookup(session, context, item, detail, asked=0)
        case _:
            return _obey(session, context, item, _rule_of(result), result, detail)


def closes(result: SendResult) -> bool:
    """Whether nothing more leaves from this mailbox for now."""
    if result.outcome in (SendOutcome.SENT, SendOutcome.UNKNOWN):
        return False
    return _rule_of(result).closes is not Closes.NOTHING


def _rule_of(result: SendResult) -> Rule:
    """Of an answer that is neither a yes nor none."""
    match result.outcome:
        case SendOutcome.DEFERRED:
            return POLICY[verdicts.put_off(result.code, result.detail)]
        case SendOutcome.REJECTED:
            return POLICY[verdicts.rejected(result.code, result.detail)]
        case _:
            return POLICY[verdicts.about_us(result.code, result.detail)]


def sent(
    session: Session,
    context: AgentContext,
    item: OutboxItem,
    detail: str,
    *,
    names: MailNames = UNNAMED,
    actor: str = "system",
) -> bool:
    now = context.clock.now()
    if not outbox.complete(session, item.id, item.lease_token, OutboxState.SENT, sent_at=now, state_reason=detail):
        return False
    after_sent(session, context, item, now, names=names, actor=actor)
    return True


def await_lookup(session: Session, context: AgentContext, item: OutboxItem, detail: str, *, asked: int) -> bool:
    """Stays leased to nobody until the lag has passed; then `workers.recovery` asks the server."""
    until = context.clock.now() + LOOKUP_LAG
    return outbox.complete(
        session,
        item.id,
        item.lease_token,
        OutboxState.SENDING,
        lease_owner=LOOKUP_OWNER,
        lease_until=until,
        payload={**item.payload, "lookups": asked},
        state_reason=detail,
    )


def unknown(session: Session, context: AgentContext, item: OutboxItem, detail: str) -> bool:
    """Nobody can say whether it left: a person decides."""
    if not outbox.complete(session, item.id, item.lease_token, OutboxState.UNKNOWN, state_reason=detail):
        return False
    _task(session, context, item, "resolve_unknown", "Did this mail arrive? Its server gave no answer", detail)
    _audit(session, context, item, "outbox.unknown", {"attempts": item.attempts})
    feed.publish(session, context.clock, [feed.Event(Kind.MAIL_UNKNOWN, item.id, mail_data(item))])
    return True


def failed(session: Session, context: AgentContext, item: OutboxItem, detail: str) -> bool:
    if not outbox.complete(session, item.id, item.lease_token, OutboxState.FAILED, state_reason=detail):
        return False
    if item.draft_id is not None:
        # The draft's touch will not be done by this mail; the sequence goes on with the next one.
        approvals.void_draft(
            session,
            context.clock,
            context.ids,
            item.draft_id,
            detail,
            actor="system",
            touch_state=TouchState.BLOCKED,
        )
    _task(session, context, item, "send_failed", "A mail could not be sent", detail)
    _audit(session, context, item, "outbox.failed", {"attempts": item.attempts})
    feed.publish(session, context.clock, [feed.Event(Kind.MAIL_FAILED, item.id, mail_data(item))])
    return True


def resend(session: Session, context: AgentContext, item: OutboxItem, why: str) -> bool:
    """The same bytes again: the server said twice that it does not have it, or would not take it twice."""
    reason = f"{why} Sent again, the same bytes."
    return outbox.complete(
        session,
        item.id,
        item.lease_token,
        OutboxState.READY,
        not_before=context.clock.now(),
        state_reason=reason,
        payload={key: value for key, value in item.payload.items() if key != "lookups"},
    )


def unknown_task_id(item: OutboxItem) -> UUID:
    return stable_id("task", item.workspace_id, f"resolve_unknown:{item.id}")


def ready_again(session: Session, item: OutboxItem, not_before: datetime, reason: str) -> bool:
    """The same bytes, later."""
    return outbox.complete(
        session, item.id, item.lease_token, OutboxState.READY, not_before=not_before, state_reason=reason
    )


def backoff(
    item_id: UUID, attempts: int, first: timedelta = timedelta(minutes=2), longest: timedelta = timedelta(hours=6)
) -> timedelta:
    """Doubles from the first to the longest, ± 25 % by the item's own hash: many items do not come back at once."""
    base: timedelta = min(first * 2 ** min(max(attempts, 1) - 1, 12), longest)
    share = int.from_bytes(sha256(f"{item_id}:{attempts}".encode()).digest()[:4], "big") / 2**32
    return base * (0.75 + 0.5 * share)


def _obey(
    session: Session, context: AgentContext, item: OutboxItem, rule: Rule, result: SendResult, detail: str
) -> bool:
    mailbox = session.get(Mailbox, (item.workspace_id, item.mailbox_id)) if item.mailbox_id else None
    if rule.first_wait is None:
        moved = failed(session, context, item, f"Refused for good: {detail}")
    else:
        moved = _again(session, context, item, rule, result, detail)
    if not moved or mailbox is None:
        return moved
    if rule.brakes:
        source = f"outbox:{item.id}"
        brakes.note(session, context, mailbox, rule.verdict, source=source, accepted=False, code=result.code)
    if rule.suppresses and item.contact_id is not None:
        bounced(session, context, item, item.contact_id, result.code)
    if rule.verdict is Verdict.AUTH:
        _pause(session, context, item, detail)
    elif rule.closes is not Closes.NOTHING:
        brakes.close(session, context, mailbox, rule, detail)
    return True


def _again(
    session: Session, context: AgentContext, item: OutboxItem, rule: Rule, result: SendResult, detail: str
) -> bool:
    """The same bytes later; failed where that would be too late, or too often."""
    now = context.clock.now()
    if not rule.counts:  # not the mail's fault: the attempt does not count against it
        return outbox.complete(
            session,
            item.id,
            item.lease_token,
            OutboxState.READY,
            not_before=now,  # what is closed holds it back
            attempts=max(0, item.attempts - 1),
            state_reason=f"{rule.means} {detail}",
        )
    wait = backoff(item.id, item.attempts, rule.first_wait or timedelta(0), rule.longest_wait)
    if result.retry_after_seconds is not None:
        wait = max(wait, timedelta(seconds=result.retry_after_seconds))
    too_late = item.expires_at is not None and now + wait >= item.expires_at
    if item.attempts >= MAX_ATTEMPTS or too_late:
        why = "its time is over" if too_late else f"{item.attempts} attempts"
        return failed(session, context, item, f"Given up ({why}). The server's last words: {detail}")
    return ready_again(session, item, now + wait, f"Put off by the server: {detail}")


def _pause(session: Session, context: AgentContext, item: OutboxItem, detail: str) -> None:
    """Our own server does not let us in: its settings are a person's to mend."""
    now = context.clock.now()
    mailbox = session.get(Mailbox, (item.workspace_id, item.mailbox_id), with_for_update=True)
    if mailbox is None or mailbox.state is not MailboxState.ACTIVE:
        return
    mailbox.state, mailbox.pause_reason = MailboxState.PAUSED, detail
    session.add(mailbox)
    key = f"mailbox:{mailbox.id}:{now.isoformat()}"
    alert = {
        "id": stable_id("alert", item.workspace_id, key),
        "source_key": key,
        "subject_kind": "mailbox",
        "subject_id": mailbox.id,
        "level": "critical",
        "text": f"A mailbox is paused, because its server says: {detail} Mend its settings, then resume it.",
        "created_at": now,
    }
    bulk.insert_ignore(session, Alert, [alert])
    _audit(session, context, item, "mailbox.paused", {"mailbox_id": str(mailbox.id)})
    paused = feed.Event(Kind.MAILBOX_PAUSED, mailbox.id, MailboxData(by_us=True))
    feed.publish(session, context.clock, [paused])


def _task(session: Session, context: AgentContext, item: OutboxItem, kind: str, title: str, detail: str) -> None:
    if item.subject_kind in (placement.SUBJECT, preparation.SUBJECT):
        return  # the test says what became of it
    now, key = context.clock.now(), f"{kind}:{item.id}"
    mailbox = session.get(Mailbox, (item.workspace_id, item.mailbox_id)) if item.mailbox_id else None
    task_id = stable_id("task", item.workspace_id, key)
    row = {
        "id": task_id,
        "source_key": key,
        "subject_kind": item.subject_kind,
        "subject_id": item.subject_id,
        "kind": kind,
        "title": title,
        "script_sealed": context.sealer.seal(detail, context=f"task|script|{task_id}"),
        "assignee_id": mailbox.user_id if mailbox else None,
        "state": TaskState.OPEN,
        "due_at": now,
        "created_at": now,
    }
    if bulk.insert_ignore(session, Task, [row]):
        told = TaskData(
            task_kind=kind,
            about_kind=item.subject_kind,
            about_id=item.subject_id,
            assignee_id=mailbox.user_id if mailbox else None,
            due_at=now,
        )
        feed.publish(session, context.clock, [feed.Event(Kind.TASK_MADE, task_id, told)])


def _audit(
    session: Session,
    context: AgentContext,
    item: OutboxItem,
    action: str,
    details: dict[str, object],
    actor: str = "system",
) -> None:
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=actor,
        action=action,
        subject_kind="outbox_item",
        subject_id=item.id,
        details=details,
    )
