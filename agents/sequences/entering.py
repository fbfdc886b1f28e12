"""Who enters a sequence: leads of a tier that has one, once; again only after a rest and, by policy, a new signal.

Set-based: a handful of statements a cohort, however many leads it has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents.context import AgentContext
from agents.policy import Policy
from agents.sequences import versions
from agents.sequences.planning import day_clock, entry_rows, reach_by_law
from agents.sequences.senders import load_senders
from core.ids import stable_id
from scoring.sequence import ChosenChannel, SequenceSpec, choose_channels
from store import bulk
from store.models import (
    Company,
    Contact,
    Decision,
    Enrollment,
    EnrollmentState,
    Lead,
    LeadStage,
    Mailbox,
    MailboxState,
    Run,
    Touch,
    Workspace,
)
from store.queries import suppression

_AT_ONCE = 5_000  # ids of one statement
_FRESH = (LeadStage.SCORED, LeadStage.NURTURE)


@dataclass(frozen=True, slots=True)
class Candidate:
    lead: Lead
    contact: Contact
    company: Company
    tier: int | None
    newest_signal: datetime | None


@dataclass(frozen=True, slots=True)
class _Earlier:
    """A sequence that the lead was in."""

    enrollment: Enrollment
    last_number: int
    ended_at: datetime


def enroll(
    session: Session, context: AgentContext, run: Run, policy: Policy, candidates: Sequence[Candidate]
) -> set[UUID]:
    """Starts a sequence for every lead that may have one. Ids of those that started."""
    now, workspace = context.clock.now(), session.get(Workspace, context.workspace_id)
    senders = load_senders(session, policy, [one.lead.company_id for one in candidates], now)
    if not senders or workspace is None:
        return set()
    known = versions.load(session)
    busy = _busy_contacts(session, [one.contact.id for one in candidates])
    earlier = _earlier(session, [one.lead.id for one in candidates])
    refused = suppression.keys_known(
        session, [one.contact.email_index for one in candidates if one.lead.id in earlier and one.contact.email_index]
    )
    sending = set(session.exec(select(Mailbox.id).where(Mailbox.state == MailboxState.ACTIVE)).all())
    entering: list[dict[str, Any]] = []
    again: list[dict[str, Any]] = []
    touches: list[dict[str, Any]] = []
    decisions: list[dict[str, Any]] = []
    of_lead: dict[UUID, UUID] = {}
    for one in candidates:
        spec, before = known.of_tier(one.tier), earlier.get(one.lead.id)
        if not spec.touches or one.contact.id in busy or not _reachable(one.contact, spec):
            continue
        if before is None and one.lead.stage not in _FRESH:
            continue
        if before is not None and (one.contact.email_index in refused or why_no_reentry(one, before, policy, now)):
            continue
        if before is not None and before.enrollment.mailbox_id in sending:
            mailbox_id, why = before.enrollment.mailbox_id, "The mailbox that wrote to them before."
        else:
            mailbox_id, why = senders.choose(one.lead.company_id)
        fresh_id = stable_id("enrollment", context.workspace_id, one.lead.id)
        enrollment_id = before.enrollment.id if before is not None else fresh_id
        of_lead[enrollment_id] = one.lead.id
        steps_before = before.last_number if before is not None else 0
        clock = day_clock(one.lead.id, one.tier or 0, one.contact, one.company, workspace.time_zone, now)
        rows, chosen = entry_rows(
            context.workspace_id,
            enrollment_id,
            one.lead.id,
            spec,
            one.contact,
            clock,
            now,
            steps_before=steps_before,
        )
        touches += rows
        common = {"id": enrollment_id, "sequence": spec.name, "version": spec.number, "mailbox_id": mailbox_id}
        if before is None:
            entering.append({**common, "lead_id": one.lead.id, "created_at": now})
        else:
            state = {"state": EnrollmentState.ACTIVE, "stop_reason": "", "resume_at": None}
            again.append({**common, **state, "steps_before": steps_before, "entered_at": now})
        decisions.append(_decision(context, run, one, spec, mailbox_id, f"{_why(spec, chosen)} {why}", steps_before))
    new = bulk.insert_ignore(session, Enrollment, entering) | {row["id"] for row in again}
    if again:
        bulk.update(session, Enrollment, again, columns=[name for name in again[0] if name != "id"])
    bulk.insert_ignore(session, Touch, [touch for touch in touches if touch["enrollment_id"] in new])
    started = {of_lead[enrollment_id] for enrollment_id in new}
    bulk.insert_ignore(session, Decision, [row for row in decisions if row["subject_id"] in started])
    return started


def why_no_reentry(one: Candidate, before: _Earlier, policy: Policy, now: datetime) -> str:
    """Why a lead that was in a sequence may not enter again; empty: it may. Who said no, or talks with us, never."""
    if before.enrollment.state is not EnrollmentState.FINISHED:
        return f"Its sequence is {before.enrollment.state.value}."
    if one.lead.stage not in (*_FRESH, LeadStage.IN_SEQUENCE):
        return f"The lead is {one.lead.stage.value}."
    if policy.reentry_days is None:
        return "The policy lets nobody enter twice."
    if now - before.ended_at < timedelta(days=policy.reentry_days):
        return f"Its last touch is less than {policy.reentry_days} days ago."
    if policy.reentry_needs_signal and (one.newest_signal is None or one.newest_signal <= before.ended_at):
        return "Nothing new was learned since its last touch."
    return ""


def _reachable(contact: Contact, spec: SequenceSpec) -> bool:
    """By mail, or by another channel of the sequence. A mail that only the law bars is planned all the same: a consent
    may be recorded before it is due, and until then it is seen what holds it."""
    if contact.email_sealed is not None and contact.email_status != "invalid":
        return True
    return any(one.channel is not None for one in choose_channels(spec, reach_by_law(contact)))


def _busy_contacts(session: Session, contact_ids: Sequence[UUID]) -> set[UUID]:
    """Contacts that some lead's sequence already writes to: one person, one sequence."""
    found: set[UUID] = set()
    for start in range(0, len(contact_ids), _AT_ONCE):
        query = (
            select(Lead.contact_id)
            .join(
                Enrollment,
                (col(Enrollment.workspace_id) == col(Lead.workspace_id)) & (col(Enrollment.lead_id) == col(Lead.id)),
            )
            .where(
                col(Enrollment.state).in_([EnrollmentState.ACTIVE, EnrollmentState.PAUSED]),
                col(Lead.contact_id).in_(contact_ids[start : start + _AT_ONCE]),
            )
        )
        found.update(session.exec(query))
    return found


def _earlier(session: Session, lead_ids: Sequence[UUID]) -> Mapping[UUID, _Earlier]:
    found: dict[UUID, _Earlier] = {}
    for start in range(0, len(lead_ids), _AT_ONCE):
        query = (
            sa.select(Enrollment, sa.func.max(col(Touch.number)), sa.func.max(col(Touch.done_at)))
            .join(
                Touch,
                (col(Touch.workspace_id) == col(Enrollment.workspace_id))
                & (col(Touch.enrollment_id) == col(Enrollment.id)),
                isouter=True,
            )
            .where(col(Enrollment.lead_id).in_(lead_ids[start : start + _AT_ONCE]))
            .group_by(col(Enrollment.workspace_id), col(Enrollment.id))
        )
        for enrollment, number, done_at in session.execute(query):
            ended_at = done_at or enrollment.entered_at or enrollment.created_at
            found[enrollment.lead_id] = _Earlier(enrollment, number or 0, ended_at)
    return found


def _why(spec: SequenceSpec, chosen: Sequence[ChosenChannel]) -> str:
    """The sequence, and each step that is not done as the sequence says."""
    told = [spec.reason.text]
    for touch, one in zip(spec.touches, chosen, strict=True):
        if one.channel is not touch.channel:
            told.append(f"Step {touch.step}: {one.reason}")
    return " ".join(told)


def _decision(
    context: AgentContext,
    run: Run,
    one: Candidate,
    spec: SequenceSpec,
    mailbox_id: UUID,
    reason: str,
    steps_before: int,
) -> dict[str, Any]:
    inputs = {"sequence": spec.name, "version": spec.number, "mailbox_id": str(mailbox_id), "tier": one.tier}
    return {
        "id": stable_id("decision", context.workspace_id, "enrolled", one.lead.id, steps_before),
        "subject_kind": "lead",
        "subject_id": one.lead.id,
        "run_id": run.id,
        "actor": "scorer",
        "stage": LeadStage.IN_SEQUENCE.value,
        "trigger": "run_step",
        "choice": "enrolled" if not steps_before else "enrolled_again",
        "reason": reason,
        "inputs": inputs,
        "at": context.clock.now(),
    }
