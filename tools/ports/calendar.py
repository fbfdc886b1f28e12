"""Calendars of people outside, and rooms for video calls.

No calendar outside can compare and swap, so booking is ours: what we keep free stands in our store, and an event there
mirrors it. What a calendar says is tainted: titles and notes are never read for more than showing them to their owner.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable

from core.errors import Conflict, RetryAt
from tools.ports.unknown import Unknown


class Busyness(StrEnum):
    """Every one of them keeps a time from being offered."""

    BUSY = "busy"
    TENTATIVE = "tentative"
    OUT_OF_OFFICE = "out_of_office"


@dataclass(frozen=True, slots=True)
class BusySpan:
    """Half-open [starts_at, ends_at), in UTC; an all-day event is the owner's day, on the owner's clock."""

    starts_at: datetime
    ends_at: datetime
    busyness: Busyness = Busyness.BUSY
    event_id: str = ""  # the calendar's own, where it says which; ours is told apart from others' by it


@dataclass(frozen=True, slots=True)
class CalendarInfo:
    """One calendar of an account."""

    calendar_id: str
    name: str
    time_zone: str  # IANA; "" where the service does not say
    may_write: bool
    primary: bool


@dataclass(frozen=True, slots=True)
class Guest:
    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class EventDraft:
    """An event as we want it there. `event_key`: 32 lower-case hex digits, ours, the same for every version of it:
    whoever repeats a creation with it gets the event that is there and not a second one."""

    event_key: str
    uid: str  # iCalendar's, the same on both sides
    sequence: int
    starts_at: datetime  # aware
    ends_at: datetime
    time_zone: str  # IANA, for how it is shown
    title: str
    description: str
    location: str = ""
    guests: tuple[Guest, ...] = ()
    notify_guests: bool = False  # off where our own mail carries the invitation: nobody is told twice
    video: bool = False  # make a room by the calendar's own service (Meet, Teams), where it has one


class EventOutcome(StrEnum):
    DONE = "done"
    CLASH = "clash"  # the event changed there since we last read it, or is gone: read it again, then decide
    REFUSED = "refused"  # certainly not done, and will not be: a person must act
    DEFERRED = "deferred"  # certainly not done; the same again later
    UNKNOWN = "unknown"  # may or may not be done: the same again is safe, since the key is ours


@dataclass(frozen=True, slots=True)
class EventResult:
    outcome: EventOutcome
    detail: str = ""  # the service's own words; shown to people
    event: "CalendarEvent | None" = None  # of DONE
    retry_after_seconds: int | None = None


class Attendance(StrEnum):
    NEEDS_ACTION = "needs_action"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """An event as it stands there. In `changes`, services name a deleted one by its id and say no more: its times are
    EPOCH then, its `uid` and `event_key` "". Whoever follows an event keeps the `event_id` that `put` answered with."""

    event_id: str  # the service's; at Google and CalDAV it is our event_key
    uid: str
    etag: str  # of this version; "" where there is none
    starts_at: datetime
    ends_at: datetime
    cancelled: bool  # or deleted
    sequence: int
    updated_at: datetime | None
    title: str = ""  # tainted
    video_url: str = ""
    dial_in: str = ""
    attendance: tuple[tuple[str, Attendance], ...] = ()  # (address in lower case, what they answered)
    event_key: str = ""  # ours, where it is ours and the service gives it back


@dataclass(frozen=True, slots=True)
class EventChanges:
    """What changed since a cursor, complete up to `cursor`. `whole`: the cursor was too old, and this is everything
    that stands from the asked day on, so that what is missing here is gone there."""

    events: tuple[CalendarEvent, ...]
    cursor: str
    whole: bool = False


class CalendarAccount(Protocol):
    """One person's account at a calendar service. Nothing here raises for what a service says or a network does."""

    name: str  # "google", "graph", "caldav"

    def calendars(self) -> Sequence[CalendarInfo] | Unknown: ...

    def busy(self, calendar_ids: Sequence[str], since: datetime, until: datetime) -> Sequence[BusySpan] | Unknown:
        """What is taken in any of them, asked freshly. Unknown where one of them did not answer: no free day."""
        ...

    def put(self, calendar_id: str, event: EventDraft, *, etag: str = "") -> EventResult:
        """Makes the event or brings it to this version. `etag` "": it must not be there in another shape than ours;
        with one: only where it is still that version. DONE also where it stands in this very shape already, whatever
        the etag. A key whose event was cancelled is spent: another meeting has another key."""
        ...

    def cancel(self, calendar_id: str, event_key: str, *, etag: str = "", notify_guests: bool = False) -> EventResult:
        """DONE also where it was gone already."""
        ...

    def read(self, calendar_id: str, event_key: str) -> CalendarEvent | Unknown | None:
        """None: there is no such event, and there never was or it was deleted."""
        ...

    def changes(self, calendar_id: str, cursor: str, since: datetime) -> EventChanges | Unknown:
        """Every event made, moved or deleted after `cursor`; with "" what stands from `since` on."""
        ...

    def close(self) -> None: ...


class Unanswered(RetryAt):
    """A service was asked to tell of changes and gave no answer: it may tell of them already."""

    code = "unanswered"


class AlreadyTells(Conflict):
    """A service has a channel of this id already: an answer was lost. Another id is to be asked for."""

    code = "already_tells"


@runtime_checkable
class CalendarPush(Protocol):
    """An account whose service tells changes to an endpoint of ours, as long as it is asked to."""

    prolongs: bool  # whether a channel can be; else another is asked for before it ends
    confirms: bool  # whether its answer means that it has reached our endpoint; else its first post does

    def watch(
        self, calendar_id: str, channel_id: str, address: str, word: str, *, again: bool = False
    ) -> "PushChannel":
        """Asks for posts at `address`, each with `word`. `channel_id`: ours, for services that take one. `again`: it
        was asked for before, and the answer was lost. Raises Unanswered, RetryAt (certainly not made), AlreadyTells,
        FixConfiguration."""
        ...

    def prolong(self, channel: "PushChannel") -> "PushChannel | None":
        """None: the service knows it no longer. Raises RetryAt, FixConfiguration."""
        ...

    def unwatch(self, channel: "PushChannel") -> bool:
        """False: it may tell on. Nothing is raised."""
        ...


@dataclass(frozen=True, slots=True)
class PushChannel:
    channel_id: str
    resource_id: str  # "" where the service has none
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class VideoRoom:
    url: str
    room_id: str
    dial_in: str = ""


class VideoService(Protocol):
    """Rooms that no calendar makes: Zoom."""

    name: str

    def make(self, key: str, title: str, starts_at: datetime, ends_at: datetime, time_zone: str) -> VideoRoom | Unknown:
        """One room a key: asked again with the same key gives the same room, where the service can tell."""
        ...

    def find(self, key: str) -> VideoRoom | Unknown | None:
        """The room of this key; None: there is none, as far as the service lists them."""
        ...

    def problem(self) -> str:
        """Why the service does not let us in, asked afresh; "": it does. Nothing is made."""
        ...

    def move(self, room_id: str, starts_at: datetime, ends_at: datetime, time_zone: str) -> Unknown | None: ...

    def remove(self, room_id: str) -> Unknown | None: ...
