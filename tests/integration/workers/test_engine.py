"""Jobs run where there is a worker, and are healed where one died: PgQueuer on PostgreSQL and in memory."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core.clock import SystemClock
from core.errors import FixConfiguration, RetryAt
from core.settings import Settings
from tests.support.postgres import APP_ROLE, as_app_role
from workers import engine as engine_module
from workers.engine import Engine

JOBS = 20


@pytest.fixture(params=["memory", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "memory":
        return Settings(data_dir=tmp_path, lease_seconds=5)
    make: Callable[[], str] = request.getfixturevalue("fresh_postgres_database")
    return Settings(data_dir=tmp_path, database_url=make(), lease_seconds=5)


async def _run_until(engine: Engine, done: Callable[[], bool], seconds: float = 300.0) -> None:
    running = asyncio.create_task(engine.run())
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline and not running.done():
        await asyncio.sleep(0.02)
    engine.stop()
    await running
    assert done()


async def test_a_job_runs_in_a_thread_once_a_key(settings: Settings) -> None:
    seen: list[tuple[int, str]] = []
    async with Engine.open(settings, SystemClock()) as engine:
        engine.job("add", lambda job: seen.append((job["n"], threading.current_thread().name)))
        assert await engine.enqueue("add", {"one": {"n": 1}, "two": {"n": 2}}) == 2
        assert await engine.enqueue("add", {"one": {"n": 1}}) == 0  # it waits already
        await _run_until(engine, lambda: len(seen) == 2)
        assert sorted(n for n, _ in seen) == [1, 2]
        assert all(name.startswith("job") for _, name in seen)


async def test_no_more_jobs_at_once_than_the_settings_say(settings: Settings) -> None:
    small = settings.model_copy(update={"worker_concurrency": 3})
    now, most, done, lock, three = [0], [0], [0], threading.Lock(), threading.Event()

    def work(_job: dict[str, Any]) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
            if now[0] == 3:
                three.set()
        three.wait(300)  # until as many as may are at it, however long they take to begin
        time.sleep(0.05)
        with lock:
            now[0] -= 1
            done[0] += 1

    async with Engine.open(small, SystemClock()) as engine:
        engine.job("work", work)
        await engine.enqueue("work", {str(n): {} for n in range(12)})
        await _run_until(engine, lambda: done[0] == 12)
    assert most[0] == 3


async def test_a_job_that_names_its_time_comes_back_and_one_that_breaks_is_forgotten(settings: Settings) -> None:
    asked: list[float] = []
    broke: list[int] = []

    def later(_job: dict[str, Any]) -> None:
        asked.append(time.monotonic())
        if len(asked) == 1:
            raise RetryAt("Not now.", retry_at=datetime.now(UTC) + timedelta(seconds=0.5))

    def broken(_job: dict[str, Any]) -> None:
        broke.append(1)
        raise ValueError("a bug")

    async with Engine.open(settings, SystemClock()) as engine:
        engine.job("later", later)
        engine.job("broken", broken)
        await engine.enqueue("later", {"a": {}})
        await engine.enqueue("broken", {"a": {}})
        await _run_until(engine, lambda: len(asked) == 2 and len(broke) == 1)
    assert asked[1] - asked[0] >= 0.4
    assert len(broke) == 1


async def test_a_stop_lets_what_is_in_flight_finish(settings: Settings) -> None:
    began, finished = threading.Event(), threading.Event()

    def slow(_job: dict[str, Any]) -> None:
        began.set()
        time.sleep(0.5)
        finished.set()

    async with Engine.open(settings, SystemClock()) as engine:
        engine.job("slow", slow)
        await engine.enqueue("slow", {"a": {}})
        running = asyncio.create_task(engine.run())
        assert await asyncio.to_thread(began.wait, 300)
        engine.stop()
        await running
    assert finished.is_set()


def test_the_queue_is_made_once_by_the_owner_and_used_by_the_application(
    fresh_postgres_database: Callable[[], str], tmp_path: Path
) -> None:
    owner = fresh_postgres_database()
    application = as_app_role(owner)
    alone = Settings(data_dir=tmp_path, database_url=application)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"REVOKE CREATE ON DATABASE {connection.info.dbname} FROM {APP_ROLE}")  # type: ignore[arg-type]
    with pytest.raises(FixConfiguration, match="may not make them"):
        asyncio.run(engine_module.install(alone))
    both = Settings(data_dir=tmp_path, database_url=application, admin_database_url=owner)

    async def enqueue() -> int:
        await asyncio.gather(engine_module.install(both), engine_module.install(both))
        async with Engine.open(alone, SystemClock()) as engine:
            engine.job("x", lambda _job: None)
            return await engine.enqueue("x", {"a": {}})

    assert asyncio.run(enqueue()) == 1


@contextmanager
def worker(url: str, log: Path, *, hangs: bool) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, str(Path(__file__)), url, str(log), "hang" if hangs else "work"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), os.environ.get("PYTHONPATH", "")])}
    with subprocess.Popen(command, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def lines(log: Path, word: str) -> list[str]:
    return [line for line in log.read_text().splitlines() if line.startswith(word)] if log.exists() else []


def wait_for(condition: Callable[[], bool], seconds: float) -> float:
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, "It did not happen in time."
        time.sleep(0.05)
    return time.monotonic() - start


@pytest.mark.slow
@pytest.mark.postgres
def test_a_worker_killed_with_20_jobs_in_flight_is_healed_by_the_other(
    fresh_postgres_database: Callable[[], str], tmp_path: Path
) -> None:
    url, log = fresh_postgres_database(), tmp_path / "log"
    settings = Settings(data_dir=tmp_path, database_url=url, lease_seconds=5)

    async def enqueue() -> int:
        async with Engine.open(settings, SystemClock()) as engine:
            return await engine.enqueue("work", {str(n): {"n": n} for n in range(JOBS)})

    assert asyncio.run(enqueue()) == JOBS
    with worker(url, log, hangs=True) as first:
        wait_for(lambda: len(lines(log, "began")) == JOBS, 300)
        with worker(url, log, hangs=False):
            time.sleep(1)
            assert not lines(log, "done")  # they are the first one's, who lives
            os.kill(first.pid, signal.SIGKILL)
            took = wait_for(lambda: len(set(lines(log, "done"))) == JOBS, 300)
    print(f"{JOBS} of {JOBS} jobs finished on the other worker {took:.1f} s after the kill (lease 5 s)")
    assert len(lines(log, "done")) == JOBS


def main(url: str, log: Path, manner: str) -> None:
    def note(text: str) -> None:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, text.encode())
        os.close(descriptor)

    def work(job: dict[str, Any]) -> None:
        if manner == "hang":
            note(f"began {job['n']}\n")
            time.sleep(600)
        note(f"done {job['n']}\n")

    async def run() -> None:
        settings = Settings(data_dir=log.parent, database_url=url, lease_seconds=5, worker_concurrency=JOBS)
        async with Engine.open(settings, SystemClock()) as engine:
            engine.job("work", work)
            await engine.run()

    asyncio.run(run())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
