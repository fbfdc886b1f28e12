"""Which half of the day an hour is in: by its mark, the part of the day beside it, else by what a working day allows.

"At 3" is 15:00 because nobody meets at 03:00; seven has two meanings, and both are returned.
"""

from datetime import time

from tools.calendar.time_phrases.items import Clock
from tools.calendar.time_phrases.windows import Conventions

# Wider than the parts themselves: people say "7 in the afternoon" and "9 at night".
_BETWEEN = {
    "morning": (time(0), time(11, 59)), "afternoon": (time(12), time(20)), "evening": (time(16), time(23, 59)),
    "night": (time(17), time(23, 59)), "lunch": (time(11), time(15)), "daytime": (time(7), time(19)),
    "midday": (time(11), time(14)), "breakfast": (time(5), time(11, 59)), "dinner": (time(16), time(23, 59)),
}  # fmt: skip
_LONGEST = 12 * 60


def read(
    clock: Clock, part: str, today: time | None, language: str, conventions: Conventions
) -> list[tuple[time, time | None]]:
    """Every meaning of an hour or a range. `today`: what time it is, where the day is today: what passed is none."""
    own = clock.part or part
    if clock.to is None:
        return [(one, None) for one in _of(clock, own, today, language, conventions)]
    if clock.half in ("am", "pm", "24") and clock.to.half in ("am", "pm", "24"):
        return _both(clock, own)
    if clock.half == "" and clock.to.half in ("am", "pm"):
        return _from_end(clock, own)
    found: list[tuple[time, time | None]] = []
    for since in _of(clock, own, today, language, conventions):
        ends = [one for one in _candidates(clock.to) if since < one]
        if ends:
            found.append((since, min(ends)))
    return found


def _both(clock: Clock, part: str) -> list[tuple[time, time | None]]:
    assert clock.to is not None
    since, until = time(clock.hour, clock.minute, clock.second), time(clock.to.hour, clock.to.minute, clock.to.second)
    if until <= since and clock.to.half == "am" and clock.to.hour == 0 and since < time(12):
        until = time(12, clock.to.minute, clock.to.second)  # "10am-12am" is noon: midnight is no end of a morning
    return [(since, until)] if since < until else []


def _from_end(clock: Clock, part: str) -> list[tuple[time, time | None]]:
    """ "2:00 to 2:30 pm": the mark of the end is the start's too, where the start then lies before the end."""
    assert clock.to is not None
    until = time(clock.to.hour, clock.to.minute, clock.to.second)
    if clock.part:
        return [(one, until) for one in _candidates(clock) if _within(one, clock.part) and one < until]
    same = [one for one in _candidates(clock) if (one.hour >= 12) == (until.hour >= 12) and one < until]
    if part:
        same = [one for one in same if _within(one, part)] or same
    earlier = [one for one in _candidates(clock) if one < until and _minutes(until) - _minutes(one) <= _LONGEST]
    chosen = same or earlier
    return [(chosen[-1], until)] if chosen else []


def _of(clock: Clock, part: str, today: time | None, language: str, conventions: Conventions) -> list[time]:
    candidates = _candidates(clock)
    if len(candidates) == 1:
        return candidates
    if part:
        return [one for one in candidates if _within(one, part)]
    if today is not None:
        candidates = [one for one in candidates if one > today] or candidates
        if len(candidates) == 1:
            return candidates
    if language != "en" and clock.hour >= 7:
        return [time(clock.hour, clock.minute, clock.second)]  # their clocks run to 24
    return [one for one in candidates if conventions.day_begins <= one < conventions.day_ends]


def _candidates(clock: Clock) -> list[time]:
    if clock.half:
        return [time(clock.hour, clock.minute, clock.second)]
    hour = clock.hour % 12
    return [time(hour, clock.minute, clock.second), time(hour + 12, clock.minute, clock.second)]


def _within(one: time, part: str) -> bool:
    begins, ends = _BETWEEN[part]
    return begins <= one <= ends


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute
