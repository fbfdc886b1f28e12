"""How a text ends, what it may hold, how many parts it takes, and what people mean by STOP."""

import pytest

from agents.by_phone.stop import keyword_of
from agents.by_phone.words import LONGEST, PhoneWords, finished, parts
from core.errors import Rejected


def test_who_writes_and_the_way_out_are_always_said() -> None:
    assert finished("Hello  Ann.", "Maya", "Acme") == "Hello Ann.\nMaya, Acme\nReply STOP to opt out."
    said = "Maya of Acme here. Text STOP and I stop."
    assert finished(said, "Maya", "Acme") == said
    assert "Reply STOP" in finished("Do not be unstoppable.", "", "Acme")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "empty_text"),
        (" \n ", "empty_text"),
        ("See https://evil.example", "link_in_text"),
        ("go to bit.ly/x", "link_in_text"),
        ("www.example.com", "link_in_text"),
        ("a\u202eb", "hidden"),
        ("a\u200bb", "hidden"),
        ("a\x00b", "hidden"),
        ("x" * LONGEST, "long_text"),
    ],
)
def test_what_a_text_may_not_hold_is_refused(body: str, code: str) -> None:
    with pytest.raises(Rejected) as refused:
        finished(body, "Maya", "Acme")
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_a_text_is_charged_by_its_alphabet(text: str, count: int) -> None:
    assert parts(text) == count


def test_an_approval_binds_every_part_of_it() -> None:
    words = PhoneWords("+1", "+2", "Hello", "")
    others = [PhoneWords("+3", "+2", "Hello"), PhoneWords("+1", "+3", "Hello"), PhoneWords("+1", "+2", "Hallo")]
    others.append(PhoneWords("+1", "+2", "Hello", "+4"))
    assert len({words.digest(1), words.digest(2), *(one.digest(1) for one in others)}) == 6


@pytest.mark.parametrize(
    ("text", "word"),
    [
        *(
            (text, "stop")
            for text in ("STOP", " stop. ", "Stop all", "STOPALL", "UNSUBSCRIBE", "Cancel", "END", "quit")
        ),
        *((text, "stop") for text in ("please stop", "Stop texting me", "Abmelden", "ARRÊT", "opt-out", "Revoke")),
        *((text, "start") for text in ("START", "unstop")),
        *((text, "help") for text in ("HELP", "info?")),
        *(
            (text, "")
            for text in ("", "Do not stop by today", "I cannot end this call", "The end of March suits me", "🛑")
        ),
    ],
)
def test_stop_is_heard_where_it_is_said_and_not_where_it_is_a_word(text: str, word: str) -> None:
    assert keyword_of(text) == word
