"""The scorer: fit, intent, authority and priority of a cohort's leads, their tier, and the sequence that follows.

Set-based: a handful of queries and statements a cohort, however many leads it has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlmodel import Session, col, select

from agents.company_view import CompanyView, icp_of, load_views
from agents.contact_finder import traits_of
from agents.context import AgentContext
from agents.policy import Policy, load_policy
from agents.step import Outcome, Step, Trigger
from core.ids import stable_id
from scoring.authority import score_authority
from scoring.criteria import CompiledIcp
from scoring.fit import Fit, score_fit
from scoring.hooks import DatedFact, choose_hooks
from scoring.icp import parse_icp
from scoring.intent import score_intent
from scoring.priority import LOWEST_TIER, Priority, RankedLead, apply_capacity, score_priority
from scoring.sequence import SequenceSpec, add_business_days, choose_sequence, send_window
from scoring.types import Reason, Scored
from store import bulk
from store.models import (
    Cohort,
    CohortStage,
    Contact,
    Enrollment,
    EnrollmentState,
    Fact,
    Lead,
    LeadStage,
    Mailbox,
    MailboxState,
    Run,
    RunCompany,
    ScoreRow,
    Touch,
    Workspace,
)

HOOKS = 3  # a first mail uses one; the others are for follow-ups
_HOOK_FIELDS = ("description", "tagline", "title")
# When in the recipient's day a mail is planned: decision makers read before their meetings, others after lunch.
_START_HOUR = {1: 8, 2: 9, 3: 13}
_SPREAD_MINUTES = 120


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
        enrolled = _enroll(session, context, run, scored) if run.enroll else set()
        _write_leads(session, run, scored, enrolled, now)
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
    fit = score_fit(view.traits, icp, now, view.signals or None)
    intent = score_intent(view.signals, now)
    priority = score_priority(fit.scored, intent, icp, fit.disqualifiers)
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
        .where(Lead.icp_id == icp_id, col(Lead.company_id).in_(list(companies)), col(Contact.erased_at).is_(None))
        .order_by(col(Lead.id))
    )
    scored = []
    for lead, contact in session.exec(query):
        company = companies[lead.company_id]
        authority = score_authority(traits_of(contact), company.view.row.employees, icp.definition).scored
        newest = max((signal.observed_at for signal in company.view.signals), default=None)
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


def _write_leads(session: Session, run: Run, scored: Sequence[_Scored], enrolled: set[UUID], now: datetime) -> None:
    rows = []
    for one in scored:
        lead, company = one.lead, one.company
        stage = lead.stage
        if lead.id in enrolled:
            stage = LeadStage.IN_SEQUENCE
        elif stage in (LeadStage.SCORED, LeadStage.NURTURE) and run.enroll:
            stage = LeadStage.NURTURE if one.tier == LOWEST_TIER else LeadStage.SCORED
        spec = choose_sequence(one.tier)
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
                "channel": spec.touches[0].channel.value if spec.touches else "",
                "hooks": company.hooks,
                "updated_at": now,
            }
        )
    columns = [name for name in rows[0] if name != "id"] if rows else []
    bulk.update(session, Lead, rows, columns=columns)


def _enroll(session: Session, context: AgentContext, run: Run, scored: Sequence[_Scored]) -> set[UUID]:
    """Starts a sequence for every lead that may have one and has none. Ids of those that started."""
    mailboxes = session.exec(
        select(Mailbox.id).where(Mailbox.state == MailboxState.ACTIVE).order_by(col(Mailbox.id))
    ).all()
    workspace = session.get(Workspace, context.workspace_id)
    if not mailboxes or workspace is None:
        return set()
    busy = _busy_contacts(session, [one.contact.id for one in scored])
    now, enrollments, touches = context.clock.now(), [], []
    for one in scored:
        spec = choose_sequence(one.ranked.tier)
        reachable = one.contact.email_sealed is not None and one.contact.email_status != "invalid"
        fresh = one.lead.stage in (LeadStage.SCORED, LeadStage.NURTURE) and one.contact.id not in busy
        if not (spec.touches and reachable and fresh):
            continue
        enrollment_id = stable_id("enrollment", context.workspace_id, one.lead.id)
        # One sender a company: colleagues compare their mail.
        mailbox_id = mailboxes[one.lead.company_id.int % len(mailboxes)]
        enrollments.append(
            {
                "id": enrollment_id,
                "lead_id": one.lead.id,
                "sequence": spec.name,
                "mailbox_id": mailbox_id,
                "created_at": now,
            }
        )
        touches += _touches(context, one, spec, enrollment_id, workspace.time_zone, now)
    new = bulk.insert_ignore(session, Enrollment, enrollments)
    bulk.insert_ignore(session, Touch, [touch for touch in touches if touch["enrollment_id"] in new])
    return {UUID(str(row["lead_id"])) for row in enrollments if row["id"] in new}


def _busy_contacts(session: Session, contact_ids: Sequence[UUID]) -> set[UUID]:
    """Contacts that some other lead's sequence already writes to: one person, one sequence."""
    found: set[UUID] = set()
    for start in range(0, len(contact_ids), 5_000):
        query = (
            select(Lead.contact_id)
            .join(
                Enrollment,
                (col(Enrollment.workspace_id) == col(Lead.workspace_id)) & (col(Enrollment.lead_id) == col(Lead.id)),
            )
            .where(
                col(Enrollment.state).in_([EnrollmentState.ACTIVE, EnrollmentState.PAUSED]),
                col(Lead.contact_id).in_(contact_ids[start : start + 5_000]),
            )
        )
        found.update(session.exec(query))
    return found


def _touches(
    context: AgentContext, one: _Scored, spec: SequenceSpec, enrollment_id: UUID, workspace_zone: str, now: datetime
) -> list[dict[str, Any]]:
    zone = _zone(one.contact.time_zone, workspace_zone)
    today = now.astimezone(zone).date()
    minutes = _START_HOUR.get(one.tier, 9) * 60 + one.lead.id.int % _SPREAD_MINUTES
    rows = []
    for touch in spec.touches:
        day = add_business_days(today, touch.day)
        planned = datetime.combine(day, time(minutes // 60, minutes % 60), zone).astimezone(UTC)
        due = send_window(max(planned, now), zone.key)
        rows.append(
            {
                "id": stable_id("touch", context.workspace_id, enrollment_id, touch.step),
                "enrollment_id": enrollment_id,
                "lead_id": one.lead.id,
                "number": touch.step,
                "channel": touch.channel.value,
                "due_at": due,
            }
        )
    return rows


def _zone(name: str, fallback: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or fallback)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(fallback)


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
