"""Events in Google's words and in ours. https://developers.google.com/workspace/calendar/api/v3/reference/events"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from tools.ports.calendar import EPOCH, Attendance, Busyness, BusySpan, CalendarEvent, EventDraft
from tools.providers.calendar.shape import instant, version_of
from tools.providers.calendar.zones import day_start

_KEY: Final = "salesosKey"  # private extended properties: people do not see them
_VERSION: Final = "salesosVersion"
_ANSWERS: Final = {
    "accepted": Attendance.ACCEPTED,
    "tentative": Attendance.TENTATIVE,
    "declined": Attendance.DECLINED,
}
_NOT_TAKEN: Final = frozenset({"workingLocation", "birthday"})  # say where somebody is, or that it is a birthday


class _Google(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class When(_Google):
    date: str | None = None  # a whole day, on the calendar's clock
    date_time: datetime | None = None
    time_zone: str | None = None

    def instant(self, zone: ZoneInfo) -> datetime | None:
        if self.date_time is not None:
            aware = self.date_time if self.date_time.tzinfo else self.date_time.replace(tzinfo=zone)
            return aware.astimezone(UTC)
        return day_start(date.fromisoformat(self.date), zone) if self.date else None


class Attendee(_Google):
    email: str = ""
    response_status: str = "needsAction"
    itself: bool = Field(default=False, alias="self")
    resource: bool = False


class EntryPoint(_Google):
    entry_point_type: str = ""
    uri: str = ""
    label: str = ""
    pin: str = ""


class Conference(_Google):
    entry_points: list[EntryPoint] = []


class Properties(_Google):
    private: dict[str, str] = {}


class Event(_Google):
    """What we use of Google's Event; of a deleted one only `id` and `status` are sure."""

    id: str = Field(min_length=1)
    status: str = "confirmed"
    etag: str = ""
    i_cal_uid: str = Field(default="", alias="iCalUID")
    sequence: int = 0
    updated: datetime | None = None
    summary: str = ""
    start: When = When()
    end: When = When()
    transparency: str = "opaque"
    event_type: str = "default"
    attendees: list[Attendee] = []
    hangout_link: str = ""
    conference_data: Conference | None = None
    extended_properties: Properties = Properties()

    @property
    def cancelled(self) -> bool:
        return self.status == "cancelled"

    @property
    def version(self) -> str:
        return self.extended_properties.private.get(_VERSION, "")

    @property
    def is_whole_day(self) -> bool:
        return self.start.date is not None


class EventPage(_Google):
    items: list[Event] = []
    next_page_token: str | None = None
    next_sync_token: str | None = None
    time_zone: str = ""


def as_event(found: Event, zone: ZoneInfo) -> CalendarEvent:
    """`zone`: the calendar's, for whole days."""
    starts_at, ends_at = found.start.instant(zone), found.end.instant(zone)
    known = starts_at is not None and ends_at is not None
    return CalendarEvent(
        event_id=found.id,
        uid=found.i_cal_uid,
        etag=found.etag,
        starts_at=starts_at if known and starts_at else EPOCH,
        ends_at=ends_at if known and ends_at else EPOCH,
        cancelled=found.cancelled or not known,
        sequence=found.sequence,
        updated_at=found.updated,
        title=found.summary,
        video_url=_video(found),
        dial_in=_dial_in(found.conference_data),
        attendance=tuple(
            (each.email.lower(), _ANSWERS.get(each.response_status, Attendance.NEEDS_ACTION))
            for each in found.attendees
            if each.email and not each.resource
        ),
        event_key=found.extended_properties.private.get(_KEY, ""),
    )


def _video(found: Event) -> str:
    entries = found.conference_data.entry_points if found.conference_data else []
    return next((each.uri for each in entries if each.entry_point_type == "video"), found.hangout_link)


def _dial_in(conference: Conference | None) -> str:
    for each in conference.entry_points if conference else []:
        if each.entry_point_type == "phone":
            number = each.label or each.uri.removeprefix("tel:")
            return f"{number}, PIN {each.pin}" if each.pin else number
    return ""


def taken(found: Event, zone: ZoneInfo) -> BusySpan | None:
    """What it keeps from being offered; None: nothing."""
    own = next((each.response_status for each in found.attendees if each.itself), "")
    if found.cancelled or found.transparency == "transparent" or found.event_type in _NOT_TAKEN or own == "declined":
        return None
    starts_at, ends_at = found.start.instant(zone), found.end.instant(zone)
    if starts_at is None or ends_at is None or ends_at <= starts_at:
        return None
    busyness = Busyness.BUSY
    if found.event_type == "outOfOffice":
        busyness = Busyness.OUT_OF_OFFICE
    elif found.status == "tentative" or own == "tentative":
        busyness = Busyness.TENTATIVE
    return BusySpan(starts_at, ends_at, busyness, found.id)


def as_body(draft: EventDraft, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """`before`: the event as it stands, whose guests keep their answers and whose room stays the same."""
    stands = before or {}
    body: dict[str, Any] = {
        "summary": draft.title,
        "description": draft.description,
        "location": draft.location,
        "start": _when(draft.starts_at, draft.time_zone),
        "end": _when(draft.ends_at, draft.time_zone),
        # A lower number than the one that stands is refused ("Invalid sequence value"); a person's move raises it too.
        "sequence": max(draft.sequence, int(stands.get("sequence") or 0)),
        "attendees": _attendees(draft, stands.get("attendees") or []),
        "extendedProperties": {"private": {_KEY: draft.event_key, _VERSION: version_of(draft)}},
    }
    if before is None:
        body["id"] = draft.event_key  # hexadecimal digits are some of the base32hex that Google wants
    if draft.video and not stands.get("conferenceData"):
        body["conferenceData"] = {
            "createRequest": {"requestId": draft.event_key, "conferenceSolutionKey": {"type": "hangoutsMeet"}}
        }
    return body


def _when(moment: datetime, time_zone: str) -> dict[str, str]:
    # The instant is exact by its offset; the zone is how it is shown, and an unknown one would be refused.
    return {"dateTime": instant(moment).isoformat().replace("+00:00", "Z")} | (
        {"timeZone": time_zone} if time_zone else {}
    )


def _attendees(draft: EventDraft, stands: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Google takes the whole list: an answer that is left out is asked for again, a person left out is taken off."""
    before = {str(each.get("email", "")).lower(): each for each in stands}
    wanted = {guest.address.lower() for guest in draft.guests}
    invited = [
        {**before.get(guest.address.lower(), {}), "email": guest.address}
        | ({"displayName": guest.name} if guest.name else {})
        for guest in draft.guests
    ]
    kept = [dict(each) for address, each in before.items() if address not in wanted and (_organises(each))]
    return kept + invited


def _organises(attendee: Mapping[str, Any]) -> bool:
    return bool(attendee.get("organizer") or attendee.get("self") or attendee.get("resource"))
