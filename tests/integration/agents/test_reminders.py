"""Reminders of a booked meeting: a day and a quarter of an hour before, none in the past, none of what was changed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from agents.booking.picking import call_off, pick_slot
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
    assert all(one.expires_at == starts_at for one in found)


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
