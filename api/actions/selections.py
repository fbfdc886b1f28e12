"""What a bulk action is given: which records, and what to do with them."""

from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.views.lists.filters import CompanyFilters, ContactFilters, LeadFilters

Ids = Annotated[list[UUID], Field(min_length=1, max_length=10_000)]
STOP_REASONS: Final = {
    "wrong_person": "Stopped by hand: the wrong person.",
    "not_a_fit": "Stopped by hand: not a fit.",
    "bad_timing": "Stopped by hand: not the time.",
    "customer_already": "Stopped by hand: they are a customer.",
    "handled_elsewhere": "Stopped by hand: somebody else takes care of them.",
    "other": "Stopped by hand.",
}
_ONE = "01979a3e-7a1f-7000-8000-000000000001"
_Tag = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f<>]+$")]


def _example(**values: Any) -> dict[str, Any]:
    return {"examples": [values]}


class Selection(BaseModel):
    """Either `ids`, or `filter` with the count that the person confirmed."""

    model_config = ConfigDict(extra="forbid")

    ids: Ids | None = None
    confirmed: int | None = Field(
        default=None, ge=0, le=10_000, description="How many the filter matched when it was confirmed; 409 if more do."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        chosen = getattr(self, "filter", None)
        if (self.ids is None) == (chosen is None):
            raise ValueError("Give either ids or a filter.")
        if chosen is not None and self.confirmed is None:
            raise ValueError("A filter needs `confirmed`: how many it matches, as a person was shown.")
        return self

    def audited(self) -> dict[str, Any]:
        """What of it the audit chain keeps: enums and ids."""
        return {}


class LeadSelection(Selection):
    filter: LeadFilters | None = None


class ContactSelection(Selection):
    filter: ContactFilters | None = None


class CompanySelection(Selection):
    filter: CompanyFilters | None = None


class StopLeads(LeadSelection):
    """The leads end; their sequences, drafts and proposed times are taken back."""

    model_config = ConfigDict(json_schema_extra=_example(action="stop", reason="not_a_fit", ids=[_ONE]))

    action: Literal["stop"]
    reason: Literal["wrong_person", "not_a_fit", "bad_timing", "customer_already", "handled_elsewhere", "other"]

    def audited(self) -> dict[str, Any]:
        return {"reason": self.reason}


class PauseLeads(LeadSelection):
    """No further step until somebody resumes; drafts that wait are taken back and written anew then."""

    model_config = ConfigDict(
        json_schema_extra=_example(action="pause", filter={"stage": ["in_sequence"], "tier": [3]}, confirmed=120)
    )

    action: Literal["pause"]


class ResumeLeads(LeadSelection):
    model_config = ConfigDict(json_schema_extra=_example(action="resume", ids=[_ONE]))

    action: Literal["resume"]


class ChangeMailbox(LeadSelection):
    """Another person of ours writes to them; where somebody wrote already, the lead stays with them."""

    model_config = ConfigDict(json_schema_extra=_example(action="change_mailbox", mailbox_id=_ONE, ids=[_ONE]))

    action: Literal["change_mailbox"]
    mailbox_id: UUID

    def audited(self) -> dict[str, Any]:
        return {"mailbox_id": str(self.mailbox_id)}


class SuppressContacts(ContactSelection):
    """Never written to again: addresses are suppressed, everything pending is taken back. There is no way back."""

    model_config = ConfigDict(json_schema_extra=_example(action="suppress", reason="opt_out", ids=[_ONE]))

    action: Literal["suppress"]
    reason: Literal["opt_out", "objection", "complaint", "manual"] = "opt_out"

    def audited(self) -> dict[str, Any]:
        return {"reason": self.reason}


class ExcludeCompanies(CompanySelection):
    """Nobody at their domains is written to again. There is no way back."""

    model_config = ConfigDict(json_schema_extra=_example(action="exclude", ids=[_ONE]))

    action: Literal["exclude"]


class TagCompanies(CompanySelection):
    model_config = ConfigDict(json_schema_extra=_example(action="add_tag", tag="summer fair", ids=[_ONE]))

    action: Literal["add_tag", "remove_tag"]
    tag: _Tag


LeadAction = Annotated[StopLeads | PauseLeads | ResumeLeads | ChangeMailbox, Field(discriminator="action")]
ContactAction = SuppressContacts
CompanyAction = Annotated[ExcludeCompanies | TagCompanies, Field(discriminator="action")]
