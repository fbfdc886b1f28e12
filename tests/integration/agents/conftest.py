"""A migrated store on both databases, and an office in it whose clock stands at ten on a Tuesday in New York."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from agents.context import AgentContext
from core.clock import VirtualClock
from core.ids import SystemIds
from store import migrations
from store.session import Database
from tests.support.crash.office import Office, context_of, open_office


@pytest.fixture(scope="session")
def agents_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path_factory.mktemp('agents') / 'salesos.db'}"
    migrations.upgrade(url)
    database = Database(url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def agents_on_postgres(postgres_url: str, postgres_app_role: Callable[[str], str]) -> Iterator[Database]:
    migrations.upgrade(postgres_url)
    database = Database(postgres_app_role(postgres_url), pool_size=10)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def agents_database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(f"agents_on_{request.param}")
    return found


@pytest.fixture
def office_clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 6, 2, 14, tzinfo=UTC))


@pytest.fixture
def office_context(agents_database: Database, office_clock: VirtualClock, tmp_path: Path) -> AgentContext:
    def no_transport(_: Any) -> Any:
        raise AssertionError("No agent sends.")

    return context_of(agents_database, uuid4(), office_clock, SystemIds(), no_transport, data_dir=tmp_path)


@pytest.fixture
def office(office_context: AgentContext) -> Office:
    return open_office(office_context, people=3)
