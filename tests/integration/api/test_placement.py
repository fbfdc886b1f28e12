"""A placement test from the asking to where each mail landed, over HTTP, in the outbox, by the worker and on the page.

| real | made up |
|---|---|
| the application, the dispatcher and the worker's step, both databases | the mail server and the seeds' folders |
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from agents.mailbox_limits import standings
from core.clock import VirtualClock
from store.models import (
    EngagementEvent,
    Mailbox,
    MailboxState,
    Message,
    OutboxItem,
    OutboxState,
    Role,
    SeedAddress,
    Task,
    Workspace,
)
from store.queries import suppression
from tests.support.agent_office import rows_of
from tests.support.api_office import ApiOffice, csrf_of, sign_in
from tests.support.crash.office import unsubscribe
from tools.ports import Envelope, LookupResult, SendOutcome, SendResult, Unknown
from tools.ports.placement import Landed, Tab
from workers import placement
from workers.dispatcher import Dispatcher


@dataclass
class Outside:
    """The sending server, and the folders of the seeds: what was sent lands where `rules` says, by address."""

    rules: dict[str, Landed | None] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    envelopes: list[Envelope] = field(default_factory=list)
    wire: str = ""  # the server writes its own Message-ID over ours
    answer: SendResult | None = None
    reads: int = 0
    name: str = "outside"

    def send(self, envelope: Envelope) -> SendResult:
        self.envelopes.append(envelope)
        return self.answer or SendResult(SendOutcome.SENT, "250 taken", wire_message_id=self.wire)

    def lookup(self, _message_id: str) -> LookupResult:
        return LookupResult.UNSUPPORTED

    def close(self) -> None:
        return

    def reader(self, seed: SeedAddress, password: str) -> Any:
        outside = self

        class Reader:
            def problem(self) -> str:
                return "" if password == f"of {seed.username}" else "It does not let us in."

            def find(self, names: Sequence[str]) -> Mapping[str, Landed] | Unknown:
                outside.reads += 1
                assert password == f"of {seed.username}"
                if seed.address in outside.away:
                    return Unknown("its server is away")
                sent = {one.message_id for one in outside.envelopes if one.recipient == seed.address}
                here = {outside.wire} if outside.wire and sent else sent
                landed = outside.rules.get(seed.address)
                return {name: landed for name in names if landed is not None and name in here}

        return Reader()


INBOX, SPAM = Landed(Tab.INBOX, "INBOX"), Landed(Tab.SPAM, "Junk")
WORDS = {"subject": "Your invoices", "body": "Hello Alex,\n\nshall we talk?"}


@pytest.fixture
def outside(office: ApiOffice) -> Outside:
    found, context = Outside(), office.office.context
    tools = replace(context.tools, transport=lambda _: found, seed_reader=found.reader)
    known = replace(context, tools=tools)
    office.office = replace(office.office, context=known)
    office.deps = replace(office.deps, context_for=lambda _: known)
    return found


@pytest.fixture
def client(office: ApiOffice, outside: Outside) -> TestClient:
    from api.app import create_app

    return TestClient(create_app(office.deps), follow_redirects=False)


@pytest.fixture
def key(office: ApiOffice) -> dict[str, str]:
    return office.key("read", "mailboxes:write")


def seed(client: TestClient, key: Any, name: str, **changes: Any) -> Any:
    body = {"address": f"{name}@seeds.example", "provider": name, "host": "imap.seeds.example"}
    return client.post(
        "/api/v1/seed-addresses", json=body | {"password": f"of {name}@seeds.example"} | changes, headers=key
    )


def url(office: ApiOffice) -> str:
    return f"/api/v1/mailboxes/{office.office.mailbox_id}/placement-tests"


def run(office: ApiOffice) -> None:
    Dispatcher(unsubscribe, "w").run(office.office.context)


def look(office: ApiOffice, clock: VirtualClock, after: timedelta = placement.AGAIN) -> int:
    clock.advance(after)
    return placement.look(office.office.context)


def places(client: TestClient, key: Any, test_id: str) -> dict[str, str]:
    found = client.get(f"/api/v1/placement-tests/{test_id}", headers=key).json()
    return {each["provider"]: each["place"] for each in found["mails"]}


def test_where_each_mail_landed(
    client: TestClient, office: ApiOffice, outside: Outside, key: Any, clock: VirtualClock
) -> None:
    for name in ("gmail", "outlook", "yahoo"):
        assert seed(client, key, name).status_code == 201
    outside.rules = {"gmail@seeds.example": Landed(Tab.PROMOTIONS, "INBOX"), "outlook@seeds.example": SPAM}
    made = client.post(url(office), json=WORDS, headers=key)
    assert made.status_code == 201, made.text
    test_id = made.json()["id"]
    assert placement.look(office.office.context) == 0, "nothing left yet"
    run(office)
    assert {each.recipient for each in outside.envelopes} == {
        f"{n}@seeds.example" for n in ("gmail", "outlook", "yahoo")
    }
    assert look(office, clock) == 2
    assert places(client, key, test_id) == {"gmail": "promotions", "outlook": "spam", "yahoo": "waiting"}
    reads = outside.reads
    assert placement.look(office.office.context) == 0, "once a minute"
    assert outside.reads == reads
    look(office, clock)
    assert outside.reads == reads + 1, "only what is still looked for"
    assert look(office, clock, placement.PATIENCE) == 1
    found = client.get(f"/api/v1/placement-tests/{test_id}", headers=key).json()
    assert (found["state"], places(client, key, test_id)["yahoo"]) == ("finished", "missing")
    assert {each["provider"]: each["spam"] for each in found["providers"]} == {"gmail": 0, "outlook": 1, "yahoo": 0}
    assert client.get(url(office), headers=key).json()[0]["id"] == test_id
    reads = outside.reads
    look(office, clock)
    assert outside.reads == reads


def test_it_counts_as_sent_and_as_nothing_else(
    client: TestClient, office: ApiOffice, outside: Outside, key: Any, clock: VirtualClock
) -> None:
    seed(client, key, "gmail")
    client.post(url(office), json=WORDS, headers=key)
    run(office)
    context = office.office.context
    with context.database.read(context.workspace_id) as session:
        mailbox = session.get_one(Mailbox, (context.workspace_id, office.office.mailbox_id))
        assert standings(session, [mailbox], clock.now())[mailbox.id].sent == 1
    items = rows_of(context, OutboxItem)
    assert [(row.kind, row.contact_id, row.subject_kind) for row in items] == [("mail", None, "placement_test")]
    assert [row.state for row in items] == [OutboxState.SENT]
    assert [(row.lead_id, row.contact_id) for row in rows_of(context, Message)] == [(None, None)]
    assert rows_of(context, EngagementEvent) == []
    [envelope] = outside.envelopes
    assert b"List-Unsubscribe:" in envelope.mime, "as outreach would be"
    assert b"gmail@seeds.example" in envelope.mime


def test_a_message_id_that_the_service_wrote_over_ours_is_looked_for(
    client: TestClient, office: ApiOffice, outside: Outside, key: Any, clock: VirtualClock
) -> None:
    seed(client, key, "gmail")
    outside.wire, outside.rules = "<CAF=x@mail.gmail.example>", {"gmail@seeds.example": INBOX}
    test_id = client.post(url(office), json=WORDS, headers=key).json()["id"]
    run(office)
    assert look(office, clock) == 1
    assert places(client, key, test_id) == {"gmail": "inbox"}


def test_a_seed_that_cannot_be_read_is_not_one_without_the_mail(
    client: TestClient, office: ApiOffice, outside: Outside, key: Any, clock: VirtualClock
) -> None:
    seed(client, key, "gmail")
    outside.away = {"gmail@seeds.example"}
    test_id = client.post(url(office), json=WORDS, headers=key).json()["id"]
    run(office)
    look(office, clock)
    [mail] = client.get(f"/api/v1/placement-tests/{test_id}", headers=key).json()["mails"]
    assert (mail["place"], mail["problem"]) == ("waiting", "its server is away")
    look(office, clock, placement.PATIENCE)
    assert places(client, key, test_id) == {"gmail": "unread"}


@pytest.mark.parametrize(
    "answer",
    [SendResult(SendOutcome.REJECTED, "550 no such user", "5.1.1"), SendResult(SendOutcome.UNKNOWN, "no answer")],
    ids=["refused", "nobody-knows"],
)
def test_what_did_not_leave_is_said_and_is_nobody_s_task(
    client: TestClient, office: ApiOffice, outside: Outside, key: Any, clock: VirtualClock, answer: SendResult
) -> None:
    seed(client, key, "gmail")
    outside.answer = answer
    test_id = client.post(url(office), json=WORDS, headers=key).json()["id"]
    run(office)
    clock.advance(timedelta(minutes=5))
    run(office)  # an unknown outcome is looked up after a while
    look(office, clock, placement.PATIENCE)
    assert places(client, key, test_id) == {"gmail": "not_sent"}
    assert rows_of(office.office.context, Task) == []


def test_what_cannot_be_tried_is_said(client: TestClient, office: ApiOffice, outside: Outside, key: Any) -> None:
    context = office.office.context
    none = client.post(url(office), json=WORDS, headers=key)
    assert (none.status_code, "no seed" in none.json()["detail"]) == (409, True)
    assert seed(client, key, "gmail", password="wrong").status_code == 422
    assert seed(client, key, "gmail", host="127.0.0.1").status_code == 422
    assert seed(client, key, "gmail", address="x@y\r\nBcc: a@b.example").status_code == 422
    made = seed(client, key, "gmail").json()
    assert "password" not in made
    assert seed(client, key, "gmail").status_code == 409
    assert client.post(url(office), json={}, headers=key).status_code == 422
    assert client.post(url(office), json={**WORDS, "subject": "a\nBcc: x@y.example"}, headers=key).status_code == 422
    assert client.post(url(office), json=WORDS | {"seed_ids": [str(uuid4())]}, headers=key).status_code == 404
    assert client.post(f"/api/v1/mailboxes/{uuid4()}/placement-tests", json=WORDS, headers=key).status_code == 404
    assert client.post(url(office), json=WORDS, headers=office.key("read")).status_code == 403
    with context.database.write(context.workspace_id) as session:
        mailbox = session.get_one(Mailbox, (context.workspace_id, office.office.mailbox_id))
        mailbox.daily_cap = 0
        session.add(mailbox)
    full = client.post(url(office), json=WORDS, headers=key)
    assert (full.status_code, "a test counts" in full.json()["detail"]) == (409, True)
    with context.database.write(context.workspace_id) as session:
        mailbox = session.get_one(Mailbox, (context.workspace_id, office.office.mailbox_id))
        mailbox.daily_cap, mailbox.state = 50, MailboxState.PAUSED
        session.add(mailbox)
    assert client.post(url(office), json=WORDS, headers=key).status_code == 409
    assert client.delete(f"/api/v1/seed-addresses/{made['id']}", headers=key).status_code == 204
    assert client.delete(f"/api/v1/seed-addresses/{made['id']}", headers=key).status_code == 404
    assert rows_of(context, OutboxItem) == []


def test_an_opt_out_of_a_seed_holds_also_between_asking_and_leaving(
    client: TestClient, office: ApiOffice, outside: Outside, key: Any, clock: VirtualClock
) -> None:
    seed(client, key, "gmail")
    test_id = client.post(url(office), json=WORDS, headers=key).json()["id"]
    context = office.office.context
    with context.database.write(context.workspace_id) as session:
        suppression.suppress(
            session, context.clock, context.sealer, address="gmail@seeds.example", reason="opt_out", source="test"
        )
    run(office)
    look(office, clock)
    assert outside.envelopes == []
    assert places(client, key, test_id) == {"gmail": "not_sent"}
    assert client.post(url(office), json=WORDS, headers=key).status_code == 409


def test_a_test_that_is_asked_for_again_with_its_key_is_the_same(
    client: TestClient, office: ApiOffice, outside: Outside, key: Any
) -> None:
    seed(client, key, "gmail")
    first, again = (
        client.post(url(office), json=WORDS, headers={**key, "Idempotency-Key": "k"}).json()["id"] for _ in range(2)
    )
    assert first == again
    run(office)
    run(office)
    assert len(outside.envelopes) == 1


def test_a_template_is_tried_on_an_invented_person_and_the_page_shows_where_it_landed(
    client: TestClient, office: ApiOffice, outside: Outside, key: Any, clock: VirtualClock
) -> None:
    context = office.office.context
    with context.database.write(context.workspace_id) as session:
        row = session.get_one(Workspace, context.workspace_id)
        row.offer = {"product": "Ledgerly", "value_line": "catches invoice errors before they are sent"}
        session.add(row)
    assert sign_in(client, office, office.user(Role.ADMIN)) == 303
    page = f"/mailboxes/{office.office.mailbox_id}"
    assert "salesos placement add" in client.get(page).text
    seed(client, key, "gmail")
    outside.rules = {"gmail@seeds.example": SPAM}
    data = {"csrf": csrf_of(client), "template": "first_mail"}
    sent = client.post(f"{page}/placement", data=data)
    assert sent.status_code == 303, sent.text
    run(office)
    look(office, clock)
    shown = client.get(page).text
    assert '<span class="tag bad">spam</span>' in shown
    assert "Ledgerly" in outside.envelopes[0].mime.decode("utf-8", "replace")
    [test] = client.get(url(office), headers=key).json()
    assert test["source"].startswith("template:first_mail/")
    for person in office.office.people:
        assert person.address.encode() not in outside.envelopes[0].mime
    assert client.post(f"{page}/placement", data={**data, "template": "reply"}).status_code == 422


def test_its_unsubscribe_link_is_of_nobody(client: TestClient, office: ApiOffice, outside: Outside, key: Any) -> None:
    seed(client, key, "gmail")
    client.post(url(office), json=WORDS, headers=key)
    run(office)
    head = outside.envelopes[0].mime.decode().replace("\r\n ", "")
    path = head.partition("List-Unsubscribe: <https://sales.example")[2].partition(">")[0]
    assert path.startswith("/u/")
    assert client.post(path).status_code in (200, 404)
    context = office.office.context
    with context.database.read(context.workspace_id) as session:
        found = suppression.suppressed_among(session, context.sealer, {"gmail@seeds.example"})
    assert found == {}


def test_ids_of_another_workspace_are_nobody_s(client: TestClient, key: Any) -> None:
    assert client.get(f"/api/v1/placement-tests/{UUID(int=7)}", headers=key).status_code == 404
    assert client.delete(f"/api/v1/seed-addresses/{UUID(int=7)}", headers=key).status_code == 404
