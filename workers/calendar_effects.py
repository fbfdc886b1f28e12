"""Events in reps' calendars: made, moved and taken away by the outbox, and nowhere else. Laws 2 and 5.

    claim one, look at what is wanted now, commit
    put it there under our own key, read the calendar again   (outside any transaction; the same again is safe)
    keep what stands there; then the invitation, or the booking gives way; commit

What is wanted stands in calendar_event; an item says only that something is to be done. So whatever order items come
in, and however often one is repeated, the calendar ends with what the row says.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from agents import attention
from agents.booking import changes, clash, diary, rooms
from agents.booking.event_words import event_draft
from agents.booking.following import keep
from agents.context import AgentContext
from core.errors import SalesOSError
from core.logging import get_logger
from core.redaction import redact_text
from store.models import (
    CalendarConnection,
    CalendarEventRow,
    ConnectedCalendar,
    EventState,
    Meeting,
    MeetingState,
    OutboxItem,
    OutboxState,
)
from store.queries import outbox
from tools.ports.calendar import CalendarAccount, EventDraft, EventOutcome, EventResult
from tools.ports.unknown import Unknown
from workers.outcomes import backoff

_log = get_logger(__name__)
_MAX_ATTEMPTS = 12  # with the waits below: some six hours; then the rep writes it in by hand
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=10), timedelta(hours=1)
_BEHIND = timedelta(seconds=5)  # behind another change of the same event that is on its way


@dataclass(frozen=True, slots=True)
class _Job:
    item: OutboxItem
    meeting_id: UUID
    event_id: UUID  # our row's
    user_id: UUID
    version: int
    written: bool  # it stood there once, by our hand
    connection: CalendarConnection
    calendar_id: str
    event_key: str
    etag: str
    known: tuple[datetime | None, datetime | None]  # when it stood there, as far as we knew
    draft: EventDraft | None  # None: it is to go


@dataclass(frozen=True, slots=True)
class _Answer:
    result: EventResult
    gone: bool = False  # its owner deleted it there
    overwrote: bool = False  # its owner had moved it, and our later word stands now
    unread: str = ""  # why the calendar could not be read again


def carry_out(context: AgentContext, owner: str, limit: int = 50) -> int:
    """What is due in one workspace. Returns how many items it took."""
    for taken in range(limit):
        found = _claim(context, owner)
        if found is None:
            return taken
        if isinstance(found, _Job):
            _settle(context, found, _perform(context, found))
    return limit


def _claim(context: AgentContext, owner: str) -> _Job | OutboxItem | None:
    """None: nothing is due. An item: there was nothing to ask the calendar for."""
    now = context.clock.now()
    with context.database.write(context.workspace_id) as session:
        lease = context.settings.lease_seconds
        items = outbox.claim(session, now, owner=owner, lease_seconds=lease, limit=1, kinds=[outbox.CALENDAR])
        if not items:
            return None
        (item,) = items
        # The event's row is locked: of two changes of one event only one is on its way at a time.
        event = session.exec(
            select(CalendarEventRow).where(CalendarEventRow.id == UUID(item.payload["event_id"])).with_for_update()
        ).first()
        if event is None or int(item.payload.get("version", event.version)) < event.version:
            _close(session, item, OutboxState.CANCELLED, "A later change says what is wanted.")
            return item
        if outbox.another_on_its_way(session, item, now):
            reason = "Another change of the same event is on its way."
            outbox.complete(
                session, item.id, item.lease_token, OutboxState.READY, not_before=now + _BEHIND, state_reason=reason
            )
            return item
        job = _job(session, context, item, event)
        if job is None:
            _close(session, item, OutboxState.CANCELLED, f"Nothing is wanted: the event is {event.state.value}.")
            return item
        item.attempts += 1
        session.add(item)
        return job


def _job(session: Session, context: AgentContext, item: OutboxItem, event: CalendarEventRow) -> _Job | None:
    meeting = session.get(Meeting, (context.workspace_id, event.meeting_id))
    calendar = session.get(ConnectedCalendar, (context.workspace_id, event.connected_calendar_id))
    connection = session.get(CalendarConnection, (context.workspace_id, calendar.connection_id)) if calendar else None
    if meeting is None or calendar is None or connection is None:
        return None
    draft = None
    if event.state is EventState.WANTED:
        if meeting.state is not MeetingState.BOOKED:
            return None
        draft = event_draft(session, context, event, meeting, calendar)
    elif event.state is not EventState.LEAVING:
        return None
    return _Job(
        item=item,
        meeting_id=meeting.id,
        event_id=event.id,
        user_id=event.user_id,
        version=event.version,
        written=event.written_version >= 0,
        connection=connection,
        calendar_id=calendar.calendar_id,
        event_key=event.event_key,
        etag=event.etag,
        known=(event.there_starts_at, event.there_ends_at),
        draft=draft,
    )


# ---- outside of any transaction


def _perform(context: AgentContext, job: _Job) -> _Answer:
    try:
        account = context.tools.calendar_account(job.connection)
        if job.draft is None:
            return _Answer(account.cancel(job.calendar_id, job.event_key))
        answer = _put(account, job, job.draft)
    except SalesOSError as error:  # no application, a grant that is dead: certainly not done
        return _Answer(EventResult(EventOutcome.DEFERRED, str(error)))
    except Exception as error:  # an account that breaks its word: nobody knows, and the same again is safe
        _log.warning("a calendar broke its word", service=job.connection.service, error=type(error).__name__)
        return _Answer(EventResult(EventOutcome.UNKNOWN, f"The calendar broke: {type(error).__name__}"))
    if answer.result.outcome is not EventOutcome.DONE:
        return answer
    return _Answer(answer.result, overwrote=answer.overwrote, unread=diary.refresh(context, job.user_id, anew=True))


def _put(account: CalendarAccount, job: _Job, draft: EventDraft) -> _Answer:
    result = account.put(job.calendar_id, draft, etag=job.etag)
    if result.outcome is not EventOutcome.CLASH:
        return _Answer(result)
    there = account.read(job.calendar_id, job.event_key)
    if isinstance(there, Unknown):
        return _Answer(EventResult(EventOutcome.DEFERRED, there.reason))
    if there is None or there.cancelled:
        if job.written:
            return _Answer(result, gone=True)
        return _Answer(EventResult(EventOutcome.DEFERRED, "The calendar says that it is there, and that it is not."))
    # Somebody moved it there meanwhile, or an answer of an earlier version was lost. Ours is the later word: it was
    # confirmed to the prospect, who knows of no other.
    stood = (there.starts_at, there.ends_at)
    # Where no answer ever came, what stands there without a person's hand is what a first version said.
    by_hand = stood != job.known if job.written else job.version == 0
    moved = by_hand and stood != (draft.starts_at, draft.ends_at)
    again = account.put(job.calendar_id, draft, etag=there.etag)
    if again.outcome is EventOutcome.CLASH:
        again = EventResult(EventOutcome.DEFERRED, "It changed there again.")
    return _Answer(again, overwrote=moved)


# ---- what follows


def _settle(context: AgentContext, job: _Job, answer: _Answer) -> None:
    with context.database.write(context.workspace_id) as session:
        found = changes.locked(session, context, job.meeting_id, event_id=job.event_id)
        if found is None or found.event is None:
            _close(session, job.item, OutboxState.CANCELLED, "The meeting was erased.")
            return
        if not outbox.still_held(session, job.item):
            return  # another worker has it, and its word counts
        result = answer.result
        if answer.gone and found.event.turn != found.meeting.turn:
            _close(session, job.item, OutboxState.CANCELLED, "Its owner deleted the event there.")
            changes.drop(session, context, found)
        elif answer.gone:
            _close(session, job.item, OutboxState.CANCELLED, "Its owner deleted the event there.")
            changes.cancel(session, context, found, actor=changes.THERE, why="deleted_there")
        elif result.outcome is EventOutcome.DONE and job.draft is None:
            _close(session, job.item, OutboxState.SENT, result.detail, sent_at=context.clock.now())
            if found.event.version == job.version:
                found.event.state, found.event.read_at = EventState.CANCELLED, context.clock.now()
                found.event.there_starts_at = found.event.there_ends_at = None
                session.add(found.event)
        elif result.outcome is EventOutcome.DONE:
            _stands(session, context, job, found, answer)
        elif result.outcome is EventOutcome.REFUSED:
            _refused(session, context, job, found, result.detail)
        else:
            _later(session, context, job, found, result.detail, result.retry_after_seconds)


def _stands(session: Session, context: AgentContext, job: _Job, found: changes.Locked, answer: _Answer) -> None:
    event, meeting, now = found.event, found.meeting, context.clock.now()
    assert event is not None
    if answer.result.event is not None:
        keep(event, answer.result.event, now)
    event.written_version = max(event.written_version, job.version)
    session.add(event)
    session.flush()
    if event.version != job.version or meeting.state is not MeetingState.BOOKED or event.turn != meeting.turn:
        _close(session, job.item, OutboxState.SENT, "Done; a later change follows.", sent_at=now)
        return
    assert meeting.starts_at is not None
    assert meeting.ends_at is not None
    if answer.unread:
        _later(
            session, context, job, found, f"It is there; the calendar could not be read again: {answer.unread}", None
        )
        return
    _close(session, job.item, OutboxState.SENT, answer.result.detail, sent_at=now)
    # A span that names no event says nothing here: services that merge times show ours and theirs as one.
    others = diary.overlapping(session, job.user_id, meeting.starts_at, meeting.ends_at)
    # What was told to the prospect does not give way any more: its rep hears of it (following.tell_overlaps).
    if any(span.event_id for span in others) and not rooms.told(session, meeting):
        clash.give_way(session, context, found)
        return
    event.state = EventState.THERE
    session.add(event)
    rooms.tell(session, context, meeting, found.lead)
    if answer.overwrote:
        title = (
            "They moved a meeting that you had moved in your calendar too: their time stands"
            if job.written
            else "You moved a meeting before its booking was confirmed: the time that they chose stands"
        )
        _task(session, context, found, "moved_by_both", title)


def _refused(session: Session, context: AgentContext, job: _Job, found: changes.Locked, detail: str) -> None:
    """The time stands and is kept free; only the calendar outside does not show it."""
    _close(session, job.item, OutboxState.FAILED, detail)
    event = found.event
    assert event is not None
    if event.version != job.version:
        return
    if job.draft is None:
        _task(session, context, found, "calendar_leave", "Take a meeting that was called off out of your calendar")
        return
    event.state = EventState.REFUSED
    session.add(event)
    _task(session, context, found, "calendar_enter", "Enter a booked meeting in your calendar: it was not taken there")
    rooms.tell(session, context, found.meeting, found.lead)


def _later(
    session: Session, context: AgentContext, job: _Job, found: changes.Locked, detail: str, seconds: int | None
) -> None:
    now, starts_at = context.clock.now(), found.meeting.starts_at
    over = starts_at is not None and starts_at <= now
    if job.item.attempts >= _MAX_ATTEMPTS or over:
        why = "the meeting has begun" if over else f"{job.item.attempts} attempts"
        _refused(session, context, job, found, f"Given up ({why}). The calendar's last words: {detail}")
        return
    wait = backoff(job.item.id, job.item.attempts, _FIRST_WAIT, _LONGEST_WAIT)
    if seconds is not None:
        wait = max(wait, timedelta(seconds=seconds))
    reason = redact_text(detail)[:1_000]
    outbox.complete(
        session, job.item.id, job.item.lease_token, OutboxState.READY, not_before=now + wait, state_reason=reason
    )


def _close(session: Session, item: OutboxItem, state: OutboxState, reason: str, **values: Any) -> None:
    said = redact_text(reason)[:1_000]
    outbox.complete(session, item.id, item.lease_token, state, state_reason=said, **values)


def _task(session: Session, context: AgentContext, found: changes.Locked, kind: str, title: str) -> None:
    attention.add_task(
        session,
        context,
        source_key=f"{kind}:{found.meeting.id}:{found.meeting.ics_sequence}",
        subject=found.lead,
        kind=kind,
        title=title,
        due_at=context.clock.now(),
        assignee_id=found.event.user_id if found.event is not None else found.meeting.user_id,
    )
