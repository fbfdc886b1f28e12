"""Invitations as calendars read them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar, Event

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


@given(
    summary=st.text(max_size=80),
    description=st.text(max_size=200),
    name=st.text(max_size=40),
    minutes=st.integers(1, 10_000),
    method=st.sampled_from(list(Method)),
    dial_in=st.sampled_from(["", "+49 30 123456-7", "ask at the desk"]),
)
def test_a_parser_that_shares_nothing_with_ours_reads_the_same(
    summary: str, description: str, name: str, minutes: int, method: Method, dial_in: str
) -> None:
    made = invitation(
        summary=summary,
        description=description,
        ends_at=AT + timedelta(minutes=minutes),
        attendee=Party("pat@company.example", name),
        guests=(Party("quinn@company.example", "Quinn"),),
        video_url="https://video.example/j/1?pwd=a,b;c",
        dial_in=dial_in,
        sequence=3,
    )
    read = IcsCalendarStream.calendar_from_ics(invitation_bytes(made, method).decode())
    (event,) = read.events
    assert read.method == method.value
    assert (event.uid, event.sequence, event.dtstamp) == (made.uid, 3, made.stamp.astimezone(UTC))
    assert (event.dtstart, event.dtend) == (made.starts_at.astimezone(UTC), made.ends_at.astimezone(UTC))
    assert event.organizer is not None
    assert event.organizer.uri == "mailto:ann@sender.example"
    assert [attendee.uri for attendee in event.attendees] == [
        "mailto:pat@company.example",
        "mailto:quinn@company.example",
    ]
    assert (event.summary or "").split() == "".join(c if c.isprintable() else " " for c in summary).split()
    assert event.location == "https://video.example/j/1?pwd=a,b;c"
    assert "https://video.example/j/1?pwd=a,b;c" in (event.description or "")
    assert [str(room.uri) for room in event.conference] == [
        "https://video.example/j/1?pwd=a,b;c",
        *(["tel:+49301234567"] if dial_in.startswith("+") else []),
    ]
    assert event.alarm == []


@pytest.mark.parametrize("method", list(Method))
def test_every_method_has_what_rfc_5546_asks_of_it_once(method: Method) -> None:
    raw = invitation_bytes(invitation(comment="Not then, sorry"), method)
    for name in (
        b"UID",
        b"DTSTAMP",
        b"DTSTART",
        b"SEQUENCE",
        b"ORGANIZER",
        b"SUMMARY",
        b"STATUS",
        b"METHOD",
        b"COMMENT",
    ):
        assert len([line for line in raw.split(b"\r\n") if line.startswith((name + b":", name + b";"))]) == 1, name
    assert b"\r\nATTENDEE;" in raw
    assert b"VALARM" not in raw
    assert raw.endswith(b"END:VCALENDAR\r\n")


def test_a_place_is_the_room_or_the_number_and_is_said_once() -> None:
    def event(**changes: str) -> Event:
        (found,) = Calendar.from_ical(invitation_bytes(invitation(**changes))).walk("VEVENT")
        return found  # type: ignore[return-value]

    assert "LOCATION" not in event()
    assert event(dial_in="+1 212 555 0100")["LOCATION"] == "+1 212 555 0100"
    assert event(location="Room 4", video_url="https://v.example/1")["LOCATION"] == "Room 4"
    both = event(description="Join at https://v.example/1", video_url="https://v.example/1")
    assert both["DESCRIPTION"] == "Join at https://v.example/1"


@pytest.mark.parametrize(
    "changes",
    [
        {"video_url": "http://v.example/1"},
        {"video_url": "https://v.example/1\r\nATTENDEE:mailto:eve@evil.example"},
        {"attendee": Party("pat@company.example\r\nATTENDEE:mailto:eve@evil.example")},
        {"attendee": Party("")},
    ],
)
def test_what_would_break_out_of_its_line_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        invitation_bytes(invitation(**changes))


def test_naive_and_reversed_times_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        invitation_bytes(invitation(stamp=AT.replace(tzinfo=None)))
    with pytest.raises(ValueError, match="ends after"):
        invitation_bytes(invitation(ends_at=AT))
    assert invitation_bytes(invitation(stamp=datetime(2026, 1, 1, tzinfo=UTC)))
