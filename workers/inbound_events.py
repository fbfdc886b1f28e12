"""What vendors told us, applied: in the order in which it happened, each once, whatever order it came in.

The endpoint that receives an event only keeps it; here it is read and acted on. What cannot be applied stays visible,
with the reason, until a person replays it.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session

from agents import delivery_events
from agents.context import AgentContext
from core.errors import Rejected, SalesOSError
from core.logging import get_logger
from store.models import InboundEvent, InboundState, Message
from store.queries import inbound
from tools.ports import DeliveryEvent
from tools.ports.inbox_watch import MailArrived
from tools.ports.telephony import CallReport, TextArrived, TextReport
from tools.ports.told import Told
from workers import inbound_by_phone
from workers.inbound import poll_told
from workers.recovery import settle_by_event

_log = get_logger(__name__)
_BATCH = 100  # events of a transaction
# A service may be faster than our own note that it took the mail: so long an event waits for the mail it is about.
PATIENCE: Final = timedelta(minutes=30)
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=10)
MAX_ATTEMPTS: Final = 8  # of an event that makes our own code fail
_UNMATCHED: Final = (
    "No mail of ours has the id that it names. It may be of another program on the same account; if the mail is known "
    "by now, replay it."
)


def apply_due(context: AgentContext) -> int:
    """Everything that is due now. Returns how many events were looked at."""
    seen: set[UUID] = set()
    arrived: set[MailArrived] = set()
    while True:
        with context.database.read(context.workspace_id) as session:
            ids = inbound.due(session, context.clock.now(), _BATCH)
        if seen.issuperset(ids):  # nothing, or only what another worker holds or what cannot even be put off
            # Outside of any transaction; what is lost here by a crash, the reading on a timer finds.
            poll_told(context, arrived)
            return len(seen)
        seen.update(ids)
        try:
            _apply(context, ids, arrived)
        except Exception as error:
            # One that fails must not hold up the others: each on its own, and the one that fails waits.
            _log.warning("events of vendors are applied one by one", count=len(ids), error=type(error).__name__)
            for event_id in ids:
                _alone(context, event_id, arrived)


def _apply(context: AgentContext, ids: Sequence[UUID], arrived: set[MailArrived]) -> None:
    with context.database.write(context.workspace_id) as session:
        for event_id in ids:
            row = session.get(InboundEvent, (context.workspace_id, event_id), with_for_update=True)
            if row is not None and row.state is InboundState.RECEIVED:  # else another worker was faster
                _one(session, context, row, arrived)


def _alone(context: AgentContext, event_id: UUID, arrived: set[MailArrived]) -> None:
    try:
        _apply(context, [event_id], arrived)
    except Exception as error:
        _log.exception("an event of a vendor could not be applied", inbound_event=str(event_id))
        with context.database.write(context.workspace_id) as session:
            row = session.get(InboundEvent, (context.workspace_id, event_id), with_for_update=True)
            if row is not None and row.state is InboundState.RECEIVED:
                _again(session, context, row, f"It could not be applied ({type(error).__name__}): a fault of ours.")


def _one(session: Session, context: AgentContext, row: InboundEvent, arrived: set[MailArrived]) -> None:
    try:
        told = _read(context, row)
    except SalesOSError as error:
        _settle(session, context, row, InboundState.DEAD, str(error))
        return
    changes = {one for one in told if isinstance(one, MailArrived)}
    if changes:
        arrived.update(changes)
        _settle(session, context, row, InboundState.APPLIED, "The inbox is read.")
        return
    by_phone = [one for one in told if isinstance(one, TextReport | TextArrived | CallReport)]
    if by_phone:
        _by_phone(session, context, row, by_phone[0])
        return
    events = [one for one in told if isinstance(one, DeliveryEvent)]
    if not events:
        _settle(session, context, row, InboundState.APPLIED, "Nothing follows from this kind of event.")
        return
    row.kind = events[0].kind.value
    found = [(event, _message(session, context, row, event)) for event in events]
    if any(message is None for _, message in found):
        _wait(session, context, row)
        return
    applied = [_to(session, context, row, event, message) for event, message in found if message is not None]
    state = InboundState.APPLIED if InboundState.APPLIED in {one.state for one in applied} else applied[0].state
    _settle(session, context, row, state, " ".join(dict.fromkeys(one.reason for one in applied)))


def _by_phone(
    session: Session, context: AgentContext, row: InboundEvent, told: TextReport | TextArrived | CallReport
) -> None:
    applied = inbound_by_phone.apply(session, context, told, row.occurred_at)
    if applied is None:
        _wait(session, context, row)
        return
    row.kind = applied.kind
    if applied.message_id is not None:
        row.subject_kind, row.subject_id = "message", applied.message_id
        if applied.latest:
            kinds = inbound_by_phone.PROGRESS
            inbound.supersede(session, context.clock.now(), applied.message_id, kinds, other_than=row.id)
    _settle(session, context, row, applied.state, applied.reason)


def _to(
    session: Session, context: AgentContext, row: InboundEvent, event: DeliveryEvent, message: Message
) -> delivery_events.Applied:
    session.refresh(message, with_for_update=True)
    row.subject_kind, row.subject_id, row.mailbox_id = "message", message.id, message.mailbox_id
    applied = delivery_events.apply(session, context, event, message)
    if applied.latest:
        kinds = [kind.value for kind in delivery_events.PROGRESS]
        inbound.supersede(session, context.clock.now(), message.id, kinds, other_than=row.id)
    return applied


def _message(session: Session, context: AgentContext, row: InboundEvent, event: DeliveryEvent) -> Message | None:
    known = delivery_events.message_of(session, event)
    if known is None and settle_by_event(session, context, event, row.vendor):
        known = delivery_events.message_of(session, event)
    return known or _said_by_hand(session, row)


def _said_by_hand(session: Session, row: InboundEvent) -> Message | None:
    """The mail that a person named when they replayed it."""
    if not row.replayed_by or row.subject_kind != "message" or row.subject_id is None:
        return None
    return session.get(Message, (row.workspace_id, row.subject_id))


def _read(context: AgentContext, row: InboundEvent) -> Sequence[Told]:
    """Raises Rejected, Tampered, NotFound."""
    raw = inbound.raw_of(context.sealer, row)
    if raw is None:
        raise Rejected("What it said is no longer kept.")
    events = context.tools.read_event(row.vendor, raw)
    for event in (one for one in events if isinstance(one, DeliveryEvent)):
        named = (event.event_id, event.recipient, event.message_id or "", event.provider_id, event.status)
        if not all(text.isprintable() for text in named):
            raise Rejected("It names something by characters that are no text.")
    return events


def _wait(session: Session, context: AgentContext, row: InboundEvent) -> None:
    if context.clock.now() - row.received_at >= PATIENCE or row.replayed_by:
        _settle(session, context, row, InboundState.DEAD, _UNMATCHED)
    else:
        _later(session, context, row, "The mail that it names is not known yet.")


def _again(session: Session, context: AgentContext, row: InboundEvent, reason: str) -> None:
    if row.attempts + 1 >= MAX_ATTEMPTS:
        _settle(session, context, row, InboundState.DEAD, reason)
    else:
        _later(session, context, row, reason)


def _later(session: Session, context: AgentContext, row: InboundEvent, reason: str) -> None:
    row.attempts, row.reason = row.attempts + 1, reason
    wait: timedelta = min(_FIRST_WAIT * 2 ** min(row.attempts, 10), _LONGEST_WAIT)
    row.due_at = context.clock.now() + wait
    session.add(row)


def _settle(session: Session, context: AgentContext, row: InboundEvent, state: InboundState, reason: str) -> None:
    row.state, row.reason, row.attempts, row.settled_at = state, reason, row.attempts + 1, context.clock.now()
    session.add(row)
    session.flush()
