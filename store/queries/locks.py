"""Who advances a thread now: a lease with a fencing token, because LangGraph itself locks nothing.

A holder that died is taken over when its lease runs out; its token is then too old to renew or release.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from store import bulk
from store.models import ThreadLock

_FREE = datetime(1970, 1, 1, tzinfo=UTC)  # the row stays when the lock is let go, so that tokens only ever grow


def acquire(session: Session, subject_id: UUID, owner: str, now: datetime, lease_seconds: float) -> int | None:
    """The fencing token, or None while somebody else holds the lock. Not re-entrant, also not for the same owner."""
    until = now + timedelta(seconds=lease_seconds)
    taken = session.execute(
        sa.update(ThreadLock)
        .where(col(ThreadLock.id) == subject_id, col(ThreadLock.lease_until) <= now)
        .values(owner=owner, token=col(ThreadLock.token) + 1, lease_until=until)
        .returning(col(ThreadLock.token))
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if taken is not None:
        return int(taken)
    row = {"id": subject_id, "owner": owner, "token": 1, "lease_until": until}
    return 1 if bulk.insert_ignore(session, ThreadLock, [row]) else None


def renew(session: Session, subject_id: UUID, token: int, now: datetime, lease_seconds: float) -> bool:
    """False: the lock is another's by now, and what its late holder writes must not count."""
    return _move(session, subject_id, token, now + timedelta(seconds=lease_seconds))


def release(session: Session, subject_id: UUID, token: int) -> bool:
    return _move(session, subject_id, token, _FREE)


def _move(session: Session, subject_id: UUID, token: int, until: datetime) -> bool:
    moved = session.execute(
        sa.update(ThreadLock)
        .where(col(ThreadLock.id) == subject_id, col(ThreadLock.token) == token)
        .values(lease_until=until)
        .returning(col(ThreadLock.token))
        .execution_options(synchronize_session=False)
    )
    return moved.scalar_one_or_none() is not None
