"""A pool in any order of events: the ledger sums to zero, what fell through has cost nobody, nobody is booked twice;
and many at once, on threads, at the same time of the day.
"""

import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from agents.booking.handing_over import reassign
from agents.booking.picking import book_time, call_off, pick_slot, times_for
from agents.calendar import record_meeting
from agents.context import AgentContext
from core.clock import VirtualClock
from core.errors import Conflict, RetryAt
from core.ids import SystemIds
from store.models import Hold, HoldState, Meeting, MeetingState, PoolMember
from store.session import Database
from tests.support.agent_office import rows_of
from tests.support.calendar_office import overlaps, quarters
from tests.support.crash.office import context_of, open_office
from tests.support.pool_office import PoolOffice, with_pool
from tools.calendar.rotation import Ownership
from workers import housekeeping

PEOPLE, REPS = 3, 3
START = datetime(2026, 6, 2, 14, tzinfo=UTC)
_FELL_THROUGH = (MeetingState.CANCELLED, MeetingState.EXPIRED)
_STANDS = (MeetingState.PROPOSED, MeetingState.BOOKED, MeetingState.HELD)


def no_transport(_: object) -> None:
    raise AssertionError("No mail leaves here.")


class Pooled(RuleBasedStateMachine):
    database: ClassVar[Database]

    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock(START)
        self.folder = tempfile.TemporaryDirectory()
        context = context_of(
            self.database,
            uuid4(),
            self.clock,
            SystemIds(),
            no_transport,  # type: ignore[arg-type]
            data_dir=Path(self.folder.name),
        )
        self.pool: PoolOffice = with_pool(open_office(context, people=PEOPLE, touches=1), REPS)
        self.context = self.pool.context
        self.proposals = 0

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(person=st.integers(0, PEOPLE - 1))
    def propose(self, person: int) -> None:
        self.proposals += 1
        try:
            self.pool.propose(person, key=f"{self.proposals}")
        except RetryAt:
            assert all(outside.fail_busy for outside in self.pool.outside.values())

    @rule(which=st.integers(0, 8))
    def pick(self, which: int) -> None:
        holds = sorted(rows_of(self.context, Hold, Hold.state == HoldState.HELD), key=lambda hold: str(hold.id))
        if holds:
            self._quietly(lambda: pick_slot(self.context, holds[which % len(holds)].id))

    @rule(which=st.integers(0, 5), slot=st.integers(0, 200))
    def choose(self, which: int, slot: int) -> None:
        meeting = self._any(which, MeetingState.PROPOSED, MeetingState.BOOKED, MeetingState.EXPIRED)
        if meeting is not None:
            slots, _ = times_for(self.context, meeting.id, zone="UTC")
            if slots:
                self._quietly(lambda: book_time(self.context, meeting.id, slots[slot % len(slots)].starts_at))

    @rule(which=st.integers(0, 5))
    def cancel(self, which: int) -> None:
        meeting = self._any(which, MeetingState.BOOKED)
        if meeting is not None:
            self._quietly(lambda: call_off(self.context, meeting.id))

    @rule(which=st.integers(0, 5), held=st.booleans())
    def say_how_it_went(self, which: int, held: bool) -> None:
        meeting = self._any(which, MeetingState.BOOKED)
        if meeting is not None:
            self._quietly(lambda: record_meeting(self.context, meeting.id, held, "", by="user:ann"))

    @rule(rep=st.integers(0, REPS - 1), hours=st.integers(1, 200))
    def other_entry(self, rep: int, hours: int) -> None:
        at = START + timedelta(hours=hours)
        self.pool.outside[self.pool.reps[rep]].others(at, at + timedelta(hours=3))

    @rule(rep=st.integers(0, REPS - 1))
    def calendar_falls_silent_or_speaks(self, rep: int) -> None:
        outside = self.pool.outside[self.pool.reps[rep]]
        outside.fail_busy = "" if outside.fail_busy else "It is down."

    @rule(rep=st.integers(0, REPS - 1), weight=st.integers(1, 4), active=st.booleans())
    def join_or_change(self, rep: int, weight: int, active: bool) -> None:
        self.pool.member(self.pool.reps[rep], weight=weight, active=active)

    @rule(rep=st.integers(0, REPS - 1), hand_over=st.booleans())
    def leave(self, rep: int, hand_over: bool) -> None:
        user = self.pool.reps[rep]
        if rows_of(self.context, PoolMember, PoolMember.user_id == user, PoolMember.left_at == None):  # noqa: E711
            self.pool.take_out(user)
        if hand_over:
            reassign(self.context, self.pool.pool_id, user, by="user:ann")

    @rule(ownership=st.sampled_from(list(Ownership)), counts=st.booleans())
    def rules_change(self, ownership: Ownership, counts: bool) -> None:
        self.pool.set_pool(ownership=ownership, owner_counts=counts, no_show_counts=counts)

    @rule(hours=st.sampled_from([0, 1, 30, 80]))
    def time_passes(self, hours: int) -> None:
        self.clock.advance(timedelta(hours=hours, seconds=61))
        housekeeping.keep_house(self.context)
        self.pool.work()

    @invariant()
    def the_ledger_sums_to_zero(self) -> None:
        assert sum(row.change for row in self.pool.ledger()) == 0
        for parts in self.pool.net().values():
            assert sum(parts.values()) == 0

    @invariant()
    def what_fell_through_has_cost_nobody(self) -> None:
        net = self.pool.net()
        for meeting in self.pool.meetings():
            if meeting.state in _FELL_THROUGH:
                assert net.get(meeting.id, {}) == {}
            elif meeting.state in _STANDS and net.get(meeting.id):
                payers = [rep for rep, parts in net[meeting.id].items() if parts < 0]
                assert payers == [meeting.user_id], "who has it pays for it, and nobody else"

    @invariant()
    def nobody_is_booked_twice(self) -> None:
        assert overlaps(self.context) == []
        standing = {meeting.id: meeting for meeting in self.pool.meetings()}
        for hold in rows_of(self.context, Hold, Hold.state != HoldState.RELEASED):
            assert hold.user_id == standing[hold.meeting_id].user_id

    def _any(self, which: int, *states: MeetingState) -> Meeting | None:
        found = [meeting for meeting in self.pool.meetings() if meeting.state in states]
        return found[which % len(found)] if found else None

    def _quietly(self, act: Callable[[], object]) -> None:
        with suppress(Conflict):
            act()


@pytest.mark.parametrize(("where", "examples"), [("sqlite", 25), ("postgres", 8)])
def test_a_pool_in_any_order(where: str, examples: int, request: pytest.FixtureRequest) -> None:
    Pooled.database = request.getfixturevalue(f"agents_on_{where}")
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Pooled,
        settings=settings(
            max_examples=examples,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def _proposals(pool: PoolOffice, number: int) -> list[UUID]:
    """One open meeting of the pool a person, each of a purpose of its own."""
    context = pool.context
    with context.database.write(context.workspace_id) as session:
        found = []
        for person in pool.office.people:
            row = Meeting(
                workspace_id=context.workspace_id,
                id=context.ids.new(),
                lead_id=person.lead_id,
                contact_id=person.contact_id,
                company_id=pool.company_of(person.lead_id),
                user_id=pool.reps[0],
                pool_id=pool.pool_id,
                purpose_key=f"race:{number}:{person.lead_id}",
                purpose=f"round {number}",
                state=MeetingState.EXPIRED,
                created_at=context.clock.now(),
            )
            session.add(row)
            found.append(row.id)
    return found


def test_many_book_the_same_moment_and_each_rep_has_it_once(office_context: AgentContext) -> None:
    pool = with_pool(open_office(office_context, people=8), REPS)
    answers: Counter[str] = Counter()
    rounds = 4
    for number in range(rounds):
        at = START.replace(hour=8) + timedelta(days=2, hours=number)
        meetings, gate = _proposals(pool, number), Barrier(8)

        def press(meeting_id: UUID, at: datetime = at, gate: Barrier = gate) -> str:
            gate.wait()
            try:
                book_time(pool.context, meeting_id, at)
            except Conflict as refused:
                return refused.code
            return "booked"

        with ThreadPoolExecutor(8) as threads:
            answers.update(threads.map(press, meetings))
    assert answers == {"booked": REPS * rounds, "time_taken": (8 - REPS) * rounds}
    booked = pool.meetings(Meeting.state == MeetingState.BOOKED)
    assert Counter(Counter((m.user_id, m.starts_at) for m in booked).values()) == {1: REPS * rounds}
    assert Counter(meeting.user_id for meeting in booked) == dict.fromkeys(pool.reps, rounds)
    assert quarters(pool.context) == 2 * len(booked)
    assert set(pool.owed().values()) == {0.0}
    assert sum(row.change for row in pool.ledger()) == 0
