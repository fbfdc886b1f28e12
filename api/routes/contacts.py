"""One contact: read, edit, opt out by hand, erase."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api import etags
from api.actions import contact_edits
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.views.contacts import ContactView, contact_view

router = APIRouter(route_class=ControlRoute, tags=["contacts"])


class ContactEdit(BaseModel):
    """Only what is named changes; empty text clears a field. A basis comes with its evidence and day."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"title": "Head of Finance", "country": "DE"}]}
    )

    name: str | None = Field(default=None, max_length=200)
    email: str | None = Field(default=None, max_length=254)
    phone: str | None = Field(default=None, max_length=40)
    title: str | None = Field(default=None, max_length=300)
    seniority: str | None = Field(default=None, max_length=32)
    department: str | None = Field(default=None, max_length=32)
    buying_role: str | None = Field(default=None, max_length=32)
    country: str | None = Field(default=None, pattern=r"^([A-Za-z]{2})?$")
    time_zone: str | None = Field(default=None, max_length=64)
    legal_basis: (
        Literal["", "consent", "implied_consent", "soft_opt_in", "existing_customer", "legitimate_interest"] | None
    ) = None
    legal_basis_evidence: str | None = Field(default=None, max_length=2_000)
    legal_basis_at: AwareDatetime | None = None
    subscriber: Literal["", "company", "individual"] | None = Field(
        default=None, description="Who the law sees: a sole trader or a consumer is an individual."
    )


class OptOutInput(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "opt_out"}]})

    reason: Literal["opt_out", "objection", "complaint", "manual"] = "opt_out"


class ErasedOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"contact_id": "01979a3e-7a1f-7000-8000-000000000001", "rows": 12, "files": ["people.csv"]}]
        }
    )

    contact_id: UUID
    rows: int
    files: list[str] = Field(description="Imported files that may still name the person; they are yours to clean.")


@router.get("/contacts/{contact_id}", summary="One contact, as far as the caller may see them")
def get_contact(contact_id: UUID, deps: Deps, caller: Caller) -> ContactView:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return contact_view(session, sealer, caller, contact_id)


@router.patch("/contacts/{contact_id}", summary="Edit a contact; a new address takes drafts to the old one back")
def edit_contact(
    contact_id: UUID, body: ContactEdit, deps: Deps, caller: Caller, if_match: etags.IfMatch = None
) -> ContactView:
    sealer = deps.context_for(caller.workspace_id).sealer
    contact_edits.edit_contact(
        deps,
        caller,
        contact_id,
        body.model_dump(exclude_unset=True),
        if_match=if_match,
        shown=lambda session: contact_view(session, sealer, caller, contact_id),
    )
    return get_contact(contact_id, deps, caller)


@router.post("/contacts/{contact_id}/opt-out", summary="Never write to this person again")
def opt_out_contact(contact_id: UUID, body: OptOutInput, deps: Deps, caller: Caller) -> ContactView:
    contact_edits.opt_out(deps, caller, contact_id, reason=body.reason)
    return get_contact(contact_id, deps, caller)


@router.post("/contacts/{contact_id}/erase", summary="Forget this person; it cannot be undone")
def erase_contact(contact_id: UUID, deps: Deps, caller: Caller) -> ErasedOut:
    erased = contact_edits.erase(deps, caller, contact_id)
    return ErasedOut(contact_id=contact_id, rows=sum(erased.rows.values()), files=erased.files)
