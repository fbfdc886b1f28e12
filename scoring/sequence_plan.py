"""Which touches of an enrollment are due when: pure, so that a plan, a move and the worker all say the same."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from scoring.sequence import Channel, Condition, SequenceSpec, TouchSpec, add_business_days, send_window


@dataclass(frozen=True, slots=True)
class DayClock:
    """A recipient's days. `zones`: all of them are open at once, the first one counts the days; empty: `home` does."""

    zones: tuple[str, ...] = ()
    home: str = "UTC"  # the workspace's
    holidays: frozenset[date] = field(default_factory=frozenset)
    minute: int = 9 * 60  # of the day, when a touch is planned

    def day_of(self, instant: datetime) -> date:
        return instant.astimezone(ZoneInfo(self._counts)).date()

    def touch_on(self, day: date, not_before: datetime) -> datetime:
        """The planned minute of that day, or the first open instant after it and after `not_before`."""
        planned = datetime.combine(day, time(self.minute // 60, self.minute % 60), ZoneInfo(self._counts))
        one = self.zones[0] if len(self.zones) == 1 else None
        return send_window(
            max(planned.astimezone(UTC), not_before),
            one,
            self.holidays,
            country_zones=self.zones,
            workspace_zone=self.home,
        )

    @property
    def _counts(self) -> str:
        return self.zones[0] if self.zones else self.home


@dataclass(frozen=True, slots=True)
class Planned:
    """A step that has not been done. `due_at` None: not planned yet."""

    step: int
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DueTouch:
    step: int
    channel: Channel
    due_at: datetime


def touches_due(
    spec: SequenceSpec,
    open_steps: Sequence[Planned],
    clock: DayClock,
    *,
    now: datetime,
    after: datetime | None = None,
    after_step: int = 0,
    resume_at: datetime | None = None,
) -> tuple[DueTouch, ...]:
    """The steps still to come, in their order, each with its instant.

    `after`: when step `after_step` was done (0: when the lead enrolled); None: nothing holds the first open step. No
    step leaves before it was planned, before `resume_at`, or sooner after the one before it than the sequence says, in
    business days of the recipient. Steps that this version does not have are left out.
    """
    days = (0, *(touch.day for touch in spec.touches))
    floor = max(now, resume_at) if resume_at is not None else now
    last, last_step = after, min(after_step, len(spec.touches))
    found = []
    for one in sorted(open_steps, key=lambda planned: planned.step):
        touch = spec.touch(one.step)
        if touch is None:
            continue
        earliest = max(floor, one.due_at) if one.due_at is not None else floor
        day = clock.day_of(earliest)
        if last is not None:
            gap = max(0, days[one.step] - days[last_step])
            day = max(day, add_business_days(clock.day_of(last), gap, clock.holidays))
        at = clock.touch_on(day, earliest)
        found.append(DueTouch(one.step, touch.channel, at))
        last, last_step = at, one.step
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Happened:
    """In this entry of the sequence so far. None: there was nothing that it could be said of."""

    replied: bool = False
    clicked: bool = False  # by a human
    task_done: bool | None = None  # the task before
    mail_delivered: bool | None = None  # the mail before


def unmet(touch: TouchSpec, happened: Happened) -> str:
    """Why the step is skipped; empty: it is not."""
    if happened.replied:
        return "They answered."
    for condition in touch.only_if:
        if why := _UNMET[condition](happened):
            return why
    return ""


_UNMET: Mapping[Condition, Callable[[Happened], str]] = {
    Condition.NO_REPLY: lambda happened: "They answered." if happened.replied else "",
    Condition.CLICKED: lambda happened: "" if happened.clicked else "Only after a click, and no human clicked.",
    Condition.NOT_CLICKED: lambda happened: "Only without a click, and a human clicked." if happened.clicked else "",
    Condition.TASK_DONE: lambda happened: "" if happened.task_done else "Only once the task before was done.",
    Condition.TASK_NOT_DONE: lambda happened: "Only while the task before is open." if happened.task_done else "",
    Condition.MAIL_DELIVERED: lambda happened: (
        "" if happened.mail_delivered else "Only if the mail before was delivered, and that is not known."
    ),
}
