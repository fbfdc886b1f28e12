"""Connected calendars with how they are doing, and when a person can be met. What lets us in is never shown."""

from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from agents.booking.rules import Away, rules_of
from agents.booking.telling import EVERY, RECONCILED, Telling, tellings
from api import paging
from core.errors import NotFound
from core.settings import Settings
from store.models import Availability, CalendarConnection, ConnectedCalendar, ConnectionState, User
from store.session import workspace_of
from tools.calendar.working_hours import DAYS, Window, hours_or_none, read_overrides

LATE = timedelta(minutes=4)  # after its turn: one that is silent for so long does not answer
LABELS = {"google": "Google Calendar", "graph": "Microsoft 365", "caldav": "CalDAV"}
_ID = "4f9e0a52-6a01-5c6f-8d18-1f0e3c7a9a10"


class CalendarOut(BaseModel):
    """One calendar of an account, and what it is for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": _ID,
                    "name": "Work",
                    "time_zone": "Europe/Berlin",
                    "counts_busy": True,
                    "gets_events": True,
                    "makes_rooms": False,
                    "may_write": True,
                    "answered_at": "2026-06-02T14:00:00Z",
                    "told_until": "2026-06-09T14:00:00Z",
                    "changes": "told of changes at once until 2026-06-09 14:00 UTC",
                }
            ]
        }
    )

    id: UUID
    name: str
    time_zone: str
    counts_busy: bool = Field(description="What is taken in it takes its owner's time.")
    gets_events: bool = Field(description="Our events are entered here: at most one calendar of a person does.")
    makes_rooms: bool = Field(description="Our events there ask the service for a room for video calls.")
    may_write: bool
    answered_at: datetime | None = Field(description="When it said last what is taken; null: never.")
    told_until: datetime | None = Field(description="Its service tells changes at once, up to then; null: it does not.")
    changes: str = Field(description="How soon a change there is known here, and why no sooner, in words.")


class CalendarConnectionOut(BaseModel):
    """An account of a person at a calendar service. What lets us in is sealed and never shown."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": _ID,
                    "user_id": "0b9f7a52-1111-5c6f-8d18-1f0e3c7a9a11",
                    "owner": "Ann Miller",
                    "service": "caldav",
                    "service_label": "CalDAV",
                    "account": "ann@company.example",
                    "server": "https://caldav.company.example/",
                    "state": "active",
                    "problem": "",
                    "connected_at": "2026-06-02T13:00:00Z",
                    "answered_at": "2026-06-02T14:00:00Z",
                    "calendars": [],
                }
            ]
        }
    )

    id: UUID
    user_id: UUID
    owner: str
    service: str  # google, graph, caldav
    service_label: str
    account: str
    server: str  # of CalDAV
    state: ConnectionState
    problem: str = Field(
        description="Why it no longer lets us in, in the service's words; empty: as far as known it does."
    )
    connected_at: datetime | None
    answered_at: datetime | None = Field(description="When one of its calendars said last what is taken.")
    calendars: list[CalendarOut]


class AwayOut(BaseModel):
    starts_at: datetime
    ends_at: datetime


class AvailabilityOut(BaseModel):
    """When a person can be met: on their own clock, but for what is away, which is instants."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_id": "0b9f7a52-1111-5c6f-8d18-1f0e3c7a9a11",
                    "time_zone": "Europe/Berlin",
                    "working_hours": {"mon": [["09:00", "12:00"], ["13:00", "17:00"]], "tue": [["09:00", "17:00"]]},
                    "grid": 30,
                    "notice_hours": 20,
                    "horizon_days": 14,
                    "country": "DE",
                }
            ]
        }
    )

    user_id: UUID
    time_zone: str
    working_hours: dict[str, list[tuple[str, str]]]  # by mon … sun; without windows: free of work
    buffer_before: int  # minutes
    buffer_after: int
    grid: int
    notice_hours: int
    horizon_days: int
    per_day: int | None
    per_week: int | None
    country: str
    region: str
    days_off: list[date]
    overrides: dict[str, list[tuple[str, str]]]
    out_of_office: list[AwayOut]
    updated_at: datetime | None  # None: nobody set anything yet


def connections(
    session: Session, settings: Settings, now: datetime, *, user_id: UUID | None, limit: int, cursor: str | None = None
) -> paging.Page[CalendarConnectionOut]:
    """By account. `user_id` None: everybody's. Those that were taken away are not there."""
    place = (col(CalendarConnection.account), col(CalendarConnection.id))
    query = (
        select(CalendarConnection, User.name)
        .join(
            User,
            (col(User.workspace_id) == col(CalendarConnection.workspace_id))
            & (col(User.id) == col(CalendarConnection.user_id)),
        )
        .where(CalendarConnection.state != ConnectionState.OFF)
    )
    if user_id is not None:
        query = query.where(CalendarConnection.user_id == user_id)
    if key := paging.decode(cursor, 2):
        query = query.where(sa.tuple_(*place) > sa.tuple_(*_after(key)))
    rows = session.exec(query.order_by(*place).limit(limit + 1)).all()
    items = _shown(session, settings, now, list(rows[:limit]))
    last = paging.encode(items[-1].account, str(items[-1].id)) if len(rows) > limit else None
    return paging.Page(items=items, next=last)


def connection(session: Session, settings: Settings, now: datetime, connection_id: UUID) -> CalendarConnectionOut:
    """Raises NotFound."""
    row = session.get(CalendarConnection, (workspace_of(session), connection_id))
    if row is None or row.state is ConnectionState.OFF:
        raise NotFound("There is no such calendar account.", hint="See the list of connected calendars.")
    owner = session.exec(select(User.name).where(User.id == row.user_id)).first()
    return _shown(session, settings, now, [(row, owner or "")])[0]


def calendar(session: Session, settings: Settings, now: datetime, row: ConnectedCalendar) -> CalendarOut:
    owner = session.get_one(CalendarConnection, (row.workspace_id, row.connection_id))
    return _calendar(row, tellings(session, settings, now, [(owner, row)])[row.id])


def _calendar(row: ConnectedCalendar, told: Telling) -> CalendarOut:
    return CalendarOut(**_same(row), answered_at=row.busy_read_at, told_until=told.until, changes=told.words)


def is_silent(found: CalendarOut, now: datetime) -> bool:
    """Of one that counts: whether it does not answer."""
    turn = EVERY if found.told_until is None else RECONCILED
    return found.answered_at is None or now - found.answered_at > turn + LATE


def availability(session: Session, user: User) -> AvailabilityOut:
    found = rules_of(session, user)
    kept = session.get(Availability, (user.workspace_id, user.id))
    hours = hours_or_none(user.working_hours)
    try:
        overrides = {day.isoformat(): windows for day, windows in sorted(read_overrides(found.overrides).items())}
    except ValueError:
        overrides = {}
    plain = found.model_dump(exclude={"days_off", "overrides", "out_of_office"})
    return AvailabilityOut(
        **plain,
        user_id=user.id,
        time_zone=user.time_zone or "UTC",
        working_hours={name: _pairs(hours.get(number, ())) for number, name in enumerate(DAYS)},
        days_off=sorted(found.days_off),
        overrides={day: _pairs(windows) for day, windows in overrides.items()},
        out_of_office=[_away(each) for each in found.out_of_office],
        updated_at=kept.updated_at if kept is not None else None,
    )


def _away(away: Away) -> AwayOut:
    return AwayOut(starts_at=away.starts_at, ends_at=away.ends_at)


def _pairs(windows: tuple[Window, ...]) -> list[tuple[str, str]]:
    return [(f"{each.opens:%H:%M}", f"{each.closes:%H:%M}" if each.closes else "24:00") for each in windows]


_OWN = ("answered_at", "told_until", "changes")


def _same(row: ConnectedCalendar) -> dict[str, object]:
    return {name: getattr(row, name) for name in CalendarOut.model_fields if name not in _OWN}


def _shown(
    session: Session, settings: Settings, now: datetime, rows: list[tuple[CalendarConnection, str]]
) -> list[CalendarConnectionOut]:
    ids = [row.id for row, _ in rows]
    query = select(ConnectedCalendar).where(col(ConnectedCalendar.connection_id).in_(ids))
    of: dict[UUID, list[ConnectedCalendar]] = {connection_id: [] for connection_id in ids}
    for found in session.exec(query.order_by(col(ConnectedCalendar.name), col(ConnectedCalendar.id))):
        of[found.connection_id].append(found)
    told = tellings(session, settings, now, [(row, each) for row, _ in rows for each in of[row.id]])
    return [
        CalendarConnectionOut(
            id=row.id,
            user_id=row.user_id,
            owner=owner,
            service=row.service,
            service_label=LABELS.get(row.service, row.service),
            account=row.account,
            server=str(row.connection.get("url", "")),
            state=row.state,
            problem=row.problem,
            connected_at=row.connected_at,
            answered_at=max((each.busy_read_at for each in of[row.id] if each.busy_read_at), default=None),
            calendars=[_calendar(each, told[each.id]) for each in of[row.id]],
        )
        for row, owner in rows
    ]


def _after(key: list[object]) -> tuple[str, UUID]:
    try:
        return str(key[0]), UUID(str(key[1]))
    except ValueError:
        raise paging.not_ours() from None
