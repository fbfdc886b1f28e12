"""Reports that come as something else: a provider's JSON notice, a bare complaint, an expanded address."""

from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from tools.mail.bounce_severity import BounceClass, classify
from tools.mail.inbound import InboundKind, InboundReading, read_mail
from tools.mail.quotes import new_text

NOW = datetime(2026, 11, 21, tzinfo=UTC)
OURS = "<1-a@sender.example>"


def read(headers: dict[str, str], body: str) -> InboundReading:
    message = EmailMessage()
    for name, value in headers.items():
        message[name] = value
    message.set_content(body)
    return read_mail(message.as_bytes(), NOW)


def notice(kind: str, *, wrapped: bool = False, sns: bool = True) -> InboundReading:
    quote = '\\"' if wrapped else '"'
    inner = (
        (
            '{"notificationType":"KIND","mail":{"messageId":"0101-000000","headers":[{"name":"From","value":"a@b.example"},'
            '{"name":"Message-ID","value":"OURS"}]}}'
        )
        .replace("KIND", kind)
        .replace("OURS", OURS)
    )
    body = inner if not wrapped else '{\n "Type" : "Notification",\n "Message" : "' + inner.replace('"', quote) + '"\n}'
    headers = {
        "From": "no-reply@sns.amazonaws.com",
        "To": "ops@sender.example",
        "Subject": "AWS Notification Message",
        "Message-ID": "<2@us-west-2.amazonses.com>",
    }
    return read(headers | ({"x-amz-sns-message-id": "c1333a2d"} if sns else {}), body)


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("Delivery", InboundKind.DELIVERED),
        ("DeliveryDelay", InboundKind.DELAYED),
        ("Complaint", InboundKind.COMPLAINT),
        ("Open", InboundKind.REPORT),
    ],
)
def test_a_notice_of_ses_says_what_became_of_the_mail(kind: str, wanted: InboundKind, wrapped: bool) -> None:
    reading = notice(kind, wrapped=wrapped)
    assert reading.kind is wanted
    assert reading.about == (OURS,)
    assert reading.failed == ()


def test_json_that_sns_did_not_send_reports_nothing() -> None:
    assert notice("Complaint", sns=False).kind is not InboundKind.COMPLAINT


def junk(**more: str) -> InboundReading:
    headers = {
        "From": "Sam <sam@sender.example>",
        "To": "kim@outlook.example",
        "Subject": "Invoices",
        "Message-ID": OURS,
        "X-HmXmrOriginalRecipient": "kim@outlook.example",
    }
    return read(headers | {name.replace("_", "-"): value for name, value in more.items()}, "Hello Kim")


def test_a_junk_report_that_is_our_own_mail_is_a_complaint_about_it() -> None:
    reading = junk(X_Reporter_IP="192.0.2.7")
    assert reading.kind is InboundKind.COMPLAINT
    assert reading.about == (OURS,)


def test_what_an_outlook_mailbox_marks_as_its_own_is_no_complaint() -> None:
    assert junk().kind is InboundKind.REPLY


def test_an_expanded_address_failed_for_the_one_that_was_written_to() -> None:
    reading = read(
        {"From": "Mail Delivery Subsystem <MAILER-DAEMON@relay.example>", "Subject": "Returned mail: see transcript"},
        "   ----- The following addresses had permanent fatal errors -----\n"
        "<kim@inner.example>\n    (expanded from: <kim@prospect.example>)\n\n"
        "   ----- Transcript of session follows -----\n550 5.1.1 <kim@inner.example>... User unknown\n",
    )
    assert reading.kind is InboundKind.BOUNCE
    assert {failed.address for failed in reading.failed} == {"kim@inner.example", "kim@prospect.example"}


def test_an_address_that_no_router_takes_is_gone_and_a_filters_word_is_not() -> None:
    assert classify("", "kim@prospect.example\n    Unrouteable address") is BounceClass.HARD
    assert classify("", "550 <kim@prospect.example>... User unknown") is BounceClass.SOFT
    assert classify("5.2.1", "550 5.2.1 <kim@prospect.example>... User Unknown") is BounceClass.SOFT


@pytest.mark.parametrize(
    "below",
    [
        '====\n\nMessage du : 12/12/2016 13:20\nDe : "Sam" <sam@sender.example>\nA : kim@prospect.example\n'
        "Copie à : \nSujet : Factures\n\nOurs.",
        "Sent from Acme Mail <https://acme.example/r?b=1>\n"
        "On Jun 17, 2026, at 14:15, Sam <sam@sender.example> wrote:\n> Ours.",
        "Gesendet mit Acme Mail<https://acme.example/>",
    ],
)
def test_what_stands_below_is_not_theirs(below: str) -> None:
    assert new_text(f"That suits us.\n\n{below}") == "That suits us."


def test_a_ruler_and_a_link_in_their_own_words_stay() -> None:
    text = "Three points:\n====\nSent from our side are two files, see <https://them.example/a>\nThe third follows."
    assert new_text(text) == text
