"""The mails around a booked meeting: booked, moved, called off, reminded of, or other times for one that was taken.

Outbox items without a draft, because both sides agreed on every part: to a time that the prospect picked, to the change
that they or the rep made. Each once a meeting and version of it (iCalendar's SEQUENCE).
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents import attention, preparation
from agents.booking.mail_words import MailWords, mail_words
from agents.booking.room_choice import Place, place_of
from agents.context import AgentContext
from agents.policy import ActionClass, Autonomy, load_policy
from store.models import (
    CalendarEventRow,
    Contact,
    Hold,
    Lead,
    Mailbox,
    Meeting,
    Message,
    OutboxItem,
    OutboxState,
    User,
    Workspace,
)
from store.queries import outbox
from tools.calendar.ics import Invitation, Method, Party, invitation_bytes, meeting_uid

REMINDERS = (timedelta(hours=24), timedelta(minutes=15))  # before it starts
APART = timedelta(minutes=10)  # two words about a meeting never come closer than that
_MAY_HAVE_LEFT = (OutboxState.SENDING, OutboxState.SENT, OutboxState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class _Letter:
    """Everything a mail is made of, looked up once."""

    meeting: Meeting
    contact: Contact
    mailbox: Mailbox
    workspace: Workspace
    address: str
    name: str
    host: str  # whom they meet: who writes to them, or somebody of a pool
    place: Place
    page: str  # the meeting's own page; "": there is none

    @property
    def say(self) -> MailWords:
        """In the language in which they booked, or wrote; English where nobody knows."""
        return mail_words(self.meeting.language)


def queue(session: Session, context: AgentContext, meeting: Meeting, lead: Lead) -> bool:
    """Queues the invitation of the meeting's current version, once. False: a person sends it, and has a task."""
    preparation.queue(session, context, meeting, lead)
    letter = _letter(session, context, meeting, lead)
    if letter is None:
        title = "A time was picked: send the invitation by hand"
        _by_hand(session, context, meeting, lead, "invite", "send_invitation", title)
        return False
    _insert(session, context, letter, lead, "invite", _booked(session, context, letter), meeting.starts_at)
    _remind(session, context, letter, lead)
    return True


def queue_cancellation(session: Session, context: AgentContext, meeting: Meeting, lead: Lead) -> bool:
    """Tells the prospect that the meeting does not take place, once; nothing where no invitation can have left."""
    if not withdraw(session, meeting):
        return False
    letter = _letter(session, context, meeting, lead)
    if letter is None:
        title = "A meeting was called off: tell them by hand"
        _by_hand(session, context, meeting, lead, "uninvite", "tell_cancelled", title)
        return False
    _insert(session, context, letter, lead, "uninvite", _called_off(session, context, letter), meeting.starts_at)
    return True


def queue_offer(session: Session, context: AgentContext, meeting: Meeting, lead: Lead, holds: Sequence[Hold]) -> bool:
    """Other times for a booking that could not be kept. `meeting`: the new proposal, with its holds."""
    letter = _letter(session, context, meeting, lead)
    if letter is None:
        title = "A time that they picked was taken: offer them others by hand"
        _by_hand(session, context, meeting, lead, "offer", "propose_times", title)
        return False
    until = max((hold.expires_at for hold in holds), default=None)
    _insert(session, context, letter, lead, "offer", _others(session, context, letter, holds), until)
    return True


def withdraw(session: Session, meeting: Meeting) -> bool:
    """Mails about the meeting that have not left do not leave any more. Whether one of them may have left before."""
    session.flush()
    about = sa.or_(
        *(col(OutboxItem.key).startswith(f"{kind}:{meeting.id}:", autoescape=True) for kind in ("invite", "remind"))
    )
    session.execute(
        sa.update(OutboxItem)
        .where(about, col(OutboxItem.contact_id) == meeting.contact_id, col(OutboxItem.state) == OutboxState.READY)
        .values(state=OutboxState.CANCELLED, state_reason="The meeting was changed before this left.")
        .execution_options(synchronize_session="fetch")
    )
    left = select(OutboxItem.id).where(
        about, OutboxItem.contact_id == meeting.contact_id, col(OutboxItem.state).in_(_MAY_HAVE_LEFT)
    )
    return session.exec(left.limit(1)).first() is not None


def when(meeting: Meeting, at: datetime) -> str:
    """On the prospect's clock, with its zone, in their language."""
    return mail_words(meeting.language).when(at, meeting.time_zone)


def _letter(session: Session, context: AgentContext, meeting: Meeting, lead: Lead) -> _Letter | None:
    contact = session.get(Contact, (context.workspace_id, meeting.contact_id))
    mailbox = attention.sender_of(session, lead)
    workspace = session.get(Workspace, context.workspace_id)
    auto = load_policy(session).autonomy_of(ActionClass.MEETING_INVITATION) is Autonomy.AUTO
    if not auto or contact is None or contact.email_sealed is None or mailbox is None or workspace is None:
        return None
    event = session.exec(
        select(CalendarEventRow).where(CalendarEventRow.meeting_id == meeting.id, CalendarEventRow.turn == meeting.turn)
    ).first()
    name = ""
    if contact.name_sealed:
        name = context.sealer.open(contact.name_sealed, context=f"contact|name|{contact.id}")
    return _Letter(
        meeting=meeting,
        contact=contact,
        mailbox=mailbox,
        workspace=workspace,
        address=context.sealer.open(contact.email_sealed, context=f"contact|email|{contact.id}"),
        name=name,
        host=_host(session, meeting, mailbox),
        place=place_of(session, meeting, event),
        page=context.tools.meeting_url(context.workspace_id, meeting.id),
    )


def _host(session: Session, meeting: Meeting, mailbox: Mailbox) -> str:
    if meeting.pool_id is None or meeting.user_id == mailbox.user_id:
        return mailbox.display_name
    user = session.get(User, (meeting.workspace_id, meeting.user_id))
    return user.name if user is not None and user.name else mailbox.display_name


def _by_hand(
    session: Session, context: AgentContext, meeting: Meeting, lead: Lead, what: str, kind: str, title: str
) -> None:
    attention.add_task(
        session,
        context,
        source_key=f"{what}:{meeting.id}:{meeting.ics_sequence}",
        subject=lead,
        kind=kind,
        title=title,
        due_at=context.clock.now(),
        assignee_id=meeting.user_id,
    )


def _insert(
    session: Session,
    context: AgentContext,
    letter: _Letter,
    lead: Lead,
    what: str,
    words: dict[str, object],
    expires_at: datetime | None,
    *,
    at: datetime | None = None,
) -> None:
    """`at`: not before it; None: now."""
    meeting = letter.meeting
    key = f"{what}:{meeting.id}:{meeting.ics_sequence}{f':{at.isoformat()}' if at else ''}"
    outbox.insert_mail(
        session,
        context.clock,
        key=key,
        subject_kind="lead",
        subject_id=lead.id,
        mailbox_id=letter.mailbox.id,
        contact_id=letter.contact.id,
        not_before=at or context.clock.now(),
        expires_at=expires_at,  # a word about what has begun helps nobody
        payload={"action": ActionClass.MEETING_INVITATION.value, "meeting_id": str(meeting.id)},
        payload_sealed=outbox.seal_payload(context.sealer, outbox.item_id(session, key), words),
    )


def _remind(session: Session, context: AgentContext, letter: _Letter, lead: Lead) -> None:
    """A day and a quarter of an hour before; `withdraw` takes back those of a meeting that was changed."""
    starts_at = letter.meeting.starts_at
    assert starts_at is not None
    told = context.clock.now()  # the invitation is a word about the meeting too
    due = [starts_at - ahead for ahead in REMINDERS if starts_at - ahead >= told + APART]
    for number, at in enumerate(due, start=1):
        # One that waited (for a server that was away) must not come together with the next one.
        until = due[number] - APART if number < len(due) else starts_at
        _insert(session, context, letter, lead, "remind", _reminder(session, letter), until, at=at)


def _reminder(session: Session, letter: _Letter) -> dict[str, object]:
    meeting = letter.meeting
    say = letter.say
    assert meeting.starts_at is not None
    room, dial_in = letter.place.url, letter.place.dial_in
    return _mail(
        session,
        letter,
        subject=say("reminder_subject", day=_short(meeting, meeting.starts_at), host=letter.host),
        lines=[
            say("reminder", when=when(meeting, meeting.starts_at), minutes=_minutes(meeting)),
            *([say("here", room=room)] if room else []),
            *([say("phone", number=dial_in)] if dial_in else []),
            "",
            say("change", page=letter.page) if letter.page else say("change_by_mail"),
        ],
        links=[link for link in (room, letter.page) if link],
    )


def _booked(session: Session, context: AgentContext, letter: _Letter) -> dict[str, object]:
    """What workers.letters reads as its Words."""
    meeting, mailbox, workspace = letter.meeting, letter.mailbox, letter.workspace
    say = letter.say
    assert meeting.starts_at is not None
    moved = meeting.ics_sequence > 0
    room, dial_in = letter.place.url, letter.place.dial_in
    said = when(meeting, meeting.starts_at)
    lines = [
        say("moved" if moved else "booked", when=said, minutes=_minutes(meeting)),
        *([say("you_meet", host=letter.host)] if letter.host != mailbox.display_name else []),
        "",
        *([say("here", room=room)] if room else []),
        *([say("phone", number=dial_in)] if dial_in else []),
        *([say("room_follows")] if letter.place.follows else []),
        *([""] if room or dial_in or letter.place.follows else []),
        say("attached_page", page=letter.page) if letter.page else say("attached"),
    ]
    return _mail(
        session,
        letter,
        subject=say(
            "moved_subject" if moved else "booked_subject", day=_short(meeting, meeting.starts_at), host=letter.host
        ),
        lines=lines,
        links=[link for link in (room, letter.page) if link],
        ics=_ics(context, letter, Method.REQUEST, room, f"{said}\n{letter.host}, {workspace.name}"),
        method=Method.REQUEST,
    )


def _called_off(session: Session, context: AgentContext, letter: _Letter) -> dict[str, object]:
    meeting = letter.meeting
    say = letter.say
    assert meeting.starts_at is not None
    said = when(meeting, meeting.starts_at)
    return _mail(
        session,
        letter,
        subject=say("off_subject", day=_short(meeting, meeting.starts_at), host=letter.host),
        lines=[
            say("off", when=said),
            "",
            say("another"),
        ],
        links=[],
        ics=_ics(context, letter, Method.CANCEL, "", said),
        method=Method.CANCEL,
    )


def _others(session: Session, context: AgentContext, letter: _Letter, holds: Sequence[Hold]) -> dict[str, object]:
    meeting = letter.meeting
    say = letter.say
    links = [context.tools.booking_url(context.workspace_id, hold.id) for hold in holds]
    times = [f"- {when(meeting, hold.starts_at)}: {link}" for hold, link in zip(holds, links, strict=True)]
    all_times = [say("all_times", page=letter.page)] if letter.page else []
    return _mail(
        session,
        letter,
        subject=say("others_subject", host=letter.host),
        lines=[
            say("sorry"),
            "",
            *([say("kept"), "", *times, ""] if holds else []),
            *(all_times or [say("answer")]),
        ],
        links=[*links, *([letter.page] if letter.page else [])],
    )


def _mail(
    session: Session,
    letter: _Letter,
    *,
    subject: str,
    lines: Sequence[str],
    links: Sequence[str],
    ics: bytes = b"",
    method: Method = Method.REQUEST,
) -> dict[str, object]:
    text = "\n".join([*lines, "", letter.mailbox.display_name, letter.workspace.name])
    answered = _answered(session, letter.meeting.lead_id)
    return {
        "recipient": letter.address,
        "subject": subject,
        "text": text,
        "links": list(links),
        "in_reply_to": answered,
        "references": [answered] if answered else [],
        "ics": base64.b64encode(ics).decode("ascii"),
        "ics_method": method.value,
    }


def _ics(context: AgentContext, letter: _Letter, method: Method, location: str, description: str) -> bytes:
    meeting, mailbox = letter.meeting, letter.mailbox
    say = letter.say
    assert meeting.starts_at is not None
    assert meeting.ends_at is not None
    return invitation_bytes(
        Invitation(
            uid=meeting_uid(meeting.id, mailbox.address.rpartition("@")[2]),
            sequence=meeting.ics_sequence,
            starts_at=meeting.starts_at,
            ends_at=meeting.ends_at,
            stamp=context.clock.now(),
            organizer=Party(mailbox.address, mailbox.display_name),
            attendee=Party(letter.address, letter.name),
            summary=say("summary", workspace=letter.workspace.name, minutes=_minutes(meeting), host=letter.host),
            language=say.language,
            description=description,
            location=location,
        ),
        method,
    )


def _minutes(meeting: Meeting) -> int:
    assert meeting.starts_at is not None
    assert meeting.ends_at is not None
    return round((meeting.ends_at - meeting.starts_at).total_seconds() / 60)


def _short(meeting: Meeting, at: datetime) -> str:
    return mail_words(meeting.language).short(at, meeting.time_zone)


def _answered(session: Session, lead_id: UUID) -> str:
    """The last mail of theirs, so that ours stands in its thread."""
    found = session.exec(
        select(Message.message_id)
        .where(Message.lead_id == lead_id, Message.direction == "in", col(Message.message_id) != "")
        .order_by(col(Message.at).desc(), col(Message.id))
        .limit(1)
    ).first()
    return found or ""
