"""Sequences as data: read and refused with reasons; conditions; which touches are due when, over holidays."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.recipient_clock import clock_at
from agents.zone_choice import Place
from scoring.sequence import SEQUENCES, Channel, Condition, Reach, TouchSpec, choose_channel
from scoring.sequence_plan import DayClock, Happened, Planned, touches_due, unmet
from scoring.sequence_reading import SequenceError, as_document, parse_sequence
from tools.calendar.public_holidays import public_holidays

GOOD: dict[str, Any] = {
    "sequence": "tier-2-five-touches",
    "reason": "Two mails and a request.",
    "steps": [
        {"channel": "mail", "wait_days": 0, "reason": "Opens."},
        {"channel": "linkedin", "wait_days": 2, "reason": "A face.", "only_if": ["mail_delivered"]},
        {"channel": "mail", "wait_days": 3, "reason": "Closes.", "only_if": ["not_clicked", "task_done"]},
    ],
}


def problems(change: Any) -> dict[str, str]:
    document = deepcopy(GOOD)
    change(document)
    with pytest.raises(SequenceError) as caught:
        parse_sequence(document)
    return dict(caught.value.problems)


@pytest.mark.parametrize("tier", SEQUENCES)
def test_the_built_in_versions_read_back_to_themselves(tier: int) -> None:
    spec = SEQUENCES[tier]
    if spec.touches:
        assert parse_sequence(as_document(spec)) == spec


def test_waits_add_up_to_days() -> None:
    spec = parse_sequence(GOOD)
    assert [touch.day for touch in spec.touches] == [0, 2, 5]
    assert spec.waits() == (0, 2, 3)
    assert parse_sequence(as_document(spec)) == spec


@pytest.mark.parametrize("word", ["opened", "not_opened", "open"])
def test_an_open_is_refused_as_a_condition_and_the_reason_is_said(word: str) -> None:
    found = problems(lambda d: d["steps"][2].update(only_if=[word]))
    assert "nobody reads" in found["steps.3.only_if"]
    assert "clicked" in found["steps.3.only_if"]


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        (lambda d: d.update(sequence="mine"), "sequence", "one sequence a tier"),
        (lambda d: d.update(steps=[]), "steps", "Without a step"),
        (lambda d: d.update(steps=[d["steps"][0]] * 13), "steps", "At most 12"),
        (lambda d: d.update(colour="red"), "colour", "no such key"),
        (lambda d: d["steps"][0].update(channel="fax"), "steps.1.channel", "mail, linkedin, phone"),
        (lambda d: d["steps"][1].update(wait_days=True), "steps.2.wait_days", "0 to 60"),
        (lambda d: d["steps"][1].update(wait_days=-1), "steps.2.wait_days", "0 to 60"),
        (lambda d: d["steps"][1].update(channel="mail", wait_days=0), "steps.2.wait_days", "leave a day"),
        (lambda d: d["steps"][0].update(only_if=["clicked"]), "steps.1.only_if", "No step before"),
        (lambda d: d["steps"][1].update(only_if=["task_done"]), "steps.2.only_if", "No step before"),
        (lambda d: d["steps"][2].update(only_if=["clicked", "not_clicked"]), "steps.3.only_if", "never both"),
        (lambda d: d["steps"][2].update(only_if=["replied"]), "steps.3.only_if", "left the sequence"),
        (lambda d: d["steps"][2].update(only_if="clicked"), "steps.3.only_if", "a list"),
        (lambda d: d["steps"][2].update(reason=" "), "steps.3.reason", "in a sentence"),
        (lambda d: d.update(sequence="nurture"), "steps", "watched, not written to"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(change: Any, path: str, words: str) -> None:
    assert words in problems(change)[path]


def test_everything_wrong_is_said_at_once() -> None:
    def spoil(document: dict[str, Any]) -> None:
        document["reason"] = ""
        document["steps"][0]["channel"] = "fax"
        document["steps"][1]["wait_days"] = 99

    assert set(problems(spoil)) >= {"reason", "steps.1.channel", "steps.2.wait_days"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["sequence", "reason", "steps", "channel", "wait_days", "only_if"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_no_document_breaks_the_reader(document: Any) -> None:
    try:
        parse_sequence(document)
    except SequenceError as error:
        assert error.problems  # noqa: PT017 - either is right, a crash is not


@pytest.mark.parametrize(
    ("condition", "happened", "holds"),
    [
        (Condition.CLICKED, Happened(clicked=True), True),
        (Condition.CLICKED, Happened(), False),
        (Condition.NOT_CLICKED, Happened(), True),
        (Condition.NOT_CLICKED, Happened(clicked=True), False),
        (Condition.TASK_DONE, Happened(task_done=True), True),
        (Condition.TASK_DONE, Happened(task_done=None), False),
        (Condition.TASK_NOT_DONE, Happened(task_done=False), True),
        (Condition.MAIL_DELIVERED, Happened(mail_delivered=True), True),
        (Condition.MAIL_DELIVERED, Happened(mail_delivered=None), False),
        (Condition.NO_REPLY, Happened(replied=True), False),
    ],
)
def test_a_step_is_skipped_with_its_reason(condition: Condition, happened: Happened, holds: bool) -> None:
    assert (unmet(TouchSpec(2, Channel.MAIL, 1, "x", (condition,)), happened) == "") is holds


def test_a_reply_ends_every_step_whatever_it_asks_for() -> None:
    assert unmet(TouchSpec(2, Channel.MAIL, 1, "x"), Happened(replied=True))


def test_a_barred_mail_becomes_a_task_of_the_tiers_own_channels() -> None:
    spec = SEQUENCES[2]
    chosen = choose_channel(spec, spec.touches[0], Reach("valid", True, True, "German law asks for consent."))
    assert (chosen.channel, chosen.reason) == (Channel.LINKEDIN, "German law asks for consent: linkedin instead.")


# Which touches are due when


def days_of(spec_days: list[int], clock: DayClock, now: datetime) -> list[date]:
    touches = [{"channel": "mail", "wait_days": wait, "reason": "x"} for wait in spec_days]
    spec = parse_sequence({"sequence": "tier-3-three-mails", "reason": "x", "steps": touches})
    found = touches_due(spec, [Planned(t.step) for t in spec.touches], clock, now=now, after=now)
    return [one.due_at.astimezone(ZoneInfo(clock.zones[0])).date() for one in found]


def test_waits_pass_over_weekends_and_the_holidays_of_the_region() -> None:
    # Epiphany is kept in Bavaria and not in Hamburg.
    now = datetime(2027, 1, 4, 7, tzinfo=UTC)
    bavaria = clock_at("", "DE", Place("DE", "Bavaria", "")).days(now, "UTC", 540)
    hamburg = clock_at("", "DE", Place("DE", "Hamburg", "")).days(now, "UTC", 540)
    assert days_of([0, 2], bavaria, now) == [date(2027, 1, 4), date(2027, 1, 7)]
    assert days_of([0, 2], hamburg, now) == [date(2027, 1, 4), date(2027, 1, 6)]


def test_christmas_and_new_year_are_no_days_to_write_on() -> None:
    now = datetime(2026, 12, 23, 8, tzinfo=UTC)
    clock = clock_at("", "GB", Place()).days(now, "UTC", 540)
    # 25 December, its Boxing Day on Monday the 28th, and 1 January.
    assert days_of([0, 1, 1, 3, 1], clock, now) == [
        date(2026, 12, 23), date(2026, 12, 24), date(2026, 12, 29), date(2027, 1, 4), date(2027, 1, 5)
    ]  # fmt: skip


def test_a_planned_minute_is_that_of_the_recipients_clock_over_the_change_to_summer_time() -> None:
    now = datetime(2026, 3, 27, 8, tzinfo=UTC)  # a Friday; the clocks go forward on Sunday
    clock = clock_at("Europe/Berlin", "DE", Place()).days(now, "UTC", 9 * 60 + 30)
    spec = SEQUENCES[2]
    first, second, *_ = touches_due(spec, [Planned(1), Planned(2)], clock, now=now, after=now)
    assert first.due_at == datetime(2026, 3, 27, 8, 30, tzinfo=UTC)
    assert second.due_at == datetime(2026, 3, 31, 7, 30, tzinfo=UTC)


def test_a_step_done_late_takes_the_others_with_it_in_business_days() -> None:
    monday = datetime(2026, 6, 1, 9, tzinfo=UTC)
    clock, spec = DayClock(("UTC",)), SEQUENCES[3]
    planned = touches_due(spec, [Planned(1), Planned(2), Planned(3)], clock, now=monday, after=monday)
    assert [one.due_at.day for one in planned] == [1, 5, 15]
    thursday = datetime(2026, 6, 4, 9, tzinfo=UTC)
    left = [Planned(one.step, one.due_at) for one in planned[1:]]
    late = touches_due(spec, left, clock, now=thursday, after=thursday, after_step=1)
    # Four business days after Thursday the 4th, then six more.
    assert [one.due_at.day for one in late] == [10, 18]


def test_a_pause_puts_everything_behind_its_end() -> None:
    monday = datetime(2026, 6, 1, 9, tzinfo=UTC)
    back = datetime(2026, 6, 20, tzinfo=UTC)  # a Saturday
    found = touches_due(
        SEQUENCES[3], [Planned(2, monday), Planned(3, monday)], DayClock(("UTC",)), now=monday, resume_at=back
    )
    assert [one.due_at.date() for one in found] == [date(2026, 6, 22), date(2026, 6, 30)]


_ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "America/Sao_Paulo"])


@given(
    st.sampled_from([1, 2, 3]),
    _ZONES,
    st.sampled_from(["DE", "US", "IN", "NZ", "BR", "XX", ""]),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1)),  # noqa: DTZ001 - hypothesis wants them so
    st.integers(8 * 60, 16 * 60),
    st.integers(0, 6),
)
def test_order_is_kept_and_nothing_is_due_on_a_day_off(
    tier: int, zone: str, country: str, at: datetime, minute: int, done: int
) -> None:
    now, off = at.replace(tzinfo=UTC), public_holidays(country, at.year)
    clock, spec = DayClock((zone,), "UTC", off, minute), SEQUENCES[tier]
    steps = [Planned(touch.step) for touch in spec.touches if touch.step > done]
    found = touches_due(spec, steps, clock, now=now, after=now, after_step=min(done, len(spec.touches)))
    assert [one.step for one in found] == [one.step for one in steps]
    instants = [one.due_at for one in found]
    assert instants == sorted(set(instants))
    for one in found:
        local = one.due_at.astimezone(ZoneInfo(zone))
        assert one.due_at >= now
        assert local.weekday() < 5
        assert local.date() not in off
        assert 8 <= local.hour < 18


def test_regions_are_known_by_code_and_by_name() -> None:
    plain = public_holidays("US", 2026)
    assert public_holidays("US", 2026, "California") == public_holidays("US", 2026, "CA")
    assert public_holidays("US", 2026, "Atlantis") == plain
    assert date(2026, 1, 6) in public_holidays("DE", 2026, "Bayern") & public_holidays("DE", 2026, "DE-BY")
    assert public_holidays("", 2026, "CA") == frozenset()


def test_a_contact_abroad_keeps_the_holidays_of_where_they_are() -> None:
    clock = clock_at("", "US", Place("DE", "Bavaria", "Munich"))
    assert (clock.country, clock.region) == ("US", "")
    friday = datetime(2026, 7, 3, 15, tzinfo=UTC)  # Independence Day is kept on it
    assert clock.days(friday, "UTC", 540).touch_on(date(2026, 7, 3), friday) > friday + timedelta(days=2)
