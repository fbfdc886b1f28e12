"""What a person writes down after a meeting: notes, sealed, and the next step as a task."""

from datetime import datetime
from uuid import UUID

from agents import attention
from agents.context import AgentContext
from core.errors import Conflict, NotFound, Rejected
from core.ids import stable_id
from store import audit
from store.models import Lead, Meeting, MeetingState

MOST_NOTES = 20_000  # characters: an hour's worth, typed
_MOST_STEP = 200
_SAYABLE = (MeetingState.BOOKED, MeetingState.HELD, MeetingState.NO_SHOW)


def check(notes: str, next_step: str, next_step_at: datetime | None) -> None:
    """Before anything else is written of the meeting. Raises Rejected."""
    if len(notes) > MOST_NOTES or len(next_step) > _MOST_STEP:
        hint = f"Notes: {MOST_NOTES:,} characters; the next step: {_MOST_STEP}."
        raise Rejected("That is more than is kept.", hint=hint)
    if next_step.strip() and next_step_at is None:
        raise Rejected("Say by when the next step is due.", hint="A next step without a day is forgotten.")


def keep(
    context: AgentContext,
    meeting_id: UUID,
    *,
    notes: str,
    by: str,
    next_step: str = "",
    next_step_at: datetime | None = None,
) -> None:
    """The newest notes stand; "" leaves those that are there. The same next step twice is one task.

    Raises NotFound, Conflict (nothing was booked), Rejected (too long, or a next step without a day).
    """
    check(notes, next_step, next_step_at)
    notes, next_step = notes.strip(), " ".join(next_step.split())
    with context.database.write(context.workspace_id) as session:
        meeting = session.get(Meeting, (context.workspace_id, meeting_id), with_for_update=True)
        if meeting is None:
            raise NotFound("There is no such meeting.")
        if meeting.state not in _SAYABLE:
            raise Conflict(f"The meeting is {meeting.state.value}: there is nothing to note of it.", code="not_booked")
        lead = session.get(Lead, (context.workspace_id, meeting.lead_id))
        if notes:
            meeting.notes_sealed = context.sealer.seal(notes, context=f"meeting|notes|{meeting.id}")
            session.add(meeting)
        if next_step and lead is not None:
            step_id = stable_id("next_step", context.workspace_id, meeting_id, next_step)
            attention.add_task(
                session,
                context,
                source_key=f"next_step:{step_id}",
                subject=lead,
                kind="next_step",
                title="Do what you agreed on in the meeting",
                due_at=next_step_at,
                assignee_id=meeting.user_id,
                script=next_step,  # it may name people, so it is sealed and not in the title
            )
        if notes or next_step:
            audit.append(
                session,
                context.clock,
                context.ids,
                actor=by,
                action="meeting.noted",
                subject_kind="meeting",
                subject_id=meeting.id,
                details={"written": bool(notes), "next_step": bool(next_step)},
            )
