"""Dates and years in cells. Empty cells give None."""

import re
from datetime import UTC, date, datetime

from tools.mapping.cells import Unreadable, text_of

_LONGEST = 120
_MONTH_WORDS = """
    jan janvier enero januar
    feb février fevrier febrero februar
    mar mars marzo märz mrz
    apr avril abril
    may mai mayo
    jun juin junio juni
    jul juillet julio juli
    aug août aout agosto
    sep sept septembre septiembre
    oct okt octobre octubre
    nov novembre noviembre
    dec dez décembre decembre diciembre
"""
_MONTHS = {
    name: number for number, names in enumerate(_MONTH_WORDS.strip().splitlines(), start=1) for name in names.split()
}


def year_of(value: object) -> int | None:
    """The earliest year in the cell: in "2013 (1888)" the firm began in the second."""
    text = text_of(value)
    if not text or text == "0":
        return None
    if len(text) > _LONGEST:
        raise Unreadable("too long for a date")
    years = [int(y) for y in re.findall(r"(?<!\d)(1[0-9]{3}|20[0-9]{2})(?!\d)", text)]
    if not years:
        raise Unreadable("no year")
    return min(years)


def date_of(value: object, *, day_first: bool = False) -> date | None:
    text = text_of(value)
    if not text:
        return None
    if len(text) > _LONGEST:
        raise Unreadable("too long for a date")
    try:
        if isinstance(value, (int, float)) or re.fullmatch(r"\d{10}(?:\d{3})?(?:\.\d+)?", text):
            seconds = float(text)
            seconds = seconds / 1_000 if seconds >= 1e11 else seconds
            if seconds < 1e8:  # 1973: a smaller number is no instant but a year or an id
                raise Unreadable("no date")
            return datetime.fromtimestamp(seconds, UTC).date()
        if m := re.match(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", text):
            return date(int(m[1]), int(m[2]), int(m[3]))
        if m := re.match(r"(\d{4})(\d{2})(\d{2})$", text):
            return date(int(m[1]), int(m[2]), int(m[3]))
        if m := re.match(r"(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4}|\d{2})(?!\d)", text):
            one, two, year = int(m[1]), int(m[3]), int(m[4])
            year += 2000 if year < 70 else 1900 if year < 100 else 0
            day, month = (one, two) if (day_first or m[2] == "." or one > 12) and two <= 12 else (two, one)
            return date(year, month, day)
        if m := re.match(r"(\d{1,2})\.?\s+([^\W\d_]{3,})\.?,?\s+(\d{4})", text):
            return date(int(m[3]), _month(m[2]), int(m[1]))
        if m := re.match(r"([^\W\d_]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})", text):
            return date(int(m[3]), _month(m[1]), int(m[2]))
    except Unreadable:
        raise
    except (ValueError, OverflowError, OSError) as error:
        raise Unreadable("no such day") from error
    raise Unreadable("no date")


def _month(word: str) -> int:
    word = word.casefold()
    number = _MONTHS.get(word) or _MONTHS.get(word[:3])
    if number is None:
        raise Unreadable("no month")
    return number
