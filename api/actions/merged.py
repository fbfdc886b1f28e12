"""What was merged into another is not changed any more: whoever tries is told which one stands."""

from uuid import UUID

from sqlmodel import Session, select

from core.errors import Conflict
from store.models import Lead
from store.queries import merges


def refuse_merged(session: Session, row_id: UUID, what: str) -> None:
    """`what`: "company" or "contact". Raises Conflict with the id of the one that stands."""
    kept = merges.kept_of(session, [row_id]).get(row_id)
    if kept is not None:
        raise _conflict(f"This {what} was merged into another one, {kept}.")


def refuse_lead_of_merged(session: Session, lead: Lead) -> None:
    """A lead that stayed behind, because the contact that stands is a lead of the same ICP. Raises Conflict."""
    kept = merges.kept_of(session, [lead.contact_id]).get(lead.contact_id)
    if kept is not None:
        other = session.exec(select(Lead.id).where(Lead.contact_id == kept, Lead.icp_id == lead.icp_id)).first()
        stands = f"Their lead is {other}." if other else f"The contact that stands is {kept}."
        raise _conflict(f"The person of this lead was merged into another contact. {stands}")


def _conflict(message: str) -> Conflict:
    return Conflict(message, hint="Change that one, or split the merge first.", code="merged")
