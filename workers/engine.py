"""PgQueuer behind one small module: when and where jobs run. Nothing else here knows its name.

    async with Engine.open(settings) as engine:
        engine.job("advance", handler)              # a plain function; it runs in a bounded pool of threads
        engine.cron("anchor", "7 * * * *", handler)
        await engine.enqueue("advance", {"lead:1": {...}})   # dedupe key → payload; a key that waits already is skipped
        await engine.run()                          # until engine.stop(); what is in flight finishes first

On PostgreSQL any number of workers share the queue, and one whose heartbeat stops is healed by the others. On SQLite
it lives in this process's memory; a restart empties it, and the sweep fills it again from the store.
"""

import asyncio
import contextvars
import functools
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import orjson
import psycopg
from pgqueuer import PgQueuer
from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.settings import DBSettings
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job, Schedule
from psycopg import sql

from core.clock import Clock
from core.errors import FixConfiguration, RetryAt
from core.logging import get_logger
from core.settings import Settings
from store.rls import APP_ROLE

_log = get_logger(__name__)
_SCHEMA = "pgqueuer"
_BATCH = 10
_POLL = timedelta(seconds=5)  # PostgreSQL notifies at once; this is for a notice that was lost
_DEFAULT_RETRY = timedelta(seconds=30)

Handler = Callable[[dict[str, Any]], None]


class Engine:
    def __init__(self, queuer: PgQueuer, settings: Settings, clock: Clock, pool: ThreadPoolExecutor) -> None:
        self._queuer = queuer
        self._settings = settings
        self._clock = clock
        self._pool = pool
        # Not PgQueuer's concurrency_limit: in memory it costs a scan of the queue a job.
        self._slots = asyncio.Semaphore(settings.worker_concurrency)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, clock: Clock) -> AsyncIterator["Engine"]:
        """Raises FixConfiguration where the queue's tables are missing and may not be made."""
        async with AsyncExitStack() as stack:
            if settings.is_postgres:
                await install(settings)
                connection = await psycopg.AsyncConnection.connect(_dsn(settings.store_url), autocommit=True)
                stack.push_async_callback(connection.close)
                queuer = PgQueuer(connection=(driver := PsycopgDriver(connection)), queries=_queries(driver))
            else:
                queuer = PgQueuer.in_memory()
            pool = ThreadPoolExecutor(settings.worker_concurrency, thread_name_prefix="job")
            stack.callback(pool.shutdown, wait=True)
            yield cls(queuer, settings, clock, pool)

    def job(self, name: str, handler: Handler) -> None:
        """Jobs of this name call `handler` with their payload.

        It keeps its own errors in the store (a trigger, an outbox item): the queue only forgets. RetryAt is asked
        again at its time.
        """

        async def run(job: Job) -> None:
            await self._call(name, handler, orjson.loads(job.payload or b"{}"))

        self._queuer.entrypoint(name)(run)

    def cron(self, name: str, expression: str, handler: Callable[[], None]) -> None:
        """Once at each time of `expression` (UTC), by whichever worker is first."""

        async def run(_schedule: Schedule) -> None:
            await self._call(name, lambda _payload: handler(), {})

        self._queuer.schedule(name, expression)(run)

    async def enqueue(self, name: str, jobs: Mapping[str, Mapping[str, Any]], *, delay: timedelta | None = None) -> int:
        """A hint for each key that is not waiting or running already; returns how many were new."""
        if not jobs:
            return 0
        found = await self._queuer.qm.queries.enqueue(
            [name] * len(jobs),
            [orjson.dumps(dict(payload)) for payload in jobs.values()],
            [0] * len(jobs),
            [delay] * len(jobs),
            [f"{name}:{key}" for key in jobs],
            on_conflict="skip",
        )
        return sum(1 for job_id in found if job_id is not None)

    async def waiting(self) -> int:
        """Jobs that wait or run."""
        return sum(row.count for row in await self._queuer.qm.queries.queue_size())

    async def run(self) -> None:
        """Until `stop`. Jobs in flight finish; what a killed worker held is taken over after the lease."""
        limit = None if not self._settings.is_postgres else 2 * _BATCH  # a worker must not hoard what others could do
        await self._queuer.run(
            dequeue_timeout=_POLL,
            batch_size=_BATCH,
            max_concurrent_tasks=limit,
            heartbeat_timeout=timedelta(seconds=self._settings.lease_seconds),
        )

    def stop(self) -> None:
        """From the event loop's thread."""
        self._queuer.shutdown.set()

    @property
    def stopping(self) -> bool:
        return self._queuer.shutdown.is_set()

    async def _call(self, name: str, handler: Handler, payload: dict[str, Any]) -> None:
        async with self._slots:
            context = contextvars.copy_context()  # as asyncio.to_thread does: log lines keep their ids
            call = functools.partial(context.run, handler, payload)
            try:
                await asyncio.get_running_loop().run_in_executor(self._pool, call)
            except RetryAt as error:
                delay = error.retry_at - self._clock.now() if error.retry_at else _DEFAULT_RETRY
                raise RetryRequested(max(delay, timedelta(0)), reason=error.code) from error
            except Exception:
                # What it was about stands in the store, and the sweep finds it again.
                _log.exception("a job failed", job=name)


async def install(settings: Settings) -> None:
    """Makes the queue's tables where they are missing, in a schema of their own; again does nothing.

    As the owner (SALESOS_ADMIN_DATABASE_URL) where there is one. Raises FixConfiguration.
    """
    url = settings.admin_database_url or settings.store_url
    async with await psycopg.AsyncConnection.connect(_dsn(url), autocommit=True) as connection:
        driver = PsycopgDriver(connection)
        queries = _queries(driver)
        if await queries.has_table(queries.qbe.settings.queue_table):
            return
        try:
            # Two workers that start together: the second finds the first one's tables.
            async with queries.schema_lock():
                if not await queries.schema_is_installed():
                    await queries.install()
                    await _grant(connection)
        except psycopg.errors.InsufficientPrivilege as error:
            raise FixConfiguration(
                "The queue's tables are missing, and this database user may not make them.",
                hint="Set SALESOS_ADMIN_DATABASE_URL to the owner's URL and run `salesos init` once.",
            ) from error


async def _grant(connection: psycopg.AsyncConnection[Any]) -> None:
    found = await connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (APP_ROLE,))
    if await found.fetchone() is None:
        return
    for statement in (
        "GRANT USAGE ON SCHEMA {schema} TO {role}",
        "GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA {schema} TO {role}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
        "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {role}",
    ):
        await connection.execute(
            sql.SQL(statement).format(schema=sql.Identifier(_SCHEMA), role=sql.Identifier(APP_ROLE))
        )


def _queries(driver: PsycopgDriver) -> Queries:
    names = DBSettings(db_schema=_SCHEMA)
    return Queries(
        driver,
        qbe=QueryBuilderEnvironment(settings=names),
        qbq=QueryQueueBuilder(settings=names),
        qbs=QuerySchedulerBuilder(settings=names),
    )


def _dsn(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
