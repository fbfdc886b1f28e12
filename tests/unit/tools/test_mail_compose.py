"""Composed mail, judged on its bytes and by the standard library's parser."""

import base64
import email
import email.policy
import email.utils
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FixConfiguration, NotFound, Rejected
from tools.mail.compose import OutboundMail, compose, content_hash, message_id
from tools.mail.unsubscribe import UnsubscribeTokens, unsubscribe_url

WORKSPACE, CONTACT, DRAFT = (UUID(int=number) for number in (1, 2, 3))
TOKENS = UnsubscribeTokens([b"k" * 32])
TOKEN = TOKENS.make(WORKSPACE, CONTACT, DRAFT)
MAIL = OutboundMail(
    message_id=message_id(WORKSPACE, DRAFT, 1, "sender.example"),
    date=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
    sender_address="ada@sender.example",
    sender_name="Ada Byron",
    sender_organisation="Engines GmbH",
    recipient_address="bob@prospect.example",
    recipient_name="Bob",
    subject="Your looms",
    text="Hello Bob,\n\nsee https://engines.example/looms?a=1&b=2.\n\nAda",
    links=("https://engines.example/looms?a=1&b=2",),
    unsubscribe_url=unsubscribe_url("https://sales.example", TOKEN),
    postal_address="Mühlweg 1\n12345 Rechenstadt\nGermany",
)


def parse(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def part(raw: bytes, kind: str) -> str:
    found = parse(raw).get_body((kind,))
    assert found is not None
    return str(found.get_content())


def decoded(value: str) -> str:
    return str(make_header(decode_header(re.sub(r"\r\n(?=[ \t])", "", value))))


def assert_well_formed(raw: bytes) -> None:
    assert raw.isascii()
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", raw), "every line ends with CRLF"
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"\x00" not in raw


def header_lines(raw: bytes, name: str) -> list[bytes]:
    head = raw.split(b"\r\n\r\n", 1)[0] + b"\r\n"
    return re.findall(rb"^%s:(?:.*)\r\n(?:[ \t].*\r\n)*" % name.encode(), head, re.MULTILINE | re.IGNORECASE)


def test_what_a_mail_program_reads() -> None:
    raw = compose(MAIL)
    assert_well_formed(raw)
    message = parse(raw)
    assert message["From"] == "Ada Byron <ada@sender.example>"
    assert message["To"] == "Bob <bob@prospect.example>"
    assert message["Subject"] == "Your looms"
    assert message["Date"].datetime == MAIL.date
    assert message["Message-ID"] == MAIL.message_id
    assert message.get_content_type() == "multipart/alternative"
    assert [found.get_content_type() for found in message.iter_parts()] == ["text/plain", "text/html"]
    for name in ("Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "List-Unsubscribe"):
        assert len(header_lines(raw, name)) == 1, name


def test_both_parts_say_who_writes_from_where_and_how_to_stop_it() -> None:
    raw = compose(replace(MAIL, notice="We found you on your company's site."))
    for kind in ("plain", "html"):
        words = part(raw, kind)
        for wanted in ("Ada Byron, Engines GmbH", "Mühlweg 1", "Germany", MAIL.unsubscribe_url, "We found you on your"):
            assert wanted.replace("'", "&#x27;") in words or wanted in words, (kind, wanted)
    assert "Unsubscribe: " in part(raw, "plain")
    assert ">Abmelden</a>" in part(compose(replace(MAIL, language="de")), "html")


@pytest.mark.parametrize("length", [20, 75, 200, 880])
def test_list_unsubscribe_stays_readable_however_long_its_link_is(length: int) -> None:
    url = "https://sales.example/u/" + "x" * (length - len("https://sales.example/u/"))
    url = url if length > 24 else "https://s.example/u"
    raw = compose(
        replace(MAIL, unsubscribe_url=url, unsubscribe_mailto="stop@sender.example" if length < 400 else None)
    )
    (line,) = header_lines(raw, "List-Unsubscribe")
    assert b"=?" not in line
    unfolded = line.replace(b"\r\n", b"")
    assert b"<" + url.encode() + b">" in unfolded
    assert header_lines(raw, "List-Unsubscribe-Post") == [b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"]
    if length < 400:
        assert re.search(rb"<mailto:stop@sender\.example\?subject=[^ >]+>$", unfolded)


@pytest.mark.parametrize(
    "url", ["http://sales.example/u/1", "ftp://x.example", "https://x.example/a b", "https://x.example/<>", "/u/1", ""]
)
def test_an_unsubscribe_link_that_providers_would_ignore_is_refused(url: str) -> None:
    with pytest.raises(Rejected, match="unsubscribe link"):
        compose(replace(MAIL, unsubscribe_url=url))


def test_plain_http_is_for_this_machine_only() -> None:
    assert b"<http://127.0.0.1:8700/u/t>" in compose(replace(MAIL, unsubscribe_url="http://127.0.0.1:8700/u/t"))


@pytest.mark.parametrize(
    "name",
    ["sender_name", "recipient_name", "subject", "in_reply_to", "reply_to", "sender_address", "recipient_address"],
)
@pytest.mark.parametrize(
    "attack", ["x\r\nBcc: all@victim.example", "x\nBcc: a@b.example", "x\rBcc: y", "x\x00y", "x\u2028y"]
)
def test_no_value_can_start_another_header(name: str, attack: str) -> None:
    with pytest.raises(Rejected):
        compose(replace(MAIL, **{name: attack}))


def test_message_ids_that_could_harm_a_header_are_left_out_and_odd_ones_kept() -> None:
    odd = "<ABC:1234/x@[10.0.0.1]>"
    raw = compose(replace(MAIL, in_reply_to=odd, references=("<1@a.example>", "no id", "<a b@c>", odd)))
    assert header_lines(raw, "In-Reply-To") == [b"In-Reply-To: " + odd.encode() + b"\r\n"]
    assert b"".join(header_lines(raw, "References")).split() == [b"References:", b"<1@a.example>", odd.encode()]


def test_a_long_thread_keeps_its_first_and_its_latest_references() -> None:
    ids = tuple(f"<{number}@a.example>" for number in range(100))
    found = b"".join(header_lines(compose(replace(MAIL, references=ids)), "References")).decode().split()[1:]
    assert (found[0], found[-1], len(found)) == (ids[0], ids[-1], 20)


@given(
    name=st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=80),
    subject=st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=300).filter(str.strip),
)
def test_any_name_and_subject_come_back_as_they_were(name: str, subject: str) -> None:
    raw = compose(replace(MAIL, sender_name=name, subject=subject))
    assert_well_formed(raw)
    # The older parser: the newer one puts a blank between neighbouring encoded-words of a name, against RFC 2047 §6.2.
    head = email.message_from_bytes(raw)
    assert decoded(head["Subject"]) == subject.strip()
    shown, address = email.utils.parseaddr(str(head["From"]).replace("\r\n", ""))
    assert address == "ada@sender.example"
    assert decoded(shown) == name


@given(st.text(max_size=2000).filter(str.strip))
def test_any_words_survive_in_the_plain_part(text: str) -> None:
    try:
        raw = compose(replace(MAIL, text=text))
    except Rejected:
        return
    assert_well_formed(raw)
    printable = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text.replace("\r\n", "\n").replace("\r", "\n"))
    expected = printable.strip("\n").encode("utf-8", "replace").decode()
    content = parse(raw).get_body(("plain",))
    assert content is not None
    payload = content.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode().replace("\r\n", "\n").startswith(expected + "\n\n-- \n")


def test_only_our_own_links_become_anchors_and_markup_stays_text() -> None:
    text = (
        "See https://engines.example/looms?a=1&b=2, not https://engines.example/looms?a=1&b=2.evil.example/x "
        "<script>alert(1)</script> <a href='https://evil.example'>win</a>"
    )
    html = part(compose(replace(MAIL, text=text)), "html")
    anchors = re.findall(r'href="([^"]+)"', html)
    assert anchors == ["https://engines.example/looms?a=1&amp;b=2", MAIL.unsubscribe_url]
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_the_html_names_no_colour_and_loads_nothing() -> None:
    html = part(compose(MAIL), "html")
    assert not re.search(r"(?<![-\w])(?:background|color)\s*:|<img|src=|url\(|<link|@import", html)
    assert '<html lang="en">' in html


def test_international_domains_become_a_labels_and_international_local_parts_are_refused() -> None:
    raw = compose(replace(MAIL, recipient_address="bob@bücher.example"))
    assert b"bob@xn--bcher-kva.example" in header_lines(raw, "To")[0]
    with pytest.raises(Rejected) as refusal:
        compose(replace(MAIL, recipient_address="jürgen@prospect.example"))
    assert refusal.value.code == "smtputf8_unsupported"


@pytest.mark.parametrize("name", ["text", "subject", "postal_address"])
def test_a_mail_without_words_subject_or_postal_address_is_refused(name: str) -> None:
    with pytest.raises(Rejected):
        compose(replace(MAIL, **{name: " \n "}))


def test_an_invitation_is_a_part_that_calendars_act_on() -> None:
    ics = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Gr\xc3\xbc\xc3\x9fe\r\nEND:VCALENDAR\r\n"
    message = parse(compose(replace(MAIL, ics=ics)))
    calendar = list(message.iter_parts())[-1]
    assert calendar.get_content_type() == "text/calendar"
    assert calendar["Content-Type"].params["method"] == "REQUEST"
    assert base64.b64decode(calendar.get_payload()) == ics
    with pytest.raises(Rejected, match="METHOD"):
        compose(replace(MAIL, ics=ics, ics_method="CANCEL"))


def test_automatic_mail_says_so() -> None:
    assert header_lines(compose(MAIL), "Auto-Submitted") == []
    assert header_lines(compose(replace(MAIL, auto_submitted=True)), "Auto-Submitted") == [
        b"Auto-Submitted: auto-generated\r\n"
    ]


def test_the_same_mail_is_the_same_bytes_and_its_id_names_its_version() -> None:
    assert compose(MAIL) == compose(replace(MAIL))
    first, second = (message_id(WORKSPACE, DRAFT, version, "sender.example") for version in (1, 2))
    assert first != second
    assert first == message_id(WORKSPACE, DRAFT, 1, "Sender.EXAMPLE".lower())
    assert re.fullmatch(r"<[0-9a-f]{40}@sender\.example>", first)


@given(st.sampled_from(["recipient", "sender", "subject", "body"]), st.text(max_size=20))
def test_an_approval_binds_every_part(name: str, value: str) -> None:
    bound = {"recipient": "r@x", "sender": "s@x", "subject": "Subject", "body": "Body"}
    original = content_hash(**bound, links=["https://a"], policy_version=1)  # type: ignore[arg-type]
    changed = content_hash(**{**bound, name: value}, links=["https://a"], policy_version=1)  # type: ignore[arg-type]
    assert (changed == original) == (bound[name] == value)
    assert content_hash(**bound, links=["https://a"], policy_version=2) != original  # type: ignore[arg-type]
    assert content_hash(**bound, links=["https://", "a"], policy_version=1) != original  # type: ignore[arg-type]


def test_parts_cannot_be_moved_into_each_other() -> None:
    whole = {"recipient": "r", "sender": "s", "links": [], "policy_version": 1}
    assert content_hash(subject="ab", body="c", **whole) != content_hash(subject="a", body="bc", **whole)  # type: ignore[arg-type]


class TestUnsubscribeTokens:
    def test_a_token_names_workspace_and_contact_and_shows_neither(self) -> None:
        assert TOKENS.verify(TOKEN) == (WORKSPACE, CONTACT)
        assert TOKENS.read(TOKEN).draft_id == DRAFT
        assert TOKENS.read(TOKENS.make(WORKSPACE, CONTACT)).draft_id is None
        assert CONTACT.bytes not in base64.urlsafe_b64decode(TOKEN + "==")
        assert TOKENS.make(WORKSPACE, CONTACT, DRAFT) == TOKEN, "the same mail twice is the same bytes"

    @given(st.integers(0, len(TOKEN) - 1), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-="))
    def test_no_changed_character_passes(self, at: int, character: str) -> None:
        forged = TOKEN[:at] + character + TOKEN[at + 1 :]
        if forged != TOKEN:
            with pytest.raises(NotFound):
                TOKENS.verify(forged)

    @pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + "A", TOKEN + "=", "ü" * len(TOKEN), "../" * 29])
    def test_rubbish_is_not_found(self, token: str) -> None:
        with pytest.raises(NotFound):
            TOKENS.verify(token)

    def test_a_rotation_breaks_no_link(self) -> None:
        rotated = UnsubscribeTokens([b"n" * 32, b"k" * 32])
        assert rotated.verify(TOKEN) == (WORKSPACE, CONTACT)
        with pytest.raises(NotFound):
            UnsubscribeTokens([b"n" * 32]).verify(TOKEN)

    def test_a_weak_secret_is_refused(self) -> None:
        with pytest.raises(FixConfiguration):
            UnsubscribeTokens([b"short"])
