"""Events in Microsoft's words and in ours. https://learn.microsoft.com/graph/api/resources/event"""

from datetime import UTC, datetime
from html import escape
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from tools.ports.calendar import EPOCH, Attendance, Busyness, BusySpan, CalendarEvent, EventDraft
from tools.providers.calendar.shape import instant, version_of
from tools.providers.calendar.zones import clock, day_start

# Our own namespace of extended properties, which people do not see. Unlike `transactionId` they can be searched for.
_OURS: Final = "String {5a1e505a-1e50-4c1a-8000-5a1e505a1e50} Name"
KEY: Final = f"{_OURS} SalesOSKey"
VERSION: Final = f"{_OURS} SalesOSVersion"

_ANSWERS: Final = {
    "accepted": Attendance.ACCEPTED,
    "organizer": Attendance.ACCEPTED,
    "tentativelyAccepted": Attendance.TENTATIVE,
    "declined": Attendance.DECLINED,
}
# "workingElsewhere" says where somebody is, mostly for whole days; Outlook offers such times as well. What is said in
# no word that is known here ("unknown", or a new one) is taken.
_FREE: Final = frozenset({"free", "workingElsewhere"})


class _Graph(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class When(_Graph):
    date_time: datetime
    time_zone: str | None = None

    def instant(self, zone: ZoneInfo, *, whole_day: bool) -> datetime:
        """Whole days are midnight in whatever zone was asked for: the date alone is meant, on its owner's clock."""
        if whole_day:
            return day_start(self.date_time.date(), zone)
        aware = self.date_time if self.date_time.tzinfo else self.date_time.replace(tzinfo=clock(self.time_zone))
        return aware.astimezone(UTC)


class Mailbox(_Graph):
    address: str | None = None


class Response(_Graph):
    response: str | None = None


class Attendee(_Graph):
    email_address: Mailbox | None = None
    status: Response | None = None
    type: str | None = None


class Phone(_Graph):
    number: str | None = None


class Online(_Graph):
    join_url: str | None = None
    conference_id: str | None = None
    toll_number: str | None = None
    phones: list[Phone] | None = None


class Property(_Graph):
    id: str = ""
    value: str = ""


class Event(_Graph):
    """What we use of Microsoft's event; of a deleted one a delta says its id alone."""

    id: str = Field(min_length=1)
    removed: Any = Field(default=None, alias="@removed")
    etag: str = Field(default="", alias="@odata.etag")
    i_cal_u_id: str | None = Field(default=None, alias="iCalUId")
    transaction_id: str | None = None
    subject: str | None = None
    start: When | None = None
    end: When | None = None
    is_all_day: bool | None = False
    is_cancelled: bool | None = False
    is_online_meeting: bool | None = False
    show_as: str | None = "busy"
    original_start_time_zone: str | None = None
    last_modified_date_time: datetime | None = None
    response_status: Response | None = None
    attendees: list[Attendee] | None = None
    online_meeting: Online | None = None
    single_value_extended_properties: list[Property] | None = None

    def _property(self, name: str) -> str:
        # Exchange answers with its own capitals in the GUID.
        return next(
            (each.value for each in self.single_value_extended_properties or [] if each.id.lower() == name.lower()), ""
        )

    @property
    def version(self) -> str:
        return self._property(VERSION)

    def times(self, zone: str) -> tuple[datetime, datetime] | None:
        """`zone`: the owner's, where the event was not made on any clock that is known."""
        if self.start is None or self.end is None:
            return None
        own = clock(self.original_start_time_zone if self.is_all_day else "", zone)
        whole = bool(self.is_all_day)
        return self.start.instant(own, whole_day=whole), self.end.instant(own, whole_day=whole)


class EventPage(_Graph):
    value: list[Event]
    next_link: str | None = Field(default=None, alias="@odata.nextLink")
    delta_link: str | None = Field(default=None, alias="@odata.deltaLink")


def as_event(found: Event, zone: str) -> CalendarEvent:
    times = found.times(zone) if found.removed is None else None
    starts_at, ends_at = times or (EPOCH, EPOCH)
    return CalendarEvent(
        event_id=found.id,
        uid=found.i_cal_u_id or "",
        etag=found.etag,
        starts_at=starts_at,
        ends_at=ends_at,
        cancelled=found.removed is not None or bool(found.is_cancelled) or times is None,
        sequence=0,  # Microsoft keeps its own, and does not tell it
        updated_at=found.last_modified_date_time,
        title=found.subject or "",
        video_url=(found.online_meeting.join_url if found.online_meeting else None) or "",
        dial_in=_dial_in(found.online_meeting),
        attendance=tuple(
            (
                address.lower(),
                _ANSWERS.get((each.status.response if each.status else "") or "", Attendance.NEEDS_ACTION),
            )
            for each in found.attendees or []
            if each.type != "resource" and (address := each.email_address.address if each.email_address else None)
        ),
        event_key=found.transaction_id or "",
    )


def _dial_in(online: Online | None) -> str:
    if online is None:
        return ""
    number = online.toll_number or next((phone.number for phone in online.phones or [] if phone.number), "")
    return f"{number}, {online.conference_id}" if number and online.conference_id else number or ""


def taken(found: Event, zone: str, since: datetime, until: datetime) -> BusySpan | None:
    """What it keeps of [since, until) from being offered; None: nothing."""
    own = found.response_status.response if found.response_status else ""
    times = found.times(zone)
    if found.is_cancelled or found.show_as in _FREE or own == "declined" or times is None:
        return None
    if not times[0] < times[1] or times[0] >= until or times[1] <= since:
        return None
    busyness = {"tentative": Busyness.TENTATIVE, "oof": Busyness.OUT_OF_OFFICE}.get(found.show_as or "", Busyness.BUSY)
    return BusySpan(*times, busyness, found.id)


def as_body(draft: EventDraft, before: Event | None = None) -> dict[str, Any]:
    """Microsoft writes to every attendee whatever one asks for, so that guests are named only where it is to do that.

    `before`: the event as it stands. The text of an online meeting holds its link, and without it the meeting is none
    any more: it is written once."""
    body: dict[str, Any] = {
        "subject": draft.title,
        "start": _when(draft.starts_at),
        "end": _when(draft.ends_at),
        "location": {"displayName": draft.location},
        "singleValueExtendedProperties": [{"id": VERSION, "value": version_of(draft)}],
    }
    if before is None or not before.is_online_meeting:
        # As HTML: what Exchange makes of text is HTML again.
        html = escape(draft.description).replace("\n", "<br>")
        body["body"] = {"contentType": "html", "content": html}
    if draft.notify_guests:
        body["attendees"] = [
            {
                "type": "required",
                "emailAddress": {"address": guest.address} | ({"name": guest.name} if guest.name else {}),
            }
            for guest in draft.guests
        ]
    if draft.video and not (before is not None and before.is_online_meeting):
        body |= {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
    if before is None:
        body |= {"transactionId": draft.event_key, "showAs": "busy"}
        body["singleValueExtendedProperties"].append({"id": KEY, "value": draft.event_key})
    return body


def _when(moment: datetime) -> dict[str, str]:
    """In UTC: not every IANA zone is one of Outlook's, and each reader sees it on his own clock."""
    return {"dateTime": instant(moment).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}
