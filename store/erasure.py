"""Forgetting a person (GDPR Art. 17): what is theirs goes from every table, what they asked for stays in force.

Rows stay as tombstones, so that counts, chains and ids still add up; personal columns, free text and raw payloads are
emptied, work that waits is cancelled, and a keyed hash is kept so that nobody writes to them or imports them again.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from core.clock import Clock
from core.crypto import Sealer, Tampered
from core.errors import NotFound
from store import models as m
from store.mentions import forget_mentions
from store.queries import facts, merges, pools, suppression
from store.session import Database

_WORDS = re.compile(r"[^\W\d_]+")


@dataclass(slots=True)
class Erased:
    """Rows touched, by table, and what lies outside the store and may still name the person."""

    contact_id: UUID
    rows: dict[str, int] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)  # imported files of people, as they were uploaded
    message_ids: list[str] = field(default_factory=list)  # of mails sent: .eml files and sent folders hold them


def erase_contact(
    session: Session, clock: Clock, sealer: Sealer, contact_id: UUID, *, source: str = "erasure request"
) -> Erased:
    """Erase one contact, all in the caller's transaction, and every row that was merged with it: they are one person.
    Again: finds nothing more. Raises NotFound.

    Afterwards run `scrub_files`, delete the checkpoints of the leads' threads, and see to `files` and `message_ids`.
    """
    erased = _erase_row(session, clock, sealer, contact_id, source)
    for other in sorted(merges.group_of(session, contact_id) - {contact_id}):
        more = _erase_row(session, clock, sealer, other, source)
        erased.message_ids += [text for text in more.message_ids if text not in erased.message_ids]
        for table, count in more.rows.items():
            erased.rows[table] = erased.rows.get(table, 0) + count
    return erased


def _erase_row(session: Session, clock: Clock, sealer: Sealer, contact_id: UUID, source: str) -> Erased:
    contact = session.exec(select(m.Contact).where(m.Contact.id == contact_id).with_for_update()).one_or_none()
    if contact is None:
        raise NotFound("There is no such contact.")
    now = clock.now()
    erased = Erased(contact_id)
    names = _names(sealer, contact)
    leads = list(session.exec(select(m.Lead.id).where(m.Lead.contact_id == contact_id)))
    customers = list(session.exec(select(m.Customer.id).where(m.Customer.contact_id == contact_id)))
    drafts = list(session.exec(select(m.Draft.id).where(_theirs(m.Draft, contact_id, leads))))
    messages = list(session.exec(select(m.Message.id).where(_theirs(m.Message, contact_id, leads))))
    meetings = list(session.exec(select(m.Meeting.id).where(_theirs(m.Meeting, contact_id, leads))))
    outbox = sa.or_(
        col(m.OutboxItem.contact_id) == contact_id,
        col(m.OutboxItem.draft_id).in_(drafts),
        col(m.OutboxItem.subject_id).in_([contact_id, *leads, *drafts, *meetings]),
    )
    erased.message_ids = [
        text
        for text in session.exec(select(m.OutboxItem.message_id).where(outbox).order_by(col(m.OutboxItem.id)))
        if text
    ]
    erased.files = _files(session)
    _keep_suppressed(session, clock, sealer, contact, source)

    def clear(model: type[SQLModel], where: Any, **values: Any) -> None:
        count = _update(session, model, where, values)
        erased.rows[str(model.__tablename__)] = erased.rows.get(str(model.__tablename__), 0) + count

    def remove(model: type[SQLModel], where: Any) -> None:
        result = session.execute(sa.delete(model).where(where).execution_options(synchronize_session=False))
        erased.rows[str(model.__tablename__)] = result.rowcount  # type: ignore[attr-defined]

    # What waits is stopped first; a sending item keeps its state: its outcome is not known yet.
    _stop(session, now, contact_id, leads, drafts, meetings, outbox)
    clear(m.OutboxItem, outbox, payload={}, payload_sealed=None, mime_sealed=None)
    clear(
        m.Draft,
        col(m.Draft.id).in_(drafts),
        recipient_sealed=None,
        subject_sealed=None,
        body_sealed=None,
        in_reply_to="",
        references="",
        links=[],
        sentences=[],
        problems=[],
    )
    clear(
        m.Message,
        col(m.Message.id).in_(messages),
        sender_index="",
        subject_sealed=None,
        body_sealed=None,
        in_reply_to="",
        reading={},
    )
    remove(m.ClaimRow, col(m.ClaimRow.draft_id).in_(drafts))
    clear(m.Approval, col(m.Approval.draft_id).in_(drafts), reason="")
    clear(m.EngagementEvent, col(m.EngagementEvent.contact_id) == contact_id, raw={})
    clear(m.Hit, col(m.Hit.contact_id) == contact_id, raw_sealed=None, network_index="")
    clear(m.LegalBasis, col(m.LegalBasis.contact_id) == contact_id, evidence_sealed=None)
    numbers = list(session.exec(select(m.NumberUse.number_index).where(m.NumberUse.contact_id == contact_id)))
    clear(m.InboundEvent, _told_of(sealer, contact, messages, numbers), raw_sealed=None, person_index="")
    # Texts from their number that were never matched to them.
    clear(m.Message, col(m.Message.sender_index).in_(numbers), sender_index="", body_sealed=None, reading={})
    _update(session, m.Suppression, col(m.Suppression.key_index).in_(numbers), {"reason": suppression.ERASED})
    suppression.suppress_keys(
        session, clock, [(suppression.NUMBER, key) for key in numbers], reason=suppression.ERASED, source=source
    )
    remove(m.NumberUse, col(m.NumberUse.contact_id) == contact_id)
    clear(m.Meeting, col(m.Meeting.id).in_(meetings), notes_sealed=None)
    spoken_in = sorted({*_transcripts_of(session, meetings), *_transcripts_with(session, sealer, contact, names)})
    clear(m.Transcript, col(m.Transcript.id).in_(spoken_in), turns_sealed=None, sides_sealed=None, reading={})
    clear(m.Finding, col(m.Finding.transcript_id).in_(spoken_in), words_sealed=None, detail="", due_on=None)
    heard = list(session.exec(select(m.Finding).where(col(m.Finding.transcript_id).in_(spoken_in))))
    subjects = [contact_id, *leads]
    tasks = sa.or_(
        col(m.Task.id).in_([one.task_id for one in heard if one.task_id is not None]),
        col(m.Task.subject_id).in_([*subjects, *drafts, *messages, *meetings]),
        # A play's task for a customer is written to the contact at that customer.
        sa.and_(col(m.Task.subject_id).in_(customers), col(m.Task.script_sealed).is_not(None)),
    )
    clear(m.Task, tasks, script_sealed=None, outcome="")
    records = [*subjects, *drafts, *messages, *meetings]
    clear(m.CrmActivityRow, col(m.CrmActivityRow.record_id).in_(records), summary_sealed=None, fields={})
    clear(m.Alert, col(m.Alert.subject_id).in_(records), text="")
    clear(m.Lead, col(m.Lead.id).in_(leads), hooks=[], stop_reason=suppression.ERASED)
    clear(m.ThreadTrigger, col(m.ThreadTrigger.subject_id).in_(leads), last_error="")
    clear(m.Customer, col(m.Customer.contact_id) == contact_id, contact_id=None)
    edits = col(m.FieldEdit.subject_id).in_(subjects)
    clear(m.FieldEdit, edits, before=None, after=None, before_sealed=None, after_sealed=None)
    # Kept answers may name anybody; they are only a day old, and a repeat is then done again or refused as done.
    remove(m.IdempotencyRecord, col(m.IdempotencyRecord.body_sealed).is_not(None))
    told = [one.fact_id for one in heard if one.fact_id is not None]
    remove(m.Fact, sa.or_(col(m.Fact.subject_id) == contact_id, col(m.Fact.id).in_(told)))
    # A split must not give back the key that they were found by.
    remove(m.MergeMove, sa.and_(col(m.MergeMove.row_id) == contact_id, col(m.MergeMove.column_name) == "person_index"))
    remove(m.ScoreRow, col(m.ScoreRow.subject_id).in_(subjects))
    clear(m.Purchase, col(m.Purchase.contact_id) == contact_id, contact_id=None, reason="")
    erased.rows["row_problem"] = _clear_excerpts(session, sealer, [name.casefold() for name in names])
    erased.rows["edit_rule"] = _drop_rules(session, sealer, names)
    clear(
        m.Contact,
        col(m.Contact.id) == contact_id,
        name_sealed=None,
        email_sealed=None,
        phone_sealed=None,
        profile_url_sealed=None,
        email_index=None,
        person_index=None,
        title="",
        seniority="",
        department="",
        buying_role="",
        time_zone="",
        email_status="unknown",
        email_reasons=[],
        legal_basis="",
        legal_basis_evidence="",
        legal_basis_until=None,
        subscriber="",
        source="",
        erased_at=contact.erased_at or now,
        updated_at=now,
    )
    mentions, companies = forget_mentions(session, _spellings(names))
    for table, count in mentions.items():
        erased.rows[table] = erased.rows.get(table, 0) + count
    facts.apply_winners(session, clock, companies)
    session.expire_all()
    return erased


def _told_of(sealer: Sealer, contact: m.Contact, messages: Sequence[UUID], numbers: Sequence[str]) -> Any:
    """Events of vendors about their mails, or that name their address and were never matched to one."""
    keys = [*numbers, *([contact.email_index] if contact.email_index else [])]
    if contact.email_sealed is not None:
        address = sealer.open(contact.email_sealed, context=f"contact|email|{contact.id}")
        keys += suppression.address_keys(sealer, address)
    return sa.or_(
        sa.and_(col(m.InboundEvent.subject_kind) == "message", col(m.InboundEvent.subject_id).in_(messages)),
        col(m.InboundEvent.person_index).in_(keys),
    )


def scrub_files(database: Database) -> str:
    """Take deleted text out of the files as well. Returns what was done, for people.

    SQLite: the write-ahead log is emptied and the file rewritten; waits for readers to end. PostgreSQL reuses dead rows
    by itself; their bytes go for good when its owner runs VACUUM FULL and old WAL and backups expire.
    """
    if database.is_postgres:
        return "PostgreSQL drops dead rows at its next vacuum; run VACUUM FULL as the owner to rewrite the files now."
    with database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        if raw is None:
            raise RuntimeError("The database connection was closed.")
        for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            busy = raw.execute(statement).fetchall()
    if busy and busy[0][0]:
        return "The database is in use: what was deleted leaves its write-ahead log when the readers have ended."
    return "The database file was rewritten and its write-ahead log emptied."


def _keep_suppressed(session: Session, clock: Clock, sealer: Sealer, contact: m.Contact, source: str) -> None:
    keys = []
    if contact.email_index:
        keys.append((suppression.ADDRESS, contact.email_index))
    if address := _opened(sealer, contact, "email"):
        keys += [(suppression.ADDRESS, key) for key in suppression.address_keys(sealer, address)]
    if contact.person_index:
        key = suppression.person_key(sealer, contact.company_id, contact.person_index)
        keys.append((suppression.PERSON, key))
    known_by = {"name": _opened(sealer, contact, "name"), "profile_url": _opened(sealer, contact, "profile_url")}
    again = suppression.identity_keys(sealer, contact.company_id, **known_by)
    keys += [(suppression.PERSON, key) for key in again]
    # An earlier opt-out of the same address becomes an erasure too, so that an import does not bring them back.
    _update(
        session,
        m.Suppression,
        col(m.Suppression.key_index).in_([key for _, key in keys]),
        {"reason": suppression.ERASED},
    )
    suppression.suppress_keys(session, clock, keys, reason=suppression.ERASED, source=source)


def _stop(
    session: Session,
    now: Any,
    contact_id: UUID,
    leads: Sequence[UUID],
    drafts: Sequence[UUID],
    meetings: Sequence[UUID],
    outbox: Any,
) -> None:
    why = suppression.ERASED
    ready = sa.and_(outbox, col(m.OutboxItem.state) == m.OutboxState.READY)
    _update(session, m.OutboxItem, ready, {"state": m.OutboxState.CANCELLED, "state_reason": why})
    waiting = col(m.Draft.state).in_([m.DraftState.PENDING, m.DraftState.APPROVED])
    _update(session, m.Draft, sa.and_(col(m.Draft.id).in_(drafts), waiting), {"state": m.DraftState.VOID})
    undecided = sa.and_(col(m.Approval.draft_id).in_(drafts), col(m.Approval.state) == m.ApprovalState.PENDING)
    _update(session, m.Approval, undecided, {"state": m.ApprovalState.VOID, "decided_at": now})
    _update(session, m.Lead, col(m.Lead.id).in_(leads), {"stage": m.LeadStage.STOPPED, "updated_at": now})
    running = col(m.Enrollment.state).in_([m.EnrollmentState.ACTIVE, m.EnrollmentState.PAUSED])
    stopped = {"state": m.EnrollmentState.STOPPED, "stop_reason": why}
    _update(session, m.Enrollment, sa.and_(col(m.Enrollment.lead_id).in_(leads), running), stopped)
    ahead = col(m.Touch.state).in_([m.TouchState.PLANNED, m.TouchState.DRAFTED, m.TouchState.QUEUED])
    cancelled = {"state": m.TouchState.CANCELLED, "block_reason": why}
    _update(session, m.Touch, sa.and_(col(m.Touch.lead_id).in_(leads), ahead), cancelled)
    undone = sa.and_(col(m.ThreadTrigger.subject_id).in_(leads), col(m.ThreadTrigger.done_at).is_(None))
    _update(session, m.ThreadTrigger, undone, {"done_at": now})
    coming = col(m.Meeting.state).in_([m.MeetingState.PROPOSED, m.MeetingState.BOOKED])
    ahead_of_us = session.exec(select(m.Meeting.id).where(col(m.Meeting.id).in_(meetings), coming))
    pools.give_back(session, now, list(ahead_of_us), "The person was erased.")
    called_off = {"state": m.MeetingState.CANCELLED, "booked_key": None}
    _update(session, m.Meeting, sa.and_(col(m.Meeting.id).in_(meetings), coming), called_off)
    # Their names stand in a rep's calendar too: the next look at it takes the event away.
    there = sa.and_(
        col(m.CalendarEventRow.meeting_id).in_(meetings), col(m.CalendarEventRow.state) != m.EventState.CANCELLED
    )
    leaving = {"state": m.EventState.LEAVING, "version": m.CalendarEventRow.version + 1}
    _update(session, m.CalendarEventRow, there, leaving)
    room = sa.and_(col(m.MeetingRoom.id).in_(meetings), col(m.MeetingRoom.state) != m.RoomState.GONE)
    _update(session, m.MeetingRoom, room, {"state": m.RoomState.LEAVING, "version": m.MeetingRoom.version + 1})
    holds = list(session.exec(select(m.Hold.id).where(col(m.Hold.meeting_id).in_(meetings))))
    session.execute(sa.delete(m.CalendarBucket).where(col(m.CalendarBucket.hold_id).in_(holds)))
    _update(session, m.Hold, col(m.Hold.id).in_(holds), {"state": m.HoldState.RELEASED})
    open_tasks = sa.and_(
        col(m.Task.subject_id).in_([contact_id, *leads, *drafts, *meetings]), col(m.Task.state) == m.TaskState.OPEN
    )
    _update(session, m.Task, open_tasks, {"state": m.TaskState.DROPPED, "done_at": now})


def _update(session: Session, model: type[SQLModel], where: Any, values: Mapping[str, Any]) -> int:
    statement = sa.update(model).where(where).values(dict(values)).execution_options(synchronize_session=False)
    count: int = session.execute(statement).rowcount  # type: ignore[attr-defined]
    return count


def _theirs(model: Any, contact_id: UUID, leads: Sequence[UUID]) -> sa.ColumnElement[bool]:
    return sa.or_(col(model.contact_id) == contact_id, col(model.lead_id).in_(leads))


def _names(sealer: Sealer, contact: m.Contact) -> list[str]:
    """What the person is called and reached by, to look for where it stands in clear or in excerpts of bad rows."""
    opened = [_opened(sealer, contact, column) for column in ("name", "email", "phone", "profile_url")]
    return [word.strip() for word in opened if word.strip()]


def _spellings(words: Sequence[str]) -> list[str]:
    """The same words as pages and files spell them: the family name first, a profile without its scheme. A name of one
    word is too common to look for."""
    found = []
    for word in words:
        parts = word.replace(",", " ").split()
        if "@" in word or "/" in word or any(c.isdigit() for c in word):
            found += [word, word.partition("://")[2]]
        elif len(parts) > 1:
            found += [" ".join(parts), f"{parts[-1]}, {' '.join(parts[:-1])}"]
    return [word for word in found if word]


def _opened(sealer: Sealer, contact: m.Contact, column: str) -> str:
    token = getattr(contact, f"{column}_sealed")
    try:
        return sealer.open(token, context=f"contact|{column}|{contact.id}") if token else ""
    except Tampered:  # unreadable is no reason to keep it
        return ""


def _clear_excerpts(session: Session, sealer: Sealer, words: Sequence[str]) -> int:
    """Excerpts point at no contact, so each is opened. One that does not open is emptied as well: nobody can say whose
    it is."""
    if not words:
        return 0
    found = []
    query = sa.select(col(m.RowProblemRow.id), col(m.RowProblemRow.excerpt_sealed))
    query = query.where(col(m.RowProblemRow.excerpt_sealed) != "").order_by(col(m.RowProblemRow.id))
    for row_id, token in session.execute(query).all():
        try:
            text = sealer.open(token, context=f"row_problem|excerpt|{row_id}").casefold()
        except Tampered:
            found.append(row_id)
            continue
        if any(word in text for word in words):
            found.append(row_id)
    return _update(session, m.RowProblemRow, col(m.RowProblemRow.id).in_(found), {"excerpt_sealed": ""})


def _transcripts_of(session: Session, meetings: Sequence[UUID]) -> list[UUID]:
    return list(session.exec(select(m.Transcript.id).where(col(m.Transcript.meeting_id).in_(meetings))))


def _transcripts_with(session: Session, sealer: Sealer, contact: m.Contact, names: Sequence[str]) -> list[UUID]:
    """Of meetings with colleagues of theirs in which they spoke or were spoken of. These go as a whole: who knows which
    other words in them are theirs."""
    parts = {part for name in names for part in _WORDS.findall(name.casefold()) if len(part) > 2}
    company = select(m.Transcript).where(m.Transcript.company_id == contact.company_id)
    found = []
    for row in session.exec(company.where(col(m.Transcript.turns_sealed).is_not(None)).order_by(col(m.Transcript.id))):
        try:
            text = sealer.open(row.turns_sealed or "", context=f"transcript|turns|{row.id}").casefold()
        except Tampered:
            found.append(row.id)
            continue
        if parts & set(_WORDS.findall(text)):
            found.append(row.id)
    return found


def _drop_rules(session: Session, sealer: Sealer, names: Sequence[str]) -> int:
    """Rules learned from edits hold no name that is written as one; one in lower case could have come into them."""
    parts = {part for name in names for part in _WORDS.findall(name.casefold()) if len(part) > 2}
    found = []
    for row in session.exec(select(m.EditRule).order_by(col(m.EditRule.id))):
        try:
            said = [
                sealer.open(token, context=f"edit_rule|{column}|{row.id}").casefold()
                for column, token in (("find", row.find_sealed), ("put", row.put_sealed))
                if token
            ]
        except Tampered:
            found.append(row)
            continue
        if parts & {word for text in said for word in _WORDS.findall(text)}:
            found.append(row)
    for row in found:
        session.delete(row)
    return len(found)


def _files(session: Session) -> list[str]:
    query = select(m.ImportBatch.path).where(m.ImportBatch.kind == "people").order_by(col(m.ImportBatch.id))
    return [path for path in session.exec(query) if path]
