"""The API under load, beside the textbook: 50,000 leads and 500,000 timeline rows, on SQLite and on PostgreSQL.

    python -m bench.api [--leads N] [--timeline N] [--seconds S]

Closed loop, 500 clients: GET of up to 50 leads with person and company, a hundred different pages, ours (its key
checked, rights applied, limits lifted) against the textbook FastAPI + SQLModel list, which opens its session in the
handler, has no key to check, and opens the same sealed names. Both return the same rows: the bench compares them first.
Then 200 people who think one to three seconds between clicks, reads and writes mixed. Server and load are a process
each.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import sqlalchemy as sa

from bench.api_store import Filled, fill, migrate
from bench.report import Line, print_lines
from core.crypto import MasterKeys
from store.session import Database

_KEY = b"0" * 32  # of the bench's own throw-away store
_STAGES = ("scored", "in_sequence", "replied", "stopped", "nurture")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.api", description=__doc__)
    parser.add_argument("--leads", type=int, default=50_000)
    parser.add_argument("--timeline", type=int, default=500_000)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, url in _stores(Path(folder)):
            migrate(url)
            database = Database(url)
            filled = fill(database, MasterKeys({"bench": _KEY}), leads=options.leads, timeline=options.timeline)
            database.close()
            lines += _closed_loop(name, url, filled, options.seconds)
            lines += _people(name, url, filled, options.seconds)
    print_lines(f"API, {options.leads:,} leads, {options.timeline:,} timeline rows", lines)


def _stores(folder: Path) -> Iterator[tuple[str, str]]:
    yield "SQLite", f"sqlite:///{folder / 'salesos.db'}"
    server = os.environ.get("SALESOS_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/postgres")
    name = f"bench_{uuid4().hex[:8]}"
    try:
        engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    except sa.exc.SQLAlchemyError as error:
        print(f"PostgreSQL is left out: {type(error).__name__}. Name one in SALESOS_TEST_POSTGRES.")
        return
    try:
        yield "PostgreSQL", sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(sa.text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        engine.dispose()


def _pages(filled: Filled, path: str) -> list[str]:
    """A hundred different pages: five stages, four tiers, five sizes each."""
    return [
        f"{path}?limit={50 - size}&stage={stage}&tier={tier}"
        for stage in _STAGES
        for tier in (1, 2, 3, 4)
        for size in range(5)
    ]


def _closed_loop(name: str, url: str, filled: Filled, seconds: float) -> list[Line]:
    found: dict[str, dict[str, Any]] = {}
    answers: dict[str, list[Any]] = {}
    for kind, path in (("textbook", "/leads"), ("ours", "/api/v1/leads")):
        with _server(kind, url, filled) as port:
            answers[kind] = _rows(port, f"{path}?limit=50&stage=scored&tier=1", filled.key)
            requests = [{"method": "GET", "paths": _pages(filled, path)}]
            found[kind] = _load(port, filled, clients=500, seconds=seconds, requests=requests)
    assert answers["ours"] == answers["textbook"], "both must return the same rows"
    ours, peer = found["ours"], found["textbook"]
    ratio = ours["requests_per_second"] / peer["requests_per_second"]
    return [
        Line(f"{name}: textbook, 500 clients", _told(peer)),
        Line(f"{name}: ours, 500 clients", f"{_told(ours)} = {ratio:.1f} × the textbook (goal ≥ 6)"),
    ]


def _people(name: str, url: str, filled: Filled, seconds: float) -> list[Line]:
    leads, companies = filled.leads[:2_000], filled.companies[:1_000]
    requests = [
        {"method": "GET", "weight": 5, "paths": _pages(filled, "/api/v1/leads")},
        {"method": "GET", "weight": 3, "paths": ["/api/v1/approvals?limit=50", "/api/v1/tasks?limit=50"]},
        {"method": "GET", "weight": 3, "paths": ["/api/v1/companies?limit=50", "/api/v1/today"]},
        {"method": "GET", "weight": 3, "paths": [f"/api/v1/leads/{i}/timeline" for i in leads]},
        {"method": "GET", "weight": 2, "paths": [f"/api/v1/companies/{i}/timeline" for i in companies]},
        {"method": "GET", "weight": 3, "paths": [f"/api/v1/approvals/{i}" for i in filled.approvals]},
        {
            "method": "POST",
            "weight": 2,
            "paths": [f"/api/v1/tasks/{i}/done" for i in filled.tasks],
            "body": '{"outcome": "done"}',
        },
    ]
    with _server("ours", url, filled) as port:
        # Nobody's first click is in step with another's, and the server has just started: 5 s are not counted.
        plan = {"clients": 200, "seconds": max(seconds, 20), "warm": 5, "ramp": 3, "think": [1, 3]}
        found = _load(port, filled, requests=requests, **plan)
    reads, writes = found["read_p95_ms"], found["write_p95_ms"]
    goals = f"reads p95 {reads:.0f} ms (goal < 200), writes p95 {writes:.0f} ms (goal < 500)"
    return [Line(f"{name}: 200 people, 1–3 s between clicks", f"{_told(found)}; {goals}")]


def _told(found: dict[str, Any]) -> str:
    bad = {status: count for status, count in found["statuses"].items() if status[0] != "2"}
    errors = f", errors {bad} and {found['broken']} broken off" if bad or found["broken"] else ", no error"
    rate, p50, p95 = found["requests_per_second"], found["read_p50_ms"], found["read_p95_ms"]
    return f"{rate:,.0f}/s, p50 {p50:.0f} ms, p95 {p95:.0f} ms{errors}"


def _rows(port: int, path: str, key: str) -> list[Any]:
    answer = httpx2.get(f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {key}"}, timeout=30)
    answer.raise_for_status()
    return [
        (row["id"], row["company"], row["person"]["name"], row["tier"], row["priority"])
        for row in answer.json()["items"]
    ]


def _load(port: int, filled: Filled, **plan: Any) -> dict[str, Any]:
    document = {"host": "127.0.0.1", "port": port, "keys": [filled.key], **plan}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(document, file)
        file.flush()
        done = subprocess.run(
            [sys.executable, "-m", "bench.load", file.name], check=True, capture_output=True, text=True
        )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@contextmanager
def _server(kind: str, url: str, filled: Filled) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "bench.api_servers", kind, url, str(filled.workspace_id), str(port)]
    process = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


if __name__ == "__main__":
    main()
