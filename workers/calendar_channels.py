"""Calendars whose services tell of changes: they are asked to, again before that ends, and to stop where it is over.

    written here, asked there, written here      each a step of its own; killed in between, the same is asked for again

A channel that takes over is confirmed before the one before it is stopped, so that nothing goes untold. What goes wrong
only waits: a calendar without a channel that lives is read every minute (workers/calendar_sync.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from agents.booking import telling
from agents.context import AgentContext
from core.errors import FixConfiguration, SalesOSError
from core.logging import get_logger
from core.redaction import redact_text
from store.models import CalendarChannel, CalendarConnection, ChannelState, ConnectedCalendar, ConnectionState
from store.queries import calendar_channels as channels
from tools.ports.calendar import AlreadyTells, CalendarPush, PushChannel, Unanswered
from tools.webhooks.calendar_notices import path_of
from tools.webhooks.channel_token import token_of, word_of

_log = get_logger(__name__)
_SHARE: Final = 2  # asked anew when half of what a service gave is over: days are left for its faults
SOON, LATER = timedelta(minutes=10), timedelta(hours=6)  # after a fault that passes, and one that a person must mend
CONFIRMED_WITHIN: Final = timedelta(minutes=10)  # Google posts its first message within seconds
_CROWDED: Final = "Too many channels of it are still open there; they end within days."


@dataclass(frozen=True, slots=True)
class _Place:
    calendar: ConnectedCalendar
    connection: CalendarConnection
    read: bool
    rows: Sequence[CalendarChannel]  # the newest first


def keep(context: AgentContext) -> int:
    """Every calendar of the workspace, as it is now. Returns how often services were asked for something."""
    base_url = telling.push_base(context.settings)
    with context.database.read(context.workspace_id) as session:
        places = _places(session)
    asked = 0
    for place in places:
        for row in place.rows:
            asked += _retire(context, place, row, base_url)
        if place.read and base_url:
            asked += _tend(context, place, base_url)
    return asked


def _places(session: Session) -> list[_Place]:
    """Those that services are asked about, or were."""
    rows: dict[UUID, list[CalendarChannel]] = {}
    for row in session.exec(select(CalendarChannel).order_by(col(CalendarChannel.asked_at).desc())):
        rows.setdefault(row.connected_calendar_id, []).append(row)
    query = (
        select(ConnectedCalendar, CalendarConnection, telling.is_read())
        .join(
            CalendarConnection,
            (col(CalendarConnection.workspace_id) == col(ConnectedCalendar.workspace_id))
            & (col(CalendarConnection.id) == col(ConnectedCalendar.connection_id)),
        )
        .where(col(CalendarConnection.service).in_(telling.LABELS))
        .order_by(col(ConnectedCalendar.id))
    )
    return [
        _Place(calendar, connection, bool(read), rows.get(calendar.id, []))
        for calendar, connection, read in session.exec(query)
        if read or calendar.id in rows
    ]


# ---- asked for


def _tend(context: AgentContext, place: _Place, base_url: str) -> int:
    now = context.clock.now()
    if place.calendar.channel_due_at is not None and place.calendar.channel_due_at > now:
        return 0
    mine = [row for row in place.rows if _is_wanted(place, row, base_url)]
    asking = next((row for row in mine if row.state is ChannelState.ASKING), None)
    if asking is not None:
        return _ask(context, place, asking.id, base_url)
    living = next((row for row in mine if row.state is ChannelState.LIVING and row.expires_at > now), None)
    if living is None:
        return _ask(context, place, None, base_url)
    half = living.asked_at + (living.expires_at - living.asked_at) / _SHARE
    if living.wishes_at is None and (now < half or living.confirmed_at is None):
        return 0
    return _prolong(context, place, living, base_url)


def _is_wanted(place: _Place, row: CalendarChannel, base_url: str) -> bool:
    return (
        place.read and row.base_url == base_url and row.connection_number == place.connection.connection_number
    )  # fmt: skip


def _ask(context: AgentContext, place: _Place, channel_id: UUID | None, base_url: str) -> int:
    """`channel_id`: of a channel that was begun, and forgotten or not answered; None: another."""
    began, again = context.clock.now(), channel_id is not None
    row_id = channel_id or context.ids.new()
    with context.database.write(context.workspace_id) as session:
        if again:
            mine = channels.take(session, began, row_id, ChannelState.ASKING)
        else:
            mine = channels.begin(session, began, row_id, place.calendar, place.connection, base_url)
            if not mine and len(place.rows) >= channels.MOST:
                channels.note(session, place.calendar.id, _CROWDED, began + LATER)
    if not mine:
        return 0

    def ask(account: CalendarPush) -> PushChannel:
        address = f"{base_url}{path_of(place.connection.service)}{token_of(context.sealer, row_id)}"
        word = word_of(context.sealer, row_id)
        return account.watch(place.calendar.calendar_id, str(row_id), address, word, again=again)

    return _written(context, place, row_id, began, ask)


def _prolong(context: AgentContext, place: _Place, row: CalendarChannel, base_url: str) -> int:
    began = context.clock.now()
    try:
        account = context.tools.calendar_account(place.connection)
    except SalesOSError as error:
        return _noted(context, place, error)
    if not isinstance(account, CalendarPush):
        return 0
    if not account.prolongs:
        return _ask(context, place, None, base_url)
    with context.database.write(context.workspace_id) as session:
        if not channels.take(session, began, row.id, ChannelState.LIVING):
            return 0
    known = PushChannel(row.remote_id, row.resource_id, row.expires_at)
    try:
        held = account.prolong(known)
    except SalesOSError as error:
        with context.database.write(context.workspace_id) as session:
            channels.later(session, row.id, None)
        return _noted(context, place, error)
    if held is None:
        with context.database.write(context.workspace_id) as session:
            channels.gone(session, row.id)
        return 1 + _ask(context, place, None, base_url)
    return _written(context, place, row.id, began, lambda _account: held)


def _written(
    context: AgentContext,
    place: _Place,
    row_id: UUID,
    began: datetime,
    ask: Callable[[CalendarPush], PushChannel],
) -> int:
    """What came of asking. Killed before this ends, the row stands, and the same is asked for again."""
    try:
        account = context.tools.calendar_account(place.connection)
        if not isinstance(account, CalendarPush):
            raise FixConfiguration("Its service tells nobody of changes.")
        held = ask(account)
    except Unanswered as error:  # it may be there: the row stays, and is asked for by the same name
        with context.database.write(context.workspace_id) as session:
            channels.later(session, row_id, context.clock.now() + SOON)
        return _noted(context, place, error)
    except AlreadyTells:
        with context.database.write(context.workspace_id) as session:
            channels.adopt(session, row_id)
        return 1
    except SalesOSError as error:
        with context.database.write(context.workspace_id) as session:
            channels.gone(session, row_id)
        return _noted(context, place, error)
    with context.database.write(context.workspace_id) as session:
        wanted = channels.made(
            session,
            began,
            row_id,
            remote_id=held.channel_id,
            resource_id=held.resource_id,
            expires_at=held.expires_at,
            confirmed=account.confirms,
        )
    if not wanted and account.unwatch(held):
        with context.database.write(context.workspace_id) as session:
            channels.gone(session, row_id)
    return 1


def _noted(context: AgentContext, place: _Place, error: SalesOSError) -> int:
    wait = LATER if isinstance(error, FixConfiguration) else SOON
    reason = redact_text(str(error))
    _log.warning("a calendar's service was not asked to tell", calendar=str(place.calendar.id), reason=reason)
    with context.database.write(context.workspace_id) as session:
        channels.note(session, place.calendar.id, reason, context.clock.now() + wait)
    return 1


# ---- stopped


def _retire(context: AgentContext, place: _Place, row: CalendarChannel, base_url: str) -> int:
    """Ends what is over, and stops what nobody needs."""
    now = context.clock.now()
    if row.expires_at <= now:
        with context.database.write(context.workspace_id) as session:
            channels.gone(session, row.id)
        return 0
    if row.state is not ChannelState.LEAVING:
        forgotten = row.lease_until is None or row.lease_until <= now
        silent = row.state is ChannelState.LIVING and row.confirmed_at is None and now - row.asked_at > CONFIRMED_WITHIN
        unneeded = not _is_wanted(place, row, base_url) or _is_superseded(place, row, base_url)
        if not forgotten or not (silent or unneeded):
            return 0
        with context.database.write(context.workspace_id) as session:
            channels.leave(session, row.id)
            if silent and not unneeded:
                said = f"{telling.LABELS[row.service]} did not reach {base_url} (SALESOS_PUBLIC_URL)"
                channels.note(session, place.calendar.id, said, now + LATER)
    return _stop(context, place, row)


def _is_superseded(place: _Place, row: CalendarChannel, base_url: str) -> bool:
    return row.state is ChannelState.LIVING and any(
        other.state is ChannelState.LIVING
        and other.confirmed_at is not None
        and other.asked_at > row.asked_at
        and _is_wanted(place, other, base_url)
        for other in place.rows
    )


def _stop(context: AgentContext, place: _Place, row: CalendarChannel) -> int:
    """A new grant of the same account stops what an older one asked for."""
    if place.connection.state is not ConnectionState.ACTIVE or not telling.can_stop(row):
        return 0  # it ends by itself
    with context.database.write(context.workspace_id) as session:
        if not channels.take(session, context.clock.now(), row.id, ChannelState.LEAVING):
            return 0
    try:
        account = context.tools.calendar_account(place.connection)
        over = isinstance(account, CalendarPush) and telling.stop(account, row)
    except SalesOSError:
        over = False
    with context.database.write(context.workspace_id) as session:
        if over:
            channels.gone(session, row.id)
        else:
            channels.later(session, row.id, context.clock.now() + SOON)
    return 1
