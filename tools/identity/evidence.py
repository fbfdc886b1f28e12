"""How well two records agree, field by field, for many pairs at once; and which pairs are looked at.

Columns are arrays of normalised text, "" where a source says nothing. The comparisons run in rapidfuzz's C++ over
whole columns of pairs.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist

from tools.identity.fellegi_sunter import Floats, Levels
from tools.identity.nicknames import canonical

Column = NDArray[Any]  # of str objects
Positions = NDArray[np.int64]
Table = Mapping[str, Column]

MAX_BLOCK = 200  # records under one key: a larger block tells nothing and costs its square
_CLOSE, _CLOSER = 0.8, 0.92  # Jaro-Winkler: a name misheard, a name mistyped
_TEXT_STEPS = (0.2, 0.35, 0.5, 0.7, 0.9)  # cosine of two texts


class Kind(StrEnum):
    FIRST_NAME = "first_name"  # 0 other, 1 close, 2 mistyped or a nickname or its initial, 3 equal
    NAME = "name"  # 0 other, 1 close, 2 mistyped, 3 equal
    EXACT = "exact"  # 0 other, 1 equal
    CODE = "code"  # of digits and letters, general first: 0 other, 1 its first word, 2 its first five, 3 equal
    DATE = "date"  # 0 other, 1 two slips, 2 one slip or two digits swapped, 3 equal
    TEXT = "text"  # by the rarity of shared words: five steps


LEVELS: Mapping[Kind, int] = {
    Kind.FIRST_NAME: 4, Kind.NAME: 4, Kind.EXACT: 2, Kind.CODE: 4, Kind.DATE: 4, Kind.TEXT: len(_TEXT_STEPS) + 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    column: str
    kind: Kind
    frequent: bool = False  # whether exact agreement counts by how rare the value is


def column(values: Sequence[str]) -> Column:
    return np.array(values, dtype=object)


def compare(table: Table, fields: Sequence[Field], left: Positions, right: Positions) -> Levels:
    """pairs × fields; -1 where either side says nothing."""
    found = np.empty((len(left), len(fields)), dtype=np.int8)
    for place, wanted in enumerate(fields):
        values = table[wanted.column]
        a, b = values[left], values[right]
        level = _COMPARISONS[wanted.kind](values, left, right)
        level[(a == "") | (b == "")] = -1
        found[:, place] = level
    return found


def frequencies(values: Column) -> Floats:
    """Of each record, the share of records that say the same, of those that say something."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    said = max(1, int((values != "").sum()))
    shares: Floats = counts[inverse] / said
    return shares


def blocks(table: Table, rules: Sequence[Sequence[str]], *, largest: int = MAX_BLOCK) -> tuple[Positions, Positions]:
    """Pairs (left < right) that agree in every column of at least one rule. A larger block than `largest` is passed
    over: its pairs are found by other rules, or are not worth it."""
    count = len(next(iter(table.values())))
    found = [_block(_codes(table, rule), largest) for rule in rules]
    pairs = np.unique(np.concatenate([left * count + right for left, right in found]))
    return pairs // count, pairs % count


def sharing_a_word(
    texts: Column, sources: Sequence[Hashable], *, largest: int = MAX_BLOCK
) -> tuple[Positions, Positions]:
    """Pairs (left < right) of different sources whose texts share a word that at most `largest` records have."""
    having: dict[str, list[int]] = defaultdict(list)
    for position, text in enumerate(texts):
        for word in set(text.split()):
            having[word].append(position)
    count = len(texts)
    pairs = {
        a * count + b
        for held in having.values()
        if 1 < len(held) <= largest
        for place, a in enumerate(held)
        for b in held[place + 1 :]
        if sources[a] != sources[b]
    }
    found = np.array(sorted(pairs), dtype=np.int64)
    return found // count, found % count


def _codes(table: Table, rule: Sequence[str]) -> Positions:
    """A number a record, the same for those that agree; -1 where a part is missing."""
    code: Positions | None = None
    said = np.ones(len(table[rule[0]]), dtype=bool)
    for name in rule:
        values, inverse = np.unique(table[name], return_inverse=True)
        said &= table[name] != ""
        code = inverse.astype(np.int64) if code is None else code * len(values) + inverse
    assert code is not None
    return np.where(said, code, -1)


def _block(code: Positions, largest: int) -> Positions:
    """2 × pairs: the positions of records with the same code, the smaller first."""
    order = np.argsort(code, kind="stable")
    ordered = code[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(code) else np.zeros(0, dtype=np.int64)
    sizes = np.diff(np.r_[starts, len(ordered)])
    kept = (sizes > 1) & (sizes <= largest) & (ordered[starts] >= 0)
    found = [np.zeros((2, 0), dtype=np.int64)]
    for size in np.unique(sizes[kept]):
        first = starts[kept & (sizes == size)]
        x, y = np.triu_indices(int(size), 1)
        a, b = order[(first[:, None] + x).ravel()], order[(first[:, None] + y).ravel()]
        found.append(np.vstack([np.minimum(a, b), np.maximum(a, b)]))
    return np.hstack(found)


def _names(values: Column, left: Positions, right: Positions) -> NDArray[np.int8]:
    scores = cpdist(values[left], values[right], scorer=JaroWinkler.similarity, dtype=np.float32)
    level = np.zeros(len(left), dtype=np.int8)
    level[scores >= _CLOSE] = 1
    level[scores >= _CLOSER] = 2
    level[scores >= 1] = 3
    return level


def _first_names(values: Column, left: Positions, right: Positions) -> NDArray[np.int8]:
    level = _names(values, left, right)
    formal = np.array([canonical(value) for value in values], dtype=object)
    initial = np.array([value[:1] for value in values], dtype=object)
    short = np.array([len(value) == 1 for value in values], dtype=bool)
    same = (formal[left] == formal[right]) | ((short[left] | short[right]) & (initial[left] == initial[right]))
    level[same & (level < 2)] = 2
    return level


def _exact(values: Column, left: Positions, right: Positions) -> NDArray[np.int8]:
    equal: NDArray[np.int8] = (values[left] == values[right]).astype(np.int8)
    return equal


def _code(values: Column, left: Positions, right: Positions) -> NDArray[np.int8]:
    level = np.zeros(len(left), dtype=np.int8)
    word = np.array([value.split(" ")[0] for value in values], dtype=object)
    five = np.array([value[:5] for value in values], dtype=object)
    level[word[left] == word[right]] = 1
    level[five[left] == five[right]] = 2
    level[values[left] == values[right]] = 3
    return level


def _date(values: Column, left: Positions, right: Positions) -> NDArray[np.int8]:
    slips = cpdist(values[left], values[right], scorer=OSA.distance, dtype=np.int32)
    level: NDArray[np.int8] = np.clip(3 - slips, 0, 3).astype(np.int8)
    return level


def _text(values: Column, left: Positions, right: Positions) -> NDArray[np.int8]:
    """Cosine of the words, each weighted by ln(records / records that have it)."""
    words = [frozenset(value.split()) for value in values]
    having: dict[str, int] = defaultdict(int)
    for text in words:
        for word in text:
            having[word] += 1
    weight = {word: np.log(len(words) / number) ** 2 for word, number in having.items()}
    norm = [sum(weight[word] for word in text) for text in words]
    level = np.zeros(len(left), dtype=np.int8)
    for place, (a, b) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        shared = sum(weight[word] for word in words[a] & words[b])
        if shared:
            cosine = shared / (norm[a] * norm[b]) ** 0.5
            level[place] = sum(cosine >= step for step in _TEXT_STEPS)
    return level


_COMPARISONS = {
    Kind.FIRST_NAME: _first_names,
    Kind.NAME: _names,
    Kind.EXACT: _exact,
    Kind.CODE: _code,
    Kind.DATE: _date,
    Kind.TEXT: _text,
}
