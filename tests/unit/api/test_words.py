"""What changed between two texts: the pieces make up both, and no text takes long."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.views.words import diff

_TEXT = st.text(alphabet="ab \n.é\u202e", max_size=80)


def of(old: str, new: str) -> list[tuple[str, str]]:
    return [(piece.change, piece.text) for piece in diff(old, new)]


@given(_TEXT, _TEXT)
def test_the_pieces_make_up_both_texts(old: str, new: str) -> None:
    pieces = diff(old, new)
    assert "".join(p.text for p in pieces if p.change != "inserted") == old
    assert "".join(p.text for p in pieces if p.change != "deleted") == new
    assert old != new or {p.change for p in pieces} <= {"same"}


def test_a_changed_word_is_named_and_the_rest_is_the_same() -> None:
    assert of("Hello Pat,\nworth a call?", "Hello Sam,\nworth a call?") == [
        ("same", "Hello "),
        ("deleted", "Pat"),
        ("inserted", "Sam"),
        ("same", ",\n"),
        ("same", "worth a call?"),
    ]
    long = "word " * 3_000
    assert ("deleted", "one") in of(f"{long}one {long}", f"{long}two {long}")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x y z\n" * 3_000, "x y q\n" * 3_000),
        ("a " * 10_000, "b a " * 5_000),
        ("x\ny\nz\n" * 3_000, "x\ny\nq\n" * 3_000),
        ("\n" * 20_000, "\n" * 19_999 + "x"),
    ],
)
def test_no_text_takes_long(old: str, new: str) -> None:
    start = time.process_time()
    diff(old, new)
    assert time.process_time() - start < 2
