"""Invitations as calendars read them: RFC 5545 objects with the methods of RFC 5546 (iTIP).

The same meeting keeps its UID; a higher SEQUENCE replaces what was sent before, a CANCEL takes it back. Instants are in
UTC, so that no zone's table has to travel along.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from icalendar import Calendar, Event, vCalAddress, vText


class Method(StrEnum):
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Party:
    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Invitation:
    """`uid`: the same for every version of a meeting. `stamp`: when this version was made. Instants are aware."""

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    stamp: datetime
    organizer: Party
    attendee: Party
    summary: str
    description: str = ""


def meeting_uid(meeting_id: object, domain: str) -> str:
    return f"meeting-{meeting_id}@{domain}"


def invitation_bytes(invitation: Invitation, method: Method = Method.REQUEST) -> bytes:
    """The object with CRLF line ends, folded at 75 bytes. Raises ValueError for naive or reversed instants."""
    instants = (invitation.starts_at, invitation.ends_at, invitation.stamp)
    if any(instant.utcoffset() is None for instant in instants):
        raise ValueError("An invitation needs aware instants.")
    if invitation.starts_at >= invitation.ends_at:
        raise ValueError("A meeting ends after it starts.")
    event = Event()
    event.add("uid", invitation.uid)
    event.add("sequence", invitation.sequence)
    event.add("dtstamp", invitation.stamp.astimezone(UTC))
    event.add("dtstart", invitation.starts_at.astimezone(UTC))
    event.add("dtend", invitation.ends_at.astimezone(UTC))
    event.add("summary", _plain(invitation.summary))
    if invitation.description:
        event.add("description", invitation.description)
    event.add("status", "CANCELLED" if method is Method.CANCEL else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if method is Method.CANCEL else "OPAQUE")
    event["organizer"] = _address(invitation.organizer)
    attendee = _address(invitation.attendee)
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


def _address(party: Party) -> vCalAddress:
    address = vCalAddress(f"mailto:{party.address}")
    if party.name:
        # A parameter cannot hold a double quote or a control character (RFC 5545 §3.1).
        address.params["CN"] = vText(_plain(party.name).replace('"', "'"))
    return address


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
