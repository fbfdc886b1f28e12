"""What every calendar account must do. `Bench` is the account with hands on the server behind it.

What is faked: Google and Microsoft, by stateful servers behind the HTTP client, held against the vendors' descriptions.
What is real: our accounts, their client, and Radicale for CalDAV. `FakeCalendar`, which others test with, passes too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import httpx2

from tests.support.vendors import Answer
from tools.ports.calendar import CalendarAccount, CalendarEvent, EventChanges, EventDraft, Guest
from tools.ports.unknown import Unknown

BERLIN = ZoneInfo("Europe/Berlin")
TEN = datetime(2026, 6, 9, 8, tzinfo=UTC)  # a Tuesday, 10:00 in Berlin
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SINCE = datetime(2026, 6, 1, tzinfo=UTC)


def key(number: int) -> str:
    return f"{number:032x}"


def draft(number: int = 1, starts_at: datetime = TEN, **changes: Any) -> EventDraft:
    given: dict[str, Any] = {
        "event_key": key(number),
        "uid": f"{key(number)}@sender.example",
        "sequence": 0,
        "starts_at": starts_at,
        "ends_at": changes.get("starts_at", starts_at) + HOUR / 2,
        "time_zone": "Europe/Berlin",
        "title": 'Röda vävstolar, ein Gespräch; 20 % \\ "mehr"',
        "description": "Agenda:\n1. Looms\n2. Prices, and <b>no</b> HTML",
        "location": "Video",
        "guests": (Guest("Bob@prospect.example", "Bob Ærø"), Guest("eve@prospect.example")),
    }
    return EventDraft(**(given | changes))


class Bench(Protocol):
    account: CalendarAccount
    calendar_id: str
    fails: "Failures"

    def others(self, starts_at: datetime, ends_at: datetime, **how: Any) -> str:
        """An event of its owner. `how`: transparent, tentative, declined, out_of_office (bool), rrule, title."""
        ...

    def whole_day(self, day: str, until: str) -> str: ...

    def move_occurrence(self, event_id: str, was: datetime, to: datetime | None) -> None:
        """Of a series; None: that occurrence is deleted."""
        ...

    def edit(self, event_id: str, starts_at: datetime, ends_at: datetime) -> None: ...

    def delete(self, event_id: str) -> None: ...

    def answer(self, event_id: str, address: str) -> None:
        """The guest accepts."""
        ...

    def forget_cursors(self) -> None: ...

    def standing(self) -> Mapping[str, tuple[datetime, datetime]]: ...

    def break_busy(self) -> None: ...


@dataclass
class Failures:
    """Faults of the wire around effects, counted down."""

    lose_answers: int = 0
    lose_requests: int = 0
    unreachable: int = 0
    answers: list[httpx2.Response] = field(default_factory=list)  # instead of the effect, one each
    races: list[Callable[[], None]] = field(default_factory=list)  # what happens there just before the effect, one each

    def around(
        self, handler: Callable[[httpx2.Request], Answer], is_effect: Callable[[httpx2.Request], bool]
    ) -> Callable[[httpx2.Request], Answer]:
        def faulty(request: httpx2.Request) -> Answer:
            if not is_effect(request):
                return handler(request)
            if self.unreachable:
                self.unreachable -= 1
                return httpx2.ConnectError("gone")
            if self.lose_requests:
                self.lose_requests -= 1
                return httpx2.WriteTimeout("lost")
            if self.races:
                self.races.pop(0)()
            if self.answers:
                return self.answers.pop(0)
            given = handler(request)
            if self.lose_answers:
                self.lose_answers -= 1
                return httpx2.ReadTimeout("lost")
            return given

        return faulty


def event_of(found: CalendarEvent | Unknown | None) -> CalendarEvent:
    assert isinstance(found, CalendarEvent), found
    return found


def changes_of(found: EventChanges | Unknown) -> EventChanges:
    assert isinstance(found, EventChanges), found
    return found


def apply(state: dict[str, tuple[datetime, datetime]], found: EventChanges) -> None:
    """As whoever mirrors a calendar does it."""
    if found.whole:
        state.clear()
    for event in found.events:
        if event.cancelled:
            state.pop(event.event_id, None)
        else:
            state[event.event_id] = (event.starts_at, event.ends_at)
