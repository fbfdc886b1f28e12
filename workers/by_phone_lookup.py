"""After a crash or a lost answer: the vendor is asked what went there since, before anything is repeated. Law 5."""

from typing import Final

from sqlmodel import Session, col, select

from agents.context import AgentContext
from core.crypto import Tampered
from core.errors import FixConfiguration, RetryAt
from store import bulk, feed
from store.feed_kinds import Kind
from store.models import Message, OutboxItem, OutboxState, Task
from store.queries import outbox, telephony
from tools.ports import LookupResult
from tools.ports.telephony import Found, Lost
from workers import by_phone, outcomes
from workers.by_phone_aftermath import note, settle, words_at_hand

_ASK_TWICE: Final = 2  # a list may be late
_TITLE: Final = {
    outbox.TEXT: "Did this text leave? The vendor gave no answer",
    outbox.CALL: "Was this call placed? The vendor gave no answer",
}


def look_up(context: AgentContext, item: OutboxItem) -> None:
    """An item whose lease ran out after its start: claimed anew by `workers.recovery`."""
    asked = int(item.payload.get("lookups", 0))
    found: Found | None
    try:
        found = _ask(context, item)
    except RetryAt:
        found = None
    except (FixConfiguration, Tampered):
        found = Found(LookupResult.UNSUPPORTED)
    with context.database.write(context.workspace_id) as session:
        match found.result if found is not None else None:
            case LookupResult.FOUND:
                by_phone.sent(session, context, item, "Found at the vendor.", found.provider_id if found else "")
            case LookupResult.NOT_FOUND if asked + 1 >= _ASK_TWICE and item.kind == outbox.CALL:
                settle(session, context, item, "not placed")
                by_phone.failed(session, context, item, "The call was not placed. Press the key again.")
            case LookupResult.NOT_FOUND if asked + 1 >= _ASK_TWICE:
                settle(session, context, item, "not taken")
                payload = {key: value for key, value in item.payload.items() if key not in ("lookups", "spend")}
                outbox.complete(
                    session,
                    item.id,
                    item.lease_token,
                    OutboxState.READY,
                    not_before=context.clock.now(),
                    payload=payload,
                    state_reason="The vendor does not have it. Sent again, the same words.",
                )
            case LookupResult.NOT_FOUND:
                by_phone.await_lookup(
                    session, context, item, "The vendor does not list it; asked again.", asked=asked + 1
                )
            case None:
                by_phone.await_lookup(session, context, item, "The vendor could not be asked yet.", asked=asked)
            case _:
                _unknown(session, context, item)


def _ask(context: AgentContext, item: OutboxItem) -> Found:
    """Raises RetryAt, FixConfiguration, Tampered."""
    with context.database.read(context.workspace_id) as session:
        account = telephony.account_row(session, item.telephony_account_id) if item.telephony_account_id else None
        known = frozenset(
            session.exec(
                select(Message.provider_message_id).where(
                    Message.contact_id == item.contact_id, col(Message.provider_message_id) != ""
                )
            )
        )
    words = words_at_hand(context, item)
    if account is None or words is None:
        return Found(LookupResult.UNSUPPORTED)
    vendor = context.tools.telephony(account)
    tried_at = item.started_at or context.clock.now()
    if item.kind == outbox.TEXT:
        return vendor.find_text(Lost(words.recipient, words.sender, words.body, tried_at, known))
    return vendor.find_call(Lost(words.rep, words.sender, "", tried_at, known))


def _unknown(session: Session, context: AgentContext, item: OutboxItem) -> None:
    detail = (
        f"{item.state_reason or 'The worker stopped while it was sending.'} The vendor cannot say whether it is ours."
    )
    if not outbox.complete(session, item.id, item.lease_token, OutboxState.UNKNOWN, state_reason=detail):
        return
    now, key = context.clock.now(), f"resolve_unknown:{item.id}"
    row = {
        "id": outcomes.unknown_task_id(item),
        "source_key": key,
        "subject_kind": item.subject_kind,
        "subject_id": item.subject_id,
        "kind": "resolve_unknown",
        "title": _TITLE[item.kind],
        "script_sealed": context.sealer.seal(detail, context=f"task|script|{outcomes.unknown_task_id(item)}"),
        "due_at": now,
        "created_at": now,
    }
    if bulk.insert_ignore(session, Task, [row]):
        feed.publish(session, context.clock, [feed.task(Kind.TASK_MADE, row)])
    note(session, context, item, f"{item.kind}.unknown", {"attempts": item.attempts})
