"""A calendar service in memory, for tests of what stands on the port: it behaves as real ones do, and fails on demand.

    calendar = FakeCalendar(clock=clock)
    calendar.lose_answers = 1                        # the next effect happens, and its answer is lost
    calendar.edit(key, starts_at=later, ends_at=…)   # its owner moves the event there
    calendar.others(starts_at, ends_at)              # an event that is not ours

Passes the suite that every account passes (tests/contract/test_calendar_contract.py).
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from core.clock import Clock, SystemClock
from tools.ports.calendar import (
    EPOCH,
    Attendance,
    Busyness,
    BusySpan,
    CalendarEvent,
    CalendarInfo,
    EventChanges,
    EventDraft,
    EventOutcome,
    EventResult,
    PushChannel,
)
from tools.ports.unknown import Gap, Unknown

PRIMARY = CalendarInfo("primary", "Ada", "Europe/Berlin", may_write=True, primary=True)


def _id_of(event_key: str) -> str:
    """The service's id of our event is not our key, as at Microsoft."""
    return event_key if event_key.startswith("theirs-") else f"event-{event_key}"


@dataclass
class _Kept:
    event: CalendarEvent
    ours: EventDraft | None
    busyness: Busyness | None  # None: it is shown as free
    change: int  # the number of its last change


@dataclass
class FakeCalendar:
    """Thread-safe. Switches that are numbers count down with each use; the others stay until set back."""

    calendars_there: tuple[CalendarInfo, ...] = (PRIMARY,)
    clock: Clock = field(default_factory=SystemClock)
    name: str = "fake"
    makes_video: bool = True

    fail_busy: str = ""  # a reason: busy() does not answer
    fail_reads: str = ""  # a reason: read(), changes() and calendars() do not answer
    stale_etags: int = 0  # so many effects that name a version find another one
    lose_answers: int = 0  # so many effects happen, and nobody hears of it
    lose_requests: int = 0  # so many effects do not happen, and it looks the same
    defer: int = 0  # so many effects are put off, for `retry_after_seconds`
    refuse: str = ""  # the reason for refusing every effect
    retry_after_seconds: int = 30
    before_effect: Callable[[str, str], None] = lambda _what, _key: None  # ("put" or "cancel", key): race, kill, raise

    invitations: list[tuple[str, int, str]] = field(default_factory=list)  # (key, sequence, address), told by it
    cancellations: list[tuple[str, str]] = field(default_factory=list)  # (key, address), told by it
    calls: list[str] = field(default_factory=list)
    channels: dict[str, PushChannel] = field(default_factory=dict)

    _kept: dict[tuple[str, str], _Kept] = field(default_factory=dict)  # by (calendar, event id)
    _known_from: int = 0
    _numbers: "count[int]" = field(default_factory=lambda: count(1))
    _last: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    # ---- the port

    def calendars(self) -> Sequence[CalendarInfo] | Unknown:
        with self._lock:
            self.calls.append("calendars")
            return self._silent(self.fail_reads) or self.calendars_there

    def busy(self, calendar_ids: Sequence[str], since: datetime, until: datetime) -> Sequence[BusySpan] | Unknown:
        with self._lock:
            self.calls.append("busy")
            if self.fail_busy:
                return Unknown(self.fail_busy, Gap.DOWN)
            missing = set(calendar_ids) - {info.calendar_id for info in self.calendars_there}
            if missing:
                return Unknown("One of the calendars is not there.", Gap.REFUSED)
            return sorted(
                (
                    BusySpan(kept.event.starts_at, kept.event.ends_at, kept.busyness, kept.event.event_id)
                    for (calendar_id, _), kept in self._kept.items()
                    if calendar_id in calendar_ids
                    and kept.busyness is not None
                    and not kept.event.cancelled
                    and kept.event.starts_at < until
                    and kept.event.ends_at > since
                ),
                key=lambda span: (span.starts_at, span.ends_at, span.event_id),
            )

    def put(self, calendar_id: str, event: EventDraft, *, etag: str = "") -> EventResult:
        def effect() -> EventResult:
            found = self._kept.get((calendar_id, _id_of(event.event_key)))
            if calendar_id not in {info.calendar_id for info in self.calendars_there if info.may_write}:
                return EventResult(EventOutcome.REFUSED, "Nobody may write there.")
            stands = found is not None and not found.event.cancelled
            if found is not None and stands and found.ours == event and self._as_drafted(found.event, event):
                return EventResult(EventOutcome.DONE, event=found.event)
            if etag:
                if self.stale_etags:
                    self.stale_etags -= 1
                    return EventResult(EventOutcome.CLASH, "It changed there.")
                if found is None or not stands or found.event.etag != etag:
                    return EventResult(EventOutcome.CLASH, "It changed there, or is gone.")
            elif found is not None:
                return EventResult(EventOutcome.CLASH, "It is there in another shape.")
            made = self._made(calendar_id, event, found)
            if event.notify_guests:
                self.invitations += [(event.event_key, event.sequence, guest.address) for guest in event.guests]
            return EventResult(EventOutcome.DONE, event=made)

        return self._effect("put", event.event_key, effect)

    def cancel(self, calendar_id: str, event_key: str, *, etag: str = "", notify_guests: bool = False) -> EventResult:
        def effect() -> EventResult:
            found = self._kept.get((calendar_id, _id_of(event_key)))
            if found is None or found.event.cancelled:
                return EventResult(EventOutcome.DONE, "It was gone.")
            if etag and (self.stale_etags or found.event.etag != etag):
                self.stale_etags = max(0, self.stale_etags - 1)
                return EventResult(EventOutcome.CLASH, "It changed there.")
            if notify_guests and found.ours is not None:
                self.cancellations += [(event_key, guest.address) for guest in found.ours.guests]
            self._gone(calendar_id, _id_of(event_key))
            return EventResult(EventOutcome.DONE)

        return self._effect("cancel", event_key, effect)

    def read(self, calendar_id: str, event_key: str) -> CalendarEvent | Unknown | None:
        with self._lock:
            self.calls.append("read")
            found = self._kept.get((calendar_id, _id_of(event_key)))
            there = found.event if found is not None and not found.event.cancelled else None
            return self._silent(self.fail_reads) or there

    def changes(self, calendar_id: str, cursor: str, since: datetime) -> EventChanges | Unknown:
        with self._lock:
            self.calls.append("changes")
            if self.fail_reads:
                return Unknown(self.fail_reads, Gap.DOWN)
            known = int(cursor) if cursor else -1
            mine = [kept for (kept_in, _), kept in self._kept.items() if kept_in == calendar_id]
            whole = known < self._known_from
            if whole:
                found = [kept for kept in mine if not kept.event.cancelled and kept.event.ends_at > since]
            else:
                found = [kept for kept in mine if kept.change > known]
            events = tuple(kept.event for kept in sorted(found, key=lambda kept: kept.change))
            return EventChanges(events, str(self._last), whole)

    def close(self) -> None:
        self.calls.append("close")

    # ---- telling of changes

    prolongs = True
    confirms = True

    def watch(self, calendar_id: str, channel_id: str, address: str, word: str, *, again: bool = False) -> PushChannel:
        with self._lock:
            self.channels[channel_id] = PushChannel(channel_id, calendar_id, self.clock.now() + timedelta(days=3))
            return self.channels[channel_id]

    def prolong(self, channel: PushChannel) -> PushChannel | None:
        with self._lock:
            if channel.channel_id not in self.channels:
                return None
            return self.watch(channel.resource_id, channel.channel_id, "", "")

    def unwatch(self, channel: PushChannel) -> bool:
        with self._lock:
            self.channels.pop(channel.channel_id, None)
            return True

    # ---- what happens there without us

    def others(
        self,
        starts_at: datetime,
        ends_at: datetime,
        *,
        calendar_id: str = "primary",
        busyness: Busyness | None = Busyness.BUSY,
        title: str = "Lunch",
    ) -> str:
        """An event of its owner; `busyness` None: shown as free. Its event id."""
        with self._lock:
            event_id = f"theirs-{next(self._numbers)}"
            self._keep(calendar_id, self._blank(event_id, starts_at, ends_at, title), None, busyness)
            return event_id

    def edit(self, event_key: str, *, calendar_id: str = "primary", **changes: object) -> CalendarEvent:
        """Its owner changes fields of CalendarEvent: starts_at, ends_at, title."""
        with self._lock:
            kept = self._kept[calendar_id, _id_of(event_key)]
            return self._keep(calendar_id, replace(kept.event, **changes), kept.ours, kept.busyness)  # type: ignore[arg-type]

    def answer(self, event_key: str, address: str, attendance: Attendance, *, calendar_id: str = "primary") -> None:
        """A guest answers the invitation."""
        with self._lock:
            answers = dict(self._kept[calendar_id, _id_of(event_key)].event.attendance) | {address.lower(): attendance}
            self.edit(event_key, calendar_id=calendar_id, attendance=tuple(answers.items()))

    def delete(self, event_key: str, *, calendar_id: str = "primary") -> None:
        """Its owner deletes it."""
        with self._lock:
            self._gone(calendar_id, _id_of(event_key))

    def forget_cursors(self) -> None:
        """Cursors that were given until now are too old."""
        with self._lock:
            self._last += 1
            self._known_from = self._last

    def standing(self, calendar_id: str = "primary") -> dict[str, CalendarEvent]:
        """What stands there, by event id."""
        with self._lock:
            return {
                event_id: kept.event
                for (kept_in, event_id), kept in self._kept.items()
                if kept_in == calendar_id and not kept.event.cancelled
            }

    def drafts(self, calendar_id: str = "primary") -> list[EventDraft]:
        """Ours that stand there, as they were asked for."""
        with self._lock:
            return [
                kept.ours
                for (kept_in, _), kept in self._kept.items()
                if kept_in == calendar_id and kept.ours is not None and not kept.event.cancelled
            ]

    # ---- inside

    def _silent(self, reason: str) -> Unknown | None:
        return Unknown(reason, Gap.DOWN) if reason else None

    def _effect(self, what: str, key: str, effect: Callable[[], EventResult]) -> EventResult:
        self.before_effect(what, key)  # outside the lock: whoever races may act in it
        with self._lock:
            self.calls.append(what)
            if self.refuse:
                return EventResult(EventOutcome.REFUSED, self.refuse)
            if self.defer:
                self.defer -= 1
                return EventResult(EventOutcome.DEFERRED, "Later.", retry_after_seconds=self.retry_after_seconds)
            if self.lose_requests:
                self.lose_requests -= 1
                return EventResult(EventOutcome.UNKNOWN, "The answer was lost.")
            result = effect()
            if self.lose_answers:
                self.lose_answers -= 1
                return EventResult(EventOutcome.UNKNOWN, "The answer was lost.")
            return result

    def _as_drafted(self, event: CalendarEvent, draft: EventDraft) -> bool:
        return (event.starts_at, event.ends_at, event.title) == (
            draft.starts_at.astimezone(UTC),
            draft.ends_at.astimezone(UTC),
            draft.title,
        )

    def _made(self, calendar_id: str, draft: EventDraft, before: _Kept | None) -> CalendarEvent:
        answered = dict(before.event.attendance) if before is not None else {}
        guests = [guest.address.lower() for guest in draft.guests]
        event = replace(
            self._blank(_id_of(draft.event_key), draft.starts_at, draft.ends_at, draft.title),
            uid=draft.uid,
            sequence=max(draft.sequence, before.event.sequence if before is not None else 0),
            event_key=draft.event_key,
            video_url=f"https://video.example/{draft.event_key}" if draft.video and self.makes_video else "",
            attendance=tuple((address, answered.get(address, Attendance.NEEDS_ACTION)) for address in guests),
        )
        return self._keep(calendar_id, event, draft, Busyness.BUSY)

    def _blank(self, event_id: str, starts_at: datetime, ends_at: datetime, title: str) -> CalendarEvent:
        return CalendarEvent(
            event_id=event_id,
            uid=f"{event_id}@calendar.example",
            etag="",
            starts_at=starts_at.astimezone(UTC),
            ends_at=ends_at.astimezone(UTC),
            cancelled=False,
            sequence=0,
            updated_at=None,
            title=title,
        )

    def _gone(self, calendar_id: str, event_id: str) -> None:
        """Of a deleted event services tell the id and little more."""
        kept = self._kept[calendar_id, event_id]
        gone = replace(
            kept.event, cancelled=True, starts_at=EPOCH, ends_at=EPOCH, title="", uid="", event_key="", attendance=()
        )
        self._keep(calendar_id, gone, None, None)

    def _keep(
        self, calendar_id: str, event: CalendarEvent, ours: EventDraft | None, busyness: Busyness | None
    ) -> CalendarEvent:
        self._last += 1
        event = replace(event, etag=f'"{self._last}"', updated_at=self.clock.now())
        self._kept[calendar_id, event.event_id] = _Kept(event, ours, busyness, self._last)
        return event
