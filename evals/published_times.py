"""Published English time phrases (Microsoft Recognizers-Text specs, MIT): which of them can name a time to meet.

The rule is code, so that nobody picks. A phrase counts when one of its published readings is a date, a time or a range
of them that lies ahead of the reference, begins within about a year and lasts between a minute and a month; when its
sentence does not tell of the past, nothing in it recurs, and its weekday is not another than that of its date. What
remains is split by a hash: `dev`, three quarters, may be looked at; `test` is only measured.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

FILES = ("DateTimeModel", "DateTimeModelCalendarMode", "DateTimeModelExtendedTypes", "MergedParser")
FOLDER = "recognizers_text_en"
HORIZON = timedelta(days=400)
LONGEST = timedelta(days=31)
SHORTEST = timedelta(minutes=1)
_TYPES = frozenset({"date", "time", "daterange", "timerange", "datetime", "datetimerange", "datetimealt"})
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_YEAR = re.compile(r"\d{4}")
_OF_THE_PAST = re.compile(
    r"\b(?:was|were|went|did|had|happened|took|ago|(?:could|should) have|have already|has been|sold|came|been"
    r"|got|bought|made|met|left)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Span:
    """One published reading. A clock without a day has times only; an open side is None."""

    start: datetime | time | None
    end: datetime | time | None
    days: bool  # whole days: `end` is the day after, or, of a range between two named days, the last of them


@dataclass(frozen=True, slots=True)
class Phrase:
    text: str
    reference: datetime
    wanted: tuple[tuple[Span, ...], ...]  # for each time in the text, its published readings that lie ahead
    split: str  # dev | test
    others: tuple[Span, ...] = ()  # published readings that do not count: to find them as well is no fault


def load(directory: Path) -> list[Phrase]:
    """Every phrase that counts, in the order of the files. `directory` is the folder of the JSON files."""
    found: dict[tuple[str, str], Phrase] = {}
    for name in FILES:
        for row in json.loads((directory / f"{name}.json").read_text(encoding="utf-8-sig")):
            phrase = _phrase(row)
            if phrase is not None:
                found.setdefault((phrase.text, phrase.reference.isoformat()), phrase)
    return list(found.values())


def _phrase(row: Mapping[str, Any]) -> Phrase | None:
    stamp = (row.get("Context") or {}).get("ReferenceDateTime")
    if not stamp or _OF_THE_PAST.search(row["Input"]):
        return None
    reference = datetime.fromisoformat(stamp)
    wanted = tuple(spans for spans in (_ahead(one, reference) for one in row["Results"]) if spans)
    if not wanted or any(_kind(one) == "set" for one in row["Results"]) or _contradicts(row["Input"], wanted):
        return (
            None  # what recurs is no time to meet; "Tuesday 7 March" in a year when that is a Wednesday is none at all
        )
    # Grouped by its first words, so that near-copies of a sentence do not lie on both sides.
    group = " ".join(re.findall(r"[a-z]+", row["Input"].casefold()))
    number = int(hashlib.sha256(f"time-phrases:{group}".encode()).hexdigest(), 16) % 4
    half = "test" if number == 1 else "dev"
    others = tuple(span for one in row["Results"] for span in _readings(one))
    return Phrase(row["Input"], reference, wanted, half, others)


def _kind(result: Mapping[str, Any]) -> str:
    return str(result.get("TypeName") or result.get("Type") or "").partition(".")[2]


def _contradicts(text: str, wanted: Sequence[Sequence[Span]]) -> bool:
    """One weekday is named, and every published day is another."""
    named = [
        _DAYS.index(one)
        for one in re.findall(r"\b(?:mon|tue|wed|thu|fri|sat|sun)(?=[a-z]*day\b|\b|s\b)", text.casefold())
        for one in (one[:3],)
    ]
    days = {span.start.weekday() for spans in wanted for span in spans if isinstance(span.start, datetime)}
    return len(named) == 1 and bool(days) and named[0] not in days


def _readings(result: Mapping[str, Any]) -> Iterator[Span]:
    for value in (result.get("Resolution") or result.get("Value") or {}).get("values") or []:
        span = _span(value)
        if span is not None:
            yield span


def _ahead(result: Mapping[str, Any], reference: datetime) -> tuple[Span, ...]:
    kind = _kind(result)
    values = (result.get("Resolution") or result.get("Value") or {}).get("values") or []
    if kind not in _TYPES:
        return ()
    # A year is no time to meet, nor is the last second of a day: that is when something is due.
    spans = (_span(value) for value in values if not _YEAR.fullmatch(value.get("timex", "")))
    return tuple(dict.fromkeys(span for span in spans if span is not None and _can_be_met(span, reference)))


def _span(value: Mapping[str, str]) -> Span | None:
    if value.get("value") == "not resolved":
        return None
    if "value" in value:
        start = _moment(value["value"])
        if start is None:
            return None
        days = len(value["value"]) == 10
        if days and isinstance(start, datetime):
            return Span(start, start + timedelta(days=1), True)
        return Span(start, start, False)
    start, end = _moment(value.get("start", "")), _moment(value.get("end", ""))
    if start is None and end is None:
        return None
    return Span(start, end, len(value.get("start") or value.get("end") or "") == 10)


def _moment(text: str) -> datetime | time | None:
    try:
        return datetime.fromisoformat(text) if "-" in text else time.fromisoformat(text)
    except ValueError:
        return None


def _can_be_met(span: Span, reference: datetime) -> bool:
    start, end = span.start, span.end
    if isinstance(start, time) or isinstance(end, time):
        return True
    today = datetime.combine(date(reference.year, reference.month, reference.day), time.min)
    if start is not None and end is not None and (end - start > LONGEST or timedelta(0) < end - start < SHORTEST):
        return False
    if start is not None and start == end:
        if (start.hour, start.minute, start.second) == (23, 59, 59):
            return False
        return reference < start <= reference + HORIZON
    first = start or today
    last = end or first + timedelta(days=1)
    return last > reference and today - LONGEST < first <= reference + HORIZON
