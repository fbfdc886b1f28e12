"""Where a value stands in rendered text, known by construction instead of searched for afterwards.

A marked value carries its source ids through Jinja2 between private-use characters (Unicode 16, §23.5: no text
has a meaning for them). `unmark` takes them out and says which span came from which ids. Input is stripped of these
characters first, so a value cannot forge a mark.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_OPEN, _MIDDLE, _CLOSE = "\ue000", "\ue001", "\ue002"
_RESERVED = str.maketrans("", "", _OPEN + _MIDDLE + _CLOSE)
_MARKED = re.compile(f"({_OPEN}[^{_OPEN}{_CLOSE}]*{_CLOSE})")
_MARK = re.compile(f"{_OPEN}([^{_OPEN}{_MIDDLE}{_CLOSE}]*){_MIDDLE}|{_CLOSE}")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters start (inclusive) to end (exclusive) of the plain text, and the ids of what they say."""

    start: int
    end: int
    ids: tuple[str, ...]


def without_marks(text: str) -> str:
    return text.translate(_RESERVED)


def mark(text: str, ids: Sequence[str]) -> str:
    """`text` with its source ids (no commas) round it. An empty text stays empty, so `{% if %}` works."""
    clean = without_marks(text)
    if not clean or not ids:
        return clean
    return f"{_OPEN}{','.join(without_marks(item) for item in ids)}{_MIDDLE}{clean}{_CLOSE}"


def unmark(rendered: str) -> tuple[str, tuple[Span, ...]]:
    """The plain text, and the spans of its marked values in the order they stand. Marks do not nest."""
    parts: list[str] = []
    spans: list[Span] = []
    length = position = 0
    opened: tuple[int, tuple[str, ...]] | None = None
    for found in _MARK.finditer(rendered):
        piece = rendered[position : found.start()]
        parts.append(piece)
        length += len(piece)
        position = found.end()
        if found.group(1) is not None:
            opened = (length, tuple(found.group(1).split(",")))
        elif opened is not None:
            spans.append(Span(opened[0], length, opened[1]))
            opened = None
    parts.append(rendered[position:])
    return "".join(parts), tuple(spans)


def own_words(rendered: str) -> list[tuple[str, bool]]:
    """The rendered text in pieces that together are it again, and of each whether it is the template's own words."""
    return [(piece, number % 2 == 0) for number, piece in enumerate(_MARKED.split(rendered)) if piece]
