"""Where a parked thread's position is kept: a SQLite file of its own, or PostgreSQL. Losing it loses nothing."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from core.settings import Settings

# Only ids and strings are checkpointed; anything else in a checkpoint is refused when it is read back.
os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")
# Nothing about a run is sent to a tracing service unless somebody asks for it by name.
os.environ.setdefault("LANGSMITH_TRACING", "false")


@contextmanager
def open_checkpointer(settings: Settings) -> Iterator[BaseCheckpointSaver[Any]]:
    if settings.is_postgres:
        url = settings.store_url.replace("postgresql+psycopg://", "postgresql://")
        # prepare_threshold: a pooler between us and the server would lose prepared statements.
        options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
        pool_of = ConnectionPool[Connection[DictRow]]
        with pool_of(
            url,
            connection_class=Connection[DictRow],
            min_size=1,
            max_size=settings.pool_size,
            kwargs=options,
            open=True,
        ) as pool:
            saver = PostgresSaver(pool)
            saver.setup()
            yield saver
    else:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(settings.checkpoint_path, check_same_thread=False, timeout=15)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            # NORMAL: a power cut may lose the last positions, and the store finds its way without them.
            connection.execute("PRAGMA synchronous=NORMAL")
            sqlite_saver = SqliteSaver(connection)
            sqlite_saver.setup()
            yield sqlite_saver
        finally:
            connection.close()
