"""Pages on which a prospect books, moves or calls off a meeting: by links that are the right to do so. GET shows and
never acts; only POST does something. In the visitor's language and zone, without JavaScript.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from fastapi import APIRouter, Form, Header
from fastapi.responses import HTMLResponse
from sqlmodel import select

from agents.booking.room_choice import place_of
from api.actions import public as acts
from api.console.render import page
from api.dependencies import Dependencies, Deps
from api.views.booking_words import Speech, speech_of
from core.errors import Conflict, NotFound
from store.models import CalendarEventRow, Hold, HoldState, Meeting, MeetingState, User
from store.queries import workspaces
from tools.calendar.availability import Slot
from tools.calendar.slot_words import slot_words
from tools.calendar.slots import zone_of

router = APIRouter(include_in_schema=False)
AcceptLanguage = Annotated[str, Header(alias="accept-language", max_length=1_000)]
_SILENT = "calendar_silent"
_LONGEST = 64  # of an instant or a zone in a form
_OPEN = (MeetingState.PROPOSED, MeetingState.EXPIRED)


@router.get("/b/{token}")
def booking_page(token: str, deps: Deps, accept_language: AcceptLanguage = "") -> HTMLResponse:
    return _held(deps, *deps.booking.verify(token), speech_of(accept_language))


@router.post("/b/{token}")
def book(token: str, deps: Deps, accept_language: AcceptLanguage = "") -> HTMLResponse:
    """Takes the held time. A second time shows that it is booked."""
    workspace_id, hold_id = deps.booking.verify(token)
    speech = speech_of(accept_language)
    try:
        acts.pick_slot(deps, workspace_id, hold_id, speech.language)
    except Conflict as error:
        return _held(deps, workspace_id, hold_id, speech, error=error)
    return _held(deps, workspace_id, hold_id, speech)


@router.get("/m/{token}")
def meeting_page(token: str, deps: Deps, zone: str = "", accept_language: AcceptLanguage = "") -> HTMLResponse:
    """All free times; of a booked meeting also the time it has, and how to call it off."""
    return _meeting(deps, token, speech_of(accept_language), zone)


@router.post("/m/{token}")
def book_time(
    token: str,
    deps: Deps,
    start: Annotated[str, Form()] = "",
    zone: Annotated[str, Form()] = "",
    accept_language: AcceptLanguage = "",
) -> HTMLResponse:
    """Books this time, or moves the meeting to it. A second time shows that it is booked."""
    workspace_id, meeting_id = deps.booking.verify_meeting(token)
    speech = speech_of(accept_language)
    starts_at = _instant(start)
    if starts_at is None:
        return _meeting(deps, token, speech, zone, said=speech("taken"), status=422)
    try:
        acts.book_time(deps, workspace_id, meeting_id, starts_at, speech.language)
    except Conflict as error:
        said = {_SILENT: speech("unknown"), "already_booked": speech("already"), "not_open": speech("over")}
        return _meeting(deps, token, speech, zone, said=said.get(error.code, speech("taken")), status=409)
    return _meeting(deps, token, speech, zone, just_booked=True)


@router.post("/m/{token}/cancel")
def call_off(
    token: str, deps: Deps, zone: Annotated[str, Form()] = "", accept_language: AcceptLanguage = ""
) -> HTMLResponse:
    workspace_id, meeting_id = deps.booking.verify_meeting(token)
    speech = speech_of(accept_language)
    try:
        acts.call_off(deps, workspace_id, meeting_id)
    except Conflict:
        return _meeting(deps, token, speech, zone, said=speech("over"), status=409)
    return _meeting(deps, token, speech, zone)


def _held(
    deps: Dependencies, workspace_id: UUID, hold_id: UUID, speech: Speech, error: Conflict | None = None
) -> HTMLResponse:
    now: datetime = deps.clock.now()
    with deps.database.read(workspace_id) as session:
        hold = session.get(Hold, (workspace_id, hold_id))
        meeting = session.get(Meeting, (workspace_id, hold.meeting_id)) if hold else None
        if hold is None or meeting is None:
            raise NotFound("This time is no longer known here.", hint="Answer the mail, and we find another one.")
        user = session.get(User, (workspace_id, hold.user_id))
        workspace = workspaces.get(session, workspace_id).name
    over = hold.state is not HoldState.HELD or hold.expires_at <= now or hold.starts_at <= now
    starts_at, ends_at = hold.starts_at, hold.ends_at
    if hold.state is HoldState.TAKEN and meeting.state is not MeetingState.CANCELLED:
        state, error = "booked", None
    elif meeting.state is MeetingState.BOOKED and meeting.starts_at is not None and meeting.ends_at is not None:
        state, starts_at, ends_at = "other", meeting.starts_at, meeting.ends_at
    elif error is not None and error.code == _SILENT and not over:
        state = "silent"
    else:
        state = "gone" if over or error is not None else "open"
    zone = zone_of(meeting.time_zone) or ZoneInfo("UTC")
    return page(
        "booking.html",
        status=409 if error is not None else 200,
        lang=speech.language,
        say=speech,
        state=state,
        at=_at(speech, starts_at, ends_at, zone),
        minutes=int((ends_at - starts_at).total_seconds() // 60),
        zone=zone.key,
        host=user.name if user else workspace,
        workspace=workspace,
        all_times=f"/m/{deps.booking.make_meeting(workspace_id, meeting.id)}",
        open_to_all=meeting.state in (*_OPEN, MeetingState.BOOKED),
    )


@dataclass(frozen=True, slots=True)
class _At:
    """An instant as a page says it. `clock`: whose it is, by name and offset; `hour` alone could be another's."""

    instant: str
    day: str
    hour: str
    clock: str
    whole: str


@dataclass(frozen=True, slots=True)
class _Time:
    """A free time. `offset`: "" but where the clock on the wall does not say enough; `whole`: as it is read out."""

    instant: str
    hour: str
    offset: str
    whole: str


@dataclass(frozen=True, slots=True)
class _Day:
    name: str
    times: Sequence[_Time]


def _meeting(
    deps: Dependencies,
    token: str,
    speech: Speech,
    zone: str,
    *,
    said: str = "",
    status: int = 200,
    just_booked: bool = False,
) -> HTMLResponse:
    workspace_id, meeting_id = deps.booking.verify_meeting(token)
    now: datetime = deps.clock.now()
    with deps.database.read(workspace_id) as session:
        meeting = session.get(Meeting, (workspace_id, meeting_id))
        if meeting is None:
            raise NotFound("This meeting is no longer known here.", hint="Answer the mail, and we find a time.")
        user = session.get(User, (workspace_id, meeting.user_id))
        workspace = workspaces.get(session, workspace_id).name
        event = session.exec(
            select(CalendarEventRow).where(
                CalendarEventRow.meeting_id == meeting_id, CalendarEventRow.turn == meeting.turn
            )
        ).first()
        room = place_of(session, meeting, event).url
    ahead = meeting.state is MeetingState.BOOKED and meeting.starts_at is not None and meeting.starts_at > now
    shown = zone_of(zone[:_LONGEST]) or zone_of(meeting.time_zone) or ZoneInfo("UTC")
    state = "booked" if ahead else "open" if meeting.state in _OPEN else "over"
    if meeting.state is MeetingState.CANCELLED:
        state = "called_off"
    slots: Sequence[Slot] = ()
    unknown: Sequence[str] = ()
    if state in ("booked", "open") and user is not None and not just_booked:
        slots, unknown = acts.times_for(deps, workspace_id, meeting_id, shown.key)
        slots = [slot for slot in slots if not ahead or slot.starts_at != meeting.starts_at]  # it is theirs already
    booked_at = None
    if meeting.starts_at is not None and meeting.ends_at is not None:
        booked_at = _at(speech, meeting.starts_at, meeting.ends_at, shown)
    return page(
        "meeting.html",
        status=status,
        lang=speech.language,
        say=speech,
        state=state,
        said=said,
        just_booked=just_booked,
        token=token,
        at=booked_at,
        room=room if ahead and room.startswith("https://") else "",
        days=list(_days(speech, slots, shown)),
        unknown=bool(unknown),
        clocks=_clocks(speech, slots, shown, now),
        zone=shown.key,
        zones=_zones(),
        host=user.name if user else workspace,
        workspace=workspace,
    )


def _days(speech: Speech, slots: Sequence[Slot], zone: ZoneInfo) -> Iterator[_Day]:
    for _, of_day in groupby(slots, key=lambda slot: slot.starts_at.astimezone(zone).date()):
        those = list(of_day)
        yield _Day(speech.day(those[0].starts_at, zone), [_time(speech, slot, zone) for slot in those])


def _time(speech: Speech, slot: Slot, zone: ZoneInfo) -> _Time:
    """An hour that comes twice, or in which the clock changes, is stated with its offset."""
    hour = speech.time(slot.starts_at, zone)
    if slot.stated_offset is None:
        return _Time(slot.starts_at.isoformat(), hour, "", hour)
    offset = speech("utc", offset=_offset(slot.stated_offset))
    which = slot_words(slot.starts_at, slot.ends_at, zone, speech.language).which
    whole = f"{hour} ({'; '.join(part for part in (offset, which) if part)})"
    return _Time(slot.starts_at.isoformat(), hour, offset, whole)


def _offset(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _at(speech: Speech, starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> _At:
    words = slot_words(starts_at, ends_at, zone, speech.language)
    clock = "; ".join(part for part in (words.zone, words.which) if part)
    hours = f"{speech.time(starts_at, zone)}–{speech.time(ends_at, zone)}"
    day = speech.day(starts_at, zone)
    whole = f"{day}, {speech.time(starts_at, zone)} ({zone.key})"
    return _At(starts_at.isoformat(), day, hours, f"{clock} ({zone.key})", whole)


def _clocks(speech: Speech, slots: Sequence[Slot], zone: ZoneInfo, now: datetime) -> str:
    """On which clock the times are; on both, with the day, where it changes among them."""
    said, found = "", list[str]()
    for slot in slots or [Slot(now, now + timedelta(minutes=30))]:
        name = slot_words(slot.starts_at, slot.ends_at, zone, speech.language).zone
        if name != said:
            found.append(f"{speech.day(slot.starts_at, zone)}: {name}" if said else name)
            said = name
    return " → ".join(found)


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text[:_LONGEST])
        return found.astimezone(UTC) if found.utcoffset() is not None and 2000 <= found.year < 2200 else None
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=1)
def _zones() -> Sequence[str]:
    """By place, without the names that only computers know."""
    places = {
        name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/", "posix"))
    }
    return ("UTC", *sorted(places))
