"""Things that are known by a title and a description: products, publications, job postings in two lists.

The likeness of two is the mean of three cosines: of the words of their titles, of all their words, and of the runs of
four letters of their titles (for typing errors and words run together); each part weighted by its rarity, ln(n / df).
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools.identity.clusters import Link, one_to_one
from tools.names import plain

_RUN = 4  # letters
_COMMON_WORDS, _COMMON_RUNS = 0.2, 0.1  # of the texts that have it: beyond, it finds nobody by itself
_LEAST = 0.1  # likeness below which two are not kept as a pair
_MAX_TEXT = 2_000
_WORD = re.compile(r"[a-z0-9]+")

Vector = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Text:
    title: str
    description: str = ""


def partners(first: Sequence[Text], second: Sequence[Text], *, threshold: float) -> list[Link]:
    """Pairs (position in `first`, position in `second`), each side at most once, the most alike first. `probability`
    of a link is the likeness 0–1, which is not calibrated: fix `threshold` on labelled pairs of the same sort."""
    views = (
        (_cosines([_words(t.title) for t in first], [_words(t.title) for t in second], _COMMON_WORDS)),
        (_cosines([_all_words(t) for t in first], [_all_words(t) for t in second], _COMMON_WORDS)),
        (_cosines([_runs(t.title) for t in first], [_runs(t.title) for t in second], _COMMON_RUNS)),
    )
    links = []
    for i in range(len(first)):
        for j in sorted(set().union(*(view[i] for view in views))):
            likeness = sum(view[i].get(j, 0.0) for view in views) / len(views)
            if likeness >= max(_LEAST, threshold):
                links.append(Link(i, len(first) + j, min(1.0, likeness)))
    sources = [0] * len(first) + [1] * len(second)
    kept = one_to_one(links, sources, threshold=threshold)
    return [Link(link.first, link.second - len(first), link.probability) for link in kept]


def _words(text: str) -> list[str]:
    # "PSLX-350H" and "PSLX350H" are one model.
    return _WORD.findall(plain(text[:_MAX_TEXT]).replace("-", "").replace("/", " "))


def _all_words(text: Text) -> list[str]:
    return _words(f"{text.title} {text.description}")


def _runs(text: str) -> list[str]:
    joined = f" {' '.join(_words(text))} "
    return [joined[i : i + _RUN] for i in range(len(joined) - _RUN + 1)]


def _cosines(first: Sequence[list[str]], second: Sequence[list[str]], common: float) -> list[dict[int, float]]:
    """Of each text of `first`, the cosine with each text of `second` that shares something rare enough."""
    having = Counter(part for text in (*first, *second) for part in set(text))
    count = len(first) + len(second)
    weight = {part: math.log(count / number) for part, number in having.items()}
    holders: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for position, text in enumerate(second):
        for part, value in _vector(text, weight).items():
            if having[part] <= max(2, common * count):
                holders[part].append((position, value))
    found = []
    for text in first:
        sums: dict[int, float] = defaultdict(float)
        for part, value in _vector(text, weight).items():
            for position, other in holders.get(part, ()):
                sums[position] += value * other
        found.append(dict(sums))
    return found


def _vector(text: list[str], weight: Vector) -> Vector:
    values = {part: weight[part] for part in sorted(set(text))}
    norm = math.sqrt(sum(value * value for value in values.values()))
    return {part: value / norm for part, value in values.items()} if norm else {}
