"""The account behind a calendar's connection: tokens that die or are replaced, and how its owner lets us in.

| real | made up |
|---|---|
| both databases, our clients and their tokens | Google and Microsoft; time is virtual |
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx2
import pytest
from pydantic import SecretStr
from sqlmodel import col, select

from agents.context import AgentContext
from core.clock import VirtualClock
from core.errors import FixConfiguration, Rejected, SalesOSError
from core.ids import stable_id
from store.models import Alert, CalendarConnection, ConnectionState, Mailbox, User
from store.queries import calendar_connections as connections
from tests.support.crash.office import Office, sealer_of
from tests.support.fake_google_calendar import FakeGoogle
from tests.support.fake_graph_calendar import FakeGraph
from tests.support.vendors import SECRET, Answer, FakeVendor, answer
from tools.ports.unknown import Gap, Unknown
from tools.providers.calendar_accounts import CalendarAccounts
from tools.providers.oauth import DeadGrant

SCOPES = {
    "google": "https://www.googleapis.com/auth/calendar.events "
    "https://www.googleapis.com/auth/calendar.calendarlist.readonly https://www.googleapis.com/auth/calendar.freebusy",
    "graph": "Calendars.ReadWrite User.Read",
}
BACK = "https://sales.example/calendars/connect/back"


@dataclass
class Cloud:
    google: FakeGoogle = field(default_factory=FakeGoogle)
    graph: FakeGraph = field(default_factory=FakeGraph)
    alive: set[str] = field(default_factory=lambda: {"first"})
    rotates: bool = False
    scope: str = ""
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> Answer:
        if request.url.host in ("oauth2.googleapis.com", "login.microsoftonline.com"):
            return self._token({name: values[0] for name, values in parse_qs(request.content.decode()).items()})
        if request.url.path.endswith("/me"):
            return answer({"mail": "Ada@example.com", "userPrincipalName": "ada@corp.example"})
        return self.graph(request) if request.url.host == "graph.microsoft.com" else self.google(request)

    def _token(self, form: dict[str, str]) -> Answer:
        given: dict[str, Any] = {"access_token": SECRET, "token_type": "Bearer", "expires_in": 3600}
        if form["grant_type"] == "authorization_code":
            assert form["code_verifier"] == "v" * 43
            return answer(given | {"refresh_token": "granted", "scope": self.scope})
        self.asked.append(form["refresh_token"])
        if form["refresh_token"] not in self.alive:
            return answer({"error": "invalid_grant"}, 400)
        if self.rotates:
            given["refresh_token"] = f"{form['refresh_token']}+"
            self.alive.add(given["refresh_token"])
        return answer(given)


@dataclass
class Desk:
    context: AgentContext
    cloud: Cloud
    connection_id: UUID

    def process(self, **changes: Any) -> CalendarAccounts:
        """As a worker that was just started has it."""
        old = self.context
        assert isinstance(old.clock, VirtualClock)
        given = {"google_client_id": "app", "google_client_secret": SecretStr(SECRET), "microsoft_client_id": "app"}
        settings = old.settings.model_copy(update=given | changes)
        wire = FakeVendor(self.cloud, clock=old.clock).wire()
        return CalendarAccounts(settings, old.database, old.clock, old.ids, sealer_of, wire)

    def row(self) -> CalendarConnection:
        with self.context.database.read(self.context.workspace_id) as session:
            found = session.get(CalendarConnection, (self.context.workspace_id, self.connection_id))
            assert found is not None
            return found

    def change(self, **columns: Any) -> None:
        with self.context.database.write(self.context.workspace_id) as session:
            row = session.get(CalendarConnection, (self.context.workspace_id, self.connection_id))
            for name, value in columns.items():
                setattr(row, name, value)
            session.add(row)

    def lets_in(self, **values: str) -> None:
        sealed = connections.sealed(sealer_of(self.context.workspace_id), self.connection_id, values)
        self.change(credentials_sealed=sealed, connection_number=self.row().connection_number + 1, state="active")

    def kept(self) -> dict[str, str]:
        return connections.credentials(sealer_of(self.context.workspace_id), self.row())

    def alerts(self) -> list[str]:
        with self.context.database.read(self.context.workspace_id) as session:
            return list(session.exec(select(Alert.text).order_by(col(Alert.id))))


@pytest.fixture
def desk(office: Office) -> Desk:
    context = office.context
    connection_id = stable_id("calendar_connection", context.workspace_id, "accounts")
    with context.database.write(context.workspace_id) as session:
        user_id = session.exec(select(Mailbox.user_id)).first()
        user = session.get(User, (context.workspace_id, user_id))
        assert user is not None
        user.time_zone = "Asia/Tokyo"
        session.add(user)
        session.add(
            CalendarConnection(
                workspace_id=context.workspace_id, id=connection_id, user_id=user.id, service="google",
                account="ada@example.com", created_at=context.clock.now(),
            )
        )  # fmt: skip
    made = Desk(context, Cloud(), connection_id)
    made.lets_in(refresh_token="first")
    return made


def test_a_connection_is_one_account_with_one_token_a_process(desk: Desk) -> None:
    accounts = desk.process()
    first = accounts.account(desk.row())
    assert not isinstance(first.calendars(), Unknown)
    assert accounts.account(desk.row()) is first
    assert not isinstance(accounts.account(desk.row()).calendars(), Unknown)
    assert desk.cloud.asked == ["first"]
    desk.lets_in(refresh_token="first")
    assert accounts.account(desk.row()) is not first  # connected anew


def test_a_dead_grant_is_told_once_and_asked_for_no_more(desk: Desk) -> None:
    desk.cloud.alive.clear()
    old = desk.row()
    for _ in range(3):
        found = desk.process().account(old).calendars()
        assert isinstance(found, Unknown)
        assert found.gap is Gap.REFUSED
    assert desk.row().state is ConnectionState.BROKEN
    assert "no longer lets us in" in desk.row().problem
    assert len(desk.alerts()) == 1
    asked = len(desk.cloud.asked)
    with pytest.raises(DeadGrant):
        desk.process().account(desk.row())
    assert len(desk.cloud.asked) == asked


def test_what_an_old_connection_hears_changes_nothing_of_a_newer_one(desk: Desk) -> None:
    old = desk.process().account(desk.row())
    desk.lets_in(refresh_token="second")
    desk.cloud.alive = {"second"}
    assert isinstance(old.calendars(), Unknown)
    assert desk.row().state is ConnectionState.ACTIVE
    assert not isinstance(desk.process().account(desk.row()).calendars(), Unknown)


def test_a_token_that_is_replaced_is_kept_for_every_process(desk: Desk) -> None:
    desk.cloud.rotates = True
    account = desk.process().account(desk.row())
    account.calendars()
    assert desk.kept()["refresh_token"] == "first+"
    desk.cloud.alive.discard("first")
    assert isinstance(desk.context.clock, VirtualClock)
    desk.context.clock.advance(timedelta(hours=2))
    assert not isinstance(account.calendars(), Unknown)
    assert desk.cloud.asked == ["first", "first+"]


@pytest.mark.parametrize("service", ["google", "graph"])
def test_a_person_lets_us_in_with_the_least_rights_and_by_the_right_account(desk: Desk, service: str) -> None:
    desk.change(service=service)
    accounts = desk.process()
    url = accounts.begin(desk.row(), redirect_uri=BACK, state="s", verifier="v" * 43)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert asked["login_hint"] == "ada@example.com"
    wanted = {scope.rpartition("/")[2] for scope in asked["scope"].split()}
    assert wanted == {scope.rpartition("/")[2] for scope in SCOPES[service].split()} | (
        {"offline_access"} if service == "graph" else set()
    )
    desk.cloud.scope = SCOPES[service]
    given = accounts.redeem(desk.row(), code="c", redirect_uri=BACK, verifier="v" * 43)
    assert (given.account, given.refresh_token) == ("ada@example.com", "granted")
    assert len(given.calendars) == 2, "with the token that came first: nothing was refreshed for it"
    assert desk.cloud.asked == []
    assert "granted" not in repr(given)
    desk.change(account="eve@example.com")
    with pytest.raises(Rejected):
        accounts.redeem(desk.row(), code="c", redirect_uri=BACK, verifier="v" * 43)
    desk.cloud.scope = SCOPES[service].split()[0]
    with pytest.raises(SalesOSError, match="without all that is needed"):
        accounts.redeem(desk.row(), code="c", redirect_uri=BACK, verifier="v" * 43)


def test_what_is_missing_is_said(desk: Desk) -> None:
    with pytest.raises(FixConfiguration, match="No application"):
        desk.process(google_client_id="").account(desk.row())
    desk.change(service="caldav", connection={"url": "https://127.0.0.1/"})
    with pytest.raises(FixConfiguration, match="no password"):
        desk.process().account(desk.row())
    desk.lets_in(password=SECRET)
    with pytest.raises(Rejected):
        desk.process().begin(desk.row(), redirect_uri=BACK, state="s", verifier="v" * 43)
    said = desk.process().problem(desk.row())  # the guard: our own machine is not asked
    assert "is not a public address" in said
    assert SECRET not in said
    desk.change(service="fax")
    with pytest.raises(FixConfiguration):
        desk.process().account(desk.row())
