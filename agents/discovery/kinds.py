"""What is found in a transcript, before anybody confirmed it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from tools.transcripts import Turn


class Kind(StrEnum):
    """In the order in which a page shows them."""

    NEED = "need"
    OBJECTION = "objection"
    COMMITMENT = "commitment"
    NEXT_STEP = "next_step"
    BUDGET = "budget"
    AUTHORITY = "authority"
    TIMELINE = "timeline"
    COMPETITOR = "competitor"


class Objection(StrEnum):
    PRICE = "price"
    TIMING = "timing"
    COMPETITOR = "competitor"
    NEED = "need"
    TRUST = "trust"  # data protection, security, a vendor nobody knows
    EFFORT = "effort"  # moving over, training, people who will not use it
    TERMS = "terms"


class Side(StrEnum):
    US = "us"
    PROSPECT = "prospect"
    OTHER = "other"  # somebody who speaks for neither
    UNKNOWN = "unknown"  # nobody has said whose side it is


# Only of a prospect's mouth are these theirs: what a rep says that they need is the rep's guess.
PROSPECTS_OWN: Final = frozenset(
    {Kind.NEED, Kind.OBJECTION, Kind.BUDGET, Kind.AUTHORITY, Kind.TIMELINE, Kind.COMPETITOR}
)
TO_DO: Final = frozenset({Kind.COMMITMENT, Kind.NEXT_STEP})
MOST_QUOTE: Final = 600  # characters: a longer sentence is cut at its end, and stays verbatim
NO_SIDES: Final[Mapping[str, Side]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Found:
    """`quote` is characters `start` to `end` of the turn's text, verbatim. `who`: whose task it
    is. `due`: the last day that they named; None: none, or not a clear one."""

    kind: Kind
    detail: str  # an objection's kind, a competitor's name; else ""
    side: Side  # of who speaks
    who: Side  # of who is to do it; for other kinds the same as `side`
    turn: int  # from 0
    start: int
    end: int
    quote: str
    speaker: str
    at: float | None
    line: int
    due: date | None = None
    by: str = "rules"  # or "model:<name>"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A transcript with whose side each speaker is on. `at`: when the meeting began, aware, in the rep's zone."""

    turns: tuple[Turn, ...]
    sides: Mapping[str, Side]
    at: datetime
    zone: str
    our_names: tuple[str, ...] = ()  # people, company and product of ours: they are nobody's competitor
    language: str = ""  # ISO 639-1; "": told from the words

    def side_of(self, speaker: str) -> Side:
        return self.sides.get(speaker, Side.UNKNOWN)
