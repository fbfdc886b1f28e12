"""Words with two readings: one question in their language that names both, a link for each, and all free times."""

import base64
from dataclasses import replace
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from agents.booking.picking import call_off, pick_slot
from agents.calendar import calendar
from agents.email import email
from agents.engagement import engagement
from agents.revision import preview
from agents.step import Trigger
from store.models import Contact, Draft, Hold, Meeting, OutboxItem, Workspace
from tests.integration.agents.test_calendar_agent import invite
from tests.support.agent_office import following, rows_of, write_in
from tests.support.crash.office import Office
from workers.letters import Words, words_of_payload

NEXT_FRIDAY = {
    "en": ("Next Friday works.", "Do you mean"),
    "de": ("Nächsten Freitag passt es.", "Meinen Sie"),
    "fr": ("Vendredi prochain me convient.", "Voulez-vous dire"),
    "es": ("El próximo viernes me va bien.", "¿Se refiere a"),
    "it": ("Venerdì prossimo va bene.", "Intende"),
    "nl": ("Volgende vrijdag is goed.", "Bedoelt u"),
}


@pytest.fixture
def shop(office: Office) -> Office:
    with office.context.database.write(office.context.workspace_id) as session:
        workspace = session.get(Workspace, office.context.workspace_id)
        assert workspace is not None
        workspace.offer = {"product": "Ledgerly", "value_line": "catches invoice errors before they are sent"}
    tools = replace(
        office.context.tools,
        meeting_url=lambda _workspace_id, meeting_id: f"https://sales.example/m/{meeting_id}",
        booking_url=lambda _workspace_id, hold_id: f"https://sales.example/b/{hold_id}",
    )
    return replace(office, context=replace(office.context, tools=tools))


def proposal(office: Office, text: str, language: str, number: int = 0) -> tuple[Draft, str, list[Hold]]:
    """The draft that answers this mail, its body, and the times that are held for it."""
    step = write_in(office, number, "interested", text=text, language=language)
    held = calendar(office.context, following(step, engagement(office.context, step)))
    assert held.trigger is Trigger.SLOTS_HELD, held.reason
    drafted = email(office.context, following(step, held))
    [draft] = rows_of(office.context, Draft, Draft.id == UUID(str(drafted.payload["draft_id"])))
    holds = rows_of(office.context, Hold, Hold.meeting_id == draft.meeting_id)
    body = office.context.sealer.open(draft.body_sealed or "", context=f"draft|body|{draft.id}")
    return draft, body, sorted(holds, key=lambda hold: hold.starts_at)


@pytest.mark.parametrize("language", NEXT_FRIDAY)
def test_two_readings_are_named_asked_once_and_held(shop: Office, language: str) -> None:
    shop.context.clock.advance(timedelta(days=(1 - shop.context.clock.now().weekday()) % 7))  # type: ignore[attr-defined]
    text, asked = NEXT_FRIDAY[language]
    draft, body, holds = proposal(shop, text, language)
    assert draft.problems == []
    assert draft.template == "meeting/which@1"
    assert asked in body
    assert body.count("?") == 1
    assert len(holds) == 3
    assert all(shop.context.tools.booking_url(shop.context.workspace_id, hold.id) in body for hold in holds)
    [contact] = rows_of(shop.context, Contact, Contact.id == shop.people[0].contact_id)
    fridays = [hold for hold in holds if hold.starts_at.astimezone(ZoneInfo(contact.time_zone)).weekday() == 4]
    assert len({hold.starts_at.date() for hold in fridays}) == 2  # one click for each of the two
    page = shop.context.tools.meeting_url(shop.context.workspace_id, draft.meeting_id)
    assert page in body
    assert page in draft.links
    subject = shop.context.sealer.open(draft.subject_sealed or "", context=f"draft|subject|{draft.id}")
    assert preview(shop.context, draft.id, subject, body, "user:1") == []  # a person's look at it finds no fault
    # Unclear again: no second question in the thread, but times and the page.
    again, body, _ = proposal(shop, f"{text} {text}", language)
    assert again.template == "meeting/proposal@2"
    assert asked not in body
    assert shop.context.tools.meeting_url(shop.context.workspace_id, again.meeting_id) in body


def test_plain_words_are_not_asked_about(shop: Office) -> None:
    draft, body, _ = proposal(shop, "Thursday after 10am works for me.", "en")
    assert draft.template == "meeting/proposal@2"
    assert "Do you mean" not in body
    assert "all free times are on this page: https://" in body


def letters(office: Office, kind: str) -> list[Words]:
    items = rows_of(office.context, OutboxItem)
    found = [words_of_payload(office.context.sealer, one) for one in items if one.key.startswith(f"{kind}:")]
    return [one for one in found if one is not None]


@pytest.mark.parametrize(
    ("language", "booked", "reminder", "off", "month"),
    [
        ("en", "Booked", "Reminder", "Called off", "June"),
        ("de", "Gebucht", "Erinnerung", "Abgesagt", "Juni"),
        ("fr", "Réservé", "Rappel", "Annulé", "juin"),
        ("es", "Reservado", "Recordatorio", "Cancelado", "junio"),
        ("it", "Prenotato", "Promemoria", "Annullato", "giugno"),
        ("nl", "Geboekt", "Herinnering", "Afgezegd", "juni"),
    ],
)
def test_mails_about_a_meeting_are_in_the_language_in_which_they_wrote(
    shop: Office, language: str, booked: str, reminder: str, off: str, month: str
) -> None:
    _, _, holds = proposal(shop, "hello", language)
    pick_slot(shop.context, holds[-1].id)
    shop.context.clock.move_to(holds[-1].starts_at - timedelta(hours=46))  # type: ignore[attr-defined]
    invite(shop, holds[-1].id)
    [meeting] = rows_of(shop.context, Meeting)
    assert meeting.language == language
    [invitation] = letters(shop, "invite")
    assert invitation.subject.startswith(booked)
    assert month in invitation.text
    [event] = Calendar.from_ical(base64.b64decode(invitation.ics)).walk("VEVENT")
    assert event["SUMMARY"].params["LANGUAGE"] == language
    assert event["DESCRIPTION"].params["LANGUAGE"] == language
    reminders = letters(shop, "remind")
    assert len(reminders) == 2
    assert all(one.subject.startswith(reminder) for one in reminders)
    call_off(shop.context, meeting.id)
    assert all(one.subject.startswith(off) for one in letters(shop, "uninvite"))
