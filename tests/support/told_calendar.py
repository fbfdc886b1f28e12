"""A rep's calendar at Google or Microsoft that tells of changes: the service made up, and reaching our doors itself.

| real | made up |
|---|---|
| the application, its doors, the worker's steps, our clients and tokens, both databases | the services, time |
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlmodel import col, select

from agents.booking import connecting, telling
from agents.context import AgentContext
from api.app import create_app
from core.clock import VirtualClock
from store.models import CalendarChannel, CalendarConnection, ConnectedCalendar
from store.queries import calendar_connections
from tests.contract.calendar_benches import GraphBench, _of_the_main_calendar
from tests.support.agent_office import rows_of
from tests.support.api_office import ApiOffice
from tests.support.calendar_office import CalendarOffice, with_calendars
from tests.support.crash.office import sealer_of
from tests.support.fake_calendar import FakeCalendar
from tests.support.fake_google_calendar import FakeGoogle
from tests.support.fake_google_calendar import fault as google_fault
from tests.support.fake_graph_calendar import FakeGraph, stamp
from tests.support.fake_graph_calendar import fault as graph_fault
from tests.support.vendors import SECRET, Answer, FakeVendor, answer
from tools.providers.calendar_accounts import CalendarAccounts
from workers import calendar_channels, calendar_sync

HOUR = timedelta(hours=1)
_NO_TOKENS = (r"no operation POST /token in", r"no operation POST /common/oauth2")


class Killed(BaseException):
    """The process ends here, without a word."""


@dataclass
class Cloud:
    """Both services' doors for tokens, and one's for its API. `asked`: "METHOD path", without ids."""

    service: Any
    asked: list[str] = field(default_factory=list)
    before: Callable[[httpx2.Request], Answer | None] = lambda _request: (
        None
    )  # instead of the service, where it answers
    after: Callable[[httpx2.Request], None] = lambda _request: None

    def __call__(self, request: httpx2.Request) -> Answer:
        if request.url.host in ("oauth2.googleapis.com", "login.microsoftonline.com"):
            return answer({"access_token": SECRET, "token_type": "Bearer", "expires_in": 360_000})
        path = request.url.path
        if "subscriptions" in path:
            self.asked.append(f"{request.method} subscription")
        elif path.endswith(("/watch", "/stop")):
            self.asked.append(path.rpartition("/")[2])
        else:
            self.asked.append("read" if request.method == "GET" or path.endswith("/freeBusy") else "write")
        given = self.before(request) or self.service(request)
        self.after(request)
        return given  # type: ignore[no-any-return]


@dataclass
class Told:
    api: ApiOffice
    booking: CalendarOffice
    clock: VirtualClock
    client: TestClient
    cloud: Cloud
    vendor: FakeVendor
    calendar_id: str
    reached: bool = True  # False: what the service posts goes astray
    posted: list[tuple[str, Any]] = field(default_factory=list)  # (path, headers or body)

    @property
    def context(self) -> AgentContext:
        return self.booking.context

    @property
    def google(self) -> bool:
        return isinstance(self.cloud.service, FakeGoogle)

    def keep(self) -> int:
        return calendar_channels.keep(self.context)

    def look(self) -> int:
        return calendar_sync.look(self.context)

    def settle(self) -> None:
        """Asked to tell, confirmed, and read once: as a worker leaves it after its first minute."""
        self.keep()
        self.look()
        self.clock.advance(timedelta(seconds=10))
        self.cloud.asked.clear()

    def notify(self, **more: Any) -> list[int]:
        if self.google:
            return self.cloud.service.notify(self.calendar_id, **more)  # type: ignore[no-any-return]
        return self.cloud.service.notify(self.calendar_id, **more)  # type: ignore[no-any-return]

    def channels(self) -> list[CalendarChannel]:
        return sorted(rows_of(self.context, CalendarChannel), key=lambda row: (row.asked_at, row.id))

    def held(self) -> dict[str, dict[str, Any]]:
        """What the service has."""
        found: dict[str, dict[str, Any]] = (
            self.cloud.service.channels if self.google else self.cloud.service.subscriptions
        )
        return found

    def path(self) -> str:
        held = list(self.held().values())[-1]
        return urlsplit(held["address" if self.google else "notificationUrl"]).path

    def calendar(self) -> ConnectedCalendar:
        (found,) = rows_of(self.context, ConnectedCalendar)
        return found  # type: ignore[no-any-return]

    def telling(self) -> telling.Telling:
        with self.context.database.read(self.context.workspace_id) as session:
            pairs = connecting.calendars_of(session)
            found = telling.tellings(session, self.context.settings, self.clock.now(), pairs)
        return next(iter(found.values()))

    def move(self, event_key: str, starts_at: datetime, length: timedelta = timedelta(minutes=30)) -> None:
        """The rep moves our event in their own calendar."""
        service, ends_at = self.cloud.service, starts_at + length
        if self.google:
            when = {"start": {"dateTime": starts_at.isoformat()}, "end": {"dateTime": ends_at.isoformat()}}
            service.change(self.calendar_id, event_key, **when)
            return
        ((name, before),) = service.events.items()
        service.keep(self.calendar_id, name, before | {"start": stamp(starts_at), "end": stamp(ends_at)})

    def fault(self, status: int, word: str) -> Answer:
        return google_fault(status, word) if self.google else graph_fault(status, word)

    def change(self, **columns: Any) -> None:
        """Of the connection."""
        with self.context.database.write(self.context.workspace_id) as session:
            row = session.exec(select(CalendarConnection).order_by(col(CalendarConnection.id))).one()
            for name, value in columns.items():
                setattr(row, name, value)
            session.add(row)

    def with_settings(self, **values: Any) -> None:
        context = self.context
        changed = replace(context, settings=context.settings.model_copy(update=values))
        self.booking = replace(self.booking, office=replace(self.booking.office, context=changed))


def told_office(api: ApiOffice, clock: VirtualClock, service: str) -> Told:
    """The rep's account is let in, and its one calendar gets our events; nobody was asked to tell yet."""
    fake: Any = FakeGoogle() if service == "google" else FakeGraph()
    calendar_id = "ada@example.com" if service == "google" else fake.calendars[0]
    cloud = Cloud(fake)
    vendor = FakeVendor(
        cloud, "google_calendar" if service == "google" else "msgraph", clock=clock,
        allow=(*_NO_TOKENS, *GraphBench.allow),
        as_described=(lambda request: request) if service == "google" else _of_the_main_calendar,
    )  # fmt: skip
    office = with_calendars(api.office, FakeCalendar(clock=clock), **{calendar_id: {"gets_events": True}})
    context = office.context
    given = {"google_client_id": "app", "google_client_secret": SecretStr(SECRET), "microsoft_client_id": "app"}
    settings = context.settings.model_copy(update=given | {"public_url": "https://sales.example"})
    accounts = CalendarAccounts(settings, context.database, clock, context.ids, sealer_of, vendor.wire())
    tools = replace(context.tools, calendar_account=accounts.account)
    context = replace(context, settings=settings, tools=tools)
    office = replace(office, office=replace(office.office, context=context))
    client = TestClient(create_app(api.deps), follow_redirects=False)
    made = Told(api, office, clock, client, cloud, vendor, calendar_id)
    sealed = calendar_connections.sealed(
        sealer_of(context.workspace_id), office.connection_id, {"refresh_token": "first"}
    )
    made.change(service=service, account="ada@example.com", credentials_sealed=sealed, connection_number=1)

    def google(address: str, headers: dict[str, str]) -> int:
        path = urlsplit(address).path
        made.posted.append((path, headers))
        return client.post(path, headers=headers).status_code if made.reached else 503

    def graph(address: str, body: Any) -> tuple[int, str, str]:
        parts = urlsplit(address)
        made.posted.append((parts.path, body))
        if not made.reached:
            return 503, "", ""
        seen = client.post(f"{parts.path}?{parts.query}" if parts.query else parts.path, json=body)
        return seen.status_code, seen.headers.get("content-type", ""), seen.text

    fake.deliver = google if service == "google" else graph
    return made
