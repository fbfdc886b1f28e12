"""What other people's calendars answer (RFC 5546): read into a typed record, then judged against what we know.

Everything in it is a stranger's. It never becomes a recipient, a link or a command: addresses are compared, times are
offered to a person or to a rule, words are quoted.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from icalendar import Calendar, Component

from tools.calendar.ics_text import Refused, calendar_texts, read_calendar
from tools.ports.unknown import Gap, Unknown

MAX_WORDS = 2_000  # characters of a comment that are kept
_MAX_EVENTS = 50  # of one message: occurrences of one series
_PARTS = ("UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "ORGANIZER", "ATTENDEE")


class ItipMethod(StrEnum):
    PUBLISH = "PUBLISH"
    REQUEST = "REQUEST"
    REPLY = "REPLY"
    ADD = "ADD"
    CANCEL = "CANCEL"
    REFRESH = "REFRESH"
    COUNTER = "COUNTER"
    DECLINECOUNTER = "DECLINECOUNTER"


class Answer(StrEnum):
    """PARTSTAT."""

    NEEDS_ACTION = "NEEDS-ACTION"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    TENTATIVE = "TENTATIVE"
    DELEGATED = "DELEGATED"


@dataclass(frozen=True, slots=True)
class Attendee:
    address: str  # lower case, without mailto:
    answer: Answer
    delegated_to: str = ""


@dataclass(frozen=True, slots=True)
class ItipMessage:
    """One event of one message; all of it tainted. Addresses in lower case, without mailto:.

    `recurrence_id`: as written, "" for the whole series or a single event. `starts_at`, `ends_at`: UTC; None where it
    says none or one that cannot be placed (a clock without a zone, a zone that nobody knows, a whole day): then ask
    back, with `time_as_written`. `comment`: at most `MAX_WORDS` characters, a line for each COMMENT.
    """

    method: ItipMethod
    uid: str
    sequence: int
    stamp: datetime | None
    recurrence_id: str
    organizer: str
    attendees: tuple[Attendee, ...]
    starts_at: datetime | None
    ends_at: datetime | None
    time_as_written: str
    comment: str
    summary: str
    cancelled: bool  # STATUS:CANCELLED


def read_messages(raw: bytes) -> tuple[ItipMessage, ...] | Unknown:
    """Every event of a text/calendar part, in order. Unknown, with a reason, for what cannot be read or is not iTIP;
    where a file holds several calendars, those that can be read are told, if any can. Raises nothing for what is in it.
    """
    found: list[ItipMessage] = []
    reason = "The file holds no calendar."
    try:
        texts, _ = calendar_texts(raw)
    except Refused as refused:
        return Unknown(str(refused), Gap.REFUSED)
    for text in texts:
        try:
            found += _messages(read_calendar(text))
        except Refused as refused:
            reason = str(refused)
    return tuple(found) if found else Unknown(reason, Gap.REFUSED)


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """What we hold about the event: its current version, and the newest message of this sender that was applied.

    `last_sequence`, `last_stamp`: of that message, -1 and None where there is none yet. Addresses in any case.
    """

    uid: str
    sequence: int
    organizer: str
    attendees: Collection[str]
    last_sequence: int = -1
    last_stamp: datetime | None = None


class Verdict(StrEnum):
    APPLY = "apply"
    OTHER_EVENT = "other_event"
    STRANGER = "stranger"  # who sent it is not who it speaks for: a person looks at it
    OUTDATED = "outdated"  # speaks of an earlier version of the event
    REPEATED = "repeated"  # this or a newer message of theirs was applied already
    NOT_TO_US = "not_to_us"  # a method that only an organizer may send to attendees, or the other way round


_OF_ATTENDEES = frozenset({ItipMethod.REPLY, ItipMethod.COUNTER, ItipMethod.REFRESH})


def judge(message: ItipMessage, known: KnownEvent, sender: str, *, we_organize: bool = True) -> Verdict:
    """Whether to act on it. `sender`: the address that the mail authentically came from; no other than the attendee's
    own speaks for an attendee, and only the organizer's for the event (SENT-BY in the file is anybody's claim).

    A reply to an earlier version (lower SEQUENCE) is outdated: who accepted Tuesday did not accept Thursday. Messages
    of one sender are in order of SEQUENCE, then DTSTAMP (RFC 5546 §2.1.5).
    """
    if message.uid != known.uid:
        return Verdict.OTHER_EVENT
    if (message.method in _OF_ATTENDEES) != we_organize:
        return Verdict.NOT_TO_US
    who, organizer = sender.casefold(), known.organizer.casefold()
    if we_organize:
        speaks = [attendee.address for attendee in message.attendees]
        invited = {address.casefold() for address in known.attendees}
        own = speaks == [who] or (message.method is ItipMethod.COUNTER and (who in speaks or not speaks))
        if not own or who not in invited or message.organizer not in ("", organizer):
            return Verdict.STRANGER
    elif who != organizer or message.organizer not in ("", organizer):
        return Verdict.STRANGER
    if message.method is not ItipMethod.REFRESH and message.sequence < known.sequence:
        return Verdict.OUTDATED
    if _order(message.sequence, message.stamp) <= _order(known.last_sequence, known.last_stamp):
        return Verdict.REPEATED
    return Verdict.APPLY


def _order(sequence: int, stamp: datetime | None) -> tuple[int, datetime]:
    return sequence, stamp or datetime.min.replace(tzinfo=UTC)


def _messages(calendar: Calendar) -> list[ItipMessage]:
    text = str(calendar.get("METHOD", "")).strip().upper()
    try:
        method = ItipMethod(text)
    except ValueError as error:
        raise Refused("The calendar says no METHOD that iTIP knows.") from error
    events = calendar.walk("VEVENT")
    if len(events) > _MAX_EVENTS:
        raise Refused(f"The message speaks of {len(events)} events; at most {_MAX_EVENTS} are read.")
    if not events:
        raise Refused("The message speaks of no event.")
    return [_message(method, event) for event in events]


def _message(method: ItipMethod, event: Component) -> ItipMessage:
    broken = {str(name).upper() for name, _ in event.errors}
    needed = [name for name in _PARTS if name in broken and name != "DTSTAMP"]
    if needed:
        raise Refused(f"The message's {needed[0]} cannot be read.")
    if any(isinstance(event.get(name), list) for name in _PARTS if name != "ATTENDEE"):
        raise Refused("The message says something twice that an event has once.")
    uid = str(event.get("UID", "")).strip()
    if not uid or len(uid) > 1024:
        raise Refused("The message does not say which event it speaks of.")
    attendees = tuple(_attendee(found) for found in _list(event.get("ATTENDEE")))
    if method is ItipMethod.REPLY and len(attendees) != 1:  # a COUNTER may propose further attendees
        raise Refused("An answer speaks for exactly one attendee.")
    start, end, written = _times(event)
    try:
        sequence = int(event.get("SEQUENCE", 0))
    except (TypeError, ValueError) as error:
        raise Refused("The message's SEQUENCE cannot be read.") from error
    stamp = None if "DTSTAMP" in broken else _instant(getattr(event.get("DTSTAMP"), "dt", None))
    occurrence: Any = event.get("RECURRENCE-ID")
    return ItipMessage(
        method=method,
        uid=uid,
        sequence=sequence,
        stamp=stamp,
        recurrence_id=occurrence.to_ical().decode("utf-8", "replace") if occurrence is not None else "",
        organizer=_address(event.get("ORGANIZER")),
        attendees=attendees,
        starts_at=start,
        ends_at=end,
        time_as_written=written,
        comment="\n".join(_words(found) for found in _list(event.get("COMMENT")))[:MAX_WORDS],
        summary=_words(event.get("SUMMARY", ""))[:MAX_WORDS],
        cancelled=str(event.get("STATUS", "")).strip().upper() == "CANCELLED",
    )


def _times(event: Component) -> tuple[datetime | None, datetime | None, str]:
    starts: Any = event.get("DTSTART")
    if starts is None:
        return None, None, ""
    try:
        ends: Any = event.get("DTEND")
        length: Any = event.get("DURATION")
        written = f"{starts.dt} {starts.params.get('TZID', '')}".strip()
        start = _instant(starts.dt)
        end = _instant(ends.dt) if ends is not None else (start + length.dt if start and length is not None else None)
    except Exception as error:  # a stranger's dates
        raise Refused("The message's times cannot be read.") from error
    if start is not None and end is not None and end <= start:
        end = None
    return start, end, written


def _instant(value: Any) -> datetime | None:
    try:
        if isinstance(value, datetime) and value.utcoffset() is not None:
            return value.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return None


def _attendee(found: Any) -> Attendee:
    params = getattr(found, "params", {})
    try:
        answer = Answer(str(params.get("PARTSTAT", Answer.NEEDS_ACTION)).strip().upper())
    except ValueError:
        answer = Answer.NEEDS_ACTION  # what a client made up is no answer
    delegated = _list(params.get("DELEGATED-TO"))
    return Attendee(_address(found), answer, _address(delegated[0]) if delegated else "")


def _address(found: Any) -> str:
    return str(found or "").strip().casefold().removeprefix("mailto:").strip()[:320]


def _words(found: Any) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in str(found)).split())


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [] if value is None else [value]
