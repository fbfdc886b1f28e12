"""Of the free slots, those inside what they said, the best first."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from tools.calendar.time_phrases.windows import Shape, Window
from tools.calendar.time_phrases.zones import zone_of

_AROUND = timedelta(minutes=30)  # of "about three"


class Slot(Protocol):
    """A free time, half-open, aware (tools/calendar/slots.py: Candidate)."""

    @property
    def starts_at(self) -> datetime: ...

    @property
    def ends_at(self) -> datetime: ...


S = TypeVar("S", bound=Slot)


def slots_for(windows: Sequence[Window], free_slots: Iterable[S]) -> list[S]:
    """The slots that lie inside what they said: exact starts first, then hours, parts of the day, days; then by time.

    Excluded windows take slots away. Hours without a day ("after 3") hold on every day that was named without hours,
    or on any day. No windows: no slots were asked for, and none is returned; only refusals: every slot that none of
    them touches.
    """
    wanted = [one for one in windows if not one.excluded]
    refused = [one for one in windows if one.excluded]
    if not windows:
        return []
    ranked = [(rank, slot.starts_at, order, slot) for order, slot in enumerate(free_slots)
              if not any(_touches(one, slot) for one in refused)
              for rank in (_rank(wanted, slot),) if rank is not None]  # fmt: skip
    return [slot for *_, slot in sorted(ranked, key=lambda one: one[:3])]


_BEST = {Shape.CLOCK: 0, Shape.RANGE: 1, Shape.PART: 2, Shape.DAYS: 3}


def _rank(wanted: Sequence[Window], slot: Slot) -> int | None:
    """How exactly a slot was asked for; None: it was not."""
    if not wanted:
        return _BEST[Shape.DAYS]
    dayless = [one for one in wanted if one.first is None and one.last is None]
    dated = [one for one in wanted if one not in dayless]
    ranks: list[int] = []
    for one in dated:
        if not _inside(one, slot):
            continue
        if one.shape is Shape.DAYS and dayless:
            ranks += [_BEST[hours.shape] for hours in dayless if _inside(hours, slot)]
        else:
            ranks.append(_BEST[one.shape])
    if not dated:
        ranks += [_BEST[one.shape] for one in dayless if _inside(one, slot)]
    return min(ranks, default=None)


def _inside(window: Window, slot: Slot) -> bool:
    for since, until in _spans(window, slot):
        if window.shape is Shape.CLOCK:
            if (abs(slot.starts_at - since) <= _AROUND) if window.around else slot.starts_at == since:
                return True
        elif since <= slot.starts_at and slot.ends_at <= until:
            return True
    return False


def _touches(window: Window, slot: Slot) -> bool:
    return any(slot.starts_at < until and since < slot.ends_at for since, until in _spans(window, slot))


def _spans(window: Window, slot: Slot) -> list[tuple[datetime, datetime]]:
    """The window on the slot's days, by the window's own clock."""
    zone = zone_of(window.zone)
    day = slot.starts_at.astimezone(zone).date()
    days = {day, slot.ends_at.astimezone(zone).date(), day - timedelta(days=1)}
    within = [one for one in days if (window.first or one) <= one <= (window.last or one)]
    return [window.on(one) for one in sorted(within)]
