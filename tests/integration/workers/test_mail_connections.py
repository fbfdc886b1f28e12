"""Mailboxes at services by API: tokens that die, are replaced, and are given again.

| real | made up |
|---|---|
| both databases, the sweeps, the dispatcher, our clients and their tokens | Google and Microsoft; time is virtual |
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest
from sqlmodel import col, select

from agents import mailboxes
from agents.context import AgentContext
from agents.mailboxes import MailboxSettings
from core.clock import VirtualClock
from core.errors import Rejected
from store.models import Alert, Mailbox, MailboxState, OutboxItem, OutboxState
from store.queries import connections
from tests.support.crash.office import Office, context_of, sealer_of, unsubscribe
from tests.support.vendors import SECRET, Answer, FakeVendor, answer
from tools.providers.mail_accounts import MailAccounts
from workers import inbound
from workers.dispatcher import Dispatcher

TOKEN_HOSTS = ("oauth2.googleapis.com", "login.microsoftonline.com")
REPLY = (
    b"From: pat@prospect.example\r\nTo: rep@sender.example\r\nSubject: Re: Invoices\r\nMessage-ID: <9@x.example>\r\n"
    b"Date: Tue, 02 Jun 2026 13:00:00 +0000\r\n\r\nYes.\r\n"
)


@dataclass
class Cloud:
    """Google and Microsoft as one: `alive` names the refresh tokens that still serve."""

    alive: set[str] = field(default_factory=lambda: {"first"})
    rotates: bool = False
    takes: bool = True  # access tokens, at the mail service
    next_link: str = ""
    asked: list[str] = field(default_factory=list)  # refresh tokens, in order
    calls: int = 0

    def __call__(self, request: httpx2.Request) -> Answer:
        if request.url.host in TOKEN_HOSTS:
            return self._token({name: values[0] for name, values in parse_qs(request.content.decode()).items()})
        self.calls += 1
        if not self.takes:
            return answer({"error": {"code": 401, "message": "no"}}, 401)
        return self._google(request) if request.url.host == "gmail.googleapis.com" else self._graph(request)

    def _token(self, form: dict[str, str]) -> Answer:
        self.asked.append(form["refresh_token"])
        if form["refresh_token"] not in self.alive:
            return answer({"error": "invalid_grant", "error_description": "expired or revoked"}, 400)
        given: dict[str, Any] = {"access_token": f"a{len(self.asked)}", "token_type": "Bearer", "expires_in": 3600}
        if self.rotates:
            given["refresh_token"] = f"{form['refresh_token']}+"
            self.alive.add(given["refresh_token"])
        return answer(given)

    def _google(self, request: httpx2.Request) -> Answer:
        path = request.url.path
        if path.endswith("/messages/send"):
            return answer({"id": "18f", "threadId": "18f"})
        if path.endswith("/profile"):
            return answer({"historyId": "7", "emailAddress": "rep@sender.example"})
        if path.endswith("/history"):
            return answer({"historyId": "7"})
        if path.endswith("/messages"):
            return answer({"messages": [{"id": "m1", "threadId": "m1"}], "resultSizeEstimate": 1})
        raw = base64.urlsafe_b64encode(REPLY).decode()
        return answer({"id": "m1", "internalDate": "1780405200000", "labelIds": ["INBOX"], "raw": raw})

    def _graph(self, request: httpx2.Request) -> Answer:
        if request.url.path.endswith("/$value"):
            return httpx2.Response(200, content=REPLY)
        if "$deltatoken" in str(request.url):
            return answer({"value": [], "@odata.deltaLink": self.next_link})
        mail = {"id": "m1", "receivedDateTime": "2026-06-02T13:00:00Z", "isDraft": False}
        return answer({"value": [mail], "@odata.deltaLink": self.next_link})


@dataclass
class Desk:
    office: Office
    cloud: Cloud

    def process(self) -> AgentContext:
        """As a worker that was just started has it."""
        old = self.office.context
        assert isinstance(old.clock, VirtualClock)
        wire = FakeVendor(self.cloud, clock=old.clock).wire()
        settings = old.settings.model_copy(update={"google_client_id": "app", "microsoft_client_id": "app"})
        accounts = MailAccounts(settings, old.database, old.clock, old.ids, sealer_of, wire)
        return context_of(
            old.database,
            old.workspace_id,
            old.clock,
            old.ids,
            accounts.transport,
            data_dir=old.settings.data_dir,
            inbox=accounts.inbox,
        )

    def mailbox(self) -> Mailbox:
        found: Mailbox = self.office.get(Mailbox, self.office.mailbox_id)
        return found

    def edit(self, act: Callable[[Any, AgentContext, Mailbox], Any]) -> Any:
        context = self.office.context
        with context.database.write(context.workspace_id) as session:
            return act(session, context, mailboxes.mailbox(session, context, self.office.mailbox_id))

    def connect(self, refresh_token: str) -> None:
        self.edit(lambda session, context, row: mailboxes.connect(session, context, row, refresh_token, by="user:ann"))

    def goes_through(self, transport: str, inbox: str, **connection: str) -> None:
        settings = MailboxSettings(display_name="Ann", transport=transport, inbox=inbox, daily_cap=50)
        self.edit(
            lambda session, context, row: mailboxes.change(
                session, context, row, settings, connection=connection, by="user:ann"
            )
        )

    def alerts(self) -> list[str]:
        context = self.office.context
        with context.database.read(context.workspace_id) as session:
            return list(session.exec(select(Alert.text).order_by(col(Alert.id))))

    def kept_token(self) -> str:
        return connections.credentials(self.office.context.sealer, self.mailbox()).get("refresh_token", "")


def sweep(context: AgentContext) -> None:
    inbound.poll(context)
    Dispatcher(unsubscribe, "worker:1", keep_leases=False).run(context)


def advance(context: AgentContext, by: timedelta) -> None:
    assert isinstance(context.clock, VirtualClock)
    context.clock.advance(by)


@pytest.fixture
def desk(office: Office) -> Desk:
    made = Desk(office, Cloud())
    made.goes_through("gmail", "gmail", refresh_token="first")
    return made


def test_mail_leaves_and_is_read_with_one_token(desk: Desk) -> None:
    context = desk.process()
    item = desk.office.approved(0)
    for _ in range(5):
        sweep(context)
        advance(context, timedelta(minutes=5))
    assert desk.office.get(OutboxItem, item).state is OutboxState.SENT
    assert desk.cloud.asked == ["first"], "what sends and what reads share a token for its hour"
    assert desk.mailbox().inbox_problem == ""
    assert SECRET not in desk.mailbox().credentials_sealed


def test_a_dead_token_is_told_once_and_asked_for_once(desk: Desk) -> None:
    desk.cloud.alive.clear()
    context = desk.process()
    item = desk.office.approved(0)
    for _ in range(200):
        sweep(context)
        advance(context, timedelta(hours=1))
    row = desk.mailbox()
    assert desk.cloud.asked == ["first"]
    assert desk.cloud.calls == 0
    assert (row.state, row.pause_reason) == (MailboxState.PAUSED, row.connection_problem)
    assert "no longer lets us into this account (invalid_grant)" in row.pause_reason
    assert "Connect it again" in row.pause_reason
    (alert,) = desk.alerts()
    assert row.connection_problem in alert
    assert desk.office.get(OutboxItem, item).state in (OutboxState.READY, OutboxState.EXPIRED)


def test_it_is_found_while_sending_too_and_the_mail_waits(desk: Desk) -> None:
    desk.cloud.alive.clear()
    context = desk.process()
    item = desk.office.approved(0)
    Dispatcher(unsubscribe, "worker:1", keep_leases=False).run(context)
    assert desk.office.get(OutboxItem, item).state is OutboxState.READY
    assert desk.office.get(OutboxItem, item).attempts == 0, "not the mail's fault"
    assert (len(desk.alerts()), len(desk.cloud.asked)) == (1, 1)
    inbound.poll(context)
    assert (len(desk.alerts()), len(desk.cloud.asked)) == (1, 1)


def test_several_processes_and_restarts_tell_it_once(desk: Desk) -> None:
    desk.cloud.alive.clear()
    before = desk.mailbox()
    processes = [desk.process() for _ in range(3)]
    for context in processes:
        inbound.poll_mailbox(context, before)  # each had read the row before the others found out
    assert len(desk.cloud.asked) == 3, "once a process that could not know"
    assert len(desk.alerts()) == 1
    for _ in range(5):
        sweep(desk.process())
    inbound.poll_mailbox(desk.process(), desk.mailbox())
    assert len(desk.cloud.asked) == 3
    assert len(desk.alerts()) == 1


def test_connecting_again_lifts_it_and_the_next_death_is_told_anew(desk: Desk) -> None:
    desk.cloud.alive.clear()
    context = desk.process()
    item = desk.office.approved(0)
    sweep(context)
    with pytest.raises(Rejected, match="no longer lets us"):
        desk.edit(lambda session, context, row: mailboxes.resume(session, context, row, by="user:ann"))
    desk.cloud.alive.add("second")
    desk.connect("second")
    row = desk.mailbox()
    assert (row.state, row.pause_reason, row.connection_problem) == (MailboxState.ACTIVE, "", "")
    advance(context, timedelta(minutes=10))
    sweep(context)
    assert desk.cloud.asked == ["first", "second"]
    assert desk.office.get(OutboxItem, item).state is OutboxState.SENT
    desk.cloud.alive.clear()
    advance(context, timedelta(hours=2))
    sweep(context)
    assert len(desk.alerts()) == 2


def test_a_person_s_own_pause_outlives_the_connection(desk: Desk) -> None:
    desk.cloud.alive.clear()
    desk.edit(lambda session, context, row: mailboxes.pause(session, context, row, "on holiday", by="user:ann"))
    inbound.poll_mailbox(desk.process(), desk.mailbox())
    assert desk.mailbox().pause_reason == "on holiday"
    desk.connect("second")
    assert (desk.mailbox().state, desk.mailbox().connection_problem) == (MailboxState.PAUSED, "")


def test_what_an_old_connection_hears_says_nothing_of_the_new_one(desk: Desk) -> None:
    desk.cloud.alive = {"second"}
    old, context = desk.mailbox(), desk.process()
    desk.connect("second")
    inbound.poll_mailbox(context, old)
    assert desk.mailbox().state is MailboxState.ACTIVE
    assert desk.alerts() == []


def test_a_replaced_refresh_token_is_kept_and_used_by_other_processes(desk: Desk) -> None:
    desk.goes_through("graph", "graph", refresh_token="first")
    desk.cloud.rotates = True
    desk.cloud.next_link = "https://graph.microsoft.com/v1.0/me/mailFolders/inbox/messages/delta?$deltatoken=d"
    one, other = desk.process(), desk.process()
    inbound.poll(other)  # holds a token of its own
    number = desk.mailbox().connection_number
    for context in (one, other, one):
        advance(context, timedelta(hours=2))
        inbound.poll(context)
    assert desk.cloud.asked == ["first", "first+", "first++", "first+++"]
    assert desk.kept_token() == "first++++"
    assert desk.mailbox().connection_number == number, "the same connection"
    assert desk.alerts() == []


def test_a_link_that_reads_on_is_kept_however_long(desk: Desk) -> None:
    desk.goes_through("graph", "graph", refresh_token="first")
    link = "https://graph.microsoft.com/v1.0/me/mailFolders/inbox/messages/delta?$deltatoken=" + "d" * 3_000
    desk.cloud.next_link = link
    assert inbound.poll(desk.process()) == 1
    assert (desk.mailbox().inbox_cursor or "").endswith(link)
    assert inbound.poll(desk.process()) == 0


def test_tokens_that_the_mail_service_does_not_take_are_not_asked_for_at_every_sweep(desk: Desk) -> None:
    desk.cloud.takes = False
    context = desk.process()
    for _ in range(180):  # 15 minutes of sweeps
        inbound.poll(context)
        advance(context, timedelta(seconds=5))
    assert len(desk.cloud.asked) == 6
    assert "does not take" in desk.mailbox().inbox_problem


def test_a_token_of_one_service_never_goes_to_the_other(desk: Desk) -> None:
    desk.goes_through("graph", "graph")
    row = desk.mailbox()
    assert (row.state, desk.kept_token()) == (MailboxState.PAUSED, "")
    assert "not connected with Microsoft yet" in row.pause_reason
    sweep(desk.process())
    assert desk.cloud.asked == []
    assert desk.alerts() == [], "whoever changed it knows"
    with pytest.raises(Rejected, match="signs in to one service"):
        desk.goes_through("graph", "gmail")


def test_leaving_the_service_forgets_what_let_us_in_and_lifts_its_pause(desk: Desk) -> None:
    desk.cloud.alive.clear()
    sweep(desk.process())
    desk.goes_through("folder", "folder")
    row = desk.mailbox()
    assert (row.state, row.connection_problem, row.credentials_sealed) == (MailboxState.ACTIVE, "", "")


def test_keys_are_needed_whole(desk: Desk) -> None:
    with pytest.raises(Rejected, match="access key id and secret access key"):
        desk.goes_through("ses", "folder", region="eu-central-1")
    with pytest.raises(Rejected, match="region"):
        desk.goes_through("ses", "folder", region="evil.example/", access_key_id="A", secret_access_key="S")
    with pytest.raises(Rejected, match="takes no api key"):
        desk.goes_through("gmail", "gmail", api_key="k")


def test_ses_sends_beside_an_inbox_of_google(desk: Desk) -> None:
    keys = {"region": "eu-central-1", "access_key_id": "AKID", "secret_access_key": SECRET}
    desk.goes_through("ses", "gmail", **keys)
    row = desk.mailbox()
    assert row.connection == {"region": "eu-central-1", "service": "google"}
    assert desk.kept_token() == "first", "the inbox is the same"
    assert desk.process().tools.transport(row).name == "ses"
