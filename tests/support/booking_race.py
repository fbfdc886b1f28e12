"""Many prospects press the button of the same free time at once, on real threads, over HTTP."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from uuid import UUID

from fastapi.testclient import TestClient
from sqlmodel import select

from api.app import create_app
from core.clock import VirtualClock
from store import bulk
from store.models import Availability, CalendarBucket, Hold, HoldState, Lead, Mailbox, Meeting, MeetingState, User
from store.session import Database
from tests.support.api_office import BOOKING, ApiOffice, api_office
from tests.support.calendar_office import with_calendars
from tests.support.fake_calendar import FakeCalendar

START = datetime(2026, 6, 2, 14, tzinfo=UTC)
_ALL_DAY = {day: ["06:00", "22:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
Attempt = Callable[[TestClient, UUID, datetime], int]  # the HTTP status


@dataclass(frozen=True)
class Raced:
    winners: int  # answered that it is booked
    doubles: int  # times that have more than one owner
    told: int  # answered 409
    errors: int  # any other answer


def race(url: str, folder: Path, *, slots: int, at_once: int) -> Raced:
    """By the booking page."""
    api, database = _open(url, folder, at_once)
    try:
        with TestClient(create_app(api.deps), follow_redirects=False) as client:

            def press(_client: TestClient, meeting_id: UUID, at: datetime) -> int:
                token = BOOKING.make_meeting(api.workspace_id, meeting_id)
                return client.post(f"/m/{token}", data={"start": at.isoformat()}).status_code

            return _race(api, client, press, slots, at_once)
    finally:
        database.close()


def race_naively(url: str, folder: Path, *, slots: int, at_once: int) -> Raced:
    """By a check and an insert, as it is often written: broken on purpose."""
    api, database = _open(url, folder, at_once)

    def press(_client: TestClient, meeting_id: UUID, at: datetime) -> int:
        context = api.office.context
        with context.database.read(context.workspace_id) as session:
            meeting = session.get_one(Meeting, (context.workspace_id, meeting_id))
            taken = select(Meeting.id).where(Meeting.user_id == meeting.user_id, Meeting.starts_at == at)
            if session.exec(taken).first() is not None:
                return 409
        with context.database.write(context.workspace_id) as session:
            row = session.get_one(Meeting, (context.workspace_id, meeting_id))
            row.state, row.starts_at, row.ends_at = MeetingState.BOOKED, at, at + timedelta(minutes=30)
        return 200

    try:
        with TestClient(create_app(api.deps), follow_redirects=False) as client:
            return _race(api, client, press, slots, at_once)
    finally:
        database.close()


def _open(url: str, folder: Path, people: int) -> tuple[ApiOffice, Database]:
    clock, database = VirtualClock(START), Database(url, pool_size=5)
    api = api_office(database, clock, folder, people=people)
    booking = with_calendars(api.office, FakeCalendar(clock=clock))
    context = booking.context
    with database.write(context.workspace_id) as session:
        rep_id = session.exec(select(Mailbox.user_id)).one()
        rep = session.get_one(User, (context.workspace_id, rep_id))
        rep.working_hours, rep.time_zone = _ALL_DAY, "UTC"
        rules = {"horizon_days": 10, "notice_hours": 0}
        session.add(Availability(workspace_id=context.workspace_id, id=rep_id, rules=rules, updated_at=clock.now()))
    before = api.deps.context_for
    api.deps = api.deps.__class__(
        **{
            **vars(api.deps),
            "context_for": lambda wanted: context if wanted == context.workspace_id else before(wanted),
        }
    )
    return api, database


def _race(api: ApiOffice, client: TestClient, press: Attempt, slots: int, at_once: int) -> Raced:
    answers: Counter[int] = Counter()
    times = [
        START.replace(hour=6) + timedelta(days=2 + number // 30, minutes=30 * (number % 30)) for number in range(slots)
    ]
    with ThreadPoolExecutor(at_once) as pool:
        for number, at in enumerate(times):
            meetings, gate = _proposals(api, number), Barrier(at_once)

            def go(meeting_id: UUID, at: datetime = at, gate: Barrier = gate) -> int:
                gate.wait()
                return press(client, meeting_id, at)

            answers.update(pool.map(go, meetings))
    context = api.office.context
    with context.database.read(context.workspace_id) as session:
        booked = session.exec(select(Meeting.starts_at).where(Meeting.state == MeetingState.BOOKED)).all()
        quarters = len(session.exec(select(CalendarBucket.bucket_at)).all())
        held = len(session.exec(select(Hold.id).where(Hold.state == HoldState.TAKEN)).all())
    owners = Counter(booked)
    assert quarters == 2 * held, "a quarter of an hour without its hold, or a hold without its quarters"
    return Raced(
        winners=answers[200],
        doubles=sum(count > 1 for count in owners.values()),
        told=answers[409],
        errors=sum(count for status, count in answers.items() if status not in (200, 409)),
    )


def _proposals(api: ApiOffice, number: int) -> list[UUID]:
    """One open meeting for each person, of a purpose of its own: they may all win once a round."""
    context = api.office.context
    with context.database.write(context.workspace_id) as session:
        rep_id = session.exec(select(Mailbox.user_id)).one()
        leads = {lead.id: lead for lead in session.exec(select(Lead))}
        rows = [
            {
                "id": context.ids.new(),
                "lead_id": person.lead_id,
                "contact_id": person.contact_id,
                "company_id": leads[person.lead_id].company_id,
                "user_id": rep_id,
                "purpose_key": f"race:{number}:{person.lead_id}",
                "purpose": f"round {number}",
                "state": MeetingState.PROPOSED,
                "created_at": context.clock.now(),
            }
            for person in api.office.people
        ]
        bulk.insert(session, Meeting, rows)
    return [row["id"] for row in rows]
