"""Legal bases that a person records or imports: checked, given their end by law, and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from agents.context import AgentContext
from agents.jurisdiction import Basis, Channel, Ground, end_of
from core.errors import Rejected
from store.models import Contact
from store.queries import legal_bases, merges
from store.queries.legal_bases import NewBasis


@dataclass(frozen=True, slots=True)
class Told:
    """One basis as somebody tells it. Words of enums, as they stand in files and forms."""

    basis: str
    evidence: str
    given_at: datetime
    channel: str = Channel.MAIL.value
    ground: str = ""
    expires_at: datetime | None = None


def checked(contact_id: UUID, told: Told, now: datetime, *, by: str, source: str) -> NewBasis:
    """Raises Rejected."""
    if told.basis not in {one.value for one in Basis if one is not Basis.NONE}:
        raise Rejected(f"“{told.basis[:40]}” is no legal basis.", hint=f"There are: {_words(Basis)}.", code="invalid")
    if told.channel not in {one.value for one in Channel}:
        raise Rejected(f"“{told.channel[:40]}” is no channel.", hint=f"There are: {_words(Channel)}.", code="invalid")
    if told.ground not in {one.value for one in Ground}:
        raise Rejected(f"“{told.ground[:40]}” is no ground.", hint=f"There are: {_words(Ground)}.", code="invalid")
    if not told.evidence.strip():
        raise Rejected(
            "A legal basis needs its evidence.",
            hint="Say where it is written, so that you can show it when asked.",
            code="evidence_missing",
        )
    if told.given_at > now:
        raise Rejected("A legal basis cannot be from the future.", hint="Check the date.", code="invalid")
    by_law = end_of(Basis(told.basis), Ground(told.ground), told.given_at)
    ends = [at for at in (told.expires_at, by_law) if at is not None]
    return NewBasis(
        contact_id=contact_id,
        basis=told.basis,
        evidence=told.evidence.strip(),
        given_at=told.given_at,
        recorded_by=by,
        channel=told.channel,
        ground=told.ground,
        source=source,
        expires_at=min(ends, default=None),  # a person may end it sooner than the law, never later
    )


def by_address(session: Session, context: AgentContext, addresses: Sequence[str]) -> dict[str, UUID]:
    """The contacts that have these addresses; of merged ones the one that stands. Erased people have none."""
    keys = {context.sealer.blind_index("email", address.strip().lower()): address for address in addresses}
    query = select(Contact.email_index, Contact.id).where(col(Contact.email_index).in_(list(keys)))
    found = {keys[index]: contact_id for index, contact_id in session.exec(query) if index is not None}
    stands = merges.kept_of(session, set(found.values()))
    return {address: stands.get(contact_id, contact_id) for address, contact_id in found.items()}


def record(session: Session, context: AgentContext, found: Sequence[NewBasis]) -> int:
    """Returns of how many contacts something new is on record."""
    return len(legal_bases.record(session, context.clock, context.sealer, found))


def _words(enum: type[Basis] | type[Channel] | type[Ground]) -> str:
    return ", ".join(one.value for one in enum if one.value)
