"""On a meeting's page: its transcript, who is who in it, and what is proposed from it."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from agents.discovery.kinds import Side
from api.actions import transcripts as acts
from api.console.guard import ActingVisitor
from api.console.meetings import show
from api.dependencies import Dependencies, Deps, Principal
from api.routes.transcripts import LARGEST_BODY
from core.errors import NotFound, Rejected, SalesOSError

router = APIRouter(include_in_schema=False)
_SPEAKER = "speaker."  # what the names of the fields begin with; a number follows


@router.post("/meetings/{meeting_id}/transcript", max_body_size=LARGEST_BODY)
def upload(
    meeting_id: UUID, deps: Deps, visitor: ActingVisitor, file: Annotated[UploadFile | None, File()] = None
) -> Response:
    try:
        if file is None or not file.filename:
            raise Rejected("No file was chosen.", hint="Choose the .vtt, .srt or text file of the meeting.")
        kept = acts.upload(deps, visitor, meeting_id, file.file)
    except NotFound:
        raise
    except SalesOSError as error:
        return show(deps, visitor, meeting_id, error=error)
    return _back(meeting_id, "read" if kept.new else "known")


@router.post("/transcripts/{transcript_id}/speakers")
async def speakers(transcript_id: UUID, request: Request, deps: Deps, visitor: ActingVisitor) -> Response:
    """Fields come in pairs: name.1, speaker.1 …"""
    form = await request.form(max_fields=200, max_part_size=10_000)
    typed = {name: str(value) for name, value in form.items() if isinstance(value, str)}
    return await run_in_threadpool(_speakers, deps, visitor, transcript_id, typed)


@router.post("/findings/{finding_id}")
def decide(
    finding_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    verdict: Annotated[str, Form(max_length=16)],
    text: Annotated[str, Form(max_length=5_000)] = "",
    due_on: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    if verdict not in ("confirm", "dismiss"):
        raise Rejected("Say whether it is taken over.", hint="Confirm it, or dismiss it.")
    day = _day(due_on)
    meeting_id, _ = acts.decide(
        deps, visitor, finding_id, confirm=verdict == "confirm", text=text if text.strip() else None, due_on=day
    )
    return _back(meeting_id, f"{verdict}ed" if verdict == "dismiss" else "confirmed")


@router.post("/meetings/{meeting_id}/recap")
def recap(meeting_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    try:
        acts.recap(deps, visitor, meeting_id)
    except NotFound:
        raise
    except SalesOSError as error:
        return show(deps, visitor, meeting_id, error=error)
    return _back(meeting_id, "recap")


def _speakers(deps: Dependencies, visitor: Principal, transcript_id: UUID, typed: dict[str, str]) -> Response:
    sides = {}
    for field, value in typed.items():
        if field.startswith(_SPEAKER) and value in (Side.US, Side.PROSPECT, Side.OTHER):
            sides[typed.get(f"name.{field.removeprefix(_SPEAKER)}", "")] = Side(value)
    if not sides:
        raise Rejected("Nobody's side was said.", hint="Choose one for each speaker.")
    return _back(acts.say_sides(deps, visitor, transcript_id, sides), "sides")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise Rejected("That is not a day.", hint="As in 2026-06-05.") from None


def _back(meeting_id: UUID, said: str) -> Response:
    return RedirectResponse(f"/meetings/{meeting_id}?said={said}#heard", status_code=303)
