"""From an empty workspace to the first approved mail, by the guide, as somebody new would: by keyboard, with defaults.

| part | real or played |
|---|---|
| `salesos init`, `salesos serve` (API, console and worker in one process), browser, store, agents, clock | real |
| companies and people | the sample that comes with the product: invented, on .example domains |
| language model, the web, DNS | absent: templates serve |
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import expect

from tests.support.guide import through_the_guide, until

REPOSITORY = Path(__file__).resolve().parents[2]
EMAIL, PASSWORD = "mara@ledgerline.example", "correct horse battery 9"

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """The address of a server over a workspace in which there is one admin, and nothing else."""
    environment = {**os.environ, "SALESOS_DATA_DIR": str(tmp_path / "data")}
    command = [sys.executable, "-m", "cli.main"]
    made = subprocess.run(
        [*command, "init", "--name", "Ledgerline Ltd", "--postal-address", "1 Main Street, Dublin", "--email", EMAIL,
         "--user-name", "Mara Vidal", "--password-stdin"],
        cwd=REPOSITORY, env=environment, input=PASSWORD + "\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    for _ in range(5):  # another test may take the port before the server does: it ends, and gets another
        with _serving([*command, "serve"], environment, tmp_path / "log") as address:
            if address:
                yield address
                return
    raise AssertionError(f"The server did not come up: {(tmp_path / 'log').read_text()[-2_000:]}")


@contextmanager
def _serving(command: list[str], environment: dict[str, str], log: Path) -> Iterator[str]:
    """Where it answers; "": it ended."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    there = {**environment, "SALESOS_PORT": str(port), "SALESOS_PUBLIC_URL": address}
    with log.open("w") as lines:
        server = subprocess.Popen(command, cwd=REPOSITORY, env=there, stdout=lines, stderr=lines)
        try:
            until(lambda: server.poll() is not None or _answers(address))
            yield address if server.poll() is None else ""
        finally:
            server.terminate()
            try:
                server.wait(timeout=120)
            except subprocess.TimeoutExpired:
                server.kill()
                raise


def _answers(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/sign-in", timeout=60).status_code == 200
    except httpx2.TransportError:
        return False


def test_from_an_empty_workspace_to_the_first_approved_mail(site: str, page: Any, tmp_path: Path) -> None:
    page.set_default_timeout(60_000)
    begun, began_at = time.monotonic(), datetime.now(UTC)
    steps = through_the_guide(page, site, EMAIL, PASSWORD)
    assert steps[:4] == ["offer", "policy", "icp", "sample"], "the mailbox came with init"
    page.wait_for_load_state()
    body = page.locator(".body").first.inner_text()
    assert "Ledgerline finds invoice errors" in body
    assert "Hiring:" not in body, "a column's name is nobody's sentence"
    assert page.locator(".body .claim").count() >= 1
    page.keyboard.press("a")
    page.get_by_role("status").first.wait_for()
    print(f"\nFrom an empty workspace to the first approved mail: {time.monotonic() - begun:.0f} s")

    page.goto(f"{site}/setup")
    expect(page.get_by_text("9 of 9")).to_be_visible()
    expect(page.get_by_role("link", name="To your day")).to_be_visible()
    page.keyboard.press("n")
    page.wait_for_url("**/today*")
    if _weekend_everywhere(began_at) and _weekend_everywhere(datetime.now(UTC)):
        assert not list((tmp_path / "data").rglob("*.eml")), "nobody works"


def _weekend_everywhere(at: datetime) -> bool:
    """Within somebody's working hours a file may be written after the delay; when it is weekend in all zones never."""
    return all((at + timedelta(hours=offset)).weekday() >= 5 for offset in range(-12, 15))
