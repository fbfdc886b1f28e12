"""Stretches of days: weeks, months, and parts of them."""

from datetime import date, timedelta

from tools.calendar.time_phrases import days as d
from tools.calendar.time_phrases.items import Day, Item, Lost, Mark, Moment, Part
from tools.calendar.time_phrases.scan_base import DAYS_IN, Found
from tools.calendar.time_phrases.scan_days import Days
from tools.calendar.time_phrases.windows import Why

_COUNTED = frozenset(
    ["after", "from", "before", "nach", "vor", "après", "avant", "después de", "después del", "antes de", "antes del"]
)
_MINUTES = {"minute": 1, "half": 30, "hour": 60}


class Stretches(Days):
    """Next week, the third week of January, early December."""

    def _unit(self, place: int, found: list[Item]) -> Found:
        """ "next week", "this month", "semaine prochaine", "the week after next", "this or next week"."""
        mode, opened = self._mode(place)
        if mode and self._is(opened, "or", "and"):
            other, unit_at = self._mode(opened + 1)
            if other and self._is(unit_at, "unit"):
                unit = str(self.atoms[unit_at].as_("unit"))
                joiner = self.atoms[opened]
                pair = [
                    d.stretch(self.atoms[place].start, self.atoms[place].end, unit, mode, self.today),
                    d.stretch(joiner.end, self.atoms[unit_at].end, unit, other, self.today),
                ]
                if pair[0] is not None and pair[1] is not None:
                    return [pair[0], Mark(joiner.start, joiner.end, "or"), pair[1]], unit_at + 1
        numbered = self._week_in_month(place)
        if numbered is not None:
            return numbered
        number_word = self._is(opened, "unit")
        if not number_word:
            if (
                mode == "next"
                and self._is(place - 1, "or")
                and found[-2:-1]
                and isinstance(found[-2], Day)
                and found[-2].unit
            ):
                one = d.stretch(self.atoms[place].start, self.atoms[place].end, found[-2].unit, "next", self.today)
                return ([one], place + 1) if one is not None else None  # "this week or next"
            if mode == "next" and (self._is(opened, "month")):
                return None
            return None
        unit = str(self.atoms[opened].as_("unit"))
        after = opened + 1
        if not mode:
            mode, after = self._mode(after)
            if (
                not mode
                and self._is(after, "op")
                and self.atoms[after].value == "after"
                and self._is(after + 1, "next")
            ):
                mode, after = "afternext", after + 2
            elif not mode:
                article = self._is(place - 1, "fill", "of") or self._is(place - 1, "op", "in", "within")
                if unit not in ("week", "weekend", "month", "workweek") or not article:
                    return None
        elif self._is(after, "op") and self.atoms[after].value == "after" and self._is(after + 1, "next"):
            mode, after = "afternext", after + 2
        elif (
            self._is(after, "op")
            and self.atoms[after].value == "after"
            and not self._is(after + 1, "fill", "number", "num", "clock")
        ):
            pass
        if self._is(after, "afternext"):
            mode, after = "afternext", after + 1
        begins, ends = self.atoms[place].start, self.atoms[after - 1].end
        one = d.stretch(begins, ends, unit, mode, self.today)
        if mode == "next" and unit == "hour":
            return [Moment(begins, ends, 60, within=True)], after
        if unit == "fortnight" or (one is None and mode in ("next", "this")):
            return [Lost(begins, ends)], after
        return ([one], after) if one is not None else None

    def _week_in_month(self, place: int) -> Found:
        """ "the third week of January", "last week of July": the week that has most of its days there counts as its."""
        if (
            self._is(place, "ord", "last")
            and self._is(place + 1, "wd")
            and self._is(place + 2 + self._is(place + 2, "part"), "of")
        ):
            return self._weekday_in_month(place)
        last = self._is(place, "last")
        read = None if last or not self._is(place, "ord") else self._ordinal(place)
        if not last and read is None:
            return None
        opened = place + 1 if last or read is None else read[1]
        joined = self._is(opened, "weekof") and self.atoms[opened].word == "week of"
        whole = self._is(opened, "unit") and self.atoms[opened].as_("unit") == "week" and self._is(opened + 1, "of")
        if not joined and not whole:
            return None
        behind = self._skip(opened + 1, "of", "fill")
        in_year = self._week_in_year(place, behind, read[0] if read else 0)
        if in_year is not None:
            return in_year
        taken = self._month(behind, []) or self._unit(behind, [])
        month = taken[0][0] if taken is not None else None
        if taken is None or not isinstance(month, Day) or month.unit != "month" or not month.first or not month.last:
            return None
        fourth = month.first.replace(day=4) if not last else month.last - timedelta(days=3)
        monday = fourth - timedelta(days=fourth.weekday()) + timedelta(weeks=(read[0] - 1) if read else 0)
        if monday > month.last:
            return [Lost(self.atoms[place].start, month.end, Why.NO_SUCH_TIME)], taken[1]
        until = monday + timedelta(days=6)
        return [Day(self.atoms[place].start, month.end, monday, until, unit="week", past=until < self.today)], taken[1]

    def _week_in_year(self, place: int, behind: int, number: int) -> Found:
        """ "the third week of 2027", "the first week of next year": ISO weeks. `number` 0: the last."""
        year, after = self._year(behind)
        mode, opened = self._mode(behind)
        if year is None and mode in ("this", "next") and self._is(opened, "unit"):
            if self.atoms[opened].as_("unit") != "year":
                return None
            year, after = self.today.year + (mode == "next"), opened + 1
        if year is None:
            return None
        first = date(year, 12, 28) if not number else date(year, 1, 4)  # both lie in the last and first week
        monday = first - timedelta(days=first.weekday()) + timedelta(weeks=max(number - 1, 0))
        until, start = monday + timedelta(days=6), self.atoms[place].start
        return [Day(start, self.atoms[after - 1].end, monday, until, unit="week", past=until < self.today)], after

    def _weekday_in_month(self, place: int) -> Found:
        """ "the second Tuesday of December"."""
        part = self._at(place + 2) if self._is(place + 2, "part") else None
        opened = self._skip(place + 2 + (part is not None), "of", "fill")
        taken = self._month(opened, []) or self._unit(opened, [])
        month = taken[0][0] if taken is not None else None
        if taken is None or not isinstance(month, Day) or month.unit != "month" or not month.first or not month.last:
            return None
        weekday, start = int(self.atoms[place + 1].as_("wd")), self.atoms[place].start
        found = month.first + timedelta(days=(weekday - month.first.weekday()) % 7)
        if self._is(place, "last"):
            found = month.last - timedelta(days=(month.last.weekday() - weekday) % 7)
        else:
            found += timedelta(weeks=int(self.atoms[place].as_("ord")) - 1)
        if found > month.last:
            return [Day(start, month.end, why=Why.NO_SUCH_TIME)], taken[1]
        named: list[Item] = [Day(start, month.end, found, found, past=found < self.today)]
        if part is not None:
            named.append(Part(part.start, part.end, str(part.as_("part"))))
        return named, taken[1]

    def _edged(self, place: int, found: list[Item]) -> Found:
        """ "later this week", "mid-November", "end of next month", "end of tomorrow", "early in the morning"."""
        if not self._is(place, "edge"):
            return None
        edge, start = str(self.atoms[place].as_("edge")), self.atoms[place].start
        if edge == "eod" and (self._is(place - 1, "op") or self.atoms[place].word in ("eod", "cob")):
            return self._day_end(place)
        if edge in ("eod", "eow", "eom", "eoy"):
            unit = {"eod": "day", "eow": "week", "eom": "month", "eoy": "year"}[edge]
            one = d.stretch(start, self.atoms[place].end, unit, "this", self.today)
            if one is not None and unit != "day":
                one = d.edge_of(one, "late", self.today)
            return (
                ([one], place + 1)
                if one is not None and unit != "day"
                else ([Lost(start, self.atoms[place].end)], place + 1)
            )
        opened = self._skip(place + 1, "fill", "of", "dash", "in", "part-of")
        taken = self._day(opened, [Mark(start, start, "fill")]) if opened < len(self.atoms) else None
        if taken is None and self._is(opened, "unit"):
            unit = str(self.atoms[opened].as_("unit"))
            one = d.stretch(start, self.atoms[opened].end, unit, "this", self.today) if unit != "day" else None
            taken = ([one], opened + 1) if one is not None else None
        if taken is None or not isinstance(taken[0][0], Day) or len(taken[0]) > 1:
            return None
        whole = taken[0][0]
        single = whole.first is not None and whole.first == whole.last
        if single and edge in ("early", "late") and self._is(taken[1], "part"):
            part = self.atoms[taken[1]]  # "early tomorrow morning"
            whole.start = start
            return [whole, Part(part.start, part.end, str(part.as_("part")), edge)], taken[1] + 1
        if edge == "mid" and whole.first is not None and whole.first == whole.last:
            whole.start = start
            return [whole, Part(start, whole.end, "midday")], taken[1]
        day = d.edge_of(whole, edge, self.today)
        if day is None:
            return [Lost(start, taken[0][0].end)], taken[1]
        day.start, day.edge = start, edge
        if self._word(place).startswith("later") and day.first is not None:
            day.first = max(day.first, self.today)
        return [day], taken[1]

    def _day_end(self, place: int) -> Found:
        """ "by end of day Friday", "by EOD": until that day is over. Without "by", nobody can tell when that is."""
        opened = self._skip(place + 1, "fill", "comma", "of")
        taken = self._day(opened, [Mark(0, 0, "fill")]) if opened < len(self.atoms) else None
        day = taken[0][0] if taken is not None and len(taken[0]) == 1 else None
        start, end = self.atoms[place].start, self.atoms[place].end
        if taken is None or not isinstance(day, Day) or day.first is None or day.first != day.last:
            day, after = Day(start, end, self.today, self.today), place + 1
        else:
            day.start, after = start, taken[1]
        by = self._is(place - 1, "op") and self.atoms[place - 1].as_("op") == "by"
        return ([day], after) if by else ([Lost(start, day.end)], after)

    def _moment(self, place: int, found: list[Item]) -> Found:
        """ "in two hours", "3 weeks from now", "within 5 days", "the next three days"."""
        start, mode = place, ""
        if self._is(place, "within") and self._amount(self._skip(place + 1, "fill", "next", "of")):
            mode, place = "within", self._skip(place + 1, "fill", "next", "of")
        elif self._is(place, "in") and self._amount(place + 1):
            mode, place = "in", place + 1
        elif self._is(place, "in", "of") and self._is(self._skip(place + 1, "fill"), "next"):
            after = self._skip(place + 1, "fill", "next")
            if self._amount(after):
                mode, place = "next", after
        elif self._is(place, "next") and self._amount(place + 1):
            mode, place = "next", place + 1
        amount = self._amount(place)
        if amount is None:
            return None
        number, unit, after = amount
        if not mode and any(self._is(at, "next") for at in range(place, after)):
            mode = "next"
        if (not mode and self._is(after, "fornow")) or (
            not mode
            and self._is(after, "edge")
            and self._word(after) == "later"
            and not self._is(after + 1, "this", "of")
        ):
            mode, after = "in", after + 1
        elif not mode and self._is(after, "op") and self._word(after) in _COUNTED:
            return self._counted_from(place, number, unit, after)
        elif mode == "in" and self._is(after, "fornow"):
            after += 1
        if not mode or self._is(after, "past"):
            return (
                None
                if not self._is(after, "past")
                else ([Day(self.atoms[start].start, self.atoms[after].end, past=True)], after + 1)
            )
        begins, ends = self.atoms[start].start, self.atoms[after - 1].end
        if unit == "hour" and self._is(after, "and") and self._is(after + 1, "frac", "half"):
            return [Moment(begins, self.atoms[after + 1].end, number * 60 + 30, within=mode != "in")], after + 2
        more = self._amount(self._skip(after, "and"))
        if more is not None and unit == "hour" and more[1] == "minute":
            ends, after = self.atoms[more[2] - 1].end, more[2]
            return [Moment(begins, ends, number * 60 + more[0], within=mode != "in")], after
        if (unit == "fortnight" and mode == "next") or self._amount(after) is not None:
            return [Lost(begins, ends)], after
        if self._is(after, "op") and mode in ("in", "within", "next") and self.atoms[after].value == "after":
            if self._is(after + 1, "rel") and self.atoms[after + 1].as_("rel") == "0":
                return [self._ahead(begins, self.atoms[after + 1].end, number, unit, mode)], after + 2
            return [Lost(begins, ends)], after
        return [self._ahead(begins, ends, number, unit, mode)], after

    def _ahead(self, start: int, end: int, number: int, unit: str, mode: str) -> Item:
        if unit in _MINUTES:
            minutes = number * _MINUTES[unit]
            return Moment(start, end, minutes, within=mode != "in")
        if unit in DAYS_IN:
            last = self.today + timedelta(days=number * DAYS_IN[unit])
        elif unit in ("month", "year", "quarter"):
            last = d.add_months(self.today, number * {"month": 1, "quarter": 3, "year": 12}[unit])
        else:
            return Lost(start, end)
        if mode == "in":
            return Day(start, end, last, last, unit="step" if unit == "week" else "")
        if mode == "within":
            return Day(start, end, self.today, last, through=True)
        return Day(start, end, self.today + timedelta(days=1), last)

    def _counted_from(self, place: int, number: int, unit: str, after: int) -> Found:
        """ "two days after tomorrow", "4 months from tomorrow", "5 days before new year"."""
        op = self.atoms[after].value
        opened = self._skip(after + 1, "fill")
        taken = self._numbered(opened, []) or self._day(opened, [])
        if taken is None or len(taken[0]) != 1 or not isinstance(taken[0][0], Day):
            return None
        base = taken[0][0]
        start, end = self.atoms[place].start, base.end
        more = self._is(place - 1, "vague") and self.atoms[place - 1].word == "more than" and op != "before"
        vague = self._is(place - 1, "vague") and not more
        if base.first is None or unit not in (*DAYS_IN, "month") or base.first != base.last or vague:
            return [Lost(start, end)], taken[1]
        sign = -1 if op == "before" else 1
        day = base.first + timedelta(days=sign * number * DAYS_IN.get(unit, 0))
        if unit == "month":
            day = d.add_months(base.first, sign * number)
        counted = Day(start, end, day, day, past=day < self.today)
        counted.op = "from" if more else ""
        return [counted], taken[1]
