"""The language model port against a hostile wire. Faked: the transport. Real: the SDK, the event loop, validation."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel

from core.clock import VirtualClock
from core.errors import ModelMayRetry, ModelMustStop
from tools.providers.language_model.errors import EndpointDown
from tools.providers.language_model.openai_compatible import Endpoint, OpenAICompatible

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class Answer(BaseModel):
    mood: str
    score: int


class Ledger:
    def __init__(self, limit: int = 10**12) -> None:
        self.limit = limit
        self.reserved: list[tuple[str, str, int]] = []
        self.settled: list[dict[str, Any]] = []

    def reserve(self, *, provider: str, purpose: str, max_micros: int) -> str:
        if max_micros > self.limit:
            raise ModelMustStop("Over budget.", code="over_budget")
        self.reserved.append((provider, purpose, max_micros))
        return f"token-{len(self.reserved)}"

    def settle(self, token: str, /, *, cost_micros: int, latency_ms: int | None, outcome: str) -> None:
        self.settled.append({"token": token, "cost": cost_micros, "latency": latency_ms, "outcome": outcome})


def completion(
    content: str | None, *, finish: str = "stop", refusal: str | None = None, usage: bool = True
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": "c1", "object": "chat.completion", "created": 1, "model": "small-1",
        "choices": [
            {"index": 0, "finish_reason": finish,
             "message": {"role": "assistant", "content": content, "refusal": refusal}}
        ],
    }  # fmt: skip
    if usage:
        body["usage"] = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    return body


def model(
    answer: Callable[[httpx2.Request], Any], ledger: Ledger | None = None, deadline: float = 5.0
) -> OpenAICompatible:
    client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    endpoint = Endpoint("primary", "http://llm.test/v1", "small", "secret-key", price_in=3, price_out=7)
    return OpenAICompatible(
        endpoint, clock=VirtualClock(NOW), metering=ledger or Ledger(), deadline_seconds=deadline, http_client=client
    )


def ask(llm: OpenAICompatible) -> Any:
    return llm.structured(purpose="test", system="Be brief.", user="Hello", schema=Answer, max_tokens=50)


def says(content: str | None, **options: Any) -> Callable[[httpx2.Request], httpx2.Response]:
    return lambda request: httpx2.Response(200, json=completion(content, **options))


def test_a_good_answer_is_validated_priced_and_booked() -> None:
    seen: list[dict[str, Any]] = []

    def server(request: httpx2.Request) -> httpx2.Response:
        seen.append(json.loads(request.content))
        return httpx2.Response(200, json=completion('{"mood": "calm", "score": 4}'))

    ledger = Ledger()
    reply = ask(model(server, ledger))
    assert reply.value == Answer(mood="calm", score=4)
    assert (reply.endpoint, reply.model, reply.tokens_in, reply.tokens_out) == ("primary", "small-1", 100, 10)
    assert reply.cost_micros == 100 * 3 + 10 * 7
    assert ledger.settled == [{"token": "token-1", "cost": 370, "latency": 0, "outcome": "ok"}]
    assert ledger.reserved[0][:2] == ("llm:primary", "test")
    assert ledger.reserved[0][2] >= 370
    form = seen[0]["response_format"]["json_schema"]
    assert form["strict"] is True
    assert form["schema"]["additionalProperties"] is False
    assert form["schema"]["required"] == ["mood", "score"]


@pytest.mark.parametrize(
    ("server", "code"),
    [
        (says("I would say the mood is calm."), "model_not_json"),
        (says('```json\n{"mood": "calm", "score": 4}\n```'), "model_not_json"),
        (says('{"mood": "calm", "score": '), "model_not_json"),
        (says("[" * 100_000), "model_not_json"),
        (says('{"mood": "calm"}'), "model_bad_schema"),
        (says('{"mood": "calm", "score": "many"}'), "model_bad_schema"),
        (says("[1, 2]"), "model_bad_schema"),
        (says(""), "model_empty"),
        (says(None), "model_empty"),
        (says(None, refusal="I cannot help with that."), "model_refusal"),
        (says('{"mood": "ca', finish="length"), "model_cut_off"),
        (says("", finish="content_filter"), "model_filtered"),
        (says(json.dumps({"mood": "x" * 1_048_576, "score": 1})), "model_too_long"),
    ],
)
def test_a_wrong_answer_may_be_asked_for_again_and_is_booked(server: Callable[..., Any], code: str) -> None:
    ledger = Ledger()
    with pytest.raises(ModelMayRetry) as caught:
        ask(model(server, ledger))
    assert caught.value.code == code
    assert len(ledger.settled) == 1
    assert ledger.settled[0]["outcome"] == code.removeprefix("model_")
    assert ledger.settled[0]["cost"] > 0


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "auth"), (403, "auth"), (404, "not_found"), (429, "busy"), (400, "refused"), (302, "refused"),
     (500, "down"), (503, "down")],
)  # fmt: skip
def test_a_refusing_server_stops_the_model_after_one_request(status: int, code: str) -> None:
    calls = 0

    def server(request: httpx2.Request) -> httpx2.Response:
        nonlocal calls
        calls += 1
        return httpx2.Response(status, json={"error": {"message": "secret-key is bad"}}, headers={"retry-after": "1"})

    ledger = Ledger()
    with pytest.raises(EndpointDown) as caught:
        ask(model(server, ledger))
    assert caught.value.outcome == code
    assert "secret-key" not in str(caught.value)
    assert calls == 1
    assert [row["outcome"] for row in ledger.settled] == [code]
    if code != "down":
        assert ledger.settled[0]["cost"] == 0


def test_what_is_no_completion_at_all_stops_the_model() -> None:
    for body in (
        b"<html>Please log in</html>",
        b"",
        b'{"choices": []}',
        b'{"object": "list"}',
        b'{"choices": [{"message"',
    ):
        with pytest.raises(EndpointDown) as caught:
            ask(model(lambda request, body=body: httpx2.Response(200, content=body)))
        assert caught.value.outcome == "incompatible"


@pytest.mark.parametrize(
    "error", [httpx2.ConnectError("no"), httpx2.RemoteProtocolError("cut"), httpx2.ConnectTimeout("t")]
)
def test_a_broken_connection_stops_the_model(error: Exception) -> None:
    def server(request: httpx2.Request) -> httpx2.Response:
        raise error

    with pytest.raises(EndpointDown):
        ask(model(server))


def test_the_deadline_holds_against_a_server_that_drips() -> None:
    async def drip() -> Any:
        for _ in range(4_000):
            yield b" "
            await asyncio.sleep(0.05)

    ledger = Ledger()
    llm = model(lambda request: httpx2.Response(200, content=drip()), ledger, deadline=0.4)
    started = time.monotonic()
    with pytest.raises(EndpointDown) as caught:
        ask(llm)
    assert caught.value.outcome == "late"
    assert time.monotonic() - started < 60
    # A late answer may have been computed and charged: the reservation stands as its cost.
    assert ledger.settled[0]["cost"] == ledger.reserved[0][2]


def test_the_deadline_holds_against_a_silent_server() -> None:
    async def server(request: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(300)
        return httpx2.Response(200)

    started = time.monotonic()
    with pytest.raises(EndpointDown):
        ask(model(server, deadline=0.3))
    assert time.monotonic() - started < 60


def test_over_budget_asks_nobody() -> None:
    def server(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError("asked")

    ledger = Ledger(limit=1)
    with pytest.raises(ModelMustStop) as caught:
        ask(model(server, ledger))
    assert caught.value.code == "over_budget"
    assert ledger.settled == []


def test_a_server_that_reports_no_usage_is_booked_at_the_most_it_can_have_been() -> None:
    ledger = Ledger()
    reply = ask(model(says('{"mood": "calm", "score": 4}', usage=False), ledger))
    assert reply.tokens_in > 0
    assert reply.tokens_out == 50
    assert ledger.settled[0]["cost"] <= ledger.reserved[0][2]


def test_an_absurd_usage_is_not_believed() -> None:
    body = completion('{"mood": "calm", "score": 4}')
    body["usage"]["prompt_tokens"] = 10**30
    with pytest.raises(EndpointDown):
        ask(model(lambda request: httpx2.Response(200, json=body)))


def test_it_works_from_many_threads_and_from_inside_a_running_loop() -> None:
    from concurrent.futures import ThreadPoolExecutor

    llm = model(says('{"mood": "calm", "score": 4}'))
    with ThreadPoolExecutor(8) as pool:
        assert all(reply.value.score == 4 for reply in pool.map(lambda _: ask(llm), range(40)))

    async def inside() -> Any:
        return ask(llm)

    assert asyncio.run(inside()).value.score == 4


def test_the_key_is_not_in_any_repr() -> None:
    assert "secret-key" not in repr(model(says("")).endpoint)
