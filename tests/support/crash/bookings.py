"""Kills a process that books at every place between a hold and its confirmation, and counts outside what is there.

    history = crash(Setup(directory), kills=30, seed=1)

A life is forked from this process and kills itself (SIGKILL) at the n-th point it passes: before and after every
statement, every commit, every call of the calendar and of the mail server. So the places are exact on a slow machine
too. The next life takes over what it left, books on, and is killed in turn; the last one may finish. What counts is
what the calendar's own file and the mail server's own log say.
"""

import os
import random
import signal
import sqlite3
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from agents.booking.picking import pick_slot
from agents.booking.taking import take
from agents.calendar import calendar
from agents.context import AgentContext
from agents.step import Step, SubjectKind, Trigger
from core.clock import VirtualClock
from core.errors import Conflict
from core.ids import SystemIds
from store import migrations
from store.models import (
    Availability,
    CalendarEventRow,
    Hold,
    HoldState,
    Lead,
    Mailbox,
    Meeting,
    MeetingState,
    OutboxItem,
    OutboxState,
    ThreadTrigger,
)
from store.queries import triggers
from store.session import Database
from tests.support.calendar_office import overlaps, with_calendars
from tests.support.crash.office import context_of, open_office, unsubscribe
from tools.ports import Envelope, LookupResult, SendOutcome, SendResult
from tools.ports.calendar import (
    BusySpan,
    CalendarEvent,
    CalendarInfo,
    EventChanges,
    EventDraft,
    EventOutcome,
    EventResult,
)
from workers.dispatcher import Dispatcher

START = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)
LIFE = timedelta(minutes=1)  # between two lives: longer than a lease
_LEASE_SECONDS = 30
_CLASHES = 6  # of so many bookings one is overtaken in the calendar in its very moment
Booker = Callable[[AgentContext, "Points", UUID], None]  # books one held time
Point = Callable[[], None]


@dataclass(frozen=True)
class Death:
    """At the `place`-th point of a life; or so many points after its `call`-th word with the calendar or the mail
    server, where a half could be left behind."""

    place: int = 0
    call: int = 0


class Points:
    """Counts the places a life passes; dies at one of them."""

    def __init__(self, death: Death) -> None:
        self._left, self._calls, self._death = death.place, 0, death

    def here(self) -> None:
        """A statement or a commit."""
        if self._death.call and self._calls < self._death.call:
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def outside(self) -> None:
        """Before and after a call."""
        self._calls += 1
        self.here()


_NOBODY = Death()


class CalendarFile:
    """A calendar service that outlives its clients: a file of its own, each effect whole or not at all."""

    name = "file"

    def __init__(self, path: Path, point: Point, *, rivals: bool = True) -> None:
        self._path, self._point, self._rivals = path, point, rivals
        with self._open() as db:
            db.execute(
                "CREATE TABLE IF NOT EXISTS event (key TEXT PRIMARY KEY, uid TEXT, starts TEXT, ends TEXT, gone INT, "
                "version INTEGER, ours INT)"
            )

    def calendars(self) -> Sequence[CalendarInfo]:
        return [CalendarInfo("primary", "Ada", "UTC", may_write=True, primary=True)]

    def busy(self, calendar_ids: Sequence[str], since: datetime, until: datetime) -> Sequence[BusySpan]:
        self._point()
        rows = self._rows("SELECT key, starts, ends FROM event WHERE NOT gone ORDER BY key")
        return [BusySpan(_at(starts), _at(ends), event_id=key) for key, starts, ends in rows]

    def put(self, calendar_id: str, event: EventDraft, *, etag: str = "") -> EventResult:
        self._point()
        found = self._rows("SELECT starts, ends, gone, version FROM event WHERE key = ?", event.event_key)
        times = (event.starts_at.isoformat(), event.ends_at.isoformat())
        if found and not found[0][2] and tuple(found[0][:2]) == times:
            pass
        elif (found and not etag) or (etag and (not found or found[0][2] or str(found[0][3]) != etag)):
            return EventResult(EventOutcome.CLASH)
        else:
            with self._open() as db:
                version = found[0][3] + 1 if found else 1
                row = (event.event_key, event.uid, *times, 0, version, 1)
                db.execute("INSERT OR REPLACE INTO event VALUES (?, ?, ?, ?, ?, ?, ?)", row)
                ((number,),) = db.execute("SELECT COUNT(*) FROM event WHERE ours").fetchall()
                if self._rivals and not found and number % _CLASHES == 0:
                    rival = (f"rival-{event.event_key}", "", *times, 0, 1, 0)
                    db.execute("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?, ?)", rival)
        self._point()
        return EventResult(EventOutcome.DONE, event=self.read(calendar_id, event.event_key))

    def cancel(self, calendar_id: str, event_key: str, *, etag: str = "", notify_guests: bool = False) -> EventResult:
        self._point()
        with self._open() as db:
            db.execute("UPDATE event SET gone = 1 WHERE key = ?", (event_key,))
        self._point()
        return EventResult(EventOutcome.DONE)

    def read(self, calendar_id: str, event_key: str) -> CalendarEvent | None:
        found = self._rows("SELECT uid, starts, ends, version FROM event WHERE key = ? AND NOT gone", event_key)
        if not found:
            return None
        uid, starts, ends, version = found[0]
        return CalendarEvent(event_key, uid, str(version), _at(starts), _at(ends), False, 0, None)

    def changes(self, calendar_id: str, cursor: str, since: datetime) -> EventChanges:
        return EventChanges((), "0")

    def close(self) -> None:
        return

    def ours(self) -> list[tuple[str, str]]:
        """(uid, start) of what stands there by our hand."""
        return [(uid, starts) for uid, starts in self._rows("SELECT uid, starts FROM event WHERE ours AND NOT gone")]

    def _rows(self, query: str, *values: str) -> list[tuple[str, str, str, int]]:
        with self._open() as db:
            return db.execute(query, values).fetchall()

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path)


class MailLog:
    """A mail server with a log, which can be asked for a Message-ID."""

    name = "log"

    def __init__(self, path: Path, point: Point) -> None:
        self._path, self._point = path, point

    def send(self, envelope: Envelope) -> SendResult:
        self._point()
        kind = "offer"
        if b"text/calendar" in envelope.mime:
            kind = "cancel" if b"method=CANCEL" in envelope.mime.replace(b'"', b"") else "request"
        with self._path.open("a", encoding="utf-8") as log:
            log.write(f"{kind} {envelope.recipient} {envelope.message_id}\n")
        self._point()
        return SendResult(SendOutcome.SENT, "250 taken")

    def lookup(self, message_id: str) -> LookupResult:
        said = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
        return LookupResult.FOUND if message_id in said else LookupResult.NOT_FOUND

    def close(self) -> None:
        return


@dataclass(frozen=True)
class Setup:
    directory: Path
    url: str = ""  # a migrated PostgreSQL; else SQLite in the directory
    bookings: int = 30
    rivals: bool = True


@dataclass(frozen=True)
class History:
    kills: int
    booked: int
    events_without_meeting: int
    meetings_without_event: int
    invited_twice: int
    not_invited: int
    gave_way: int
    offers: int  # one each that gave way
    overlaps: int
    left_open: int  # outbox items that nobody finished


def crash(setup: Setup, *, kills: int, seed: int, booker: Booker | None = None) -> History:
    """Prints its seed, so that a failure can be looked at again."""
    print(f"booking crash harness: seed {seed}, {kills} kills, {setup.bookings} bookings")
    url = setup.url or f"sqlite:///{setup.directory / 'bookings.db'}"
    if not setup.url:
        migrations.upgrade(url)
    database, workspace_id = Database(url), SystemIds().new()
    holds = _prepare(setup, database, workspace_id)
    database.close()
    rng, killed, life = random.Random(seed), 0, 0
    share = max(1, setup.bookings // max(kills, 1))
    while True:
        life += 1
        deadly = _NOBODY
        if killed < kills and rng.random() < 0.5:
            deadly = Death(rng.randint(1, 400 * share))
        elif killed < kills:
            deadly = Death(rng.randint(1, 40), rng.randint(1, 6 * share))
        if not _life(setup, database, workspace_id, holds, life, deadly, booker):
            break
        killed += 1
    return _count(setup, database, workspace_id, killed)


def _context(
    setup: Setup, database: Database, workspace_id: UUID, clock: VirtualClock, point: Point
) -> tuple[AgentContext, CalendarFile]:
    log = MailLog(setup.directory / "mail.log", point)
    account = CalendarFile(setup.directory / "calendar.db", point, rivals=setup.rivals)
    context = context_of(
        database,
        workspace_id,
        clock,
        SystemIds(),
        lambda _: log,
        data_dir=setup.directory,
        lease_seconds=_LEASE_SECONDS,
    )
    tools = replace(
        context.tools, calendar_account=lambda _: account, booking_url=lambda _, hold: f"https://sales.example/b/{hold}"
    )
    return replace(context, tools=tools), account


def _prepare(setup: Setup, database: Database, workspace_id: UUID) -> list[UUID]:
    """One proposal with one held time for each of the bookings, all of one rep, on the half hours of two months."""
    clock = VirtualClock(START)
    context, account = _context(setup, database, workspace_id, clock, lambda: None)
    office = open_office(context, people=setup.bookings, touches=1)
    with_calendars(office, account)
    starts = [
        START.replace(hour=8, minute=0) + timedelta(days=day, minutes=30 * slot)
        for day in range(2, 90)
        for slot in range(18)
    ]
    with database.write(workspace_id) as session:
        rep_id = session.exec(select(Mailbox.user_id)).one()
        session.add(
            Availability(workspace_id=workspace_id, id=rep_id, rules={"horizon_days": 90}, updated_at=clock.now())
        )
        found = []
        for number, person in enumerate(office.people):
            lead = session.get_one(Lead, (workspace_id, person.lead_id))
            meeting = Meeting(
                workspace_id=workspace_id,
                id=context.ids.new(),
                lead_id=lead.id,
                contact_id=lead.contact_id,
                company_id=lead.company_id,
                user_id=rep_id,
                purpose_key=f"message:{number}",
                time_zone="America/New_York",
                created_at=clock.now(),
            )
            session.add(meeting)
            session.flush()
            at = starts[number]
            until = at + timedelta(minutes=30)
            hold_id = take(session, meeting, at, until, state=HoldState.HELD, expires_at=at - timedelta(hours=1))
            assert hold_id is not None
            found.append(hold_id)
    return found


def _life(
    setup: Setup,
    database: Database,
    workspace_id: UUID,
    holds: Sequence[UUID],
    life: int,
    deadly: Death,
    booker: Booker | None,
) -> bool:
    """True: it was killed."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _live(setup, database, workspace_id, holds, life, deadly, booker)
            status = 0
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(status)  # nothing of the parent's (pytest, its files) is wound up here
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or status == 0, f"A life ended by itself with status {status}."
    return os.WIFSIGNALED(status)


def _live(
    setup: Setup,
    database: Database,
    workspace_id: UUID,
    holds: Sequence[UUID],
    life: int,
    deadly: Death,
    booker: Booker | None,
) -> None:
    points = Points(deadly)
    clock = VirtualClock(START + LIFE * life)
    context, _ = _context(setup, database, workspace_id, clock, points.outside)
    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        sa.event.listen(database.engine, name, lambda *_: points.here())
    dispatcher = Dispatcher(unsubscribe, f"life:{life}", keep_leases=False)
    with database.read(workspace_id) as session:
        open_holds = set(session.exec(select(Hold.id).where(Hold.state == HoldState.HELD)))
    if booker is None:
        _work(context, dispatcher)  # what the life before left comes first, as in a worker that starts again
    for hold_id in [hold for hold in holds if hold in open_holds]:
        if booker is not None:
            booker(context, points, hold_id)
            continue
        try:
            pick_slot(context, hold_id)
        except Conflict:
            continue  # its time was taken, or it is offered anew
        _work(context, dispatcher)
    while booker is None:
        if not _work(context, dispatcher):
            if not _open_items(context):
                return
            clock.advance(timedelta(minutes=2))  # leases, lags and waits run out


def _work(context: AgentContext, dispatcher: Dispatcher) -> int:
    """What a worker does: threads that a pick wakes, then the outbox."""
    moved = dispatcher.run(context)
    with context.database.read(context.workspace_id) as session:
        waiting = session.exec(
            select(ThreadTrigger)
            .where(ThreadTrigger.kind == Trigger.SLOT_PICKED, col(ThreadTrigger.done_at).is_(None))
            .order_by(col(ThreadTrigger.key))
        ).all()
    for trigger in waiting:
        step = Step(SubjectKind.LEAD, trigger.subject_id, "meeting_proposed", Trigger.SLOT_PICKED, trigger.payload)
        calendar(context, step)
        with context.database.write(context.workspace_id) as session:
            triggers.mark_done(session, trigger.id, context.clock.now())
    return len(waiting) + moved + dispatcher.run(context)


def _open_items(context: AgentContext) -> int:
    with context.database.read(context.workspace_id) as session:
        states = [OutboxState.READY, OutboxState.SENDING]
        due = col(OutboxItem.not_before) <= context.clock.now()  # reminders come later
        return len(session.exec(select(OutboxItem.id).where(col(OutboxItem.state).in_(states), due)).all())


def _count(setup: Setup, database: Database, workspace_id: UUID, killed: int) -> History:
    context, account = _context(setup, database, workspace_id, VirtualClock(START), lambda: None)
    with database.read(workspace_id) as session:
        booked = session.exec(select(Meeting).where(Meeting.state == MeetingState.BOOKED)).all()
        gave_way = session.exec(select(Meeting.id).where(Meeting.outcome == "clash")).all()
        uids = dict(session.exec(select(CalendarEventRow.meeting_id, CalendarEventRow.uid)).all())
        open_items = _open_items(context)
    wanted = Counter((uids.get(row.id, str(row.id)), row.starts_at.isoformat()) for row in booked if row.starts_at)
    there = Counter(account.ours())
    log = setup.directory / "mail.log"
    sent = [line.split() for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
    requests = Counter(recipient for kind, recipient, _ in sent if kind == "request")
    found = History(
        kills=killed,
        booked=len(booked),
        events_without_meeting=sum((there - wanted).values()),
        meetings_without_event=sum((wanted - there).values()),
        invited_twice=sum(number - 1 for number in requests.values()),
        not_invited=len(booked) - len(requests),
        gave_way=len(gave_way),
        offers=sum(kind == "offer" for kind, *_ in sent),
        overlaps=len(overlaps(context)),
        left_open=open_items,
    )
    database.close()
    return found


def naive(context: AgentContext, points: Points, hold_id: UUID) -> None:
    """Broken on purpose, as it is often written: the event first, under an id of the moment, then the row."""
    with context.database.read(context.workspace_id) as session:
        hold = session.get_one(Hold, (context.workspace_id, hold_id))
    key = context.ids.new().hex
    uid = f"meeting-{hold.meeting_id}"
    account = context.tools.calendar_account(None)  # type: ignore[arg-type]
    account.put("primary", EventDraft(key, uid, 0, hold.starts_at, hold.ends_at, "UTC", "Meeting", ""))
    with context.database.write(context.workspace_id) as session:
        row = session.get_one(Meeting, (context.workspace_id, hold.meeting_id))
        row.state, row.starts_at, row.ends_at = MeetingState.BOOKED, hold.starts_at, hold.ends_at
        session.get_one(Hold, (context.workspace_id, hold_id)).state = HoldState.TAKEN


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
