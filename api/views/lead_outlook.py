"""What would lift a lead's tier, as API and console show it."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlmodel import Session

from agents.scorer_next import outlook_of
from core.errors import Conflict, NotFound
from scoring.next_tier import sources_for
from store.models import Lead
from store.session import workspace_of


class NeededChange(BaseModel):
    criterion: str = Field(description="A criterion of fit, or `intent`.")
    text: str = Field(description="How it stands now.")
    now: float | None = Field(description="0–1; null: not known.")
    needed: float = Field(description="The least that lifts the tier, with the others of the list at their best.")
    gain: float = Field(description="Of priority, by this change alone.")
    buyable: bool = Field(description="Not known yet, so a source may tell. False: known, and it does not match.")
    sources: str


class IntentPart(BaseModel):
    kind: str
    label: str
    age_days: float
    half_life_days: float
    strength: float
    points: float
    quote: str
    url: str


class IntentSource(BaseModel):
    source: str
    kinds: list[str]


class Clock(BaseModel):
    zones: list[str] = Field(description="All must be open; empty: nothing is known, the workspace's own serves.")
    evidence: str
    reason: str


class TouchChannel(BaseModel):
    step: int
    channel: str | None = Field(description="null: it cannot be done as things stand.")
    reason: str


class LeadOutlook(BaseModel):
    tier: int = Field(description="By the bands alone, as of now: a week's capacity may have demoted it.")
    target: int | None = Field(description="The next better tier; null: there is none.")
    priority: float | None
    reaches: float | None = Field(description="The priority once all changes came out well.")
    changes: list[NeededChange] = Field(description="The fewest that lift the tier.")
    blocked: list[str] = Field(description="Why nothing lifts it.")
    low: float | None = Field(description="The least priority that is possible, given what is not known.")
    high: float | None
    best_tier: int
    worst_tier: int
    settled: bool = Field(description="No answer can change the tier: more data are money for nothing.")
    intent: list[IntentPart] = Field(description="What the intent is made of, the strongest first.")
    clock: Clock = Field(description="Whose hours a mail goes by.")
    channels: list[TouchChannel] = Field(description="Of each touch of its tier, by what is known and allowed today.")
    ask: list[IntentSource] = Field(description="Where intent is not known: what to buy, the most telling first.")


def lead_outlook(session: Session, lead_id: UUID, as_of: datetime) -> LeadOutlook:
    """Raises NotFound, Conflict where the version that scored it cannot be read by today's rules."""
    lead = session.get(Lead, (workspace_of(session), lead_id))
    if lead is None:
        raise NotFound("There is no such lead.")
    found = outlook(session, lead, as_of)
    if found is None:
        raise Conflict("The ICP version that scored this lead cannot be read.", hint="Save a new version and run it.")
    return found


def outlook(session: Session, lead: Lead, as_of: datetime) -> LeadOutlook | None:
    found = outlook_of(session, lead, as_of)
    if found is None:
        return None
    step = found.next
    return LeadOutlook(
        tier=step.tier,
        target=step.target,
        priority=step.priority,
        reaches=step.reaches,
        changes=[NeededChange(**change._asdict(), sources=sources_for(change)) for change in step.changes],
        blocked=[reason.text for reason in step.blocked],
        low=found.bounds.low,
        high=found.bounds.high,
        best_tier=found.best_tier,
        worst_tier=found.worst_tier,
        settled=found.settled,
        intent=[IntentPart.model_validate(part, from_attributes=True) for part in found.intent],
        clock=Clock(zones=list(found.clock.zones), evidence=found.clock.evidence.value, reason=found.clock.reason),
        channels=[
            TouchChannel(step=one.step, channel=one.channel.value if one.channel else None, reason=one.reason)
            for one in found.channels
        ],
        ask=[IntentSource(source=ask.source, kinds=list(ask.kinds)) for ask in found.ask],
    )
