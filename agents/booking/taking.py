"""Taking quarters of an hour for a meeting, and giving them back: their keys make double booking impossible."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core.ids import stable_id
from store import bulk
from store.models import CalendarBucket, Hold, HoldState, Meeting
from tools.calendar.slots import buckets


def hold_id_of(meeting: Meeting, starts_at: datetime) -> UUID:
    """Each rep that it was given to has holds of their own."""
    turn = (meeting.turn,) if meeting.turn else ()
    return stable_id("hold", meeting.workspace_id, meeting.id, starts_at.isoformat(), *turn)


def take(
    session: Session,
    meeting: Meeting,
    starts_at: datetime,
    ends_at: datetime,
    *,
    state: HoldState,
    expires_at: datetime,
    over_holds: bool = False,
) -> UUID | None:
    """The hold of this time, or None and no trace of it where another meeting has a part of it.

    Quarters that the meeting itself has already are not in its way. `over_holds`: times that were only proposed to
    others give way, because the rep's own calendar says so.
    """
    hold_id = hold_id_of(meeting, starts_at)
    session.flush()
    wanted = buckets(starts_at, ends_at)
    before = session.get(Hold, (meeting.workspace_id, hold_id), populate_existing=True)
    was = None if before is None else (before.state, before.ends_at, before.expires_at)
    _keep_hold(session, meeting, hold_id, starts_at, ends_at, state, expires_at)
    if over_holds:
        _push_out(session, meeting, wanted)
    got = [row.bucket_at for row in _claim(session, meeting.user_id, hold_id, wanted)]
    others = [bucket for bucket in wanted if bucket not in got]
    if not others or _own(session, meeting, hold_id, others):
        return hold_id
    _drop(session, hold_id, got, meeting.user_id)
    if was is None:
        session.execute(sa.delete(Hold).where(col(Hold.id) == hold_id).execution_options(synchronize_session="fetch"))
    else:
        _write(session, hold_id, state=was[0], ends_at=was[1], expires_at=was[2])
    return None


def give_back(session: Session, meeting_id: UUID, *, but: UUID | None = None) -> None:
    """The meeting's times are free again, all or all but one."""
    session.flush()
    query = select(Hold.id).where(
        Hold.meeting_id == meeting_id, col(Hold.state).in_([HoldState.HELD, HoldState.TAKEN]), Hold.id != but
    )
    ids = list(session.exec(query.order_by(col(Hold.id))))
    _set_state(session, ids, HoldState.RELEASED)
    _give_back(session, ids)


def let_go(session: Session, hold_id: UUID) -> None:
    """One time is free again."""
    _set_state(session, [hold_id], HoldState.RELEASED)
    _give_back(session, [hold_id])


def move_holds(session: Session, meeting_id: UUID, user_id: UUID) -> bool:
    """What is held for a proposal is held by somebody else, under the same links. False, and nothing changes: a part of
    it is taken there."""
    held = select(Hold).where(Hold.meeting_id == meeting_id, Hold.state == HoldState.HELD)
    holds = list(session.exec(held.order_by(col(Hold.starts_at), col(Hold.id)).with_for_update()))
    got: dict[UUID, list[datetime]] = {}
    for hold in holds:
        wanted = buckets(hold.starts_at, hold.ends_at)
        got[hold.id] = [row.bucket_at for row in _claim(session, user_id, hold.id, wanted)]
        if len(got[hold.id]) != len(wanted):
            for hold_id, at in got.items():
                _drop(session, hold_id, at, user_id)
            return False
    for hold in holds:
        _drop(session, hold.id, got[hold.id], hold.user_id)
        hold.user_id = user_id
        session.add(hold)
    session.flush()
    return True


def hold_of(session: Session, meeting: Meeting) -> UUID:
    """That of the booked time."""
    query = select(Hold.id).where(Hold.meeting_id == meeting.id, Hold.state == HoldState.TAKEN)
    return session.exec(query.order_by(col(Hold.id))).first() or meeting.id


def _keep_hold(
    session: Session,
    meeting: Meeting,
    hold_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    state: HoldState,
    expires_at: datetime,
) -> None:
    values: dict[str, Any] = {"state": state, "ends_at": ends_at, "expires_at": expires_at}
    row = {"id": hold_id, "meeting_id": meeting.id, "user_id": meeting.user_id, "starts_at": starts_at, **values}
    if bulk.insert_ignore(session, Hold, [row]):
        return
    _write(session, hold_id, **values)


def _write(session: Session, hold_id: UUID, **values: Any) -> None:
    known = sa.update(Hold).where(col(Hold.id) == hold_id).values(**values)
    session.execute(known.execution_options(synchronize_session="fetch"))


def _claim(session: Session, user_id: UUID, hold_id: UUID, wanted: Sequence[datetime]) -> list[Any]:
    rows: list[dict[str, Any]] = [{"id": user_id, "bucket_at": bucket, "hold_id": hold_id} for bucket in wanted]
    # Nothing is updated: what is taken stays with whom it belongs to. In the order of time, so that two claims of
    # overlapping times wait for each other in one direction only.
    return bulk.upsert(session, CalendarBucket, rows, key=("id", "bucket_at"), update=(), returning=("bucket_at",))


def _own(session: Session, meeting: Meeting, hold_id: UUID, others: Sequence[datetime]) -> bool:
    """Whether the meeting itself has all of these; then its new hold has them. Nothing changes where it has not."""
    mine = sa.and_(
        col(CalendarBucket.id) == meeting.user_id,
        col(CalendarBucket.bucket_at).in_(others),
        col(CalendarBucket.hold_id).in_(sa.select(col(Hold.id)).where(col(Hold.meeting_id) == meeting.id)),
    )
    # The meeting is locked by whoever moves it, so what it has stays its own until the end of the transaction.
    if session.exec(select(sa.func.count()).select_from(CalendarBucket).where(mine)).one() != len(others):
        return False
    moved = sa.update(CalendarBucket).where(mine).values(hold_id=hold_id)
    session.execute(moved.execution_options(synchronize_session=False))
    return True


def _drop(session: Session, hold_id: UUID, at: Sequence[datetime], user_id: UUID) -> None:
    gone = sa.delete(CalendarBucket).where(
        col(CalendarBucket.id) == user_id,
        col(CalendarBucket.hold_id) == hold_id,
        col(CalendarBucket.bucket_at).in_(at),
    )
    session.execute(gone.execution_options(synchronize_session=False))


def _push_out(session: Session, meeting: Meeting, wanted: Sequence[datetime]) -> None:
    query = (
        select(Hold.id)
        .join(
            CalendarBucket,
            (col(CalendarBucket.workspace_id) == col(Hold.workspace_id))
            & (col(CalendarBucket.hold_id) == col(Hold.id)),
        )
        .where(
            CalendarBucket.id == meeting.user_id,
            col(CalendarBucket.bucket_at).in_(wanted),
            Hold.meeting_id != meeting.id,
            Hold.state == HoldState.HELD,
        )
        .distinct()
    )
    ids = sorted(session.exec(query))
    released = sa.update(Hold).where(col(Hold.id).in_(ids), col(Hold.state) == HoldState.HELD)
    released = released.values(state=HoldState.RELEASED)
    gone = session.execute(released.returning(col(Hold.id)).execution_options(synchronize_session="fetch"))
    _give_back(session, [row.id for row in gone])


def _set_state(session: Session, hold_ids: Sequence[UUID], state: HoldState) -> None:
    changed = sa.update(Hold).where(col(Hold.id).in_(hold_ids)).values(state=state)
    session.execute(changed.execution_options(synchronize_session="fetch"))


def _give_back(session: Session, hold_ids: Sequence[UUID]) -> None:
    gone = sa.delete(CalendarBucket).where(col(CalendarBucket.hold_id).in_(hold_ids))
    session.execute(gone.execution_options(synchronize_session=False))
