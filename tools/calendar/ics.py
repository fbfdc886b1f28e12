"""Invitations as calendars read them: RFC 5545 objects with the methods of RFC 5546 (iTIP), rooms as in RFC 7986.

The same meeting keeps its UID; a higher SEQUENCE replaces what was sent before, a CANCEL takes it back. Instants are in
UTC, so that no zone's table has to travel along: Google, Outlook and Apple show them on the reader's clock. No alarm is
set: when to be reminded is the reader's affair, and our reminder comes by mail.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from icalendar import Calendar, Event, vCalAddress, vText, vUri

_OURS = re.compile(r"meeting-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^@\s]{1,255}", re.ASCII)


class Method(StrEnum):
    """What an organizer sends. A new REQUEST with a higher SEQUENCE updates or moves the event."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    DECLINE_COUNTER = "DECLINECOUNTER"  # the time that an attendee proposed is not taken; the event stays as it is


@dataclass(frozen=True, slots=True)
class Party:
    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Invitation:
    """`uid`: the same for every version of a meeting. `stamp`: when this version was made. Instants are aware.

    `video_url`: of the room; https. `dial_in`: a number as it is shown, "" for none. Both are added to the description
    on lines of their own, since not every calendar shows CONFERENCE. `comment`: why, of a CANCEL or DECLINECOUNTER.
    """

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    stamp: datetime
    organizer: Party
    attendee: Party
    summary: str
    description: str = ""
    location: str = ""  # where it is: a room, or the address of one for video calls
    video_url: str = ""
    dial_in: str = ""
    guests: tuple[Party, ...] = ()  # who is asked beside the attendee
    comment: str = ""
    language: str = ""  # of the summary and the description, a tag like "de" (RFC 5545 §3.2.10)


def meeting_uid(meeting_id: object, domain: str) -> str:
    return f"meeting-{meeting_id}@{domain}"


def meeting_of(uid: str) -> UUID | None:
    """The meeting that a UID of ours names; None for every other UID."""
    found = _OURS.fullmatch(uid)
    return UUID(found[1]) if found else None


def invitation_bytes(invitation: Invitation, method: Method = Method.REQUEST) -> bytes:
    """The object with CRLF line ends, folded at 75 bytes; to be sent as text/calendar with the same method.

    Raises ValueError for naive or reversed instants, an address that is not one word, or a room that is not https.
    """
    instants = (invitation.starts_at, invitation.ends_at, invitation.stamp)
    if any(instant.utcoffset() is None for instant in instants):
        raise ValueError("An invitation needs aware instants.")
    # Two times of one zone compare by the clock on the wall, which is set back one night a year: instants are compared.
    starts_at, ends_at, stamp = (instant.astimezone(UTC) for instant in instants)
    if starts_at >= ends_at:
        raise ValueError("A meeting ends after it starts.")
    event = Event()
    event.add("uid", invitation.uid)
    event.add("sequence", invitation.sequence)
    event.add("dtstamp", stamp)
    event.add("last-modified", stamp)
    event.add("dtstart", starts_at)
    event.add("dtend", ends_at)
    event.add("summary", _plain(invitation.summary), parameters=_spoken(invitation))
    _add_place(event, invitation)
    if invitation.comment:
        event.add("comment", _lines(invitation.comment))
    event.add("status", "CANCELLED" if method is Method.CANCEL else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if method is Method.CANCEL else "OPAQUE")
    event["organizer"] = _address(invitation.organizer)
    for party in (invitation.attendee, *invitation.guests):
        attendee = _address(party)
        attendee.params["CUTYPE"] = vText("INDIVIDUAL")
        attendee.params["ROLE"] = vText("REQ-PARTICIPANT")
        if method is Method.REQUEST:
            attendee.params["PARTSTAT"] = vText("NEEDS-ACTION")
            attendee.params["RSVP"] = vText("TRUE")
        event.add("attendee", attendee, encode=False)
    calendar = Calendar()
    calendar.add("prodid", "-//SalesOS//Calendar 1//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method.value)
    calendar.add_component(event)
    raw: bytes = calendar.to_ical()
    return raw


def _spoken(invitation: Invitation) -> dict[str, str]:
    return {"LANGUAGE": invitation.language} if invitation.language else {}


def _add_place(event: Event, invitation: Invitation) -> None:
    video, dial_in = invitation.video_url.strip(), _plain(invitation.dial_in)
    if video and (not video.startswith("https://") or any(c.isspace() or not c.isprintable() for c in video)):
        raise ValueError("A room's address starts with https:// and is one word.")
    description = _lines(invitation.description)
    ways = "\n".join(way for way in (video, dial_in) if way and way not in description)
    if description or ways:
        text = "\n\n".join(part for part in (description, ways) if part)
        event.add("description", text, parameters=_spoken(invitation))
    location = _plain(invitation.location) or video or dial_in
    if location:
        event.add("location", location)
    if video:
        room = vUri(video, params={"VALUE": "URI", "FEATURE": ["AUDIO", "VIDEO"]})
        event.add("conference", room, encode=False)
    number = re.fullmatch(r"\+[\d ()./-]{6,24}", dial_in)
    if number:
        phone = vUri("tel:+" + re.sub(r"\D", "", number[0]), params={"VALUE": "URI", "FEATURE": "PHONE"})
        event.add("conference", phone, encode=False)


def _address(party: Party) -> vCalAddress:
    if not party.address or any(c.isspace() or not c.isprintable() for c in party.address):
        raise ValueError("An invitation goes to an address of one word.")
    address = vCalAddress(f"mailto:{party.address}")
    if party.name:
        # A parameter cannot hold a double quote or a control character (RFC 5545 §3.1).
        address.params["CN"] = vText(_plain(party.name).replace('"', "'"))
    return address


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _lines(text: str) -> str:
    """The same lines without control characters, which no TEXT may hold."""
    return "\n".join("".join(c for c in line if c.isprintable() or c == "\t") for line in text.splitlines()).strip()
