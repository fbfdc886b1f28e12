"""Several processes that count together, in a real Redis."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.limits import Budget, Limits

SMALL = Budget("key", 10, 60)


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    pytest.importorskip("redis")
    server = shutil.which("redis-server")
    if server is None:
        pytest.skip("No redis-server on PATH; on Debian: apt install redis-server")
    for _ in range(5):  # another test may take the port first: the server ends, and gets another
        with socket.create_server(("127.0.0.1", 0)) as found:
            port = found.getsockname()[1]
        arguments = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(tmp_path)]
        process = subprocess.Popen([server, *arguments], stdout=subprocess.PIPE, text=True)
        assert process.stdout
        if any("Ready to accept connections" in line for line in process.stdout):
            break
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


async def test_two_processes_share_a_budget(redis_url: str) -> None:
    one, other = Limits(storage=redis_url), Limits(storage=redis_url)
    taken = sum([await limits.hit(SMALL, "a") for limits in (one, other) * 10])
    assert taken == 10
    error = await other.too_many(SMALL, "a")
    assert error.headers["RateLimit-Policy"] == '"key";q=10;w=60'
    assert 1 <= error.retry_after <= 120
