"""A person's word on a finding: what follows from one that is confirmed, and from nothing else.

need, objection, budget, authority, timeline, competitor  → a fact of the contact, with its quote, tainted
commitment, next step                                     → the same, and a task by the day that was named
each of them                                              → a note to the CRM
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from agents import attention
from agents.context import AgentContext
from agents.discovery.keeping import seal_words, words_of
from agents.discovery.kinds import TO_DO, Kind, Side
from core.errors import Conflict, NotFound, Rejected
from scoring.sequence import add_business_days
from store import audit
from store.models import Finding, FindingState, Lead, Meeting, User
from store.queries import facts, outbox
from tools.calendar.slots import zone_of
from tools.transcripts.turns import clean

MOST_TEXT: Final = 600
_END_OF_DAY: Final = time(17)
_UNSAID: Final = 2  # business days, where nobody said by when
_LABELS: Final = {
    Kind.NEED: "They need",
    Kind.OBJECTION: "They doubt",
    Kind.COMMITMENT: "Promised",
    Kind.NEXT_STEP: "Next step",
    Kind.BUDGET: "Budget",
    Kind.AUTHORITY: "Who decides",
    Kind.TIMELINE: "By when",
    Kind.COMPETITOR: "Also looked at",
}
SOURCE: Final = "transcript:"  # and the meeting's id: the source of a fact


def confirm(
    context: AgentContext,
    finding_id: UUID,
    by: str,
    *,
    text: str | None = None,
    due_on: date | None = None,
    who: Side | None = None,
) -> FindingState:
    """`text`, `due_on`, `who`: as the person has them; None: as they were found. Again: changes nothing.

    Raises NotFound, Conflict (it was dismissed, or is not proposed any more), Rejected (empty or too long).
    """
    with context.database.write(context.workspace_id) as session:
        found, meeting, lead = _locked(session, context, finding_id)
        if found.state is FindingState.CONFIRMED:
            return found.state
        _open(found)
        words, kind = words_of(context, found), Kind(found.kind)
        if text is not None and (said := clean(text)) != words["text"]:
            if not said or len(said) > MOST_TEXT:
                raise Rejected(f"Say it in up to {MOST_TEXT} characters.", hint="Or dismiss it.")
            words["text"], found.edited = said, True
            found.words_sealed = seal_words(context, found.id, words)
        if kind in TO_DO:
            found.edited |= (due_on is not None and due_on != found.due_on) or (who is not None and who != found.who)
            found.due_on = due_on or found.due_on
            found.who = who.value if who in (Side.US, Side.PROSPECT) else found.who
            found.task_id = _task(session, context, found, meeting, lead, words)
        found.fact_id = _fact(session, context, found, meeting, words)
        at = meeting.starts_at or context.clock.now()
        step = outbox.CrmStep(
            key=f"crm:{lead.id}:finding:{found.id}",
            subject_kind="lead",
            subject_id=lead.id,
            record_kind="contact",
            record_id=found.contact_id,
            kind="note",
            occurred_at=at,
            summary=f"{_LABELS[kind]}: {words['text']}",
            fields={"kind": kind.value},
        )
        outbox.insert_crm(session, context.clock, context.sealer, [step])
        _decide(session, context, found, FindingState.CONFIRMED, by)
        return found.state


def dismiss(context: AgentContext, finding_id: UUID, by: str) -> FindingState:
    """Nothing follows from it, now or when the transcript is read again. Again: changes nothing.

    Raises NotFound, Conflict (it was confirmed, or is not proposed any more).
    """
    with context.database.write(context.workspace_id) as session:
        found, _, _ = _locked(session, context, finding_id)
        if found.state is not FindingState.DISMISSED:
            _open(found)
            _decide(session, context, found, FindingState.DISMISSED, by)
        return found.state


def _locked(session: Session, context: AgentContext, finding_id: UUID) -> tuple[Finding, Meeting, Lead]:
    found = session.get(Finding, (context.workspace_id, finding_id), with_for_update=True, populate_existing=True)
    meeting = session.get(Meeting, (context.workspace_id, found.meeting_id)) if found is not None else None
    lead = session.get(Lead, (context.workspace_id, meeting.lead_id)) if meeting is not None else None
    if found is None or meeting is None or lead is None or found.words_sealed is None:
        raise NotFound("There is no such finding.", hint="It may have been erased.")
    return found, meeting, lead


def _open(found: Finding) -> None:
    if found.state is not FindingState.PROPOSED:
        raise Conflict(f"It is {found.state.value} already.", hint="Load the page again.", code="already_decided")


def _fact(session: Session, context: AgentContext, found: Finding, meeting: Meeting, words: dict[str, str]) -> UUID:
    """Of the contact and not of the company: it is what one person said, and goes when they are erased."""
    at = (meeting.starts_at or context.clock.now()) + timedelta(seconds=found.at_seconds or 0)
    fact = facts.FactInput(
        subject_kind="contact",
        subject_id=found.contact_id,
        field=found.kind if not found.detail else f"{found.kind}_{found.detail}",
        value=words["text"],
        source=f"{SOURCE}{found.meeting_id}",
        method="transcript",
        observed_at=min(at, context.clock.now()),
        quote=words["quote"],
        tainted=True,
    )
    return facts.add_facts(session, [fact])[0]


def _task(
    session: Session, context: AgentContext, found: Finding, meeting: Meeting, lead: Lead, words: dict[str, str]
) -> UUID:
    ours = found.who == Side.US.value
    title = "Do what was agreed in the meeting" if ours else "They were to do something: see whether it came"
    return attention.add_task(
        session,
        context,
        source_key=f"finding:{found.id}",
        subject=lead,
        kind="next_step" if ours else "promised_by_them",
        title=title,
        due_at=_due(session, context, found, meeting),
        assignee_id=meeting.user_id,
        # The words may name people, so they are sealed and not in the title.
        script=words["text"] if words["text"] == words["quote"] else f"{words['text']}\nSaid: “{words['quote']}”",
    )


def _due(session: Session, context: AgentContext, found: Finding, meeting: Meeting) -> datetime:
    """The end of that day on the rep's clock; of theirs, the morning after would be too late to ask."""
    rep = session.get(User, (context.workspace_id, meeting.user_id))
    zone: Any = zone_of(rep.time_zone) if rep is not None else None
    zone = zone or ZoneInfo("UTC")
    today = context.clock.now().astimezone(zone).date()
    day = found.due_on or add_business_days(today, _UNSAID)
    return datetime.combine(max(day, today), _END_OF_DAY, zone).astimezone(UTC)


def _decide(session: Session, context: AgentContext, found: Finding, state: FindingState, by: str) -> None:
    found.state, found.decided_by, found.decided_at = state, by[:100], context.clock.now()
    session.add(found)
    session.flush()
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=by,
        action=f"finding.{state.value}",
        subject_kind="meeting",
        subject_id=found.meeting_id,
        details={"kind": found.kind, "edited": found.edited},
    )
