"""How a firm makes its people's addresses, learned from those that are known to be right; and guesses by it.

A local part is a shape ("{first}.{last}", "{f}{last}") filled with one way to write the first name and one to write the
last. Of each the domain has habits, counted apart, because umlauts say nothing of dots. A domain of few addresses leans
on what is usual everywhere (Dirichlet smoothing; the weights below are addresses). A guess is a guess: its chance is
how likely it is under the habits, and nothing says that its mailbox exists before somebody asked.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from scoring.mail_names import NameForms, name_forms

PATTERN_VERSION = "address-patterns-1"

# Shapes with their usual shares where nothing is known of a firm, from counts over open mailing lists of engineers
# and smoothed by hand. They only have to be of the right order: a few addresses outweigh them. "~8": cut to eight
# letters, as the user names of old systems were.
SHAPES: Mapping[str, float] = {
    "{first}.{last}": 0.44,
    "{f}{last}": 0.19,
    "{first}": 0.11,
    "{first}{l}": 0.05,
    "{first}{last}": 0.035,
    "{last}": 0.025,
    "{last}{f}": 0.02,
    "{f}.{last}": 0.02,
    "{last}{first}": 0.02,
    "{last}.{first}": 0.02,
    "{first}.{m}.{last}": 0.015,
    "{first}_{last}": 0.01,
    "{first}-{last}": 0.01,
    "{f}{l}": 0.008,
    "{f}{m}{last}": 0.007,
    "{first}.{l}": 0.005,
    "{first}.{middle}.{last}": 0.004,
    "{l}{first}": 0.004,
    "{last}_{first}": 0.003,
    "{f}_{last}": 0.002,
    "{last}.{f}": 0.002,
    "{f}{last}~8": 0.01,
    "{first}{last}~8": 0.002,
    "{last}{f}~8": 0.002,
}
# Usual shares of the ways to write a name, where it has more than one.
_WAYS: Mapping[str, float] = {
    "whole": 0.4,
    "last": 0.35,
    "one": 0.1,
    "hyphen": 0.1,
    "name": 0.03,
    "dots": 0.01,
    "under": 0.01,
}
_SPELT_OUT = 0.3  # umlauts as two letters, against dropped marks: outside of German firms they are dropped
# How many known addresses the usual shares weigh.
_SHAPE_WEIGHT, _WAY_WEIGHT, _MIDDLE_WEIGHT = 0.5, 0.5, 1.0
MAX_LOCAL = 64  # octets, RFC 5321 §4.5.3.1.1


class Guess(NamedTuple):
    local: str
    chance: float  # 0–1, that the address is made so; the chances of all guesses of a name sum to 1 at most
    shape: str


@dataclass(frozen=True, slots=True)
class Habits:
    """Of one domain: how many of its known addresses were made so. Nothing personal."""

    shapes: Mapping[str, float] = field(default_factory=dict)
    with_middle: Mapping[str, float] = field(default_factory=dict)  # the same, of people whose middle name is told
    firsts: Mapping[str, float] = field(default_factory=dict)
    lasts: Mapping[str, float] = field(default_factory=dict)
    known: int = 0  # addresses looked at
    unexplained: int = 0  # of them of no shape: nicknames, numbers


UNKNOWN_HABITS = Habits()


def learn_habits(examples: Iterable[tuple[str, str]]) -> Habits:
    """`examples`: (full name, local part) of people at one domain, in any order.

    An address that several shapes explain counts for each by its share (one step of expectation–maximisation).
    """
    shapes, middles = defaultdict[str, float](float), defaultdict[str, float](float)
    firsts, lasts = defaultdict[str, float](float), defaultdict[str, float](float)
    known = unexplained = 0
    for name, local in sorted(examples):
        forms = name_forms(name)
        if forms is None:
            continue
        known += 1
        made = [way for way in _ways(forms, UNKNOWN_HABITS) if way.local == local.casefold().partition("+")[0]]
        total = sum(way.chance for way in made)
        if not made:
            unexplained += 1
        for way in made:
            shapes[way.shape] += way.chance / total
            if forms.middle:
                middles[way.shape] += way.chance / total
            # A way says nothing where the name can be written in one way only.
            if len(forms.first) > 1 and "{first}" in way.shape:
                firsts[way.first] += way.chance / total
            if len(forms.last) > 1 and "{last}" in way.shape:
                lasts[way.last] += way.chance / total
    return Habits(dict(shapes), dict(middles), dict(firsts), dict(lasts), known, unexplained)


def guess_locals(full_name: str, habits: Habits = UNKNOWN_HABITS, *, most: int = 5) -> Sequence[Guess]:
    """The likeliest local parts first; empty where the name gives none. Every one is a valid dot-string
    (RFC 5321).

    Raises ValueError for a negative `most`.
    """
    if most < 0:
        raise ValueError(f"Guesses must be 0 or more; got {most}.")
    forms = name_forms(full_name)
    if forms is None:
        return ()
    chances: dict[str, tuple[float, str]] = {}
    # An address of no shape at all is possible too, and likelier where some were seen.
    explained = 1.0 - (habits.unexplained + 0.3) / (habits.known + 1.0)
    for way in _ways(forms, habits):
        chance, shape = chances.get(way.local, (0.0, way.shape))
        chances[way.local] = (chance + way.chance * explained, shape)
    ranked = sorted(chances.items(), key=lambda item: (-item[1][0], item[0]))
    return [Guess(local, chance, shape) for local, (chance, shape) in ranked[:most]]


class _Way(NamedTuple):
    local: str
    shape: str
    first: str
    last: str
    chance: float


def _ways(forms: NameForms, habits: Habits) -> list[_Way]:
    firsts, lasts = _shares(forms.first, habits.firsts), _shares(forms.last, habits.lasts)
    usable = [shape for shape in SHAPES if forms.middle or "{m" not in shape]
    seen = sum(habits.shapes.get(shape, 0.0) for shape in usable)
    usual = sum(SHAPES[shape] for shape in usable)
    middles = sum(habits.with_middle.values()) if forms.middle else 0.0
    found = []
    for shape in usable:
        share = (habits.shapes.get(shape, 0.0) + _SHAPE_WEIGHT * SHAPES[shape] / usual) / (seen + _SHAPE_WEIGHT)
        if middles:
            share = (habits.with_middle.get(shape, 0.0) + _MIDDLE_WEIGHT * share) / (middles + _MIDDLE_WEIGHT)
        pattern, cut, length = shape.partition("~")
        for first_way, first, first_share in firsts:
            for last_way, last, last_share in lasts:
                local = pattern.format(
                    first=first, last=last, f=first[0], l=last[0], m=forms.middle[:1], middle=forms.middle
                )
                if cut:
                    local = local[: int(length)].rstrip("-._")
                if len(local) <= MAX_LOCAL:
                    found.append(_Way(local, shape, first_way, last_way, share * first_share * last_share))
    return found


def _shares(forms: Sequence[tuple[str, str]], seen: Mapping[str, float]) -> list[tuple[str, str, float]]:
    """(way, text, share) of one name's forms; the shares sum to 1."""
    usual = {way: _WAYS[way.rstrip("+")] * (_SPELT_OUT if way.endswith("+") else 1 - _SPELT_OUT) for way, _ in forms}
    total, known = sum(usual.values()), sum(seen.get(way, 0.0) for way, _ in forms)
    return [
        (way, text, (seen.get(way, 0.0) + _WAY_WEIGHT * usual[way] / total) / (known + _WAY_WEIGHT))
        for way, text in forms
    ]
