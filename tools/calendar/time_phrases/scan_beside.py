"""Days told by another day: the Friday before Christmas, the rest of the week, the first two weeks of December."""

from datetime import timedelta

from tools.calendar.time_phrases import days as d
from tools.calendar.time_phrases.items import Day, Item, Lost, Mark
from tools.calendar.time_phrases.scan_base import DAYS_IN, Found
from tools.calendar.time_phrases.scan_stretches import Stretches

_THE = Mark(0, 0, "fill", "the")


class Beside(Stretches):
    """What a day is counted from, and the order in which days are tried."""

    def _named_weekday(self, place: int, found: list[Item]) -> Found:
        """ "the last Friday of this month": before the last Friday that was."""
        named = self._is(place, "last") and self._is(place + 1, "wd") and self._is(place + 2, "of")
        return self._weekday_in_month(place) if named else None

    def _counted_weekday(self, place: int, found: list[Item]) -> Found:
        """ "three Fridays from now"."""
        beside = self._weekday_beside(place)
        if beside is not None:
            return beside
        read = self._number(place)
        if read is None or not self._is(read[1], "wds", "wd"):
            return None
        weekday, after = self.atoms[read[1]], read[1] + 1
        if not (self._is(after, "fornow") or (self._is(after, "edge") and self._word(after) == "later")):
            return None
        number = int(weekday.as_("wds") or weekday.as_("wd"))
        ahead = (number - self.today.weekday() - 1) % 7 + 1
        on = self.today + timedelta(days=ahead + 7 * (read[0] - 1))
        return [Day(self.atoms[place].start, self.atoms[after].end, on, on)], after + 1

    def _weekday_beside(self, place: int) -> Found:
        """ "the Friday before Christmas", "the first Monday after 14 November"."""
        nth, opened = 1, place
        if self._is(place, "ord") and self._is(place + 1, "wd"):
            nth, opened = int(self.atoms[place].as_("ord")), place + 1
        if not self._is(opened, "wd") or not self._is(opened + 1, "op", "next"):
            return None
        word = self._word(opened + 1)
        if word not in ("after", "before", "following", "nach", "vor"):
            return None
        at = self._skip(opened + 2, "fill")
        if self._at(at) is None or self._is(at, "next", "this", "wd", "part"):
            return None
        taken = (
            self._numbered(at, []) or self._relative(at, []) or self._written(at, []) or self._alone(at, [_THE, _THE])
        )
        base = taken[0][0] if taken is not None and len(taken[0]) == 1 else None
        if taken is None or not isinstance(base, Day) or base.first is None or base.first != base.last:
            return None
        weekday, first = int(self.atoms[opened].as_("wd")), base.first
        back = word in ("before", "vor")
        away = (first.weekday() - weekday - 1) % 7 + 1 if back else (weekday - first.weekday() - 1) % 7 + 1
        on = first + timedelta(days=(away + 7 * (nth - 1)) * (-1 if back else 1))
        return [Day(self.atoms[place].start, base.end, on, on, past=on < self.today)], taken[1]

    def _part_of(self, place: int, found: list[Item]) -> Found:
        """ "the first two weeks of December", "the last three days of next week"."""
        last = self._is(place, "last")
        if not last and not (self._is(place, "ord") and int(self.atoms[place].as_("ord")) == 1):
            return None
        amount = self._amount(place + 1)
        if amount is None or not self._is(amount[2], "of", "in"):
            return None
        number, unit, after = amount
        opened = self._skip(after + 1, "fill")
        taken = self._month(opened, [Mark(0, 0, "of")]) or self._unit(opened, [])
        whole = taken[0][0] if taken is not None else None
        if taken is None or not isinstance(whole, Day) or whole.first is None or whole.last is None:
            return None
        start, days = self.atoms[place].start, number * DAYS_IN.get(unit, 0)
        if not days or days > (whole.last - whole.first).days + 1:
            return [Lost(start, whole.end)], taken[1]
        first = whole.last - timedelta(days=days - 1) if last else whole.first
        until = whole.last if last else whole.first + timedelta(days=days - 1)
        return [Day(start, whole.end, first, until, unit="days", past=until < self.today)], taken[1]

    def _beside(self, place: int, found: list[Item]) -> Found:
        """ "the day after Christmas", "the week after 7 December", "the day before Easter"."""
        opened, step = place, 0
        if self._is(place, "rel") and self._word(place) == "the day after":
            opened, unit, step = place + 1, "day", 1
        elif self._is(place, "unit") and self._is(place - 1, "fill") and self._is(place + 1, "op"):
            unit, word = str(self.atoms[place].as_("unit")), self._word(place + 1)
            step = {"after": 1, "before": -1, "nach": 1, "vor": -1, "dopo": 1, "na": 1}.get(word, 0)
            opened = place + 2
        if not step or unit not in ("day", "week", "weekend", "month"):
            return None
        opened = self._skip(opened, "fill")
        if self._at(opened) is None or self._is(opened, "next", "this", "rel"):
            return None
        taken = self._numbered(opened, []) or self._relative(opened, []) or self._written(opened, [])
        base = taken[0][0] if taken is not None and len(taken[0]) == 1 else None
        if taken is None or not isinstance(base, Day) or base.first is None or base.first != base.last:
            return None
        start, first = self.atoms[place].start, base.first
        if unit == "day":
            on = first + timedelta(days=step)
            return [Day(start, base.end, on, on, past=on < self.today)], taken[1]
        moved = d.add_months(first, step) if unit == "month" else first + timedelta(weeks=step)
        one = d.stretch(start, base.end, unit, "this", moved)
        if one is None:
            return None
        one.past = one.last is not None and one.last < self.today
        return [one], taken[1]

    def _rest(self, place: int, found: list[Item]) -> Found:
        """ "the rest of the week": from today on."""
        if not self._is(place, "restof"):
            return None
        opened = self._skip(place + 1, "of", "fill", "mine")
        taken = self._unit(opened, [Mark(0, 0, "fill")]) if not self._is(opened, "rel") else None
        if taken is None and self._is(opened, "unit"):
            unit = str(self.atoms[opened].as_("unit"))
            one = d.stretch(self.atoms[place].start, self.atoms[opened].end, unit, "this", self.today)
            taken = ([one], opened + 1) if one is not None else None
        day = taken[0][0] if taken is not None else None
        if taken is None or not isinstance(day, Day) or day.first is None or day.unit == "day":
            end = self.atoms[min(opened, len(self.atoms) - 1)].end
            return [Lost(self.atoms[place].start, end)], min(opened + 1, len(self.atoms))
        day.start, day.first, day.unit = self.atoms[place].start, max(day.first, self.today), "days"
        return [day], taken[1]

    def _day(self, place: int, found: list[Item]) -> Found:
        atom = self.atoms[place] if place < len(self.atoms) else None
        if atom is None:
            return None
        rules = (
            self._written, self._part_of, self._counted_weekday, self._beside, self._rest, self._relative,
            self._week_of, self._named_weekday, self._weekday, self._unit, self._edged, self._month,
        )  # fmt: skip
        for rule in rules:
            taken = rule(place, found)
            if taken is not None:
                return taken
        return None
