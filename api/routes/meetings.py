"""Meetings: which there are, what to know before one, and how it went."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlmodel import col, select

from agents.meeting_notes import MOST_NOTES
from api import paging
from api.actions import meetings as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.views import meetings as views
from store.models import Meeting, MeetingState

router = APIRouter(route_class=ControlRoute)


class MeetingOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    lead_id: UUID
    company_id: UUID
    user_id: UUID
    state: MeetingState
    starts_at: datetime | None
    ends_at: datetime | None
    time_zone: str
    outcome: str


class MeetingOutcome(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "held": True,
                    "outcome": "wants an offer",
                    "notes": "They bill 400 shipments a day by hand.",
                    "next_step": "Send the offer for two sites",
                    "next_step_at": "2026-06-05T15:00:00Z",
                }
            ]
        }
    )

    held: bool
    outcome: str = Field(default="", max_length=32, description="A word or two, nothing personal.")
    notes: str = Field(default="", max_length=MOST_NOTES, description="Kept sealed; the newest stand.")
    next_step: str = Field(default="", max_length=200, description="Becomes a task of the rep.")
    next_step_at: AwareDatetime | None = Field(default=None, description="By when; a next step needs one.")


@router.get("/meetings", tags=["work"], summary="Meetings, the newest first")
def list_meetings(
    deps: Deps,
    caller: Caller,
    state: MeetingState | None = None,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[MeetingOut]:
    query = select(Meeting).order_by(col(Meeting.created_at).desc(), col(Meeting.id).desc()).limit(limit + 1)
    if state is not None:
        query = query.where(Meeting.state == state)
    if key := paging.decode(cursor, 2):
        at, last = datetime.fromisoformat(key[0]), UUID(key[1])
        query = query.where(
            sa.or_(col(Meeting.created_at) < at, sa.and_(col(Meeting.created_at) == at, col(Meeting.id) < last))
        )
    with deps.database.read(caller.workspace_id) as session:
        rows = session.exec(query).all()
    last_row = rows[limit - 1] if len(rows) > limit else None
    return paging.Page(
        items=[MeetingOut.model_validate(row) for row in rows[:limit]],
        next=paging.encode(last_row.created_at.isoformat(), str(last_row.id)) if last_row else None,
    )


@router.get("/meetings/{meeting_id}", tags=["work"], summary="A meeting, with what its rep should know beforehand")
def get_meeting(meeting_id: UUID, deps: Deps, caller: Caller) -> views.MeetingView:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return views.meeting_view(session, sealer, caller, meeting_id, deps.clock.now())


@router.post("/meetings/{meeting_id}/outcome", tags=["work"], status_code=204, summary="How a meeting went")
def record_meeting(meeting_id: UUID, body: MeetingOutcome, deps: Deps, caller: Caller) -> None:
    acts.record(deps, caller, meeting_id, **body.model_dump())
