"""When a person can be met, as a browser sends it: lines of text on the person's own clock, both ways. Pure.

09:00–12:00, 13:00–17:00          the hours of a weekday; empty is free of work
2026-12-24 – 2027-01-02           days off, a day or a span a line
2026-12-23 09:00–12:00            another day's hours; without any it is free
2026-12-24 18:00 – 2027-01-02 08:00   out of office
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from agents.booking.free_times import Wanted
from agents.booking.rules import Rules, RulesRefused
from api.views.calendars import AvailabilityOut
from tools.calendar.slots import zone_of
from tools.calendar.wall_clock import instants_of
from tools.calendar.working_hours import DAYS, read_windows

NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DASH: Final = r"\s*(?:–|—|-|to|until)\s*"
_TIME: Final = r"\d{1,2}(?:[:.]\d{2})?"
_WINDOW: Final = re.compile(rf"({_TIME}){_DASH}({_TIME})")
_DAY: Final = r"\d{4}-\d{2}-\d{2}"
_SPAN: Final = re.compile(rf"({_DAY})(?:\s*(?:–|—|to|until|\s-\s|\.\.)\s*({_DAY}))?")
_OVERRIDE: Final = re.compile(rf"({_DAY})\s*:?\s*(.*)")
_AWAY: Final = re.compile(rf"({_DAY})[ T]({_TIME}){_DASH}({_DAY})[ T]({_TIME})")
_MOST_DAYS: Final = 400
# Numbers, as they are called on the page.
NUMBERS: Final = {
    "buffer_before": "Free before a meeting",
    "buffer_after": "Free after a meeting",
    "grid": "Between two starts",
    "notice_hours": "Notice",
    "horizon_days": "How far ahead",
    "per_day": "Meetings a day",
    "per_week": "Meetings a week",
}
_FIELDS: Final = {
    **NUMBERS,
    "time_zone": "Time zone",
    "country": "Country",
    "region": "Region",
    "days_off": "Days off",
    "overrides": "Other hours",
    "out_of_office": "Out of office",
}


class AvailabilityForm(BaseModel):
    csrf: str = ""
    etag: str = ""
    act: str = ""
    time_zone: str = ""
    mon: str = ""
    tue: str = ""
    wed: str = ""
    thu: str = ""
    fri: str = ""
    sat: str = ""
    sun: str = ""
    buffer_before: str = "0"
    buffer_after: str = "0"
    grid: str = "30"
    notice_hours: str = "20"
    horizon_days: str = "14"
    per_day: str = ""
    per_week: str = ""
    country: str = ""
    region: str = ""
    days_off: str = ""
    overrides: str = ""
    out_of_office: str = ""


def form_of(found: AvailabilityOut, etag: str) -> AvailabilityForm:
    zone = zone_of(found.time_zone) or ZoneInfo("UTC")
    hours: dict[str, Any] = {name: _windows_text(found.working_hours[name]) for name in DAYS}
    numbers = {name: "" if (value := getattr(found, name)) is None else str(value) for name in NUMBERS}
    return AvailabilityForm(
        etag=etag,
        time_zone=zone.key,
        **hours,
        **numbers,
        country=found.country,
        region=found.region,
        days_off="\n".join(_spans_text(found.days_off)),
        overrides="\n".join(
            f"{day} {_windows_text(windows)}".strip() for day, windows in sorted(found.overrides.items())
        ),
        out_of_office="\n".join(
            f"{_local(each.starts_at, zone)} – {_local(each.ends_at, zone)}" for each in found.out_of_office
        ),
    )


def read(typed: AvailabilityForm) -> Wanted:
    """Raises RulesRefused, whose places are what the page calls them: “Monday”, “Days off, line 2”."""
    problems: list[tuple[str, str]] = []
    zone = zone_of(typed.time_zone[:64])
    if zone is None:
        problems.append(("Time zone", "Choose one of the list, like Europe/Berlin."))
        zone = ZoneInfo("UTC")
    clock = zone
    hours = {}
    for key, name in zip(DAYS, NAMES, strict=True):
        found = _lines(name, [getattr(typed, key)], lambda text: _windows(text), problems, numbered=False)
        hours[key] = found[0] if found else []
    rules: dict[str, Any] = {"country": typed.country.strip().upper(), "region": typed.region.strip()}
    for name, label in NUMBERS.items():
        text = str(getattr(typed, name)).strip()
        if text.isascii() and text.isdigit() and len(text) < 6:
            rules[name] = int(text)
        elif text or name not in ("per_day", "per_week"):
            problems.append((label, "Write a whole number, without a sign."))
    days = _lines("Days off", typed.days_off.splitlines(), _days, problems)
    rules["days_off"] = [day.isoformat() for day in sorted({day for found in days for day in found})]
    if len(rules["days_off"]) > _MOST_DAYS:
        problems.append(("Days off", f"There are {len(rules['days_off'])} of them; at most {_MOST_DAYS} can be kept."))
        rules["days_off"] = []
    rules["overrides"] = dict(_lines("Other hours", typed.overrides.splitlines(), _override, problems))
    aways = typed.out_of_office.splitlines()
    rules["out_of_office"] = _lines("Out of office", aways, lambda text: _away(text, clock), problems)
    try:
        Rules.model_validate(rules)
    except ValueError as error:  # what is out of its bounds
        problems += [_bounds(each) for each in getattr(error, "errors", list)()]
    if problems:
        raise RulesRefused(problems)
    return Wanted(rules, hours, clock.key)


def name_of(where: str) -> str:
    """What the page calls it, where the rules themselves refused."""
    head, _, rest = where.partition(".")
    if head == "working_hours" and rest in DAYS:
        return NAMES[DAYS.index(rest)]
    line = f", entry {int(rest) + 1}" if rest.isdigit() else f", {rest}" if rest else ""
    return _FIELDS[head] + line if head in _FIELDS else where


def _bounds(error: dict[str, Any]) -> tuple[str, str]:
    where = ".".join(map(str, error["loc"]))
    limits = error.get("ctx", {})
    words = {"ge": "At least {}.", "le": "At most {}.", "max_length": "At most {} of them."}
    said = next((text.format(limits[name]) for name, text in words.items() if name in limits), f"{error['msg']}.")
    return name_of(where), said


def _lines(
    name: str,
    lines: Iterable[str],
    parse: Callable[[str], Any],
    problems: list[tuple[str, str]],
    *,
    numbered: bool = True,
) -> list[Any]:
    """What each line says; one that cannot be read is in `problems`, and not here. Empty lines say nothing."""
    found = []
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            found.append(parse(text.strip()))
        except ValueError as error:
            problems.append((f"{name}, line {number}" if numbered else name, str(error)))
    return found


def _windows(text: str) -> list[list[str]]:
    """Raises ValueError."""
    left = _WINDOW.sub(" ", text).replace(",", " ").replace(";", " ").replace(" and ", " ").strip()
    if left:
        raise ValueError(f"“{left[:40]}” cannot be read: write times like 09:00–12:00, 13:00–17:00.")
    pairs = [[_clock(opens), _clock(closes)] for opens, closes in _WINDOW.findall(text)]
    try:
        read_windows(pairs, "")
    except ValueError as error:
        raise ValueError(str(error).removeprefix(": ")) from None
    return pairs


def _clock(text: str) -> str:
    hour, _, minute = text.replace(".", ":").partition(":")
    return f"{int(hour):02d}:{minute or '00'}"


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"There is no day {text}: write it like 2026-12-24.") from None


def _days(text: str) -> list[date]:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"“{text[:40]}” cannot be read: write 2026-12-24, or 2026-12-24 – 2027-01-02.")
    first, last = _date(found[1]), _date(found[2] or found[1])
    if last < first:
        raise ValueError("The span ends before it starts.")
    if (last - first).days > _MOST_DAYS:
        raise ValueError(f"That is more than {_MOST_DAYS} days.")
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _override(text: str) -> tuple[str, list[list[str]]]:
    found = _OVERRIDE.fullmatch(text)
    if found is None:
        raise ValueError(f"“{text[:40]}” cannot be read: write the day first, like 2026-12-23 09:00–12:00.")
    day = _date(found[1]).isoformat()
    return day, [] if found[2].strip().lower() in ("", "free", "off", "none") else _windows(found[2])


def _away(text: str, zone: ZoneInfo) -> dict[str, str]:
    found = _AWAY.fullmatch(text)
    if found is None:
        raise ValueError(f"“{text[:40]}” cannot be read: write it like 2026-12-24 18:00 – 2027-01-02 08:00.")
    starts = _instants(found[1], found[2], zone)[0]
    ends = _instants(found[3], found[4], zone)[-1]  # where the hour comes twice, all of it is away
    if ends <= starts:
        raise ValueError("It ends before it starts.")
    return {"starts_at": starts.isoformat(), "ends_at": ends.isoformat()}


def _instants(day: str, clock: str, zone: ZoneInfo) -> list[datetime]:
    try:
        local = datetime.fromisoformat(f"{_date(day).isoformat()}T{_clock(clock)}")
    except ValueError as error:
        raise ValueError(str(error) if "no day" in str(error) else f"{clock} is no time of day.") from None
    found = list(instants_of(local, zone))
    if not found:
        raise ValueError(f"The clock is put forward then: there is no {_clock(clock)} on {day} in {zone.key}.")
    return found


def _windows_text(windows: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{opens}–{closes}" for opens, closes in windows)


def _spans_text(days: Iterable[date]) -> list[str]:
    spans: list[tuple[date, date]] = []
    for day in sorted(days):
        if spans and day - spans[-1][1] == timedelta(days=1):
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return [f"{first}" if first == last else f"{first} – {last}" for first, last in spans]


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(UTC).astimezone(zone):%Y-%m-%d %H:%M}"
