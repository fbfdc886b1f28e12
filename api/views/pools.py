"""Pools as people see them: who shares out which leads, what each was owed and paid, and the meetings behind it."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from agents.booking.pool_needs import Need, needs_of
from agents.booking.pools import in_meetings
from api import paging
from core.errors import NotFound
from store.models import (
    Company,
    EntryKind,
    Icp,
    Meeting,
    MeetingState,
    Pool,
    PoolEntry,
    PoolMember,
    PoolUse,
    User,
)
from store.session import workspace_of
from tools.calendar.rotation import UNIT, Ownership

_COMING: Final = (MeetingState.PROPOSED, MeetingState.BOOKED)


class PoolIcp(BaseModel):
    id: UUID
    name: str


class PoolMemberOut(BaseModel):
    user_id: UUID
    name: str
    weight: int
    skills: list[str]
    active: bool = Field(description="Off: paused, gets only what is theirs as an owner.")
    here: bool = Field(description="Off: left the pool, or signs in no more.")
    share: float = Field(description="Meetings that were due to them, of those at which they were free and fit.")
    paid: int = Field(description="Meetings that they took of these.")
    balance: float = Field(description="What the pool owes them, in meetings; negative: had more than was due.")
    coming: int = Field(description="Booked or proposed, and theirs.")


class PoolOut(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Introductions", "everyone": True}]})

    id: UUID
    name: str
    active: bool
    everyone: bool = Field(description="Takes the leads of every ICP that has no pool of its own.")
    icps: list[PoolIcp]
    minutes: int | None = Field(description="Of its meetings; null: as the policy says.")
    ownership: Ownership
    owner_counts: bool
    no_show_counts: bool
    needs: list[Need]
    members: list[PoolMemberOut]
    updated_at: datetime


class PoolList(BaseModel):
    items: list[PoolOut]


class LedgerEntryOut(BaseModel):
    id: UUID
    at: datetime
    user_id: UUID
    name: str
    kind: EntryKind
    change: float = Field(description="In meetings; above 0: owed more. Those of one change sum to zero.")
    meeting_id: UUID | None
    company: str = Field(description="Whom the meeting is with; empty: none, or it is gone.")
    meeting_state: MeetingState | None
    starts_at: datetime | None
    reason: str


def pools(session: Session, now: datetime) -> list[PoolOut]:
    rows = list(session.exec(select(Pool).order_by(col(Pool.name), col(Pool.id))))
    return [_out(session, row, now) for row in rows]


def pool(session: Session, pool_id: UUID, now: datetime) -> PoolOut:
    """Raises NotFound."""
    row = session.get(Pool, (workspace_of(session), pool_id))
    if row is None:
        raise NotFound("There is no such pool.")
    return _out(session, row, now)


def ledger(
    session: Session, pool_id: UUID, *, user_id: UUID | None = None, limit: int = 50, cursor: str | None = None
) -> paging.Page[LedgerEntryOut]:
    """The newest first. Raises NotFound."""
    if session.get(Pool, (workspace_of(session), pool_id)) is None:
        raise NotFound("There is no such pool.")
    query = (
        sa.select(PoolEntry, col(User.name), Meeting, col(Company.name))
        .outerjoin(User, col(User.id) == col(PoolEntry.user_id))
        .outerjoin(Meeting, col(Meeting.id) == col(PoolEntry.meeting_id))
        .outerjoin(Company, col(Company.id) == col(Meeting.company_id))
        .where(col(PoolEntry.pool_id) == pool_id)
        .order_by(col(PoolEntry.at).desc(), col(PoolEntry.id).desc())
        .limit(limit + 1)
    )
    if user_id is not None:
        query = query.where(col(PoolEntry.user_id) == user_id)
    if key := paging.decode(cursor, 2):
        at, last = datetime.fromisoformat(key[0]), UUID(key[1])
        query = query.where(sa.or_(col(PoolEntry.at) < at, sa.and_(col(PoolEntry.at) == at, col(PoolEntry.id) < last)))
    rows = session.execute(query).all()
    items = [_entry(*row) for row in rows[:limit]]
    if len(rows) <= limit:
        return paging.Page(items=items, next=None)
    last_row = rows[limit - 1][0]
    return paging.Page(items=items, next=paging.encode(last_row.at.isoformat(), str(last_row.id)))


def _entry(row: PoolEntry, name: str | None, meeting: Meeting | None, company: str | None) -> LedgerEntryOut:
    return LedgerEntryOut(
        id=row.id,
        at=row.at,
        user_id=row.user_id,
        name=name or "",
        kind=row.kind,
        change=in_meetings(row.change),
        meeting_id=meeting.id if meeting is not None else None,
        company=company or "",
        meeting_state=meeting.state if meeting is not None else None,
        starts_at=meeting.starts_at if meeting is not None else None,
        reason=row.reason,
    )


def _out(session: Session, row: Pool, now: datetime) -> PoolOut:
    icps = session.execute(
        sa.select(col(Icp.id), col(Icp.name))
        .join(PoolUse, col(PoolUse.id) == col(Icp.id))
        .where(col(PoolUse.pool_id) == row.id)
        .order_by(col(Icp.name), col(Icp.id))
    )
    return PoolOut(
        id=row.id,
        name=row.name,
        active=row.active,
        everyone=row.everyone,
        icps=[PoolIcp(id=icp_id, name=name) for icp_id, name in icps],
        minutes=row.minutes,
        ownership=Ownership(row.ownership),
        owner_counts=row.owner_counts,
        no_show_counts=row.no_show_counts,
        needs=needs_of(row.needs),
        members=_members(session, row.id, now),
        updated_at=row.updated_at,
    )


def _members(session: Session, pool_id: UUID, now: datetime) -> list[PoolMemberOut]:
    """Those who are there, and those who left and have something ahead or between them and the others."""
    figures, coming = _figures(session, pool_id), _coming(session, pool_id, now)
    rows = session.execute(
        sa.select(PoolMember, User)
        .join(User, col(User.id) == col(PoolMember.user_id))
        .where(col(PoolMember.pool_id) == pool_id)
        .order_by(col(User.name), col(User.id))
    )
    found = []
    for member, user in rows:
        share, paid, balance = figures.get(user.id, (0, 0, 0))
        here = member.left_at is None and user.active
        if not here and not coming.get(user.id) and not balance and not share:
            continue
        found.append(
            PoolMemberOut(
                user_id=user.id,
                name=user.name,
                weight=member.weight,
                skills=list(member.skills),
                active=member.active,
                here=here,
                share=in_meetings(share),
                paid=paid,
                balance=in_meetings(balance),
                coming=coming.get(user.id, 0),
            )
        )
    return found


def _figures(session: Session, pool_id: UUID) -> dict[UUID, tuple[int, int, int]]:
    """(share in parts, meetings paid, balance in parts) by member. What was given back counts for nothing."""
    undone = aliased(PoolEntry)
    stands = sa.and_(
        col(PoolEntry.kind) == EntryKind.ASSIGNED,
        ~sa.select(sa.literal(1))
        .where(
            col(undone.workspace_id) == col(PoolEntry.workspace_id),
            col(undone.meeting_id) == col(PoolEntry.meeting_id),
            col(undone.turn) == col(PoolEntry.turn),
            col(undone.kind) == EntryKind.GIVEN_BACK,
        )
        .exists(),
    )
    paid = sa.func.sum(sa.case((sa.and_(stands, col(PoolEntry.change) < 0), 1), else_=0))
    standing = sa.func.sum(sa.case((stands, col(PoolEntry.change)), else_=0))
    query: Any = (
        sa.select(col(PoolEntry.user_id), standing, paid, sa.func.sum(col(PoolEntry.change)))
        .where(col(PoolEntry.pool_id) == pool_id)
        .group_by(col(PoolEntry.user_id))
    )
    return {
        user_id: (int(changes) + int(taken) * UNIT, int(taken), int(total))
        for user_id, changes, taken, total in session.execute(query)
    }


def _coming(session: Session, pool_id: UUID, now: datetime) -> dict[UUID, int]:
    ahead = sa.or_(col(Meeting.starts_at).is_(None), col(Meeting.starts_at) > now)
    query = (
        sa.select(col(Meeting.user_id), sa.func.count())
        .where(col(Meeting.pool_id) == pool_id, col(Meeting.state).in_(_COMING), ahead)
        .group_by(col(Meeting.user_id))
    )
    return {user_id: int(number) for user_id, number in session.execute(query)}
