"""What every rule that reads atoms needs."""

from datetime import date

from tools.calendar.time_phrases.clocks import number_of
from tools.calendar.time_phrases.items import Item
from tools.calendar.time_phrases.lexicon import Atom

DAYS_IN = {"day": 1, "week": 7, "fortnight": 14}
Found = tuple[list[Item], int] | None  # what was read, and where reading stopped


class Reading:
    """Atoms of one sentence, and small steps over them."""

    def __init__(self, atoms: list[Atom], today: date, month_first: bool | None, language: str) -> None:
        self.atoms, self.today, self.month_first, self.language = atoms, today, month_first, language

    def _day(self, place: int, found: list[Item]) -> Found:
        """The day, or the stretch of days, that begins at `place`: scan_beside.py."""
        raise NotImplementedError

    def _at(self, place: int) -> Atom | None:
        return self.atoms[place] if 0 <= place < len(self.atoms) else None

    def _is(self, place: int, *kinds: str) -> bool:
        atom = self._at(place)
        return atom is not None and atom.is_(*kinds)

    def _skip(self, place: int, *kinds: str) -> int:
        while self._is(place, *kinds):
            place += 1
        return place

    def _word(self, place: int) -> str:
        atom = self._at(place)
        return atom.word if atom is not None else ""

    def _number(self, place: int) -> tuple[int, int] | None:
        return number_of(self.atoms, place)

    def _amount(self, place: int) -> tuple[int, str, int] | None:
        """A number and a unit: (number, unit, place after)."""
        atom = self._at(place)
        if atom is None:
            return None
        if atom.is_("half"):
            return 1, "half", place + 1
        if (
            atom.kind == "pair"
            and self._is(place + 1, "unit")
            and self.atoms[place + 1].as_("unit") == "hour"
            and "." in atom.value
        ):
            return round(float(atom.value) * 60), "minute", place + 2  # "2.5 hours"
        if atom.is_("few"):
            read: tuple[int, int] | None = (3, place + 1)
        else:
            read = self._number(place)
        if read is None:
            return None
        number, after = read
        after = self._skip(after, "next", "of") if not self._is(after, "unit") else after
        unit = self._at(after)
        if unit is None or not unit.is_("unit") or number > 400:
            return None
        return number, str(unit.as_("unit")), after + 1

    def _year(self, place: int) -> tuple[int | None, int]:
        after = self._skip(place, "comma", "of", "in", "stop")
        atom = self._at(after)
        if atom is not None and atom.kind == "number" and 1900 <= atom.value <= 2100:
            return atom.value, after + 1
        return None, place

    def _ordinal(self, place: int) -> tuple[int, int] | None:
        atom = self._at(place)
        if atom is None:
            return None
        if (
            atom.is_("num", "ord")
            and int(atom.as_("num") or atom.as_("ord") or 0) in (20, 30)
            and self._is(place + 1, "ord")
        ):
            unit = self.atoms[place + 1].as_("ord")
            if int(unit) < 10:
                return int(atom.as_("num") or atom.as_("ord")) + int(unit), place + 2
        if atom.is_("ord"):
            after = place + 1
            return int(atom.as_("ord")), after
        return self._number(place)

    def _mode(self, place: int) -> tuple[str, int]:
        """A word like this or next, and the place after it."""
        for kind in ("afternext", "next", "this", "last"):
            if self._is(place, kind):
                return kind, place + 1
        return "", place
