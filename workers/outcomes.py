"""What follows from a transport's answer, in one transaction each, fenced by the lease's token.

SENT            → sent: message, touch done, the next touches after the real send, CRM, audit
DEFERRED        → ready again later with the same bytes; after `MAX_ATTEMPTS` or its time → failed, a task for a person
REJECTED        → failed; an address that does not exist is suppressed and its lead stopped
MISCONFIGURED   → ready again, the mailbox paused with the server's words, an alert
UNKNOWN         → looked up after a lag (workers.recovery); never simply repeated
"""

from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlmodel import Session

from agents.context import AgentContext
from core.ids import stable_id
from core.redaction import redact_text
from store import audit, bulk
from store.models import Alert, Mailbox, MailboxState, OutboxItem, OutboxState, Task, TaskState, TouchState
from store.queries import approvals, outbox
from tools.ports import SendOutcome, SendResult
from workers.aftermath import after_sent, bounced

MAX_ATTEMPTS = 10  # with the backoff below: about a day and a half, as mail servers themselves give up after days
_FIRST_BACKOFF, _LONGEST_BACKOFF = timedelta(minutes=2), timedelta(hours=6)
# A server that took the mail may show it in its search only later.
LOOKUP_LAG = timedelta(seconds=60)
LOOKUP_OWNER = "lookup"
_NO_SUCH_PERSON = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10")  # RFC 3463, 7505: the address, and not our mail


def record(context: AgentContext, item: OutboxItem, result: SendResult) -> bool:
    """Writes down what the transport said. False: the lease was lost, and the item is another worker's."""
    with context.database.write(context.workspace_id) as session:
        return apply(session, context, item, result)


def apply(session: Session, context: AgentContext, item: OutboxItem, result: SendResult) -> bool:
    detail = redact_text(result.detail)[:1_000]
    match result.outcome:
        case SendOutcome.SENT:
            return sent(session, context, item, detail)
        case SendOutcome.DEFERRED:
            return _deferred(session, context, item, result, detail)
        case SendOutcome.REJECTED:
            return _rejected(session, context, item, result, detail)
        case SendOutcome.MISCONFIGURED:
            return _misconfigured(session, context, item, detail)
        case SendOutcome.UNKNOWN:
            return await_lookup(session, context, item, detail, asked=0)


def sent(session: Session, context: AgentContext, item: OutboxItem, detail: str, *, actor: str = "system") -> bool:
    now = context.clock.now()
    if not outbox.complete(session, item.id, item.lease_token, OutboxState.SENT, sent_at=now, state_reason=detail):
        return False
    after_sent(session, context, item, now, actor=actor)
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
    return True


def resend(session: Session, context: AgentContext, item: OutboxItem) -> bool:
    """The server said twice that it does not have it: the same bytes again, and asked anew if that fails too."""
    reason = "The server does not have it: sent again, the same bytes."
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


def backoff(item_id: UUID, attempts: int) -> timedelta:
    """Doubles from two minutes to six hours, ± 25 % by the item's own hash: many items do not come back at once."""
    base: timedelta = min(_FIRST_BACKOFF * 2 ** min(max(attempts, 1) - 1, 12), _LONGEST_BACKOFF)
    share = int.from_bytes(sha256(f"{item_id}:{attempts}".encode()).digest()[:4], "big") / 2**32
    return base * (0.75 + 0.5 * share)


def _deferred(session: Session, context: AgentContext, item: OutboxItem, result: SendResult, detail: str) -> bool:
    now = context.clock.now()
    wait = backoff(item.id, item.attempts)
    if result.retry_after_seconds is not None:
        wait = max(wait, timedelta(seconds=result.retry_after_seconds))
    too_late = item.expires_at is not None and now + wait >= item.expires_at
    if item.attempts >= MAX_ATTEMPTS or too_late:
        why = "its time is over" if too_late else f"{item.attempts} attempts"
        return failed(session, context, item, f"Given up ({why}). The server's last words: {detail}")
    return ready_again(session, item, now + wait, f"Put off by the server: {detail}")


def _rejected(session: Session, context: AgentContext, item: OutboxItem, result: SendResult, detail: str) -> bool:
    if not failed(session, context, item, f"Refused for good: {detail}"):
        return False
    if result.code in _NO_SUCH_PERSON and item.contact_id is not None:
        bounced(session, context, item, item.contact_id, result.code)
    return True


def _misconfigured(session: Session, context: AgentContext, item: OutboxItem, detail: str) -> bool:
    now = context.clock.now()
    # Not the mail's fault: the attempt does not count against it.
    if not outbox.complete(
        session,
        item.id,
        item.lease_token,
        OutboxState.READY,
        not_before=now,
        attempts=max(0, item.attempts - 1),
        state_reason=f"The mailbox does not work: {detail}",
    ):
        return False
    mailbox = session.get(Mailbox, (item.workspace_id, item.mailbox_id), with_for_update=True)
    if mailbox is not None and mailbox.state is MailboxState.ACTIVE:
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
    return True


def _task(session: Session, context: AgentContext, item: OutboxItem, kind: str, title: str, detail: str) -> None:
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
    bulk.insert_ignore(session, Task, [row])


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
