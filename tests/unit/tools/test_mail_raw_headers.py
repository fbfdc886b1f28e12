"""The head of a signed mail, octet by octet, as it goes over the wire: no parser in between that could mend it."""

import re
from datetime import UTC, datetime
from email.header import decode_header, make_header

import pytest

from core.errors import Rejected
from tools.mail.compose import OutboundMail, compose
from tools.mail.dkim import KeyKind, generate_pem, load_key, sign

AT = datetime(2026, 6, 2, 14, tzinfo=UTC)
KEY = load_key(generate_pem(KeyKind.ED25519), domain="acme.example", selector="s1")
URL = f"https://acme.example/u/{'a1B_-' * 160}"
ARABIC, HEBREW = "محمد الأحمدي", "שלום רב"
ORDER = [
    b"DKIM-Signature", b"Date", b"From", b"To", b"Subject", b"Message-ID", b"List-Unsubscribe",
    b"List-Unsubscribe-Post", b"MIME-Version", b"Content-Type",
]  # fmt: skip


def signed(**changes: object) -> bytes:
    parts: dict[str, object] = {
        "message_id": "<abc@acme.example>",
        "date": AT,
        "sender_address": "ann@acme.example",
        "recipient_address": "mia@northwind.example",
        "subject": "Delivery notes",
        "text": "Hello Mia,\n\nshall we talk?",
        "unsubscribe_url": URL,
        "postal_address": "1 Main Street, Cork",
        "sender_name": "Ann Lee",
        "recipient_name": "Mia",
    }
    return sign(compose(OutboundMail(**(parts | changes))), [KEY], at=AT)  # type: ignore[arg-type]


def fields(mime: bytes) -> list[tuple[bytes, bytes]]:
    """Names and values as they stand, folds and all."""
    head = mime.partition(b"\r\n\r\n")[0] + b"\r\n"
    found = re.findall(rb"([!-9;-~]+):((?:.*\r\n)(?:[ \t].*\r\n)*)", head)
    assert b"".join(name + b":" + value for name, value in found) == head, "there is nothing between the fields"
    return found


def value(mime: bytes, name: bytes) -> bytes:
    (found,) = [value for each, value in fields(mime) if each == name]
    return found


def test_each_field_stands_once_and_in_its_order() -> None:
    assert [name for name, _ in fields(signed())] == ORDER


def test_every_field_of_a_plain_mail_to_the_octet() -> None:
    found = dict(fields(signed()))
    assert found[b"Date"] == b" Tue, 02 Jun 2026 14:00:00 +0000\r\n"
    assert found[b"From"] == b" Ann Lee <ann@acme.example>\r\n"
    assert found[b"To"] == b" Mia <mia@northwind.example>\r\n"
    assert found[b"Subject"] == b" Delivery notes\r\n"
    assert found[b"Message-ID"] == b" <abc@acme.example>\r\n"
    assert found[b"List-Unsubscribe-Post"] == b" List-Unsubscribe=One-Click\r\n"
    assert found[b"MIME-Version"] == b" 1.0\r\n"


def test_a_long_unsubscribe_link_is_neither_folded_within_nor_encoded() -> None:
    found = value(signed(), b"List-Unsubscribe")
    assert f"<{URL}>".encode() in found
    assert b"=?" not in found
    assert found.count(b"\r\n") <= 2, "folded before the link at most"


@pytest.mark.parametrize("words", [ARABIC, HEBREW, f"{HEBREW} Größe {ARABIC}", "日本語 " * 40, "🚚" * 60, "é" * 300])
def test_what_is_not_ascii_is_whole_encoded_words_and_comes_back(words: str) -> None:
    mime = signed(subject=words, sender_name=words[:60], recipient_name=words[:60])
    assert mime.partition(b"\r\n\r\n")[0].isascii()
    for name in (b"Subject", b"From", b"To"):
        raw = value(mime, name)
        encoded = re.findall(rb"=\?utf-8\?[BQ]\?[!->@-~]*\?=", raw)
        assert encoded, name
        assert all(len(word) <= 75 for word in encoded), "RFC 2047 §2"
        for word in encoded:  # each by itself: no character is cut in two
            str(make_header(decode_header(word.decode())))
    text = re.sub(r"\?=\r\n =\?", "?= =?", value(mime, b"Subject").decode()).strip()
    assert str(make_header(decode_header(text))) == words.strip()


@pytest.mark.parametrize("length", [10, 76, 77, 78, 200, 997, 998, 2_000])
def test_no_line_is_longer_than_the_998_octets_of_the_standard(length: int) -> None:
    mime = signed(subject="x" * length, text="y" * length * 3, sender_name="n " * min(length, 150))
    assert max(map(len, mime.split(b"\r\n"))) <= 998
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", mime)


HOSTILE = [
    "Ann\r\nBcc: all@victim.example",
    "Ann\nX: y",
    "Ann\rX: y",
    "Ann\x00",
    "Ann\u2028Bcc: a@b.example",
    "Ann\x85X: y",
    "Ann\x0bX: y",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("where", ["sender_name", "recipient_name", "subject"])
def test_control_characters_are_refused_wherever_they_come_from(where: str, name: str) -> None:
    with pytest.raises(Rejected):
        signed(**{where: name})


@pytest.mark.parametrize(
    "name",
    [
        'Ann" <boss@victim.example>, "x',
        "boss@victim.example",
        "Ann <boss@victim.example>",
        "a, b; c: d",
        "=?utf-8?Q?Ann=0D=0ABcc=3A_a=40b.example?=",
        "\\",
        "(comment)",
    ],
)
def test_a_hostile_name_names_nobody_else(name: str) -> None:
    """Quoted, or an encoded word: outside of both there is one address, ours."""
    mime = signed(recipient_name=name)
    assert [each for each, _ in fields(mime)] == ORDER
    bare = re.sub(rb'"(?:[^"\\]|\\.)*"|=\?utf-8\?[BQ]\?[!->@-~]*\?=', b"", value(mime, b"To"))
    assert re.findall(rb"[^\s<>,]+@[^\s<>,]+", bare) == [b"mia@northwind.example"]
    assert b"," not in bare
    assert b":" not in bare
