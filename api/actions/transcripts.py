"""Transcripts: kept, their speakers named, and each finding decided by a person."""

from collections.abc import Mapping
from datetime import date
from typing import BinaryIO
from uuid import UUID

from agents.discovery import after, deciding, keeping
from agents.discovery.keeping import Kept
from agents.discovery.kinds import Side
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views.transcripts import TranscriptView, transcript_view
from core.errors import NotFound
from store.models import Finding, FindingState, Transcript
from tools.transcripts import MOST_BYTES


def upload(deps: Dependencies, principal: Principal, meeting_id: UUID, file: BinaryIO) -> Kept:
    """The same words again change nothing. Raises Forbidden, NotFound, Conflict, Rejected."""
    _require(principal)
    data = file.read(MOST_BYTES + 1)
    return keeping.keep(deps.context_for(principal.workspace_id), meeting_id, data, principal.actor)


def shown(deps: Dependencies, principal: Principal, meeting_id: UUID) -> TranscriptView:
    """Raises Forbidden, NotFound (also where there is none)."""
    context = deps.context_for(principal.workspace_id)
    with deps.database.read(principal.workspace_id) as session:
        found = transcript_view(session, context, principal, meeting_id)
    if found is None:
        raise NotFound("The meeting has no transcript.", hint="Upload one: .vtt, .srt or text.")
    return found


def say_sides(deps: Dependencies, principal: Principal, transcript_id: UUID, sides: Mapping[str, Side]) -> UUID:
    """Returns the meeting's id. Raises Forbidden, NotFound, Rejected."""
    _require(principal)
    with deps.database.read(principal.workspace_id) as session:
        row = session.get(Transcript, (principal.workspace_id, transcript_id))
        if row is None:
            raise NotFound("There is no such transcript.")
        meeting_id = row.meeting_id
    keeping.say_sides(deps.context_for(principal.workspace_id), transcript_id, sides, principal.actor)
    return meeting_id


def decide(
    deps: Dependencies,
    principal: Principal,
    finding_id: UUID,
    *,
    confirm: bool,
    text: str | None = None,
    due_on: date | None = None,
    who: Side | None = None,
) -> tuple[UUID, FindingState]:
    """(The meeting's id, the state now). Raises Forbidden, NotFound, Conflict, Rejected."""
    _require(principal)
    with deps.database.read(principal.workspace_id) as session:
        row = session.get(Finding, (principal.workspace_id, finding_id))
        if row is None:
            raise NotFound("There is no such finding.")
        meeting_id = row.meeting_id
    context = deps.context_for(principal.workspace_id)
    if confirm:
        state = deciding.confirm(context, finding_id, principal.actor, text=text, due_on=due_on, who=who)
    else:
        state = deciding.dismiss(context, finding_id, principal.actor)
    return meeting_id, state


def recap(deps: Dependencies, principal: Principal, meeting_id: UUID) -> None:
    """Has a mail drafted of what was agreed. Raises Forbidden, NotFound, Conflict."""
    _require(principal)
    after.ask_recap(deps.context_for(principal.workspace_id), meeting_id, principal.actor)


def _require(principal: Principal) -> None:
    principal.require(Permission.WORK)
    principal.require(Permission.PEOPLE)
