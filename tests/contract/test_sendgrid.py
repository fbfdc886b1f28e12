"""SendGrid: mail out against the shared suite, and its signed events."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from core.clock import VirtualClock
from core.errors import FixConfiguration, Forbidden, Rejected
from store.queries.inbound import NewEvent
from tests.contract.transport_suite import ID, TransportSuite, envelope
from tests.support.vendors import SECRET, Answer, FakeVendor, answer
from tools.mail.bounce_severity import BounceClass
from tools.ports import DeliveryEvent, DeliveryKind, Envelope, LookupResult, SendOutcome
from tools.providers.mail_transport.sendgrid import SendGridSettings, SendGridTransport, as_fields
from tools.webhooks import sendgrid
from tools.webhooks.sendgrid import SendGridWebhook

NOW = datetime(2026, 6, 2, 14, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())


class TestSendGridTransport(TransportSuite):
    contract = "sendgrid_mail"

    def transport(self, vendor: FakeVendor) -> SendGridTransport:
        return SendGridTransport(SendGridSettings(SECRET), vendor.wire())

    def good(self, request: httpx2.Request) -> Answer:
        return httpx2.Response(202, headers={"x-message-id": "14c5d75ce93"})

    def sends(self, request: httpx2.Request) -> bool:
        return request.url.path == "/v3/mail/send"

    def error(self, status: int) -> httpx2.Response:
        return answer({"errors": [{"message": "As it is said.", "field": None, "help": None}]}, status)

    def test_its_name_for_the_mail_is_kept_and_our_message_id_is_what_recipients_see(self) -> None:
        _, result = self.sent(self.good)
        assert (result.provider_id, result.wire_message_id) == ("14c5d75ce93", "")

    def test_it_cannot_be_asked_what_it_took(self) -> None:
        assert self.transport(FakeVendor(self.good)).lookup(ID) is LookupResult.UNSUPPORTED

    def test_the_window_s_end_is_waited_for(self) -> None:
        limited = self.error(429)
        limited.headers["x-ratelimit-reset"] = str(int(NOW.timestamp()) + 42)
        _, result = self.at_sending(limited)
        assert result.retry_after_seconds == 42

    @pytest.mark.parametrize(
        ("field", "outcome"),
        [
            ("personalizations.0.to.0.email", SendOutcome.REJECTED),
            ("from.email", SendOutcome.MISCONFIGURED),
            ("null", SendOutcome.MISCONFIGURED),
        ],
    )
    def test_only_a_refused_recipient_is_the_recipient_s(self, field: str, outcome: SendOutcome) -> None:
        refused = answer({"errors": [{"message": "Does not contain a valid address.", "field": field}]}, 400)
        assert self.at_sending(refused)[1].outcome is outcome

    def test_credits_that_are_spent_come_back(self) -> None:
        spent = answer({"errors": [{"message": "Maximum credits exceeded", "field": None}]}, 401)
        assert self.at_sending(spent)[1].outcome is SendOutcome.DEFERRED

    def test_the_sandbox_sends_nothing(self) -> None:
        assert self.at_sending(httpx2.Response(200))[1].outcome is SendOutcome.MISCONFIGURED


def test_the_fields_say_what_the_frozen_bytes_say() -> None:
    fields = as_fields(envelope())
    assert fields["subject"] == "Röda vävstolar"
    assert fields["from"] == {"email": "ada@sender.example", "name": "Ada Ærø"}
    assert [content["type"] for content in fields["content"]] == ["text/plain", "text/html"]
    assert fields["content"][0]["value"].startswith("Hello Bob,\n\nyour looms – are they red?")
    assert fields["headers"]["Message-ID"] == ID
    assert fields["headers"]["References"] == "<first@prospect.example>"
    assert "https://u.sender.example/u/" + "t" * 120 in fields["headers"]["List-Unsubscribe"]
    assert fields["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert not any(setting["enable"] for setting in fields["tracking_settings"].values())
    assert fields["personalizations"][0]["custom_args"] == {"salesos_message_id": ID}


def test_an_invitation_goes_along() -> None:
    ics = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
    [invitation] = as_fields(envelope(ics=ics))["attachments"]
    assert invitation["type"] == "text/calendar; method=REQUEST"
    assert base64.b64decode(invitation["content"]) == ics


def test_the_plain_text_comes_first_as_sendgrid_wants_it() -> None:
    head = b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="b"\r\n\r\n'
    html, plain = (b"--b\r\nContent-Type: text/" + kind + b"\r\n\r\nHello\r\n" for kind in (b"html", b"plain"))
    mail = Envelope(ID, "ada@sender.example", "bob@prospect.example", head + html + plain + b"--b--\r\n")
    assert [content["type"] for content in as_fields(mail)["content"]] == ["text/plain", "text/html"]


# ------------------------------------------------------------------------------------------------------- events


def public(key: ec.EllipticCurvePrivateKey = KEY) -> str:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def read(raw: bytes, *, at: datetime = NOW, signed: bytes | None = None, key: Any = KEY) -> list[DeliveryEvent]:
    stamp = str(int(at.timestamp()))
    signature = base64.b64encode(key.sign(stamp.encode() + (raw if signed is None else signed), ec.ECDSA(SHA256())))
    kept = receive(raw, signature.decode(), stamp)
    return [found for each in kept for found in sendgrid.read(each.raw)]


def receive(raw: bytes, signature: str, stamp: str) -> list[NewEvent]:
    headers = {sendgrid.SIGNATURE_HEADER: signature, sendgrid.TIMESTAMP_HEADER: stamp}
    return list(SendGridWebhook(public(), VirtualClock(NOW)).receive(raw, headers))


def signed_and_kept(raw: bytes) -> list[NewEvent]:
    stamp = str(int(NOW.timestamp()))
    signature = KEY.sign(stamp.encode() + raw, ec.ECDSA(SHA256()))
    return receive(raw, base64.b64encode(signature).decode(), stamp)


def event(name: str, **more: Any) -> dict[str, Any]:
    fixed = {"email": "bob@prospect.example", "timestamp": 1780400000, "sg_event_id": "e1", "sg_message_id": "m1"}
    return fixed | {"event": name, "smtp-id": "<x@ismtpd.example>", "salesos_message_id": ID} | more


def one(name: str, **more: Any) -> DeliveryEvent:
    [found] = read(json.dumps([event(name, **more)]).encode())
    return found


def test_events_become_ours() -> None:
    kinds = {
        "delivered": DeliveryKind.DELIVERED,
        "spamreport": DeliveryKind.COMPLAINED,
        "deferred": DeliveryKind.DEFERRED,
        "dropped": DeliveryKind.DROPPED,
        "unsubscribe": DeliveryKind.UNSUBSCRIBED,
        "group_unsubscribe": DeliveryKind.UNSUBSCRIBED,
        "open": DeliveryKind.OPENED,
        "click": DeliveryKind.CLICKED,
    }
    for name, kind in kinds.items():
        found = one(name)
        assert (found.kind, found.message_id, found.provider_id, found.bounce) == (kind, ID, "m1", None)
    for name in ("processed", "group_resubscribe"):
        assert read(json.dumps([event(name)]).encode()) == []
    with pytest.raises(Rejected):
        one("teleported")
    assert one("open", sg_machine_open=True).by_machine


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no such user here"}, BounceClass.HARD),
        ({"type": "bounce", "status": "5.2.2", "reason": "552 5.2.2 mailbox full"}, BounceClass.SOFT),
        ({"type": "blocked", "status": "5.7.1", "reason": "550 5.7.1 blocked by policy"}, BounceClass.BLOCKED),
        ({"type": "blocked", "status": "5.1.1", "reason": "550 5.1.1 user unknown"}, BounceClass.SOFT),
        ({"type": "bounce", "bounce_classification": "Reputation"}, BounceClass.BLOCKED),
        ({"type": "bounce", "bounce_classification": "Invalid Address"}, BounceClass.HARD),
        ({"type": "bounce"}, BounceClass.SOFT),
    ],
)
def test_a_bounce_has_its_class(more: dict[str, str], expected: BounceClass) -> None:
    assert one("bounce", **more).bounce is expected


def test_one_event_of_another_shape_does_not_lose_the_others() -> None:
    raw = json.dumps([event("delivered"), {"event": "delivered"}, 7, event("bounce", sg_event_id="e2")]).encode()
    kept = signed_and_kept(raw)
    assert [(each.key, each.kind) for each in kept] == [
        ("e1", "delivered"),
        ("", "delivered"),
        ("", ""),
        ("e2", "bounce"),
    ]
    assert kept[0].occurred_at == datetime.fromtimestamp(1780400000, UTC)
    assert kept[0].recipient == "bob@prospect.example"
    for bad in kept[1:3]:
        with pytest.raises(Rejected):
            sendgrid.read(bad.raw)


def test_what_is_not_signed_as_it_came_is_refused() -> None:
    raw = json.dumps([event("delivered")]).encode() + b"\r\n"
    assert len(read(raw)) == 1
    for changed in (raw.rstrip(), raw.replace(b"bob", b"eve"), b" " + raw):
        with pytest.raises(Forbidden):
            read(changed, signed=raw)
    with pytest.raises(Forbidden):
        read(raw, key=ec.generate_private_key(ec.SECP256R1()))


@pytest.mark.parametrize("minutes", [-6, 6])
def test_what_is_old_or_from_the_future_is_refused(minutes: int) -> None:
    with pytest.raises(Forbidden) as caught:
        read(b"[]", at=NOW + timedelta(minutes=minutes))
    assert caught.value.code == "stale"


@given(st.binary(max_size=60), st.text(max_size=40), st.text(max_size=20))
def test_rubbish_is_refused_and_breaks_nothing(raw: bytes, signature: str, timestamp: str) -> None:
    with pytest.raises(Forbidden):
        receive(raw, signature, timestamp)


@pytest.mark.parametrize("raw", [b"{}", b"nothing", b"[" * 100_000, b"[" + b"1," * 20_000 + b"1]"])
def test_what_is_signed_and_no_list_is_kept_whole_and_cannot_be_read(raw: bytes) -> None:
    [kept] = signed_and_kept(raw)
    assert (kept.raw, kept.key, kept.occurred_at) == (raw, "", None)
    with pytest.raises(Rejected):
        sendgrid.read(kept.raw)


def test_a_key_that_is_none() -> None:
    for key in ("", "%%%", base64.b64encode(b"no key").decode()):
        with pytest.raises(FixConfiguration):
            SendGridWebhook(key, VirtualClock(NOW))


def test_the_vendor_s_own_vector(shared_dir: Path) -> None:
    vectors = json.loads((shared_dir / "contracts" / "webhook_signature_vectors.json").read_text())["vectors"]
    [case] = next(each for each in vectors if each["vendor"] == "sendgrid")["cases"]
    clock = VirtualClock(datetime.fromtimestamp(int(case["timestamp"]), UTC))
    webhook = SendGridWebhook(case["public_key"], clock)
    raw = case["payload"].encode()
    headers = {sendgrid.SIGNATURE_HEADER: case["signature"], sendgrid.TIMESTAMP_HEADER: case["timestamp"]}
    [kept] = webhook.receive(raw, headers)
    [found] = sendgrid.read(kept.raw)
    assert found.kind is DeliveryKind.DROPPED
    with pytest.raises(Forbidden):
        webhook.receive(raw.rstrip(), headers)


def test_the_vendor_s_own_examples(shared_dir: Path) -> None:
    examples = json.loads((shared_dir / "contracts" / "vendor_examples" / "sendgrid_events.json").read_text())
    found = read(json.dumps(examples["examples"]).encode())
    assert [each.kind.value for each in found] == [
        "deferred",
        "delivered",
        "opened",
        "clicked",
        "bounced",
        "dropped",
        "complained",
        "unsubscribed",
        "unsubscribed",
    ]
