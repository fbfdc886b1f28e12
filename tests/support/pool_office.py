"""An office with a pool: several reps with a calendar each, in memory; the lead's own rep is one of them, or none."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from agents.booking import pool_keeping
from agents.booking.pool_needs import Need
from agents.context import AgentContext
from core.ids import stable_id
from store.models import (
    Availability,
    CalendarConnection,
    CalendarEventRow,
    ConnectedCalendar,
    ConnectionState,
    EventState,
    Lead,
    Mailbox,
    Meeting,
    PoolEntry,
    Role,
    User,
)
from store.queries import pools as ledger
from tests.support.agent_office import rows_of
from tests.support.calendar_office import CalendarOffice
from tests.support.crash.office import Office
from tests.support.fake_calendar import FakeCalendar
from tools.calendar.rotation import UNIT, Ownership

WEEK = {day: ["06:00", "22:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
NAMES = ("Ada", "Bea", "Cem", "Dot", "Eva", "Fay")


@dataclass(frozen=True)
class PoolOffice(CalendarOffice):
    pool_id: UUID
    reps: tuple[UUID, ...]
    outside: dict[UUID, FakeCalendar]

    def owed(self) -> dict[UUID, float]:
        """By member, in meetings; those who are owed nothing too."""
        with self.context.database.read(self.context.workspace_id) as session:
            found = ledger.credits_of(session, self.pool_id)
        return {rep: round(found.get(rep, 0) / UNIT, 3) for rep in self.reps}

    def ledger(self) -> list[PoolEntry]:
        return rows_of(self.context, PoolEntry, PoolEntry.pool_id == self.pool_id)

    def net(self) -> dict[UUID | None, dict[UUID, int]]:
        """By meeting what it changed in the end: {} is nothing."""
        found: dict[UUID | None, Counter[UUID]] = {}
        for row in self.ledger():
            found.setdefault(row.meeting_id, Counter())[row.user_id] += row.change
        return {meeting: {rep: parts for rep, parts in rows.items() if parts} for meeting, rows in found.items()}

    def member(self, rep: UUID, **values: Any) -> None:
        given: dict[str, Any] = {"weight": 1, "skills": [], "active": True, **values}
        with self.context.database.write(self.context.workspace_id) as session:
            pool_keeping.put_member(session, self.context, self.pool_id, rep, by="user:ann", **given)

    def take_out(self, rep: UUID) -> int:
        with self.context.database.write(self.context.workspace_id) as session:
            return pool_keeping.take_out(session, self.context, self.pool_id, rep, by="user:ann")

    def set_pool(self, **values: Any) -> None:
        put_pool(self.context, self.pool_id, **values)

    def rep_of(self, meeting_id: UUID) -> UUID:
        return self.meeting(meeting_id).user_id

    def event_states(self, meeting_id: UUID) -> dict[UUID, EventState]:
        """Of the events of one meeting, by whose calendar they are in."""
        rows = rows_of(self.context, CalendarEventRow, CalendarEventRow.meeting_id == meeting_id)
        return {row.user_id: row.state for row in rows}

    def company_of(self, lead_id: UUID) -> UUID:
        lead: Lead = self.office.get(Lead, lead_id)
        return lead.company_id

    def meetings(self, *where: Any) -> list[Meeting]:
        return rows_of(self.context, Meeting, *where)


def put_pool(context: AgentContext, pool_id: UUID, *, needs: Sequence[Need] = (), **values: Any) -> None:
    given: dict[str, Any] = {
        "name": "Introductions",
        "active": True,
        "everyone": True,
        "icp_ids": [],
        "minutes": None,
        "ownership": Ownership.IGNORE,
        "owner_counts": True,
        "no_show_counts": True,
        **values,
    }
    with context.database.write(context.workspace_id) as session:
        pool_keeping.put(session, context, pool_id, needs=needs, by="user:ann", **given)


def with_pool(office: Office, reps: int = 3) -> PoolOffice:
    """The first rep owns the mailbox that writes to all leads. All work from six to ten of UTC, every day."""
    outside: dict[UUID, FakeCalendar] = {}
    context = office.context
    with context.database.write(context.workspace_id) as session:
        owner = session.exec(select(Mailbox.user_id).order_by(col(Mailbox.id))).first()
        assert owner is not None
        ids = [owner, *(stable_id("rep", context.workspace_id, number) for number in range(1, reps))]
        for number, rep in enumerate(ids):
            row = session.get(User, (context.workspace_id, rep)) or User(
                workspace_id=context.workspace_id,
                id=rep,
                email=f"{NAMES[number].lower()}@sender.example",
                name=NAMES[number],
                role=Role.REP,
                created_at=context.clock.now(),
            )
            row.name, row.working_hours, row.time_zone = NAMES[number], WEEK, "UTC"
            session.add(row)
            session.flush()
            rules = {"notice_hours": 4}
            session.add(
                Availability(workspace_id=context.workspace_id, id=rep, rules=rules, updated_at=context.clock.now())
            )
            outside[rep] = FakeCalendar(clock=context.clock)
            _connect(session, context, rep)
    tools = replace(
        context.tools,
        calendar_account=lambda connection: outside[connection.user_id],
        meeting_url=lambda _workspace_id, meeting_id: f"https://sales.example/m/{meeting_id}",
        booking_url=lambda _workspace_id, hold_id: f"https://sales.example/b/{hold_id}",
    )
    context = replace(context, tools=tools)
    pool_id = stable_id("pool", context.workspace_id, "test")
    put_pool(context, pool_id)
    found = PoolOffice(
        office=replace(office, context=context),
        connection_id=stable_id("calendar_connection", context.workspace_id, ids[0]),
        pool_id=pool_id,
        reps=tuple(ids),
        outside=outside,
    )
    for rep in ids:
        found.member(rep)
    return found


def _connect(session: Any, context: AgentContext, rep: UUID) -> None:
    connection_id = stable_id("calendar_connection", context.workspace_id, rep)
    session.add(
        CalendarConnection(
            workspace_id=context.workspace_id,
            id=connection_id,
            user_id=rep,
            service="caldav",
            account=str(rep),
            state=ConnectionState.ACTIVE,
            created_at=context.clock.now(),
        )
    )
    session.flush()
    session.add(
        ConnectedCalendar(
            workspace_id=context.workspace_id,
            id=stable_id("connected_calendar", context.workspace_id, rep),
            connection_id=connection_id,
            user_id=rep,
            calendar_id="primary",
            may_write=True,
            gets_events=True,
        )
    )
    session.flush()
