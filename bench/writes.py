"""Writing rows: one SQLModel row and commit after another, against one bulk upsert. python -m bench.writes

What the bulk side does less of: it validates no model and refreshes no object; it writes the same rows, on the same
database, durably, in one transaction.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from sqlmodel import Session

from bench.report import Line, print_lines
from store import bulk, migrations
from store.models import Company, Workspace
from store.session import Database

ROWS = {"per row": 300, "bulk": 10_000}
ROUNDS = 3


def run() -> list[Line]:
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as directory:
        lines += _race("SQLite", f"sqlite:///{Path(directory) / 'store.db'}")
    with postgres() as url:
        if url:
            lines += _race("PostgreSQL", url)
        else:
            lines.append(Line("PostgreSQL", "not run", "", "no server on 127.0.0.1:5432"))
    return lines


def _race(name: str, url: str) -> list[Line]:
    migrations.upgrade(url)
    database, workspace_id = Database(url), uuid4()
    with database.unscoped(writes=True) as session:
        session.add(Workspace(id=workspace_id, slug=uuid4().hex, name="Bench", created_at=datetime.now(UTC)))

    def rows(count: int) -> list[dict[str, Any]]:
        now = datetime.now(UTC)
        return [
            {
                "id": uuid4(),
                "domain": f"{uuid4().hex}.example",
                "name": "A company",
                "created_at": now,
                "updated_at": now,
            }
            for _ in range(count)
        ]

    def per_row() -> float:
        given = rows(ROWS["per row"])
        started = time.perf_counter()
        with Session(database.engine) as session:
            for row in given:
                session.add(Company(workspace_id=workspace_id, **row))
                session.commit()
        return len(given) / (time.perf_counter() - started)

    def in_bulk() -> float:
        given = rows(ROWS["bulk"])
        started = time.perf_counter()
        with database.write(workspace_id) as session:
            bulk.upsert(session, Company, given, key=["domain"])
        return len(given) / (time.perf_counter() - started)

    found = [(per_row(), in_bulk()) for _ in range(ROUNDS)]
    database.close()
    slow, fast = (statistics.median(pair[side] for pair in found) for side in (0, 1))
    return [
        Line(f"{name}, SQLModel add and commit a row", f"{slow:,.0f} rows/s", "1.0 ×"),
        Line(f"{name}, bulk upsert", f"{fast:,.0f} rows/s", f"{fast / slow:.1f} ×"),
    ]


@contextmanager
def postgres() -> Iterator[str | None]:
    """An empty database on the local server, dropped afterwards; None where there is no server."""
    admin = os.environ.get("SALESOS_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/postgres")
    name = f"salesos_bench_{uuid4().hex[:12]}"
    try:
        connection = psycopg.connect(admin, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        yield None
        return
    with connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield admin.rpartition("/")[0] + f"/{name}"
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


if __name__ == "__main__":
    print_lines("Writing companies, durable", run())
