"""What every test stands on: no network but loopback, no settings of the machine, real servers.

    postgres_url              the owner's URL of one database a session
    fresh_postgres_database   a factory of empty databases, dropped after the test
    postgres_app_role         turns an owner's URL into that of a role which row-level security binds
    chromium, page            a real browser (one a module), a page of a fresh profile
    shared_dir                the data beside the checkout
    virtual_clock, seeded_ids time and ids that replay

`SALESOS_TEST_REQUIRE_ALL=1` (CI) turns a skip into a failure, unless its reason is that the shared data is absent.
"""

import os
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from argon2 import PasswordHasher
from hypothesis import settings as hypothesis_settings

from tests.support import network

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from core.clock import VirtualClock
    from core.ids import SeededIds

REPOSITORY = Path(__file__).resolve().parents[1]
_OURS = ("SALESOS_TEST_", "SALESOS_SHARED_DIR")

# Before anything of ours is imported: a developer's settings and .env must not decide what a test sees.
for _name in [name for name in os.environ if name.startswith("SALESOS_") and not name.startswith(_OURS)]:
    del os.environ[_name]
os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
os.environ["LANGSMITH_TRACING"] = "false"
# Python processes that tests start read the same block from there.
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(REPOSITORY / "tests" / "support" / "child"), os.environ.get("PYTHONPATH", "")])
)
network.block()

# The machine of CI is shared: a slow example is no failure. There, the same examples every time.
hypothesis_settings.register_profile("house", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis_settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    from core.settings import Settings

    Settings.model_config["env_file"] = None


# The files that take longest begin first: the last one of a run must not keep a core waiting for the other.
_FIRST = (
    "tests/e2e/",
    "tests/integration/api/test_schemathesis",
    "tests/integration/agents/",
    "tests/layout/",
    "tests/integration/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        path = item.path.as_posix()
        return next((place for place, part in enumerate(_FIRST) if part in path), len(_FIRST))

    items.sort(key=rank)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Passwords cost next to nothing where no test is about that: what a hash costs is most of what a sign-in costs.

    Only where a test module knows them; `shipped_passwords` is for the tests of what is shipped.
    """
    if known := sys.modules.get("api.identity.passwords"):
        _shipped.append(known._hasher)
        known._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


_shipped: list[PasswordHasher] = []


@pytest.fixture
def shipped_passwords(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Passwords are hashed as in production."""
    from api.identity import passwords

    monkeypatch.setattr(passwords, "_hasher", _shipped[0])
    passwords._nobody.cache_clear()
    yield
    passwords._nobody.cache_clear()


@pytest.fixture(autouse=True)
def _nothing_left_the_machine() -> Iterator[list[str]]:
    network.attempts.clear()
    yield network.attempts
    tried, network.attempts[:] = list(network.attempts), []
    assert not tried, (
        f"This test, or a thread it started, tried to reach {', '.join(tried)}, and swallowed the refusal."
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    return _skips_fail((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    return _skips_fail((yield))


def _skips_fail(report: Any) -> Any:
    if report.outcome != "skipped" or hasattr(report, "wasxfail") or os.environ.get("SALESOS_TEST_REQUIRE_ALL") != "1":
        return report
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if "shared" not in reason.lower():
        report.outcome = "failed"
        report.longrepr = f"Skipped where nothing may be skipped (SALESOS_TEST_REQUIRE_ALL=1): {reason}"
    return report


@pytest.fixture(scope="session")
def postgres_server() -> Any:
    from tests.support.postgres import find_server

    server = find_server()
    if isinstance(server, str):
        pytest.skip(server)
    return server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: Any) -> Iterator[str]:
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
def fresh_postgres_database(postgres_server: Any) -> Iterator[Callable[[], str]]:
    made: list[str] = []
    lock = threading.Lock()

    def create() -> str:
        url: str = postgres_server.create_database()
        with lock:
            made.append(url)
        return url

    yield create
    for url in made:
        postgres_server.drop_database(url)


@pytest.fixture(scope="session")
def postgres_app_role(postgres_server: Any) -> Callable[[str], str]:
    from tests.support.postgres import as_app_role

    return as_app_role


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    path = Path(os.environ.get("SALESOS_SHARED_DIR") or REPOSITORY.parent / "shared")
    if not path.is_dir():
        pytest.skip(f"The shared data is not at {path}; set SALESOS_SHARED_DIR.")
    return path


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    """One browser a module: its event loop runs on the main thread, where async tests of other modules want theirs."""
    from tests.support import browser

    path = browser.chromium_path()
    if path is None:
        pytest.skip(browser.NOT_FOUND)
    with browser.launch(path) as launched:
        yield launched


@pytest.fixture
def page(chromium: "Browser") -> Iterator["Page"]:
    from tests.support.browser import open_page

    with open_page(chromium) as opened:
        yield opened


@pytest.fixture
def virtual_clock() -> "VirtualClock":
    """Stands at nine on a Monday morning, UTC."""
    from core.clock import VirtualClock

    return VirtualClock(datetime(2026, 1, 5, 9, tzinfo=UTC))


@pytest.fixture
def seeded_ids(virtual_clock: "VirtualClock") -> "SeededIds":
    from core.ids import SeededIds

    return SeededIds(seed=7, clock=virtual_clock)
