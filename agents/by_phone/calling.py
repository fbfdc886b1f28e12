"""A rep's phone rang and they pressed a key: who is called is decided now, by the rules as they stand now."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from agents.by_phone import claiming
from agents.context import AgentContext
from store.models import OutboxItem, OutboxState
from store.queries import outbox, suppression, telephony


@dataclass(frozen=True, slots=True)
class PutThrough:
    contact: str  # E.164
    sender: str


def put_through(session: Session, context: AgentContext, key: str) -> PutThrough | str:
    """Whom to call; or why nobody, in a sentence that is spoken. Once a call: a repeated request calls nobody twice,
    because it is the same leg's."""
    item = _call(session, context, key)
    if item is None or item.state not in (OutboxState.SENDING, OutboxState.SENT, OutboxState.UNKNOWN):
        return "This call is no longer known."
    judged = claiming.still_allowed(session, context, item)
    if isinstance(judged, claiming.Stop):
        return f"Nobody is called. {judged.reason}"
    number_index = suppression.number_key(context.sealer, judged.words.recipient)
    telephony.note_use(session, number_index, judged.contact.id, context.clock.now())
    return PutThrough(judged.words.recipient, judged.words.sender)


def _call(session: Session, context: AgentContext, key: str) -> OutboxItem | None:
    try:
        item_id = UUID(key)
    except ValueError:
        return None
    item = session.get(OutboxItem, (context.workspace_id, item_id))
    return item if item is not None and item.kind == outbox.CALL else None
