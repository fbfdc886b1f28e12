"""Gmail's pushes: whose they are, what they say, and the asking for them."""

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from core.errors import FixConfiguration, Forbidden, Rejected, RetryAt
from tests.contract.transport_suite import TOKEN_EXCHANGE, access, with_tokens
from tests.support.vendors import Answer, FakeVendor, answer
from tools.ports.inbox_watch import MailArrived
from tools.providers.inbox.gmail_push import GmailPush
from tools.webhooks import google
from tools.webhooks.doors import Doors

NOW = datetime(2026, 6, 2, 14, tzinfo=UTC)
AUDIENCE, ACCOUNT = "https://sales.example/webhooks/google", "push@project.iam.gserviceaccount.com"
TOPIC = "projects/project/topics/mail"
CHANGE = {"emailAddress": "Ada@sender.example", "historyId": 9876543210}
SHARED = OctKey.import_key("a-secret-of-thirty-two-bytes-or-more")


@cache
def key(name: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})


def claims(**changes: Any) -> dict[str, Any]:
    now = int(NOW.timestamp())
    fixed = {"iss": "https://accounts.google.com", "aud": AUDIENCE, "email": ACCOUNT, "email_verified": True}
    return fixed | {"sub": "113774264463038321964", "iat": now - 10, "exp": now + 3_590} | changes


def token(signed_by: str = "first", **changes: Any) -> str:
    return jwt.encode({"alg": "RS256", "kid": signed_by, "typ": "JWT"}, claims(**changes), key(signed_by))


def push(data: Any = CHANGE, **more: Any) -> bytes:
    encoded = base64.b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).decode()
    message = {"data": encoded, "messageId": "2070443601311540", "publishTime": "2026-06-02T13:59:59.9Z"} | more
    return json.dumps({"message": message, "subscription": "projects/project/subscriptions/mail"}).encode()


def certificates(*names: str) -> FakeVendor:
    return FakeVendor(lambda _: answer({"keys": [key(name).as_dict(private=False) for name in names or ("first",)]}))


def door(vendor: FakeVendor | None = None) -> google.GooglePush:
    vendor = vendor or certificates()
    found = Doors(vendor.clock, vendor.wire().http).of("google", f"{AUDIENCE}  {ACCOUNT}")
    assert isinstance(found, google.GooglePush)
    return found


def headers(bearer: str) -> httpx2.Headers:
    return httpx2.Headers({"authorization": f"Bearer {bearer}"})


def test_what_google_signed_for_us_is_kept_by_its_id() -> None:
    vendor = certificates()
    gate = door(vendor)
    for _ in range(3):
        (event,) = gate.receive(push(), headers(token()))
    assert (event.key, event.kind, event.recipient) == ("2070443601311540", "arrived", "Ada@sender.example")
    assert event.occurred_at == NOW - timedelta(milliseconds=100)
    assert google.read(event.raw) == [MailArrived("ada@sender.example", "gmail")]
    assert [str(request.url) for request in vendor.requests] == [google.CERTIFICATES], "keys are asked for once"


@pytest.mark.parametrize(
    ("bearer", "why"),
    [
        (lambda: token(aud="https://other.example"), "audience"),
        (lambda: token(aud=[AUDIENCE]), "audience"),
        (lambda: token(email="push@another.iam.gserviceaccount.com"), "service account"),
        (lambda: token(email_verified=False), "service account"),
        (lambda: token(email_verified="true"), "service account"),
        (lambda: token(iss="https://accounts.google.com.evil.example"), "not Google's"),
        (lambda: token(exp=int(NOW.timestamp()) - 61), "ran out"),
        (lambda: token(iat=int(NOW.timestamp()) + 120), "future"),
        (lambda: token(exp=None), "ran out"),
        (lambda: token("stranger"), "signed"),
        (lambda: token()[:-8] + "AAAAAAAA", "signed"),
        (lambda: jwt.encode({"alg": "HS256", "kid": "first"}, claims(), SHARED), "signed"),
        (lambda: base64.urlsafe_b64encode(b'{"alg":"none","kid":"first"}').decode().rstrip("=") + ".e30.", "signed"),
        (lambda: "nothing", "signed"),
        (lambda: "W10.W10.W10", "signed"),
        (lambda: "x" * 9_000, "token"),
        (lambda: "", "token"),
    ],
)  # fmt: skip
def test_what_is_not_signed_by_google_for_us_is_refused(bearer: Any, why: str) -> None:
    with pytest.raises(Forbidden, match=why):
        door().receive(push(), headers(bearer()))


def test_a_new_key_is_asked_for_and_made_up_ones_are_no_flood() -> None:
    known = ["first"]
    vendor = FakeVendor(lambda _: answer({"keys": [key(name).as_dict(private=False) for name in known]}))
    gate = door(vendor)
    gate.receive(push(), headers(token()))
    known.append("second")
    for _ in range(5):
        with pytest.raises(Forbidden):
            gate.receive(push(), headers(token("second")))
    assert len(vendor.requests) == 1
    vendor.clock.advance(timedelta(seconds=31))
    assert gate.receive(push(), headers(token("second")))
    assert len(vendor.requests) == 2


@pytest.mark.parametrize(
    "given",
    [httpx2.ReadTimeout("late"), httpx2.Response(500), httpx2.Response(200, content=b"<h1>"), answer({"keys": 7})],
    ids=["silent", "down", "html", "schema"],
)
def test_without_google_s_keys_nobody_knows_and_google_posts_again(given: Answer) -> None:
    with pytest.raises(RetryAt):
        door(FakeVendor(lambda _: given)).receive(push(), headers(token()))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{",
        push(b"no json"),
        push({"historyId": 1}),
        push(CHANGE, messageId=""),
        push(CHANGE).replace(b'"data": "', b'"data": "%'),
    ],
)
def test_what_gmail_never_publishes_is_refused(raw: bytes) -> None:
    with pytest.raises(Rejected):
        door().receive(raw, headers(token()))


@pytest.mark.parametrize("secret", ["", AUDIENCE, f"{AUDIENCE} nobody", f"{AUDIENCE} {ACCOUNT} more"])
def test_a_secret_that_cannot_be_one_is_said_at_once(secret: str) -> None:
    with pytest.raises(FixConfiguration):
        Doors(certificates().clock, certificates().wire().http).of("google", secret)


# ---------------------------------------------------------------------------------------------------- asking for them


def asked(given: Answer) -> tuple[FakeVendor, GmailPush]:
    vendor = FakeVendor(with_tokens(lambda _: given), "google_gmail", allow=(TOKEN_EXCHANGE,))
    return vendor, GmailPush(access(vendor), vendor.wire(), TOPIC)


def test_gmail_is_asked_for_the_inbox_alone_and_says_until_when() -> None:
    vendor, source = asked(answer({"historyId": "1234567890", "expiration": "1781006400000"}))
    assert source.renew() == datetime(2026, 6, 9, 12, tzinfo=UTC)
    assert json.loads(vendor.requests[-1].content) == {
        "topicName": TOPIC,
        "labelIds": ["INBOX"],
        "labelFilterBehavior": "include",
    }
    assert not vendor.violations, vendor.violations


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (answer({"error": {"code": 500, "message": "x"}}, 500), RetryAt),
        (answer({"historyId": "1"}), RetryAt),
        (answer({"error": {"code": 403, "message": "not authorized to publish"}}, 403), FixConfiguration),
        (httpx2.ReadTimeout("late"), RetryAt),
    ],
    ids=["down", "schema", "topic", "silent"],
)
def test_who_must_act_when_gmail_does_not_publish(given: Answer, error: type[Exception]) -> None:
    with pytest.raises(error):
        asked(given)[1].renew()
