"""Days: from atoms to dates, seen from the day of the mail."""

from datetime import date, timedelta

from tools.calendar.time_phrases.holidays_named import holiday_rule
from tools.calendar.time_phrases.items import Day
from tools.calendar.time_phrases.lexicon import Atom
from tools.calendar.time_phrases.windows import Why

_NEAR_ENOUGH = 62  # days: "Monday the 13th" is the next 13th on a Monday, but nobody means one in half a year


def dated(start: int, end: int, year: int | None, month: int, day: int, today: date) -> Day:
    """A day of a month; without a year the next one that is not over."""
    try:
        if year is not None:
            found = date(year + 2000 if year < 100 else year, month, day)
        else:
            found = date(today.year, month, day)
            if found < today:
                found = date(today.year + 1, month, day)
    except ValueError:
        if (month, day) == (2, 29) and year is None:
            leap = next(
                one for one in range(today.year, today.year + 9) if one % 4 == 0 and (one % 100 or not one % 400)
            )
            return Day(start, end, date(leap, 2, 29), date(leap, 2, 29))
        return Day(start, end, why=Why.NO_SUCH_TIME)
    return Day(start, end, found, found, past=found < today)


def by_numbers(atom: Atom, today: date, month_first: bool | None) -> Day:
    """ "03/04", "3.4.26", "2026-04-03": which is the month is asked, unless only one reading is a date."""
    spaced = not any(sign in atom.value for sign in "/.-")
    text = atom.value.replace("/", "-").replace(".", "-").replace(" ", "-" if spaced else "")
    if text.isdigit() and len(text) == 8:
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    parts = [int(one) for one in text.replace(" ", "").split("-") if one.strip()]
    if len(parts) == 3 and parts[0] > 99:
        return dated(atom.start, atom.end, parts[0], parts[1], parts[2], today)
    year = parts[2] if len(parts) == 3 else None
    if parts[1] > 1800 and parts[0] <= 12:
        return month_of(atom.start, atom.end, parts[0], parts[1], today)
    first, second = parts[0], parts[1]
    readings = [
        dated(atom.start, atom.end, year, month, day, today)
        for month, day in ((first, second), (second, first))
        if 1 <= month <= 12 and 1 <= day <= 31
    ]
    if not readings:
        return Day(atom.start, atom.end, why=Why.NO_SUCH_TIME)
    if len(readings) == 1 or first == second:
        return readings[0]
    if month_first is not None:
        return readings[0] if month_first else readings[1]
    options = tuple(one.first for one in readings if one.first is not None)
    return Day(atom.start, atom.end, why=Why.DATE_ORDER, options=options)


def month_of(start: int, end: int, month: int, year: int | None, today: date) -> Day:
    """A whole month; without a year the one that runs, or the next of that name."""
    if year is None:
        year = today.year + (month < today.month)
    first = date(year, month, 1)
    return Day(start, end, first, month_end(first), unit="month", past=month_end(first) < today)


def month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def add_months(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    first = date(index // 12, index % 12 + 1, 1)
    return first.replace(day=min(day.day, month_end(first).day))


def weekday_on(start: int, end: int, weekday: int, mode: str, today: date) -> Day:
    """The next one; on that weekday itself it is asked, and so is "next" while one is still ahead in this week."""
    ahead = (weekday - today.weekday()) % 7
    coming, monday = today + timedelta(days=ahead), today - timedelta(days=today.weekday())
    this_week, next_week = monday + timedelta(days=weekday), monday + timedelta(days=7 + weekday)
    if mode == "next":
        if weekday > today.weekday():
            return Day(start, end, why=Why.NEXT_WEEKDAY, options=(this_week, next_week), weekday=weekday)
        return Day(start, end, next_week, next_week, weekday=weekday)
    if mode == "afternext":
        after = (coming + timedelta(days=7), next_week + timedelta(days=7))
        if after[0] != after[1]:  # of the coming Friday, or of the Friday of next week
            return Day(start, end, why=Why.NEXT_WEEKDAY, options=after, weekday=weekday)
        return Day(start, end, after[0], after[0], weekday=weekday)
    if mode == "last":
        return Day(start, end, this_week - timedelta(days=7), this_week - timedelta(days=7), past=True)
    if mode == "this" and weekday < today.weekday():
        return Day(start, end, why=Why.NEXT_WEEKDAY, options=(next_week,), weekday=weekday)
    if ahead == 0 and mode != "this":
        options = (today, today + timedelta(days=7))
        return Day(start, end, why=Why.NEXT_WEEKDAY, options=options, weekday=weekday)
    return Day(start, end, coming, coming, weekday=weekday)


def stretch(start: int, end: int, unit: str, mode: str, today: date) -> Day | None:
    """ "this week", "next month", "the weekend after next". None where the unit is no stretch of days."""
    steps = {"this": 0, "": 0, "next": 1, "afternext": 2, "last": -1}[mode]
    monday = today - timedelta(days=today.weekday())
    if unit in ("week", "workweek", "weekend", "fortnight"):
        monday += timedelta(weeks=steps)
        first, last = {"week": (0, 6), "workweek": (0, 4), "weekend": (5, 6), "fortnight": (0, 13)}[unit]
        found = (monday + timedelta(days=first), monday + timedelta(days=last))
        unit = "week" if unit != "fortnight" else unit
    elif unit == "month":
        begins = add_months(today.replace(day=1), steps)
        found = (begins, month_end(begins))
    elif unit == "quarter":
        begins = add_months(today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1), 3 * steps)
        found = (begins, month_end(add_months(begins, 2)))
    elif unit == "year":
        found = (date(today.year + steps, 1, 1), date(today.year + steps, 12, 31))
    elif unit in ("day", "workday"):
        day = today + timedelta(days=steps)
        found = (day, day)
    else:
        return None
    return Day(start, end, *found, unit=unit, past=found[1] < today)


def edge_of(day: Day, edge: str, today: date) -> Day | None:
    """The early, middle or late part of a week, month or year. None where there is none to take."""
    first, last = day.first, day.last
    if first is None or last is None:
        return None
    length = (last - first).days + 1
    if day.unit == "week" and length >= 5:
        cut = {"early": (0, 2), "mid": (1, 3), "late": (3, length - 1)}[edge]
        found = (first + timedelta(days=cut[0]), first + timedelta(days=cut[1]))
    elif day.unit == "month":
        cut = {"early": (1, 15), "mid": (10, 20), "late": (16, last.day)}[edge]
        found = (first.replace(day=cut[0]), first.replace(day=cut[1]))
    elif day.unit == "year":
        if edge == "mid":
            return None
        half = date(first.year, 7, 1)
        found = (first, half - timedelta(days=1)) if edge == "early" else (half, last)
    else:
        return None
    return Day(day.start, day.end, *found, unit=day.unit, past=found[1] < today)


def holiday(start: int, end: int, name: str, year: int | None, today: date) -> Day:
    rule = holiday_rule(name)
    found = rule(year or today.year)
    if year is None and found < today:
        found = rule(today.year + 1)
    return Day(start, end, found, found, past=found < today)


def numbered_week(start: int, end: int, number: int, today: date) -> Day:
    """ISO week; of the next year where this year's is over."""
    for year in (today.year, today.year + 1):
        try:
            first = date.fromisocalendar(year, number, 1)
        except ValueError:
            continue
        if first + timedelta(days=6) >= today:
            return Day(start, end, first, first + timedelta(days=6), unit="week")
    return Day(start, end, why=Why.NO_SUCH_TIME)


def next_numbered_day(start: int, end: int, number: int, today: date, weekday: int | None) -> Day:
    """ "the 21st": of this month, else of the next; with a weekday, the next month in which both fit."""
    month = today.replace(day=1)
    nearest: date | None = None
    for _ in range(12):
        if number <= month_end(month).day and month.replace(day=number) >= today:
            found = month.replace(day=number)
            nearest = nearest or found
            if found > today + timedelta(days=_NEAR_ENOUGH) and weekday is not None:
                break
            if weekday in (None, found.weekday()):
                return Day(start, end, found, found, number=number)
        month = add_months(month, 1)
    options = (nearest,) if nearest is not None else ()
    return Day(start, end, why=Why.WEEKDAY_DIFFERS if options else Why.NO_SUCH_TIME, options=options)
