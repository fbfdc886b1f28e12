"""Records without labels, from columns to groups: block, compare, learn the weights, judge, group.

found = link(table, fields, rules)                # pairs with their probability
groups = found.groups(threshold=0.9)              # one a record
resolver = Resolver(table, fields, rules, found.model)
resolver.resolve({"first": "jon", …})             # one new record against all, in milliseconds
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tools.identity import fellegi_sunter
from tools.identity.clusters import SUPPORT, Link, cluster, one_to_one
from tools.identity.evidence import LEVELS, MAX_BLOCK, Field, Positions, Table, blocks, column, compare, frequencies
from tools.identity.fellegi_sunter import Floats, Levels, Model

_RANDOM_PAIRS = 100_000  # what u is estimated from
_SEED = 7  # the same records give the same weights
_TOO_FEW = 1e-3  # a term's frequency is not believed to be lower: one record among few proves little


@dataclass(frozen=True, slots=True)
class Linked:
    """Candidate pairs (left < right, positions in the table) and how likely each is one entity."""

    count: int
    left: Positions
    right: Positions
    probability: Floats
    levels: Levels
    model: Model

    def links(self, threshold: float) -> list[Link]:
        kept = self.probability >= threshold
        found = zip(self.left[kept].tolist(), self.right[kept].tolist(), self.probability[kept].tolist(), strict=True)
        return [Link(a, b, p) for a, b, p in found]

    def groups(
        self, *, threshold: float, sources: Sequence[Hashable | None] | None = None, support: float = SUPPORT
    ) -> list[int]:
        return cluster(self.count, self.links(threshold), threshold=threshold, sources=sources, support=support)

    def partners(self, sources: Sequence[Hashable], *, threshold: float) -> list[Link]:
        """Where no source holds an entity twice: each record with at most one partner in each other source."""
        return one_to_one(self.links(threshold), sources, threshold=threshold)


def link(
    table: Table,
    fields: Sequence[Field],
    rules: Sequence[Sequence[str]],
    *,
    pairs: tuple[Positions, Positions] | None = None,
    sources: Sequence[Hashable] | None = None,
    model: Model | None = None,
    largest: int = MAX_BLOCK,
) -> Linked:
    """Learns the weights from the records themselves unless a `model` is given. With `sources`, pairs within one
    source are no candidates. `pairs` are the candidates, found by other means than `rules`. Raises ValueError where
    there is no pair."""
    count = len(next(iter(table.values())))
    left, right = blocks(table, rules, largest=largest) if pairs is None else pairs
    if sources is not None:
        _, code = np.unique(np.array(sources), return_inverse=True)
        across = code[left] != code[right]
        left, right = left[across], right[across]
    levels = compare(table, fields, left, right)
    if model is None:
        a, b = _random_pairs(count, sources)
        counts = [LEVELS[f.kind] for f in fields]
        every = count * (count - 1) // 2 if sources is None else _pairs_across(sources)
        model = fellegi_sunter.fit(levels, compare(table, fields, a, b), counts, all_pairs=every)
    odds = fellegi_sunter.log_odds(model, levels) + _rarity(table, fields, levels, left, model)
    return Linked(count, left, right, fellegi_sunter.probability(odds), levels, model)


class Resolver:
    """Finds the likeliest entity of one record among many without touching the others."""

    def __init__(self, table: Table, fields: Sequence[Field], rules: Sequence[Sequence[str]], model: Model) -> None:
        self._table, self._fields, self._rules, self._model = table, fields, rules, model
        self._held: list[dict[tuple[str, ...], list[int]]] = []
        for rule in rules:
            held: dict[tuple[str, ...], list[int]] = defaultdict(list)
            for position, key in enumerate(zip(*(table[name] for name in rule), strict=True)):
                if all(key):
                    held[key].append(position)
            self._held.append(held)
        self._shares = {f.column: _share_by_value(table, f.column) for f in fields if f.frequent}

    def resolve(self, record: Mapping[str, str], limit: int = 5) -> list[tuple[int, float]]:
        """(position, probability), the likeliest first. `record` has a value ("" for unknown) for each column."""
        near: set[int] = set()
        for rule, held in zip(self._rules, self._held, strict=True):
            key = tuple(record[name] for name in rule)
            if all(key) and len(found := held.get(key, ())) <= MAX_BLOCK:
                near.update(found)
        if not near:
            return []
        positions = np.array(sorted(near), dtype=np.int64)
        names = {f.column for f in self._fields}
        small = {name: column([record[name], *self._table[name][positions]]) for name in names}
        right = np.arange(1, len(positions) + 1)
        left = np.zeros(len(positions), dtype=np.int64)
        levels = compare(small, self._fields, left, right)
        odds = fellegi_sunter.log_odds(self._model, levels)
        for place, wanted in enumerate(self._fields):
            top = LEVELS[wanted.kind] - 1
            if wanted.frequent and record[wanted.column]:
                share = max(_TOO_FEW, self._shares[wanted.column].get(record[wanted.column], 0.0))
                odds[levels[:, place] == top] += np.log(self._model.u[place][top] / share)
        chances = fellegi_sunter.probability(odds)
        best = np.argsort(-chances, kind="stable")[:limit]
        return [(int(positions[i]), float(chances[i])) for i in best]


def _rarity(table: Table, fields: Sequence[Field], levels: Levels, left: Positions, model: Model) -> Floats:
    """The term-frequency adjustment of each pair, in nats."""
    extra = np.zeros(len(left))
    for place, wanted in enumerate(fields):
        if wanted.frequent:
            top = LEVELS[wanted.kind] - 1
            equal = levels[:, place] == top
            share = np.maximum(frequencies(table[wanted.column])[left[equal]], _TOO_FEW)
            extra[equal] += np.log(model.u[place][top] / share)
    return extra


def _random_pairs(count: int, sources: Sequence[Hashable] | None) -> tuple[Positions, Positions]:
    draw = np.random.default_rng(_SEED)
    a, b = draw.integers(0, count, _RANDOM_PAIRS), draw.integers(0, count, _RANDOM_PAIRS)
    apart = a != b
    if sources is not None:
        _, code = np.unique(np.array(sources), return_inverse=True)
        apart &= code[a] != code[b]
    return a[apart], b[apart]


def _pairs_across(sources: Sequence[Hashable]) -> int:
    _, sizes = np.unique(np.array(sources), return_counts=True)
    return int((sizes.sum() ** 2 - (sizes**2).sum()) // 2)


def _share_by_value(table: Table, name: str) -> dict[str, float]:
    shares = frequencies(table[name])
    return dict(zip(table[name].tolist(), shares.tolist(), strict=True))
