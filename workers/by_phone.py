"""Texts and calls leave here, one at a time, at most once each. Laws 2, 3 and 5.

    claim one, ask every rule again, set its price aside, mark it started, commit
    →  the vendor, outside any transaction  →  keep the answer, commit

Not started: nothing left, so it is ready again. Started and unanswered: the vendor is asked what went to that number
since, twice and some minutes apart, before the same words are sent again; where that leaves a doubt, a person looks.
A call is never placed a second time: whoever pressed the key is long gone from the phone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlmodel import Session

from agents.by_phone import claiming, stop
from agents.context import AgentContext
from core.crypto import Tampered
from core.errors import FixConfiguration, SalesOSError
from core.ids import stable_id
from core.logging import get_logger
from core.redaction import redact_text
from store import bulk
from store.models import Alert, OutboxItem, OutboxState, TelephonyAccount, TelephonyState
from store.queries import outbox, suppression, telephony
from tools.ports import SendOutcome, SendResult
from tools.ports.telephony import OPTED_OUT, CallOut, TextOut
from workers import outcomes
from workers.by_phone_aftermath import follow, note, settle, words_at_hand
from workers.outcomes import backoff

_log = get_logger(__name__)
MAX_ATTEMPTS: Final = 8
# The vendor's list may show a text only some time after it was taken.
_LAG: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class _Ready:
    item: OutboxItem
    go: claiming.Go


def carry_out(context: AgentContext, owner: str, stopping: Callable[[], bool]) -> int:
    """Everything that is due of one workspace. Returns how many items were looked at."""
    moved = 0
    while not stopping():
        looked, ready = _claim(context, owner)
        if not looked:
            return moved
        moved += 1
        if ready is not None:
            result = _send(context, ready)
            if not record(context, ready.item, result):
                _log.warning("a lease was lost while sending", item=str(ready.item.id), outcome=result.outcome)
    return moved


def _claim(context: AgentContext, owner: str) -> tuple[bool, _Ready | None]:
    """(whether there was one, what may leave now and is marked so)."""
    now, lease = context.clock.now(), context.settings.lease_seconds
    with context.database.write(context.workspace_id) as session:
        items = outbox.claim(session, now, owner=owner, lease_seconds=lease, limit=1, kinds=outbox.BY_PHONE)
        if not items:
            return False, None
        item = items[0]
        match claiming.examine(session, context, item):
            case claiming.Wait(until, reason):
                outcomes.ready_again(session, item, until, reason)
                return True, None
            case claiming.Stop(state, reason):
                outbox.complete(session, item.id, item.lease_token, state, state_reason=reason)
                return True, None
            case claiming.Go() as go:
                payload = {**item.payload, "spend": [str(entry) for entry in go.spend]}
                if not telephony.start(session, item, now, payload):
                    return True, None
                key = suppression.number_key(context.sealer, go.words.recipient)
                telephony.note_use(session, key, go.contact.id, now)
                item.payload, item.attempts, item.started_at = payload, item.attempts + 1, now
                session.expunge(item)
                return True, _Ready(item, go)


def _send(context: AgentContext, ready: _Ready) -> SendResult:
    words, key = ready.go.words, str(ready.item.id)
    try:
        vendor = context.tools.telephony(ready.go.account)
    except (FixConfiguration, Tampered) as error:
        return SendResult(SendOutcome.MISCONFIGURED, str(error), getattr(error, "code", "tampered"))
    try:
        if ready.item.kind == outbox.TEXT:
            return vendor.send_text(TextOut(key, words.recipient, words.sender, words.body))
        return vendor.place_call(CallOut(key, words.rep, words.sender))
    except Exception as error:  # a provider that breaks its word: nobody knows what left
        detail = str(error) if isinstance(error, SalesOSError) else type(error).__name__
        return SendResult(SendOutcome.UNKNOWN, f"The provider broke: {detail}", "broken")


def record(context: AgentContext, item: OutboxItem, result: SendResult) -> bool:
    """Writes down what the vendor said. False: the lease was lost, and the item is another worker's."""
    detail = redact_text(result.detail)[:1_000]
    with context.database.write(context.workspace_id) as session:
        match result.outcome:
            case SendOutcome.SENT:
                return sent(session, context, item, detail, result.provider_id)
            case SendOutcome.UNKNOWN:
                return await_lookup(session, context, item, detail, asked=0)
            case SendOutcome.DEFERRED:
                return _later(session, context, item, result, detail)
            case SendOutcome.MISCONFIGURED:
                return _paused(session, context, item, detail)
            case SendOutcome.REJECTED:
                return _refused(session, context, item, result, detail)


def sent(
    session: Session, context: AgentContext, item: OutboxItem, detail: str, provider_id: str, actor: str = "system"
) -> bool:
    """All that a text or call which really left changes."""
    now = context.clock.now()
    done = outbox.complete(session, item.id, item.lease_token, OutboxState.SENT, sent_at=now, state_reason=detail)
    if not done:
        return False
    follow(session, context, item, provider_id, actor)
    return True


def _later(session: Session, context: AgentContext, item: OutboxItem, result: SendResult, detail: str) -> bool:
    now = context.clock.now()
    wait = backoff(item.id, item.attempts, timedelta(minutes=1), timedelta(hours=1))
    if result.retry_after_seconds is not None:
        wait = max(wait, timedelta(seconds=result.retry_after_seconds))
        account = (
            telephony.account_row(session, item.telephony_account_id, lock=True) if item.telephony_account_id else None
        )
        if account is not None:
            account.not_before = now + timedelta(seconds=result.retry_after_seconds)
            session.add(account)
    settle(session, context, item, "deferred")
    too_late = item.expires_at is not None and now + wait >= item.expires_at
    if item.attempts >= MAX_ATTEMPTS or too_late:
        why = "its time is over" if too_late else f"{item.attempts} attempts"
        return failed(session, context, item, f"Given up ({why}). {detail}")
    return outcomes.ready_again(session, item, now + wait, detail)


def _refused(session: Session, context: AgentContext, item: OutboxItem, result: SendResult, detail: str) -> bool:
    settle(session, context, item, "refused")
    if not failed(session, context, item, f"Refused for good: {detail}"):
        return False
    if result.code == OPTED_OUT and (words := words_at_hand(context, item)) is not None:
        stop.stop(session, context, words.recipient, source=f"vendor:{item.id}")
    return True


def failed(session: Session, context: AgentContext, item: OutboxItem, detail: str) -> bool:
    """The task stays open, with the reason beside it: the rep does it by hand."""
    if not outbox.complete(session, item.id, item.lease_token, OutboxState.FAILED, state_reason=detail):
        return False
    note(session, context, item, f"{item.kind}.failed", {"attempts": item.attempts})
    return True


def _paused(session: Session, context: AgentContext, item: OutboxItem, detail: str) -> bool:
    """The vendor does not let us in: a person mends the account, and what waits stays ready."""
    now = context.clock.now()
    settle(session, context, item, "misconfigured")
    if not outcomes.ready_again(session, item, now, f"The account is paused: {detail}"):
        return False
    account = (
        telephony.account_row(session, item.telephony_account_id, lock=True) if item.telephony_account_id else None
    )
    if account is not None and account.state is TelephonyState.ACTIVE:
        pause(session, context, account, detail)
    return True


def pause(session: Session, context: AgentContext, account: TelephonyAccount, detail: str) -> None:
    now = context.clock.now()
    account.state, account.pause_reason = TelephonyState.PAUSED, detail
    session.add(account)
    key = f"telephony:{account.id}:{now.isoformat()}"
    alert = {
        "id": stable_id("alert", account.workspace_id, key),
        "source_key": key,
        "subject_kind": "telephony",
        "subject_id": account.id,
        "level": "critical",
        "text": f"A telephony account is paused, because its vendor says: {detail} Mend it, then resume it.",
        "created_at": now,
    }
    bulk.insert_ignore(session, Alert, [alert])


def await_lookup(session: Session, context: AgentContext, item: OutboxItem, detail: str, *, asked: int) -> bool:
    return outbox.complete(
        session,
        item.id,
        item.lease_token,
        OutboxState.SENDING,
        lease_owner=outcomes.LOOKUP_OWNER,
        lease_until=context.clock.now() + _LAG,
        payload={**item.payload, "lookups": asked},
        state_reason=detail,
    )
