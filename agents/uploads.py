"""Lists that came over the network: where they lie until they are taken in, and for how long.

They may hold people in clear, so that only this program's user can read them, and they are gone as soon as their rows
are in the store, or a week after nobody went on with them.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlmodel import Session, col, select

from agents.context import AgentContext
from core.settings import Settings
from store.models import ImportBatch, ImportState

KEPT = timedelta(days=7)
_TAKEN_UP = (ImportState.QUEUED, ImportState.RUNNING)


def folder_of(settings: Settings, workspace_id: UUID) -> Path:
    return settings.data_dir.resolve() / "imports" / workspace_id.hex


def place_of(settings: Settings, batch: ImportBatch) -> Path:
    """Of ids alone: no part of a name that somebody sent."""
    return folder_of(settings, batch.workspace_id) / batch.id.hex


def is_upload(settings: Settings, batch: ImportBatch) -> bool:
    """Not a file that the command line was pointed at."""
    return batch.path == str(place_of(settings, batch))


def to_take_in(session: Session, context: AgentContext) -> Sequence[UUID]:
    """Uploads that were started and are not done, the oldest first, as far as their files are on this machine."""
    query = select(ImportBatch).where(col(ImportBatch.state).in_(_TAKEN_UP)).order_by(col(ImportBatch.created_at))
    found = session.exec(query).all()
    return [one.id for one in found if is_upload(context.settings, one) and Path(one.path).exists()]


def forget(path: Path) -> None:
    path.unlink(missing_ok=True)


def forget_old(context: AgentContext) -> int:
    """Files that nobody went on with for a week. One that waits for a worker or is being read is kept."""
    folder = folder_of(context.settings, context.workspace_id)
    if not folder.is_dir():
        return 0
    limit = (context.clock.now() - KEPT).timestamp()
    old = [Path(entry.path) for entry in os.scandir(folder) if entry.is_file() and entry.stat().st_mtime < limit]
    if not old:
        return 0
    with context.database.read(context.workspace_id) as session:
        busy = set(session.exec(select(ImportBatch.path).where(col(ImportBatch.state).in_(_TAKEN_UP))))
    gone = [path for path in old if str(path) not in busy]
    for path in gone:
        forget(path)
    return len(gone)


def touched(path: Path, now: datetime) -> None:
    """Its week begins anew."""
    at = now.astimezone(UTC).timestamp()
    os.utime(path, (at, at))
