"""The scorer: fit, intent, authority and priority of a cohort's leads, their tier, and the sequence that follows.

Set-based: a handful of queries and statements a cohort, however many leads it has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from agents.company_view import CompanyView, icp_of, load_views
from agents.contacts.standing import traits_of
from agents.context import AgentContext
from agents.policy import Policy, load_policy
from agents.sequences import versions
from agents.sequences.entering import Candidate, enroll
from agents.sequences.planning import reach_by_law
from agents.step import Outcome, Step, Trigger
from core.ids import stable_id
from scoring.authority import score_authority
from scoring.company_score import score_company
from scoring.criteria import CompiledIcp
from scoring.fit import Fit
from scoring.hooks import DatedFact, choose_hooks
from scoring.icp import parse_icp
from scoring.priority import LOWEST_TIER, Priority, RankedLead, apply_capacity
from scoring.sequence import SequenceSpec, choose_channels
from scoring.types import Reason, Scored
from store import bulk, feed
from store.feed import Event
from store.feed_kinds import Kind, LeadTierData
from store.models import (
    Cohort,
    CohortStage,
    Contact,
    Fact,
    Lead,
    LeadStage,
    Run,
    RunCompany,
    ScoreRow,
)
from store.queries import merges

HOOKS = 3  # a first mail uses one; the others are for follow-ups
_HOOK_FIELDS = ("description", "tagline", "title")


@dataclass(frozen=True, slots=True)
class _Company:
    view: CompanyView
    fit: Fit
    intent: Scored
    priority: Priority
    hooks: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Scored:
    lead: Lead
    contact: Contact
    company: _Company
    authority: Scored
    ranked: RankedLead  # after capacity

    @property
    def tier(self) -> int:
        return self.ranked.tier or LOWEST_TIER


def scorer(context: AgentContext, step: Step) -> Outcome:
    with context.database.write(context.workspace_id) as session:
        cohort = session.get(Cohort, (context.workspace_id, step.subject_id), with_for_update=True)
        if cohort is None or cohort.stage is not CohortStage.CONTACTS_FOUND:
            return Outcome(
                cohort.stage.value if cohort else step.stage, Trigger.NOTHING, "The cohort was scored before."
            )
        run = session.get(Run, (context.workspace_id, cohort.run_id))
        assert run is not None
        version, policy, now = icp_of(session, run), load_policy(session), context.clock.now()
        icp = CompiledIcp(parse_icp(version.definition))
        company_ids = list(
            session.exec(select(RunCompany.id).where(RunCompany.cohort_id == cohort.id).order_by(col(RunCompany.id)))
        )
        companies = _companies(session, company_ids, icp, now)
        scored = _leads(session, version.icp_id, companies, icp)
        scored = _with_capacity(session, context, scored, policy, now)
        _write_scores(session, scored, now)
        enrolled = enroll(session, context, run, policy, _candidates(scored)) if run.enroll else set()
        feed.publish(session, context.clock, _write_leads(session, run, scored, enrolled, now))
        cohort.stage = CohortStage.SCORED
        session.add(cohort)
    tiers = {f"tier_{tier}": sum(1 for one in scored if one.tier == tier) for tier in range(1, LOWEST_TIER + 1)}
    reason = f"Scored {len(scored)} leads at {len(companies)} companies; {len(enrolled)} start a sequence."
    inputs = {**tiers, "enrolled": len(enrolled), "icp_version": version.number}
    return Outcome("scored", Trigger.READY, reason, inputs=inputs)


def _companies(session: Session, company_ids: Sequence[UUID], icp: CompiledIcp, now: datetime) -> dict[UUID, _Company]:
    views = load_views(session, company_ids)
    dated: dict[UUID, list[DatedFact]] = {}
    query = (
        select(Fact)
        .where(col(Fact.subject_id).in_(company_ids), col(Fact.field).in_(_HOOK_FIELDS))
        .order_by(col(Fact.id))
    )
    for fact in session.exec(query):
        if isinstance(fact.value, str):
            said = DatedFact(fact.field, fact.value, fact.observed_at, str(fact.id))
            dated.setdefault(fact.subject_id, []).append(said)
    return {company_id: _company(view, dated.get(company_id, []), icp, now) for company_id, view in views.items()}


def _company(view: CompanyView, dated: Sequence[DatedFact], icp: CompiledIcp, now: datetime) -> _Company:
    fit, intent, priority = score_company(view.traits, view.signals or None, icp, now)
    hooks = [
        {
            "kind": hook.kind,
            "fact_ids": list(hook.fact_ids),
            "value": round(hook.value, 4),
            "reason": _joined(hook.reasons),
        }
        for hook in choose_hooks(view.signals, dated, now, HOOKS)
    ]
    return _Company(view, fit, intent, priority, hooks)


def _leads(session: Session, icp_id: UUID, companies: Mapping[UUID, _Company], icp: CompiledIcp) -> list[_Scored]:
    query = (
        select(Lead, Contact)
        .join(
            Contact, (col(Contact.workspace_id) == col(Lead.workspace_id)) & (col(Contact.id) == col(Lead.contact_id))
        )
        .where(
            Lead.icp_id == icp_id,
            col(Lead.company_id).in_(list(companies)),
            col(Contact.erased_at).is_(None),
            merges.not_absorbed(Contact),
        )
        .order_by(col(Lead.id))
    )
    scored = []
    for lead, contact in session.exec(query):
        company = companies[lead.company_id]
        authority = score_authority(traits_of(contact), company.view.row.employees, icp.definition).scored
        newest = max((s.observed_at for s in company.view.signals if s.observed_at is not None), default=None)
        ranked = RankedLead(
            str(lead.id), company.priority.scored.value, company.priority.tier, newest, company.priority.tier
        )
        scored.append(_Scored(lead, contact, company, authority, ranked))
    return scored


def _with_capacity(
    session: Session, context: AgentContext, scored: Sequence[_Scored], policy: Policy, now: datetime
) -> list[_Scored]:
    """Demotes, visibly, what the week cannot hold; tier 1 leads of this week's earlier cohorts hold their seats."""
    if policy.weekly_tier1_capacity is None:
        return list(scored)
    monday = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    mine = {one.lead.id for one in scored}
    since = select(Lead.id).where(Lead.tier == 1, Lead.updated_at >= monday)
    taken = sum(1 for lead_id in session.exec(since) if lead_id not in mine)
    seats = max(0, policy.weekly_tier1_capacity - taken)
    demoted = {r.lead_id: r for r in apply_capacity([one.ranked for one in scored], {1: seats})}
    return [replace(one, ranked=demoted[str(one.lead.id)]) for one in scored]


def _write_scores(session: Session, scored: Sequence[_Scored], now: datetime) -> None:
    workspace_rows: list[dict[str, Any]] = []
    for one in scored:
        values = {
            "fit": one.company.fit.scored,
            "intent": one.company.intent,
            "authority": one.authority,
            "priority": one.company.priority.scored,
        }
        for kind, value in values.items():
            extra = one.ranked.reasons if kind == "priority" else ()
            workspace_rows.append(
                {
                    "id": stable_id("score", one.lead.workspace_id, one.lead.id, kind),
                    "subject_kind": "lead",
                    "subject_id": one.lead.id,
                    "kind": kind,
                    "value": value.value,
                    "reasons": reasons_as_rows((*value.reasons, *extra)),
                    "model_version": value.model_version,
                    "as_of": now,
                }
            )
    bulk.upsert(session, ScoreRow, workspace_rows, key=["subject_id", "kind"])


def _write_leads(
    session: Session, run: Run, scored: Sequence[_Scored], enrolled: set[UUID], now: datetime
) -> list[Event]:
    """What changed of them, for the feed."""
    rows, changes, sequences = [], [], versions.load(session)
    for one in scored:
        lead, company = one.lead, one.company
        stage = lead.stage
        if lead.id in enrolled:
            stage = LeadStage.IN_SEQUENCE
        elif stage in (LeadStage.SCORED, LeadStage.NURTURE) and run.enroll:
            stage = LeadStage.NURTURE if one.tier == LOWEST_TIER else LeadStage.SCORED
        if stage is not lead.stage:
            changes.append(feed.lead_moved(lead, stage, "agent:scorer"))
        if one.tier != lead.tier:
            told = LeadTierData(
                before=lead.tier,
                after=one.tier,
                priority=company.priority.scored.value,
                company_id=lead.company_id,
                contact_id=lead.contact_id,
                run_id=run.id,
            )
            changes.append(Event(Kind.LEAD_TIER_CHANGED, lead.id, told, "agent:scorer"))
        rows.append(
            {
                "id": lead.id,
                "icp_version_id": run.icp_version_id,
                "run_id": run.id,
                "stage": stage,
                "fit": company.fit.scored.value,
                "intent": company.intent.value,
                "authority": one.authority.value,
                "priority": company.priority.scored.value,
                "tier": one.tier,
                "tier_reason": _tier_reason(one),
                "channel": _first_channel(sequences.of_tier(one.tier), one.contact),
                "hooks": company.hooks,
                "updated_at": now,
            }
        )
    columns = [name for name in rows[0] if name != "id"] if rows else []
    bulk.update(session, Lead, rows, columns=columns)
    return changes


def _first_channel(spec: SequenceSpec, contact: Contact) -> str:
    """By what is known of the contact; the tier's own where nothing is, since an address may still be found."""
    chosen = next(
        (one.channel for one in choose_channels(spec, reach_by_law(contact)) if one.channel is not None), None
    )
    return chosen.value if chosen else spec.touches[0].channel.value if spec.touches else ""


def _candidates(scored: Sequence[_Scored]) -> list[Candidate]:
    return [
        Candidate(
            one.lead,
            one.contact,
            one.company.view.row,
            one.ranked.tier,
            max((s.observed_at for s in one.company.view.signals if s.observed_at is not None), default=None),
        )
        for one in scored
    ]


def _tier_reason(one: _Scored) -> str:
    if one.company.fit.disqualifiers:
        return _joined(one.company.fit.disqualifiers)
    if one.ranked.reasons:
        return _joined(one.ranked.reasons)
    if one.ranked.tier is None:
        return "Too little is known to say: tier 4 until more is learned."
    return _joined(one.company.priority.scored.reasons)


def _joined(reasons: Sequence[Reason]) -> str:
    return " ".join(reason.text for reason in reasons)


def reasons_as_rows(reasons: Sequence[Reason]) -> list[dict[str, Any]]:
    """As the score row keeps them: code, text, points to four places, fact ids."""
    return [
        {"code": r.code, "text": r.text, "points": round(r.points, 4), "fact_ids": list(r.fact_ids)} for r in reasons
    ]
