"""The ledger of pools: what each member is owed, read from rows that are only ever added."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from core.ids import stable_id
from store import bulk
from store.models import EntryKind, Pool, PoolEntry, PoolMember, PoolUse, User
from store.session import workspace_of


def pool_of(session: Session, icp_id: UUID) -> Pool | None:
    """The one that takes the leads of an ICP: its own, else everyone's. None: there is none, or it is switched off."""
    own = sa.select(col(PoolUse.pool_id)).where(col(PoolUse.id) == icp_id)
    query = select(Pool).where(sa.or_(col(Pool.id).in_(own), sa.and_(col(Pool.everyone), ~own.exists())))
    found = session.exec(query).first()
    return found if found is not None and found.active else None


def locked(session: Session, pool_id: UUID) -> Pool | None:
    """Whoever assigns a meeting of the pool waits for the one before. Locked after the lead, the meeting, its event."""
    key = (workspace_of(session), pool_id)
    # Not against rows that only point at it: who gives a meeting back holds quarters of an hour that others wait for.
    return session.get(Pool, key, with_for_update={"key_share": True}, populate_existing=True)


def people_of(session: Session, pool_id: UUID) -> list[tuple[PoolMember, User]]:
    """Who is in it, by id; who left it, or signs in no more, is not."""
    query = (
        select(PoolMember, User)
        .join(
            User,
            (col(User.workspace_id) == col(PoolMember.workspace_id)) & (col(User.id) == col(PoolMember.user_id)),
        )
        .where(PoolMember.pool_id == pool_id, col(PoolMember.left_at).is_(None), col(User.active))
        .order_by(col(User.id))
    )
    return [(member, user) for member, user in session.exec(query)]


def credits_of(session: Session, pool_id: UUID) -> dict[UUID, int]:
    """By member, in parts of a meeting; whom the ledger does not name is owed nothing."""
    query = (
        sa.select(col(PoolEntry.user_id), sa.func.sum(col(PoolEntry.change)))
        .where(col(PoolEntry.pool_id) == pool_id)
        .group_by(col(PoolEntry.user_id))
    )
    return {user_id: int(total) for user_id, total in session.execute(query)}


def add(
    session: Session,
    now: datetime,
    pool_id: UUID,
    changes: Sequence[tuple[UUID, int]],
    *,
    kind: EntryKind,
    reason: str,
    subject_id: UUID,
    meeting_id: UUID | None = None,
    turn: int = 0,
) -> int:
    """One change of the ledger, once a (subject, turn, kind); returns the rows that were new.

    `subject_id`: the meeting, or what else the change is about. Raises ValueError where the parts do not sum to zero.
    """
    if sum(change for _, change in changes):
        raise ValueError("The parts of a change of the ledger sum to zero.")
    rows = [
        {
            "id": stable_id("pool_entry", workspace_of(session), subject_id, turn, user_id, kind.value),
            "pool_id": pool_id,
            "user_id": user_id,
            "meeting_id": meeting_id,
            "turn": turn,
            "kind": kind,
            "change": change,
            "reason": reason[:300],
            "at": now,
        }
        for user_id, change in changes
    ]
    return len(bulk.insert_ignore(session, PoolEntry, rows))


def stands(session: Session, meeting_id: UUID, turn: int) -> bool:
    """Whether this turn of the meeting is assigned, and was not given back. An assignment without parts (an owner's
    that is not counted) leaves no row, and stands as long as nothing was given back."""
    kinds = set(session.exec(select(PoolEntry.kind).where(PoolEntry.meeting_id == meeting_id, PoolEntry.turn == turn)))
    return EntryKind.GIVEN_BACK not in kinds


def give_back(session: Session, now: datetime, meeting_ids: Collection[UUID], reason: str) -> int:
    """What these meetings were assigned for is undone, as if they had never been. Again, or of meetings of no pool:
    nothing. Returns how many rows were added."""
    if not meeting_ids:
        return 0
    session.flush()
    undone = aliased(PoolEntry)
    there = (
        sa.select(sa.literal(1))
        .where(
            col(undone.workspace_id) == col(PoolEntry.workspace_id),
            col(undone.meeting_id) == col(PoolEntry.meeting_id),
            col(undone.turn) == col(PoolEntry.turn),
            col(undone.kind) == EntryKind.GIVEN_BACK,
        )
        .exists()
    )
    query = select(PoolEntry).where(
        col(PoolEntry.meeting_id).in_(meeting_ids), col(PoolEntry.kind) == EntryKind.ASSIGNED, ~there
    )
    rows: list[dict[str, Any]] = [
        {
            "id": stable_id(
                "pool_entry", row.workspace_id, row.meeting_id, row.turn, row.user_id, EntryKind.GIVEN_BACK.value
            ),
            "pool_id": row.pool_id,
            "user_id": row.user_id,
            "meeting_id": row.meeting_id,
            "turn": row.turn,
            "kind": EntryKind.GIVEN_BACK,
            "change": -row.change,
            "reason": reason[:300],
            "at": now,
        }
        for row in session.exec(query.order_by(col(PoolEntry.id)))
    ]
    return len(bulk.insert_ignore(session, PoolEntry, rows))
