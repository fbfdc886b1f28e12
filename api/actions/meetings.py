"""How meetings went: the outcome, what was said, and what comes next."""

from datetime import datetime
from uuid import UUID

from agents import calendar, meeting_notes
from api.dependencies import Dependencies, Principal
from api.permissions import Permission


def record(
    deps: Dependencies,
    principal: Principal,
    meeting_id: UUID,
    *,
    held: bool,
    outcome: str = "",
    notes: str = "",
    next_step: str = "",
    next_step_at: datetime | None = None,
) -> None:
    """The outcome once; notes may be written again with the same outcome. Raises Forbidden, NotFound, Conflict,
    Rejected."""
    principal.require(Permission.WORK)
    meeting_notes.check(notes, next_step, next_step_at)
    context = deps.context_for(principal.workspace_id)
    calendar.record_meeting(context, meeting_id, held, outcome, principal.actor)
    if notes or next_step:
        meeting_notes.keep(
            context, meeting_id, notes=notes, by=principal.actor, next_step=next_step, next_step_at=next_step_at
        )
