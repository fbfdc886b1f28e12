"""The mail that confirms a booked meeting: an outbox item without a draft, because both sides agreed on every part."""

import base64
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from agents import attention
from agents.context import AgentContext
from agents.policy import ActionClass, Autonomy, load_policy
from store.models import Contact, Lead, Mailbox, Meeting, Message, Workspace
from store.queries import outbox
from tools.calendar.ics import Invitation, Method, Party, invitation_bytes, meeting_uid
from tools.calendar.slots import zone_of


def queue(session: Session, context: AgentContext, meeting: Meeting, lead: Lead) -> bool:
    """Queues the invitation of the meeting's current version, once. False: a person sends it, and has a task."""
    contact = session.get(Contact, (context.workspace_id, meeting.contact_id))
    mailbox = attention.sender_of(session, lead)
    workspace = session.get(Workspace, context.workspace_id)
    auto = load_policy(session).autonomy_of(ActionClass.MEETING_INVITATION) is Autonomy.AUTO
    if not auto or contact is None or contact.email_sealed is None or mailbox is None or workspace is None:
        attention.add_task(
            session,
            context,
            source_key=f"invite:{meeting.id}:{meeting.ics_sequence}",
            subject=lead,
            kind="send_invitation",
            title="A time was picked: send the invitation by hand",
            due_at=context.clock.now(),
            assignee_id=meeting.user_id,
        )
        return False
    key = f"invite:{meeting.id}:{meeting.ics_sequence}"
    words = _words(session, context, meeting, contact, mailbox, workspace)
    outbox.insert_mail(
        session,
        context.clock,
        key=key,
        subject_kind="lead",
        subject_id=lead.id,
        mailbox_id=mailbox.id,
        contact_id=contact.id,
        not_before=context.clock.now(),
        expires_at=meeting.starts_at,  # an invitation to what has begun helps nobody
        payload={"action": ActionClass.MEETING_INVITATION.value, "meeting_id": str(meeting.id)},
        payload_sealed=outbox.seal_payload(context.sealer, outbox.item_id(session, key), words),
    )
    return True


def _words(
    session: Session,
    context: AgentContext,
    meeting: Meeting,
    contact: Contact,
    mailbox: Mailbox,
    workspace: Workspace,
) -> dict[str, object]:
    """What workers.letters reads as its Words."""
    assert contact.email_sealed is not None
    assert meeting.starts_at is not None
    assert meeting.ends_at is not None
    address = context.sealer.open(contact.email_sealed, context=f"contact|email|{contact.id}")
    name = ""
    if contact.name_sealed:
        name = context.sealer.open(contact.name_sealed, context=f"contact|name|{contact.id}")
    zone = zone_of(meeting.time_zone) or ZoneInfo("UTC")
    start = meeting.starts_at.astimezone(zone)
    minutes = round((meeting.ends_at - meeting.starts_at).total_seconds() / 60)
    when = f"{start:%A}, {start.day} {start:%B %Y}, {start:%H:%M} ({zone.key})"
    summary = f"{workspace.name}: {minutes} minutes with {mailbox.display_name}"
    ics = invitation_bytes(
        Invitation(
            uid=meeting_uid(meeting.id, mailbox.address.rpartition("@")[2]),
            sequence=meeting.ics_sequence,
            starts_at=meeting.starts_at,
            ends_at=meeting.ends_at,
            stamp=context.clock.now(),
            organizer=Party(mailbox.address, mailbox.display_name),
            attendee=Party(address, name),
            summary=summary,
            description=f"{when}\n{mailbox.display_name}, {workspace.name}",
        ),
        Method.REQUEST,
    )
    text = (
        f"Thank you, the time is booked: {when}, {minutes} minutes.\n\n"
        "The invitation is attached. If it no longer suits you, decline it or answer this mail.\n\n"
        f"{mailbox.display_name}\n{workspace.name}"
    )
    answered = session.exec(
        select(Message.message_id)
        .where(Message.lead_id == meeting.lead_id, Message.direction == "in", col(Message.message_id) != "")
        .order_by(col(Message.at).desc(), col(Message.id))
        .limit(1)
    ).first()
    return {
        "recipient": address,
        "subject": f"Booked: {start:%A}, {start.day} {start:%B}, {start:%H:%M}, {mailbox.display_name}",
        "text": text,
        "links": [],
        "in_reply_to": answered or "",
        "references": [answered] if answered else [],
        "ics": base64.b64encode(ics).decode("ascii"),
        "ics_method": Method.REQUEST.value,
    }
