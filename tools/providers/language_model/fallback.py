"""A second endpoint when the first cannot serve, and a breaker so that a dead one is not asked again and again."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import httpx2
from pydantic import BaseModel

from core.clock import Clock
from core.errors import ModelMayRetry, ModelMustStop
from core.settings import Settings
from tools.ports import LanguageModel, ModelReply
from tools.providers.language_model.errors import EndpointDown
from tools.providers.language_model.openai_compatible import Endpoint, Metering, OpenAICompatible

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")

COOL_DOWN_SECONDS = 60.0  # a restart or a short outage; longer ones cost one trial a minute
FAILURES_TO_OPEN = 2  # one lost packet is no outage
# A second try a moment later cannot help: whoever runs it has to change something.
LASTING_OUTCOMES = frozenset({"auth", "not_found", "incompatible"})


class CircuitBreaker:
    """Closed → open after failures in a row → one trial after the cool-down → closed or open again. Thread-safe.

    Keep one for each endpoint for as long as the process lives: language models are made anew for each workspace.
    """

    def __init__(
        self, clock: Clock, *, cool_down_seconds: float = COOL_DOWN_SECONDS, failures_to_open: int = FAILURES_TO_OPEN
    ) -> None:
        self._clock = clock
        self._cool_down = timedelta(seconds=cool_down_seconds)
        self._to_open = failures_to_open
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_again_at: datetime | None = None

    def call(self, name: str, work: Callable[[], R]) -> R:
        """Runs `work` unless the breaker is open. Raises EndpointDown (outcome not_asked) when it is."""
        self._enter(name)
        try:
            result = work()
        except EndpointDown as error:
            self._failed(lasting=error.outcome in LASTING_OUTCOMES)
            raise
        except ModelMayRetry:
            self._succeeded()  # it answered, if badly: the endpoint lives
            raise
        self._succeeded()
        return result

    def _enter(self, name: str) -> None:
        with self._lock:
            now = self._clock.now()
            if self._closed_again_at is None:
                return
            if now < self._closed_again_at:
                wait = int((self._closed_again_at - now).total_seconds()) + 1
                raise EndpointDown(
                    f"The {name} language model failed and is not asked for another {wait} s.", outcome="not_asked"
                )
            # This caller is the trial; others wait for what it finds.
            self._closed_again_at = now + self._cool_down

    def _failed(self, *, lasting: bool) -> None:
        with self._lock:
            self._failures += 1
            if lasting or self._failures >= self._to_open:
                self._closed_again_at = self._clock.now() + self._cool_down

    def _succeeded(self) -> None:
        with self._lock:
            self._failures = 0
            self._closed_again_at = None


class WithFallback:
    """ports.LanguageModel over endpoints in order. A bad answer is the caller's to retry; a dead endpoint moves on.

    Over budget moves on to nobody: the budget is the workspace's, not the endpoint's.
    """

    def __init__(self, endpoints: Sequence[tuple[str, LanguageModel, CircuitBreaker]]) -> None:
        self._endpoints = tuple(endpoints)

    def structured(self, *, purpose: str, system: str, user: str, schema: type[T], max_tokens: int = 800) -> ModelReply:
        reasons: list[str] = []
        hints: list[str] = []
        for name, model, breaker in self._endpoints:

            def ask(model: LanguageModel = model) -> ModelReply:
                return model.structured(purpose=purpose, system=system, user=user, schema=schema, max_tokens=max_tokens)

            try:
                return breaker.call(name, ask)
            except EndpointDown as error:
                reasons.append(error.message)
                hints.append(error.hint)
        raise ModelMustStop(
            " ".join(reasons) or "No language model is configured.",
            hint=next((hint for hint in hints if hint), ""),
            code="model_unavailable",
        )


def endpoints_of(settings: Settings) -> list[Endpoint]:
    """The configured endpoints, the first to be asked first; empty: templates and rules serve."""
    price_in, price_out = settings.llm_price_in_micro_cents, settings.llm_price_out_micro_cents
    found = []
    if settings.llm_base_url and settings.llm_model:
        key = settings.llm_api_key.get_secret_value()
        found.append(Endpoint("primary", settings.llm_base_url, settings.llm_model, key, price_in, price_out))
    if settings.llm_fallback_base_url and settings.llm_fallback_model:
        key = settings.llm_fallback_api_key.get_secret_value()
        base_url, model = settings.llm_fallback_base_url, settings.llm_fallback_model
        found.append(Endpoint("fallback", base_url, model, key, price_in, price_out))
    return found


def language_models(settings: Settings, clock: Clock) -> Callable[[Metering], LanguageModel | None]:
    """Makes a metered language model for a budget; None where no endpoint is configured.

    Call it once a process: the breakers live as long as what it returns.
    """
    # One connection pool an endpoint, shared by all workspaces. Redirects are not followed: they would carry the key.
    configured = [
        (endpoint, CircuitBreaker(clock), httpx2.AsyncClient(follow_redirects=False))
        for endpoint in endpoints_of(settings)
    ]

    def metered(metering: Metering) -> LanguageModel | None:
        if not configured:
            return None
        return WithFallback([
            (
                endpoint.name,
                OpenAICompatible(
                    endpoint, clock=clock, metering=metering, deadline_seconds=settings.llm_deadline_seconds,
                    http_client=client
                ),
                breaker,
            )
            for endpoint, breaker, client in configured
        ])  # fmt: skip

    return metered
