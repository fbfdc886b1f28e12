"""Whom to pay for, where a vendor shows titles for nothing and charges for names and addresses."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from scoring.titles import read_title
from tools.ports import PeopleWanted

S = TypeVar("S")


def best_first(seen: Iterable[S], title_of: Callable[[S], str], wanted: PeopleWanted) -> list[S]:
    """Who was asked for, in the vendor's order, then whose title does not say. Who plainly is somebody else is left
    out: paying for them would be paying for nobody."""
    rated = [(_misses(title_of(one), wanted), one) for one in seen]
    return [one for miss, one in sorted(rated, key=lambda pair: pair[0] or 0) if miss is not None][: wanted.limit]


def _misses(title: str, wanted: PeopleWanted) -> int | None:
    """0: as asked for; more: so many wishes are open; None: a wish is plainly not met."""
    reading = read_title(title)
    pairs = ((wanted.seniorities, reading.seniority), (wanted.departments, reading.department))
    open_ = 0
    for wishes, found in pairs:
        if not wishes:
            continue
        if found is None:
            open_ += 1
        elif found.value not in wishes:
            return None
    return open_
