"""Where vendors post: whose it is, how old, what is kept of it, and what never is.

| real | made up |
|---|---|
| the application, both databases, ECDSA and RSA signatures | the vendors: their keys, SNS over a fake wire |
"""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi.testclient import TestClient
from sqlmodel import col, select

from api.app import create_app
from core.clock import VirtualClock
from store.models import InboundEndpoint, InboundEvent, InboundState, Role
from store.session import Database
from tests.contract.test_ses import HOST, TOPIC, certificate, ses, signed
from tests.support.api_office import ApiOffice, api_office
from tests.support.vendors import FakeVendor
from tools.webhooks import sendgrid
from tools.webhooks.doors import Doors
from workers import inbound_events

KEY = ec.generate_private_key(ec.SECP256R1())
_DER = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
PUBLIC = base64.b64encode(_DER).decode()
NOW = datetime(2026, 6, 2, 14, tzinfo=UTC)


@pytest.fixture
def sns(office: ApiOffice) -> FakeVendor:
    """SNS's host, as far as the doors can see it."""
    vendor = FakeVendor(lambda request: httpx2.Response(200, content=certificate()))
    office.deps.__dict__["doors"] = Doors(office.deps.clock, vendor.wire().http)
    return vendor


@pytest.fixture
def key(office: ApiOffice) -> dict[str, str]:
    return office.key("read", "webhooks:write", "people:read")


def connect(client: TestClient, key: dict[str, str], vendor: str = "sendgrid", secret: str = PUBLIC) -> str:
    """The path that the vendor posts to."""
    answer = client.post("/api/v1/inbound-endpoints", json={"vendor": vendor, "secret": secret}, headers=key)
    assert answer.status_code == 201, answer.text
    path: str = "/" + answer.json()["url"].split("/", 3)[3]
    return path


def event(number: int = 0, **more: Any) -> dict[str, Any]:
    fixed = {"email": "bob@prospect.example", "timestamp": 1780400000 + number, "sg_message_id": "m"}
    return fixed | {"event": "delivered", "sg_event_id": f"e{number}", "salesos_message_id": "<a@b.example>"} | more


def post(client: TestClient, path: str, raw: bytes, at: datetime = NOW, signs: bytes | None = None) -> Any:
    stamp = str(int(at.timestamp()))
    signature = KEY.sign(stamp.encode() + (raw if signs is None else signs), ec.ECDSA(SHA256()))
    headers = {
        sendgrid.SIGNATURE_HEADER: base64.b64encode(signature).decode(),
        sendgrid.TIMESTAMP_HEADER.lower(): stamp,
        "Content-Type": "application/json",
    }
    return client.post(path, content=raw, headers=headers)


def kept(office: ApiOffice) -> list[InboundEvent]:
    with office.deps.database.read(office.workspace_id) as session:
        return list(session.exec(select(InboundEvent).order_by(col(InboundEvent.occurred_at))).all())


def test_what_is_signed_is_kept_once_and_sealed(client: TestClient, office: ApiOffice, key: dict[str, str]) -> None:
    path = connect(client, key)
    raw = json.dumps([event(2), event(1)]).encode() + b"\r\n"
    for _ in range(3):
        assert post(client, path, raw).status_code == 200
    rows = kept(office)
    assert [row.dedupe_key for row in rows] == ["e1", "e2"]
    assert [row.state for row in rows] == [InboundState.RECEIVED] * 2
    assert rows[0].occurred_at == datetime.fromtimestamp(1780400001, UTC)
    assert "bob" not in str(rows[0].model_dump())


def test_what_is_tampered_with_old_or_unsigned_leaves_nothing_but_a_note(
    client: TestClient, office: ApiOffice, key: dict[str, str]
) -> None:
    path, raw = connect(client, key), json.dumps([event()]).encode()
    assert post(client, path, raw.replace(b"bob", b"eve"), signs=raw).status_code == 403
    assert post(client, path, raw, at=NOW - timedelta(minutes=6)).status_code == 403
    assert post(client, path, raw, at=NOW + timedelta(minutes=6)).status_code == 403
    assert client.post(path, content=raw).status_code == 403
    assert kept(office) == []
    [endpoint] = client.get("/api/v1/inbound-endpoints", headers=key).json()["items"]
    assert endpoint["refusal"] == "The signature is wrong."  # the first of this minute
    assert endpoint["heard_at"] is None


def test_no_other_path_is_answered(
    client: TestClient, office: ApiOffice, key: dict[str, str], database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    path, raw = connect(client, key), json.dumps([event()]).encode()
    other = api_office(database, clock, tmp_path / "other")
    theirs = path.rsplit("/", 1)[1]
    forged = base64.urlsafe_b64encode(
        other.workspace_id.bytes + base64.urlsafe_b64decode(theirs)[16:]
    ).decode()  # our secret bits under another workspace
    wrong = [forged, theirs[:-4] + "AAAA", theirs[:-1], uuid4().hex, "x", "%00" * 64, "é" * 64]
    for token in wrong:
        assert post(client, f"/webhooks/sendgrid/{token}", raw).status_code == 404, token
    assert post(client, f"/webhooks/ses/{theirs}", raw).status_code == 404
    assert post(client, "/webhooks/unheard-of/" + theirs, raw).status_code in (404, 405)
    assert client.get(path).status_code in (404, 405)
    assert kept(office) == []
    assert post(client, path, raw).status_code == 200
    [endpoint] = client.get("/api/v1/inbound-endpoints", headers=key).json()["items"]
    assert client.delete(f"/api/v1/inbound-endpoints/{endpoint['id']}", headers=key).status_code == 204
    assert post(client, path, raw).status_code == 404


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"event": "delivered"}',
        b"nothing",
        b"",
        b"\xff\xfe\x00",
        b'[1, null, [], "x", {"event": 5}, {"event": "delivered", "timestamp": 1e400}]',
        b'[{"event": "bounce", "email": {"a": 1}, "timestamp": -1, "sg_event_id": ["x"]}]',
        b'[{"event": "open", "sg_event_id": "\\ud800", "email": "\\u0000", "timestamp": true}]',
        json.dumps([event(sg_event_id="x" * 5_000, event="y" * 5_000)]).encode(),
        json.dumps([event(timestamp=10**30)]).encode(),
    ],
)
def test_hostile_bodies_of_the_vendor_are_dead_letters_and_break_nothing(
    client: TestClient, office: ApiOffice, key: dict[str, str], raw: bytes
) -> None:
    path = connect(client, key)
    assert post(client, path, raw).status_code == 200
    inbound_events.apply_due(office.office.context)
    rows = kept(office)
    assert rows
    assert {row.state for row in rows} == {InboundState.DEAD}
    shown = client.get("/api/v1/inbound-events?state=dead", headers=key).json()["items"]
    assert len(shown) == len(rows)
    assert all(one["reason"] for one in shown)
    assert client.get(f"/api/v1/inbound-events/{shown[0]['id']}", headers=key).status_code == 200


def test_ten_megabytes_are_not_read(client: TestClient, office: ApiOffice, key: dict[str, str]) -> None:
    path = connect(client, key)
    assert post(client, path, b"[" + b" " * 10_000_000 + b"]").status_code == 413
    assert kept(office) == []


def test_a_key_that_is_none_is_refused_when_it_is_given(client: TestClient, key: dict[str, str]) -> None:
    for vendor, secret in (("sendgrid", "no key"), ("ses", "arn:aws:sqs:x"), ("ses", "*")):
        answer = client.post("/api/v1/inbound-endpoints", json={"vendor": vendor, "secret": secret}, headers=key)
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_secret")
    answer = client.post("/api/v1/inbound-endpoints", json={"vendor": "x", "secret": "x"}, headers=key)
    assert answer.status_code == 404


def test_another_key_and_the_same_address(client: TestClient, office: ApiOffice, key: dict[str, str]) -> None:
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    wrong = base64.b64encode(other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    path, raw = connect(client, key, secret=wrong), json.dumps([event()]).encode()
    assert post(client, path, raw).status_code == 403
    [endpoint] = client.get("/api/v1/inbound-endpoints", headers=key).json()["items"]
    answer = client.patch(f"/api/v1/inbound-endpoints/{endpoint['id']}", json={"secret": PUBLIC}, headers=key)
    assert (answer.json()["url"], answer.json()["refusal"]) == (endpoint["url"], "")
    assert post(client, path, raw).status_code == 200


# ---------------------------------------------------------------------------------------------------- Amazon SES


def test_ses_speaks_through_our_topic_only(
    client: TestClient, office: ApiOffice, key: dict[str, str], sns: FakeVendor
) -> None:
    path = connect(client, key, "ses", TOPIC)
    delivery = {"timestamp": "2026-06-02T13:58:30.000Z", "recipients": ["bob@prospect.example"]}
    raw = signed({"Message": json.dumps(ses("Delivery", delivery=delivery))})
    for _ in range(2):
        assert client.post(path, content=raw).status_code == 200
    assert [(row.kind, row.vendor) for row in kept(office)] == [("Delivery", "ses")]
    foreign = signed({"TopicArn": TOPIC.replace("123456789012", "999999999999")})
    asked = len(sns.requests)
    assert client.post(path, content=foreign).status_code == 403
    assert client.post(path, content=b"{}").status_code == 422
    assert len(sns.requests) == asked  # nothing is asked of anybody for a stranger
    assert len(kept(office)) == 1


def test_a_subscription_is_confirmed_at_sns_only(
    client: TestClient, office: ApiOffice, key: dict[str, str], sns: FakeVendor
) -> None:
    path = connect(client, key, "ses", TOPIC)

    def confirm(url: str, **more: str) -> int:
        fields = {"Type": "SubscriptionConfirmation", "Token": "t", "SubscribeURL": url}
        return client.post(path, content=signed(fields | more)).status_code

    good = f"{HOST}/?Action=ConfirmSubscription&Token=t"
    assert confirm("https://evil.example/?Action=ConfirmSubscription") == 403
    assert confirm("http://169.254.169.254/latest/meta-data") == 403
    assert confirm(good, TopicArn=TOPIC + "-other") == 403
    assert {request.url.host for request in sns.requests} == {"sns.eu-central-1.amazonaws.com"}
    assert not [request for request in sns.requests if request.url.params.get("Action")]
    assert confirm(good) == 200
    assert sns.requests[-1].url.params["Action"] == "ConfirmSubscription"
    assert kept(office) == []


def test_sns_that_is_down_is_told_to_come_again(
    client: TestClient, office: ApiOffice, key: dict[str, str], sns: FakeVendor
) -> None:
    sns.handler = lambda _: httpx2.ConnectError("gone")
    path = connect(client, key, "ses", TOPIC)
    assert client.post(path, content=signed({"Message": "{}"})).status_code == 503
    assert kept(office) == []


# ------------------------------------------------------------------------------------------------------- people


def test_a_dead_letter_is_seen_and_tried_again(client: TestClient, office: ApiOffice, key: dict[str, str]) -> None:
    post(client, connect(client, key), b"nothing")
    inbound_events.apply_due(office.office.context)
    [dead] = client.get("/api/v1/inbound-events", headers=key).json()["items"]
    assert client.get(f"/api/v1/inbound-events/{dead['id']}", headers=key).json()["raw"] == "nothing"
    poor = office.key("read", "webhooks:write")
    assert client.get(f"/api/v1/inbound-events/{dead['id']}", headers=poor).json()["raw"] is None
    none = {"message": str(uuid4())}
    assert client.post(f"/api/v1/inbound-events/{dead['id']}/replay", json=none, headers=key).status_code == 404
    again = client.post(f"/api/v1/inbound-events/{dead['id']}/replay", json={}, headers=key)
    assert (again.json()["state"], again.json()["attempts"]) == ("received", 0)
    assert client.post(f"/api/v1/inbound-events/{dead['id']}/replay", json={}, headers=key).status_code == 409
    inbound_events.apply_due(office.office.context)
    assert client.post("/api/v1/inbound-events/replay", json={}, headers=key).json() == {"events": 1}
    assert client.post("/api/v1/inbound-events/replay", json={}, headers=key).json() == {"events": 0}
    audit = client.get("/api/v1/audit", headers=office.key("read", "audit:read")).json()["items"]
    assert "inbound_event.replayed" in {one["action"] for one in audit}


def test_lists_are_paged_and_only_ours(
    client: TestClient, office: ApiOffice, key: dict[str, str], database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    path = connect(client, key)
    post(client, path, json.dumps([event(n) for n in range(5)]).encode())
    first = client.get("/api/v1/inbound-events?limit=3", headers=key).json()
    rest = client.get(f"/api/v1/inbound-events?limit=3&cursor={first['next']}", headers=key).json()
    assert len({one["id"] for one in first["items"] + rest["items"]}) == 5
    assert rest["next"] is None
    theirs = api_office(database, clock, tmp_path / "other").key("read", "webhooks:write")
    assert client.get("/api/v1/inbound-events", headers=theirs).json()["items"] == []
    assert client.get(f"/api/v1/inbound-events/{first['items'][0]['id']}", headers=theirs).status_code == 404


def test_vendors_have_a_budget_of_their_own(database: Database, clock: VirtualClock, tmp_path: Path) -> None:
    office = api_office(database, clock, tmp_path, rate_limit_factor=0.001)  # 6 requests a minute, 12 of vendors
    with TestClient(create_app(office.deps)) as client:
        found = [client.post("/webhooks/ses/x").status_code for _ in range(14)]
    assert (found.count(404), found.count(429)) == (12, 2)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def client(office: ApiOffice) -> Iterator[TestClient]:
    office.user(Role.ADMIN)
    with TestClient(create_app(office.deps), follow_redirects=False, raise_server_exceptions=True) as opened:
        yield opened


def test_nothing_of_the_key_or_the_address_is_stored_in_clear(
    client: TestClient, office: ApiOffice, key: dict[str, str]
) -> None:
    path = connect(client, key)
    with office.deps.database.read(office.workspace_id) as session:
        [row] = session.exec(select(InboundEndpoint)).all()
    written = str(row.model_dump())
    assert path.rsplit("/", 1)[1] not in written
    assert PUBLIC not in written
