"""Reminders of a booked meeting: a day and a quarter of an hour before, none in the past, none of what was changed."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from agents.booking import changes
from agents.booking.picking import call_off, pick_slot
from agents.invitations import APART, REMINDERS
from store.models import Hold, Meeting, OutboxItem, OutboxState
from tests.integration.agents.test_calendar_agent import invite, propose
from tests.support.agent_office import rows_of
from tests.support.crash.office import Office
from workers.letters import words_of_payload


def reminders(office: Office, state: OutboxState = OutboxState.READY) -> list[OutboxItem]:
    found = rows_of(office.context, OutboxItem, OutboxItem.state == state)
    return sorted((one for one in found if one.key.startswith("remind:")), key=lambda one: one.not_before)


def booked(office: Office, ahead: timedelta) -> datetime:
    """A meeting whose invitation is written so long before it starts."""
    hold: Hold = propose(office)[-1]
    pick_slot(office.context, hold.id)
    office.context.clock.move_to(hold.starts_at - ahead)  # type: ignore[attr-defined]
    invite(office, hold.id)
    return hold.starts_at


@pytest.mark.parametrize(
    ("ahead", "minutes"),
    [
        (timedelta(hours=46), [24 * 60, 15]),
        (timedelta(hours=24, minutes=9), [15]),  # too near to the invitation itself
        (timedelta(hours=3), [15]),  # what would be in the past is skipped
        (timedelta(minutes=24), []),
        (timedelta(minutes=5), []),
    ],
)
def test_reminders_are_due_before_the_meeting_and_apart(
    office: Office, ahead: timedelta, minutes: Sequence[int]
) -> None:
    starts_at = booked(office, ahead)
    found = reminders(office)
    assert [(starts_at - one.not_before) / timedelta(minutes=1) for one in found] == minutes
    assert [one.expires_at for one in found[-1:]] == [starts_at for _ in found[-1:]]
    for earlier, later in pairwise(found):  # late, it does not come together with the next one
        assert earlier.expires_at == later.not_before - APART


def test_a_reminder_says_when_on_their_clock_and_how_to_move_it(office: Office) -> None:
    booked(office, timedelta(hours=46))
    [meeting] = rows_of(office.context, Meeting)
    for item in reminders(office):
        words = words_of_payload(office.context.sealer, item)
        assert words is not None
        assert meeting.time_zone in words.text
        assert words.recipient == office.people[0].address
        assert not words.ics


def test_a_meeting_that_is_called_off_is_not_reminded_of(office: Office) -> None:
    booked(office, timedelta(hours=46))
    [meeting] = rows_of(office.context, Meeting)
    call_off(office.context, meeting.id)
    assert reminders(office) == []
    assert len(reminders(office, OutboxState.CANCELLED)) == 2


# ---- moved

A_DAY, QUARTER = REMINDERS


def moved(office: Office, starts_at: datetime, *, actor: str = changes.PROSPECT) -> bool:
    context = office.context
    [meeting] = rows_of(context, Meeting)
    with context.database.write(context.workspace_id) as session:
        found = changes.locked(session, context, meeting.id)
        assert found is not None
        return changes.move(session, context, found, starts_at, starts_at + timedelta(minutes=30), actor=actor)


def words(office: Office) -> list[OutboxItem]:
    """All mails about the meeting that are to leave or left, in the order of their time."""
    found = rows_of(office.context, OutboxItem, OutboxItem.kind == "mail", OutboxItem.state != OutboxState.CANCELLED)
    return sorted(found, key=lambda one: (one.not_before, one.key))


def passes(office: Office, until: datetime) -> None:
    """The clock goes there, and what falls due on the way leaves in its time."""
    for item in words(office):
        if item.state is OutboxState.READY and item.not_before <= until:
            with office.context.database.write(office.context.workspace_id) as session:
                row = session.get_one(OutboxItem, (office.context.workspace_id, item.id))
                row.state, row.sent_at = OutboxState.SENT, item.not_before
                session.add(row)
    office.context.clock.move_to(until)  # type: ignore[attr-defined]


@pytest.mark.parametrize("actor", [changes.PROSPECT, changes.THERE], ids=["by them", "in the rep's calendar"])
@pytest.mark.parametrize(
    ("ahead", "minutes"),
    [
        (timedelta(days=4), [24 * 60, 15]),
        (timedelta(hours=24, minutes=10), [24 * 60, 15]),
        (timedelta(hours=24, minutes=9), [15]),  # too near to the word that it was moved
        (timedelta(hours=23), [15]),  # the day before is over
        (timedelta(minutes=25), [15]),
        (timedelta(minutes=24), []),
    ],
)
def test_a_moved_meeting_is_reminded_of_at_its_new_time_and_never_at_the_old_one(
    office: Office, ahead: timedelta, minutes: Sequence[int], actor: str
) -> None:
    booked(office, timedelta(hours=46))
    old = {one.key for one in reminders(office)}
    passes(office, office.context.clock.now() + timedelta(minutes=30))
    new = office.context.clock.now() + ahead
    assert moved(office, new, actor=actor)
    found = reminders(office)
    assert [(new - one.not_before) / timedelta(minutes=1) for one in found] == minutes
    assert {one.key for one in reminders(office, OutboxState.CANCELLED)} == old
    assert not old & {one.key for one in found}
    assert moved(office, new, actor=actor), "the same again changes nothing"
    assert [one.key for one in reminders(office)] == [one.key for one in found]


def test_what_was_reminded_of_already_is_reminded_of_again_at_the_new_time(office: Office) -> None:
    first = booked(office, timedelta(hours=46))
    passes(office, first - A_DAY)
    assert [one.sent_at for one in reminders(office, OutboxState.SENT)] == [first - A_DAY]
    later = first + timedelta(days=2)
    assert moved(office, later)
    assert [one.not_before for one in reminders(office)] == [later - A_DAY, later - QUARTER]
    passes(office, later)
    assert [one.sent_at for one in reminders(office, OutboxState.SENT)] == [
        first - A_DAY,
        later - A_DAY,
        later - QUARTER,
    ]


def test_moved_back_to_where_it_was_it_is_reminded_of_once(office: Office) -> None:
    first = booked(office, timedelta(hours=46))
    assert moved(office, first + timedelta(days=1))
    assert moved(office, first)
    assert [one.not_before for one in reminders(office)] == [first - A_DAY, first - QUARTER]
    assert len(reminders(office, OutboxState.CANCELLED)) == 4


@pytest.mark.parametrize("seed", range(4))
def test_however_often_it_is_moved_no_reminder_comes_within_ten_minutes_of_another_word(
    office: Office, seed: int
) -> None:
    chance = random.Random(seed)
    starts_at = booked(office, timedelta(hours=46))
    stood = [(office.context.clock.now(), starts_at)]  # since when, and where
    for _ in range(12):
        now = office.context.clock.now()
        if chance.random() < 0.5:
            wanted = now + timedelta(minutes=chance.choice([12, 24, 26, 40, 23 * 60, 24 * 60 + 8, 24 * 60 + 20, 4000]))
            assert moved(office, wanted)
            stood.append((now, wanted))
        else:
            passes(office, now + timedelta(minutes=chance.choice([1, 9, 16, 600])))
    passes(office, max(stood[-1][1], office.context.clock.now()))
    left = [one for one in words(office) if one.state is OutboxState.SENT]
    for one in left:
        if not one.key.startswith("remind:"):
            continue
        stands = [where for since, where in stood if since <= one.not_before][-1]
        assert stands - one.not_before in REMINDERS, "of the time that stands, and none other"
    for earlier, later in pairwise(left):
        if later.key.startswith("remind:"):
            assert later.not_before - earlier.not_before >= APART
