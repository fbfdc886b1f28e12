"""A real model on a real wire, and invariants that hold whatever it answers.

| real | faked |
|---|---|
| the server, its tokens and grammar, HTTP, the SDK, the deadline, the writer, the gate | the spend ledger: a list |
"""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from agents.drafting.writer import write
from core.clock import SystemClock
from core.errors import ModelMayRetry, ModelMustStop
from tests.support import drafting_cases as cases
from tests.support import llm_server
from tools.providers.language_model.errors import EndpointDown
from tools.providers.language_model.fallback import CircuitBreaker, WithFallback
from tools.providers.language_model.openai_compatible import Endpoint, OpenAICompatible

pytestmark = [
    pytest.mark.real_llm,
    pytest.mark.skipif(bool(llm_server.missing()), reason=llm_server.missing() or "here"),
]


class Ledger:
    def __init__(self) -> None:
        self.reserved: list[int] = []
        self.settled: list[tuple[int, int | None, str]] = []

    def reserve(self, *, provider: str, purpose: str, max_micros: int) -> int:
        self.reserved.append(max_micros)
        return len(self.reserved)

    def settle(self, token: int, /, *, cost_micros: int, latency_ms: int | None, outcome: str) -> None:
        self.settled.append((cost_micros, latency_ms, outcome))


class Reading(BaseModel):
    interested: bool
    summary: str


@pytest.fixture(scope="module")
def server() -> Iterator[llm_server.RunningServer]:
    with llm_server.running() as started:
        yield started


def model_of(
    server: llm_server.RunningServer, ledger: Ledger, *, key: str = llm_server.API_KEY, deadline: float = 60.0,
    name: str = "primary",
) -> OpenAICompatible:  # fmt: skip
    endpoint = Endpoint(
        name, server.base_url, llm_server.MODEL, key, price_in=2, price_out=5,
        extra_body={"cache_prompt": False, "repeat_penalty": 1.15},
    )  # fmt: skip
    return OpenAICompatible(endpoint, clock=SystemClock(), metering=ledger, deadline_seconds=deadline)


def read(model: Any, max_tokens: int = 120) -> Any:
    return model.structured(
        purpose="test",
        system="Fill in the record.",
        user="Sounds good, let us talk.",
        schema=Reading,
        max_tokens=max_tokens,
    )


def test_an_answer_has_the_schema_and_is_booked_or_may_be_retried(server: llm_server.RunningServer) -> None:
    ledger = Ledger()
    try:
        reply = read(model_of(server, ledger))
    except ModelMayRetry as error:
        assert error.code in {"model_cut_off", "model_not_json", "model_bad_schema"}  # noqa: PT017 - either is right
    else:
        assert isinstance(reply.value, Reading)
        assert reply.tokens_in > 0
        assert reply.cost_micros == reply.tokens_in * 2 + reply.tokens_out * 5
    cost, latency, _ = ledger.settled[0]
    assert 0 < cost <= ledger.reserved[0]
    assert latency is not None
    assert latency > 0


def test_a_cut_off_answer_may_be_retried(server: llm_server.RunningServer) -> None:
    with pytest.raises(ModelMayRetry) as caught:
        read(model_of(server, Ledger()), max_tokens=4)
    assert caught.value.code == "model_cut_off"


def test_a_wrong_key_stops_the_model(server: llm_server.RunningServer) -> None:
    with pytest.raises(EndpointDown) as caught:
        read(model_of(server, Ledger(), key="wrong"))
    assert caught.value.outcome == "auth"


def test_the_deadline_holds(server: llm_server.RunningServer) -> None:
    ledger = Ledger()
    started = time.monotonic()
    with pytest.raises(EndpointDown) as caught:
        read(model_of(server, ledger, deadline=0.05), max_tokens=800)
    assert caught.value.outcome == "late"
    assert time.monotonic() - started < 30
    assert [row[2] for row in ledger.settled] == ["late"]


def test_the_fallback_serves_when_nothing_listens_at_the_first(server: llm_server.RunningServer) -> None:
    ledger, clock = Ledger(), SystemClock()
    dead = OpenAICompatible(
        Endpoint("primary", "http://127.0.0.1:9/v1", "none"), clock=clock, metering=ledger, deadline_seconds=2
    )
    both = WithFallback([
        ("primary", dead, CircuitBreaker(clock)),
        ("fallback", model_of(server, ledger, name="fallback"), CircuitBreaker(clock)),
    ])  # fmt: skip
    try:
        assert read(both).endpoint == "fallback"
    except ModelMustStop as error:
        pytest.fail(str(error))
    except ModelMayRetry:
        pass  # it answered: the fallback was asked
    assert ledger.settled[0][2] == "unreachable"
    assert ledger.settled[0][0] == 0


def test_whatever_it_writes_the_draft_passes_and_says_who_wrote_what(server: llm_server.RunningServer) -> None:
    ledger = Ledger()
    model = model_of(server, ledger)
    kept = fell_back = 0
    for seed in range(3):
        plan = cases.plan_of(seed)
        template = write(plan, None)
        started = time.monotonic()
        draft = write(plan, model)
        assert draft.gate.passed, draft.gate.problems
        writers = {sentence.written_by.split(":")[0] for sentence in draft.sentences}
        if draft.fallback_reason or "model" not in writers:
            fell_back += 1
            assert (draft.subject, draft.body) == (template.subject, template.body)
            assert writers == {"template"}
        else:
            kept += 1
            assert writers == {"template", "model"}
        print(f"\n{draft.template}: {draft.model_attempts} attempts, {time.monotonic() - started:.1f} s, "
              f"{[p.code for p in draft.model_problems]} {draft.fallback_reason}")  # fmt: skip
    print(f"kept {kept}, fell back {fell_back}, {len(ledger.settled)} calls, {[row[2] for row in ledger.settled]}")
    assert len(ledger.settled) == len(ledger.reserved)
