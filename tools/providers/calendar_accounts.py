"""Calendars of our people at services outside: the account behind a connection, and how its owner lets us in.

Access tokens are kept in memory, one `AccessTokens` a connection and process; refresh tokens and passwords are sealed
in the connection's row. A connection has a number: everything that is made here is of one number, and what an old one
hears (that it is dead, that its token was replaced) changes nothing of a newer one.
"""

from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

import httpx2
from sqlmodel import Session

from core.clock import Clock
from core.crypto import Sealer
from core.errors import FixConfiguration, Rejected, RetryAt, SalesOSError
from core.ids import Ids
from core.settings import Settings
from store.models import CalendarConnection, ConnectionState, User
from store.queries import calendar_connections as connections
from store.session import Database
from tools.ports.calendar import CalendarAccount, CalendarInfo
from tools.ports.unknown import Unknown
from tools.providers.calendar.caldav import CalDavCalendar
from tools.providers.calendar.caldav_wire import CalDavLogin, GuardedDav
from tools.providers.calendar.doors import GOOGLE_CALENDAR, MICROSOFT_CALENDAR
from tools.providers.calendar.google import GoogleCalendar
from tools.providers.calendar.graph import GraphCalendar
from tools.providers.grants import OncePerConnection, google_client, kept_tokens, microsoft_client
from tools.providers.oauth import AccessTokens, DeadGrant, OAuthClient
from tools.providers.oauth_grant import SignIn, begin, redeem
from tools.providers.vendor import microsoft_graph
from tools.providers.vendor.account import Wire
from tools.registry import LetIn

GOOGLE: Final = "google"
GRAPH: Final = "graph"
CALDAV: Final = "caldav"
_DOORS: Final = {GOOGLE: GOOGLE_CALENDAR, GRAPH: MICROSOFT_CALENDAR}


class CalendarAccounts:
    """Safe to share between threads."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        ids: Ids,
        sealer_of: Callable[[UUID], Sealer],
        wire: Wire | None = None,
        dav: Wire | None = None,
    ) -> None:
        """`wire`: to Google and Microsoft. `dav`: to the servers that people name."""
        self._settings = settings
        self._database = database
        self._clock = clock
        self._ids = ids
        self._sealer_of = sealer_of
        self._wire = wire or Wire(httpx2.Client(trust_env=False), clock)
        guarded = GuardedDav(allow_private=settings.calendar_private_hosts)
        self._dav = dav or Wire(httpx2.Client(transport=guarded, trust_env=False), clock)
        self._kept = OncePerConnection()

    def account(self, connection: CalendarConnection) -> CalendarAccount:
        """One a connection, process and number. Raises FixConfiguration, DeadGrant where the service let us in no
        longer: it is not asked again."""
        if connection.state is ConnectionState.BROKEN:
            raise DeadGrant(connection.problem or "The calendar no longer lets us in.", hint="Connect it again.")
        key = (connection.workspace_id, connection.id)
        return self._kept.get(key, connection.connection_number, lambda: self._made(connection))

    def _made(self, connection: CalendarConnection) -> CalendarAccount:
        zone = self._zone_of(connection)
        match connection.service:
            case "google":
                return GoogleCalendar(self._tokens(connection), self._wire, zone=zone)
            case "graph":
                return GraphCalendar(self._tokens(connection), self._wire, zone=zone)
            case "caldav":
                return CalDavCalendar(self._login(connection), self._dav, zone=zone)
        raise FixConfiguration(f"There is no calendar service {connection.service!r} here.")

    def _zone_of(self, connection: CalendarConnection) -> str:
        with self._database.read(connection.workspace_id) as session:
            user = session.get(User, (connection.workspace_id, connection.user_id))
            return (user.time_zone or "") if user is not None else ""

    def _login(self, connection: CalendarConnection) -> CalDavLogin:
        secret = connections.credentials(self._sealer_of(connection.workspace_id), connection)
        own = connection.connection
        if not own.get("url") or not secret.get("password"):
            raise FixConfiguration("This calendar has no server or no password yet.", hint="Connect it on its page.")
        return CalDavLogin(
            str(own["url"]),
            str(own.get("username") or connection.account),
            secret["password"],
            str(own.get("address", "")),
        )

    # ---- tokens

    def _tokens(self, connection: CalendarConnection) -> AccessTokens:
        workspace_id, connection_id = connection.workspace_id, connection.id
        number = connection.connection_number
        sealer = self._sealer_of(workspace_id)

        def newest(session: Session) -> str:
            row = session.get(CalendarConnection, (workspace_id, connection_id))
            if row is None or row.connection_number != number:
                return ""
            return connections.credentials(sealer, row).get("refresh_token", "")

        kept = connections.credentials(sealer, connection).get("refresh_token", "")
        if not kept:
            raise DeadGrant(f"{connection.account} is not connected yet.", hint="Connect it on its page.")
        return kept_tokens(
            self._database, workspace_id, self._client(connection), kept, self._wire,
            close=lambda session, said: connections.close(
                session, self._clock, self._ids, connection_id, number, said
            ),
            rotate=lambda session, token: connections.rotate(session, sealer, connection_id, number, token),
            newest=newest,
        )  # fmt: skip

    def _client(self, connection: CalendarConnection) -> OAuthClient:
        """The connection's own application, else the one of the settings. Raises FixConfiguration."""
        secret = connections.credentials(self._sealer_of(connection.workspace_id), connection).get("client_secret", "")
        own = {"client_id": str(connection.connection.get("client_id", "")), "secret": secret}
        if connection.service == GOOGLE:
            return google_client(self._settings, **own)
        return microsoft_client(self._settings, tenant=self._tenant(connection), **own)

    def _tenant(self, connection: CalendarConnection) -> str:
        return str(connection.connection.get("tenant") or self._settings.microsoft_tenant)

    # ---- how its owner lets us in

    def begin(self, connection: CalendarConnection, *, redirect_uri: str, state: str, verifier: str) -> str:
        """Where the person goes. Raises Rejected (no sign-in at this service), FixConfiguration."""
        return begin(
            _door(connection),
            self._client(connection),
            sends=True,
            tenant=self._tenant(connection),
            redirect_uri=redirect_uri,
            state=state,
            verifier=verifier,
            address=connection.account,
        )

    def redeem(self, connection: CalendarConnection, *, code: str, redirect_uri: str, verifier: str) -> LetIn:
        """Raises NotGranted and Rejected (a right is missing, another account), FixConfiguration, RetryAt."""
        client = self._client(connection)
        door = _door(connection)
        granted = redeem(
            door, client, self._wire, code=code, verifier=verifier, redirect_uri=redirect_uri, sends=True
        )  # fmt: skip
        tokens = AccessTokens(client, granted.refresh_token, self._wire, given=granted.access_token)
        listed, names = self._seen(connection.service, tokens)
        if connection.account and connection.account.lower() not in {name.lower() for name in names}:
            raise Rejected(
                f"That is not the account of {connection.account}.", hint=f"Choose that account at {door.label}."
            )
        account = connection.account or next(iter(names), "")
        if not account:
            raise Rejected(f"{door.label} does not say whose account that is.", hint="Choose another account there.")
        return LetIn(account, granted.refresh_token, tuple(listed))

    def _seen(self, service: str, tokens: AccessTokens) -> tuple[Sequence[CalendarInfo], list[str]]:
        """With the token that came first, so that nothing is rotated yet: (its calendars, what the account is known
        by). Raises SalesOSError."""
        google = service == GOOGLE
        listed = (GoogleCalendar if google else GraphCalendar)(tokens, self._wire).calendars()
        if isinstance(listed, Unknown):
            raise RetryAt(listed.reason, hint="Connect it again in a minute.")
        if google:
            return listed, [info.calendar_id for info in listed if info.primary]  # the main one's id is the address
        body = microsoft_graph.connect(tokens, self._wire).get("/me", {"$select": "mail,userPrincipalName"}).body
        own = body if isinstance(body, dict) else {}
        return listed, [str(own[name]) for name in ("mail", "userPrincipalName") if own.get(name)]

    # ---- whether we are let in

    def calendars(self, connection: CalendarConnection) -> Sequence[CalendarInfo] | Unknown:
        """Asked afresh, whatever was heard before."""
        try:
            return self._made(connection).calendars()
        except SalesOSError as error:
            return Unknown(str(error))

    def problem(self, connection: CalendarConnection) -> str:
        """Why we are not let in, asked afresh; "": we are."""
        found = self.calendars(connection)
        return found.reason if isinstance(found, Unknown) else ""


def _door(connection: CalendarConnection) -> SignIn:
    door = _DOORS.get(connection.service)
    if door is None:
        raise Rejected("Nobody signs in at this service: it takes a user name and a password.")
    return door
