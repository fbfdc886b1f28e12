"""Whether a worker looks after a workspace: each sweep says so, at most twice a minute."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from store import bulk
from store.models import WorkerPulse
from store.session import workspace_of

EVERY = timedelta(seconds=30)


def beat(session: Session, now: datetime, worker: str) -> None:
    known = last(session)
    if known is not None and timedelta(0) <= now - known.seen_at < EVERY:
        return
    row = {"id": workspace_of(session), "worker": worker[:64], "seen_at": now}
    bulk.upsert(session, WorkerPulse, [row], key=["id"], update=["worker", "seen_at"])


def last(session: Session) -> WorkerPulse | None:
    """None: no worker has ever looked."""
    return session.exec(select(WorkerPulse).order_by(col(WorkerPulse.seen_at).desc()).limit(1)).first()
