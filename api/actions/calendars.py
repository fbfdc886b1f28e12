"""A person's calendars and when they can be met: whose they are, the right, and what is refused.

One's own take `work:write`; anybody else's `users:write` too. Without it other people's ids are nobody's.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session

from agents.booking import connecting
from agents.booking.connecting import Login
from agents.booking.free_times import FreeTimes, Wanted, next_free_times
from agents.booking.rules import RulesRefused
from api import etags
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.problems import Invalid
from api.views import calendars as views
from api.views.calendars import AvailabilityOut, CalendarConnectionOut, CalendarOut
from core.errors import NotFound, Rejected
from core.redaction import redact_text
from store.models import CalendarConnection, ConnectedCalendar, ConnectionState, User
from tools.calendar.working_hours import DAYS


def owner_of(principal: Principal, user_id: UUID | None) -> UUID:
    """Whose calendars are meant; None: one's own. Raises Forbidden, NotFound, Rejected (a program's own key)."""
    principal.require(Permission.WORK)
    wanted = user_id or principal.user_id
    if wanted is None:
        raise Rejected("A calendar belongs to a person.", hint="Give `user_id`.")
    if wanted != principal.user_id and not principal.may(Permission.USERS):
        raise _no_user()
    return wanted


def user_of(session: Session, principal: Principal, user_id: UUID | None) -> User:
    """Raises as `owner_of`."""
    user = session.get(User, (principal.workspace_id, owner_of(principal, user_id)))
    if user is None or not user.active:
        raise _no_user()
    return user


def connection_of(deps: Dependencies, principal: Principal, connection_id: UUID) -> CalendarConnection:
    """Raises Forbidden, NotFound (also for somebody else's, and for one that was taken away)."""
    principal.require(Permission.WORK)
    with deps.database.read(principal.workspace_id) as session:
        row = session.get(CalendarConnection, (principal.workspace_id, connection_id))
    if row is None or row.state is ConnectionState.OFF or not _may(principal, row.user_id):
        raise NotFound("There is no such calendar account.", hint="See the list of connected calendars.")
    return row


def connect_caldav(
    deps: Dependencies, principal: Principal, login: Login, *, user_id: UUID | None = None
) -> tuple[CalendarConnectionOut, bool]:
    """The account with its calendars, and whether it is new. Takes seconds. Raises Forbidden, NotFound, Rejected."""
    owner = owner_of(principal, user_id)
    context = deps.context_for(principal.workspace_id)
    row = connecting.connect_caldav(context, owner, login, by=principal.actor)
    connecting.read_now(context, row.id)
    with deps.database.read(principal.workspace_id) as session:
        return views.connection(session, deps.settings, deps.clock.now(), row.id), row.connection_number == 1


def change(deps: Dependencies, principal: Principal, calendar_id: UUID, **chosen: bool | None) -> CalendarOut:
    """`chosen`: counts_busy, gets_events, makes_rooms; None stays. Raises Forbidden, NotFound, Rejected."""
    principal.require(Permission.WORK)
    with deps.database.read(principal.workspace_id) as session:
        row = session.get(ConnectedCalendar, (principal.workspace_id, calendar_id))
    if row is None or not _may(principal, row.user_id):
        raise NotFound("There is no such calendar.", hint="See the list of connected calendars.")
    connection_of(deps, principal, row.connection_id)
    context = deps.context_for(principal.workspace_id)
    used = connecting.use(context, calendar_id, **chosen, by=principal.actor)
    with deps.database.read(principal.workspace_id) as session:
        return views.calendar(session, deps.settings, deps.clock.now(), used)


def check(deps: Dependencies, principal: Principal, connection_id: UUID) -> str:
    """Why the account does not let us in, asked now; "": it does. Takes seconds. Raises Forbidden, NotFound,
    FixConfiguration."""
    connection_of(deps, principal, connection_id)
    context = deps.context_for(principal.workspace_id)
    return redact_text(connecting.check(context, connection_id, by=principal.actor))[:1_000]


def disconnect(deps: Dependencies, principal: Principal, connection_id: UUID) -> None:
    """What was booked stays. Raises Forbidden, NotFound."""
    connection_of(deps, principal, connection_id)
    connecting.disconnect(deps.context_for(principal.workspace_id), connection_id, by=principal.actor)


def set_availability(
    deps: Dependencies,
    principal: Principal,
    user_id: UUID | None,
    rules: Mapping[str, Any],
    *,
    hours: Mapping[str, Sequence[Any]] | None = None,
    zone: str | None = None,
    if_match: str | None = None,
) -> AvailabilityOut:
    """Whole; `hours` and `zone` of None stay. Raises Forbidden, NotFound, Invalid, PreconditionFailed."""
    owner = owner_of(principal, user_id)
    context = deps.context_for(principal.workspace_id)
    whole = _all_days(hours) if hours is not None else None

    def check_version(session: Session, user: User) -> None:
        etags.check(if_match, views.availability(session, user))

    try:
        connecting.set_rules(
            context, owner, rules, by=principal.actor, hours=whole, zone=zone, check=check_version
        )  # fmt: skip
    except RulesRefused as error:
        raise invalid(error) from None
    with deps.database.read(principal.workspace_id) as session:
        return views.availability(session, user_of(session, principal, owner))


def free_times(
    deps: Dependencies,
    principal: Principal,
    user_id: UUID | None,
    *,
    zone: str = "",
    wanted: Wanted | None = None,
) -> FreeTimes:
    """The next free times as prospects would see them; with `wanted`, were that set. Takes seconds where calendars are
    asked. Raises Forbidden, NotFound, Invalid."""
    owner = owner_of(principal, user_id)
    try:
        return next_free_times(deps.context_for(principal.workspace_id), owner, zone=zone, wanted=wanted)
    except RulesRefused as error:
        raise invalid(error) from None


def invalid(error: RulesRefused) -> Invalid:
    listed = [{"path": where, "message": why} for where, why in error.problems]
    return Invalid(error.message, listed, hint=error.hint)


def _all_days(hours: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
    """Every day by name: days that are all left out would be nine to five, and nobody said so."""
    return {**{name: [] for name in DAYS}, **hours}


def _may(principal: Principal, owner: UUID) -> bool:
    return owner == principal.user_id or principal.may(Permission.USERS)


def _no_user() -> NotFound:
    return NotFound("There is no such user.", hint="Leave out `user_id` for your own calendars.")
