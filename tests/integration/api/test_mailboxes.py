"""Mailboxes: settings, health, pausing, and trying their servers.

| real | made up |
|---|---|
| the application, both databases, an SMTP server on loopback | nothing of the network beyond it |
"""

import socket
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create_app
from core.clock import VirtualClock
from core.errors import RetryAt
from store.models import Mailbox, MailboxState, Message, OutboxItem, OutboxState, Role
from store.session import Database
from tests.support.api_office import ApiOffice, api_office, csrf_of, sign_in
from tests.support.smtp_server import Options, SmtpServer
from tools.providers.mail_transport import check
from tools.providers.mail_transport.check import problem_of_host
from tools.providers.mail_transport.smtp import SmtpSecurity, SmtpSettings

URL = "/api/v1/mailboxes"
NEW = {"address": "Ben@Company.example", "display_name": "Ben"}
SMTP = {"transport": "smtp", "host": "smtp.company.example", "port": 587, "username": "ben", "password": "s3cret-word"}


@pytest.fixture
def key(office: ApiOffice) -> dict[str, str]:
    return office.key("read", "mailboxes:write")


@pytest.fixture
def owner(client: TestClient, key: dict[str, str]) -> str:
    return str(client.get(URL, headers=key).json()["items"][0]["user_id"])


def row(office: ApiOffice, mailbox_id: str | UUID) -> Mailbox:
    with office.deps.database.read(office.workspace_id) as session:
        return session.get_one(Mailbox, (office.workspace_id, UUID(str(mailbox_id))))


def make(client: TestClient, key: Any, owner: str, **values: Any) -> dict[str, Any]:
    answer = client.post(URL, json={**NEW, **values, "user_id": owner}, headers=key)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_mailbox_is_added_once_and_its_password_never_comes_back(
    client: TestClient, office: ApiOffice, key: Any, owner: str
) -> None:
    headers = {**key, "Idempotency-Key": "one"}
    body = {**NEW, **SMTP, "user_id": owner}
    made = client.post(URL, json=body, headers=headers)
    again = client.post(URL, json=body, headers=headers)
    assert (made.status_code, made.json()) == (201, again.json())
    assert made.json()["address"] == "ben@company.example"
    assert made.json()["has_password"] is True
    kept = row(office, made.json()["id"])
    assert "s3cret" not in kept.password_sealed
    sealer = office.office.context.sealer
    assert sealer.open(kept.password_sealed, context=f"mailbox|password|{kept.id}") == "s3cret-word"
    for place in (URL, f"{URL}/{kept.id}", f"{URL}/{kept.id}/health"):
        answer = client.get(place, headers=key)
        assert "s3cret" not in answer.text
        assert "sealed" not in answer.text
    assert client.post(URL, json=body, headers=key).status_code == 409, "the address is taken"


@pytest.mark.parametrize(
    "wrong",
    [
        {"transport": "smtp"},
        {"transport": "pigeon"},
        {"inbox": "imap"},
        {"port": 70_000},
        {"daily_cap": 0},
        {"daily_cap": 51},
        {"display_name": ""},
        {"display_name": "A\r\nBcc: all@company.example"},
        {"display_name": "x" * 100_000},
        {"address": "not an address"},
        {"colour": "red"},
    ],
)
def test_nonsense_is_refused(client: TestClient, key: Any, owner: str, wrong: dict[str, Any]) -> None:
    answer = client.post(URL, json={**NEW, "user_id": owner, **wrong}, headers=key)
    assert (answer.status_code, bool(answer.json()["hint"])) == (422, True)


def test_somebody_else_s_user_owns_nothing_here(client: TestClient, key: Any) -> None:
    assert client.post(URL, json={**NEW, "user_id": str(uuid4())}, headers=key).status_code == 404


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "[::1]", "::ffff:10.0.0.1", "localhost", "db", "mail.internal", "0"],
)
def test_a_host_within_the_network_is_refused_unless_the_settings_allow_it(
    client: TestClient, key: Any, owner: str, host: str
) -> None:
    for name in ("host", "inbox_host"):
        body = {**NEW, "user_id": owner, **SMTP, "inbox": "imap", "inbox_host": "imap.company.example", name: host}
        answer = client.post(URL, json=body, headers=key)
        assert (answer.status_code, answer.json()["code"]) == (422, "private_host")
    assert problem_of_host(host, private_hosts=True) == ""


def test_another_server_needs_the_password_again(client: TestClient, office: ApiOffice, key: Any, owner: str) -> None:
    made = make(client, key, owner, **SMTP)
    place = f"{URL}/{made['id']}"
    before = row(office, made["id"]).password_sealed
    for change in (
        {"host": "smtp.thief.example"},
        {"inbox_host": "imap.thief.example"},
        {"username": "x"},
        {"port": 25},
    ):
        answer = client.patch(place, json=change, headers=key)
        assert (answer.status_code, "password" in answer.json()["detail"]) == (422, True)
    assert row(office, made["id"]).host == "smtp.company.example"
    assert client.patch(place, json={"daily_cap": 30}, headers=key).json()["daily_cap"] == 30
    assert row(office, made["id"]).password_sealed == before
    moved = client.patch(place, json={"host": "smtp.new.example", "password": "s3cret-word"}, headers=key)
    assert moved.json()["host"] == "smtp.new.example"


def test_a_stale_edit_is_refused_and_what_moves_by_itself_makes_none_stale(
    client: TestClient, office: ApiOffice, key: Any
) -> None:
    place = f"{URL}/{office.office.mailbox_id}"
    tag = client.get(place, headers=key).headers["ETag"]
    office.office.approved(0)
    assert client.patch(place, json={"daily_cap": 40}, headers={**key, "If-Match": tag}).status_code == 200
    assert client.patch(place, json={"daily_cap": 41}, headers={**key, "If-Match": tag}).status_code == 412
    assert row(office, office.office.mailbox_id).daily_cap == 40


def test_pausing_says_why_and_twice_is_once(client: TestClient, office: ApiOffice, key: Any) -> None:
    place = f"{URL}/{office.office.mailbox_id}"
    for _ in range(2):
        paused = client.post(f"{place}/pause", json={"reason": "Too many bounces."}, headers=key).json()
        assert (paused["state"], paused["pause_reason"]) == ("paused", "Too many bounces.")
    assert client.post(f"{place}/resume", headers=key).json()["state"] == "active"
    entries = client.get("/api/v1/audit?action=mailbox", headers=office.key("read", "audit:read")).json()["items"]
    assert [entry["action"] for entry in entries] == ["mailbox.active", "mailbox.paused"]


def test_who_may_not_is_refused_whether_it_exists_or_not(client: TestClient, office: ApiOffice) -> None:
    reader = office.key("read")
    for mailbox_id in (office.office.mailbox_id, uuid4()):
        place = f"{URL}/{mailbox_id}"
        assert client.patch(place, json={"daily_cap": 5}, headers=reader).status_code == 403
        assert client.post(f"{place}/pause", json={}, headers=reader).status_code == 403
        assert client.post(f"{place}/resume", headers=reader).status_code == 403
        assert client.post(f"{place}/check", headers=reader).status_code == 403
    sign_in(client, office, office.user(Role.REP))
    assert client.get("/mailboxes/new").status_code == 403
    page = client.get(f"/mailboxes/{office.office.mailbox_id}")
    assert (page.status_code, "Try its servers" in page.text, 'name="password"' in page.text) == (200, False, False)


def test_another_workspace_s_mailbox_does_not_exist(
    client: TestClient, key: Any, database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    other = f"{URL}/{api_office(database, clock, tmp_path).office.mailbox_id}"
    assert client.get(other, headers=key).status_code == 404
    assert client.get(f"{other}/health", headers=key).status_code == 404
    assert client.patch(other, json={"daily_cap": 5}, headers=key).status_code == 404
    for verb in ("pause", "check", "resume"):
        assert client.post(f"{other}/{verb}", json={}, headers=key).status_code == 404
    assert len(client.get(URL, headers=key).json()["items"]) == 1


def test_health_counts_what_was_sent_waits_and_came_back(client: TestClient, office: ApiOffice, key: Any) -> None:
    now = office.deps.clock.now()
    states = [OutboxState.SENT] * 100 + [OutboxState.READY] * 2 + [OutboxState.UNKNOWN, OutboxState.FAILED]
    common: dict[str, Any] = {"workspace_id": office.workspace_id, "mailbox_id": office.office.mailbox_id}
    with office.deps.database.write(office.workspace_id) as session:
        for number, state in enumerate(states):
            at = now - timedelta(days=3)
            session.add(
                OutboxItem(
                    **common,
                    id=uuid4(),
                    key=f"k{number}",
                    kind="mail",
                    subject_kind="lead",
                    subject_id=uuid4(),
                    state=state,
                    not_before=now + timedelta(hours=1) if number == 101 else at,
                    sent_at=at if state is OutboxState.SENT else None,
                    created_at=at,
                )
            )
        for number, kind in enumerate(["reply"] * 4 + ["bounce"] * 2 + ["complaint", "auto_reply"]):
            message = Message(**common, id=uuid4(), direction="in", source_key=f"i{number}", kind=kind, at=now)
            session.add(message)
    found = client.get(f"{URL}/{office.office.mailbox_id}/health", headers=key).json()
    health = found["mailbox"]["health"]
    assert (health["sent_today"], health["ready"], health["later"]) == (0, 1, 1)
    assert (health["unknown"], health["failed"]) == (1, 1)
    assert health["replies"] == {"count": 4, "of": 101, "share": 0.0396}
    assert (health["bounces"]["count"], health["complaints"]["count"]) == (2, 1)
    assert len(found["days"]) == 14
    assert found["days"][-4]["sent"] == 100
    assert found["days"][-1] == {"day": "2026-06-02", "sent": 0, "replied": 4, "bounced": 2}


def test_too_small_a_sample_has_no_share(client: TestClient, office: ApiOffice, key: Any) -> None:
    office.office.approved(0)
    health = client.get(URL, headers=key).json()["items"][0]["health"]
    assert health["replies"] == {"count": 0, "of": 0, "share": None}


def test_a_page_takes_the_same_number_of_statements_for_3_and_for_30(
    client: TestClient, office: ApiOffice, key: Any, owner: str
) -> None:
    def statements(limit: int) -> int:  # another limit each: an answer that is kept asks nothing
        seen: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
            seen.append(statement)

        sa.event.listen(office.deps.database.engine, "before_cursor_execute", note)
        try:
            assert client.get(f"{URL}?limit={limit}", headers=key).status_code == 200
        finally:
            sa.event.remove(office.deps.database.engine, "before_cursor_execute", note)
        return len(seen)

    make(client, key, owner, address="m0@company.example", warm_up=True)
    make(client, key, owner, address="m1@company.example", warm_up=True)
    few = statements(99)
    for number in range(2, 29):
        make(client, key, owner, address=f"m{number}@company.example", warm_up=True)
    assert statements(100) == few


# ---- trying the servers


def smtp(port: int, **values: Any) -> SmtpSettings:
    return SmtpSettings(host="127.0.0.1", port=port, security=SmtpSecurity.NONE, **values)


def test_a_server_that_lets_us_in_gets_no_mail(tmp_path: Path) -> None:
    with SmtpServer(Options(tmp_path / "spool")) as server:
        assert check.problem_of_servers(smtp(server.port), None, private_hosts=True) == ""
        assert server.connections == 1
        assert server.mails() == []


def test_the_check_never_reaches_into_the_network(tmp_path: Path) -> None:
    with SmtpServer(Options(tmp_path / "spool")) as server:
        said = check.problem_of_servers(smtp(server.port), None, private_hosts=False)
        assert "within this network" in said
        assert server.connections == 0


def test_a_silent_server_is_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said = check.problem_of_servers(smtp(silent.getsockname()[1]), None, private_hosts=True)
    assert "no answer within" in said


def test_a_port_without_a_server_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert "cannot be used" in check.problem_of_servers(smtp(port), None, private_hosts=True)


def test_only_a_few_are_tried_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "_places", threading.BoundedSemaphore(1))
    check._places.acquire()
    with pytest.raises(RetryAt):
        check.problem_of_servers(None, None, private_hosts=True)


def test_what_the_check_said_is_kept(database: Database, clock: VirtualClock, tmp_path: Path) -> None:
    office = api_office(database, clock, tmp_path, mail_private_hosts=True)
    key = office.key("read", "mailboxes:write")
    with TestClient(create_app(office.deps)) as client, SmtpServer(Options(tmp_path / "spool")) as server:
        place = f"{URL}/{office.office.mailbox_id}"
        body = {"daily_cap": 9, "transport": "smtp", "host": "127.0.0.1", "port": server.port, "security": "none"}
        assert client.patch(place, json=body, headers=key).status_code == 200
        assert client.post(f"{place}/check", headers=key).json()["ok"] is True
        assert row(office, office.office.mailbox_id).checked_at == clock.now()
        assert client.patch(place, json={"port": 1}, headers=key).status_code == 200
        assert row(office, office.office.mailbox_id).checked_at is None, "other settings were not tried yet"
        answer = client.post(f"{place}/check", headers=key).json()
        assert (answer["ok"], "cannot be used" in answer["problem"]) == (False, True)
        assert row(office, office.office.mailbox_id).check_problem == answer["problem"]


# ---- pages


def test_the_form_keeps_what_was_typed_but_not_the_password(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.SALES_OPS))
    data = {
        "csrf": csrf_of(client),
        "address": "ben@company.example",
        "display_name": "<b>Ben</b>",
        "transport": "smtp",
        "host": "10.0.0.1",
        "password": "s3cret-word",
    }
    page = client.post("/mailboxes/new", data=data)
    assert page.status_code == 422
    assert "within this network" in page.text
    assert "&lt;b&gt;Ben&lt;/b&gt;" in page.text
    assert "s3cret" not in page.text


def test_settings_are_saved_and_a_second_editor_is_told(client: TestClient, office: ApiOffice) -> None:
    place = f"/mailboxes/{office.office.mailbox_id}"
    sign_in(client, office, office.user(Role.SALES_OPS))
    page = client.get(place).text
    tag = page.partition('name="etag" value="')[2].partition('"')[0].replace("&#34;", '"')
    data = {"csrf": csrf_of(client), "display_name": "Ann M.", "daily_cap": "25", "etag": tag}
    assert client.post(place, data=data).headers["location"] == f"{place}?said=saved"
    assert row(office, office.office.mailbox_id).daily_cap == 25
    second = client.post(place, data={**data, "daily_cap": "26"})
    assert (second.status_code, 'value="26"' in second.text) == (412, True)
    assert client.post(place, data={**data, "daily_cap": "many", "etag": ""}).status_code == 422
    assert client.post(f"{place}/pause", data={"csrf": data["csrf"], "reason": "R"}).status_code == 303
    assert row(office, office.office.mailbox_id).state is MailboxState.PAUSED
    assert client.post(f"{place}/resume", data={"csrf": data["csrf"]}).status_code == 303
    assert client.post(f"{place}/check", data={"csrf": data["csrf"]}).headers["location"].endswith("said=folder")
