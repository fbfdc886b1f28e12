"""Amazon SES: mail out against the shared suite, its signature against AWS's published ones, and its events by SNS."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from core.errors import FixConfiguration, Forbidden, Rejected, RetryAt
from tests.contract.transport_suite import ID, TransportSuite, envelope
from tests.support.vendors import SECRET, Answer, FakeVendor, answer
from tools.mail.bounce_severity import BounceClass
from tools.ports import DeliveryEvent, DeliveryKind, LookupResult, SendOutcome
from tools.providers.mail_transport.ses import SesSettings, SesTransport
from tools.providers.vendor.aws_signature import AwsKey, signed_headers
from tools.webhooks.ses import SesWebhook, read

NOW = datetime(2026, 6, 2, 14, tzinfo=UTC)


class TestSesTransport(TransportSuite):
    contract = "aws_sesv2"

    def transport(self, vendor: FakeVendor) -> SesTransport:
        settings = SesSettings("eu-central-1", AwsKey("AKIDEXAMPLE", SECRET), configuration_set="events")
        return SesTransport(settings, vendor.wire())

    def good(self, request: httpx2.Request) -> Answer:
        return answer({"MessageId": "0107018f-0000"})

    def sends(self, request: httpx2.Request) -> bool:
        return request.url.path == "/v2/email/outbound-emails"

    def error(self, status: int) -> httpx2.Response:
        return self.fault("SomethingException", "As it is said.", status)

    def fault(self, name: str, said: str, status: int = 400) -> httpx2.Response:
        return answer({"message": said}, status, {"x-amzn-errortype": f"{name}:http://internal.example/"})

    def test_the_frozen_bytes_go_as_they_are(self) -> None:
        mail = envelope()
        vendor, result = self.sent(self.good, mail)
        [request] = vendor.requests
        assert request.url.host == "email.eu-central-1.amazonaws.com"
        sent = json.loads(request.content)
        assert base64.b64decode(sent["Content"]["Raw"]["Data"]) == mail.mime
        assert sent["Destination"] == {"ToAddresses": ["bob@prospect.example"]}
        assert sent["EmailTags"] == [{"Name": "salesos_message_id", "Value": ID.strip("<>")}]
        assert result.provider_id == "0107018f-0000"
        assert result.wire_message_id == "<0107018f-0000@eu-central-1.amazonses.com>"

    def test_the_first_region_writes_ids_of_a_host_without_a_region(self) -> None:
        vendor = FakeVendor(self.good)
        result = SesTransport(SesSettings("us-east-1", AwsKey("AKIDEXAMPLE", SECRET)), vendor.wire()).send(envelope())
        assert result.wire_message_id == "<0107018f-0000@email.amazonses.com>"

    @pytest.mark.parametrize(
        ("name", "said", "status", "outcome"),
        [
            ("TooManyRequestsException", "Maximum sending rate exceeded.", 429, SendOutcome.DEFERRED),
            ("ThrottlingException", "Rate exceeded", 400, SendOutcome.DEFERRED),
            ("LimitExceededException", "Daily message quota exceeded.", 400, SendOutcome.DEFERRED),
            ("MessageRejected", "Email address is not verified.", 400, SendOutcome.MISCONFIGURED),
            ("MessageRejected", "No authority to send from this address.", 400, SendOutcome.MISCONFIGURED),
            ("MessageRejected", "Transaction failed: message contains a virus.", 400, SendOutcome.REJECTED),
            ("BadRequestException", "Domain contains illegal character", 400, SendOutcome.REJECTED),
            ("BadRequestException", "Configuration set is missing", 400, SendOutcome.MISCONFIGURED),
            ("AccountSuspendedException", "Suspended.", 400, SendOutcome.MISCONFIGURED),
            ("SendingPausedException", "Paused.", 400, SendOutcome.MISCONFIGURED),
            ("MailFromDomainNotVerifiedException", "No.", 400, SendOutcome.MISCONFIGURED),
            ("NotFoundException", "No such configuration set.", 404, SendOutcome.MISCONFIGURED),
        ],
    )
    def test_who_must_act(self, name: str, said: str, status: int, outcome: SendOutcome) -> None:
        _, result = self.at_sending(self.fault(name, said, status))
        assert (result.outcome, result.code) == (outcome, name)

    def test_it_cannot_be_asked_what_it_took(self) -> None:
        assert self.transport(FakeVendor(self.good)).lookup(ID) is LookupResult.UNSUPPORTED

    @pytest.mark.parametrize("region", ["", "eu-central-1.evil.example", "eu-central-1/", "EU"])
    def test_a_region_is_no_host(self, region: str) -> None:
        with pytest.raises(FixConfiguration):
            SesTransport(SesSettings(region, AwsKey("a", "b")), FakeVendor(self.good).wire())


# AWS's published example key and requests (IAM User Guide, and the Signature Version 4 test suite, Apache-2.0).
_EXAMPLE = AwsKey("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
_FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("method", "url", "headers", "body", "service", "signature"),
    [
        (
            "GET",
            "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
            {"Content-Type": f"{_FORM}; charset=utf-8"},
            b"",
            "iam",
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        ),
        (
            "GET",
            "https://example.amazonaws.com/",
            {},
            b"",
            "service",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "POST",
            "https://example.amazonaws.com/",
            {},
            b"",
            "service",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "POST",
            "https://example.amazonaws.com/",
            {"Content-Type": _FORM},
            b"Param1=value1",
            "service",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ],
    ids=["iam", "get-vanilla", "post-vanilla", "post-form"],
)
def test_the_signature_is_the_published_one(
    method: str, url: str, headers: Mapping[str, str], body: bytes, service: str, signature: str
) -> None:
    signed = signed_headers(
        _EXAMPLE,
        method=method,
        url=url,
        body=body,
        headers=headers,
        region="us-east-1",
        service=service,
        now=datetime(2015, 8, 30, 12, 36, tzinfo=UTC),
    )
    assert signed["authorization"].endswith(f"Signature={signature}")


# ------------------------------------------------------------------------------------------------------- events

TOPIC = "arn:aws:sns:eu-central-1:123456789012:salesos-events"
HOST = "https://sns.eu-central-1.amazonaws.com"
CERTIFICATE = f"{HOST}/SimpleNotificationService-0.pem"
SIGNER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(begins: datetime = NOW - timedelta(days=1), days: int = 30) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(SIGNER.public_key())
    builder = builder.serial_number(7).not_valid_before(begins).not_valid_after(begins + timedelta(days=days))
    return builder.sign(SIGNER, SHA256()).public_bytes(Encoding.PEM)


def signed(fields: dict[str, Any], version: str = "2") -> bytes:
    whole = {
        "Type": "Notification",
        "MessageId": "22b80b92-0000",
        "TopicArn": TOPIC,
        "Timestamp": "2026-06-02T13:59:00.000Z",
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE,
        "Message": "",
    } | fields
    order = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    subject_only = {"SubscribeURL", "Token"} if whole["Type"] == "Notification" else {"Subject"}
    text = "".join(f"{name}\n{whole[name]}\n" for name in order if name in whole and name not in subject_only)
    algorithm = SHA256() if version == "2" else SHA1()
    return json.dumps(
        {"Signature": base64.b64encode(SIGNER.sign(text.encode(), PKCS1v15(), algorithm)).decode()} | whole
    ).encode()


def door(handler: Callable[[httpx2.Request], Answer] | None = None) -> tuple[FakeVendor, SesWebhook]:
    vendor = FakeVendor(handler or (lambda _: httpx2.Response(200, content=certificate())))
    return vendor, SesWebhook([TOPIC], vendor.wire())


def told(message: Mapping[str, Any], **fields: Any) -> list[DeliveryEvent]:
    return read_from(door()[1], signed({"Message": json.dumps(message)} | fields))


def read_from(webhook: SesWebhook, raw: bytes) -> list[DeliveryEvent]:
    return [found for kept in webhook.receive(raw, {}) for found in read(kept.raw)]


def ses(kind: str, **parts: Any) -> dict[str, Any]:
    mail = {
        "timestamp": "2026-06-02T13:58:00.000Z",
        "source": "ada@sender.example",
        "messageId": "0107018f-0000",
        "destination": ["bob@prospect.example"],
        "headers": [{"name": "Message-ID", "value": "<by-header@sender.example>"}],
        "tags": {"salesos_message_id": [ID.strip("<>")], "ses:source-ip": ["192.0.2.1"]},
    }
    return {"eventType": kind, "mail": mail} | parts


def bounce(kind: str, sub: str, status: str = "", said: str = "") -> dict[str, Any]:
    recipient = {"emailAddress": "bob@prospect.example", "status": status, "diagnosticCode": said}
    at = "2026-06-02T13:58:30.000Z"
    body = {"bounceType": kind, "bounceSubType": sub, "bouncedRecipients": [recipient], "timestamp": at}
    return ses("Bounce", bounce=body | {"feedbackId": "f"})


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", [{}, {"Subject": "Amazon SES"}])
def test_a_delivery(version: str, subject: dict[str, str]) -> None:
    at = "2026-06-02T13:58:30.000Z"
    body = {"timestamp": at, "recipients": ["bob@prospect.example"], "smtpResponse": "250 2.6.0 ok"}
    message = json.dumps(ses("Delivery", delivery=body))
    [found] = read_from(door()[1], signed({"Message": message} | subject, version))
    assert (found.kind, found.message_id, found.provider_id) == (DeliveryKind.DELIVERED, ID, "0107018f-0000")
    assert found.occurred_at == datetime(2026, 6, 2, 13, 58, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (bounce("Permanent", "General", "5.1.1", "smtp; 550 5.1.1 user unknown"), BounceClass.HARD),
        (bounce("Permanent", "General", "5.7.1", "smtp; 550 5.7.1 blocked by policy"), BounceClass.BLOCKED),
        (bounce("Permanent", "NoEmail"), BounceClass.HARD),
        (bounce("Permanent", "General"), BounceClass.SOFT),
        (bounce("Transient", "MailboxFull", "5.2.2", "mailbox full"), BounceClass.SOFT),
        (bounce("Transient", "General", "5.1.1", "user unknown"), BounceClass.SOFT),
        (bounce("Transient", "ContentRejected"), BounceClass.BLOCKED),
        (bounce("Undetermined", "Undetermined"), BounceClass.SOFT),
    ],
)
def test_a_bounce_has_its_class(message: dict[str, Any], expected: BounceClass) -> None:
    [found] = told(message)
    assert (found.kind, found.bounce) == (DeliveryKind.BOUNCED, expected)


def test_what_was_not_tried_did_not_bounce() -> None:
    [found] = told(bounce("Permanent", "OnAccountSuppressionList"))
    assert (found.kind, found.bounce) == (DeliveryKind.DROPPED, None)


def test_complaints_delays_rejects_and_the_rest() -> None:
    at, people = "2026-06-02T13:58:30.000Z", [{"emailAddress": "bob@prospect.example"}]
    complaint = {"complainedRecipients": people, "timestamp": at, "feedbackId": "f"}
    delay = {"delayType": "MailboxFull", "delayedRecipients": people, "timestamp": at}
    assert [e.kind for e in told(ses("Complaint", complaint=complaint))] == [DeliveryKind.COMPLAINED]
    assert told(ses("Complaint", complaint=complaint | {"complaintFeedbackType": "not-spam"})) == []
    assert [e.kind for e in told(ses("DeliveryDelay", deliveryDelay=delay))] == [DeliveryKind.DEFERRED]
    assert [e.kind for e in told(ses("Reject", reject={"reason": "Bad content"}))] == [DeliveryKind.DROPPED]
    hit = {"timestamp": at, "ipAddress": "192.0.2.1", "userAgent": "x"}
    assert [e.kind for e in told(ses("Open", open=hit))] == [DeliveryKind.OPENED]
    assert [e.kind for e in told(ses("Click", click=hit | {"link": "https://x.example"}))] == [DeliveryKind.CLICKED]
    for kind in ("Send", "Rendering Failure"):
        assert told(ses(kind)) == []
    for wrong in (ses("Bounce"), ses("Teleported"), {"anything": 1}):
        with pytest.raises(Rejected):
            told(wrong)


@pytest.mark.parametrize(("preferences", "says_no"), [
    ({"unsubscribeAll": True}, True),
    ({"unsubscribeAll": False, "topicSubscriptionStatus": [{"topicName": "a", "subscriptionStatus": "OptOut"}]}, True),
    ({"unsubscribeAll": False, "topicSubscriptionStatus": [{"topicName": "a", "subscriptionStatus": "OptIn"}]}, False),
])  # fmt: skip
def test_who_leaves_a_list_of_ses_opts_out(preferences: dict[str, Any], says_no: bool) -> None:
    part = {"timestamp": "2026-06-02T13:58:30.000Z", "newTopicPreferences": preferences}
    expected = [DeliveryKind.UNSUBSCRIBED] if says_no else []
    assert [e.kind for e in told(ses("Subscription", subscription=part))] == expected


def test_the_end_of_a_subscription_is_told() -> None:
    [kept] = door()[1].receive(
        signed({"Type": "UnsubscribeConfirmation", "Token": "t", "SubscribeURL": f"{HOST}/"}), {}
    )
    with pytest.raises(Rejected, match="ended"):
        read(kept.raw)


def test_what_is_kept_has_the_time_and_the_person_of_the_event() -> None:
    message = json.dumps(bounce("Permanent", "General", "5.1.1", "user unknown"))
    [kept] = door()[1].receive(signed({"Message": message}), {})
    assert (kept.key, kept.kind, kept.recipient) == ("22b80b92-0000", "Bounce", "bob@prospect.example")
    assert kept.occurred_at == datetime(2026, 6, 2, 13, 58, 30, tzinfo=UTC)


def test_our_id_is_found_by_the_header_where_there_is_no_tag() -> None:
    message = ses("Reject", reject={"reason": "Bad content"})
    message["mail"]["tags"] = {}
    assert told(message)[0].message_id == "<by-header@sender.example>"


def test_a_certificate_is_fetched_once() -> None:
    vendor, webhook = door()
    for _ in range(3):
        webhook.receive(signed({}), {})
    assert [str(request.url) for request in vendor.requests] == [CERTIFICATE]


@pytest.mark.parametrize("changed", ["Message", "MessageId", "Timestamp", "Type"])
def test_what_is_not_signed_as_it_came_is_refused(changed: str) -> None:
    fields = json.loads(signed({"Message": "{}"}))
    other = {"Timestamp": "2026-06-02T13:58:59.000Z", "Type": "UnsubscribeConfirmation"}
    fields[changed] = other.get(changed, "something else")
    with pytest.raises(Forbidden) as caught:
        door()[1].receive(json.dumps(fields).encode(), {})
    assert caught.value.code == "bad_signature"


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-central-1.amazonaws.com/a.pem",
        "https://sns.eu-central-1.amazonaws.com.evil.example/a.pem",
        "https://evil.example/sns.eu-central-1.amazonaws.com/a.pem",
        "https://sns.eu-central-1.amazonaws.com@evil.example/a.pem",
        "https://sns.eu-central-1.amazonaws.com:8443/a.pem",
        "https://sns.us-east-1.amazonaws.com/a.pem",
        "https://sns.eu-central-1.amazonaws.com/a.exe",
        "https://[",
    ],
)
def test_a_certificate_of_another_host_is_not_even_fetched(url: str) -> None:
    vendor, webhook = door()
    with pytest.raises(Forbidden):
        webhook.receive(signed({"SigningCertURL": url}), {})
    assert not vendor.requests


def test_a_certificate_that_has_run_out() -> None:
    old = certificate(NOW - timedelta(days=40))
    with pytest.raises(Forbidden):
        door(lambda _: httpx2.Response(200, content=old))[1].receive(signed({}), {})


@pytest.mark.parametrize("at", ["2026-06-01T13:00:00.000Z", "2026-06-02T14:06:00.000Z"])
def test_what_is_old_or_from_the_future_is_refused(at: str) -> None:
    vendor, webhook = door()
    with pytest.raises(Forbidden):
        webhook.receive(signed({"Timestamp": at}), {})
    assert not vendor.requests


def subscription(**fields: str) -> bytes:
    url = f"{HOST}/?Action=ConfirmSubscription&Token=t"
    return signed({"Type": "SubscriptionConfirmation", "Token": "t", "SubscribeURL": url} | fields)


def test_the_subscription_of_our_topic_is_confirmed() -> None:
    vendor, webhook = door()
    assert webhook.receive(subscription(), {}) == []
    assert [request.url.params.get("Action") for request in vendor.requests] == [None, "ConfirmSubscription"]


@pytest.mark.parametrize(
    "fields",
    [
        {"TopicArn": "arn:aws:sns:eu-central-1:999999999999:foreign"},
        {"TopicArn": "nothing"},
        {"SubscribeURL": "https://evil.example/?Action=ConfirmSubscription"},
    ],
)
def test_no_other_subscription_is_followed(fields: dict[str, str]) -> None:
    vendor, webhook = door()
    with pytest.raises(Forbidden):
        webhook.receive(subscription(**fields), {})
    assert all(str(request.url) == CERTIFICATE for request in vendor.requests)


def test_sns_that_is_down_lets_the_message_come_again() -> None:
    for given in (httpx2.Response(500), httpx2.ConnectError("gone"), httpx2.Response(200, content=b"x" * 30_000)):
        with pytest.raises(RetryAt):
            door(lambda _, given=given: given)[1].receive(signed({}), {})


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"Type": "Notification"}', b"[" * 100_000])
def test_what_is_no_message_of_sns(raw: bytes) -> None:
    with pytest.raises(Rejected):
        door()[1].receive(raw, {})


def test_our_fixtures_are_in_the_vendor_s_shape(shared_dir: Path) -> None:
    def keeps(name: str, value: Any) -> None:
        jsonschema.validate(value, json.loads((shared_dir / "contracts" / f"{name}.schema.json").read_text()))

    keeps("aws_sns_envelope", json.loads(signed({})))
    keeps("aws_sns_envelope", json.loads(subscription()))
    keeps("aws_ses_event", bounce("Permanent", "General", "5.1.1", "user unknown"))
    keeps("aws_ses_event", ses("Reject", reject={"reason": "Bad content"}))


def test_the_vendor_s_own_examples(shared_dir: Path) -> None:
    examples = json.loads((shared_dir / "contracts" / "vendor_examples" / "aws_ses_sns_events.json").read_text())
    kinds = {name: [found.kind for found in told(event)] for name, event in examples["examples"].items()}
    assert {name: found for name, found in kinds.items() if found} == {
        "Bounce record": [DeliveryKind.BOUNCED],
        "Complaint record": [DeliveryKind.COMPLAINED],
        "Delivery record": [DeliveryKind.DELIVERED],
        "DeliveryDelay record": [DeliveryKind.DEFERRED],
        "Reject record": [DeliveryKind.DROPPED],
        "Open record": [DeliveryKind.OPENED],
        "Click record": [DeliveryKind.CLICKED],
        "Subscription record": [DeliveryKind.UNSUBSCRIBED],
    }
