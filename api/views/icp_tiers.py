"""Which leads a changed ICP would move, and what versions were worth, as API and console show them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlmodel import col, select

from agents.scorer_outcomes import RIPE_AFTER, TierOutcomes, VersionOutcomes, What, outcomes_of
from agents.scorer_preview import LeadMove, ReasonChange, Sample, preview_tiers, tier_moves
from api.dependencies import Dependencies, Principal
from api.views.icp_preview import TierChange
from api.views.icps import icp_of, newest, read_definition, version_of
from api.views.people import Person, person_of
from core.errors import Conflict
from scoring.icp import IcpDefinition
from scoring.outcomes import Rate
from scoring.priority import LOWEST_TIER
from scoring.types import Reason
from store.models import Contact


class ChangedReason(BaseModel):
    code: str
    before: str | None = Field(description="null: the version in force does not say it.")
    after: str | None
    points: float = Field(description="What it gains or loses, of its own score.")


class ChangedLead(BaseModel):
    id: UUID
    company_id: UUID
    company: str
    person: Person
    before: int
    after: int
    priority_before: float | None
    priority_after: float | None
    reasons: list[ChangedReason] = Field(description="Only those that differ, the weightiest first.")


class TierPreviewOut(BaseModel):
    compared_with: int = Field(description="The version in force.")
    leads: int = Field(description="All of the ICP: every one was asked by both definitions, as of now.")
    changed: int
    tiers_before: dict[str, int]
    tiers_after: dict[str, int]
    changes: list[TierChange] = Field(description="The largest first.")
    samples: list[ChangedLead] = Field(description="Up to ten of each change; the file has all.")


class RateOut(BaseModel):
    outcomes: int
    value: float | None = Field(description="0–1; null: too few leads.")
    low: float | None = Field(description="Of Wilson's 95 % interval.")
    high: float | None
    reason: str


class TierRates(BaseModel):
    tier: int | None = Field(description="null: all tiers together.")
    leads: int
    rates: dict[str, RateOut] = Field(description="By reply, positive_reply, meeting and won.")


class CalibrationBin(BaseModel):
    priority_from: float
    priority_to: float
    leads: int
    rate: RateOut


class OrderOut(BaseModel):
    average_precision: float | None = Field(description="Area under the precision-recall curve; null: too few.")
    base_rate: float | None = Field(description="What a random order reaches.")
    rises: bool | None = Field(description="No higher fifth has clearly fewer outcomes than a lower one.")
    bins: list[CalibrationBin] = Field(description="Fifths of the leads by priority, the lowest first.")
    reason: str


class VersionOutcomesOut(BaseModel):
    version: int
    leads: int
    tiers: list[TierRates]
    orders: dict[str, OrderOut]


class IcpOutcomes(BaseModel):
    too_young: int = Field(description="Leads first written to less than two weeks ago: not counted yet.")
    versions: list[VersionOutcomesOut] = Field(description="Each over the same leads, scored as of their first mail.")


def tier_preview(deps: Dependencies, principal: Principal, icp_id: UUID, then: IcpDefinition) -> TierPreviewOut:
    """Raises NotFound, Conflict where the version in force cannot be read."""
    now, number = _in_force(deps, principal, icp_id)
    found = preview_tiers(deps.database, principal.workspace_id, icp_id, before=now, after=then, as_of=deps.clock.now())
    ordered = sorted(found.moves.items(), key=lambda item: (-item[1], item[0]))
    return TierPreviewOut(
        compared_with=number,
        leads=found.leads,
        changed=found.changed,
        tiers_before={str(tier): found.tiers_before[tier] for tier in range(1, LOWEST_TIER + 1)},
        tiers_after={str(tier): found.tiers_after[tier] for tier in range(1, LOWEST_TIER + 1)},
        changes=[TierChange(before=before, after=after, leads=count) for (before, after), count in ordered],
        samples=_leads(deps, principal, found.samples),
    )


MOVE_COLUMNS = ("lead_id", "company", "domain", "tier_before", "tier_after", "priority_before", "priority_after")


def tier_move_rows(
    deps: Dependencies, principal: Principal, icp_id: UUID, then: IcpDefinition
) -> Iterator[tuple[Any, ...]]:
    """A row a lead that would move, by MOVE_COLUMNS. Raises as `tier_preview`, before the first."""
    now, _ = _in_force(deps, principal, icp_id)
    moves = tier_moves(deps.database, principal.workspace_id, icp_id, before=now, after=then, as_of=deps.clock.now())
    return (_row(move) for move in moves)


def icp_outcomes(
    deps: Dependencies, principal: Principal, icp_id: UUID, number: int | None, against: int | None
) -> IcpOutcomes:
    """Of one version (None: the newest), and of another beside it. Raises NotFound, Conflict (not readable)."""
    numbers, definitions = [], []
    with deps.database.read(principal.workspace_id) as session:
        icp_of(session, icp_id)
        last = newest(session, icp_id)
        for wanted in (number if number is not None else (last.number if last else 1), against):
            if wanted is None or wanted in numbers:
                continue
            definitions.append(_readable(version_of(session, icp_id, wanted).definition))
            numbers.append(wanted)
    found = outcomes_of(deps.database, principal.workspace_id, icp_id, definitions, deps.clock.now())
    return IcpOutcomes(
        too_young=found[0].too_young,
        versions=[_version(number, one) for number, one in zip(numbers, found, strict=True)],
    )


def _in_force(deps: Dependencies, principal: Principal, icp_id: UUID) -> tuple[IcpDefinition, int]:
    with deps.database.read(principal.workspace_id) as session:
        icp_of(session, icp_id)
        version = newest(session, icp_id)
    if version is None:
        raise Conflict("This ICP has no version yet.", hint="Save one, then compare another with it.")
    return _readable(version.definition), version.number


def _readable(definition: dict[str, Any]) -> IcpDefinition:
    read = read_definition(definition)
    if read is None:
        raise Conflict("The version cannot be read by today's rules.", hint="Save a new version first.")
    return read


def _leads(deps: Dependencies, principal: Principal, samples: list[Sample]) -> list[ChangedLead]:
    sealer = deps.context_for(principal.workspace_id).sealer
    with deps.database.read(principal.workspace_id) as session:
        query = select(Contact).where(col(Contact.id).in_([one.move.contact_id for one in samples]))
        people = {contact.id: person_of(contact, sealer, principal) for contact in session.exec(query)}
    return [
        ChangedLead(
            id=one.move.lead_id,
            company_id=one.move.company_id,
            company=one.move.company,
            person=people.get(one.move.contact_id, Person(erased=True)),
            before=one.move.before,
            after=one.move.after,
            priority_before=one.move.priority_before,
            priority_after=one.move.priority_after,
            reasons=[_changed(reason) for reason in one.changed],
        )
        for one in samples
    ]


def _changed(one: ReasonChange) -> ChangedReason:
    def points(reason: Reason | None) -> float:
        return reason.points if reason else 0.0

    return ChangedReason(
        code=one.code,
        before=one.before.text if one.before else None,
        after=one.after.text if one.after else None,
        points=round(points(one.after) - points(one.before), 4),
    )


def _row(move: LeadMove) -> tuple[Any, ...]:
    def shown(value: float | None) -> str:
        return "" if value is None else f"{value:.4f}"

    return (
        str(move.lead_id), move.company, move.domain, move.before, move.after,
        shown(move.priority_before), shown(move.priority_after),
    )  # fmt: skip


def _version(number: int, found: VersionOutcomes) -> VersionOutcomesOut:
    orders = {
        what.value: OrderOut(
            average_precision=order.average_precision,
            base_rate=order.base_rate,
            rises=order.rises,
            bins=[
                CalibrationBin(
                    priority_from=one.priority_from,
                    priority_to=one.priority_to,
                    leads=one.rate.leads,
                    rate=_rate(one.rate),
                )
                for one in order.bins
            ],
            reason=order.reason,
        )
        for what, order in found.orders.items()
    }
    return VersionOutcomesOut(
        version=number, leads=found.leads, tiers=[_tier(one) for one in found.tiers], orders=orders
    )


def _tier(one: TierOutcomes) -> TierRates:
    leads = one.rates[What.REPLY].leads
    return TierRates(tier=one.tier, leads=leads, rates={what.value: _rate(rate) for what, rate in one.rates.items()})


def _rate(one: Rate) -> RateOut:
    return RateOut(outcomes=one.outcomes, value=one.value, low=one.low, high=one.high, reason=one.reason)


RIPE_DAYS = RIPE_AFTER.days
