"""Telephony accounts, one text or call of a task by a person's word, and the door that Twilio posts to.

| real | made up |
|---|---|
| the application, both databases, Twilio's signatures, workers | the vendor (tests/support/exchange.py) |
"""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from api.app import create_app
from store.models import (
    AuditEntry,
    InboundEvent,
    OutboxItem,
    OutboxState,
    RepPhone,
    Role,
    Suppression,
    Task,
    TelephonyAccount,
)
from store.queries import outbox, suppression, telephony
from tests.contract.test_twilio import signed
from tests.support.api_office import ApiOffice, form_token, sign_in
from tests.support.crash.office import unsubscribe
from tests.support.exchange import REP, THEIRS, TOKEN, US, PhoneOffice, open_phones
from workers import inbound_events
from workers.dispatcher import Dispatcher

SID = "AC" + "1" * 32
BODY = {"name": "Main", "account_sid": SID, "secret": TOKEN, "sender": "+1 202 555 0100"}


@dataclass
class Bench:
    office: ApiOffice
    phones: PhoneOffice
    client: TestClient

    def all(self, model: Any) -> list[Any]:
        with self.office.deps.database.read(self.office.workspace_id) as session:
            return list(session.exec(select(model).order_by(col(model.id))))

    def dispatch(self) -> None:
        Dispatcher(unsubscribe, "worker:1", keep_leases=False).run(self.phones.context)

    def post(self, fields: dict[str, str], query: str = "", signature: str | None = None) -> Any:
        path = f"/webhooks/twilio/{self.phones.token}{f'?{query}' if query else ''}"
        address = f"{self.office.deps.settings.public_url.rstrip('/')}{path}"
        given = signed(address, list(fields.items()), TOKEN) if signature is None else signature
        headers = {"X-Twilio-Signature": given, "Content-Type": "application/x-www-form-urlencoded"}
        return self.client.post(path, content=urlencode(fields), headers=headers)


@pytest.fixture
def bench(office: ApiOffice) -> Any:
    phones = open_phones(office.office)
    phones.consent()
    phones.consent("phone")
    office.deps = replace(office.deps, context_for=lambda _: phones.context)
    with TestClient(create_app(office.deps), follow_redirects=False) as opened:
        yield Bench(office, phones, opened)


def test_an_account_is_connected_changed_and_deleted_and_its_key_never_shown(bench: Bench) -> None:
    key = bench.office.key("read", "mailboxes:write")
    answer = bench.client.post("/api/v1/telephony-accounts", json=BODY, headers=key)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["sender"] == US
    assert "/webhooks/twilio/" in made["reports_to"]
    assert TOKEN not in answer.text
    path = f"/api/v1/telephony-accounts/{made['id']}"
    assert bench.client.patch(path, json={"daily_texts": 3}, headers=key).json()["daily_texts"] == 3
    assert bench.client.post(f"{path}/pause", headers=key).json()["state"] == "paused"
    assert bench.client.post(f"{path}/resume", headers=key).json()["state"] == "active"
    assert bench.client.post(f"{path}/check", headers=key).json() == {"problem": ""}
    listed = bench.client.get("/api/v1/telephony-accounts", headers=key)
    assert len(listed.json()["items"]) == 2
    assert TOKEN not in listed.text
    assert bench.client.delete(path, headers=key).status_code == 204
    assert bench.client.get(path, headers=key).status_code == 404
    row = next(one for one in bench.all(TelephonyAccount))
    assert TOKEN not in repr(row)
    assert [one.action for one in bench.all(AuditEntry) if one.action.startswith("telephony.")][:1] == [
        "telephony.connected"
    ]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"account_sid": "AC1"}, "bad_account"),
        ({"sender": ""}, "bad_account"),
        ({"sender": "nothing"}, "bad_number"),
        ({"key_sid": "SK" + "2" * 32}, "bad_secret"),  # then the auth token is needed too: who else hears STOP?
        ({"secret": "not a token at all"}, "bad_secret"),
        ({"name": "   "}, "name"),
    ],
)
def test_what_can_be_no_account_is_refused_with_its_reason(bench: Bench, more: dict[str, str], code: str) -> None:
    key = bench.office.key("read", "mailboxes:write")
    answer = bench.client.post("/api/v1/telephony-accounts", json=BODY | more, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert len(bench.all(TelephonyAccount)) == 1


def test_a_text_leaves_by_the_word_for_exactly_what_was_shown(bench: Bench) -> None:
    task_id = bench.phones.task()
    key = bench.office.key("read", "people:read", "work:write")
    shown = bench.client.post(f"/api/v1/tasks/{task_id}/outgoing", json={}, headers=key).json()
    assert shown["rule"] == "us_tcpa_sms"
    assert shown["body"].endswith("Reply STOP to opt out.")
    path = f"/api/v1/tasks/{task_id}/send"
    other = bench.client.post(path, json={"digest": "0" * 64}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "changed")
    edited = {"digest": shown["digest"], "body": "Words that nobody saw."}
    assert bench.client.post(path, json=edited, headers=key).status_code == 409
    assert not [one for one in bench.all(OutboxItem) if one.kind == outbox.TEXT]
    answers = [bench.client.post(path, json={"digest": shown["digest"]}, headers=key) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    bench.dispatch()
    assert [one.body for one in bench.phones.exchange.taken] == [shown["body"]]  # type: ignore[union-attr]


def test_who_may_not_read_people_is_shown_and_sends_nothing(bench: Bench) -> None:
    task_id = bench.phones.task()
    key = bench.office.key("read", "work:write")
    assert bench.client.post(f"/api/v1/tasks/{task_id}/outgoing", json={}, headers=key).status_code == 403
    assert bench.client.post(f"/api/v1/tasks/{task_id}/send", json={"digest": "0" * 64}, headers=key).status_code == 403


def test_a_stop_that_twilio_signed_is_obeyed_and_one_that_it_did_not_is_not(bench: Bench) -> None:
    fields = {"MessageSid": "SM" + "5" * 32, "SmsStatus": "received", "From": THEIRS, "To": US, "Body": "STOP"}
    assert bench.post(fields, signature="forged").status_code == 403
    assert bench.all(InboundEvent) == []
    answer = bench.post(fields)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    assert list(ElementTree.fromstring(answer.text)) == []  # no text of ours in answer to a text
    assert bench.post(fields).status_code == 200
    (kept,) = bench.all(InboundEvent)
    assert THEIRS not in repr(kept)
    inbound_events.apply_due(bench.phones.context)
    assert [one.kind for one in bench.all(Suppression)] == [suppression.NUMBER]


def test_a_key_that_was_pressed_calls_whom_the_rules_of_that_moment_allow(bench: Bench) -> None:
    office, phones = bench.office, bench.phones
    user_id = UUID(int=11)
    with office.deps.database.write(office.workspace_id) as session:
        sealed = phones.context.sealer.seal(REP, context=telephony.phone_under(user_id))
        session.add(
            RepPhone(
                workspace_id=office.workspace_id, id=user_id, number_sealed=sealed, updated_at=office.deps.clock.now()
            )
        )
    queued = phones.queue(phones.task("phone"), outbox.CALL, user_id)
    fields = {"CallSid": "CA" + "1" * 32, "CallStatus": "in-progress", "Digits": "1"}
    early = ElementTree.fromstring(bench.post(fields, f"item={queued}&leg=go").text)
    assert [one.tag for one in early] == ["Say"]  # nothing was placed yet
    bench.dispatch()
    said = ElementTree.fromstring(bench.post(fields, f"item={queued}&leg=go").text)
    assert (said[0].tag, said[0].get("callerId"), said[0][0].text) == ("Dial", US, THEIRS)
    bench.post({"MessageSid": "SM" + "6" * 32, "SmsStatus": "received", "From": THEIRS, "To": US, "Body": "STOP"})
    inbound_events.apply_due(phones.context)
    refused = ElementTree.fromstring(bench.post(fields, f"item={queued}&leg=go").text)
    assert [one.tag for one in refused] == ["Say"]
    assert THEIRS not in ElementTree.tostring(refused, encoding="unicode")


def test_the_pages_connect_show_and_send(bench: Bench) -> None:
    office, client = bench.office, bench.client
    assert sign_in(client, office, office.user(Role.ADMIN)) == 303
    page = client.get("/telephony")
    assert page.status_code == 200
    token = form_token(page.text)
    answer = client.post("/telephony", data=BODY | {"csrf": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/telephony?said=connected")
    wrong = client.post("/telephony", data=BODY | {"csrf": token, "account_sid": "<script>"})
    assert wrong.status_code == 422
    assert "<script>" not in wrong.text
    assert client.post("/telephony/phone", data={"csrf": token, "number": REP}).status_code == 303
    assert REP in client.get("/telephony").text
    task_id = bench.phones.task()
    assert f"/telephony/tasks/{task_id}" in client.get("/today?whose=all").text
    shown = client.get(f"/telephony/tasks/{task_id}")
    assert "Send exactly this" in shown.text
    digest = shown.text.partition('name="digest" value="')[2][:64]
    sent = client.post(f"/telephony/tasks/{task_id}", data={"csrf": token, "digest": digest})
    assert sent.status_code == 303
    assert [one.state for one in bench.all(OutboxItem) if one.kind == outbox.TEXT] == [OutboxState.READY]
    assert (
        client.post(f"/telephony/tasks/{task_id}", data={"digest": digest}).status_code == 403
    )  # no token of the form
    bench.phones.set_phone("nothing")
    assert "It is not sent from here" in client.get(f"/telephony/tasks/{bench.phones.task(key='touch:2')}").text
    assert client.get(f"/telephony/tasks/{UUID(int=5)}").status_code == 404
    assert [one.kind for one in bench.all(Task)].count("sms") == 2
