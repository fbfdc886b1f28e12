"""One migrated SQLite file and one migrated PostgreSQL database a session; a workspace of its own a test.

On PostgreSQL the tests connect as the role that owns nothing, so that row-level security binds them.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from core.clock import VirtualClock
from core.crypto import MasterKeys, Sealer
from core.ids import SystemIds
from store import migrations, vault
from store.models import Workspace
from store.session import Database

DIALECTS = ["sqlite", "postgres"]


@pytest.fixture(scope="session")
def _sqlite_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path_factory.mktemp('store') / 'salesos.db'}"
    migrations.upgrade(url)
    database = Database(url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def _postgres_store(postgres_url: str, postgres_app_role: Callable[[str], str]) -> Iterator[Database]:
    migrations.upgrade(postgres_url)
    database = Database(postgres_app_role(postgres_url), pool_size=8)
    yield database
    database.close()


@pytest.fixture(params=DIALECTS)
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(f"_{request.param}_store")
    return found


@pytest.fixture
def make_workspace(clock: VirtualClock) -> Callable[[Database], UUID]:
    def make(database: Database) -> UUID:
        workspace_id = uuid4()
        with database.unscoped(writes=True) as session:
            session.add(Workspace(id=workspace_id, slug=workspace_id.hex, name="Test", created_at=clock.now()))
        return workspace_id

    return make


@pytest.fixture
def workspace_id(database: Database, make_workspace: Callable[[Database], UUID]) -> UUID:
    return make_workspace(database)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 11, 2, 9, tzinfo=UTC))


@pytest.fixture
def ids() -> SystemIds:
    return SystemIds()


@pytest.fixture
def master_keys() -> MasterKeys:
    return MasterKeys({"first": b"\x01" * 32})


@pytest.fixture
def sealer(database: Database, workspace_id: UUID, master_keys: MasterKeys, clock: VirtualClock) -> Sealer:
    return vault.sealer_for(database, workspace_id, master_keys, clock)


@pytest.fixture
def fresh_sqlite(tmp_path: Path) -> Iterator[Any]:
    url = f"sqlite:///{tmp_path / 'own' / 'salesos.db'}"
    migrations.upgrade(url)
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def postgres_owner(request: pytest.FixtureRequest) -> Iterator[Callable[[Database], sa.Engine]]:
    """An engine with every right on the same database, past all policies."""
    engines = []

    def owner(database: Database) -> sa.Engine:
        url = request.getfixturevalue("postgres_url") if database.is_postgres else database.url
        engines.append(sa.create_engine(url))
        return engines[-1]

    yield owner
    for engine in engines:
        engine.dispose()
