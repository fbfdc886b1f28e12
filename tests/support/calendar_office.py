"""An office whose rep has a calendar at a service in memory, and the steps from interest to a booked meeting."""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from agents.booking.picking import Picked, pick_slot
from agents.calendar import calendar
from agents.context import AgentContext
from agents.engagement import engagement
from agents.step import Step, SubjectKind, Trigger
from core.ids import stable_id
from store.models import (
    CalendarBucket,
    CalendarConnection,
    CalendarEventRow,
    ConnectedCalendar,
    ConnectionState,
    Hold,
    Mailbox,
    Meeting,
    OutboxItem,
)
from tests.support.agent_office import following, rows_of, stage_of, write_in
from tests.support.crash.office import Office
from tools.ports.calendar import CalendarAccount
from workers import calendar_effects


@dataclass(frozen=True)
class CalendarOffice:
    office: Office
    connection_id: UUID

    @property
    def context(self) -> AgentContext:
        return self.office.context

    def propose(self, number: int = 0, key: str = "") -> list[Hold]:
        """Interested → held times, the earliest first; [] where the rep proposes by hand."""
        step = write_in(self.office, number, "interested", key=key)
        outcome = calendar(self.context, following(step, engagement(self.context, step)))
        if outcome.trigger is not Trigger.SLOTS_HELD:
            return []
        holds = rows_of(self.context, Hold, Hold.meeting_id == UUID(outcome.payload["meeting_id"]))
        return sorted(holds, key=lambda hold: hold.starts_at)

    def invite(self, picked: Picked, number: int = 0) -> Trigger:
        """What the supervisor does after a pick."""
        payload = {"hold_id": str(picked.hold_id)}
        lead_id, stage = self.office.people[number].lead_id, stage_of(self.office, number)
        return calendar(self.context, Step(SubjectKind.LEAD, lead_id, stage, Trigger.SLOT_PICKED, payload)).trigger

    def book(self, number: int = 0) -> Picked:
        """Proposed, picked, and everything carried out."""
        picked = pick_slot(self.context, self.propose(number)[0].id)
        self.invite(picked, number)
        self.work()
        return picked

    def work(self) -> int:
        """The dispatcher's part of it: calendars, no mails."""
        return calendar_effects.carry_out(self.context, "worker")

    def meeting(self, meeting_id: UUID) -> Meeting:
        found: Meeting = self.office.get(Meeting, meeting_id)
        return found

    def event(self, meeting_id: UUID) -> CalendarEventRow:
        (found,) = rows_of(self.context, CalendarEventRow, CalendarEventRow.meeting_id == meeting_id)
        return found  # type: ignore[no-any-return]

    def mails(self, *kinds: str) -> list[str]:
        """Keys of the mails about meetings that leave at once or left, without the meeting's id: "invite:0"."""
        due = OutboxItem.not_before <= self.context.clock.now()  # reminders come later
        rows = rows_of(self.context, OutboxItem, OutboxItem.kind == "mail", OutboxItem.state != "cancelled", due)
        keys = sorted((row.created_at, row.key) for row in rows)
        found = [f"{key.partition(':')[0]}:{key.rpartition(':')[2]}" for _, key in keys]
        return [key for key in found if not kinds or key.partition(":")[0] in kinds]


def with_calendars(office: Office, account: CalendarAccount, **calendars: dict[str, Any]) -> CalendarOffice:
    """Every rep's connection leads to `account`. `calendars`: other columns by calendar id; else one, "primary"."""
    tools = replace(
        office.context.tools,
        calendar_account=lambda _connection: account,
        meeting_url=lambda _workspace_id, meeting_id: f"https://sales.example/m/{meeting_id}",
        booking_url=lambda _workspace_id, hold_id: f"https://sales.example/b/{hold_id}",
    )
    context = replace(office.context, tools=tools)
    connection_id = stable_id("calendar_connection", context.workspace_id, "test")
    with context.database.write(context.workspace_id) as session:
        rep_id = session.exec(select(Mailbox.user_id).order_by(col(Mailbox.id))).first()
        session.add(
            CalendarConnection(
                workspace_id=context.workspace_id,
                id=connection_id,
                user_id=rep_id,
                service="caldav",
                account="ada",
                state=ConnectionState.ACTIVE,
                created_at=context.clock.now(),
            )
        )
        session.flush()
        for calendar_id, columns in (calendars or {"primary": {"gets_events": True}}).items():
            session.add(
                ConnectedCalendar(
                    workspace_id=context.workspace_id,
                    id=stable_id("connected_calendar", context.workspace_id, calendar_id),
                    connection_id=connection_id,
                    user_id=rep_id,
                    calendar_id=calendar_id,
                    may_write=True,
                    **columns,
                )
            )
    return CalendarOffice(replace(office, context=context), connection_id)


def overlaps(context: AgentContext) -> list[tuple[datetime, datetime]]:
    """Booked or held times of one rep that overlap: always empty, or the product is broken."""
    holds = rows_of(context, Hold, col(Hold.state).in_(["held", "taken"]))
    stands = {row.id for row in rows_of(context, Meeting, col(Meeting.state).in_(["proposed", "booked"]))}
    times = sorted((hold.user_id, hold.starts_at, hold.ends_at) for hold in holds if hold.meeting_id in stands)
    return [
        (later[1], earlier[2]) for earlier, later in pairwise(times) if earlier[0] == later[0] and later[1] < earlier[2]
    ]


def quarters(context: AgentContext) -> int:
    return len(rows_of(context, CalendarBucket))
