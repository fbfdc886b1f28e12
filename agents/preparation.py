"""What a rep should know before a meeting: gathered once, for the page and for a mail to themselves.

The mail is no outreach: it goes to a colleague, once a version of the meeting, and is written when it leaves, so that
it says what is true then. Words of strangers stand in it as text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents import attention
from agents.context import AgentContext
from core.crypto import Sealer
from store import bulk
from store.models import (
    CalendarEventRow,
    Company,
    Contact,
    Fact,
    Lead,
    Meeting,
    MeetingState,
    Message,
    OutboxItem,
    SignalRow,
    User,
    Workspace,
)
from store.queries import outbox
from tools.calendar.slots import zone_of
from tools.mail.intents import Intent
from tools.transcripts.turns import clean

SUBJECT: Final = "preparation"  # the subject kind of the item: it is nobody's touch, and no outreach
FACTS: Final = 12  # the newest by field: more is a page of its own, the company's
_SIGNALS: Final = 5
_ANSWERS: Final = 50  # of their mails: older ones say little about the meeting
_MAILS: Final = 3
_LONGEST: Final = 400  # characters of one quote
_ASKED: Final = {Intent.QUESTION.value: "question", Intent.OBJECTION.value: "objection"}
# Prose, what is shown above it, and what only machines care for.
_NOT_FACTS: Final = ("description", "title", "industry", "employees", "country", "language", "mx")


@dataclass(frozen=True, slots=True)
class Asked:
    kind: str  # question or objection
    text: str
    at: datetime


# ---- gathered


def newest_facts(session: Session, company_id: UUID) -> Sequence[Fact]:
    """The newest of each field, with its source."""
    newest = (
        sa.select(
            col(Fact.id).label("id"),
            sa.func.row_number()
            .over(partition_by=col(Fact.field), order_by=(col(Fact.observed_at).desc(), col(Fact.id).desc()))
            .label("place"),
        )
        .where(
            col(Fact.subject_kind) == "company",
            col(Fact.subject_id) == company_id,
            col(Fact.field).not_in(_NOT_FACTS),
        )
        .subquery()
    )
    query = (
        sa.select(Fact)
        .join(newest, newest.c.id == col(Fact.id))
        .where(newest.c.place == 1)
        .order_by(col(Fact.observed_at).desc(), col(Fact.id))
        .limit(FACTS)
    )
    return list(session.execute(query).scalars())


def asked(session: Session, sealer: Sealer, contact_id: UUID) -> list[Asked]:
    """The sentences that made a mail a question or an objection, where their place in it is known."""
    query = (
        sa.select(Message)
        .where(col(Message.contact_id) == contact_id, col(Message.direction) == "in")
        .order_by(col(Message.at).desc(), col(Message.id))
        .limit(_ANSWERS)
    )
    found = []
    for message in session.execute(query).scalars():
        hits = [one for one in message.reading.get("intents", []) if one.get("intent") in _ASKED and "end" in one]
        if not hits or not message.body_sealed:
            continue
        body = sealer.open(message.body_sealed, context=f"message|body|{message.id}")
        found += [Asked(_ASKED[one["intent"]], body[int(one["start"]) : int(one["end"])], message.at) for one in hits]
    return found


# ---- when, and to whom


def due_at(starts_at: datetime, zone: str, hour: int, hours_before: int) -> datetime:
    """At that hour of the rep's day of the meeting, or so many hours before it, whichever is earlier."""
    local = starts_at.astimezone(zone_of(zone) or ZoneInfo("UTC"))
    morning = datetime.combine(local.date(), time(hour), local.tzinfo).astimezone(UTC)
    return min(morning, starts_at - timedelta(hours=hours_before))


def queue(session: Session, context: AgentContext, meeting: Meeting, lead: Lead) -> bool:
    """Once a version of the meeting. False: nobody wants it, nobody can send it, or its time is over."""
    rep = _reader(session, context, meeting)
    workspace = session.get(Workspace, context.workspace_id)
    mailbox = attention.sender_of(session, lead)
    if rep is None or workspace is None or mailbox is None or meeting.starts_at is None:
        return False
    hour, hours_before = workspace.preparation_hour, workspace.preparation_hours_before
    at = due_at(meeting.starts_at, rep.time_zone or workspace.time_zone, hour, hours_before)
    if at <= context.clock.now():
        return False
    key = f"prepare:{meeting.id}:{meeting.ics_sequence}"
    row = {
        "id": outbox.item_id(session, key),
        "key": key,
        "kind": outbox.MAIL,
        "subject_kind": SUBJECT,
        "subject_id": meeting.id,
        "mailbox_id": mailbox.id,
        "payload": {"action": SUBJECT, "version": meeting.ics_sequence},
        "not_before": at,
        "expires_at": meeting.starts_at,
        "created_at": context.clock.now(),
    }
    return bool(bulk.insert_ignore(session, OutboxItem, [row]))


def _reader(session: Session, context: AgentContext, meeting: Meeting) -> User | None:
    rep = session.get(User, (context.workspace_id, meeting.user_id))
    return rep if rep is not None and rep.active and rep.preparation_mail else None


@dataclass(frozen=True, slots=True)
class Letter:
    recipient: str
    name: str
    subject: str
    text: str


def letter(session: Session, context: AgentContext, meeting_id: UUID, version: int) -> Letter | str:
    """What is true now; or why it is not sent. Raises Tampered."""
    meeting = session.get(Meeting, (context.workspace_id, meeting_id))
    if meeting is None or meeting.state is not MeetingState.BOOKED or meeting.ics_sequence != version:
        return "The meeting was moved, called off or is over."
    rep = _reader(session, context, meeting)
    lead = session.get(Lead, (context.workspace_id, meeting.lead_id))
    contact = session.get(Contact, (context.workspace_id, meeting.contact_id))
    company = session.get(Company, (context.workspace_id, meeting.company_id))
    if rep is None:
        return "Its rep does not want these mails, or has left."
    if lead is None or contact is None or company is None or contact.erased_at is not None or not meeting.starts_at:
        return "The person was erased."
    local = meeting.starts_at.astimezone(zone_of(rep.time_zone) or ZoneInfo("UTC"))
    name = ""
    if contact.name_sealed:
        name = context.sealer.open(contact.name_sealed, context=f"contact|name|{contact.id}")
    who = clean(name) or "somebody"
    parts = [
        _head(session, context, meeting, who, contact, company, local),
        _section("Why now", _why_now(session, company)),
        _section("What they asked", _said(session, context, contact.id, "question")),
        _section("What they may doubt", _doubts(session, context, contact)),
        _section("What is known of the company", _facts(session, company)),
        _section("What was written last", _thread(session, context, contact.id)),
    ]
    base = context.settings.public_url.rstrip("/")
    parts.append(f"The meeting: {base}/meetings/{meeting.id}\nThe lead: {base}/leads/{lead.id}")
    subject = f"{local:%H:%M}: {who}, {clean(company.name)}"
    return Letter(rep.email, rep.name, subject[:200], "\n\n".join(part for part in parts if part))


# ---- its parts


def _head(
    session: Session,
    context: AgentContext,
    meeting: Meeting,
    who: str,
    contact: Contact,
    company: Company,
    local: datetime,
) -> str:
    event = session.exec(select(CalendarEventRow).where(CalendarEventRow.meeting_id == meeting.id)).first()
    title = f", {clean(contact.title)}" if contact.title else ""
    size = f"{company.employees:,} people" if company.employees is not None else "size unknown"
    known = ", ".join(part for part in (clean(company.industry) or "industry unknown", size, company.country) if part)
    lines = [
        f"{local:%A} {local.day} {local:%B}, {local:%H:%M} ({local.tzinfo}).",
        f"With {who}{title} at {clean(company.name)}: {known}.",
    ]
    theirs = zone_of(meeting.time_zone)
    if theirs is not None and meeting.starts_at is not None:
        there = meeting.starts_at.astimezone(theirs)
        if there.utcoffset() != local.utcoffset():
            lines.append(f"On their clock: {there:%H:%M} ({meeting.time_zone}).")
    if event is not None and event.video_url:
        lines.append(f"The room: {event.video_url}")
    return "\n".join(lines)


def _section(title: str, lines: Sequence[str]) -> str:
    return f"{title}\n" + "\n".join(f"- {line}" for line in lines) if lines else f"{title}\n- nothing is known"


def _why_now(session: Session, company: Company) -> list[str]:
    query = select(SignalRow).where(SignalRow.company_id == company.id)
    newest = query.order_by(col(SignalRow.observed_at).desc(), col(SignalRow.id)).limit(_SIGNALS)
    return [
        f"{one.kind.replace('_', ' ')}: “{_short(one.quote)}” ({_source(one.source, one.observed_at)})"
        for one in session.exec(newest)
    ]


def _facts(session: Session, company: Company) -> list[str]:
    return [
        f"{one.field.replace('_', ' ')}: {_short(str(one.value))} ({_source(one.source, one.observed_at)})"
        for one in newest_facts(session, company.id)
    ]


def _said(session: Session, context: AgentContext, contact_id: UUID, kind: str) -> list[str]:
    found = [one for one in asked(session, context.sealer, contact_id) if one.kind == kind]
    return [f"“{_short(one.text)}” ({one.at:%d %b %Y})" for one in found[:5]]


def _doubts(session: Session, context: AgentContext, contact: Contact) -> list[str]:
    """By mail, and in earlier meetings, as far as a person confirmed them."""
    query = select(Fact).where(Fact.subject_id == contact.id, col(Fact.field).startswith("objection"))
    heard = session.exec(query.order_by(col(Fact.observed_at).desc(), col(Fact.id)).limit(5))
    return [
        *_said(session, context, contact.id, "objection"),
        *(f"“{_short(one.quote)}” (in a meeting, {one.observed_at:%d %b %Y})" for one in heard),
    ]


def _thread(session: Session, context: AgentContext, contact_id: UUID) -> list[str]:
    query = select(Message).where(Message.contact_id == contact_id, col(Message.body_sealed).is_not(None))
    newest = session.exec(query.order_by(col(Message.at).desc(), col(Message.id)).limit(_MAILS)).all()
    return [
        f"{'You' if one.direction == 'out' else 'They'}, {one.at:%d %b %Y}: "
        + _short(context.sealer.open(one.body_sealed or "", context=f"message|body|{one.id}"))
        for one in reversed(newest)
    ]


def _source(source: str, at: datetime) -> str:
    return f"{clean(source) or 'source unknown'}, {at:%d %b %Y}"


def _short(text: str) -> str:
    plain = clean(text)
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST].rsplit(' ', 1)[0]} …"
