"""Items of a sentence → groups: which hours belong to which days, and what is said against them."""

from dataclasses import dataclass, field
from datetime import timedelta

from tools.calendar.time_phrases.days import next_numbered_day
from tools.calendar.time_phrases.items import Clock, Day, Item, Length, Lost, Mark, Moment, Part
from tools.calendar.time_phrases.windows import Why

_FAR = 6  # plain words between a day and its hour, at most
_NEAR = 2  # plain words between "not" and what it refuses
_ZONES = ("zone", "zones", "offset", "your", "mine", "city")
_TIME_WORDS = frozenset([
    "time", "zeit", "ortszeit", "hora", "horas", "heure", "heures", "timezone", "heure de", "à l'heure de",
    "hora de", "ora di", "orario di", "fuso di", "ora", "tijd",
])  # fmt: skip
_ANY_TIME = frozenset(
    ["this", "that", "the", "any", "our", "local", "some", "no", "die", "diese", "keine", "cette", "esta", "la"]
)
_HEDGES = frozenset([
    "sure", "certain", "only", "just", "always", "yet", "sicher", "nur", "sûr", "sûre", "seguro", "segura",
    "seulement", "alleen", "soltanto", "zeker", "sicuro", "solo", "sólo",
])  # fmt: skip


_NUMBERED = frozenset(
    ["building", "room", "floor", "gate", "suite", "level", "page", "line", "unit", "platform", "hall"]
)


@dataclass(slots=True)
class Group:
    days: list[tuple[str, Day]] = field(default_factory=list)  # with the word that joins it to the one before
    hours: list[tuple[str, Clock | Part]] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    zone: Mark | None = None
    lost: list[Lost] = field(default_factory=list)
    excluded: bool = False
    recurring: bool = False
    length: int = 0
    days_long: int = 0

    @property
    def empty(self) -> bool:
        return not (self.days or self.hours or self.moments or self.lost)

    def place(self) -> tuple[int, int]:
        items: list[Item] = [*(one for _, one in self.days), *(one for _, one in self.hours), *self.moments, *self.lost]
        end = max(one.end for one in items)
        if self.zone is not None and self.zone.start >= items[0].start:
            end = max(end, self.zone.end)
        return min(one.start for one in items), end


def folded(items: list[Item]) -> list[Item]:
    """Ranges made one item, and words like "after" given to what they stand before."""
    return _loose(_ops(_ranges(_early_parts(items))))


def _early_parts(items: list[Item]) -> list[Item]:
    """ "3 in the morning until 5pm": the part belongs to the first hour alone."""
    found: list[Item] = []
    for place, item in enumerate(items):
        before, after = (found[-1] if found else None), _next(items, place + 1)
        if isinstance(item, Part) and not item.edge and isinstance(before, Clock) and after is not None:
            mark, then = items[after], _next(items, after + 1, "at", "around")
            until = isinstance(mark, Mark) and (mark.has("to") or mark.as_("op") in ("by", "before"))
            if until and then is not None and isinstance(items[then], Clock):
                before.part, before.bare, before.end = item.name, False, item.end
                continue
        found.append(item)
    return found


def _next(items: list[Item], place: int, *skip: str) -> int | None:
    while place < len(items):
        item = items[place]
        if not (isinstance(item, Mark) and item.kind in ("fill", *skip)):
            return place
        place += 1
    return None


def _ranges(items: list[Item]) -> list[Item]:
    found: list[Item] = []
    place, between, opened = 0, False, False
    while place < len(items):
        item = items[place]
        if isinstance(item, Mark) and item.has("op"):
            between, opened = item.as_("op") == "between", item.as_("op") in ("between", "from", "of")
        elif isinstance(item, Mark) and item.kind in ("word", "but"):
            between = opened = False
        joined = _range_from(items, place, between, opened) if isinstance(item, Clock | Day) else None
        if joined is None:
            found.append(item)
            place += 1
            continue
        found.append(joined[0])
        place, between, opened = joined[1], False, False
    return found


def _range_from(items: list[Item], place: int, between: bool, opened: bool) -> tuple[Item, int] | None:
    first, mark_at = items[place], _next(items, place + 1)
    mark = items[mark_at] if mark_at is not None else None
    if mark_at is None or not isinstance(mark, Mark):
        return None
    until = mark.as_("op") in ("by", "before") and (opened or mark.has("to"))
    if not (mark.has("to") or until or (between and mark.has("and"))):
        return None
    last_at = _next(items, mark_at + 1, "at", "around", "op" if mark.has("to") else "at")
    last = items[last_at] if last_at is not None else None
    if isinstance(first, Clock) and isinstance(last, Clock) and last_at is not None:
        first.to, first.end = last, last.end
        first.bare = first.bare and last.bare and not opened
        return first, last_at + 1
    if isinstance(first, Day) and isinstance(last, Day) and last_at is not None:
        whole = Day(first.start, last.end, first.first, last.last, unit="days", through=last.unit == "")
        whole.why, whole.past = first.why or last.why, last.past
        if first.weekday is not None and last.weekday is not None and first.weekday < last.weekday:
            whole.week_days = (first.weekday, last.weekday)
        if whole.first and last.number is not None:  # "from 27 April to the third"
            whole.last = next_numbered_day(0, 0, last.number, whole.first, None).last
        if whole.first and whole.last and last.weekday is not None and whole.last < whole.first:
            whole.last += timedelta(weeks=-((whole.last - whole.first).days // 7))
        if whole.first is not None and whole.last is not None and whole.last < whole.first and last.weekday is None:
            year_on = whole.first.replace(year=whole.first.year - 1) if whole.first.day < 29 else whole.first
            whole.first = year_on if year_on <= whole.last else whole.first
        return whole, last_at + 1
    return None


def _ops(items: list[Item]) -> list[Item]:
    found: list[Item] = []
    pending: Mark | None = None
    for place, item in enumerate(items):
        if isinstance(item, Mark):
            if item.has("op") and item.as_("op") in ("onward", "earlier"):
                target = found[-1] if found else None
                if isinstance(target, Clock | Day):
                    target.op, target.end = ("from" if item.as_("op") == "onward" else "by"), item.end
                    if isinstance(target, Clock):
                        target.bare = False
                    continue
            if item.has("op"):
                sense = {"onward": "from", "earlier": "by"}.get(item.as_("op"), item.as_("op"))
                pending = Mark(item.start, item.end, "op", sense) if sense != "of" else None
                length = _item(items, place + 1)
                if isinstance(length, Length) and length.days and sense in ("after", "before", "by"):
                    found.append(Lost(item.start, length.end))  # "after five days": counted from when?
                    pending = None
                continue
            if pending is not None and item.has("or"):  # "before or in February"
                found.append(Lost(pending.start, item.end))
                pending = None
            if item.kind in ("word", "but", "comma", "not", "bad"):
                pending = None
            if item.has("at", "around", "to") and isinstance(_item(items, place + 1), Clock):
                clock = _item(items, place + 1)
                assert isinstance(clock, Clock)
                clock.bare, clock.around = False, clock.around or item.has("around")
                continue
        elif pending is not None and isinstance(item, Clock | Day | Part):
            op = pending.as_("op")
            ranged = (isinstance(item, Clock) and item.to is not None) or (
                isinstance(item, Day) and item.unit == "days"
            )
            if isinstance(item, Clock):
                item.bare = False
            following = _item(items, place + 1)
            moves = isinstance(item, Day) and op in ("from", "between") and isinstance(following, Clock)
            edge = item.edge if isinstance(item, Day) else ""
            if isinstance(item, Day) and edge == "late" and op == "before":
                op, item.edge = "by", ""  # before the end of the week
            if not ranged and op == "between" and not moves:
                found.append(Lost(pending.start, item.end))
            elif not ranged and not moves:
                item.op, item.start = op, pending.start
            pending = None
        found.append(item)
    return found


def _item(items: list[Item], place: int) -> Item | None:
    after = _next(items, place)
    return items[after] if after is not None else None


def _loose(items: list[Item]) -> list[Item]:
    """A number alone is an hour where a day, a part of the day or a zone stands beside it; else it is a number."""
    found: list[Item] = []
    for place, item in enumerate(items):
        if isinstance(item, Clock) and item.bare:
            before = _beside(items, place, -1)
            after = _beside(items, place, 1)
            anchored = (isinstance(after, Part) and after.bound) or (isinstance(before, Part) and item.to is not None)
            anchored = anchored or (isinstance(after, Day) and (after.part != "" or _then_part(items, place)))
            if item.to is not None:
                anchored = anchored or isinstance(before, Day) or isinstance(after, Day)
            elif (
                (isinstance(before, Clock) and not before.bare and _joined(items, place))
                or (isinstance(after, Mark) and after.has("your", "mine", "zone", "zones"))
                or (isinstance(before, Day) and isinstance(after, Clock | None) and item.minute)
            ):
                anchored = True
            day = _previous(items, place)
            if not anchored and isinstance(day, Day) and place + 1 == len(items):
                if day.weekday is not None or day.unit or day.first is None:
                    found.append(Lost(item.start, item.end))
                    continue
                anchored = True  # "tomorrow three"
            if not anchored:
                stuck = item.to is None and _stuck(items, place)
                found.append(Lost(item.start, item.end) if stuck else Mark(item.start, item.end, "word"))
                continue
            item.bare = False
        found.append(item)
    return found


def _then_part(items: list[Item], place: int) -> bool:
    """ "nine tomorrow morning", "3 this afternoon"."""
    before = items[place - 1] if place else None
    if isinstance(before, Mark) and before.value in _NUMBERED:
        return False
    following = items[place + 1 : place + 3]
    return len(following) == 2 and isinstance(following[0], Day) and isinstance(following[1], Part)


def _stuck(items: list[Item], place: int) -> bool:
    """A number that no rule reads, with nothing between it and a time: what it says there is not to be passed over."""
    before, after = (items[place - 1] if place else None), (items[place + 1] if place + 1 < len(items) else None)
    if isinstance(before, Clock) and not before.bare:
        return True
    if isinstance(after, Day) and after.first is not None and after.weekday is None and after.unit == "":
        return before is None or not isinstance(before, Mark) or before.kind != "word"
    return isinstance(before, Day) and (after is None or not isinstance(after, Mark) or after.kind != "word")


def _previous(items: list[Item], place: int) -> Item | None:
    return items[place - 1] if place else None


def _joined(items: list[Item], place: int) -> bool:
    mark = items[place - 1] if place else None
    return isinstance(mark, Mark) and mark.has("or", "and")


def _beside(items: list[Item], place: int, step: int) -> Item | None:
    at = place + step
    while 0 <= at < len(items):
        item = items[at]
        if not (isinstance(item, Mark) and item.kind in ("fill", "comma", "at", "of", "or", "and", "in")):
            return item
        at += step
    return None


class Grouper:
    """Walks a folded sentence once."""

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        self.groups: list[Group] = []
        self.group = Group()
        self.joiner, self.words, self.every = "", 0, False

    def run(self) -> list[Group]:
        for place, item in enumerate(self.items):
            if isinstance(item, Mark):
                self._mark(place, item)
                continue
            if isinstance(item, Day):
                self._day(item)
            elif isinstance(item, Clock | Part):
                if self.words > _FAR and not self.group.empty:
                    self._close()
                self.group.hours.append((self.joiner, item))
            elif isinstance(item, Moment):
                self.group.moments.append(item)
            elif isinstance(item, Lost):
                self._lost(place, item)
            elif isinstance(item, Length):
                self.group.length = self.group.length or item.minutes
                self.group.days_long = self.group.days_long or item.days
            if self.every and not isinstance(item, Clock):
                self.group.recurring, self.every = True, False
                if isinstance(item, Length) and self.group.empty:
                    self.group.lost.append(Lost(item.start, item.end))
            self.joiner, self.words = "", 0
        self._close()
        return self.groups

    def _close(self) -> None:
        if not self.group.empty:
            self.groups.append(self.group)
        self.group = Group(length=0 if not self.group.empty else self.group.length)
        self.joiner, self.words = "", 0

    def _day(self, item: Day) -> None:
        last = self.group.days[-1][1] if self.group.days else None
        if (
            last is not None
            and item.unit == "week"
            and last.weekday is not None
            and self.joiner == ""
            and not self.words
        ):
            self.group.days.append(("", item))  # "Wednesday evening next week"
            return
        if (self.group.days and ((self.group.hours and not self._hours_first()) or self.words > _NEAR)) or (
            self.group.days and self.group.hours
        ):
            self._close()
        self.group.days.append((self.joiner, item))

    def _hours_first(self) -> bool:
        return bool(self.group.hours) and (
            not self.group.days or self.group.hours[0][1].start < self.group.days[0][1].start
        )

    def _lost(self, place: int, item: Lost) -> None:
        if (
            not item.weak
            or isinstance(_beside(self.items, place, -1), Day | Clock | Part)
            or isinstance(_beside(self.items, place, 1), Day | Clock | Part)
            or self.every
        ):
            self.group.lost.append(item)

    def _mark(self, place: int, mark: Mark) -> None:
        if mark.has("but"):
            self._close()
        if mark.has("every"):
            self.every = True
            if mark.value == "-" and (self.group.days or self.group.hours) and not self._ahead(place):
                self.group.recurring = True
        elif mark.has("not", "bad"):
            self._refusal(place, mark)
        elif mark.has("or", "and", "to") or mark.kind == "comma":
            self.joiner = self.joiner or ("or" if mark.has("or") else mark.kind)
        elif mark.has(*_ZONES):
            self._zone(place, mark)
        if mark.kind == "word":
            before = self.items[place - 2 : place]
            if (
                mark.value in _TIME_WORDS
                and len(before) == 2
                and isinstance(before[0], Clock)
                and self._unknown(before[1])
            ):
                self.group.lost.append(Lost(before[0].start, mark.end, Why.ZONE_NAME))  # "3 pm Gotham time"
            self.words += 1
            self.every = self.every and self.words < 2

    def _unknown(self, item: Item) -> bool:
        return isinstance(item, Mark) and item.kind == "word" and item.value not in _ANY_TIME

    def _refusal(self, place: int, mark: Mark) -> None:
        if mark.has("bad") and not self.group.empty and self.words <= _NEAR:
            self.group.excluded = True
            self._close()
        elif mark.has("not") and self._ahead(place):
            self._close()
            self.group.excluded = True

    def _ahead(self, place: int) -> bool:
        """A time stands close behind."""
        words = 0
        for item in self.items[place + 1 :]:
            if not isinstance(item, Mark):
                return isinstance(item, Day | Clock | Part | Lost)
            if item.kind in ("comma", "but", "every"):
                return False
            words += item.kind == "word"
            if words > _NEAR or item.value in _HEDGES:
                return False
        return False

    def _zone(self, place: int, mark: Mark) -> None:
        before = _beside(self.items, place, -1)
        following = self.items[place + 1] if place + 1 < len(self.items) else None
        timed = isinstance(following, Mark) and following.value in _TIME_WORDS
        if mark.kind == "city" or (mark.kind == "zone" and not mark.value):
            earlier = self.items[place - 2 : place]
            timed = timed or any(isinstance(one, Mark) and one.value in _TIME_WORDS for one in earlier)
            if not timed:
                return
        elif mark.has("zone", "zones") and not timed and not isinstance(before, Clock | Part):
            return
        target = self.group if not self.group.empty else (self.groups[-1] if self.groups else self.group)
        target.zone = mark
