"""Transcripts of meetings: upload one, say who is who, and decide on what was found."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, File, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from agents.discovery.deciding import MOST_TEXT
from agents.discovery.kinds import Side
from api.actions import transcripts as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.openapi import repeated
from api.views.transcripts import TranscriptView
from store.models import FindingState
from tools.transcripts import MOST_BYTES

router = APIRouter(route_class=ControlRoute, tags=["work"])
LARGEST_BODY = 2 * MOST_BYTES  # the hard stop, which answers without words


class Speakers(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"sides": {"Anna Berg": "prospect", "Speaker 2": "us"}}]}
    )

    sides: dict[str, Literal["us", "prospect", "other"]] = Field(min_length=1, max_length=50)


class Confirmation(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"text": "Send the case study of a carrier", "due_on": "2026-06-05"}]},
    )

    text: str | None = Field(default=None, max_length=MOST_TEXT, description="Null: as it was said.")
    due_on: date | None = Field(default=None, description="Of a promise or a next step; null: as it was said.")
    who: Literal["us", "prospect"] | None = Field(default=None, description="Who is to do it; null: as it was found.")


class Decided(BaseModel):
    id: UUID
    state: FindingState


@router.post(
    "/meetings/{meeting_id}/transcript",
    status_code=201,
    responses=repeated(TranscriptView),
    summary="Upload a meeting's transcript: WebVTT, SRT or text with names",
    max_body_size=LARGEST_BODY,
)
def upload_transcript(
    meeting_id: UUID,
    deps: Deps,
    caller: Caller,
    response: Response,
    file: Annotated[UploadFile, File(description="Up to 2 MB, in any encoding.")],
) -> TranscriptView:
    """Kept sealed; what is found in it is proposed and nothing more. The same words again answer 200."""
    if not acts.upload(deps, caller, meeting_id, file.file).new:
        response.status_code = 200
    return acts.shown(deps, caller, meeting_id)


@router.get("/meetings/{meeting_id}/transcript", summary="What was found in a meeting's newest transcript")
def get_transcript(meeting_id: UUID, deps: Deps, caller: Caller) -> TranscriptView:
    return acts.shown(deps, caller, meeting_id)


@router.put("/transcripts/{transcript_id}/speakers", summary="Say whose side speakers are on")
def put_transcript_speakers(transcript_id: UUID, body: Speakers, deps: Deps, caller: Caller) -> TranscriptView:
    """It is read anew. What a person confirmed or dismissed stays; the rest is proposed anew."""
    sides = {name: Side(side) for name, side in body.sides.items()}
    return acts.shown(deps, caller, acts.say_sides(deps, caller, transcript_id, sides))


@router.post("/findings/{finding_id}/confirm", summary="Take a finding over: a fact, and a task where one is due")
def confirm_finding(finding_id: UUID, body: Confirmation, deps: Deps, caller: Caller) -> Decided:
    """Saying it twice changes nothing; 409 where it was dismissed, or a later reading does not find it any more."""
    who = Side(body.who) if body.who else None
    _, state = acts.decide(deps, caller, finding_id, confirm=True, text=body.text, due_on=body.due_on, who=who)
    return Decided(id=finding_id, state=state)


@router.post("/findings/{finding_id}/dismiss", summary="Leave a finding out, for good")
def dismiss_finding(finding_id: UUID, deps: Deps, caller: Caller) -> Decided:
    _, state = acts.decide(deps, caller, finding_id, confirm=False)
    return Decided(id=finding_id, state=state)


@router.post("/meetings/{meeting_id}/recap", status_code=202, summary="Have a mail drafted of what was agreed")
def ask_recap(meeting_id: UUID, deps: Deps, caller: Caller) -> None:
    """Of confirmed promises and next steps only. It waits for approval like any other; one a meeting."""
    acts.recap(deps, caller, meeting_id)
