"""What replies want, counted: precision and recall of each intent, for any reader, on any labelled replies."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tools.mail.intents import Intent

# An erasure is an opt-out too, and its floor suppresses as well: to find both is no mistake.
_ALSO_RIGHT = {Intent.ERASURE.value: {Intent.OPT_OUT.value}}

Reader = Callable[[str], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Labelled:
    """One reply. `group`: its sender, or whatever else would leak from one half into the other."""

    text: str
    group: str
    half: str  # dev or test
    intents: frozenset[str]


@dataclass(frozen=True, slots=True)
class ClassScore:
    intent: str
    true: int
    found: int
    right: int  # of those that were found
    hit: int  # of those that are true

    @property
    def precision(self) -> float | None:
        """None: nothing was found, so that nothing could be wrong."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """None: there was nothing to find."""
        return self.hit / self.true if self.true else None


def scores(replies: Sequence[Labelled], found: Sequence[Iterable[str]]) -> list[ClassScore]:
    """Of each intent that occurs in the labels or among what was found, in the order of `Intent`."""
    read = [set(one) for one in found]
    told = []
    for intent in Intent:
        name = intent.value
        true = [name in reply.intents for reply in replies]
        fine = [is_true or _also_right(name, reply) for is_true, reply in zip(true, replies, strict=True)]
        got = [name in one for one in read]
        score = ClassScore(
            name,
            sum(true),
            sum(got),
            sum(g and f for g, f in zip(got, fine, strict=True)),
            sum(g and t for g, t in zip(got, true, strict=True)),
        )
        if score.true or score.found:
            told.append(score)
    return told


def macro(told: Sequence[ClassScore]) -> tuple[float, float]:
    """Mean precision and recall over the classes that occur in the labels; a class never found has precision 0."""
    known = [score for score in told if score.true]
    if not known:
        return 0.0, 0.0
    return (
        sum(score.precision or 0.0 for score in known) / len(known),
        sum(score.recall or 0.0 for score in known) / len(known),
    )


def _also_right(name: str, reply: Labelled) -> bool:
    return any(name in _ALSO_RIGHT.get(intent, ()) for intent in reply.intents)
