"""A dead endpoint, a second one, and nothing. Faked: the models. Real: the breaker, on a virtual clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from core.clock import VirtualClock
from core.errors import ModelMayRetry, ModelMustStop
from core.settings import Settings
from tools.ports import ModelReply
from tools.providers.language_model.errors import EndpointDown
from tools.providers.language_model.fallback import CircuitBreaker, WithFallback, endpoints_of, language_models

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class Word(BaseModel):
    text: str


class Scripted:
    """Raises or answers as told, and counts."""

    def __init__(self, name: str, *script: Exception | str) -> None:
        self.name = name
        self.script = list(script)
        self.calls = 0

    def structured(self, **request: Any) -> ModelReply:
        self.calls += 1
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, Exception):
            raise step
        return ModelReply(Word(text=step), "m", self.name, 1, 1, 0)


def down(outcome: str = "down") -> EndpointDown:
    return EndpointDown("It is down.", outcome=outcome, hint="Start it.")


def both(primary: Scripted, fallback: Scripted) -> tuple[WithFallback, VirtualClock]:
    clock = VirtualClock(NOW)
    models = [(m.name, m, CircuitBreaker(clock, cool_down_seconds=60)) for m in (primary, fallback)]
    return WithFallback(models), clock  # type: ignore[arg-type]


def ask(model: WithFallback) -> ModelReply:
    return model.structured(purpose="p", system="s", user="u", schema=Word)


def test_the_fallback_answers_when_the_first_is_down_and_says_so() -> None:
    model, _ = both(Scripted("primary", down()), Scripted("fallback", "hello"))
    assert ask(model).endpoint == "fallback"


def test_a_dead_endpoint_is_left_alone_until_the_cool_down_is_over() -> None:
    primary, fallback = Scripted("primary", down()), Scripted("fallback", "hello")
    model, clock = both(primary, fallback)
    for _ in range(10):
        ask(model)
    assert primary.calls == 2
    clock.advance(timedelta(seconds=61))
    ask(model)
    ask(model)
    assert primary.calls == 3  # one trial, not two
    primary.script = ["back"]
    clock.advance(timedelta(seconds=61))
    assert ask(model).endpoint == "primary"
    assert ask(model).endpoint == "primary"


def test_a_wrong_key_opens_the_breaker_at_once() -> None:
    primary = Scripted("primary", down("auth"))
    model, _ = both(primary, Scripted("fallback", "hello"))
    for _ in range(3):
        ask(model)
    assert primary.calls == 1


def test_a_bad_answer_is_the_callers_to_retry_and_does_not_open_the_breaker() -> None:
    primary, fallback = Scripted("primary", ModelMayRetry("Not JSON.")), Scripted("fallback", "hello")
    model, _ = both(primary, fallback)
    for _ in range(5):
        with pytest.raises(ModelMayRetry):
            ask(model)
    assert (primary.calls, fallback.calls) == (5, 0)


def test_over_budget_asks_no_second_endpoint() -> None:
    primary, fallback = Scripted("primary", ModelMustStop("Over.", code="over_budget")), Scripted("fallback", "hello")
    model, _ = both(primary, fallback)
    with pytest.raises(ModelMustStop) as caught:
        ask(model)
    assert caught.value.code == "over_budget"
    assert fallback.calls == 0


def test_both_down_stops_the_model_with_both_reasons_and_a_hint() -> None:
    model, _ = both(Scripted("primary", down()), Scripted("fallback", down("late")))
    with pytest.raises(ModelMustStop) as caught:
        ask(model)
    assert caught.value.code == "model_unavailable"
    assert caught.value.message.count("It is down.") == 2
    assert caught.value.hint == "Start it."


def test_without_configuration_there_is_no_model() -> None:
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    assert endpoints_of(settings) == []
    assert language_models(settings, VirtualClock(NOW))(None) is None  # type: ignore[arg-type]


def test_both_endpoints_come_from_settings_in_order() -> None:
    settings = Settings(  # type: ignore[call-arg]
        _env_file=None,
        llm_base_url="http://a/v1",
        llm_model="m",
        llm_fallback_base_url="http://b/v1",
        llm_fallback_model="n",
    )
    assert [(e.name, e.model) for e in endpoints_of(settings)] == [("primary", "m"), ("fallback", "n")]
