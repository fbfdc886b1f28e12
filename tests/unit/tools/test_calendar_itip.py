"""Answers of other calendars: read, judged, and never anything but a record."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.calendar.ics import Invitation, Method, Party, invitation_bytes
from tools.calendar.itip import (
    Answer,
    ItipMessage,
    ItipMethod,
    KnownEvent,
    Verdict,
    judge,
    read_messages,
)
from tools.ports.unknown import Unknown

ANN, PAT = "ann@sender.example", "pat@company.example"
KNOWN = KnownEvent(uid="m-1", sequence=2, organizer=ANN, attendees=[PAT])


def text(method: str = "REPLY", **changes: str) -> bytes:
    lines = {
        "UID": "m-1",
        "SEQUENCE": "2",
        "DTSTAMP": "20260601T100000Z",
        "DTSTART": "20260603T140000Z",
        "DTEND": "20260603T143000Z",
        "ORGANIZER": f"mailto:{ANN}",
        "ATTENDEE;PARTSTAT=ACCEPTED": f"MAILTO:{PAT.title()}",
        **changes,
    }
    body = "".join(f"{name}:{value}\r\n" for name, value in lines.items() if value)
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\n{body}END:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()


def one(raw: bytes) -> ItipMessage:
    found = read_messages(raw)
    assert not isinstance(found, Unknown), found
    (message,) = found
    return message


def reason(raw: bytes) -> str:
    found = read_messages(raw)
    assert isinstance(found, Unknown), found
    return found.reason


def test_a_reply_as_it_is_read() -> None:
    message = one(text(COMMENT="Bring\\ncake\\, please \u202e", SUMMARY="Accepted: talk"))
    assert message.method is ItipMethod.REPLY
    assert (message.uid, message.sequence, message.stamp) == ("m-1", 2, datetime(2026, 6, 1, 10, tzinfo=UTC))
    assert message.organizer == ANN
    assert [(a.address, a.answer) for a in message.attendees] == [(PAT, Answer.ACCEPTED)]
    assert message.comment == "Bring cake, please"
    assert judge(message, KNOWN, PAT.upper()) is Verdict.APPLY


def test_a_counter_names_the_time_that_is_proposed() -> None:
    raw = text(
        "COUNTER",
        DTSTART="",
        DTEND="",
        **{"DTSTART;TZID=W. Europe Standard Time": "20260604T160000", "DURATION": "PT45M"},
    )
    message = one(raw)
    assert message.starts_at == datetime(2026, 6, 4, 14, tzinfo=UTC)
    assert message.ends_at == datetime(2026, 6, 4, 14, 45, tzinfo=UTC)
    assert judge(message, KNOWN, PAT) is Verdict.APPLY


@pytest.mark.parametrize("start", ["20260604T160000", "20260604"])
def test_a_time_that_cannot_be_placed_is_asked_back(start: str) -> None:
    name = "DTSTART;VALUE=DATE" if len(start) == 8 else "DTSTART"
    message = one(text("COUNTER", **{"DTSTART": "", "DTEND": "", name: start}))
    assert message.starts_at is None
    assert message.time_as_written.startswith("2026-06-04")
    unknown = one(text("COUNTER", DTSTART="", DTEND="", **{"DTSTART;TZID=Mars/Base": "20260604T160000"}))
    assert unknown.starts_at is None
    assert "Mars/Base" in unknown.time_as_written


@pytest.mark.parametrize(
    ("method", "changes", "sender", "verdict"),
    [
        ("REPLY", {}, PAT, Verdict.APPLY),
        ("REPLY", {"UID": "m-2"}, PAT, Verdict.OTHER_EVENT),
        ("REPLY", {}, "eve@evil.example", Verdict.STRANGER),
        ("REPLY", {"ATTENDEE;PARTSTAT=ACCEPTED": "mailto:eve@evil.example"}, "eve@evil.example", Verdict.STRANGER),
        ("REPLY", {"ATTENDEE;PARTSTAT=ACCEPTED": "mailto:eve@evil.example"}, PAT, Verdict.STRANGER),
        (
            "REPLY",
            {"ATTENDEE;PARTSTAT=ACCEPTED": "", 'ATTENDEE;SENT-BY="mailto:eve@evil.example"': f"mailto:{PAT}"},
            "eve@evil.example",
            Verdict.STRANGER,
        ),
        ("REPLY", {"ORGANIZER": "mailto:eve@evil.example"}, PAT, Verdict.STRANGER),
        ("REPLY", {"SEQUENCE": "1"}, PAT, Verdict.OUTDATED),
        ("COUNTER", {"SEQUENCE": "1"}, PAT, Verdict.OUTDATED),
        ("REFRESH", {"SEQUENCE": ""}, PAT, Verdict.APPLY),
        ("COUNTER", {"ATTENDEE": "mailto:new@company.example"}, PAT, Verdict.APPLY),
        ("COUNTER", {"ATTENDEE;PARTSTAT=ACCEPTED": "mailto:eve@evil.example"}, PAT, Verdict.STRANGER),
        ("REQUEST", {"ORGANIZER": f"mailto:{PAT}"}, PAT, Verdict.NOT_TO_US),
        ("CANCEL", {}, PAT, Verdict.NOT_TO_US),
        ("CANCEL", {}, ANN, Verdict.NOT_TO_US),
    ],
)
def test_whose_word_counts_for_what(method: str, changes: dict[str, str], sender: str, verdict: Verdict) -> None:
    assert judge(one(text(method, **changes)), KNOWN, sender) is verdict


def test_messages_of_one_sender_are_in_order_of_sequence_then_stamp() -> None:
    first = one(text(DTSTAMP="20260601T100000Z"))
    later = replace(KNOWN, last_sequence=2, last_stamp=first.stamp)
    assert judge(first, later, PAT) is Verdict.REPEATED
    assert judge(one(text(DTSTAMP="20260601T095959Z")), later, PAT) is Verdict.REPEATED
    assert judge(one(text(DTSTAMP="20260601T100001Z")), later, PAT) is Verdict.APPLY
    assert judge(one(text(DTSTAMP="20250101T000000Z", SEQUENCE="3")), later, PAT) is Verdict.APPLY


def test_of_an_event_of_theirs_only_the_organizer_speaks() -> None:
    theirs = KnownEvent(uid="m-1", sequence=2, organizer=PAT, attendees=[ANN])
    request = one(text("REQUEST", ORGANIZER=f"mailto:{PAT}", SEQUENCE="3"))
    assert judge(request, theirs, PAT, we_organize=False) is Verdict.APPLY
    assert judge(request, theirs, "eve@evil.example", we_organize=False) is Verdict.STRANGER
    cancel = one(text("CANCEL", ORGANIZER=f"mailto:{PAT}", STATUS="CANCELLED"))
    assert cancel.cancelled
    assert judge(cancel, theirs, PAT, we_organize=False) is Verdict.APPLY
    assert judge(one(text()), theirs, PAT, we_organize=False) is Verdict.NOT_TO_US


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (text("SUMMON"), "no METHOD"),
        (text().replace(b"METHOD:REPLY\r\n", b""), "no METHOD"),
        (text(UID=""), "which event"),
        (text(DTSTART="whenever"), "DTSTART cannot be read"),
        (text(SEQUENCE="two"), "SEQUENCE cannot be read"),
        (text(ATTENDEE="mailto:second@company.example"), "exactly one"),
        (text(**{"UID;X=1": "m-2"}), "twice"),
        (text().replace(b"VEVENT", b"VTODO"), "no event"),
        (b"Yes, Thursday is fine.", "no calendar"),
        (text()[:-18], "cut short"),
    ],
)
def test_what_is_no_answer_is_refused_with_a_reason(raw: bytes, words: str) -> None:
    assert words in reason(raw)


@given(
    sequence=st.integers(0, 9),
    method=st.sampled_from(list(Method)),
    minutes=st.integers(1, 2000),
    words=st.text(max_size=120),
)
def test_what_we_write_reads_back(sequence: int, method: Method, minutes: int, words: str) -> None:
    start = datetime(2026, 6, 3, 14, tzinfo=UTC)
    made = Invitation(
        uid="m-1",
        sequence=sequence,
        starts_at=start,
        ends_at=start + timedelta(minutes=minutes),
        stamp=start - timedelta(days=3),
        organizer=Party(ANN, words),
        attendee=Party(PAT, words),
        summary=words,
        comment=words,
        guests=(Party("q@company.example"),),
    )
    message = one(invitation_bytes(made, method))
    assert message.method.value == method.value
    assert (message.uid, message.sequence, message.stamp) == ("m-1", sequence, made.stamp)
    assert (message.starts_at, message.ends_at) == (made.starts_at, made.ends_at)
    assert [a.address for a in message.attendees] == [PAT, "q@company.example"]
    assert message.cancelled is (method is Method.CANCEL)


@settings(max_examples=60)
@given(st.data())
def test_damage_at_any_place_is_refused_or_read_and_nothing_else(data: st.DataObject) -> None:
    raw = bytearray(text("COUNTER", COMMENT="Could we?", **{"RECURRENCE-ID": "20260603T140000Z"}))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    read_messages(bytes(raw))


def test_the_corpora_are_read_or_refused_with_a_reason(shared_dir: Path) -> None:
    folder = shared_dir / "data" / "calendar"
    for path in sorted(folder.glob("*/*.ics")):
        if path.name != "large.ics":
            found = read_messages(path.read_bytes())
            assert found, path.name
            assert not isinstance(found, Unknown) or found.reason.endswith("."), path.name
    large = read_messages((folder / "libical_itip" / "large.ics").read_bytes())
    assert not isinstance(large, Unknown)
    assert len(large) > 1_200
    assert Counter(message.method for message in large)[ItipMethod.COUNTER] > 20


def test_the_answers_that_libical_labels_are_read_as_labelled(shared_dir: Path) -> None:
    raw = (shared_dir / "data" / "calendar" / "libical_itip" / "incoming.ics").read_text()
    labelled = {"ACCEPT": Answer.ACCEPTED, "DECLINE": Answer.DECLINED, "DELEGATE": Answer.DELEGATED}
    seen = 0
    for block in raw.split("BEGIN:VCALENDAR")[1:]:
        label = block.partition("X-LIC-EXPECT:")[2].splitlines()[0]
        if label.startswith("REPLY-"):
            (message,) = read_messages(f"BEGIN:VCALENDAR{block}".encode())  # type: ignore[misc]
            assert message.method is ItipMethod.REPLY
            assert message.attendees[0].answer is labelled[label.rpartition("-")[2]]
            seen += 1
    assert seen == 5
