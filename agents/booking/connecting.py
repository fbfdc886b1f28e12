"""A person's calendars: letting us in, which of them count as busy, and which one gets our events."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents.booking import diary, telling
from agents.booking.rules import Rules, checked, rules_of
from agents.context import AgentContext
from core.errors import Conflict, FixConfiguration, NotFound, Rejected, SalesOSError
from core.ids import stable_id
from store import audit, bulk
from store.models import (
    Availability,
    BusySpan,
    CalendarConnection,
    ConnectedCalendar,
    ConnectionState,
    User,
    Workspace,
)
from store.queries import calendar_connections
from tools.ports.calendar import CalendarInfo
from tools.ports.unknown import Unknown
from tools.registry import LetIn

CALDAV = "caldav"
_MOST = 50  # calendars of an account


@dataclass(frozen=True, slots=True)
class Login:
    """Of a CalDAV server. `address`: what its invitations come from; "": the server says."""

    url: str
    username: str
    password: str
    address: str = ""


def connect_caldav(context: AgentContext, user_id: UUID, login: Login, *, by: str) -> CalendarConnection:
    """Keeps the grant, asks the server for its calendars, and begins to read them. Again: the same account anew.

    The main calendar counts as busy, and gets our events where the person has none that does. Takes seconds, outside
    of any transaction. Raises NotFound, Rejected (what the server says), and keeps nothing then.
    """
    if not login.url.strip() or not login.username.strip() or not login.password:
        raise Rejected("A calendar needs its server, a user name and a password.", hint="Give all three.")
    account = login.username.strip()[:254]
    clear = {"url": login.url.strip(), "username": login.username.strip(), "address": login.address.strip()}
    with context.database.read(context.workspace_id) as session:
        _user(session, context, user_id)
        tried = _grant(session, context, user_id, CALDAV, account, clear, {"password": login.password})
    found = _asked(context, tried)
    with context.database.write(context.workspace_id) as session:
        known = session.get(CalendarConnection, (context.workspace_id, tried.id), with_for_update=True)
        if known is not None and known.connection_number >= tried.connection_number:
            raise Conflict("Somebody connected this account meanwhile.", hint="Look at it again.", code="changed")
        return _connected(session, context, tried, found, by)


def connect_let_in(
    context: AgentContext, user_id: UUID, service: str, let_in: LetIn, *, grants: int, by: str
) -> CalendarConnection:
    """Keeps what the person gave at Google or Microsoft, with the calendars that came with it. Again: the same account
    anew. `grants`: as `grants_of` said when they left; Conflict where they connected or disconnected one since.

    Raises NotFound, Rejected.
    """
    if not let_in.calendars:
        raise Rejected("This account has no calendar.", hint="Make one there, then connect it again.")
    with context.database.write(context.workspace_id) as session:
        _user(session, context, user_id, lock=True)
        if grants_of(session, user_id) != grants:
            raise Conflict(
                "One of your calendars was connected or disconnected meanwhile.",
                hint="Look at the list; connect it again if it is missing.",
                code="changed",
            )
        secret = {"refresh_token": let_in.refresh_token}
        row = _grant(session, context, user_id, service, let_in.account[:254], {}, secret)
        return _connected(session, context, row, _in_order(let_in.calendars), by)


def grants_of(session: Session, user_id: UUID) -> int:
    """Rises with each connecting and disconnecting of a person's calendars."""
    total = sa.func.coalesce(sa.func.sum(col(CalendarConnection.connection_number)), 0)
    return int(session.execute(sa.select(total).where(col(CalendarConnection.user_id) == user_id)).scalar_one())


def check(context: AgentContext, connection_id: UUID, *, by: str) -> str:
    """Asks the service afresh for its calendars, and for what is taken in those that count: why it does not let us in;
    "": it does. An account that was closed and is taken again goes on. Takes seconds, outside of any transaction.

    Raises NotFound, FixConfiguration.
    """
    services = context.tools.calendar_connections
    if services is None:
        raise FixConfiguration("This process reaches no calendar service.", hint="Check it where the server runs.")
    with context.database.read(context.workspace_id) as session:
        tried = _connection(session, context, connection_id, lock=False)
    found = services.calendars(tried)
    if isinstance(found, Unknown):
        return found.reason
    with context.database.write(context.workspace_id) as session:
        row = _connection(session, context, connection_id)
        if row.connection_number != tried.connection_number:
            return ""  # connected anew meanwhile: what was tried is no longer what stands
        if row.state is not ConnectionState.ACTIVE:
            row.state, row.problem = ConnectionState.ACTIVE, ""
            row.connection_number += 1  # what keeps the old one for dead is not asked again
            session.add(row)
            session.flush()
            _record(session, context, by, "calendar.connected", connection_id, {"service": row.service})
        _keep(session, context, row, _in_order(found))
    return read_now(context, connection_id)


def read_now(context: AgentContext, connection_id: UUID) -> str:
    """Asks what is taken in those calendars of an account that count: why one did not say; "": all did. Outside of any
    transaction. Raises NotFound."""
    now, problem = context.clock.now(), ""
    with context.database.read(context.workspace_id) as session:
        row = _connection(session, context, connection_id, lock=False)
        user = session.get(User, (context.workspace_id, row.user_id))
        horizon = rules_of(session, user).horizon_days if user is not None else 0
        counts = sa.or_(col(ConnectedCalendar.counts_busy), col(ConnectedCalendar.gets_events))
        calendars = list(
            session.exec(select(ConnectedCalendar).where(ConnectedCalendar.connection_id == row.id, counts))
        )
    since, until = diary.window(now, horizon)
    for calendar in calendars:
        answer = diary.ask(context, row, calendar, since, until)
        if isinstance(answer, Unknown):
            problem = answer.reason
            continue
        with context.database.write(context.workspace_id) as session:
            diary.keep_busy(session, calendar.id, answer, now, since, until)
    return problem


def disconnect(context: AgentContext, connection_id: UUID, *, by: str) -> None:
    """Nothing of it is read any more, and it takes no time away. What was booked stays, here and there. Its service is
    asked to tell no more of changes, which takes seconds: never in a transaction."""
    telling.stop_all(context, connection_id)
    with context.database.write(context.workspace_id) as session:
        row = _connection(session, context, connection_id)
        if row.state is ConnectionState.OFF:
            return
        row.state, row.credentials_sealed, row.problem = ConnectionState.OFF, "", ""
        row.connection_number += 1
        session.add(row)
        mine = sa.select(col(ConnectedCalendar.id)).where(col(ConnectedCalendar.connection_id) == row.id)
        gone = sa.delete(BusySpan).where(col(BusySpan.connected_calendar_id).in_(mine))
        session.execute(gone.execution_options(synchronize_session=False))
        off = sa.update(ConnectedCalendar).where(col(ConnectedCalendar.connection_id) == row.id)
        off = off.values(gets_events=False, busy_read_at=None, cursor="")
        session.execute(off.execution_options(synchronize_session=False))
        _record(session, context, by, "calendar.disconnected", connection_id, {"service": row.service})


def use(
    context: AgentContext,
    calendar_id: UUID,
    *,
    counts_busy: bool | None = None,
    gets_events: bool | None = None,
    makes_rooms: bool | None = None,
    by: str,
) -> ConnectedCalendar:
    """What is None stays. A person's events go to one calendar: choosing another takes them from the one before.

    Raises NotFound, Rejected (nobody may write there).
    """
    with context.database.write(context.workspace_id) as session:
        row = session.get(ConnectedCalendar, (context.workspace_id, calendar_id), with_for_update=True)
        if row is None:
            raise NotFound("There is no such calendar.", hint="See the list of connected calendars.")
        if gets_events and not row.may_write:
            raise Rejected("Nobody may write to this calendar.", hint="Choose one of your own.")
        if gets_events:
            others = sa.update(ConnectedCalendar).where(
                col(ConnectedCalendar.user_id) == row.user_id, col(ConnectedCalendar.id) != row.id
            )
            session.execute(others.values(gets_events=False).execution_options(synchronize_session="fetch"))
        row.counts_busy = row.counts_busy if counts_busy is None else counts_busy
        row.gets_events = row.gets_events if gets_events is None else gets_events
        row.makes_rooms = row.makes_rooms if makes_rooms is None else makes_rooms
        session.add(row)
        session.flush()
        chosen = {"counts_busy": row.counts_busy, "gets_events": row.gets_events, "makes_rooms": row.makes_rooms}
        _record(session, context, by, "calendar.chosen", row.id, chosen)
        return row


def set_rules(
    context: AgentContext,
    user_id: UUID,
    rules: Mapping[str, Any],
    *,
    by: str,
    hours: Mapping[str, Any] | None = None,
    zone: str | None = None,
    check: Callable[[Session, User], None] = lambda _session, _user: None,
) -> Rules:
    """When a person can be met, whole; `hours` and `zone` of None stay. `check`: of what stands before, in the
    transaction. Raises NotFound, RulesRefused, what `check` raises."""
    with context.database.write(context.workspace_id) as session:
        user = _user(session, context, user_id, lock=True)
        check(session, user)
        workspace = session.get(Workspace, context.workspace_id)
        wanted_zone = user.time_zone or (workspace.time_zone if workspace else "UTC") if zone is None else zone
        wanted_hours = user.working_hours if hours is None else hours
        found = checked(rules, wanted_hours, wanted_zone)
        if hours is not None:
            user.working_hours = dict(hours)
        if zone is not None:
            user.time_zone = zone
        session.add(user)
        kept = json.loads(found.model_dump_json())
        row = {"id": user_id, "rules": kept, "updated_at": context.clock.now()}
        bulk.upsert(session, Availability, [row])
        _record(session, context, by, "availability.changed", user_id, {}, kind="user")
        return found


def calendars_of(session: Session, user_id: UUID | None = None) -> list[tuple[CalendarConnection, ConnectedCalendar]]:
    """Of one person, or of all, without those that were taken away."""
    query = (
        select(CalendarConnection, ConnectedCalendar)
        .join(
            ConnectedCalendar,
            (col(ConnectedCalendar.workspace_id) == col(CalendarConnection.workspace_id))
            & (col(ConnectedCalendar.connection_id) == col(CalendarConnection.id)),
        )
        .where(CalendarConnection.state != ConnectionState.OFF)
        .order_by(col(CalendarConnection.account), col(ConnectedCalendar.name), col(ConnectedCalendar.id))
    )
    if user_id is not None:
        query = query.where(CalendarConnection.user_id == user_id)
    return [(connection, calendar) for connection, calendar in session.exec(query)]


def _asked(context: AgentContext, connection: CalendarConnection) -> list[CalendarInfo]:
    """Of one that is not kept yet. The account that is kept for a connection is not asked: it may have been made of
    what was refused a moment ago."""
    services = context.tools.calendar_connections
    try:
        found = services.calendars(connection) if services else context.tools.calendar_account(connection).calendars()
    except SalesOSError as error:
        raise Rejected(str(error), hint=error.hint or "Check the address, the user name and the password.") from error
    if isinstance(found, Unknown):
        raise Rejected(found.reason, hint="Check the address, the user name and the password.")
    if not found:
        raise Rejected("This account has no calendar.", hint="Make one there, then connect it again.")
    return _in_order(found)


def _in_order(found: Sequence[CalendarInfo]) -> list[CalendarInfo]:
    return sorted(found, key=lambda info: (not info.primary, not info.may_write, info.name))[:_MOST]


def _grant(
    session: Session,
    context: AgentContext,
    user_id: UUID,
    service: str,
    account: str,
    clear: dict[str, str],
    secret: dict[str, str],
) -> CalendarConnection:
    """Not kept yet."""
    connection_id = stable_id("calendar_connection", context.workspace_id, user_id, service, account)
    before = session.get(CalendarConnection, (context.workspace_id, connection_id))
    now = context.clock.now()
    return CalendarConnection(
        workspace_id=context.workspace_id,
        id=connection_id,
        user_id=user_id,
        service=service,
        account=account,
        connection=clear,
        credentials_sealed=calendar_connections.sealed(context.sealer, connection_id, secret),
        connection_number=(before.connection_number if before is not None else 0) + 1,
        state=ConnectionState.ACTIVE,
        connected_at=now,
        created_at=before.created_at if before is not None else now,
    )


def _connected(
    session: Session, context: AgentContext, row: CalendarConnection, found: list[CalendarInfo], by: str
) -> CalendarConnection:
    session.merge(row)
    session.flush()
    _keep(session, context, row, found)
    _record(session, context, by, "calendar.connected", row.id, {"service": row.service})
    return session.get_one(CalendarConnection, (context.workspace_id, row.id))


def _keep(session: Session, context: AgentContext, row: CalendarConnection, found: list[CalendarInfo]) -> None:
    """What was chosen before stays chosen; of a new account the first calendar counts."""
    query = select(ConnectedCalendar).where(ConnectedCalendar.connection_id == row.id)
    known = {calendar.calendar_id: calendar for calendar in session.exec(query)}
    has_target = session.exec(
        select(ConnectedCalendar.id).where(ConnectedCalendar.user_id == row.user_id, col(ConnectedCalendar.gets_events))
    ).first()
    for number, info in enumerate(found):
        calendar = known.pop(info.calendar_id, None)
        if calendar is None:
            calendar = ConnectedCalendar(
                workspace_id=row.workspace_id,
                id=stable_id("connected_calendar", row.workspace_id, row.id, info.calendar_id),
                connection_id=row.id,
                user_id=row.user_id,
                calendar_id=info.calendar_id,
                counts_busy=number == 0 or info.primary,
                gets_events=False,
            )
        calendar.name, calendar.time_zone, calendar.may_write = info.name[:300], info.time_zone[:64], info.may_write
        if has_target is None and info.may_write:
            calendar.gets_events, has_target = True, calendar.id
        session.add(calendar)
    for gone in known.values():  # not listed any more: it neither counts nor gets anything
        gone.counts_busy = gone.gets_events = False
        session.add(gone)


def _user(session: Session, context: AgentContext, user_id: UUID, *, lock: bool = False) -> User:
    user = session.get(User, (context.workspace_id, user_id), with_for_update=lock)
    if user is None or not user.active:
        raise NotFound("There is no such user.")
    return user


def _connection(
    session: Session, context: AgentContext, connection_id: UUID, *, lock: bool = True
) -> CalendarConnection:
    row = session.get(CalendarConnection, (context.workspace_id, connection_id), with_for_update=lock)
    if row is None:
        raise NotFound("There is no such calendar account.", hint="See the list of connected calendars.")
    return row


def _record(
    session: Session,
    context: AgentContext,
    by: str,
    action: str,
    subject_id: UUID,
    details: dict[str, Any],
    kind: str = "calendar",
) -> None:
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=by,
        action=action,
        subject_kind=kind,
        subject_id=subject_id,
        details=details,
    )
