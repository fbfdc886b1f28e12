"""What a merge does to two people's own rows: what one knows fills the other, and nobody is written to twice.

Sealed columns are sealed anew for the row they go to. What was filled is written down by the names of the columns only:
no personal data stands in a merge.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from agents.context import AgentContext
from store.models import Contact, Enrollment, EnrollmentState, Lead, Suppression
from store.queries import approvals, suppression
from store.queries.merges import Change

MERGED: Final = "Merged with another contact."  # why the sequence of a second lead ends
# An address that bounced says nothing of a person's other address; every other reason is a person's word.
_ABOUT_THE_ADDRESS = frozenset({"hard_bounce", "bounce", "invalid"})
_SEALED = ("name", "phone", "profile_url")
_PLAIN = ("title", "seniority", "department", "buying_role", "country", "time_zone")
_OF_THE_ADDRESS = ("email_status", "email_reasons", "email_checked_at")


def opened(context: AgentContext, contact: Contact, name: str) -> str:
    sealed = getattr(contact, f"{name}_sealed")
    return context.sealer.open(sealed, context=f"contact|{name}|{contact.id}") if sealed else ""


def fillable(context: AgentContext, kept: Contact, absorbed: Contact) -> list[str]:
    """The names of what only the absorbed one says."""
    sealed = [n for n in _SEALED if not getattr(kept, f"{n}_sealed") and getattr(absorbed, f"{n}_sealed")]
    plain = [n for n in _PLAIN if not getattr(kept, n) and getattr(absorbed, n)]
    email = ["email"] if not kept.email_sealed and absorbed.email_sealed else []
    return [*sealed, *plain, *email]


def fill(session: Session, context: AgentContext, kept: Contact, absorbed: Contact, filled: Sequence[str]) -> None:
    for name in filled:
        if name in _PLAIN:
            setattr(kept, name, getattr(absorbed, name))
        else:
            text = opened(context, absorbed, name)
            setattr(kept, f"{name}_sealed", context.sealer.seal(text, context=f"contact|{name}|{kept.id}"))
    if "email" in filled:
        index, absorbed.email_index = absorbed.email_index, None  # an address finds one row
        session.add(absorbed)
        session.flush()
        kept.email_index = index
        for name in _OF_THE_ADDRESS:
            setattr(kept, name, getattr(absorbed, name))
    session.add(kept)
    session.flush()


def empty(session: Session, context: AgentContext, kept: Contact, absorbed: Contact, filled: Sequence[str]) -> None:
    """What was taken over and is still the same goes again. Of somebody who was erased there is nothing left to do."""
    if kept.erased_at or absorbed.erased_at:
        return
    for name in filled:
        if name in _PLAIN:
            if getattr(kept, name) == getattr(absorbed, name):
                setattr(kept, name, "")
        elif opened(context, kept, name) == opened(context, absorbed, name):
            setattr(kept, f"{name}_sealed", None)
            if name == "email":
                kept.email_index = None
                kept.email_status, kept.email_reasons, kept.email_checked_at = "unknown", [], None
    session.add(kept)
    session.flush()
    if "email" in filled and kept.email_sealed is None:
        absorbed.email_index = context.sealer.blind_index("email", opened(context, absorbed, "email"))
        session.add(absorbed)
        session.flush()


def end_second_sequences(
    session: Session, context: AgentContext, absorbed_id: UUID, moves: Sequence[Change]
) -> list[Change]:
    """Leads that stay behind, because the kept contact is a lead of the same ICP: their sequences end."""
    gone = [change.row_id for change in moves if change.model is Lead]
    behind = select(Lead.id).where(Lead.contact_id == absorbed_id, col(Lead.id).not_in(gone))
    leads = list(session.exec(behind.order_by(col(Lead.id))))
    if not leads:
        return []
    approvals.void_for_leads(session, context.clock, context.ids, leads, MERGED, actor="agent:identity")
    query = select(Enrollment).where(
        col(Enrollment.lead_id).in_(leads),
        col(Enrollment.state).in_([EnrollmentState.ACTIVE, EnrollmentState.PAUSED]),
    )
    changes = []
    for one in session.exec(query.order_by(col(Enrollment.id))):
        changes.append(Change(Enrollment, "state", one.id, one.state, EnrollmentState.STOPPED))
        changes.append(Change(Enrollment, "stop_reason", one.id, one.stop_reason, MERGED))
    return changes


def suppress_both_addresses(session: Session, context: AgentContext, first: Contact, second: Contact) -> None:
    """Opt-outs merge by OR: who said no at one address is not written to at the other."""
    addresses = [address for one in (first, second) if (address := opened(context, one, "email"))]
    if len(set(addresses)) < 2:
        return
    keys = [key for address in addresses for key in suppression.address_keys(context.sealer, address)]
    query = select(Suppression.reason).where(
        Suppression.kind == suppression.ADDRESS, col(Suppression.key_index).in_(keys)
    )
    said = sorted(reason for reason in session.exec(query) if reason not in _ABOUT_THE_ADDRESS)
    if said:
        for address in addresses:
            suppression.suppress(
                session, context.clock, context.sealer, address=address, reason=said[0], source="merge"
            )
