"""A booked meeting's room at Zoom, from the booking to the invitation, against a Zoom at the HTTP level.

| real | made up |
|---|---|
| store, agents, outbox, our Zoom client | Zoom's answers; the rep's calendar, in memory |
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from agents.booking import room_keeping
from agents.booking.picking import Picked, book_time, call_off, pick_slot, times_for
from core.clock import VirtualClock
from core.ids import SystemIds
from store import erasure, migrations
from store.models import (
    ConnectedCalendar,
    MeetingRoom,
    MeetingState,
    OutboxItem,
    OutboxState,
    RoomKind,
    RoomSetting,
    RoomState,
    Task,
)
from store.queries import rooms as rows
from store.session import Database
from tests.support.agent_office import rows_of
from tests.support.calendar_office import CalendarOffice, with_calendars
from tests.support.crash.office import context_of, open_office, sealer_of
from tests.support.fake_calendar import FakeCalendar
from tests.support.fake_zoom import Zoom
from tests.support.vendors import SECRET, FakeVendor, answer
from tools.providers.video.accounts import video_services
from workers import calendar_effects, recovery, room_effects
from workers.letters import words_of_payload

START = datetime(2026, 6, 2, 14, tzinfo=UTC)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Any) -> Any:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'rooms.db'}"
        migrations.upgrade(url)
        found = Database(url)
    else:
        url = request.getfixturevalue("postgres_url")
        role: Callable[[str], str] = request.getfixturevalue("postgres_app_role")
        migrations.upgrade(url)
        found = Database(role(url), pool_size=5)
    yield found
    found.close()


@pytest.fixture
def zoom() -> Zoom:
    return Zoom()


@pytest.fixture
def outside(clock: VirtualClock) -> FakeCalendar:
    return FakeCalendar(clock=clock)


@pytest.fixture
def booking(
    database: Database, clock: VirtualClock, zoom: Zoom, outside: FakeCalendar, tmp_path: Any
) -> CalendarOffice:
    def no_transport(_: Any) -> Any:
        raise AssertionError("No mail leaves here.")

    context = context_of(database, uuid4(), clock, SystemIds(), no_transport, data_dir=tmp_path)
    office = with_calendars(open_office(context, people=2), outside)
    vendor = FakeVendor(zoom, clock=clock)
    tools = replace(office.context.tools, video_service=video_services(clock, sealer_of, vendor.wire()))
    found = replace(office, office=replace(office.office, context=replace(office.context, tools=tools)))
    with database.write(context.workspace_id) as session:
        room_keeping.connect_zoom(
            session, found.context, account_id="account", client_id="client", secret=SECRET, by="user:ann"
        )
        room_keeping.set_rooms(session, found.context, RoomKind.ZOOM, "", by="user:ann")
    return found


def work(booking: CalendarOffice, times: int = 1, seconds: float = 0) -> None:
    """What the dispatcher does before its mails."""
    for _ in range(times):
        booking.context.clock.advance(timedelta(seconds=seconds))  # type: ignore[attr-defined]
        recovery.recover(booking.context, "worker")
        while calendar_effects.carry_out(booking.context, "worker") + room_effects.carry_out(booking.context, "worker"):
            pass


def book(booking: CalendarOffice, number: int = 0) -> Picked:
    picked = pick_slot(booking.context, booking.propose(number)[0].id)
    booking.invite(picked, number)
    return picked


def room(booking: CalendarOffice, picked: Picked) -> MeetingRoom:
    found: MeetingRoom = booking.office.get(MeetingRoom, picked.meeting_id)
    return found


def invitation(booking: CalendarOffice, sequence: int = 0) -> Any:
    (item,) = [
        item
        for item in rows_of(booking.context, OutboxItem)
        if item.key.startswith("invite:") and item.key.endswith(f":{sequence}")
    ]
    return words_of_payload(booking.context.sealer, item)


def test_the_room_is_made_after_the_booking_stands_and_the_invitation_has_its_link(
    booking: CalendarOffice, zoom: Zoom, outside: FakeCalendar
) -> None:
    picked = book(booking)
    calendar_effects.carry_out(booking.context, "worker")
    assert booking.mails() == [], "the invitation waits for its room"
    assert not zoom.meetings
    work(booking)
    (made,) = zoom.meetings.values()
    assert made["agenda"] == f"Ref {picked.meeting_id.hex}"
    assert made["topic"] == "Meeting", "nothing of the person stands at Zoom"
    assert room(booking, picked).state is RoomState.THERE
    assert booking.mails("invite") == ["invite:0"]
    words = invitation(booking)
    assert made["join_url"] in words.text
    assert "By phone: +49 30 1 (Germany)" in words.text
    assert made["join_url"] in words.links
    (draft,) = outside.drafts()
    assert draft.location == made["join_url"], "the rep's own calendar has it too"
    assert not draft.video
    work(booking)
    assert len(zoom.meetings) == 1
    assert booking.mails("invite") == ["invite:0"]


def test_a_move_moves_the_room_first_and_then_tells(booking: CalendarOffice, zoom: Zoom) -> None:
    picked = book(booking)
    work(booking)
    slots, _ = times_for(booking.context, picked.meeting_id, zone="UTC")
    later = next(slot for slot in slots if slot.starts_at > picked.ends_at)
    book_time(booking.context, picked.meeting_id, later.starts_at)
    calendar_effects.carry_out(booking.context, "worker")
    assert "invite:1" not in booking.mails()
    work(booking, 2, seconds=6)
    (there,) = zoom.meetings.values()
    assert there["start_time"] == f"{later.starts_at:%Y-%m-%dT%H:%M:%SZ}"
    assert booking.mails("invite")[-1] == "invite:1"
    assert there["join_url"] in invitation(booking, 1).text


def test_what_is_called_off_has_no_room(booking: CalendarOffice, zoom: Zoom) -> None:
    picked = book(booking)
    work(booking)
    call_off(booking.context, picked.meeting_id)
    work(booking, 2, seconds=6)
    assert not zoom.meetings
    assert room(booking, picked).state is RoomState.GONE


def test_called_off_before_it_was_made_nothing_is_made(booking: CalendarOffice, zoom: Zoom) -> None:
    picked = book(booking)
    calendar_effects.carry_out(booking.context, "worker")
    call_off(booking.context, picked.meeting_id)
    work(booking, 2, seconds=6)
    assert not zoom.meetings
    assert room(booking, picked).state is RoomState.GONE


def test_a_lost_answer_makes_no_second_room(booking: CalendarOffice, zoom: Zoom) -> None:
    zoom.lose_answers = 1
    picked = book(booking)
    work(booking)
    assert len(zoom.meetings) == 1
    assert room(booking, picked).state is RoomState.THERE


def test_a_worker_that_died_after_making_it_makes_no_second(
    booking: CalendarOffice, zoom: Zoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    picked = book(booking)
    calendar_effects.carry_out(booking.context, "worker")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(room_effects, "_settle", killed)
        with pytest.raises(KeyboardInterrupt):
            room_effects.carry_out(booking.context, "dead")
    assert len(zoom.meetings) == 1
    assert booking.mails() == []
    work(booking, seconds=booking.context.settings.lease_seconds + 1)
    assert len(zoom.meetings) == 1
    assert room(booking, picked).url
    assert booking.mails("invite") == ["invite:0"]


def test_while_zoom_is_down_the_invitation_waits_a_little_and_then_says_that_the_link_follows(
    booking: CalendarOffice, zoom: Zoom
) -> None:
    zoom.breaks = lambda request: answer({}, 500) if "/v2/" in request.url.path else None
    picked = book(booking)
    work(booking)
    assert booking.mails() == []
    work(booking, 12, seconds=121)
    assert booking.meeting(picked.meeting_id).state is MeetingState.BOOKED, "the meeting stands"
    assert room(booking, picked).state is RoomState.REFUSED
    assert booking.mails("invite") == ["invite:0"]
    assert "The link to the room follows." in invitation(booking).text
    (task,) = rows_of(booking.context, Task, Task.kind == "room_by_hand")
    assert "send them a link" in task.title
    (item,) = rows_of(booking.context, OutboxItem, OutboxItem.kind == "room")
    assert (item.state, item.attempts) == (OutboxState.FAILED, room_effects.MAX_ATTEMPTS)


def test_an_application_that_is_refused_is_not_asked_again_and_says_why(booking: CalendarOffice, zoom: Zoom) -> None:
    zoom.refuses = True
    picked = book(booking)
    work(booking)
    assert room(booking, picked).state is RoomState.REFUSED
    assert booking.mails("invite") == ["invite:0"]
    with booking.context.database.read(booking.context.workspace_id) as session:
        setting = rows.setting_of(session)
    assert setting is not None
    assert "refuses the application" in setting.problem
    assert SECRET not in setting.problem
    zoom.refuses = False
    assert room_keeping.problem(booking.context) == ""
    assert rows_of(booking.context, RoomSetting)[0].problem == ""


def test_of_one_who_was_erased_no_room_is_left(booking: CalendarOffice, zoom: Zoom) -> None:
    book(booking)
    work(booking)
    context = booking.context
    with context.database.write(context.workspace_id) as session:
        erasure.erase_contact(session, context.clock, context.sealer, booking.office.people[0].contact_id)
    work(booking, 2, seconds=6)
    assert not zoom.meetings


@pytest.mark.parametrize(
    ("kind", "address", "line"),
    [(RoomKind.ADDRESS, "https://meet.example/ann", "We meet here: https://meet.example/ann"), (RoomKind.NONE, "", "")],
)
def test_a_calendars_own_word_comes_first(
    booking: CalendarOffice, zoom: Zoom, kind: RoomKind, address: str, line: str
) -> None:
    (calendar,) = rows_of(booking.context, ConnectedCalendar)
    with booking.context.database.write(booking.context.workspace_id) as session:
        room_keeping.set_calendar(session, booking.context, calendar.id, kind, address, by="user:ann")
    book(booking)
    work(booking)
    assert not zoom.meetings
    text = invitation(booking).text
    assert line in text
    assert "follows" not in text


def test_a_clash_gives_way_before_there_is_a_room(booking: CalendarOffice, zoom: Zoom, outside: FakeCalendar) -> None:
    picked = book(booking)

    def race(what: str, _key: str) -> None:
        if what == "put":
            outside.others(picked.starts_at, picked.ends_at)

    outside.before_effect = race
    work(booking, 2, seconds=6)
    assert booking.meeting(picked.meeting_id).state is MeetingState.CANCELLED
    assert not zoom.meetings


def test_what_was_told_does_not_give_way_when_the_link_is_written_into_the_calendar(
    booking: CalendarOffice, zoom: Zoom, outside: FakeCalendar
) -> None:
    picked = book(booking)
    calendar_effects.carry_out(booking.context, "worker")
    outside.others(picked.starts_at, picked.ends_at)
    work(booking, 2, seconds=61)
    assert booking.meeting(picked.meeting_id).state is MeetingState.BOOKED
    assert booking.mails("invite") == ["invite:0"]
    assert len(zoom.meetings) == 1
