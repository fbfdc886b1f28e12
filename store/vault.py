"""Keys of workspaces: kept wrapped in `data_key`, made on first use, rotated without stopping.

    sealer_for(database, workspace_id, master_keys, clock)     # what seals and opens this workspace's personal columns
    rotate_data_key(…)   a new data key seals from now on      reseal(…)      the old columns follow, batch by batch
    rewrap_all(…)        after a new master key was put first

Contexts follow one convention, "<table>|<column without _sealed>|<row id>", which is what lets `reseal` walk every
model. Old data keys are never deleted: another process may still seal with one, and backups need them to be read.
"""

import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

import store.models  # noqa: F401 — importing it is what registers every model
from core.clock import Clock
from core.crypto import KeyPurpose, MasterKeys, Sealer, WrappedKey, new_key, rewrap
from core.ids import stable_id
from store import bulk
from store.models import DataKeyRow
from store.models.base import WorkspaceRow
from store.session import Database, workspace_of

_TICK = timedelta(microseconds=1)  # the finest both databases keep
_cache: dict[tuple[str, UUID, MasterKeys], Sealer] = {}
_cache_lock = threading.Lock()


def sealer_for(database: Database, workspace_id: UUID, master_keys: MasterKeys, clock: Clock) -> Sealer:
    """The workspace's sealer; makes its keys the first time, one pair however many processes ask at once.

    Kept for the life of the process. After a rotation the process that rotated has the new one; others open
    what the new key sealed once `forget` was called or they were restarted. Raises FixConfiguration, Tampered.
    """
    name = (database.url, workspace_id, master_keys)
    with _cache_lock:
        cached = _cache.get(name)
    if cached is None:
        cached = _unlock(database, workspace_id, master_keys, clock)
        with _cache_lock:
            _cache[name] = cached
    return cached


def forget(workspace_id: UUID) -> None:
    """Read this workspace's keys anew at the next use."""
    with _cache_lock:
        for name in [name for name in _cache if name[1] == workspace_id]:
            del _cache[name]


def rotate_data_key(database: Database, workspace_id: UUID, master_keys: MasterKeys, clock: Clock) -> Sealer:
    """Add a data key that seals from now on; the older ones still open. Returns the new sealer."""
    with database.write(workspace_id) as session:
        key = new_key(KeyPurpose.SEAL, workspace_id=workspace_id, master=master_keys)
        newest = max((row.created_at for row in _rows(session)), default=None)
        # The newest seals, by created_at: a clock that stands still or runs back must not hide the new key.
        at = clock.now() if newest is None else max(clock.now(), newest + _TICK)
        row = {**_row(key), "id": stable_id("data_key", workspace_id, key.id), "created_at": at}
        bulk.insert(session, DataKeyRow, [row])
    forget(workspace_id)
    return sealer_for(database, workspace_id, master_keys, clock)


def rewrap_all(database: Database, workspace_id: UUID, master_keys: MasterKeys) -> int:
    """Wrap every key under the current master key; the old one may be dropped afterwards. Returns how many changed."""
    with database.write(workspace_id) as session:
        changed = 0
        for row in _rows(session):
            key = rewrap(_wrapped(row), workspace_id=workspace_id, master=master_keys)
            if key.kek_id != row.kek_id:
                row.kek_id, row.wrapped = key.kek_id, key.wrapped
                changed += 1
        session.flush()
    forget(workspace_id)
    return changed


def reseal(database: Database, workspace_id: UUID, sealer: Sealer, *, batch: int = 500) -> dict[str, int]:
    """Seal every personal column with the newest key: each batch its own transaction, so it may be stopped and called
    again. Returns the number of values changed, by "table.column". Raises Tampered at a value that does not open."""
    changed: dict[str, int] = {}
    for model, column in sealed_columns():
        table, field = str(model.__tablename__), column.removesuffix("_sealed")
        after: UUID | None = None
        while True:
            with database.write(workspace_id) as session:
                rows = _page(session, model, column, after, batch)
                stale = [
                    {"id": row_id, column: sealer.reseal(token, context=f"{table}|{field}|{row_id}")}
                    for row_id, token in rows
                    if token and not sealer.is_current(token)
                ]
                bulk.update(session, model, stale, columns=[column])
            changed[f"{table}.{column}"] = changed.get(f"{table}.{column}", 0) + len(stale)
            if len(rows) < batch:
                break
            after = rows[-1][0]
    return changed


def sealed_columns() -> Iterator[tuple[type[SQLModel], str]]:
    """Every personal column of every model, in a stable order."""
    models = {mapper.class_ for mapper in SQLModel._sa_registry.mappers if issubclass(mapper.class_, WorkspaceRow)}
    for model in sorted(models, key=lambda m: str(m.__tablename__)):
        for column in sorted(sa.inspect(model).columns.keys()):
            if column.endswith("_sealed"):
                yield model, column


def _unlock(database: Database, workspace_id: UUID, master_keys: MasterKeys, clock: Clock) -> Sealer:
    with database.read(workspace_id) as session:
        keys = [_wrapped(row) for row in _rows(session)]
    if not keys:
        with database.write(workspace_id) as session:
            _create(session, master_keys, clock)
            keys = [_wrapped(row) for row in _rows(session)]
    return Sealer.unlock(workspace_id, keys=keys, master=master_keys)


def _create(session: Session, master_keys: MasterKeys, clock: Clock) -> None:
    """The first pair. Its row ids are of the workspace and purpose, so a second process inserts nothing."""
    workspace_id = workspace_of(session)
    rows = []
    for purpose in (KeyPurpose.INDEX, KeyPurpose.SEAL):
        key = new_key(purpose, workspace_id=workspace_id, master=master_keys)
        first = stable_id("data_key", workspace_id, purpose.value, "first")
        rows.append({**_row(key), "id": first, "created_at": clock.now()})
    bulk.insert_ignore(session, DataKeyRow, rows)


def _rows(session: Session) -> list[DataKeyRow]:
    """Oldest first, as core.crypto wants them."""
    return list(session.exec(select(DataKeyRow).order_by(col(DataKeyRow.created_at), col(DataKeyRow.id))))


def _row(key: WrappedKey) -> dict[str, str]:
    return {"key_id": key.id, "purpose": key.purpose.value, "kek_id": key.kek_id, "wrapped": key.wrapped}


def _wrapped(row: DataKeyRow) -> WrappedKey:
    return WrappedKey(row.key_id, KeyPurpose(row.purpose), row.kek_id, row.wrapped)


def _page(
    session: Session, model: type[SQLModel], column: str, after: UUID | None, batch: int
) -> list[tuple[UUID, str | None]]:
    key = model.id  # type: ignore[attr-defined]
    query = sa.select(key, getattr(model, column)).order_by(key).limit(batch).with_for_update()
    if after is not None:
        query = query.where(key > after)
    return [(row_id, token) for row_id, token in session.execute(query)]
