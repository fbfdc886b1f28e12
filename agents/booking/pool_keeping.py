"""Pools made, changed and manned: the one writer behind the CLI, the API and the console."""

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents.booking.pool_needs import MOST_NEEDS, Need, checked_skills
from agents.context import AgentContext
from core.errors import Conflict, NotFound, Rejected
from core.ids import stable_id
from store import audit
from store.models import EntryKind, Icp, Meeting, MeetingState, Pool, PoolEntry, PoolMember, PoolUse, User
from store.queries import pools as ledger
from tools.calendar.rotation import Member, Ownership, settle

MOST_POOLS: Final = 50
MOST_MEMBERS: Final = 100
MOST_WEIGHT: Final = 100


def put(
    session: Session,
    context: AgentContext,
    pool_id: UUID,
    *,
    name: str,
    active: bool,
    everyone: bool,
    icp_ids: Collection[UUID],
    minutes: int | None,
    ownership: Ownership,
    owner_counts: bool,
    no_show_counts: bool,
    needs: Sequence[Need],
    by: str,
) -> Pool:
    """Makes the pool or changes it whole. Raises NotFound (an ICP), Rejected, Conflict (a name, an ICP or everyone's
    leads that another pool has)."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 100:
        raise Rejected("A pool needs a name of at most 100 characters.")
    if len(needs) > MOST_NEEDS:
        raise Rejected(f"A pool has at most {MOST_NEEDS} needs.")
    if minutes is not None and not 5 <= minutes <= 480:
        raise Rejected("A meeting lasts from 5 to 480 minutes.")
    row, now = ledger.locked(session, pool_id), context.clock.now()
    _check_free(session, pool_id, name, everyone, icp_ids)
    made = row is None
    if row is None:
        if session.exec(select(sa.func.count()).select_from(Pool)).one() >= MOST_POOLS:
            raise Conflict(f"There are {MOST_POOLS} pools already.", hint="Delete one that is not needed.")
        row = Pool(
            workspace_id=context.workspace_id, id=pool_id, name=name, created_by=by, created_at=now, updated_at=now
        )
    row.name, row.active, row.everyone, row.minutes = name, active, everyone, minutes
    row.ownership, row.owner_counts, row.no_show_counts = ownership.value, owner_counts, no_show_counts
    row.needs, row.updated_at = [need.model_dump(mode="json", exclude_defaults=True) for need in needs], now
    session.add(row)
    session.flush()
    session.execute(
        sa.delete(PoolUse).where(col(PoolUse.pool_id) == pool_id).execution_options(synchronize_session="fetch")
    )
    session.add_all([PoolUse(workspace_id=context.workspace_id, id=icp_id, pool_id=pool_id) for icp_id in set(icp_ids)])
    session.flush()
    _audit(session, context, "pool.made" if made else "pool.changed", pool_id, by, {"active": active})
    return row


def remove(session: Session, context: AgentContext, pool_id: UUID, *, by: str) -> None:
    """Only one that never had a meeting: what was assigned stays to be read. Raises NotFound, Conflict."""
    row = _pool(session, pool_id)
    used = select(PoolEntry.id).where(PoolEntry.pool_id == pool_id).limit(1)
    if (
        session.exec(used).first() is not None
        or session.exec(select(Meeting.id).where(Meeting.pool_id == pool_id).limit(1)).first()
    ):
        raise Conflict("Meetings of this pool stand in its ledger.", hint="Switch it off instead.", code="pool_used")
    session.delete(row)
    session.flush()
    _audit(session, context, "pool.removed", pool_id, by, {})


def put_member(
    session: Session,
    context: AgentContext,
    pool_id: UUID,
    user_id: UUID,
    *,
    weight: int,
    skills: Sequence[str],
    active: bool,
    by: str,
) -> PoolMember:
    """Adds a person to the pool or changes what holds for them. Who comes back starts anew. Raises NotFound, Rejected,
    Conflict."""
    _pool(session, pool_id)
    user = session.get(User, (context.workspace_id, user_id))
    if user is None or not user.active:
        raise NotFound("There is no such user.")
    if not 1 <= weight <= MOST_WEIGHT:
        raise Rejected(f"A weight is from 1 to {MOST_WEIGHT}.", hint="Pause a member instead of weighing them 0.")
    found = checked_skills(skills)
    row = _row(session, pool_id, user_id)
    made = row is None or row.left_at is not None
    if made and len(ledger.people_of(session, pool_id)) >= MOST_MEMBERS:
        raise Conflict(f"A pool has at most {MOST_MEMBERS} members.")
    if row is None:
        row = PoolMember(
            workspace_id=context.workspace_id,
            id=stable_id("pool_member", context.workspace_id, pool_id, user_id),
            pool_id=pool_id,
            user_id=user_id,
            joined_at=context.clock.now(),
        )
    if row.left_at is not None:
        row.left_at, row.joined_at = None, context.clock.now()
    row.weight, row.skills, row.active = weight, found, active
    session.add(row)
    session.flush()
    if made:
        _settle(session, context, pool_id, user_id, "Came back to the pool: starts where the others are.")
    _audit(session, context, "pool.member_added" if made else "pool.member_changed", pool_id, by, {"weight": weight})
    return row


def take_out(session: Session, context: AgentContext, pool_id: UUID, user_id: UUID, *, by: str) -> int:
    """The person gets no more meetings of the pool; what is owed to them goes to the others. Returns how many meetings
    they still have ahead: these stay theirs until somebody hands them over. Raises NotFound."""
    _pool(session, pool_id)
    row = _row(session, pool_id, user_id)
    if row is None or row.left_at is not None:
        raise NotFound("This person is not in the pool.")
    row.left_at = context.clock.now()
    session.add(row)
    session.flush()
    _settle(session, context, pool_id, user_id, "Left the pool: what was owed to them is the others'.")
    _audit(session, context, "pool.member_left", pool_id, by, {})
    coming = sa.and_(
        col(Meeting.pool_id) == pool_id,
        col(Meeting.user_id) == user_id,
        col(Meeting.state).in_([MeetingState.PROPOSED, MeetingState.BOOKED]),
    )
    return session.exec(select(sa.func.count()).select_from(Meeting).where(coming)).one()


def _settle(session: Session, context: AgentContext, pool_id: UUID, user_id: UUID, reason: str) -> None:
    """Those who are there share what is owed to (or by) this person, so that they themselves sum to zero."""
    owed = ledger.credits_of(session, pool_id)
    others = [user.id for _, user in ledger.people_of(session, pool_id) if user.id != user_id]
    entry = settle(Member(user_id, owed.get(user_id, 0)), others)
    ledger.add(
        session,
        context.clock.now(),
        pool_id,
        entry.changes,
        kind=EntryKind.LEFT,
        reason=reason,
        subject_id=context.ids.new(),
    )


def _check_free(session: Session, pool_id: UUID, name: str, everyone: bool, icp_ids: Collection[UUID]) -> None:
    others = list(session.exec(select(Pool).where(Pool.id != pool_id)))
    if any(other.name == name for other in others):
        raise Conflict(f"There is a pool “{name}” already.", hint="Choose another name.", code="pool_name")
    taker = next((other for other in others if other.everyone), None) if everyone else None
    if taker is not None:
        raise Conflict(f"“{taker.name}” takes everyone's leads already.", hint="Change that first.", code="pool_use")
    known = set(session.exec(select(Icp.id).where(col(Icp.id).in_(icp_ids))))
    if set(icp_ids) - known:
        raise NotFound("There is no such ICP.")
    used = session.exec(select(PoolUse).where(col(PoolUse.id).in_(icp_ids), PoolUse.pool_id != pool_id)).first()
    if used is not None:
        other_name = next((other.name for other in others if other.id == used.pool_id), "")
        raise Conflict(
            f"“{other_name}” takes the leads of one of these ICPs.", hint="An ICP has one pool.", code="pool_use"
        )


def _pool(session: Session, pool_id: UUID) -> Pool:
    row = ledger.locked(session, pool_id)
    if row is None:
        raise NotFound("There is no such pool.")
    return row


def _row(session: Session, pool_id: UUID, user_id: UUID) -> PoolMember | None:
    return session.exec(
        select(PoolMember).where(PoolMember.pool_id == pool_id, PoolMember.user_id == user_id)
    ).one_or_none()


def _audit(
    session: Session, context: AgentContext, action: str, pool_id: UUID, by: str, details: dict[str, Any]
) -> None:
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=by,
        action=action,
        subject_kind="pool",
        subject_id=pool_id,
        details=details,
    )
