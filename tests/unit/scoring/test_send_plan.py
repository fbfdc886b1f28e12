"""When waiting mails leave: caps, warm-up, closed days, approvals, the order of a sequence."""

import itertools
from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.send_plan import HORIZON_DAYS, Capacity, WaitingMail, mailboxes_needed, project

MONDAY = date(2026, 6, 1)


def weekdays(_: str, day: date) -> bool:
    return day.weekday() < 5


def mail(key: int, sequence: int | None = None, step: int = 1, ready: int = 0, **more: object) -> WaitingMail:
    given: dict[str, object] = {"mailbox": 0, "place": "US|", **more}
    own = key if sequence is None else sequence
    return WaitingMail(key=key, sequence=own, step=step, ready=MONDAY + timedelta(days=ready), **given)  # type: ignore[arg-type]


def days(mails: list[WaitingMail], box: Capacity, **options: int | None) -> list[int | None]:
    found = project(mails, {0: box}, weekdays, MONDAY, **options).leaves
    return [(found[m.key] - MONDAY).days if m.key in found else None for m in mails]


def test_a_cap_spreads_mails_over_weekdays() -> None:
    assert days([mail(n) for n in range(12)], Capacity(2)) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 7, 7]


def test_what_was_sent_today_counts() -> None:
    assert days([mail(n) for n in range(3)], Capacity(3, sent_today=2)) == [0, 1, 1]


def test_a_warm_up_doubles_what_was_really_sent() -> None:
    found = project([mail(n) for n in range(100)], {0: Capacity(50, ramp_start=10)}, weekdays, MONDAY)
    assert list(found.by_day.values()) == [10, 20, 40, 30]
    slow = [mail(n) for n in range(2)] + [mail(n, ready=1) for n in range(2, 60)]
    found = project(slow, {0: Capacity(50, ramp_start=10)}, weekdays, MONDAY)
    assert list(found.by_day.values()) == [2, 10, 20, 28], "a day of two mails earns no more than the start"


def test_a_late_step_moves_the_later_ones_with_it() -> None:
    chain = [mail(0), mail(1), mail(2, sequence=1, step=2, ready=2)]
    assert days(chain, Capacity(1)) == [0, 1, 3]


def test_the_longest_ready_goes_first() -> None:
    assert days([mail(0, ready=1), mail(1, ready=0), mail(2, ready=0)], Capacity(1)) == [2, 0, 1]


def test_a_closed_place_lets_others_pass() -> None:
    def closed_at_first(place: str, day: date) -> bool:
        return day.weekday() < 5 and not (place == "FR|" and day <= MONDAY + timedelta(days=1))

    mails = [mail(0, place="FR|"), mail(1), mail(2)]
    found = project(mails, {0: Capacity(1)}, closed_at_first, MONDAY).leaves
    assert [(found[n] - MONDAY).days for n in range(3)] == [2, 0, 1]


def test_people_decide_so_many_a_weekday() -> None:
    mails = [mail(n, needs_approval=True) for n in range(7)] + [mail(9)]
    assert days(mails, Capacity(100), approvals_a_day=1) == [0, 1, 2, 3, 4, 7, 8, 0]
    assert days(mails, Capacity(100)) == [0] * 8


def test_what_leaves_after_the_horizon_is_not_named() -> None:
    found = project([mail(0)], {0: Capacity(1)}, lambda _, __: False, MONDAY)
    assert (found.leaves, found.finish) == ({}, None)
    late = project([mail(n) for n in range(HORIZON_DAYS)], {0: Capacity(1)}, weekdays, MONDAY)
    assert late.finish is not None
    assert late.finish <= MONDAY + timedelta(days=HORIZON_DAYS)
    assert len(late.leaves) < HORIZON_DAYS


def test_a_mailbox_that_may_send_nothing_is_no_plan() -> None:
    with pytest.raises(ValueError, match="paused"):
        Capacity(0)


def test_mailboxes_needed_to_finish_by_a_day() -> None:
    mails = [mail(n) for n in range(100)]
    friday = MONDAY + timedelta(days=4)
    assert mailboxes_needed(mails, 10, weekdays, MONDAY, friday) == 2
    assert mailboxes_needed(mails, 10, weekdays, MONDAY, MONDAY) == 10
    assert mailboxes_needed([*mails, mail(200, ready=30)], 10, weekdays, MONDAY, friday) is None


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 2), st.booleans()),
        min_size=1,
        max_size=60,
    ),
    st.integers(1, 5),
    st.one_of(st.none(), st.integers(1, 4)),
    st.one_of(st.none(), st.integers(1, 4)),
    st.integers(0, 5),
)
def test_no_plan_breaks_a_rule(
    rows: list[tuple[int, int, int, bool]], cap: int, ramp: int | None, approvals: int | None, sent: int
) -> None:
    steps: Counter[int] = Counter()
    mails = []
    for key, (sequence, ready, place, asks) in enumerate(rows):
        steps[sequence] += 1
        mails.append(mail(key, sequence, steps[sequence], ready, place=str(place), needs_approval=asks))
    box = Capacity(cap, sent_today=sent, ramp_start=ramp)
    found = project(mails, {0: box}, weekdays, MONDAY, approvals_a_day=approvals)
    assert set(found.leaves) == {m.key for m in mails}, "nothing is forgotten"
    last = 0
    for day, count in sorted(found.by_day.items()):
        assert day.weekday() < 5
        used = count + (sent if day == MONDAY else 0)
        assert used <= cap or (day == MONDAY and count == 0)
        assert ramp is None or used <= max(ramp, 2 * last)
        last = used
    for m in mails:
        assert found.leaves[m.key] >= m.ready
    by_sequence = sorted(mails, key=lambda m: (m.sequence, m.step))
    for one, two in itertools.pairwise(by_sequence):
        if one.sequence == two.sequence:
            assert found.leaves[one.key] < found.leaves[two.key]
