"""Free slots: against a slow reading of the same rules, minute by minute; and the faults that other schedulers had."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.calendar.availability import (
    AvailabilityRules,
    CalendarAnswer,
    Diary,
    NotFree,
    OwnTime,
    Slot,
    free_slots,
    pool_slots,
    why_not,
)
from tools.calendar.wall_clock import Span
from tools.calendar.working_hours import Window, hours_or_none, read_hours, read_overrides
from tools.ports.calendar import BusySpan
from tools.ports.unknown import Gap, Unknown

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca",
         "Pacific/Chatham", "America/Santiago"]  # fmt: skip
NOW = datetime(2026, 6, 1, 6, tzinfo=UTC)  # a Monday
ALWAYS = {weekday: (Window(time(0), None),) for weekday in range(7)}
QUARTER = timedelta(minutes=15)


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def answer(*busy: BusySpan, asked_at: datetime = NOW, days: int = 60) -> CalendarAnswer:
    return CalendarAnswer(busy, asked_at, asked_at - timedelta(days=7), asked_at + timedelta(days=days))


def starts(rules: AvailabilityRules, diary: Diary | None = None, now: datetime = NOW) -> set[datetime]:
    return {slot.starts_at for slot in free_slots(rules, diary or Diary(), now).slots}


quarters = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, ...]:
    cuts = sorted(draw(st.sets(quarters, max_size=4)))
    if len(cuts) % 2:
        return (*(Window(a, b) for a, b in zip(cuts[:-1:2], cuts[1::2], strict=True)), Window(cuts[-1], None))
    return tuple(Window(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=True))


@st.composite
def cases(draw: st.DrawFn) -> tuple[AvailabilityRules, Diary, datetime]:
    now = datetime(2026, 1, 1, tzinfo=UTC) + draw(st.integers(0, 4 * 24 * 900)) * QUARTER
    spans = st.builds(
        lambda start, length: (now + start * QUARTER, now + (start + length) * QUARTER),
        st.integers(-100, 400), st.integers(0, 200),
    )  # fmt: skip
    zone = draw(st.sampled_from(ZONES))
    today = now.astimezone(ZoneInfo(zone)).date()
    near = st.integers(0, 5).map(lambda n: today + timedelta(days=n))
    rules = AvailabilityRules(
        zone=zone,
        hours=draw(st.one_of(st.just(ALWAYS), st.dictionaries(st.integers(0, 6), windows(), min_size=4))),
        overrides=draw(st.dictionaries(near, windows(), max_size=2)),
        days_off=draw(st.frozensets(near, max_size=2)),
        out_of_office=tuple(Span(*span) for span in draw(st.lists(spans, max_size=1))),
        length=draw(st.sampled_from([15, 30, 45, 90, 180])),
        buffer_before=draw(st.sampled_from([0, 15, 30])),
        buffer_after=draw(st.sampled_from([0, 15, 45])),
        grid=draw(st.sampled_from([15, 30, 60, 45])),
        notice=timedelta(hours=draw(st.integers(0, 30))),
        horizon_days=draw(st.integers(0, 4)),
        per_day=draw(st.sampled_from([None, 0, 1, 2])),
        per_week=draw(st.sampled_from([None, None, 1, 3])),
    )
    calendars = [answer(*(BusySpan(*span) for span in draw(st.lists(spans, max_size=3))), asked_at=now)]
    if draw(st.integers(0, 9)) == 0:
        calendars.append(answer(asked_at=now, days=2))
    own = [OwnTime(*span, counts=draw(st.booleans())) for span in draw(st.lists(spans, max_size=2))]
    return rules, Diary(calendars, own), now


def slow_reading(rules: AvailabilityRules, diary: Diary, now: datetime, start: datetime) -> bool:
    """The rules in their own words, quarter hour by quarter hour."""
    zone, end = ZoneInfo(rules.zone), start + timedelta(minutes=rules.length)
    local = start.astimezone(zone)
    if start < now + rules.notice or local.date() > now.astimezone(zone).date() + timedelta(days=rules.horizon_days):
        return False
    if (local.hour * 60 + local.minute) % rules.grid:
        return False
    instant = start
    while instant < end:
        here = instant.astimezone(zone)
        hours = rules.overrides.get(here.date())
        if hours is None:
            hours = () if here.date() in rules.days_off else rules.hours.get(here.weekday(), ())
        if not any(w.opens <= here.time() and (w.closes is None or here.time() < w.closes) for w in hours):
            return False
        if any(span.starts_at <= instant < span.ends_at for span in rules.out_of_office):
            return False
        instant += QUARTER
    before, after = timedelta(minutes=rules.buffer_before), timedelta(minutes=rules.buffer_after)
    for said in diary.calendars:
        assert said is not None
        assert not isinstance(said.busy, Unknown)
        if start - before < said.since or end + after > said.until:
            return False
        if any(b.starts_at < b.ends_at and start - before < b.ends_at and b.starts_at < end + after for b in said.busy):
            return False
    gap = max(before, after)
    if any(o.starts_at < o.ends_at and start - gap < o.ends_at and o.starts_at < end + gap for o in diary.own):
        return False
    days = [o.starts_at.astimezone(zone).date() for o in diary.own if o.counts]
    week = [day.isocalendar()[:2] for day in days]
    return not (
        (rules.per_day is not None and days.count(local.date()) >= rules.per_day)
        or (rules.per_week is not None and week.count(local.date().isocalendar()[:2]) >= rules.per_week)
    )


@settings(max_examples=150)
@given(cases())
def test_exactly_the_slots_that_a_slow_reading_finds(case: tuple[AvailabilityRules, Diary, datetime]) -> None:
    rules, diary, now = case
    instant = now.replace(minute=0)
    expected = set()
    while instant < now + timedelta(days=7):
        if slow_reading(rules, diary, now, instant):
            expected.add(instant)
        instant += QUARTER
    found = free_slots(rules, diary, now).slots
    assert {slot.starts_at for slot in found} == expected
    assert list(found) == sorted(found)
    for slot in found[:20]:
        assert slot.ends_at - slot.starts_at == timedelta(minutes=rules.length)
        assert why_not(rules, diary, now, slot.starts_at, on_grid=True) is None
    for number in range(0, 7 * 96, 37):
        instant = now.replace(minute=0) + number * QUARTER
        assert (why_not(rules, diary, now, instant, on_grid=True) is None) == (instant in expected)


def test_a_meeting_must_fit_as_a_whole() -> None:
    rules = AvailabilityRules("Europe/Berlin", hours={0: (Window(time(9), time(10, 45)),)}, length=60, horizon_days=7)
    monday = "2026-06-08T"
    assert starts(rules) == {at(monday + "09:00", "Europe/Berlin"), at(monday + "09:30", "Europe/Berlin")}
    assert why_not(rules, Diary(), NOW, at(monday + "10:00", "Europe/Berlin")) is NotFree.OUTSIDE_HOURS


def test_back_to_back_is_free_and_one_second_over_is_not() -> None:
    rules = AvailabilityRules("UTC", notice=timedelta(0))
    exact = Diary([answer(BusySpan(at("2026-06-02T10:00"), at("2026-06-02T10:30")))])
    over = Diary([answer(BusySpan(at("2026-06-02T10:00"), at("2026-06-02T10:30:01")))])
    assert at("2026-06-02T10:30") in starts(rules, exact)
    assert at("2026-06-02T09:30") in starts(rules, exact)
    assert at("2026-06-02T10:00") not in starts(rules, exact)
    assert at("2026-06-02T10:30") not in starts(rules, over)


@pytest.mark.parametrize(
    ("before", "after", "mine", "gone"),
    [
        # a thing of others' at 12:00–12:30: the meeting's own buffers stay free of it
        (30, 0, False, ["11:45", "12:00", "12:15", "12:30", "12:45"]),
        (0, 30, False, ["11:15", "11:30", "11:45", "12:00", "12:15"]),
        # a meeting of ours has buffers too: the longer of those that meet
        (30, 0, True, ["11:15", "11:30", "11:45", "12:00", "12:15", "12:30", "12:45"]),
        (0, 30, True, ["11:15", "11:30", "11:45", "12:00", "12:15", "12:30", "12:45"]),
        (15, 30, True, ["11:15", "11:30", "11:45", "12:00", "12:15", "12:30", "12:45"]),
    ],
)
def test_buffers_before_and_after(before: int, after: int, mine: bool, gone: list[str]) -> None:
    rules = AvailabilityRules("UTC", grid=15, notice=timedelta(0), horizon_days=1)
    start, end = at("2026-06-02T12:00"), at("2026-06-02T12:30")
    diary = Diary(own=[OwnTime(start, end)]) if mine else Diary([answer(BusySpan(start, end))])
    left = starts(rules) - starts(replace(rules, buffer_before=before, buffer_after=after), diary)
    assert sorted(f"{at:%H:%M}" for at in left) == gone


def test_overlapping_busy_spans_of_several_calendars_are_one_union() -> None:
    rules = AvailabilityRules("UTC", notice=timedelta(0), horizon_days=0)
    long = answer(BusySpan(at("2026-06-01T09:00"), at("2026-06-01T16:00")))
    inside = answer(BusySpan(at("2026-06-01T10:00"), at("2026-06-01T10:30")))
    assert starts(rules, Diary([long, inside])) == {at("2026-06-01T16:00"), at("2026-06-01T16:30")}


def test_a_date_override_replaces_the_weekday_and_beats_the_holiday() -> None:
    rules = AvailabilityRules("Europe/Berlin", country="DE", region="BY", horizon_days=10)
    corpus_christi = "2026-06-04"  # a holiday in Bavaria
    assert not [s for s in starts(rules) if s.date().isoformat() == corpus_christi]
    assert why_not(rules, Diary(), NOW, at(corpus_christi + "T10:00", "Europe/Berlin")) is NotFree.DAY_OFF
    there = read_overrides({corpus_christi: ["20:00", "21:00"], "2026-06-05": []})
    found = starts(replace(rules, overrides=there))
    assert {s for s in found if s.date().isoformat() == corpus_christi} == {
        at(corpus_christi + "T20:00", "Europe/Berlin"),
        at(corpus_christi + "T20:30", "Europe/Berlin"),
    }
    assert not [s for s in found if s.date().isoformat() == "2026-06-05"]


def test_windows_that_meet_at_midnight_are_one() -> None:
    hours = {0: (Window(time(23), None),), 1: (Window(time(0), time(1)),)}
    rules = AvailabilityRules("UTC", hours=hours, length=60, notice=timedelta(0), horizon_days=1)
    assert starts(rules) == {at("2026-06-01T23:00"), at("2026-06-01T23:30"), at("2026-06-02T00:00")}


def test_no_answer_a_late_one_or_a_short_one_leaves_nothing_free_that_it_does_not_speak_of() -> None:
    rules = AvailabilityRules("UTC")
    down = CalendarAnswer(Unknown("The calendar did not answer.", Gap.DOWN), NOW, NOW, NOW + timedelta(days=60))
    for gap, words in (
        (None, "was not asked"),
        (down, "The calendar did not answer."),
        (answer(asked_at=NOW - timedelta(seconds=61)), "too long ago"),
        (answer(asked_at=NOW + timedelta(seconds=61)), "too long ago"),
    ):
        found = free_slots(rules, Diary([answer(), gap]), NOW)
        assert not found.slots
        assert words in found.unknown[0]
        assert why_not(rules, Diary([gap]), NOW, at("2026-06-03T10:00")) is NotFree.UNKNOWN
    short = Diary([CalendarAnswer((), NOW, at("2026-06-02T10:00"), at("2026-06-02T12:00"))])
    assert starts(rules, short) == {at("2026-06-02T10:00") + n * 2 * QUARTER for n in range(4)}
    assert starts(replace(rules, buffer_after=30), short) == {
        at("2026-06-02T10:00") + n * 2 * QUARTER for n in range(3)
    }
    assert len(starts(rules, Diary([answer()]))) == len(starts(rules)) > 0


def test_the_horizon_and_the_notice_are_read_on_two_clocks() -> None:
    """Notice is time that passes; the horizon is days of the person's calendar. Tomorrow is not 24 hours later."""
    friday = at("2026-03-27T12:00", "Europe/Berlin")  # the clocks go forward on Sunday
    rules = AvailabilityRules("Europe/Berlin", hours=ALWAYS, notice=timedelta(days=2), horizon_days=3)
    found = sorted(starts(rules, now=friday))
    assert found[0] == at("2026-03-29T13:00", "Europe/Berlin")  # 48 hours later that clock shows 13:00
    assert found[-1] == at("2026-03-30T23:30", "Europe/Berlin")


def test_a_long_meeting_over_the_change_lasts_its_minutes_and_says_its_offset() -> None:
    rules = AvailabilityRules("Europe/Berlin", hours=ALWAYS, length=180, notice=timedelta(0), horizon_days=3)
    spring = {s.starts_at: s for s in free_slots(rules, Diary(), at("2026-03-27T12:00")).slots}
    slot = spring[at("2026-03-29T00:30", "Europe/Berlin")]
    assert slot.ends_at == at("2026-03-29T04:30", "Europe/Berlin")
    assert slot.stated_offset == timedelta(hours=1)
    autumn = free_slots(replace(rules, length=30), Diary(), at("2026-10-23T12:00")).slots
    twice = [s for s in autumn if s.stated_offset is not None]
    local = [s.starts_at.astimezone(ZoneInfo("Europe/Berlin")).strftime("%H:%M") for s in twice]
    assert local == [
        "01:30",
        "02:00",
        "02:30",
        "02:00",
        "02:30",
    ]  # the first ends when the hour comes for the first time
    assert [s.stated_offset for s in twice] == [timedelta(hours=2)] * 3 + [timedelta(hours=1)] * 2


def test_the_viewers_clock_decides_what_must_be_said_as_well() -> None:
    rules = AvailabilityRules("Asia/Kolkata", hours=ALWAYS, notice=timedelta(0), horizon_days=3)
    now = at("2026-10-30T12:00")
    assert not [s for s in free_slots(rules, Diary(), now).slots if s.stated_offset is not None]
    seen = [s for s in free_slots(rules, Diary(), now, viewer_zone="America/New_York").slots if s.stated_offset]
    assert {s.stated_offset for s in seen} == {timedelta(hours=-4), timedelta(hours=-5)}


def test_limits_count_local_days_and_whole_weeks() -> None:
    late = OwnTime(at("2026-06-02T22:30"), at("2026-06-02T23:00"))  # the third in Berlin
    rules = AvailabilityRules("Europe/Berlin", per_day=1, horizon_days=14)
    days = {s.date().isoformat() for s in starts(rules, Diary(own=[late]))}
    assert "2026-06-02" in days
    assert "2026-06-03" not in days
    assert why_not(rules, Diary(own=[late]), NOW, at("2026-06-03T10:00")) is NotFree.DAY_FULL
    week = replace(rules, per_day=None, per_week=1)
    assert min(starts(week, Diary(own=[late]))) == at("2026-06-08T09:00", "Europe/Berlin")
    assert why_not(week, Diary(own=[late]), NOW, at("2026-06-05T10:00")) is NotFree.WEEK_FULL
    assert starts(rules, Diary(own=[replace(late, counts=False)])) == starts(replace(rules, per_day=None), Diary())


def test_the_event_that_is_moved_does_not_stand_in_its_own_way() -> None:
    rules = AvailabilityRules("UTC")
    busy = answer(BusySpan(at("2026-06-03T10:00"), at("2026-06-03T10:30"), event_id="ours"))
    assert at("2026-06-03T10:00") not in starts(rules, Diary([busy]))
    assert at("2026-06-03T10:00") in starts(rules, Diary([busy], ignored_events=frozenset({"ours"})))


def test_what_calendars_say_of_the_ends_of_time_breaks_nothing() -> None:
    rules = AvailabilityRules("UTC", buffer_before=30, buffer_after=30)
    ages = BusySpan(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))
    assert not starts(rules, Diary([answer(ages)]))
    reversed_span = BusySpan(at("2026-06-03T11:00"), at("2026-06-03T10:00"))
    assert at("2026-06-03T10:00") not in starts(rules, Diary([answer(reversed_span)]))
    with pytest.raises(ValueError, match="no zone"):
        free_slots(rules, Diary([answer(BusySpan(datetime(2026, 6, 3), datetime(2026, 6, 4)))]), NOW)  # noqa: DTZ001


def test_a_pool_shows_who_is_free_when() -> None:
    ann, bob = UUID(int=1), UUID(int=2)
    mornings = AvailabilityRules("Europe/Berlin", hours={1: (Window(time(9), time(12)),)}, horizon_days=3)
    early = AvailabilityRules("America/New_York", hours={1: (Window(time(5), time(7)),)}, horizon_days=3)
    pool = pool_slots({bob: (early, Diary()), ann: (mornings, Diary())}, NOW)
    assert list(pool) == sorted(pool)
    both = Slot(at("2026-06-02T09:00"), at("2026-06-02T09:30"))
    assert pool[both] == (ann, bob)
    assert pool[Slot(at("2026-06-02T07:00"), at("2026-06-02T07:30"))] == (ann,)
    together = pool_slots({bob: (early, Diary()), ann: (mornings, Diary())}, NOW, together=True)
    assert set(together) == {slot for slot, who in pool.items() if len(who) == 2}
    assert together


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"monday": ["09:00", "17:00"]}, "no weekday"),
        ({"mon": ["nine", "five"]}, "no time of day"),
        ({"mon": ["17:00", "09:00"]}, "ends before it starts"),
        ({"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}, "overlap"),
        ({"mon": [["09:00", "24:00"], ["23:00", "23:30"]]}, "overlap"),
        ({"mon": "09:00-17:00"}, "two times of day"),
        ({"mon": [["09:00"]]}, "two times of day"),
        ({"mon": ["09:00+02:00", "17:00"]}, "no zone"),
        ({"mon": 7}, "two times of day"),
    ],
)
def test_hours_that_cannot_be_read_are_refused_in_words(value: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_hours(value)
    assert not any(hours_or_none(value).values())


def test_hours_as_they_are_written() -> None:
    assert read_hours({})[4] == (Window(time(9), time(17)),)
    assert 5 not in read_hours({})
    assert read_hours({"mon": [["13:00", "24:00"], ["09:00", "12:00"]]}) == {
        0: (Window(time(9), time(12)), Window(time(13), None))
    }
    assert read_overrides({"2026-12-24": ["09:00", "12:00"]}) == {date(2026, 12, 24): (Window(time(9), time(12)),)}
    with pytest.raises(ValueError, match="no date"):
        read_overrides({"24.12.": []})


@pytest.mark.parametrize(
    "changes",
    [{"zone": "Mars/Base"}, {"zone": ""}, {"length": 0}, {"length": 1500}, {"grid": 0}, {"buffer_before": -1},
     {"notice": timedelta(-1)}, {"horizon_days": 367}, {"per_day": -1}],
)  # fmt: skip
def test_rules_that_make_no_sense_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        AvailabilityRules(**{"zone": "UTC", **changes})  # type: ignore[arg-type]
