"""The likely namesakes of a name among many: an inverted index over tokens, their rarity, and a soft comparison.

Used for blocking (which pairs are looked at) and for finding one record among all in a few milliseconds. A token's
weight is its inverse document frequency, ln((1 + n) / (1 + df)) + 1. Two tokens count as the same when their
Jaro-Winkler similarity (rapidfuzz) is at least 0.9, or one is a cut form of the other, weighted by that similarity:
soft TF-IDF (Cohen, Ravikumar and Fienberg 2003).
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

from tools.identity.normal_forms import CompanyName

Weight = Callable[[str], float]  # a token's, in nats

SAME_TOKEN = 0.9  # Jaro-Winkler: one typing error in a word of six letters or more
_CUT = 0.85  # what a cut form ("inter" for "international") counts
_COMMON = 200  # names that hold a token: beyond it the token finds nobody by itself
_KEY_PREFIX = 6  # letters of the run-together name that find its typing errors


@dataclass(frozen=True, slots=True)
class Found:
    position: int  # of the name in the index
    similarity: float  # 0–1


class NameIndex:
    """Names in a fixed order. Adding is O(tokens); finding touches only names that share something rare."""

    def __init__(self, names: Iterable[CompanyName] = ()) -> None:
        self.names: list[CompanyName] = []
        self._by_token: dict[str, list[int]] = defaultdict(list)
        self._by_key: dict[str, list[int]] = defaultdict(list)
        self._by_prefix: dict[str, list[int]] = defaultdict(list)
        for name in names:
            self.add(name)

    def add(self, name: CompanyName) -> int:
        position = len(self.names)
        self.names.append(name)
        for token in set(name.tokens):
            self._by_token[token].append(position)
        for key in {name.key, *name.aliases, "".join(name.core)}:
            if key:
                self._by_key[key].append(position)
        if name.key:
            self._by_prefix[name.key[:_KEY_PREFIX]].append(position)
        return position

    def weight(self, token: str) -> float:
        """How rare a token is among the names, in nats; a token that no name holds is the rarest."""
        return math.log((1 + len(self.names)) / (1 + len(self._by_token.get(token, ())))) + 1

    def namesakes(self, name: CompanyName) -> set[int]:
        """Positions of names that share a key, an alias, an uncommon token or the beginning."""
        found: set[int] = set()
        for key in {name.key, *name.aliases, "".join(name.core)}:
            found.update(self._by_key.get(key, ()))
        for token in set(name.tokens):
            holders = self._by_token.get(token, ())
            if len(holders) <= _COMMON:
                found.update(holders)
        holders = self._by_prefix.get(name.key[:_KEY_PREFIX], ())
        if len(holders) <= _COMMON:
            found.update(holders)
        return found

    def similarity(self, first: CompanyName, second: CompanyName) -> float:
        """0–1, symmetric: the mean of soft TF-IDF and of the edit similarity of the keys; 1 for equal keys."""
        return name_similarity(first, second, self.weight)

    def best(self, name: CompanyName, limit: int = 5) -> list[Found]:
        """The most similar names, best first; equal ones in the order they were added."""
        found = [Found(p, self.similarity(name, self.names[p])) for p in self.namesakes(name)]
        return sorted(found, key=lambda f: (-f.similarity, f.position))[:limit]


def name_similarity(first: CompanyName, second: CompanyName, weight: Weight) -> float:
    if first.key == second.key:
        return 1.0 if first.key else 0.0
    soft = _soft_tfidf(first.tokens, second.tokens, weight)
    edit = fuzz.ratio(first.key, second.key) / 100
    return 0.999 * max((soft + edit) / 2, 0.95 * (first.key in second.aliases or second.key in first.aliases))


def same_token(first: str, second: str) -> float:
    """1 for the same word, 0 for another, between for a misspelt or a cut one."""
    if first == second:
        return 1.0
    short, long = sorted((first, second), key=len)
    if len(short) >= 3 and long.startswith(short):
        return _CUT
    similarity = JaroWinkler.similarity(first, second) if len(short) >= 4 else 0.0
    return similarity if similarity >= SAME_TOKEN else 0.0


def _soft_tfidf(first: Sequence[str], second: Sequence[str], weight: Weight) -> float:
    left = {token: weight(token) for token in first}
    right = {token: weight(token) for token in second}
    pairs = sorted(
        ((same_token(a, b), a, b) for a in left for b in right), key=lambda pair: (-pair[0], pair[1], pair[2])
    )
    shared, used_left, used_right = 0.0, set[str](), set[str]()
    for similarity, a, b in pairs:
        if similarity and a not in used_left and b not in used_right:
            used_left.add(a)
            used_right.add(b)
            shared += similarity * left[a] * right[b]
    norm = math.sqrt(sum(w * w for w in left.values()) * sum(w * w for w in right.values()))
    return min(1.0, shared / norm) if norm else 0.0
