"""Rooms for video calls at services of their own: made, moved and taken away by the outbox, and nowhere else. Law 5.

    claim one, look at what is wanted now, commit
    look for the room by our key, make it where there is none, or move it, or take it away   (outside any transaction)
    keep what stands there; then the invitation, and the event in the rep's calendar gets the link; commit

A worker that dies in between left a room of our key at most: whoever comes next finds it before making one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents import attention
from agents.booking import changes, events, rooms
from agents.context import AgentContext
from core.errors import SalesOSError
from core.logging import get_logger
from core.redaction import redact_text
from store.models import (
    EventState,
    Meeting,
    MeetingRoom,
    MeetingState,
    OutboxItem,
    OutboxState,
    RoomSetting,
    RoomState,
    User,
)
from store.queries import outbox
from store.queries import rooms as rows
from tools.calendar.slots import zone_of
from tools.ports.calendar import VideoRoom, VideoService
from tools.ports.unknown import Gap, Unknown
from workers.outcomes import backoff

_log = get_logger(__name__)
MAX_ATTEMPTS: Final = 6  # with the waits below: some five minutes that an invitation waits for its link
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=2)
_BEHIND: Final = timedelta(seconds=5)
_TITLE: Final = "Meeting"  # Zoom shows it to whoever opens the link: nothing of the person stands in it


@dataclass(frozen=True, slots=True)
class _Job:
    item: OutboxItem
    setting: RoomSetting
    version: int
    room_id: str
    leaving: bool
    starts_at: datetime
    ends_at: datetime
    time_zone: str

    @property
    def key(self) -> str:
        return self.item.subject_id.hex


def carry_out(context: AgentContext, owner: str, limit: int = 50) -> int:
    """What is due in one workspace. Returns how many items it took."""
    _queue_forgotten(context)
    for taken in range(limit):
        found = _claim(context, owner)
        if found is None:
            return taken
        if isinstance(found, _Job):
            _settle(context, found, _perform(context, found))
    return limit


def _queue_forgotten(context: AgentContext) -> None:
    """Wanted, and nobody was told: a person was erased."""
    queued = (
        sa.select(sa.literal(1))
        .where(
            col(OutboxItem.workspace_id) == col(MeetingRoom.workspace_id),
            col(OutboxItem.subject_id) == col(MeetingRoom.id),
            col(OutboxItem.kind) == outbox.ROOM,
            col(OutboxItem.state).in_([OutboxState.READY, OutboxState.SENDING]),
        )
        .exists()
    )
    waiting = select(MeetingRoom).where(col(MeetingRoom.state).in_([RoomState.WANTED, RoomState.LEAVING]), ~queued)
    with context.database.read(context.workspace_id) as session:
        if session.exec(waiting.limit(1)).first() is None:
            return
    with context.database.write(context.workspace_id) as session:
        for row in session.exec(waiting):
            rows.insert(session, context.clock.now(), row)


def _claim(context: AgentContext, owner: str) -> _Job | OutboxItem | None:
    """None: nothing is due. An item: there was nothing to ask the service for."""
    now = context.clock.now()
    with context.database.write(context.workspace_id) as session:
        lease = context.settings.lease_seconds
        items = outbox.claim(session, now, owner=owner, lease_seconds=lease, limit=1, kinds=[outbox.ROOM])
        if not items:
            return None
        (item,) = items
        key = (context.workspace_id, item.subject_id)
        room = session.get(MeetingRoom, key, with_for_update=True, populate_existing=True)
        meeting = session.get(Meeting, key)
        if room is None or meeting is None or int(item.payload.get("version", -1)) < room.version:
            _close(session, item, OutboxState.CANCELLED, "A later change says what is wanted.")
            return item
        if outbox.another_on_its_way(session, item, now):
            outbox.complete(
                session,
                item.id,
                item.lease_token,
                OutboxState.READY,
                not_before=now + _BEHIND,
                state_reason="Another change of the same room is on its way.",
            )
            return item
        setting = rows.setting_of(session)
        leaving = room.state is RoomState.LEAVING
        booked = meeting.state is MeetingState.BOOKED and meeting.starts_at is not None and meeting.ends_at is not None
        if setting is None or not (leaving or (room.state is RoomState.WANTED and booked)):
            _close(session, item, OutboxState.CANCELLED, f"Nothing is wanted: the room is {room.state.value}.")
            return item
        item.attempts += 1
        session.add(item)
        rep = session.get(User, (context.workspace_id, meeting.user_id))
        zone = rep.time_zone if rep is not None and zone_of(rep.time_zone) is not None else "UTC"
        return _Job(
            item=item,
            setting=setting,
            version=room.version,
            room_id=room.room_id,
            leaving=leaving,
            starts_at=meeting.starts_at or now,
            ends_at=meeting.ends_at or now,
            time_zone=zone,
        )


# ---- outside of any transaction


def _perform(context: AgentContext, job: _Job) -> VideoRoom | Unknown | None:
    """None: it is gone, or stands at the new time."""
    try:
        service = context.tools.video_service(job.setting)
        return _taken_away(service, job) if job.leaving else _brought(service, job)
    except SalesOSError as error:  # no application
        return Unknown(str(error), Gap.REFUSED)
    except Exception as error:  # a service that breaks its word: the same again is safe
        _log.warning("a room service broke its word", error=type(error).__name__)
        return Unknown(f"The service broke: {type(error).__name__}", Gap.DOWN)


def _taken_away(service: VideoService, job: _Job) -> Unknown | None:
    room_id = job.room_id
    if not room_id:  # an answer may have been lost
        found = service.find(job.key)
        if found is None or isinstance(found, Unknown):
            return found
        room_id = found.room_id
    return service.remove(room_id)


def _brought(service: VideoService, job: _Job) -> VideoRoom | Unknown | None:
    if job.room_id:
        said = service.move(job.room_id, job.starts_at, job.ends_at, job.time_zone)
        if said is None or said.gap is not Gap.NO_DATA:
            return said
        # Somebody took it away there: another is made.
    made = service.make(job.key, _TITLE, job.starts_at, job.ends_at, job.time_zone)
    if isinstance(made, Unknown) or job.version == 0:
        return made
    # One that was found may be of an earlier time, whose answer was lost.
    return service.move(made.room_id, job.starts_at, job.ends_at, job.time_zone) or made


# ---- what follows


def _settle(context: AgentContext, job: _Job, answer: VideoRoom | Unknown | None) -> None:
    with context.database.write(context.workspace_id) as session:
        found = changes.locked(session, context, job.item.subject_id)
        key = (context.workspace_id, job.item.subject_id)
        room = session.get(MeetingRoom, key, with_for_update=True, populate_existing=True)
        if found is None or room is None:
            _close(session, job.item, OutboxState.CANCELLED, "The meeting was erased.")
            return
        if not outbox.still_held(session, job.item):
            return  # another worker has it, and its word counts
        if isinstance(answer, Unknown):
            _not_done(session, context, job, found, room, answer)
            return
        now = context.clock.now()
        if answer is not None:
            room.room_id, room.url, room.dial_in = answer.room_id, answer.url, answer.dial_in
        session.add(room)
        if room.version != job.version:
            _close(session, job.item, OutboxState.SENT, "Done; a later change follows.", sent_at=now)
            return
        room.written_version, room.problem = job.version, ""
        room.state = RoomState.GONE if job.leaving else RoomState.THERE
        if job.leaving:
            room.url = room.dial_in = ""
        session.add(room)
        session.flush()
        _close(session, job.item, OutboxState.SENT, "Done.", sent_at=now)
        _works(session)
        if not job.leaving:
            rooms.tell(session, context, found.meeting, found.lead)
            if answer is not None and found.event is not None and found.event.state is EventState.THERE:
                events.want(session, context, found.meeting)  # the rep's calendar gets the link


def _not_done(
    session: Session, context: AgentContext, job: _Job, found: changes.Locked, room: MeetingRoom, said: Unknown
) -> None:
    now, starts_at = context.clock.now(), found.meeting.starts_at
    over = starts_at is not None and starts_at <= now
    refused = said.gap is Gap.REFUSED
    detail = redact_text(said.reason)[:1_000]
    if refused:
        setting = rows.setting_of(session, lock=True)
        if setting is not None and setting.connection_number == job.setting.connection_number:
            setting.problem = detail
            session.add(setting)
    if not (refused or over or job.item.attempts >= MAX_ATTEMPTS):
        wait = backoff(job.item.id, job.item.attempts, _FIRST_WAIT, _LONGEST_WAIT)
        outbox.complete(
            session, job.item.id, job.item.lease_token, OutboxState.READY, not_before=now + wait, state_reason=detail
        )
        return
    _close(session, job.item, OutboxState.FAILED, detail)
    if room.version != job.version:
        return
    room.problem = detail
    if job.leaving:  # it stays there, empty: nobody waits for it
        room.state = RoomState.GONE
        session.add(room)
        return
    room.state = RoomState.REFUSED
    session.add(room)
    session.flush()
    attention.add_task(
        session,
        context,
        source_key=f"room_by_hand:{found.meeting.id}:{found.meeting.ics_sequence}",
        subject=found.lead,
        kind="room_by_hand",
        title="Zoom has no room for a booked meeting at its time: send them a link"
        if not room.url
        else "The Zoom room of a meeting that was moved kept its old time: change it there",
        due_at=now,
        assignee_id=found.meeting.user_id,
    )
    rooms.tell(session, context, found.meeting, found.lead)


def _works(session: Session) -> None:
    setting = rows.setting_of(session)
    if setting is not None and setting.problem:
        setting.problem = ""
        session.add(setting)


def _close(session: Session, item: OutboxItem, state: OutboxState, reason: str, **values: datetime) -> None:
    outbox.complete(session, item.id, item.lease_token, state, state_reason=redact_text(reason)[:1_000], **values)
