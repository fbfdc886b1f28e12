"""An office behind a real port."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.app import create_app
from core.clock import VirtualClock
from store.session import Database
from tests.support.api_office import ApiOffice, api_office
from tests.support.migrated import new_sqlite
from tests.support.served import served


@pytest.fixture
def office(tmp_path: Path) -> Iterator[ApiOffice]:
    database = Database(new_sqlite(tmp_path))
    yield api_office(database, VirtualClock(datetime(2026, 6, 2, 14, tzinfo=UTC)), tmp_path)
    database.close()


@pytest.fixture
def server(office: ApiOffice) -> Iterator[str]:
    with served(create_app(office.deps)) as url:
        yield url
