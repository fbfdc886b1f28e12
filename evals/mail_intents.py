"""What replies want, on labelled ones, by halves that share no sender: our rules, a keyword rule, and a model beside.

Three sets. `threads`: the hand-written replies of `reply_threads`, split by sender. `svara`: short sales replies with
a polarity, in a folder beside a checkout; they name no sender, and the same words come back up to twenty times, so a
group is all texts that share most of their words. A random split would put copies of one text into both halves.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from agents.reply_reader import ask_model, known_intents
from evals.case import load_cases
from evals.reply_intents import Labelled, scores
from evals.suites.replies import keyword_intents, labelled_of
from tools.mail.intents import Intent, read_intents
from tools.ports import LanguageModel

DEV, TEST = "dev", "test"
ALIKE: Final = 0.6  # of the words of two texts together: above, they are of one group
SVARA: Final = Path("intent_svara_replies") / "reply_classification_dataset.csv"
_POSITIVE = {Intent.WANTS_MEETING.value, Intent.INTERESTED.value}
_NEGATIVE = {
    Intent.OPT_OUT.value, Intent.ERASURE.value, Intent.LEGAL_THREAT.value, Intent.HOSTILE.value,
    Intent.WRONG_PERSON.value, Intent.NEGATIVE.value, Intent.NOT_NOW.value,
}  # fmt: skip
_SHORTHAND = {
    "plz": "please",
    "pls": "please",
    "u": "you",
    "w": "with",
    "schdule": "schedule",
    "intrsted": "interested",
}
_POLITE = frozenset({"please", "can", "could", "you", "the", "a", "an", "to", "your", "for", "this"})


@dataclass(frozen=True, slots=True)
class Polar:
    """One distinct text of the corpus."""

    text: str
    group: str
    half: str
    polarity: str  # positive, neutral or negative


def threads() -> list[Labelled]:
    return [labelled_of(case) for case in load_cases("reply_threads").cases]


def svara(folder: Path) -> list[Polar]:
    """Empty where the corpus is not there."""
    if not (folder / SVARA).exists():
        return []
    with (folder / SVARA).open(encoding="utf-8") as file:
        rows = {_words(row["text"]): (row["text"], row["label"].strip().lower()) for row in csv.DictReader(file)}
    texts = sorted(rows)
    groups = _groups([frozenset(text) - _POLITE or frozenset(text) for text in texts])
    return [
        Polar(rows[text][0], name, TEST if sha256(name.encode()).digest()[0] % 2 else DEV, rows[text][1])
        for text, name in zip(texts, groups, strict=True)
    ]


def polarity(found: Iterable[str]) -> str:
    named = set(found)
    if named & _NEGATIVE:
        return "negative"
    return "positive" if named & _POSITIVE else "neutral"


# ---------------------------------------------------------------------------------------------------------- readers


def by_rules(text: str) -> list[str]:
    return [hit.intent.value for hit in read_intents(text)]


def by_model(model: LanguageModel) -> Callable[[str], list[str]]:
    """The model alone, as it is asked in the product; nothing where it is unsure or fails."""

    def read(text: str) -> list[str]:
        return [intent.value for intent in known_intents(ask_model(model, text))] or [Intent.UNKNOWN.value]

    return read


def readers(model: LanguageModel | None) -> Mapping[str, Callable[[str], list[str]]]:
    """The keyword rule, our rules, and, with a model, the model alone and the rules with the model behind them: it is
    asked where no rule spoke, and nowhere else."""
    found: dict[str, Callable[[str], list[str]]] = {"keywords": keyword_intents, "rules": by_rules}
    if model is not None:
        asked: dict[str, list[str]] = {}
        alone = by_model(model)

        def once(text: str) -> list[str]:
            if text not in asked:
                asked[text] = alone(text)
            return asked[text]

        def both(text: str) -> list[str]:
            ours = by_rules(text)
            return once(text) if ours == [Intent.UNKNOWN.value] else ours

        found |= {"model alone": once, "rules, then model": both}
    return found


# ----------------------------------------------------------------------------------------------------------- groups


def _words(text: str) -> tuple[str, ...]:
    found = re.findall(r"[a-z0-9]+", text.casefold().replace("'", "").replace("’", ""))
    return tuple(_SHORTHAND.get(word, word) for word in found)


def _groups(bags: Sequence[frozenset[str]]) -> list[str]:
    """The name of each text's group: texts alike, and what is alike to those, belong together."""
    parent = list(range(len(bags)))

    def root(index: int) -> int:
        while parent[index] != index:
            index = parent[index]
        return index

    for one, other in _alike(bags):
        parent[max(root(one), root(other))] = min(root(one), root(other))
    return [" ".join(sorted(bags[root(index)])) for index in range(len(bags))]


def _alike(bags: Sequence[frozenset[str]]) -> Iterator[tuple[int, int]]:
    for one, bag in enumerate(bags):
        for other in range(one + 1, len(bags)):
            if len(bag & bags[other]) >= ALIKE * len(bag | bags[other]):
                yield one, other


# ----------------------------------------------------------------------------------------------------------- report


@dataclass(frozen=True, slots=True)
class Line:
    """One class as one reader reads it. Shares are 0–1; None where there was nothing to be right about."""

    corpus: str
    half: str
    reader: str
    name: str  # an intent, or a polarity
    true: int
    precision: float | None
    recall: float | None


class Unpaid:
    """Where no budget is kept: an evaluation counts what it asked and pays nothing."""

    def __init__(self) -> None:
        self.asked: list[str] = []  # outcomes

    def reserve(self, *, provider: str, purpose: str, max_micros: int) -> int:
        return len(self.asked)

    def settle(self, _token: int, /, *, cost_micros: int, latency_ms: int | None, outcome: str) -> None:
        self.asked.append(outcome)


def measure(folder: Path | None, model: LanguageModel | None) -> list[Line]:
    """Every class of every reader, corpus and half. Without `folder` the hand-written replies alone."""
    asked = readers(model)
    lines: list[Line] = []
    replies = threads()
    for half in (DEV, TEST):
        chosen = [reply for reply in replies if reply.half == half]
        for name, read in asked.items():
            told = scores(chosen, [read(reply.text) for reply in chosen])
            lines += [Line("threads", half, name, s.intent, s.true, s.precision, s.recall) for s in told]
    for half in (DEV, TEST):
        texts = [one for one in svara(folder) if one.half == half] if folder else []
        for name, read in asked.items():
            pairs = [(one.polarity, polarity(read(one.text))) for one in texts]
            lines += [_polar(half, name, kind, pairs) for kind in ("positive", "neutral", "negative") if pairs]
    return lines


def _polar(half: str, reader: str, kind: str, pairs: Sequence[tuple[str, str]]) -> Line:
    true = sum(truth == kind for truth, _ in pairs)
    found = sum(got == kind for _, got in pairs)
    hit = sum(truth == got == kind for truth, got in pairs)
    return Line("svara", half, reader, kind, true, hit / found if found else None, hit / true if true else None)
