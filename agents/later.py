"""When a reply says that later would be better ("write again in three months"): English rules, else unknown."""

import re
from datetime import date, datetime, timedelta

_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "a couple of": 2, "couple of": 2, "a few": 3,
}  # fmt: skip
_DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_WORDS = "|".join(sorted(map(re.escape, _NUMBERS), key=len, reverse=True))
_SPAN = re.compile(rf"\b(?:in|after|within)\s+(?:about\s+)?(\d{{1,2}}|{_WORDS})\s+(day|week|month|quarter|year)s?\b")
_NEXT = re.compile(r"\bnext\s+(month|quarter|year)\b")
_MONTH = re.compile(rf"\b(?:in|from|after|until|by)\s+(?:early\s+|mid\s+|late\s+)?({'|'.join(_MONTHS)})\b(?!\s+\d)")
_QUARTER = re.compile(r"\b(?:in|until|for)\s+q([1-4])\b")
_LONGEST = timedelta(days=2 * 365)  # beyond it somebody was joking


def stated_later(text: str, at: datetime) -> date | None:
    """The day a reply names for another try, counted from when it was written; None: none, or no sane one."""
    words, today = " ".join(text.casefold().split())[:20_000], at.date()
    found: date | None = None
    if match := _SPAN.search(words):
        number = int(match[1]) if match[1].isdigit() else _NUMBERS[match[1]]
        found = today + timedelta(days=number * _DAYS[match[2]])
    elif match := _NEXT.search(words):
        found = _start_of_next(match[1], today)
    elif match := _MONTH.search(words):
        found = _first_of(_MONTHS.index(match[1]) + 1, today)
    elif match := _QUARTER.search(words):
        found = _first_of(3 * int(match[1]) - 2, today)
    return found if found is not None and today < found <= today + _LONGEST else None


def _start_of_next(unit: str, today: date) -> date:
    if unit == "year":
        return date(today.year + 1, 1, 8)  # nobody reads mail on the first
    month = today.month + 1 if unit == "month" else 3 * ((today.month - 1) // 3) + 4
    return date(today.year + (month > 12), (month - 1) % 12 + 1, 1)


def _first_of(month: int, today: date) -> date:
    return date(today.year + (month <= today.month), month, 1)
