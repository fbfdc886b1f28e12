"""One sentence's atoms → items: days, clocks, parts of the day, and the small words between them."""

from datetime import timedelta

from tools.calendar.time_phrases.clocks import clock_at, hour_letter
from tools.calendar.time_phrases.items import Day, Item, Length, Lost, Mark, Part
from tools.calendar.time_phrases.scan_base import DAYS_IN, Found
from tools.calendar.time_phrases.scan_beside import Beside

_MARKS = (
    "op", "to", "or", "and", "not", "bad", "but", "every", "zone", "zones", "offset", "your", "mine", "around", "at",
)  # fmt: skip
_FEW = 4  # words before a part of the day, at most
_MINUTES = {"minute": 1, "half": 30, "hour": 60}


class Scanner(Beside):
    """Reads atoms from the left; each rule says what it found and where it stopped."""

    def items(self) -> list[Item]:
        found: list[Item] = []
        place = 0
        rules = (self._moment, self._numbered, self._day, self._length, self._clock, self._part)
        while place < len(self.atoms):
            taken: Found = None
            for rule in rules:
                taken = rule(place, found)
                if taken is not None:
                    break
            if taken is None:
                taken = self._mark(place)
            found += taken[0]
            place = taken[1]
        return found

    def _mark(self, place: int) -> tuple[list[Item], int]:
        atom = self.atoms[place]
        kinds = {kind: str(atom.as_(kind)) for kind in _MARKS if atom.is_(kind)}
        if kinds:
            first = next(iter(kinds))
            return [Mark(atom.start, atom.end, first, kinds[first], kinds)], place + 1
        if atom.kind == "weekof":
            return [Lost(atom.start, atom.end, weak=True)], place + 1
        if atom.kind == "now" and self._is(place - 1, "op") and not self._is(place + 1, "to", "op", "and"):
            return [Lost(atom.start, atom.end)], place + 1
        if atom.is_("dash", "comma", "fill", "of", "in", "within", "city", "money", "now"):
            kind = {"dash": "to"}.get(atom.kind, atom.kind)
            return [Mark(atom.start, atom.end, kind, str(atom.value))], place + 1
        if atom.kind == "mark" and self._is(place - 1, "number"):
            return [Lost(atom.start, atom.end)], place + 1
        if atom.is_("season") and self._is(place - 1, "this", "next", "in", "of", "op", "edge"):
            return [Lost(atom.start, atom.end)], place + 1
        if atom.is_("movable"):
            return [Lost(atom.start, atom.end)], place + 1
        if atom.is_("firstthing") and not self._is(place + 1, "part"):
            return [Part(atom.start, atom.end, "morning", "early")], place + 1
        if atom.kind == "fornow" and atom.word == "from now" and self._is(place + 1, "to", "op"):
            return [Mark(atom.start, atom.end, "now")], place + 1  # "from now until five"
        if atom.is_("meal"):
            return [Lost(atom.start, atom.end, weak=False)], place + 1
        if atom.kind == "number" and 1900 <= atom.value <= 2100 and self._is(place - 1, "op"):
            return [Lost(atom.start, atom.end)], place + 1
        if atom.is_("sign"):
            sense = {"<": "before", ">": "after", "<=": "by", ">=": "from"}.get(str(atom.value), "after")
            return [Mark(atom.start, atom.end, "op", sense)], place + 1
        if atom.is_("unit", "edge", "weekno", "pair", "date", "clock"):
            return [Lost(atom.start, atom.end, weak=True)], place + 1
        return [Mark(atom.start, atom.end, "word", atom.word or str(atom.value))], place + 1

    def _clock(self, place: int, found: list[Item]) -> Found:
        alone = self._alone(place, found)
        if alone is not None:
            return alone
        read = clock_at(self.atoms, place, self.language)
        return ([read[0]], read[1]) if read is not None else None

    def _part(self, place: int, found: list[Item]) -> Found:
        """ "in the morning", "this evening", "next morning", "late this afternoon"."""
        mode, edge, at = "", "", place
        while self._is(at, "this", "next", "last", "edge", "fill", "of", "in") and not self._is(at, "part"):
            atom = self.atoms[at]
            if not (mode and edge) and at - place > _FEW:
                return None
            mode = next((kind for kind in ("this", "next", "last") if atom.is_(kind)), mode)
            edge = str(atom.as_("edge")) if atom.is_("edge") else edge
            at += 1
        at += edge != "" and self._is(at, "dash") and self._is(at + 1, "part")  # "early-morning"
        part = self._at(at)
        if part is None or not part.is_("part") or (at > place and not mode and not edge):
            return None
        start = self.atoms[place].start
        bound = self.language != "en" or " " in part.word or bool(mode)
        if self._is(place - 1, "firstthing"):
            edge = edge or "early"
        one = Part(start, part.end, str(part.as_("part")), edge, bound=bound)
        if not mode:
            return [one], at + 1
        day = self.today + timedelta(days={"this": 0, "next": 1, "last": -1}[mode])
        return [Day(start, self.atoms[place].end, day, day, past=mode == "last"), one], at + 1

    def _length(self, place: int, found: list[Item]) -> Found:
        amount = self._amount(place)
        if amount is None:
            return None
        number, unit, after = amount
        if self._is(after - 1, "hourword") and (number >= 6 or self._is(place - 1, "at", "op", "to", "around", "dash")):
            return None  # "16 heures" is an hour, "2 heures" is how long
        if self._is(after, "last") and self.atoms[after].word == "past":
            return None
        if self._word(after - 1) in ("h", "hrs", "hours") and hour_letter(self.atoms, place, after - 1, self.language):
            return None
        minutes = number * _MINUTES[unit] if unit in _MINUTES else 0
        start, end = self.atoms[place].start, self.atoms[after - 1].end
        if unit == "hour" and self._is(after, "and") and self._is(after + 1, "frac", "half"):
            minutes, end, after = minutes + 30, self.atoms[after + 1].end, after + 2
        elif unit == "hour" and (more := self._amount(after)) is not None and more[1] == "minute":
            minutes, end, after = minutes + more[0], self.atoms[more[2] - 1].end, more[2]
        return [Length(start, end, minutes, number * DAYS_IN.get(unit, 0))], after
