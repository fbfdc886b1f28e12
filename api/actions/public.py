"""What prospects do through a link of ours: no account, only the link."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from agents import engagement
from agents.booking import picking
from api.dependencies import Dependencies
from tools.calendar.availability import Slot


def opt_out(deps: Dependencies, workspace_id: UUID, contact_id: UUID) -> None:
    """Never written to again, from now. A second time changes nothing. Raises NotFound."""
    engagement.opt_out(deps.context_for(workspace_id), contact_id, "one_click")


def pick_slot(deps: Dependencies, workspace_id: UUID, hold_id: UUID, language: str = "") -> picking.Picked:
    """Books a held time. Raises NotFound, Conflict (taken or expired, or a calendar does not answer)."""
    return picking.pick_slot(deps.context_for(workspace_id), hold_id, language=language)


def book_time(
    deps: Dependencies, workspace_id: UUID, meeting_id: UUID, starts_at: datetime, language: str
) -> picking.Picked:
    """Books any free time, or moves what is booked. Raises NotFound, Conflict."""
    return picking.book_time(deps.context_for(workspace_id), meeting_id, starts_at, language=language)


def times_for(
    deps: Dependencies, workspace_id: UUID, meeting_id: UUID, zone: str
) -> tuple[Sequence[Slot], Sequence[str]]:
    """(all free times, what calendars did not say). Asks the calendars. Raises NotFound."""
    return picking.times_for(deps.context_for(workspace_id), meeting_id, zone=zone)


def call_off(deps: Dependencies, workspace_id: UUID, meeting_id: UUID) -> None:
    """Raises NotFound, Conflict."""
    picking.call_off(deps.context_for(workspace_id), meeting_id)
