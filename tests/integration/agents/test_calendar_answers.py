"""What calendar programs answer to our invitations by mail, as raw mails through the inbox's reader."""

from email.message import EmailMessage
from uuid import UUID

import pytest

from agents.booking.picking import pick_slot
from agents.engagement import engagement
from agents.step import Outcome, Step, SubjectKind, Trigger
from store.models import CalendarBucket, Mailbox, Meeting, MeetingState, Message, OutboxItem, Task
from tests.integration.agents.test_calendar_agent import invite, propose
from tests.support.agent_office import rows_of, stage_of
from tests.support.crash.office import SENDER, Office
from tools.ports import InboundMail
from workers.inbound import ingest


def booked(office: Office) -> Meeting:
    hold = propose(office)[0]
    pick_slot(office.context, hold.id)
    invite(office, hold.id)
    [meeting] = rows_of(office.context, Meeting, Meeting.state == MeetingState.BOOKED)
    return meeting  # type: ignore[no-any-return]


def answer(
    meeting: Meeting,
    who: str,
    said: str,
    *,
    method: str = "REPLY",
    sequence: int = 0,
    minute: int = 0,
    by: str = "",
    words: str = "",
) -> bytes:
    """As Google and Outlook send it: words for people, and a text/calendar part for programs."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", f"METHOD:{method}", "BEGIN:VEVENT",
        f"UID:meeting-{meeting.id}@{SENDER.partition('@')[2]}", f"SEQUENCE:{sequence}",
        f"DTSTAMP:20260602T15{minute:02}00Z", "DTSTART:20260604T120000Z", "DTEND:20260604T123000Z",
        f"ORGANIZER:mailto:{SENDER}", f"ATTENDEE;PARTSTAT={said}:mailto:{who}", "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = by or who, SENDER, f"{said.title()}: 30 minutes"
    mail["Message-ID"], mail["Date"] = f"<{said}{sequence}{minute}@them.example>", "Tue, 02 Jun 2026 15:00:00 +0000"
    mail.set_content(words)
    mail.add_alternative("\r\n".join(lines), subtype="calendar", params={"method": method})
    return mail.as_bytes()


def arrives(office: Office, raw: bytes) -> Outcome:
    context = office.context
    before = {message.id for message in rows_of(context, Message)}
    mailbox = office.get(Mailbox, office.mailbox_id)
    ingest(context, mailbox, [InboundMail(uid=str(len(before)), raw=raw, received_at=context.clock.now())])
    [message] = [one for one in rows_of(context, Message) if one.id not in before]
    lead_id = message.lead_id or office.people[0].lead_id
    payload = {"message_id": str(message.id)}
    return engagement(context, Step(SubjectKind.LEAD, lead_id, stage_of(office), Trigger.INBOUND, payload))


def state_of(office: Office, meeting_id: UUID) -> MeetingState:
    return office.get(Meeting, meeting_id).state  # type: ignore[no-any-return]


def test_a_declined_invitation_calls_the_meeting_off_and_frees_the_time(office: Office) -> None:
    meeting = booked(office)
    outcome = arrives(office, answer(meeting, office.people[0].address, "DECLINED"))
    assert (state_of(office, meeting.id), stage_of(office)) == (MeetingState.CANCELLED, "replied")
    assert outcome.trigger is Trigger.NOTHING
    assert rows_of(office.context, CalendarBucket) == []
    assert len(rows_of(office.context, Task, Task.source_key == f"cancelled:{meeting.id}")) == 1
    again = arrives(office, answer(meeting, office.people[0].address, "DECLINED", minute=1, sequence=9))
    assert "does not stand" in again.reason
    assert len(rows_of(office.context, Task, Task.source_key == f"cancelled:{meeting.id}")) == 1


@pytest.mark.parametrize("said", ["ACCEPTED", "TENTATIVE"])
def test_who_accepts_is_not_asked_for_times_again(office: Office, said: str) -> None:
    meeting = booked(office)
    outcome = arrives(office, answer(meeting, office.people[0].address, said))
    assert outcome.trigger is Trigger.NOTHING
    assert state_of(office, meeting.id) is MeetingState.BOOKED
    assert rows_of(office.context, Task, Task.kind == "propose_times") == []


def test_nobody_else_declines_for_them(office: Office) -> None:
    meeting, who = booked(office), office.people[0].address
    colleague = f"colleague@{who.partition('@')[2]}"
    for raw in (
        answer(meeting, who, "DECLINED", by=colleague),  # in their name, from another address
        answer(meeting, colleague, "DECLINED", by=colleague),
        answer(meeting, "stranger@elsewhere.example", "DECLINED", by="stranger@elsewhere.example"),
        answer(meeting, colleague, "DECLINED", by=who),
        answer(meeting, who, "DECLINED", method="CANCEL"),
    ):
        arrives(office, raw)
        assert state_of(office, meeting.id) is MeetingState.BOOKED


def test_an_answer_to_an_older_invitation_changes_nothing_nor_does_one_that_was_overtaken(office: Office) -> None:
    meeting, who = booked(office), office.people[0].address
    arrives(office, answer(meeting, who, "ACCEPTED", minute=5))
    outcome = arrives(office, answer(meeting, who, "DECLINED", minute=1))  # sent before, came after
    assert "older" in outcome.reason
    with office.context.database.write(office.context.workspace_id) as session:
        row = session.get(Meeting, (office.context.workspace_id, meeting.id))
        assert row is not None
        row.ics_sequence = 2
        session.add(row)
    assert "older" in arrives(office, answer(meeting, who, "DECLINED", sequence=1, minute=9)).reason
    assert state_of(office, meeting.id) is MeetingState.BOOKED


def test_another_time_is_a_wish_that_the_rep_answers(office: Office) -> None:
    meeting, who = booked(office), office.people[0].address
    sent = len(rows_of(office.context, OutboxItem))
    outcome = arrives(office, answer(meeting, who, "TENTATIVE", method="COUNTER"))
    assert "proposes another time" in outcome.reason
    [task] = [one for one in rows_of(office.context, Task) if one.source_key.startswith("counter:")]
    script = office.context.sealer.open(task.script_sealed, context=f"task|script|{task.id}")
    assert script.startswith("They propose 2026-06-04 12:00 UTC.")
    assert state_of(office, meeting.id) is MeetingState.BOOKED
    assert len(rows_of(office.context, OutboxItem)) == sent


def test_who_asks_never_to_be_written_to_again_is_heard_first(office: Office) -> None:
    meeting, who = booked(office), office.people[0].address
    raw = answer(meeting, who, "ACCEPTED", words="Please unsubscribe me from all of this.")
    assert arrives(office, raw).trigger is Trigger.OPTED_OUT
