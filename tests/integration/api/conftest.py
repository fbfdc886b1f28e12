"""The application over a migrated store on both databases."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from core.clock import VirtualClock
from store import migrations
from store.session import Database
from tests.support.api_office import ApiOffice, api_office


@pytest.fixture(scope="session")
def sqlite_api_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path_factory.mktemp('api') / 'salesos.db'}"
    migrations.upgrade(url)
    database = Database(url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def postgres_api_store(postgres_url: str, postgres_app_role: Callable[[str], str]) -> Iterator[Database]:
    migrations.upgrade(postgres_url)
    database = Database(postgres_app_role(postgres_url), pool_size=5)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(f"{request.param}_api_store")
    return found


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 6, 2, 14, tzinfo=UTC))


@pytest.fixture
def office(database: Database, clock: VirtualClock, tmp_path: Path) -> ApiOffice:
    return api_office(database, clock, tmp_path)


@pytest.fixture
def client(office: ApiOffice) -> Iterator[TestClient]:
    with TestClient(create_app(office.deps), follow_redirects=False) as opened:
        yield opened
