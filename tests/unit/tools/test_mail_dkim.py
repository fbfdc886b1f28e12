"""DKIM signatures, verified by dkimpy, which nobody here wrote."""

import base64
import contextlib
from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Rejected
from tools.deliverability.dkim_key import key_finding
from tools.mail.compose import OutboundMail, compose
from tools.mail.dkim import DkimKey, KeyKind, generate_pem, load_key, sign

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
RSA = load_key(generate_pem(), domain="acme.example", selector="s1")
ED25519 = load_key(generate_pem(KeyKind.ED25519), domain="acme.example", selector="e1")
PUBLISHED = {key.publish().host: key.publish().value for key in (RSA, ED25519)}


def mail(**changes: object) -> bytes:
    parts: dict[str, object] = {
        "message_id": "<abc@acme.example>",
        "date": AT,
        "sender_address": "ann@acme.example",
        "recipient_address": "mia@northwind.example",
        "subject": "Größere Lager, with a long subject that will be folded over more than only one line of the header",
        "text": "Hello Mia,\n\n  two  blanks   and trailing ones  \n\n\n",
        "unsubscribe_url": f"https://acme.example/u/{'x' * 700}",
        "postal_address": "1 Main Street, Cork",
        "sender_name": "Ann Ó Lee",
    }
    return compose(OutboundMail(**(parts | changes)))  # type: ignore[arg-type]


def verified(signed: bytes, index: int = 0) -> bool:
    def txt(name: bytes, timeout: int = 5) -> bytes | None:
        value = PUBLISHED.get(name.decode("ascii").rstrip("."))
        return value.encode("ascii") if value else None

    return bool(dkim.DKIM(signed).verify(index, dnsfunc=txt))


@pytest.mark.parametrize("keys", [[RSA], [ED25519], [RSA, ED25519]], ids=["rsa", "ed25519", "both"])
def test_others_verify_what_is_signed(keys: list[DkimKey]) -> None:
    frozen = mail()
    signed = sign(frozen, keys, at=AT)
    assert signed.endswith(frozen)
    assert [verified(signed, index) for index in range(len(keys))] == [True] * len(keys)
    assert all(len(line) <= 998 for line in signed.split(b"\r\n"))


def test_the_same_mail_is_signed_the_same() -> None:
    assert sign(mail(), [RSA, ED25519], at=AT) == sign(mail(), [RSA, ED25519], at=AT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"To: mia@", b"To: eve@"),
        (b"Subject: ", b"Subject: Re "),
        (b"Hello Mia", b"Hello Eve"),
        (b"List-Unsubscribe: <https", b"List-Unsubscribe: <httpx"),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click", b"List-Unsubscribe-Post: no"),
        (b"Message-ID: <abc", b"Message-ID: <abd"),
        (b"Date: Sat", b"Date: Sun"),
        (b"From: ", b"From: eve@rival.example\r\nFrom: "),
        (b"MIME-Version", b"From: eve@rival.example\r\nMIME-Version"),
    ],
)
def test_what_is_changed_on_the_way_shows(old: bytes, new: bytes) -> None:
    signed = sign(mail(), [RSA], at=AT)
    head, _, body = signed.partition(b"Date: Sat")
    changed = head + (b"Date: Sat" + body).replace(old, new, 1)
    assert changed != signed
    with contextlib.suppress(dkim.MessageFormatError, dkim.ValidationError):  # two From fields; another body
        assert not verified(changed)


def test_both_unsubscribe_fields_are_covered_as_rfc_8058_wants() -> None:
    signature = sign(mail(), [RSA], at=AT).partition(b"\r\nDate:")[0].replace(b"\r\n ", b" ").replace(b": ", b":")
    names = signature.partition(b"; h=")[2].partition(b";")[0].split(b":")
    assert names.count(b"from") == 2
    assert {b"list-unsubscribe", b"list-unsubscribe-post", b"to", b"subject", b"date", b"message-id"} <= set(names)


def test_the_record_to_publish_holds_a_good_key() -> None:
    for host, value in PUBLISHED.items():
        assert key_finding(host, value).severity == "good"


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"a", b"=", b".", b"\xff"]), max_size=30).map(b"".join))
def test_any_body_is_verified(body: bytes) -> None:
    head = b"Subject:  a \r\n\tb\r\nFrom: ann@acme.example\r\nTo: mia@northwind.example\r\n\r\n"
    assert verified(sign(head + body + b"\r\n", [ED25519], at=AT))  # as it arrives: lines have ends


@pytest.mark.parametrize(
    "mime",
    [
        b"",
        b"From: a@acme.example\r\n",
        b"From: a@acme.example\n\nx",
        b"To: a@acme.example\r\n\r\nx",
        b"From: a@acme.example\r\nFrom: b@acme.example\r\n\r\nx",
        b"From: a@acme.example\r\n\r\nx\ny",
    ],
)
def test_what_is_no_mail_is_not_signed(mime: bytes) -> None:
    with pytest.raises(Rejected):
        sign(mime, [RSA], at=AT)


def test_keys_that_others_would_not_take_are_refused() -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    pem = weak.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(Rejected, match="1024 bits"):
        load_key(pem, domain="acme.example", selector="s1")
    with pytest.raises(Rejected, match="no private key"):
        load_key(b"-----BEGIN", domain="acme.example", selector="s1")
    with pytest.raises(Rejected, match="no selector"):
        load_key(generate_pem(KeyKind.ED25519), domain="acme.example", selector="s1; d=rival.example")


def test_a_key_is_never_shown() -> None:
    assert base64.b64encode(ED25519.private.private_bytes_raw()).decode() not in repr(ED25519)  # type: ignore[union-attr]
    assert "private" not in repr(ED25519)
