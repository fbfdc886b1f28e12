"""Mail of any shape, charset and size: read without a crash, and with work that grows no faster than the mail."""

import base64
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools.mail.inbound import InboundKind, InboundReading, read_mail
from tools.mail.quotes import new_text

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HEAD = "From: Bob <bob@prospect.example>\r\nTo: ada@sender.example\r\nSubject: Re: Looms\r\nMIME-Version: 1.0\r\n"
CHARSETS = (
    "utf-8",
    "utf-16",
    "iso-2022-jp",
    "windows-1252",
    "koi8-r",
    "gb18030",
    "utf-7",
    "x-unknown",
    "",
    "cp037",
    "\\",
)
ENCODINGS = ("7bit", "base64", "quoted-printable", "x-uuencode", "nonsense")


def plain(words: bytes, charset: str = "utf-8", encoding: str = "8bit") -> bytes:
    return (
        f"{HEAD}Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
        + words
    )


def nested(depth: int, kind: str = "multipart/mixed") -> bytes:
    parts = [HEAD.encode()]
    for level in range(depth):
        parts.append(f'Content-Type: {kind}; boundary="b{level}"\r\n\r\n--b{level}\r\n'.encode())
    parts.append(b"Content-Type: text/plain\r\n\r\nPlease unsubscribe me.\r\n")
    parts += [f"--b{level}--\r\n".encode() for level in reversed(range(depth))]
    return b"".join(parts)


def work(of: Callable[[], Any]) -> int:
    """Calls made, of Python and of C: a count that no slow machine changes."""
    calls = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        of()
    finally:
        sys.setprofile(before)
    return calls


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(raw=st.binary(max_size=2_000))
def test_any_bytes_are_a_reading(raw: bytes) -> None:
    assert isinstance(read_mail(raw, NOW), InboundReading)
    assert isinstance(read_mail(HEAD.encode() + raw, NOW), InboundReading)
    assert isinstance(read_mail(plain(raw), NOW), InboundReading)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(words=st.text(max_size=300), charset=st.sampled_from(CHARSETS), encoding=st.sampled_from(ENCODINGS))
def test_a_wrong_charset_or_encoding_is_read_all_the_same(words: str, charset: str, encoding: str) -> None:
    reading = read_mail(plain(words.encode("utf-8", "replace"), charset, encoding), NOW)
    assert "\x00" not in reading.text
    assert reading.kind is not InboundKind.UNREADABLE


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    cut=st.integers(0, 1_200), kind=st.sampled_from(["multipart/mixed", "multipart/report", "multipart/alternative"])
)
def test_a_mail_cut_anywhere_is_a_reading(cut: int, kind: str) -> None:
    assert isinstance(read_mail(nested(6, kind)[:cut], NOW), InboundReading)


@given(text=st.text(alphabet="On wrote:<>@.-_ \n2026 1:11>", max_size=400))
def test_what_is_new_is_made_of_the_mail_s_own_lines(text: str) -> None:
    """Nothing is ever made up: every line that is left stood in the mail."""
    own = {line.strip() for line in text.replace("\r\n", "\n").split("\n")}
    assert {line.strip() for line in new_text(text).split("\n")} <= own | {""}


@pytest.mark.parametrize("kind", ["multipart/mixed", "message/rfc822"])
def test_two_hundred_levels_deep_neither_crash_nor_hide_that_something_came(kind: str) -> None:
    raw = nested(200) if kind == "multipart/mixed" else HEAD.encode() + b"Content-Type: message/rfc822\r\n\r\n" * 200
    reading = read_mail(raw, NOW)
    assert reading.kind in (InboundKind.REPLY, InboundKind.UNREADABLE)


HOSTILE = {
    "attributions": "On 2020 1:11 wrote wrote wrote wrote wrote <a@a\n",
    "headers": "From: <[<[<[<[\nTo: a@\n",
    "verbs": "delete my data remove us off " * 8 + "\n",
    "digits": "1" * 200 + "\n",
    "quotes": "> " + "x" * 70 + "\nlower\n",
    "html": "<div><blockquote>a",
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
def test_work_grows_no_faster_than_the_mail(name: str, kind: str) -> None:
    def raw(size: int) -> bytes:
        line = HOSTILE[name]
        return f"{HEAD}Content-Type: {kind}\r\n\r\n{(line * (size // len(line) + 1))[:size]}".encode()

    read_mail(raw(10_000), NOW)  # what is made once
    small, large = (work(lambda size=size: read_mail(raw(size), NOW)) for size in (20_000, 80_000))
    assert large <= 5 * small + 2_000


def test_forty_megabytes_are_read_and_more_are_refused() -> None:
    head = f'{HEAD}Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n'
    words = (
        "Please unsubscribe me.\r\n--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    line = base64.b64encode(bytes(57)) + b"\r\n"
    size = 40 * 1024 * 1024
    raw = (head + words).encode()
    raw += line * ((size - len(raw) - 10) // len(line)) + b"\r\n--b--\r\n"
    assert len(raw) <= size
    reading = read_mail(raw, NOW)
    assert (reading.kind, reading.text) == (InboundKind.REPLY, "Please unsubscribe me.")
    assert read_mail(raw + b"x" * (size + 1 - len(raw)), NOW).kind is InboundKind.UNREADABLE
