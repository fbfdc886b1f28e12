"""Hold, book, move, cancel, expire, and everything a rep may do in their own calendar, in any order: no two meetings
overlap at any moment, and what was confirmed to a prospect stands until somebody took it back.
"""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from agents.booking.picking import Picked, book_time, call_off, pick_slot, times_for
from core.clock import VirtualClock
from core.errors import Conflict, RetryAt
from core.ids import SystemIds
from store.models import (
    CalendarEventRow,
    EventState,
    Hold,
    HoldState,
    Meeting,
    MeetingState,
    ThreadTrigger,
)
from store.session import Database
from tests.support.agent_office import rows_of
from tests.support.calendar_office import CalendarOffice, overlaps, quarters, with_calendars
from tests.support.crash.office import context_of, open_office
from tests.support.fake_calendar import FakeCalendar
from workers import calendar_sync, housekeeping

PEOPLE = 3
START = datetime(2026, 6, 2, 14, tzinfo=UTC)


def no_transport(_: object) -> None:
    raise AssertionError("No mail leaves here.")


class Bookings(RuleBasedStateMachine):
    database: ClassVar[Database]

    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock(START)
        self.folder = tempfile.TemporaryDirectory()
        context = context_of(
            self.database,
            uuid4(),
            self.clock,
            SystemIds(),
            no_transport,  # type: ignore[arg-type]
            data_dir=Path(self.folder.name),
        )
        self.outside = FakeCalendar(clock=self.clock)
        self.office: CalendarOffice = with_calendars(open_office(context, people=PEOPLE, touches=1), self.outside)
        self.context = self.office.context
        self.confirmed: dict[UUID, datetime] = {}  # what prospects were told is booked
        self.proposals = 0

    def teardown(self) -> None:
        try:
            self.settled()
        finally:
            self.folder.cleanup()

    # ---- prospects

    @rule(person=st.integers(0, PEOPLE - 1))
    def propose(self, person: int) -> None:
        self.proposals += 1
        try:
            self.office.propose(person, key=f"{self.proposals}")
        except RetryAt:
            assert self.outside.fail_busy

    @rule(which=st.integers(0, 8))
    def pick(self, which: int) -> None:
        holds = sorted(
            rows_of(self.context, Hold, Hold.state == HoldState.HELD), key=lambda hold: (hold.starts_at, str(hold.id))
        )
        if holds:
            hold = holds[which % len(holds)]
            self._told(lambda: pick_slot(self.context, hold.id))

    @rule(which=st.integers(0, 5), slot=st.integers(0, 200))
    def choose(self, which: int, slot: int) -> None:
        """Any free time: a booking, or a move of one."""
        meeting = self._any(which, MeetingState.PROPOSED, MeetingState.BOOKED, MeetingState.EXPIRED)
        if meeting is None:
            return
        slots, _ = times_for(self.context, meeting.id, zone="Europe/Paris")
        if slots:
            self._told(lambda: book_time(self.context, meeting.id, slots[slot % len(slots)].starts_at))

    @rule(which=st.integers(0, 5))
    def cancel(self, which: int) -> None:
        meeting = self._any(which, MeetingState.BOOKED)
        if meeting is not None:
            try:
                call_off(self.context, meeting.id)
            except Conflict:
                assert meeting.starts_at is not None
                assert meeting.starts_at <= self.clock.now()
            else:
                self.confirmed.pop(meeting.id, None)

    # ---- the rep, in their own calendar

    @rule(days=st.integers(1, 10), half_hours=st.integers(0, 8))
    def other_entry(self, days: int, half_hours: int) -> None:
        at = START.replace(hour=13) + timedelta(days=days, minutes=30 * half_hours)
        self.outside.others(at, at + timedelta(hours=1))

    @rule(which=st.integers(0, 5), days=st.integers(-2, 6), minutes=st.sampled_from([0, 15, 30, 60]))
    def move_there(self, which: int, days: int, minutes: int) -> None:
        row = self._event(which)
        if row is not None and row.there_starts_at is not None and row.there_ends_at is not None:
            by = timedelta(days=days, minutes=minutes)
            self.outside.edit(row.event_key, starts_at=row.there_starts_at + by, ends_at=row.there_ends_at + by)

    @rule(which=st.integers(0, 5))
    def delete_there(self, which: int) -> None:
        row = self._event(which)
        if row is not None:
            self.outside.delete(row.event_key)
            self.confirmed.pop(row.meeting_id, None)

    # ---- the world

    @rule(silent=st.booleans())
    def go_silent(self, silent: bool) -> None:
        self.outside.fail_busy = "It is down." if silent else ""

    @rule()
    def lose_an_answer(self) -> None:
        self.outside.lose_answers = 1

    @rule()
    def forget_cursors(self) -> None:
        self.outside.forget_cursors()

    @rule(hours=st.sampled_from([0.1, 3, 30]))
    def time_passes(self, hours: float) -> None:
        self.clock.advance(timedelta(hours=hours))
        housekeeping.keep_house(self.context)

    @rule()
    def work(self) -> None:
        self._threads()
        self.office.work()

    @precondition(lambda self: not self.outside.fail_busy)
    @rule()
    def sync(self) -> None:
        self.clock.advance(timedelta(seconds=61))
        calendar_sync.look(self.context)

    # ---- what always holds

    @invariant()
    def nothing_overlaps(self) -> None:
        assert overlaps(self.context) == []

    @invariant()
    def no_booking_is_lost(self) -> None:
        gave_way = {row.id for row in rows_of(self.context, Meeting, Meeting.outcome == "clash")}
        booked = {row.id for row in rows_of(self.context, Meeting, Meeting.state == MeetingState.BOOKED)}
        assert set(self.confirmed) - gave_way <= booked

    def settled(self) -> None:
        """Everything works again, and everybody did what they had to do."""
        self.outside.fail_busy, self.outside.lose_answers = "", 0
        for _ in range(6):
            self._threads()
            self.clock.advance(timedelta(minutes=20))
            calendar_sync.look(self.context)
            self.office.work()
        ahead = [
            row
            for row in rows_of(self.context, Meeting, Meeting.state == MeetingState.BOOKED)
            if row.starts_at is not None and row.starts_at > self.clock.now()
        ]
        ours = [event for event in self.outside.standing().values() if event.event_key]
        future = {event.event_key: event for event in ours if event.starts_at > self.clock.now()}
        for meeting in ahead:
            row = self.office.event(meeting.id)
            assert row.state in (EventState.THERE, EventState.MOVED), row.state
            if row.state is EventState.THERE:
                assert future[row.event_key].starts_at == meeting.starts_at
        booked = {self.office.event(meeting.id).event_key for meeting in ahead}
        moved = {
            r.event_key for r in rows_of(self.context, CalendarEventRow, CalendarEventRow.state == EventState.MOVED)
        }
        assert set(future) <= booked | moved, "an event without a meeting"
        assert quarters(self.context) >= 2 * len(ahead)
        assert overlaps(self.context) == []

    # ---- inside

    def _told(self, act: Callable[[], Picked]) -> None:
        try:
            picked = act()
        except Conflict:
            return
        self.confirmed[picked.meeting_id] = picked.starts_at

    def _any(self, which: int, *states: MeetingState) -> Meeting | None:
        found = [row for state in states for row in rows_of(self.context, Meeting, Meeting.state == state)]
        return found[which % len(found)] if found else None

    def _event(self, which: int) -> CalendarEventRow | None:
        standing = {event.event_key for event in self.outside.standing().values()}
        found = [row for row in rows_of(self.context, CalendarEventRow) if row.event_key in standing]
        return found[which % len(found)] if found else None

    def _threads(self) -> None:
        for trigger in rows_of(self.context, ThreadTrigger, ThreadTrigger.kind == "slot_picked"):
            (hold,) = rows_of(self.context, Hold, Hold.id == UUID(trigger.payload["hold_id"])) or [None]
            if hold is None:
                continue
            number = next(n for n, p in enumerate(self.office.office.people) if p.lead_id == trigger.subject_id)
            self.office.invite(
                Picked(hold.meeting_id, hold.id, hold.starts_at, hold.ends_at, "UTC", repeated=True), number
            )


@pytest.mark.parametrize("examples", [8])
def test_any_order_of_everything_leaves_no_overlap_and_loses_no_booking(
    agents_database: Database, examples: int
) -> None:
    Bookings.database = agents_database
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Bookings,
        settings=settings(
            max_examples=examples,
            stateful_step_count=18,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
