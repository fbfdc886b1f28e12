"""After a meeting: one kind mail where nobody came and nothing says why; and, where it was held, one of what was
confirmed, when a person asks for it."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import col, select

from agents.calendar import calendar, record_meeting
from agents.discovery import after, deciding, keeping
from agents.email import email
from agents.engagement import engagement
from agents.step import Outcome, Step, SubjectKind, Trigger
from core.errors import Conflict
from store.models import Draft, Finding, FindingState, Hold, Meeting, MeetingState, Task, ThreadTrigger, Workspace
from tests.support.agent_office import rows_of, stage_of, write_in
from tests.support.calendar_office import CalendarOffice, with_calendars
from tests.support.crash.office import Office
from tests.support.fake_calendar import FakeCalendar

SAID = b"""Ada Rep: Thank you for coming.
Prospect: We need a way to check invoices.
Ada Rep: I'll send you the case study by Friday.
Prospect: I'll introduce you to our controller tomorrow.
"""


@pytest.fixture
def booking(office: Office) -> CalendarOffice:
    with office.context.database.write(office.context.workspace_id) as session:
        workspace = session.get(Workspace, office.context.workspace_id)
        assert workspace is not None
        workspace.offer = {"product": "Ledgerly", "value_line": "catches invoice errors before they are sent"}
    return with_calendars(office, FakeCalendar(clock=office.context.clock))


def over(booking: CalendarOffice, *, held: bool) -> UUID:
    """A booked meeting whose time has passed, and what its rep says of it."""
    picked = booking.book()
    booking.context.clock.move_to(booking.meeting(picked.meeting_id).ends_at)  # type: ignore[attr-defined]
    record_meeting(booking.context, picked.meeting_id, held, "", "user:ann")
    return picked.meeting_id


def ended(booking: CalendarOffice) -> Outcome:
    [trigger] = rows_of(booking.context, ThreadTrigger, col(ThreadTrigger.kind) == "meeting_ended")
    return engagement(booking.context, step_of(booking, Trigger.MEETING_ENDED, trigger.payload))


def step_of(booking: CalendarOffice, trigger: Trigger, payload: dict[str, str]) -> Step:
    return Step(SubjectKind.LEAD, booking.office.people[0].lead_id, stage_of(booking.office), trigger, payload)


def follow(booking: CalendarOffice, outcome: Outcome) -> Outcome:
    """What the supervisor does with a missed meeting."""
    held = calendar(booking.context, step_of(booking, outcome.trigger, dict(outcome.payload)))
    assert held.trigger is Trigger.SLOTS_HELD, held.reason
    return email(booking.context, step_of(booking, held.trigger, dict(held.payload)))


def drafts(booking: CalendarOffice, kind: str) -> list[Draft]:
    return rows_of(booking.context, Draft, Draft.kind == kind)


def body_of(booking: CalendarOffice, draft: Draft) -> str:
    return booking.context.sealer.open(draft.body_sealed or "", context=f"draft|body|{draft.id}")


def test_a_missed_meeting_is_followed_up_by_one_draft_with_new_times(booking: CalendarOffice) -> None:
    missed = over(booking, held=False)
    outcome = ended(booking)
    assert (outcome.trigger, outcome.payload) == (Trigger.MISSED, {"meeting_id": str(missed)})
    for _ in range(2):
        drafted = follow(booking, outcome)
        assert drafted.trigger is Trigger.DRAFTED, "a person decides, unless the policy says otherwise"
    [draft] = drafts(booking, "missed_meeting")
    assert draft.problems == []
    body = body_of(booking, draft)
    holds = rows_of(booking.context, Hold, Hold.meeting_id == draft.meeting_id)
    assert len(holds) == 3
    assert all(f"https://sales.example/b/{hold.id}" in body for hold in holds)
    assert "reply" not in body.lower(), "nobody replied: it must not thank for one"
    assert [task.kind for task in rows_of(booking.context, Task) if task.kind in ("rebook", "propose_times")] == []


@pytest.mark.parametrize("when", [timedelta(hours=-3), timedelta(minutes=20)])
def test_who_wrote_about_it_is_answered_and_not_reminded(booking: CalendarOffice, when: timedelta) -> None:
    picked = booking.book()
    clock, meeting = booking.context.clock, booking.meeting(picked.meeting_id)
    assert meeting.starts_at is not None
    clock.move_to(meeting.starts_at + when)  # type: ignore[attr-defined]
    write_in(booking.office, 0, "question", key="sorry")
    clock.move_to(meeting.ends_at)  # type: ignore[attr-defined]
    record_meeting(booking.context, picked.meeting_id, False, "", "user:ann")
    outcome = ended(booking)
    assert outcome.trigger is Trigger.ASSESSED
    assert "They wrote since" in outcome.reason
    assert [task.kind for task in rows_of(booking.context, Task) if "missed" in task.title] == ["rebook"]


def test_a_meeting_that_was_called_off_or_moved_is_never_called_missed(booking: CalendarOffice) -> None:
    missed = over(booking, held=False)
    with booking.context.database.write(booking.context.workspace_id) as session:
        row = session.get(Meeting, (booking.context.workspace_id, missed))
        assert row is not None
        again = Meeting(**{**row.model_dump(), "id": UUID(int=9), "purpose_key": "x", "state": MeetingState.BOOKED})
        again.booked_key = f"{row.contact_id}:introduction"
        session.add(again)
    assert "another meeting ahead" in ended(booking).reason
    with booking.context.database.write(booking.context.workspace_id) as session:
        row = session.get(Meeting, (booking.context.workspace_id, missed))
        assert row is not None
        row.state = MeetingState.CANCELLED
        session.add(row)
    assert ended(booking).trigger is Trigger.NOTHING
    assert drafts(booking, "missed_meeting") == []


def test_what_they_write_meanwhile_voids_the_draft(booking: CalendarOffice) -> None:
    over(booking, held=False)
    follow(booking, ended(booking))
    step = write_in(booking.office, 0, "question", key="late")
    engagement(booking.context, step)
    assert [draft.state.value for draft in drafts(booking, "missed_meeting")] == ["void"]


def heard(booking: CalendarOffice) -> tuple[UUID, list[Finding]]:
    meeting_id = over(booking, held=True)
    kept = keeping.keep(booking.context, meeting_id, SAID, "user:ann")
    sides = {"Ada Rep": keeping.Side.US, "Prospect": keeping.Side.PROSPECT}
    keeping.say_sides(booking.context, kept.transcript_id, sides, "user:ann")
    return meeting_id, rows_of(booking.context, Finding, Finding.state == FindingState.PROPOSED)


def test_a_recap_says_what_was_confirmed_and_nothing_else(booking: CalendarOffice) -> None:
    meeting_id, found = heard(booking)
    assert sorted(one.kind for one in found) == ["commitment", "commitment", "need"]
    with pytest.raises(Conflict, match="No next step is confirmed"):
        after.ask_recap(booking.context, meeting_id, "user:ann")
    ours = next(one for one in found if one.kind == "commitment" and one.who == "us")
    deciding.confirm(booking.context, ours.id, "user:ann")
    assert drafts(booking, "meeting_recap") == [], "nothing is drafted by itself"
    after.ask_recap(booking.context, meeting_id, "user:ann")
    [trigger] = rows_of(booking.context, ThreadTrigger, col(ThreadTrigger.kind) == "recap_asked")
    for _ in range(2):
        assert email(booking.context, step_of(booking, Trigger.RECAP_ASKED, trigger.payload)).trigger is Trigger.DRAFTED
    [draft] = drafts(booking, "meeting_recap")
    body = body_of(booking, draft)
    assert draft.problems == []
    assert "On our side: “I'll send you the case study by Friday.”" in body
    assert "controller" not in body, "they promised it, and nobody confirmed it"
    assert "invoices" not in body
    with pytest.raises(Conflict, match="already"):
        after.ask_recap(booking.context, meeting_id, "user:ann")


def test_a_step_that_a_mail_may_not_say_is_left_out_and_counted(booking: CalendarOffice) -> None:
    meeting_id, found = heard(booking)
    ours, theirs = (
        next(one for one in found if one.kind == "commitment" and one.who == who) for who in ("us", "prospect")
    )
    deciding.confirm(booking.context, ours.id, "user:ann", text="Send the list to https://evil.example/x now")
    deciding.confirm(booking.context, theirs.id, "user:ann")
    after.ask_recap(booking.context, meeting_id, "user:ann")
    outcome = email(booking.context, step_of(booking, Trigger.RECAP_ASKED, {"meeting_id": str(meeting_id)}))
    assert "1 steps are left out" in outcome.reason
    [draft] = drafts(booking, "meeting_recap")
    assert "evil" not in body_of(booking, draft)
    with booking.context.database.read(booking.context.workspace_id) as session:
        assert session.exec(select(Task.kind).where(Task.id == ours.id)).first() is None
