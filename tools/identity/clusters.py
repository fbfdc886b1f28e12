"""From pairs to entities without chaining: A like B and B like C does not make A and C one.

Pairs are taken from the likeliest down. Two groups become one only where

- no source that holds an entity once would stand in the group twice, and
- enough pairs between them were found likely by themselves, not just the one that is looked at.

The result depends on the pairs and their probabilities, not on the order they come in: ties are broken by the records'
keys. Runs in O(pairs × log pairs) and moves the smaller group's links only.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

SUPPORT = 0.5  # of the pairs between the smaller group and up to three of the larger, how many must be likely


_COUNTED = 3  # members: two groups of a hundred need not know each other all


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """A pair of records (by position or id) and how likely they are one. `first` and `second` compare."""

    first: int
    second: int
    probability: float


def cluster(
    count: int,
    links: Iterable[Link],
    *,
    threshold: float,
    sources: Sequence[Hashable | None] | None = None,
    support: float = SUPPORT,
) -> list[int]:
    """The group of each record 0 … count - 1, named by its lowest member. Links below `threshold` say nothing.

    `sources[i]`: the source of record i where that source holds an entity once, else None.
    """
    likely = sorted((link for link in links if link.probability >= threshold), key=_order)
    between: dict[int, dict[int, int]] = defaultdict(dict)  # likely links between two groups, by their roots
    for link in likely:
        between[link.first][link.second] = between[link.first].get(link.second, 0) + 1
        between[link.second][link.first] = between[link.second].get(link.first, 0) + 1
    parent = list(range(count))
    members = [[i] for i in range(count)]
    taken = [_taken(sources, i) for i in range(count)]
    # A pair that lacked support may have it after others joined: passes go on until one changes nothing.
    waiting, moved = likely, True
    while moved and waiting:
        moved, left = False, []
        for link in waiting:
            a, b = _root(parent, link.first), _root(parent, link.second)
            if a == b:
                continue
            smaller = min(len(members[a]), len(members[b]))
            if taken[a] & taken[b]:
                continue  # for good: groups only grow
            if between[a].get(b, 0) < support * smaller * min(smaller, _COUNTED):
                left.append(link)
                continue
            _join(a, b, parent, members, taken, between)
            moved = True
        waiting = left
    lowest: Mapping[int, int] = {root: min(members[root]) for root in {_root(parent, i) for i in range(count)}}
    return [lowest[_root(parent, i)] for i in range(count)]


def one_to_one(links: Iterable[Link], sources: Sequence[Hashable], *, threshold: float) -> list[Link]:
    """Of the links at or above `threshold`, those that remain when a record has at most one partner in each other
    source: greedily, the likeliest first."""
    kept, used = [], set[tuple[int, Hashable]]()
    for link in sorted((link for link in links if link.probability >= threshold), key=_order):
        first, second = (link.first, sources[link.second]), (link.second, sources[link.first])
        if first not in used and second not in used:
            used.update((first, second))
            kept.append(link)
    return kept


def _order(link: Link) -> tuple[float, int, int]:
    return -link.probability, min(link.first, link.second), max(link.first, link.second)


def _taken(sources: Sequence[Hashable | None] | None, position: int) -> set[Hashable]:
    source = None if sources is None else sources[position]
    return set() if source is None else {source}


def _root(parent: list[int], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


def _join(
    a: int,
    b: int,
    parent: list[int],
    members: list[list[int]],
    taken: list[set[Hashable]],
    between: dict[int, dict[int, int]],
) -> None:
    """b into a, whichever has more to move; links to third groups follow."""
    if (len(members[a]), -a) < (len(members[b]), -b):
        a, b = b, a
    parent[b] = a
    members[a] += members[b]
    taken[a] |= taken[b]
    for other, number in between.pop(b, {}).items():
        if other != a:
            between[a][other] = between[a].get(other, 0) + number
            between[other][a] = between[other].get(a, 0) + number
            del between[other][b]
    between[a].pop(b, None)
    members[b] = []
