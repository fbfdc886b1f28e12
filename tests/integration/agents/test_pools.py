"""A pool's next meeting goes to whoever is next, free and fit; what falls through has cost nobody."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest

from agents.booking.handing_over import reassign
from agents.booking.picking import book_time, call_off, pick_slot, times_for
from agents.booking.pool_needs import Need
from agents.calendar import calendar, record_meeting
from agents.engagement import engagement
from core.clock import VirtualClock
from core.errors import Conflict, RetryAt
from store import erasure
from store.models import AuditEntry, EventState, Hold, HoldState, Meeting, MeetingState, OutboxItem, Task, User
from tests.support.agent_office import following, rows_of, write_in
from tests.support.calendar_office import overlaps
from tests.support.crash.office import Office
from tests.support.pool_office import PoolOffice, with_pool
from tools.calendar.rotation import Ownership
from workers import housekeeping
from workers.letters import words_of_payload


@pytest.fixture
def pool(office: Office) -> PoolOffice:
    return with_pool(office)


def meeting_of(holds: list[Hold]) -> UUID:
    (found,) = {hold.meeting_id for hold in holds}
    return found


def test_proposals_go_round_and_one_members_time_is_held(pool: PoolOffice) -> None:
    taken = []
    for person in range(3):
        holds = pool.propose(person)
        assert len(holds) == 3
        (rep,) = {hold.user_id for hold in holds}
        assert rep == pool.rep_of(meeting_of(holds))
        taken.append(rep)
    assert sorted(taken) == sorted(pool.reps), "three proposals in one hour: each of three holds for one"
    assert set(pool.owed().values()) == {0.0}
    assert overlaps(pool.context) == []


def test_the_decision_says_who_and_why(pool: PoolOffice) -> None:
    step = write_in(pool.office, 0, "interested")
    outcome = calendar(pool.context, following(step, engagement(pool.context, step)))
    meeting = pool.meeting(UUID(outcome.payload["meeting_id"]))
    assert outcome.inputs["rep"] == str(meeting.user_id)
    assert outcome.inputs["because"] == "due"
    assert outcome.inputs["free"] == sorted(str(rep) for rep in pool.reps)
    assert outcome.inputs["owed_before"] == {str(rep): 0.0 for rep in pool.reps}
    assert "Introductions" in outcome.reason
    assert "Next in turn of 3 who are free and fit" in outcome.reason


def test_what_expires_or_is_called_off_has_cost_nobody(pool: PoolOffice, office_clock: VirtualClock) -> None:
    expired, called_off = meeting_of(pool.propose(0)), pick_slot(pool.context, pool.propose(1)[0].id).meeting_id
    call_off(pool.context, called_off)
    call_off(pool.context, called_off)
    office_clock.advance(timedelta(days=4))
    housekeeping.keep_house(pool.context)
    assert pool.meeting(expired).state is MeetingState.EXPIRED
    assert pool.net() == {expired: {}, called_off: {}}
    assert set(pool.owed().values()) == {0.0}
    assert all(sum(parts.values()) == 0 for parts in pool.net().values())


def test_of_one_who_was_erased_nothing_is_owed(pool: PoolOffice) -> None:
    meeting_id = meeting_of(pool.propose(0))
    context = pool.context
    with context.database.write(context.workspace_id) as session:
        erasure.erase_contact(session, context.clock, context.sealer, pool.office.people[0].contact_id)
    assert pool.net() == {meeting_id: {}}


def test_a_calendar_that_does_not_answer_counts_as_busy_and_the_others_serve(pool: PoolOffice) -> None:
    for rep in pool.reps[:2]:
        pool.outside[rep].fail_busy = "It is down."
    assert {hold.user_id for hold in pool.propose(0)} == {pool.reps[2]}
    pool.outside[pool.reps[2]].fail_busy = "It is down too."
    pool.context.clock.advance(timedelta(seconds=61))  # type: ignore[attr-defined]
    step = write_in(pool.office, 1, "interested")
    with pytest.raises(RetryAt, match="It is down"):
        calendar(pool.context, following(step, engagement(pool.context, step)))


def test_the_page_shows_the_times_of_all_and_a_pick_goes_to_who_is_free(pool: PoolOffice) -> None:
    holds = pool.propose(0)
    meeting_id, first = meeting_of(holds), holds[0].user_id
    slots, _ = times_for(pool.context, meeting_id, zone="UTC")
    busy = slots[4]
    pool.outside[first].others(busy.starts_at, busy.ends_at)
    pool.context.clock.advance(timedelta(seconds=61))  # type: ignore[attr-defined]
    again, unknown = times_for(pool.context, meeting_id, zone="UTC")
    assert unknown == ()
    assert busy in again, "another member is free then"
    picked = book_time(pool.context, meeting_id, busy.starts_at)
    meeting = pool.meeting(meeting_id)
    assert meeting.user_id != first
    assert (meeting.turn, meeting.state) == (1, MeetingState.BOOKED)
    assert {hold.user_id for hold in rows_of(pool.context, Hold, Hold.state == HoldState.TAKEN)} == {meeting.user_id}
    assert rows_of(pool.context, Hold, Hold.state == HoldState.HELD) == []
    assert pool.net()[meeting_id][meeting.user_id] < 0, "paid by who has it"
    assert pool.net()[meeting_id].get(first, 0) >= 0, "and not by who had it proposed"
    pool.invite(picked)
    pool.work()
    assert len(pool.outside[meeting.user_id].standing()) == 1
    assert [task.assignee_id for task in rows_of(pool.context, Task, Task.kind == "prepare_meeting")] == [
        meeting.user_id
    ]


def test_a_move_keeps_the_rep_where_free_and_costs_nothing(pool: PoolOffice) -> None:
    picked = pool.book(0)
    before, rep = pool.owed(), pool.rep_of(picked.meeting_id)
    slots, _ = times_for(pool.context, picked.meeting_id, zone="UTC")
    later = next(slot for slot in slots if slot.starts_at > picked.ends_at)
    book_time(pool.context, picked.meeting_id, later.starts_at)
    assert pool.rep_of(picked.meeting_id) == rep
    assert pool.owed() == before
    assert pool.meeting(picked.meeting_id).turn == 0


def test_a_move_to_where_the_rep_is_not_free_goes_to_another_and_both_calendars_follow(pool: PoolOffice) -> None:
    picked = pool.book(0)
    rep = pool.rep_of(picked.meeting_id)
    slots, _ = times_for(pool.context, picked.meeting_id, zone="UTC")
    later = next(slot for slot in slots if slot.starts_at > picked.ends_at)
    pool.outside[rep].others(later.starts_at, later.ends_at)
    pool.context.clock.advance(timedelta(seconds=61))  # type: ignore[attr-defined]
    book_time(pool.context, picked.meeting_id, later.starts_at)
    meeting = pool.meeting(picked.meeting_id)
    assert meeting.user_id != rep
    assert (meeting.starts_at, meeting.ics_sequence) == (later.starts_at, 1)
    for _ in range(3):
        pool.context.clock.advance(timedelta(seconds=6))  # type: ignore[attr-defined]
        pool.work()
    assert [event.title for event in pool.outside[rep].standing().values()] == ["Lunch"], "ours is gone there"
    assert len(pool.outside[meeting.user_id].standing()) == 1
    assert pool.mails("invite") == ["invite:1"], "the one before had not left, and does not leave any more"
    (mail,) = rows_of(pool.context, OutboxItem, OutboxItem.key == f"invite:{meeting.id}:1")
    words = words_of_payload(pool.context.sealer, mail)
    assert words.subject.endswith(pool_name(pool, meeting.user_id))
    assert f"You will meet {pool_name(pool, meeting.user_id)}." in words.text
    assert pool.net()[picked.meeting_id][meeting.user_id] < 0
    assert sum(pool.owed().values()) == pytest.approx(0, abs=0.01)


def pool_name(pool: PoolOffice, rep: UUID) -> str:
    found: User = pool.office.get(User, rep)
    return found.name


def test_skills_that_the_lead_asks_for_are_needed(pool: PoolOffice) -> None:
    pool.set_pool(needs=[Need(skill="english", countries=("US",))])
    pool.member(pool.reps[2], skills=["English", "german"])
    for person in range(3):
        assert {hold.user_id for hold in pool.propose(person)} == {pool.reps[2]}
    pool.member(pool.reps[2], skills=["german"])
    assert pool.propose(0, key="again") == []
    (task,) = rows_of(pool.context, Task, Task.kind == "propose_times")
    assert task.title.startswith("They want to talk")


@pytest.mark.parametrize("counts", [True, False])
def test_the_leads_owner_comes_first_where_that_is_said(pool: PoolOffice, counts: bool) -> None:
    pool.set_pool(ownership=Ownership.PREFER, owner_counts=counts)
    for person in range(3):
        assert {hold.user_id for hold in pool.propose(person)} == {pool.reps[0]}
    assert (pool.owed()[pool.reps[0]] < -1.9) is counts
    if not counts:
        assert pool.ledger() == []


def test_only_the_owner_means_nobody_else(pool: PoolOffice) -> None:
    pool.set_pool(ownership=Ownership.REQUIRE)
    pool.outside[pool.reps[0]].others(
        pool.context.clock.now() - timedelta(days=1), pool.context.clock.now() + timedelta(days=60)
    )
    assert pool.propose(0) == []
    assert pool.ledger() == []


@pytest.mark.parametrize(("counts", "net"), [(True, False), (False, True)])
def test_a_missed_meeting_costs_its_turn_by_the_pools_word(pool: PoolOffice, counts: bool, net: bool) -> None:
    pool.set_pool(no_show_counts=counts)
    picked = pool.book(0)
    pool.context.clock.advance(picked.ends_at - pool.context.clock.now())  # type: ignore[attr-defined]
    record_meeting(pool.context, picked.meeting_id, held=False, outcome="", by="user:ann")
    assert (pool.net()[picked.meeting_id] == {}) is net


def test_weights_share_out_and_who_is_paused_gets_none(pool: PoolOffice, office: Office) -> None:
    pool.member(pool.reps[0], weight=2)
    pool.member(pool.reps[2], active=False)
    had: Counter[UUID] = Counter()
    for number in range(6):
        holds = pool.propose(number % 3, key=f"again{number}")
        meeting_id = meeting_of(holds)
        had[pool.rep_of(meeting_id)] += 1
        with pool.context.database.write(pool.context.workspace_id) as session:  # so that the next does not undo it
            row = session.get_one(Meeting, (pool.context.workspace_id, meeting_id))
            row.state = MeetingState.HELD
    assert had == {pool.reps[0]: 4, pool.reps[1]: 2}


def test_who_leaves_keeps_their_meetings_until_somebody_hands_them_over(pool: PoolOffice) -> None:
    picked = pool.book(0)
    rep, start = pool.rep_of(picked.meeting_id), picked.starts_at
    proposed = next(meeting_of(holds) for number in (1, 2, 1, 2) if (holds := pool.propose(number, key=f"{number}")))
    assert pool.take_out(rep) >= 1
    assert pool.rep_of(picked.meeting_id) == rep, "never silently"
    assert pool.owed()[rep] == 0, "what was between them and the others is the others' now"
    (handed,) = [
        one for one in reassign(pool.context, pool.pool_id, rep, by="user:ann") if one.meeting_id == picked.meeting_id
    ]
    meeting = pool.meeting(picked.meeting_id)
    assert handed.to == meeting.user_id
    assert handed.to != rep
    assert meeting.starts_at == start
    assert reassign(pool.context, pool.pool_id, rep, by="user:ann") == []
    for _ in range(3):
        pool.context.clock.advance(timedelta(seconds=6))  # type: ignore[attr-defined]
        pool.work()
    assert pool.outside[rep].standing() == {}
    assert len(pool.outside[meeting.user_id].standing()) == 1
    assert pool.event_states(picked.meeting_id) == {rep: EventState.CANCELLED, meeting.user_id: EventState.THERE}
    (said,) = rows_of(pool.context, AuditEntry, AuditEntry.action == "meeting.handed_over")
    assert said.actor == "user:ann"
    assert proposed
    assert overlaps(pool.context) == []


def test_a_proposal_is_handed_over_under_the_same_links(pool: PoolOffice) -> None:
    holds = pool.propose(0)
    rep = holds[0].user_id
    (handed,) = reassign(pool.context, pool.pool_id, rep, to_user=next(r for r in pool.reps if r != rep), by="user:ann")
    assert handed.to is not None
    picked = pick_slot(pool.context, holds[0].id)
    assert pool.rep_of(picked.meeting_id) == handed.to
    assert {hold.user_id for hold in rows_of(pool.context, Hold)} == {handed.to}


def test_what_nobody_can_take_stays_with_its_reason(pool: PoolOffice) -> None:
    picked = pool.book(0)
    rep = pool.rep_of(picked.meeting_id)
    for other in pool.reps:
        if other != rep:
            pool.outside[other].others(picked.starts_at, picked.ends_at)
    pool.context.clock.advance(timedelta(seconds=61))  # type: ignore[attr-defined]
    (handed,) = reassign(pool.context, pool.pool_id, rep, by="user:ann")
    assert (handed.to, handed.reason) == (None, "No member who fits is free.")
    assert pool.rep_of(picked.meeting_id) == rep


def test_a_clash_gives_way_within_the_pool(pool: PoolOffice) -> None:
    picked = pick_slot(pool.context, pool.propose()[0].id)
    pool.invite(picked)
    rep = pool.rep_of(picked.meeting_id)

    def race(what: str, _key: str) -> None:
        if what == "put":
            pool.outside[rep].others(picked.starts_at, picked.ends_at)

    pool.outside[rep].before_effect = race
    pool.work()
    (again,) = rows_of(pool.context, Meeting, Meeting.state == MeetingState.PROPOSED)
    assert again.pool_id == pool.pool_id
    assert pool.net()[picked.meeting_id] == {}
    assert pool.net()[again.id][again.user_id] < 0


def test_somebody_elses_time_is_never_taken(pool: PoolOffice) -> None:
    """Both want the one time at which one member is free."""
    first, second = meeting_of(pool.propose(0)), meeting_of(pool.propose(1))
    slots, _ = times_for(pool.context, first, zone="UTC")
    at = slots[-1]
    for rep in pool.reps[1:]:
        pool.outside[rep].others(at.starts_at, at.ends_at)
    pool.context.clock.advance(timedelta(seconds=61))  # type: ignore[attr-defined]
    book_time(pool.context, first, at.starts_at)
    with pytest.raises(Conflict) as refused:
        book_time(pool.context, second, at.starts_at)
    assert refused.value.code == "time_taken"
    assert overlaps(pool.context) == []
