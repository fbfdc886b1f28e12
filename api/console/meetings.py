"""Meetings: what is coming, what to know before it, and how it went."""

from datetime import datetime, time
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.actions import meetings as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import meetings as views
from api.views.transcripts import transcript_view
from core.errors import NotFound, Rejected, SalesOSError
from tools.calendar.slots import zone_of

router = APIRouter(include_in_schema=False)

_SAID = {
    "held": "Kept: the meeting took place.",
    "no_show": "Kept: they did not come. A mail with new times is drafted, unless they wrote or booked since.",
    "read": "Kept and read. What was found waits for your word.",
    "known": "These words are here already: nothing changed.",
    "sides": "Kept, and read anew.",
    "confirmed": "Taken over.",
    "dismissed": "Left out.",
    "recap": "A mail of what was agreed is being drafted; it waits for you in Approvals.",
}
_TABS = (("coming", "Coming"), ("past", "Past"), ("open", "Times proposed"))
_END_OF_DAY = time(17)  # of a next step: nobody means midnight


@router.get("/meetings")
def meetings_page(
    deps: Deps, visitor: Visitor, when: views.When = "coming", whose: str = "", cursor: str | None = None
) -> HTMLResponse:
    mine = whose == "mine" or (whose != "all" and visitor.role in ("rep", "csm"))
    sealer, now = deps.context_for(visitor.workspace_id).sealer, deps.clock.now()
    with deps.database.read(visitor.workspace_id) as session:
        owner = visitor.user_id if mine else None
        found = views.meetings(session, sealer, visitor, now, when=when, owner=owner, cursor=cursor)
    return console(
        deps, visitor, "meetings.html", here="meetings", meetings=found, when=when, tabs=_TABS, mine=mine, cursor=cursor
    )


@router.get("/meetings/{meeting_id}")
def meeting_page(meeting_id: UUID, deps: Deps, visitor: Visitor, said: str = "") -> HTMLResponse:
    return show(deps, visitor, meeting_id, said=_SAID.get(said, ""))


@router.post("/meetings/{meeting_id}/outcome")
def record_meeting(
    meeting_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    held: Annotated[bool, Form()] = False,
    outcome: Annotated[str, Form(max_length=32)] = "",
    notes: Annotated[str, Form(max_length=50_000)] = "",
    next_step: Annotated[str, Form(max_length=1_000)] = "",
    next_step_on: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    typed = {"outcome": outcome, "notes": notes, "next_step": next_step, "next_step_on": next_step_on}
    try:
        acts.record(
            deps,
            visitor,
            meeting_id,
            held=held,
            outcome=outcome,
            notes=notes,
            next_step=next_step,
            next_step_at=_day(next_step_on, visitor),
        )
    except NotFound:
        raise
    except SalesOSError as error:
        return show(deps, visitor, meeting_id, error=error, typed=typed)
    return RedirectResponse(f"/meetings/{meeting_id}?said={'held' if held else 'no_show'}", status_code=303)


def _day(text: str, visitor: Principal) -> datetime | None:
    if not text.strip():
        return None
    try:
        day = datetime.fromisoformat(text.strip()).date()
    except ValueError:
        raise Rejected("The next step's day is not a day.", hint="As in 2026-06-05.") from None
    return datetime.combine(day, _END_OF_DAY, ZoneInfo(visitor.time_zone or "UTC"))


def show(
    deps: Dependencies,
    visitor: Principal,
    meeting_id: UUID,
    *,
    said: str = "",
    error: SalesOSError | None = None,
    typed: dict[str, str] | None = None,
) -> HTMLResponse:
    sealer, now = deps.context_for(visitor.workspace_id).sealer, deps.clock.now()
    with deps.database.read(visitor.workspace_id) as session:
        meeting = views.meeting_view(session, sealer, visitor, meeting_id, now)
        context = deps.context_for(visitor.workspace_id)
        heard = transcript_view(session, context, visitor, meeting_id) if visitor.may(Permission.PEOPLE) else None
    zone = zone_of(meeting.time_zone)
    return console(
        deps,
        visitor,
        "meeting_known.html",
        here="meetings",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        meeting=meeting,
        heard=heard,
        begun=meeting.starts_at is not None and meeting.starts_at <= now,
        theirs=f"{meeting.starts_at.astimezone(zone):%H:%M}" if meeting.starts_at and zone else "",
        typed=typed or {},
        may_work=visitor.may(Permission.WORK),
    )
