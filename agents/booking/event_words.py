"""What our event in a rep's calendar says: to the rep, who sees it there, and to nobody else."""

from datetime import UTC

from sqlmodel import Session

from agents.booking.room_choice import chosen, place_of
from agents.context import AgentContext
from store.models import CalendarEventRow, Company, ConnectedCalendar, Contact, Meeting, RoomKind, User
from tools.calendar.slots import zone_of
from tools.ports.calendar import EventDraft


def event_draft(
    session: Session, context: AgentContext, event: CalendarEventRow, meeting: Meeting, calendar: ConnectedCalendar
) -> EventDraft:
    """No guests: our own mail carries the invitation, and some services tell guests whatever they are asked."""
    assert meeting.starts_at is not None
    assert meeting.ends_at is not None
    contact = session.get(Contact, (context.workspace_id, meeting.contact_id))
    company = session.get(Company, (context.workspace_id, meeting.company_id))
    rep = session.get(User, (context.workspace_id, meeting.user_id))
    name = ""
    if contact is not None and contact.name_sealed:
        name = context.sealer.open(contact.name_sealed, context=f"contact|name|{contact.id}")
    who = ", ".join(part for part in (name, company.name if company is not None else "") if part)
    zones = (calendar.time_zone, rep.time_zone if rep is not None else "", "UTC")
    lead_page = f"{context.settings.public_url.rstrip('/')}/leads/{meeting.lead_id}"
    return EventDraft(
        event_key=event.event_key,
        uid=event.uid,
        sequence=event.version,
        starts_at=meeting.starts_at.astimezone(UTC),
        ends_at=meeting.ends_at.astimezone(UTC),
        time_zone=next(zone for zone in zones if zone_of(zone) is not None),
        title=f"Meeting: {who}" if who else "Meeting",
        description=f"Who they are, why now, and what was written: {lead_page}",
        location=place_of(session, meeting, None).url,
        video=chosen(session, calendar).kind is RoomKind.CALENDAR,
    )
