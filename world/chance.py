"""Chance that does not depend on order: every draw is named, and the same name always draws the same."""

import random
from collections.abc import Sequence
from hashlib import sha256
from math import exp
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """Draws from (seed, names). Two parts of the world never disturb each other, in whatever order they run."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def rng(self, *names: object) -> random.Random:
        digest = sha256("\x1f".join(str(part) for part in (self._seed, *names)).encode()).digest()
        return random.Random(int.from_bytes(digest[:8], "big"))

    def happens(self, probability: float, *names: object) -> bool:
        return self.rng(*names).random() < probability

    def pick(self, options: Sequence[T], *names: object) -> T:
        return self.rng(*names).choice(options)

    def weighted(self, options: Sequence[tuple[T, float]], *names: object) -> T:
        values = [value for value, _ in options]
        return self.rng(*names).choices(values, [weight for _, weight in options])[0]

    def between(self, low: float, high: float, *names: object) -> float:
        return self.rng(*names).uniform(low, high)


def logistic(x: float) -> float:
    return 1 / (1 + exp(-x))
