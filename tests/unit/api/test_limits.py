"""Budgets are kept, in a window that slides; memory is bounded; who asks cannot be made up."""

import time
from typing import Any

import pytest

from api.limits import BoundedMemory, Budget, Limits, TooMany
from api.limits_edge import RateLimits, address_of, networks, note
from core.errors import FixConfiguration

SMALL = Budget("key", 10, 60)


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0 // 60 * 60

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def taken(limits: Limits, budget: Budget, who: str, tries: int) -> int:
    return sum([await limits.hit(budget, who) for _ in range(tries)])


async def test_a_window_slides_and_nobody_pays_for_another(clock: Clock) -> None:
    limits = Limits(clock=clock)
    assert await taken(limits, SMALL, "a", 15) == 10
    assert await taken(limits, SMALL, "b", 1) == 1
    clock.now += 60  # all ten are in the window before, of which all is still to be seen
    assert await taken(limits, SMALL, "a", 5) == 0
    clock.now += 30
    assert await taken(limits, SMALL, "a", 15) == 5
    clock.now += 120
    assert await taken(limits, SMALL, "a", 15) == 10


async def test_the_factor_moves_every_budget(clock: Clock) -> None:
    assert await taken(Limits(factor=0.5, clock=clock), SMALL, "a", 15) == 5
    assert await taken(Limits(factor=2, clock=clock), SMALL, "a", 30) == 20


async def test_a_refusal_says_when_to_come_back() -> None:
    limits = Limits()
    await taken(limits, SMALL, "a", 10)
    error = await limits.too_many(SMALL, "a")
    assert 1 <= error.retry_after <= 120
    assert error.headers["Retry-After"] == str(error.retry_after)
    assert error.headers["RateLimit-Policy"] == '"key";q=10;w=60'
    assert error.headers["RateLimit"].startswith('"key";r=0;t=')


async def test_a_flood_of_addresses_is_forgotten_not_kept(clock: Clock) -> None:
    memory = BoundedMemory(1_000, clock)
    for number in range(20_000):
        await memory.acquire_sliding_window_entry(f"address/{number}", 10, 60)
    assert len(memory) == 1_000
    assert await memory.get("address/19999") == 1
    assert await memory.get("address/0") == 0


def test_a_storage_that_cannot_be_is_said_at_the_start() -> None:
    with pytest.raises(FixConfiguration, match="RATE_LIMIT_STORAGE"):
        Limits(storage="carrier-pigeon://loft")


async def test_while_redis_is_away_memory_counts() -> None:
    pytest.importorskip("redis")
    limits = Limits(storage="redis://127.0.0.1:1/0")
    assert await taken(limits, SMALL, "a", 15) == 10


# -- where a request comes from


def scope_of(peer: str) -> dict[str, Any]:
    return {"client": (peer, 1)}


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("198.51.100.7", [], "198.51.100.7"),
        ("198.51.100.7", [b"203.0.113.9"], "198.51.100.7"),  # a stranger's word is not believed
        ("10.0.0.1", [b"203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", [b"203.0.113.9, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),  # what they put in front is theirs
        ("10.0.0.1", [b"203.0.113.9", b"198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", [b"198.51.100.7:4711"], "198.51.100.7"),
        ("10.0.0.1", [b"[2001:db8:1:2:3:4:5:6]:4711"], "2001:db8:1:2::"),
        ("10.0.0.1", [b"nonsense"], "10.0.0.1"),
        ("2001:db8:1:2:ffff::9", [], "2001:db8:1:2::"),
        ("::ffff:198.51.100.7", [], "198.51.100.7"),
        ("testclient", [b"203.0.113.9"], "testclient"),
    ],
)
def test_where_a_request_comes_from(peer: str, forwarded: list[bytes], expected: str) -> None:
    assert address_of(scope_of(peer), forwarded, networks("10.0.0.0/8, 192.0.2.7")) == expected


def test_a_wrong_proxy_is_said_at_the_start() -> None:
    with pytest.raises(FixConfiguration, match="TRUSTED_PROXIES"):
        networks("the one in the cellar")


# -- the edge


class Inside:
    """Answers 200 for the keys it knows, as the application would."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked += 1
        sent = dict(scope["headers"]).get(b"authorization", b"")
        good = sent.startswith(b"Bearer sk_good")
        if good:
            note(scope, "workspace", f"key:{sent.decode()}")
        status = 200 if good or not sent else 401
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def edge(limits: Limits) -> tuple[RateLimits, Inside]:
    from starlette.responses import Response

    def refuse(request: Any, error: TooMany) -> Response:
        return Response(status_code=429, headers=error.headers)

    inside = Inside()
    return RateLimits(inside, limits=limits, refuse=refuse, trusted_proxies=()), inside


async def ask(app: Any, path: str = "/api/v1/leads", *, key: str = "", peer: str = "198.51.100.7") -> Any:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", f"Bearer {key}".encode())] if key else []
    scope = {
        "type": "http", "method": "GET", "path": path, "headers": headers, "client": (peer, 1), "query_string": b"",
    }  # fmt: skip
    await app(scope, None, send)
    return sent[0]["status"], dict(sent[0]["headers"])


async def test_a_key_has_a_budget_wherever_it_is_used_from(clock: Clock) -> None:
    app, _ = edge(Limits(factor=0.01, clock=clock))  # 30 a key and minute, 60 an address
    answers = [(await ask(app, key="sk_good_1", peer=f"198.51.100.{n}"))[0] for n in range(40)]
    assert answers.count(200) == 30
    assert (await ask(app, key="sk_good_2"))[0] == 200


async def test_programs_are_told_what_is_left(clock: Clock) -> None:
    app, _ = edge(Limits(factor=0.01))
    await ask(app, key="sk_good_1")
    status, headers = await ask(app, key="sk_good_1")
    assert status == 200
    assert headers[b"ratelimit-policy"] == b'"key";q=30;w=60'
    assert headers[b"ratelimit"].startswith(b'"key";r=28;t=')


async def test_made_up_keys_are_slowed_and_cost_their_workspace_nothing(clock: Clock) -> None:
    app, inside = edge(Limits(factor=0.1, clock=clock))
    await ask(app, key="sk_good_1")
    answers = [(await ask(app, key=f"sk_bad_{n}"))[0] for n in range(50)]
    assert answers == [401] * 6 + [429] * 44
    assert len(app._known) == 1, "what is made up is not remembered"
    assert (await ask(app, key="sk_good_1"))[0] == 200, "who is known goes on, from the same address too"
    assert inside.asked == 8


async def test_a_flood_elsewhere_blocks_no_opt_out(clock: Clock) -> None:
    app, _ = edge(Limits(factor=0.01, clock=clock))
    for _ in range(80):
        await ask(app)
    assert (await ask(app))[0] == 429
    assert (await ask(app, "/u/token"))[0] == 200
    assert (await ask(app, "/b/token"))[0] == 200
    assert (await ask(app, "/static/console.js"))[0] == 200
    for _ in range(80):
        await ask(app, "/b/token")
    assert (await ask(app, "/b/token"))[0] == 429
    assert (await ask(app, "/u/token"))[0] == 200


async def test_signing_in_has_a_budget_for_each_address(clock: Clock) -> None:
    app, _ = edge(Limits(factor=0.1, clock=clock))
    answers = [(await ask(app, "/sign-in/single"))[0] for _ in range(15)]
    assert answers == [200] * 10 + [429] * 5
    assert (await ask(app, "/sign-in/single", peer="203.0.113.9"))[0] == 200


async def test_counting_costs_little() -> None:
    """Known key, which draws on three budgets and is told what is left: far below 50 µs of a processor."""
    app, _ = edge(Limits(factor=1000))
    bare = Inside()
    await ask(app, key="sk_good_1")

    async def seconds(of: Any) -> float:
        best = float("inf")
        for _ in range(5):
            started = time.process_time()
            for _ in range(1_000):
                await ask(of, key="sk_good_1")
            best = min(best, time.process_time() - started)
        return best

    each = (await seconds(app) - await seconds(bare)) / 1_000 * 1e6
    print(f"{each:.1f} µs a request")
    assert each < 200, f"{each:.0f} µs: even on a slow machine it should be a fraction of that"
