"""Working hours as people write them down: windows of a weekday or of one date, on the wall clock of who works."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import pairwise
from typing import Any

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Half-open [opens, closes) on the wall clock of one day; `closes` None: the day's end, which no time names."""

    opens: time
    closes: time | None


OFFICE = Window(time(9), time(17))
OFFICE_WEEK: Mapping[int, tuple[Window, ...]] = dict.fromkeys(range(5), (OFFICE,))


def read_hours(value: Mapping[str, Any]) -> dict[int, tuple[Window, ...]]:
    """{"mon": ["09:00", "17:00"]} or, with several windows, {"mon": [["09:00", "12:00"], ["13:00", "17:00"]]} by
    weekday, 0 is Monday. "24:00" closes with the day. Empty: Monday to Friday, nine to five.

    Raises ValueError, in words for the person who wrote them: unknown day, no time of day, reversed, overlapping.
    """
    if not value:
        return dict(OFFICE_WEEK)
    unknown = sorted(set(value) - set(DAYS))
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no weekday: write {', '.join(DAYS)}.")
    return {DAYS.index(name): read_windows(windows, name) for name, windows in value.items()}


def read_overrides(value: Mapping[str, Any]) -> dict[date, tuple[Window, ...]]:
    """{"2026-12-24": ["09:00", "12:00"], "2026-12-28": []} by date. Raises ValueError like `read_hours`."""
    found = {}
    for name, windows in value.items():
        try:
            day = date.fromisoformat(name)
        except ValueError as error:
            raise ValueError(f"{name!r} is no date: write it like 2026-12-24.") from error
        found[day] = read_windows(windows, name)
    return found


def read_windows(value: Any, name: str) -> tuple[Window, ...]:
    """The windows of one day, in order. Raises ValueError; `name` is how the day is called in its words."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ValueError(f"{name}: write two times of day, like 09:00 and 17:00, or a list of such pairs.")
    pairs = [value] if value and isinstance(value[0], str) else list(value)
    windows = sorted(
        (_window(pair, name) for pair in pairs), key=lambda window: (window.opens, window.closes or time.max)
    )
    for earlier, later in pairwise(windows):
        if earlier.closes is None or earlier.closes > later.opens:
            raise ValueError(f"{name}: {_words(earlier)} and {_words(later)} overlap.")
    return tuple(windows)


def hours_or_none(value: Mapping[str, Any]) -> dict[int, tuple[Window, ...]]:
    """Like `read_hours`, for what is stored already: a day that cannot be read has no hours. Better no proposal than
    one in somebody's night."""
    found = {}
    for name in DAYS if value else ():
        try:
            found[DAYS.index(name)] = read_windows(value[name], name) if value.get(name) else ()
        except ValueError:
            found[DAYS.index(name)] = ()
    return found if value else dict(OFFICE_WEEK)


def _window(pair: Any, name: str) -> Window:
    if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
        raise ValueError(f"{name}: a window has two times of day, like 09:00 and 17:00.")
    closing = str(pair[1]) if str(pair[1]) != "24:00" else None
    try:
        window = Window(time.fromisoformat(str(pair[0])), None if closing is None else time.fromisoformat(closing))
    except ValueError as error:
        raise ValueError(f"{name}: {pair[0]} or {pair[1]} is no time of day: write it like 09:00.") from error
    if window.opens.tzinfo or (window.closes and window.closes.tzinfo):
        raise ValueError(f"{name}: times of day stand on the person's own clock: write no zone.")
    if window.closes is not None and window.opens >= window.closes:
        raise ValueError(f"{name}: {_words(window)} ends before it starts. Hours past midnight: cut them there.")
    return window


def _words(window: Window) -> str:
    return f"{window.opens:%H:%M}–{'24:00' if window.closes is None else f'{window.closes:%H:%M}'}"
