"""The ground under the tests holds: what they must not do fails, what they need is real."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support import network

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def forgiven() -> Any:
    """For the tests that try on purpose."""
    yield network.attempts
    network.attempts.clear()


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.com", "169.254.169.254"])
def test_the_outside_is_blocked_even_from_except_exception(host: str, forgiven: list[str]) -> None:
    with pytest.raises(network.NetworkBlocked), suppress(Exception):  # as a careless fallback would
        socket.create_connection((host, 80), timeout=1)
    assert forgiven


def test_names_and_datagrams_are_blocked_too(forgiven: list[str]) -> None:
    with pytest.raises(network.NetworkBlocked):
        socket.getaddrinfo("example.com", 443)
    with pytest.raises(network.NetworkBlocked), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.sendto(b"x", ("192.0.2.53", 53))
    assert len(forgiven) == 2


def test_loopback_and_local_sockets_are_open(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1]), timeout=5).close()
    ours, theirs = socket.socketpair()
    ours.close()
    theirs.close()
    assert socket.getaddrinfo("192.0.2.1", 80)  # an address spelled out asks nobody


def test_processes_that_a_test_starts_are_blocked_too() -> None:
    code = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)
    assert "NetworkBlocked" in done.stderr


def run_pytest(folder: Path, body: str, **env: str) -> str:
    (folder / "conftest.py").write_text((REPOSITORY / "tests" / "conftest.py").read_text())
    (folder / "test_inner.py").write_text(body)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        str(folder),
    ]
    command += ["-o", f"pythonpath={REPOSITORY}", str(folder)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=600,
        cwd=folder,
        env={**os.environ, "SALESOS_TEST_REQUIRE_ALL": "0", **env},
    )
    return done.stdout + done.stderr


def test_a_swallowed_attempt_on_a_thread_fails_its_test(tmp_path: Path) -> None:
    body = """
import socket, threading
def attempt():
    try:
        socket.create_connection(("192.0.2.1", 80))
    except BaseException:
        pass
def test_swallows():
    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
"""
    assert "swallowed the refusal" in run_pytest(tmp_path, body)


@pytest.mark.parametrize(("require_all", "outcome"), [("0", "2 skipped"), ("1", "1 failed, 1 skipped")])
def test_skips_fail_where_all_is_required_but_for_absent_shared_data(
    tmp_path: Path, require_all: str, outcome: str
) -> None:
    body = """
import pytest
def test_server(): pytest.skip("No such server here")
def test_data(): pytest.skip("The shared data is not there")
"""
    assert outcome in run_pytest(tmp_path, body, SALESOS_TEST_REQUIRE_ALL=require_all)


def test_a_module_that_skips_itself_fails_where_all_is_required(tmp_path: Path) -> None:
    body = "import pytest\npytest.importorskip('no_such_module_at_all')\n"
    assert "1 skipped" in run_pytest(tmp_path, body)
    assert "nothing may be skipped" in run_pytest(tmp_path, body, SALESOS_TEST_REQUIRE_ALL="1")


def test_settings_of_the_machine_do_not_reach_a_test(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SALESOS_PORT=9\n")
    body = """
from core.settings import Settings
def test_defaults(): assert (Settings().port, Settings().log_level) == (8700, "INFO")
"""
    assert "1 passed" in run_pytest(tmp_path, body, SALESOS_LOG_LEVEL="DEBUG")


@pytest.mark.postgres
def test_each_database_is_new_and_row_level_security_binds_the_app_role(
    fresh_postgres_database: Callable[[], str], postgres_app_role: Callable[[str], str]
) -> None:
    one, two = fresh_postgres_database(), fresh_postgres_database()
    assert one != two
    with psycopg.connect(one) as owner:
        owner.execute("CREATE TABLE thing (workspace int)")
        owner.execute("ALTER TABLE thing ENABLE ROW LEVEL SECURITY")
        owner.execute("CREATE POLICY ours ON thing USING (workspace = 1)")
        owner.execute("INSERT INTO thing VALUES (1), (2)")
    with psycopg.connect(postgres_app_role(one)) as app:
        assert app.execute("SELECT workspace FROM thing").fetchall() == [(1,)]
    with psycopg.connect(two) as other:
        assert other.execute("SELECT to_regclass('thing')").fetchone() == (None,)


@pytest.mark.browser
def test_the_browser_shows_pages_of_this_machine_only(page: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 21\r\nContent-Type: text/html\r\n\r\n<title>Ours</title> x"
                )

        thread = threading.Thread(target=answer)
        thread.start()
        page.goto(f"http://127.0.0.1:{server.getsockname()[1]}/", wait_until="commit")
        assert page.title() == "Ours"
        thread.join(300)
