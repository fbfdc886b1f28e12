"""Invitations as calendars read them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from tools.calendar.ics import Invitation, Method, Party, invitation_bytes, meeting_uid

AT = datetime(2026, 6, 3, 16, tzinfo=ZoneInfo("Europe/Berlin"))


def invitation(**changes: object) -> Invitation:
    values: dict[str, object] = {
        "uid": meeting_uid("42", "sender.example"),
        "sequence": 0,
        "starts_at": AT,
        "ends_at": AT + timedelta(minutes=30),
        "stamp": AT - timedelta(days=1),
        "organizer": Party("ann@sender.example", "Ann Miller"),
        "attendee": Party("pat@company.example", 'Pat "P", Q;'),
        "summary": "Northwind: 30 minutes",
        "description": "Line one\nline two; with, signs",
    }
    return Invitation(**{**values, **changes})  # type: ignore[arg-type]


def test_a_request_says_who_when_and_that_an_answer_is_wanted() -> None:
    raw = invitation_bytes(invitation())
    calendar = Calendar.from_ical(raw)
    (event,) = calendar.walk("VEVENT")
    assert calendar["METHOD"] == "REQUEST"
    assert event["UID"] == "meeting-42@sender.example"
    assert event["SEQUENCE"] == 0
    assert b"DTSTART:20260603T140000Z\r\n" in raw
    assert b"DTEND:20260603T143000Z\r\n" in raw
    assert b"DTSTAMP:20260602T140000Z\r\n" in raw
    assert event["ORGANIZER"] == "mailto:ann@sender.example"
    assert event["ATTENDEE"] == "mailto:pat@company.example"
    assert event["ATTENDEE"].params["RSVP"] == "TRUE"
    assert event["ATTENDEE"].params["CN"] == "Pat 'P', Q;"
    assert event["DESCRIPTION"] == "Line one\nline two; with, signs"


def test_a_cancel_takes_the_same_meeting_back() -> None:
    (event,) = Calendar.from_ical(invitation_bytes(invitation(sequence=1), Method.CANCEL)).walk("VEVENT")
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == ("meeting-42@sender.example", 1, "CANCELLED")
    assert "RSVP" not in event["ATTENDEE"].params


@given(text=st.text(max_size=200), name=st.text(max_size=80))
def test_no_words_break_out_of_their_line(text: str, name: str) -> None:
    made = invitation(summary=text, description=text, attendee=Party("pat@company.example", name))
    raw = invitation_bytes(made)
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    calendar = Calendar.from_ical(raw)
    assert len(calendar.walk("VEVENT")) == 1
    assert calendar["METHOD"] == "REQUEST"
    assert calendar.walk("VEVENT")[0]["ATTENDEE"] == "mailto:pat@company.example"


def test_the_same_invitation_is_the_same_bytes() -> None:
    assert invitation_bytes(invitation()) == invitation_bytes(invitation())


def test_naive_and_reversed_times_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        invitation_bytes(invitation(stamp=AT.replace(tzinfo=None)))
    with pytest.raises(ValueError, match="ends after"):
        invitation_bytes(invitation(ends_at=AT))
    assert invitation_bytes(invitation(stamp=datetime(2026, 1, 1, tzinfo=UTC)))
