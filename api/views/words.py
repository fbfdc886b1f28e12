"""What changed between two texts, word by word, in bounded time."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Final, Literal

from pydantic import BaseModel

_WORD = re.compile(r"\s+|\w+|[^\w\s]")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
# Pairs that are compared. Matching takes time with the cube of the length where all repeats: 500 by 500 take a fifth
# of a second at worst. What is longer, between the first and the last difference, shows as replaced as a whole.
_MOST: Final = 250_000


class Piece(BaseModel):
    """Without the deleted pieces it is the new text, without the inserted ones the old."""

    change: Literal["same", "inserted", "deleted"]
    text: str


def diff(old: str, new: str) -> list[Piece]:
    """Lines first, then the words of those that changed."""
    found: list[Piece] = []
    for before, after in _changed(_LINE.findall(old), _LINE.findall(new)):
        if before == after:
            found.append(Piece(change="same", text=before))
            continue
        for deleted, inserted in _changed(_WORD.findall(before), _WORD.findall(after)):
            if deleted == inserted:
                found.append(Piece(change="same", text=deleted))
                continue
            if deleted:
                found.append(Piece(change="deleted", text=deleted))
            if inserted:
                found.append(Piece(change="inserted", text=inserted))
    return found


def _changed(before: list[str], after: list[str]) -> Iterator[tuple[str, str]]:
    """Pairs of what stands for what; equal where nothing changed."""
    start = next(
        (n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(map(len, (before, after)))
    )
    behind = zip(reversed(before[start:]), reversed(after[start:]), strict=False)
    same = next((n for n, (a, b) in enumerate(behind) if a != b), min(len(before), len(after)) - start)
    old, new = before[start : len(before) - same], after[start : len(after) - same]
    if start:
        yield ("".join(before[:start]),) * 2
    if len(old) * len(new) > _MOST:
        yield "".join(old), "".join(new)
    else:
        for _, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            yield "".join(old[a:b]), "".join(new[c:d])
    if same:
        yield ("".join(before[len(before) - same :]),) * 2
