"""Days of named months, dates in figures, months alone."""

import re
from dataclasses import replace
from datetime import timedelta

from tools.calendar.time_phrases import days as d
from tools.calendar.time_phrases.items import Day, Item, Mark
from tools.calendar.time_phrases.scan_base import Found, Reading
from tools.calendar.time_phrases.windows import Why

_ARTICLES = frozenset(["the", "le", "el", "am", "den", "dem", "zum", "il", "de"])
Numbers = tuple[list[tuple[int, int, int, Mark | None]], int]
Named = tuple[list[tuple[int, int, int, Mark | None]], int, int | None, int]


class Months(Reading):
    """The 9th of April, 03/04, the 21st, mid of which month."""

    def _numbered(self, place: int, found: list[Item]) -> Found:
        """ "9th through 17th of April", "April 9th - 17th, 2027", "the 22nd, 23rd or 31st of March", "Tue 7 March"."""
        start, weekday, opened = place, None, place
        if self._is(place, "wd") and not self._is(place - 1, "next", "last"):
            weekday, opened = (
                int(self.atoms[place].as_("wd")),
                self._skip(place + 1, "comma", "fill", "of", "dash", "stop"),
            )
        named = self._after_month(opened) or self._before_month(opened)
        if named is None:
            return None
        numbers, month, year, after = named
        items: list[Item] = []
        for position, (number, begins, ends, joiner) in enumerate(numbers):
            day = d.dated(begins, ends, year, month, number, self.today)
            if position == 0:
                day.start = self.atoms[start].start
                if weekday is not None and day.first is not None and day.first.weekday() != weekday:
                    day = Day(day.start, ends, why=Why.WEEKDAY_DIFFERS, options=(day.first,))
            if joiner is not None:
                items.append(joiner)
            items.append(day)
        items[-1].end = self.atoms[after - 1].end
        after = self._weekday_after(after, items[-1], weekday)
        return items, after

    def _weekday_after(self, after: int, item: Item, weekday: int | None) -> int:
        """ "May/22(Tue)": a weekday in brackets says the same day again."""
        if (
            weekday is None
            and self._is(after, "comma")
            and self.atoms[after].value == "("
            and self._is(after + 1, "wd")
        ):
            closed = after + 2 + self._is(after + 2, "comma")
            if isinstance(item, Day) and item.first and item.first.weekday() != int(self.atoms[after + 1].as_("wd")):
                item.why, item.options = Why.WEEKDAY_DIFFERS, (item.first,)
                item.first = item.last = None
            return closed
        return after

    def _after_month(self, place: int) -> Named | None:
        """MONTH first: "April 9th through 17th"."""
        if not self._is(place, "month"):
            return None
        month, after = int(self.atoms[place].as_("month")), self._skip(place + 1, "fill", "stop", "dash", "slash")
        if self._is(place + 1, "comma") and self.atoms[place + 1].value == "/":
            after = place + 2
        listed = self._numbers(after)
        if not listed:
            return None
        numbers, after = listed
        year, after = self._year(after)
        return numbers, month, year, after

    def _before_month(self, place: int) -> Named | None:
        """Numbers first: "9 and 12 April", "le 3 mars", "den 3. und 4. März", or "of next month"."""
        listed = self._numbers(place)
        if not listed:
            return None
        numbers, after = listed
        after = self._skip(after, "of", "fill", "comma", "dash", "stop")
        if self._is(after, "unit") and self.atoms[after].as_("unit") == "day":
            after = self._skip(after + 1, "of")
        mode = str(self.atoms[after].kind) if self._is(after, "this", "next") else ""
        if (
            not mode
            and self._is(after, "unit")
            and self.atoms[after].as_("unit") == "month"
            and self._is(after - 1, "of", "fill")
        ):
            return numbers, self.today.month, self.today.year, after + 1
        if mode and self._is(after + 1, "unit") and self.atoms[after + 1].as_("unit") == "month":
            first = d.add_months(self.today, 1 if mode == "next" else 0)
            return numbers, first.month, first.year, after + 2
        if not self._is(after, "month"):
            return None
        year, after_year = self._year(after + 1)
        return numbers, int(self.atoms[after].as_("month")), year, after_year

    def _numbers(self, place: int) -> Numbers | None:
        numbers: list[tuple[int, int, int, Mark | None]] = []
        joiner: Mark | None = None
        after = place
        while len(numbers) < 8:
            read = self._ordinal(after)
            if read is None:
                break
            number, then = read
            of_month = (
                self._is(then, "unit") and self.atoms[then].as_("unit") == "day" and self.atoms[then - 1].is_("ord")
            )
            if not 1 <= number <= 31 or (self._is(then, "mark", "hourword", "unit", "money", "few") and not of_month):
                break
            if joiner is not None and joiner.kind == "to" and number <= numbers[-1][0]:
                break  # "27 April to the third": of the next month
            if joiner is not None and joiner.kind == "comma" and number < numbers[-1][0]:
                break  # "14 November, 8 to 10"
            numbers.append((number, self.atoms[after].start, self.atoms[then - 1].end, joiner))
            after = then
            joined = self._skip(after, "stop") if self._is(after, "stop") and self.atoms[after].value == "." else after
            mark = self._at(joined)
            if mark is None or not mark.is_("comma", "and", "or", "to", "dash") or mark.value in ("(", ")", ":"):
                break
            kind = next(one for one in ("or", "to", "dash", "and", "comma") if mark.is_(one))
            joiner = Mark(mark.start, mark.end, "to" if kind == "dash" else kind)
            joined = self._skip(joined + 1, "and", "or", "fill") if kind == "comma" else self._skip(joined + 1, "fill")
            following = self._ordinal(joined)
            if following is None or following[0] > 31 or self._hour_at(following[1]):
                break
            after = joined
        if not numbers:
            return None
        last = numbers[-1]
        # A joiner with nothing after it was not one.
        return numbers, next(i for i in range(place, len(self.atoms)) if self.atoms[i].end >= last[2]) + 1

    def _hour_at(self, after: int) -> bool:
        """The number before `after` begins an hour: "December 1st, 10-11am", "1 de diciembre, 10 a 11 h"."""
        if self._is(after, "mark", "hourword", "clock"):
            return True
        read = self._number(after + 1) if self._is(after, "to", "dash") else None
        return read is not None and self._is(read[1], "mark", "hourword")

    def _alone(self, place: int, found: list[Item]) -> Found:
        """A day of the month behind an article: "the 21st", "am 21.", "le 21", "el 21"."""
        atom = self.atoms[place]
        if atom.kind == "number" and self._is(place - 1, "fill") and self._article(place - 1):
            free = self._at(place + 1) is None or self._is(
                place + 1, "op", "comma", "at", "or", "and", "part", "to", "dash"
            )
            if 1 <= atom.value <= 31 and len(atom.word) <= 2 and free:
                return [d.next_numbered_day(atom.start, atom.end, atom.value, self.today, None)], place + 1
        if not self._is(place - 1, "fill", "weekof", "not", "or", "and", "comma", "op", "to", "dash"):
            return None
        if atom.is_("ord") or (atom.is_("num") and self._is(place + 1, "ord")):
            read = self._ordinal(place)
            following = read is not None and self._is(read[1], "unit", "word")
            last = found[-1] if found else None
            behind = isinstance(last, Mark) and last.kind in ("fill", "not")
            joined = len(found) > 1 and isinstance(found[-2], Day)
            if read is None or (following and not self._is(read[1], "word")) or not (behind or joined):
                return None
            return [d.next_numbered_day(atom.start, self.atoms[read[1] - 1].end, read[0], self.today, None)], read[1]
        return None

    def _article(self, place: int) -> bool:
        """Before the day of a month. Italian "le 16" is an hour."""
        return self._word(place) in _ARTICLES and not (self.language == "it" and self._word(place) == "le")

    def _bare_number(self, place: int) -> tuple[int, int] | None:
        """The day of a month behind a weekday or an article: "the 21st", "Monday 21", "lundi 21"."""
        opened = self._skip(place, "fill", "comma")
        atom = self._at(opened)
        if atom is None:
            return None
        ordinal = atom.is_("ord") or (atom.is_("num") and self._is(opened + 1, "ord"))
        read = self._ordinal(opened)
        if read is None or not 1 <= read[0] <= 31:
            return None
        after = read[1]
        if self.language == "de" and self._is(after, "stop") and self.atoms[after].value == ".":
            ordinal, after = True, after + 1
        if self._is(after, "unit", "of", "edge") and self._is(after, "unit"):
            return None
        if ordinal:
            return read[0], after
        follows = self._is(
            after, "mark", "hourword", "to", "dash", "clock", "part", "your", "mine", "zone", "tonight", "or", "and"
        )
        if atom.kind != "number" or follows or (opened > place and self._is(place, "comma")):
            return None
        return read[0], after

    def _written(self, place: int, found: list[Item]) -> Found:
        atom = self._at(place)
        if atom is None:
            return None
        if atom.kind == "monthyear":
            first, second = (int(one) for one in re.split(r"[/-]", atom.value))
            month, year = (first, second) if second > 31 else (second, first)
            if not 1 <= month <= 12:
                return None
            return [d.month_of(atom.start, atom.end, month, year, self.today)], place + 1
        dashed = self._dashed(place, found)
        if dashed is not None:
            return dashed
        if atom.kind in ("iso", "date"):
            return [d.by_numbers(atom, self.today, self._order())], place + 1
        if atom.kind == "pair" and atom.value != "24/7":
            parts = atom.value.replace("/", ".").split(".")
            if "." in atom.value and not self._dotted_date(place, parts):
                return None
            return [d.by_numbers(atom, self.today, self._order())], place + 1 + (
                self._is(place + 1, "stop") and "." in atom.value
            )
        return None

    def _dashed(self, place: int, found: list[Item]) -> Found:
        """ "on 4-22", "from 4-22 to 4-23": figures with a dash are a date only where a word says so."""
        if not (self._is(place, "number") and self._is(place + 1, "dash") and self._is(place + 2, "number")):
            return None
        first, _, second = self.atoms[place : place + 3]
        after = place + 3
        if second.start - first.end != 1 or self._is(after, "mark", "hourword", "unit"):
            return None
        joins = ("to", "dash", "and")
        ranged = self._is(after, *joins) and self._is(after + 1, "number") and self._is(after + 2, "dash")
        ranged = ranged and (self._is(place - 1, "op") or max(first.value, second.value) > 24)
        again = len(found) > 1 and isinstance(found[-2], Day) and isinstance(found[-1], Mark)
        again = again and self._is(place - 1, *joins) and self._is(place - 3, "dash")
        on = self._word(place - 1) in ("on", "op")
        on = on or (self.language == "nl" and (first.value > 24 or self._is(after, "at")))
        if not (ranged or again or on):
            return None
        atom = replace(first, value=f"{first.value}-{second.value}", end=second.end)
        return [d.by_numbers(atom, self.today, self._order())], after

    def _dotted_date(self, place: int, parts: list[str]) -> bool:
        """ "5.12" is a date where nothing makes it an hour: after "on", a weekday, or before its second dot."""
        if self._is(place + 1, "mark", "hourword"):
            return False
        clock = len(parts[1]) == 2 and int(parts[0]) < 24 and int(parts[1]) < 60
        if self.language == "de" and self._is(place + 1, "stop"):
            return True
        if clock and self._is(place - 1, "at", "op", "around", "to", "dash"):
            return False
        if self._is(place + 1, "clock", "pair", "at"):
            return True
        return self._is(place - 1, "fill", "wd", "comma") or not clock

    def _order(self) -> bool | None:
        return self.month_first if self.language == "en" else False

    def _month(self, place: int, found: list[Item]) -> Found:
        """A month alone, before or after its year; "may" only where it cannot be the verb."""
        mode, opened = self._mode(place)
        atom, before = self._at(opened), self._at(place - 1)
        if atom is not None and atom.kind == "number" and 1990 <= atom.value <= 2100:
            after = self._skip(opened + 1, "comma")
            if self._is(after, "month"):
                month = d.month_of(
                    atom.start, self.atoms[after].end, int(self.atoms[after].as_("month")), atom.value, self.today
                )
                return [month], after + 1
            return None
        if atom is None or not atom.is_("month") or (self._is(opened, "wd") and atom.kind == "wd"):
            return None
        named = before is not None and before.is_("in", "of", "op", "edge", "dash", "to", "and", "or", "weekof")
        if atom.word in ("may", "march", "mar", "jan", "do", "mo", "mi", "so", "sa") and not (named or mode):
            year_at = self._year(opened + 1)
            if year_at[0] is None:
                return None
        year, after = self._year(self._skip(opened + 1, "dash") if self._is(opened + 2, "number") else opened + 1)
        if year is None:
            after = opened + 1
        return [
            d.month_of(self.atoms[place].start, self.atoms[after - 1].end, int(atom.as_("month")), year, self.today)
        ], after

    def _week_of(self, place: int, found: list[Item]) -> Found:
        if not self._is(place, "weekof"):
            return None
        opened = self._skip(place + 1, "fill", "of")
        taken = self._numbered(opened, []) or self._written(opened, [])
        read = self._ordinal(opened) if taken is None and self._is(opened, "ord") else None
        if read is not None:
            numbered = d.next_numbered_day(
                self.atoms[opened].start, self.atoms[read[1] - 1].end, read[0], self.today, None
            )
            taken = [numbered], read[1]
        if taken is None or not isinstance(taken[0][0], Day) or taken[0][0].first is None:
            return None
        day = taken[0][0]
        assert day.first is not None
        first = day.first - timedelta(days=day.first.weekday())
        return [Day(self.atoms[place].start, day.end, first, first + timedelta(days=6), unit="week")], taken[1]
