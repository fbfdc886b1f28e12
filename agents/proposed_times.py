"""The times that a reply proposes, as windows on the clock that its writer meant, or what must be asked back.

Read when the calendar agent needs them, not when the mail comes: only then is it known who writes, where they are and
whose calendar it is. Nothing is kept: the sealed body and the places in `Message.reading` are, and windows follow from
them.
"""

from datetime import datetime, timedelta

from sqlmodel import Session

from agents.context import AgentContext
from agents.zone_choice import Place, choose_zone
from store.models import Company, Contact, Message
from tools.calendar.time_phrases import Conventions, Times, read_times

_LONGEST_WAY = timedelta(days=5)  # mail servers try for five days (RFC 5321 §4.5.4.1)
_CLOCKS_DIFFER = timedelta(hours=1)
# Countries that write the month first (Unicode CLDR, short dates); of an unknown country, 03/04 is asked back.
_MONTH_FIRST = frozenset({"US", "PW", "FM", "MH", "AS", "GU", "MP", "PR", "UM", "VI"})


def times_of(session: Session, context: AgentContext, message: Message, contact: Contact, rep_zone: str) -> Times:
    """What this reply says about when to meet; empty where it says nothing or its body is gone.

    `rep_zone`: the IANA zone of whose calendar it is, for "your time". Where nobody knows on which clock the contact
    is, hours without a zone of their own are asked back.
    """
    if not message.body_sealed:
        return Times()
    text = context.sealer.open(message.body_sealed, context=f"message|body|{message.id}")
    company = session.get(Company, (context.workspace_id, contact.company_id)) if contact.company_id else None
    place = Place(company.country, company.region, company.city) if company is not None else Place()
    zone = choose_zone(contact.time_zone, contact.country, place).zone
    return read_times(
        text,
        _sent_at(message),
        theirs=zone or _offset_of(message),
        ours=rep_zone,
        language=str(message.reading.get("language", "")),
        conventions=conventions_for(contact.country or place.country),
    )


def conventions_for(country: str) -> Conventions:
    """How 03/04 is read there. `country`: ISO 3166-1 alpha-2, or empty."""
    code = country.strip().upper()
    return Conventions(month_first=code in _MONTH_FIRST if code else None)


def _sent_at(message: Message) -> datetime:
    """The Date of their mail, which "tomorrow" is counted from; when it came, where the header lies or is missing."""
    try:
        sent_at = datetime.fromisoformat(str(message.reading.get("sent_at")))
    except ValueError:
        return message.at
    plain = sent_at.tzinfo is not None and message.at - _LONGEST_WAY <= sent_at <= message.at + _CLOCKS_DIFFER
    return sent_at if plain else message.at


def _offset_of(message: Message) -> str | None:
    """The offset of their mail's Date header, "+HH:MM", where the reader kept one: their clock on that day."""
    offset = message.reading.get("utc_offset")
    return offset if isinstance(offset, str) and offset else None
