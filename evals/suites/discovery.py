"""What a transcript holds, found by our rules: precision and recall of each kind.

A case names every item that is to be found as "kind[:detail] [@us|@them] [day] | words of its quote". An item is hit by
one of the same kind whose quote has these words; who is to do it, by when, and an objection's kind are graded apart, of
the items that were hit. The quote must stand in the transcript, letter by letter, and in the mouth of the right side.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from agents.discovery.kinds import PROSPECTS_OWN, Found, Kind, Side, Spoken
from agents.discovery.rules import read
from agents.discovery.sides import sides_of
from evals.case import Case, Split
from evals.graders import Grade, none_of
from evals.suite import Result
from tools.transcripts import read_transcript

_ITEM: Final = re.compile(r"(\w+)(?::([^|@]+?))?(?:\s+@(us|them))?(?:\s+(\d{4}-\d\d-\d\d))?\s*\|\s*(.+)")
_WHO: Final = {"us": Side.US, "them": Side.PROSPECT}


@dataclass(frozen=True, slots=True)
class Wanted:
    kind: Kind
    detail: str
    who: Side | None
    due: date | None
    words: str

    def hit_by(self, found: Found) -> bool:
        return found.kind is self.kind and self.words.casefold() in found.quote.casefold()


class DiscoverySuite:
    name = "discovery"

    def run(self, case: Case) -> Result:
        spoken = spoken_of(case)
        found = read(spoken)
        wanted = [wanted_of(line) for line in case.expected.get("items", [])]
        missed = [f"{one.kind}: {one.words}" for one in wanted if not any(one.hit_by(other) for other in found)]
        more = [f"{one.kind}: {one.quote}" for one in found if not any(other.hit_by(one) for other in wanted)]
        wrong = [
            f"{pair[0].kind}: {pair[0].words}: {part}"
            for pair in _pairs(wanted, found)
            for part, right in _details(*pair).items()
            if not right
        ]
        output = {
            "found": [_said(one) for one in found],
            "missed": missed,
            "more": more,
            "wrong_details": wrong,
            "kinds": {
                kind.value: {
                    "wanted": sum(one.kind is kind for one in wanted),
                    "found": sum(one.kind is kind for one in found),
                    "hit": sum(one.kind is kind and any(one.hit_by(f) for f in found) for one in wanted),
                    "right": sum(one.kind is kind and any(w.hit_by(one) for w in wanted) for one in found),
                }
                for kind in Kind
            },
        }
        grades = [
            none_of("not_found", missed),
            none_of("wrongly_found", more),
            none_of("wrong_details", wrong),
            Grade("verbatim", all(_verbatim(one, spoken) for one in found)),
            Grade("their_own", all(one.side is Side.PROSPECT for one in found if one.kind in PROSPECTS_OWN)),
        ]
        return Result(case, output, grades)

    def figures(self, results: Sequence[Result]) -> Mapping[str, float]:
        figures: dict[str, float] = {}
        for split in Split:
            of = [result for result in results if result.case.split is split]
            for kind in Kind:
                counted = {name: sum(one.output["kinds"][kind.value][name] for one in of) for name in _COUNTS}
                figures |= _shares(f"{split.value}.{kind.value}", counted)
            every = {
                name: sum(one.output["kinds"][kind.value][name] for one in of for kind in Kind) for name in _COUNTS
            }
            figures |= _shares(f"{split.value}.all", every)
            wrong = sum(len(one.output["wrong_details"]) for one in of)
            figures[f"{split.value}.details"] = 1 - wrong / every["hit"] if every["hit"] else 1.0
        safe = [grade.passed for one in results for grade in one.grades if grade.name in ("verbatim", "their_own")]
        figures["verbatim_and_their_own"] = sum(safe) / len(safe) if safe else 1.0
        return figures


_COUNTS: Final = ("wanted", "found", "hit", "right")


def spoken_of(case: Case) -> Spoken:
    given = case.input
    transcript = read_transcript(str(given["text"]).encode())
    sides = sides_of(transcript.speakers, ours=given["ours"], theirs=given["theirs"])
    at = datetime.fromisoformat(str(given["at"]))
    return Spoken(transcript.turns, sides, at, str(given.get("zone", "Europe/Berlin")), tuple(given["ours"]))


def wanted_of(line: str) -> Wanted:
    match = _ITEM.fullmatch(line)
    if match is None:
        raise ValueError(f"Not an item: {line!r}")
    kind, detail, who, due, words = match.groups()
    return Wanted(
        Kind(kind), (detail or "").strip(), _WHO.get(who or ""), date.fromisoformat(due) if due else None, words
    )


def _pairs(wanted: Sequence[Wanted], found: Sequence[Found]) -> list[tuple[Wanted, Found]]:
    return [(one, hit) for one in wanted if (hit := next((f for f in found if one.hit_by(f)), None)) is not None]


def _details(wanted: Wanted, found: Found) -> dict[str, bool]:
    return {
        "detail": not wanted.detail or found.detail == wanted.detail,
        "who": wanted.who is None or found.who is wanted.who,
        "due": wanted.due is None or found.due == wanted.due,
    }


def _verbatim(found: Found, spoken: Spoken) -> bool:
    turn = spoken.turns[found.turn]
    return turn.text[found.start : found.end] == found.quote and turn.speaker == found.speaker


def _said(found: Found) -> dict[str, Any]:
    due = found.due.isoformat() if found.due else ""
    return {
        "kind": found.kind.value, "detail": found.detail, "who": found.who.value, "due": due, "quote": found.quote,
    }  # fmt: skip


def _shares(name: str, counted: Mapping[str, int]) -> dict[str, float]:
    """1 where there was nothing to be wrong about."""
    return {
        f"{name}.precision": counted["right"] / counted["found"] if counted["found"] else 1.0,
        f"{name}.recall": counted["hit"] / counted["wanted"] if counted["wanted"] else 1.0,
    }
