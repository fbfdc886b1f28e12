"""A preview of a changed ICP, as API and console show it: counts, and names with their reasons."""

from time import monotonic
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlmodel import col, select

from agents.icp_preview import Preview, TierMove, preview_icp
from api.dependencies import Dependencies, Principal
from api.views.icps import icp_of, newest, read_definition
from api.views.people import Person, person_of
from scoring.icp import IcpDefinition
from scoring.priority import LOWEST_TIER
from store.models import Contact

SECONDS = 10.0  # then a sample is shown


class MovedCompany(BaseModel):
    id: UUID
    name: str
    reason: str


class MovedLead(BaseModel):
    id: UUID
    company_id: UUID
    company: str
    person: Person
    before: int
    after: int
    reason: str


class TierChange(BaseModel):
    before: int
    after: int
    leads: int


class IcpPreview(BaseModel):
    companies: int = Field(description="In the store.")
    looked_at: int = Field(description="Every count below is of these.")
    complete: bool = Field(description="False: time ran out, and what was looked at is a sample spread over all.")
    compared_with: int | None = Field(description="The version in force; null: there is none.")
    inside_now: int
    inside_then: int
    entering: int
    leaving: int
    first_entering: list[MovedCompany] = Field(description="The first 50, with what stands against each now.")
    first_leaving: list[MovedCompany] = Field(description="The first 50, with what stands against each then.")
    leads: int = Field(description="Leads that a run would score: those at companies inside then.")
    leads_left: int = Field(description="Leads at companies outside then: a run leaves them as they are.")
    tiers_now: dict[str, int] = Field(description="Of those leads, by the version in force, as of now.")
    tiers_then: dict[str, int]
    tier_changes: list[TierChange]
    first_tier_changes: list[MovedLead] = Field(description="The first 50.")
    seconds: float


def preview(deps: Dependencies, principal: Principal, then: IcpDefinition, icp_id: UUID | None) -> IcpPreview:
    """Raises NotFound."""
    started = monotonic()
    now, number = _in_force(deps, principal, icp_id)
    found = preview_icp(
        deps.database,
        principal.workspace_id,
        then=then,
        now=now,
        icp_id=icp_id,
        as_of=deps.clock.now(),
        seconds=SECONDS,
        elapsed=lambda: monotonic() - started,
    )
    return IcpPreview(
        companies=found.companies,
        looked_at=found.looked_at,
        complete=found.complete,
        compared_with=number,
        inside_now=found.inside_now,
        inside_then=found.inside_then,
        entering=found.entering,
        leaving=found.leaving,
        first_entering=[MovedCompany(id=m.company_id, name=m.name, reason=m.reason) for m in found.first_entering],
        first_leaving=[MovedCompany(id=m.company_id, name=m.name, reason=m.reason) for m in found.first_leaving],
        leads=found.leads,
        leads_left=found.leads_left,
        tiers_now=_tiers(found.tiers_now),
        tiers_then=_tiers(found.tiers_then),
        tier_changes=_changes(found),
        first_tier_changes=_leads(deps, principal, found.first_moves),
        seconds=round(monotonic() - started, 2),
    )


def _in_force(deps: Dependencies, principal: Principal, icp_id: UUID | None) -> tuple[IcpDefinition | None, int | None]:
    if icp_id is None:
        return None, None
    with deps.database.read(principal.workspace_id) as session:
        icp_of(session, icp_id)
        version = newest(session, icp_id)
    if version is None:
        return None, None
    return read_definition(version.definition), version.number


def _tiers(counts: Any) -> dict[str, int]:
    return {str(tier): counts[tier] for tier in range(1, LOWEST_TIER + 1)}


def _changes(found: Preview) -> list[TierChange]:
    """The largest first."""
    ordered = sorted(found.moves.items(), key=lambda item: (-item[1], item[0]))
    return [TierChange(before=before, after=after, leads=count) for (before, after), count in ordered]


def _leads(deps: Dependencies, principal: Principal, moves: list[TierMove]) -> list[MovedLead]:
    sealer = deps.context_for(principal.workspace_id).sealer
    with deps.database.read(principal.workspace_id) as session:
        query = select(Contact).where(col(Contact.id).in_([move.contact_id for move in moves]))
        people = {contact.id: person_of(contact, sealer, principal) for contact in session.exec(query)}
    return [
        MovedLead(
            id=move.lead_id,
            company_id=move.company_id,
            company=move.company,
            person=people.get(move.contact_id, Person(erased=True)),
            before=move.before,
            after=move.after,
            reason=move.reason,
        )
        for move in moves
    ]
