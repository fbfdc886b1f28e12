"""Days counted from today: tomorrow, Thursday, next week, in three days."""

from datetime import timedelta

from tools.calendar.time_phrases import days as d
from tools.calendar.time_phrases.items import Day, Item, Lost, Part
from tools.calendar.time_phrases.scan_base import Found
from tools.calendar.time_phrases.scan_months import Months
from tools.calendar.time_phrases.windows import Why


class Days(Months):
    """Weekdays, words like tomorrow, and days counted on."""

    def _relative(self, place: int, found: list[Item]) -> Found:
        atom = self.atoms[place]
        if self.language == "es" and atom.word == "mañana" and self._is(place - 1, "part", "rel", "tonight", "wd"):
            return None
        if self.language == "es" and atom.word == "mañana" and found and isinstance(found[-1], Day):
            return [Part(atom.start, atom.end, "morning")], place + 1
        if atom.is_("rel"):
            on = self.today + timedelta(days=int(atom.as_("rel")))
            if self.language in ("de", "nl") and atom.word == "morgen" and found and isinstance(found[-1], Day):
                return [Part(atom.start, atom.end, "morning")], place + 1  # "heute morgen", "Montag morgen"
            return [Day(atom.start, atom.end, on, on)], place + 1
        if atom.is_("tonight"):
            return [Day(atom.start, atom.end, self.today, self.today, part="night")], place + 1
        if atom.is_("past"):
            return [Day(atom.start, atom.end, past=True)], place + 1
        if atom.is_("daypart"):
            number, part = str(atom.value).split()
            if number.startswith("+"):  # "morgenochtend"
                on = self.today + timedelta(days=int(number))
                return [Day(atom.start, atom.end, on, on), Part(atom.start, atom.end, part)], place + 1
            day = d.weekday_on(atom.start, atom.end, int(number), "", self.today)
            return [day, Part(atom.start, atom.end, part)], place + 1
        if atom.is_("holiday"):
            year, after = self._year(place + 1)
            if self._is(after, "unit", "weekend"):
                return [Lost(atom.start, self.atoms[after].end)], after + 1
            return [d.holiday(atom.start, atom.end, str(atom.as_("holiday")), year, self.today)], after
        if atom.is_("weekno") and self._is(place + 1, "number"):
            return [
                d.numbered_week(atom.start, self.atoms[place + 1].end, self.atoms[place + 1].value, self.today)
            ], place + 2
        if atom.is_("wds"):
            return [Lost(atom.start, atom.end, Why.RECURRING)], place + 1
        return None

    def _weekday(self, place: int, found: list[Item]) -> Found:
        mode, opened = self._mode(place)
        opened = self._skip(opened, "fill") if mode else opened
        if not self._is(opened, "wd") or (self._is(opened, "month") and self._is(opened + 1, "number")):
            return None
        start, number = self.atoms[place].start, int(self.atoms[opened].as_("wd"))
        after, mode_after = opened + 1, ""
        if not mode:
            mode_after, after = self._mode(after)
            if mode_after and self._is(after, "unit"):
                mode_after, after = "", opened + 1  # "Monday next week": the week is an item of its own
            elif mode_after and self._is(after, "wd"):
                mode_after, after = "", opened + 1
        end = self.atoms[after - 1].end
        named = self._numbered(self._skip(after, "comma", "fill", "dash"), [])
        if mode == "this" and named is not None and len(named[0]) == 1 and isinstance(named[0][0], Day):
            return self._twice_named(start, number, named[0][0], named[1])
        bare = self._bare_number(after)
        if bare is not None and not mode:
            day = d.next_numbered_day(start, self.atoms[bare[1] - 1].end, bare[0], self.today, number)
            return [day], bare[1]
        written = self._written(self._skip(after, "comma", "fill"), [])
        if written is not None and isinstance(written[0][0], Day):
            return self._twice_named(start, number, written[0][0], written[1])
        return [d.weekday_on(start, end, number, mode or mode_after, self.today)], after

    def _twice_named(self, start: int, weekday: int, day: Day, after: int) -> Found:
        """A weekday and a date: they must agree. Of two readings of a date the weekday may choose."""
        day.start = start
        fitting = [one for one in day.options if one.weekday() == weekday]
        if day.why is Why.DATE_ORDER and len(fitting) == 1:
            return [Day(start, day.end, fitting[0], fitting[0])], after
        if day.first is not None and day.first.weekday() != weekday:
            return [Day(start, day.end, why=Why.WEEKDAY_DIFFERS, options=(day.first,))], after
        if self._is(after, "comma") and self.atoms[after].value == ")":
            after += 1
        return [day], after
