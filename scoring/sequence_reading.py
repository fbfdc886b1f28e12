"""A sequence as people write it, and back: what is wrong with it is said all at once."""

from collections.abc import Mapping
from typing import Any, Final

from scoring.sequence import SEQUENCES, Channel, Condition, SequenceSpec, TouchSpec
from scoring.types import Reason

MOST_STEPS: Final = 12  # more unasked touches than that are a nuisance, whatever stands between them
LONGEST_WAIT: Final = 60  # business days: a quarter; what comes later is an entry of its own
_LONGEST_REASON: Final = 300
_KEYS: Final = ("sequence", "reason", "steps")
_STEP_KEYS: Final = ("channel", "wait_days", "only_if", "reason")
_OPENS: Final = frozenset({"open", "opens", "opened", "not_opened", "mail_opened", "mail_not_opened"})
_OPPOSITES: Final = ((Condition.CLICKED, Condition.NOT_CLICKED), (Condition.TASK_DONE, Condition.TASK_NOT_DONE))
_TASKS: Final = (Channel.LINKEDIN, Channel.PHONE, Channel.SMS)
_TIER_WITHOUT_TOUCHES: Final = 4


class SequenceError(ValueError):
    """`problems`: each with the place it is at."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{path}: {text}" if path else text for path, text in problems))


def tier_of(name: str) -> int | None:
    return next((tier for tier, spec in SEQUENCES.items() if spec.name == name), None)


def parse_sequence(document: object, *, number: int = 1) -> SequenceSpec:
    """Raises SequenceError with everything that is wrong."""
    problems: list[tuple[str, str]] = []
    if not isinstance(document, Mapping):
        raise SequenceError([("", "A sequence is a mapping with sequence, reason and steps.")])
    _unknown(document, _KEYS, "", problems)
    name, reason = document.get("sequence"), document.get("reason")
    tier = tier_of(name) if isinstance(name, str) else None
    if tier is None:
        names = ", ".join(spec.name for spec in SEQUENCES.values())
        problems.append(("sequence", f"There is one sequence a tier, by its name: {names}."))
    _sentence(reason, "reason", "why leads of this tier get these steps", problems)
    steps = document.get("steps")
    if not isinstance(steps, list | tuple):
        problems.append(("steps", "Steps are a list."))
        steps = []
    if len(steps) > MOST_STEPS:
        problems.append(("steps", f"At most {MOST_STEPS} steps; there are {len(steps)}."))
    if tier == _TIER_WITHOUT_TOUCHES and steps:
        problems.append(("steps", "Tier 4 is watched, not written to: it has no steps."))
    elif tier is not None and not steps:
        problems.append(("steps", "Without a step nobody of this tier is written to."))
    touches: list[TouchSpec] = []
    for index, step in enumerate(steps[:MOST_STEPS], start=1):
        touch = _step(step, index, touches, problems)
        if touch is not None:
            touches.append(touch)
    if problems:
        raise SequenceError(problems)
    return SequenceSpec(str(name), tuple(touches), Reason(f"sequence_tier_{tier}", str(reason).strip()), number)


def as_document(spec: SequenceSpec) -> dict[str, Any]:
    """What parse_sequence reads."""
    return {
        "sequence": spec.name,
        "reason": spec.reason.text,
        "steps": [
            {
                "channel": touch.channel.value,
                "wait_days": wait,
                **({"only_if": [condition.value for condition in touch.only_if]} if touch.only_if else {}),
                "reason": touch.reason,
            }
            for touch, wait in zip(spec.touches, spec.waits(), strict=True)
        ],
    }


def _step(step: object, index: int, before: list[TouchSpec], problems: list[tuple[str, str]]) -> TouchSpec | None:
    path, found = f"steps.{index}", len(problems)
    if not isinstance(step, Mapping):
        problems.append((path, "A step is a mapping with channel, wait_days and reason."))
        return None
    _unknown(step, _STEP_KEYS, f"{path}.", problems)
    channel, wait = step.get("channel"), step.get("wait_days")
    if channel not in {one.value for one in Channel}:
        problems.append((f"{path}.channel", f"Choose {', '.join(one.value for one in Channel)}."))
    if isinstance(wait, bool) or not isinstance(wait, int) or not 0 <= wait <= LONGEST_WAIT:
        problems.append((f"{path}.wait_days", f"Business days after the step before: 0 to {LONGEST_WAIT}."))
    _sentence(step.get("reason"), f"{path}.reason", "what this step is for", problems)
    only_if = _conditions(step.get("only_if", ()), f"{path}.only_if", before, problems)
    if len(problems) > found:
        return None
    assert isinstance(wait, int)
    made = TouchSpec(
        index,
        Channel(str(channel)),
        (before[-1].day if before else 0) + wait,
        str(step["reason"]).strip(),
        only_if,
    )
    if any(one.channel is made.channel and one.day == made.day for one in before):
        problems.append((f"{path}.wait_days", f"Two steps by {made.channel.value} on one day: leave a day between."))
    return made


def _conditions(
    given: object, path: str, before: list[TouchSpec], problems: list[tuple[str, str]]
) -> tuple[Condition, ...]:
    if isinstance(given, str) or not isinstance(given, list | tuple):
        problems.append((path, "Conditions are a list."))
        return ()
    found: list[Condition] = []
    for word in given:
        text = str(word)
        if text in _OPENS:
            problems.append(
                (
                    path,
                    "An open is no condition: mail programs and scanners open mails that nobody reads, so an open says "
                    "nothing of a person. Use clicked or not_clicked, which count humans only.",
                )
            )
        elif text in ("replied", "reply"):
            problems.append((path, "Whoever answers has left the sequence: no step can wait for an answer."))
        elif text not in {one.value for one in Condition}:
            problems.append((path, f"There is no condition “{text[:40]}”: choose {', '.join(Condition)}."))
        elif Condition(text) not in found:
            found.append(Condition(text))
    for yes, no in _OPPOSITES:
        if yes in found and no in found:
            problems.append((path, f"{yes} and {no} are never both true: the step would never be done."))
    channels = {touch.channel for touch in before}
    if {Condition.TASK_DONE, Condition.TASK_NOT_DONE} & set(found) and not channels & set(_TASKS):
        problems.append((path, "No step before this one is a task by LinkedIn, phone or text."))
    if {Condition.CLICKED, Condition.NOT_CLICKED, Condition.MAIL_DELIVERED} & set(found) and (
        Channel.MAIL not in channels
    ):
        problems.append((path, "No step before this one is a mail."))
    return tuple(found)


def _sentence(value: object, path: str, what: str, problems: list[tuple[str, str]]) -> None:
    if not isinstance(value, str) or not value.strip():
        problems.append((path, f"Say in a sentence {what}."))
    elif len(value) > _LONGEST_REASON:
        problems.append((path, f"At most {_LONGEST_REASON} characters."))


def _unknown(document: Mapping[Any, Any], known: tuple[str, ...], prefix: str, problems: list[tuple[str, str]]) -> None:
    for key in document:
        if key not in known:
            problems.append((f"{prefix}{str(key)[:40]}", f"There is no such key: there are {', '.join(known)}."))
