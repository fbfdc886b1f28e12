"""Any OpenAI-compatible endpoint as ports.LanguageModel: one call, one deadline, one validated answer, metered.

Synchronous outside, asynchronous inside: a float timeout of the SDK counts per read, so a server that drips bytes would
never be late. Each call runs on one background event loop under a deadline over connecting, waiting and reading.
"""

import asyncio
import json
import os
import threading
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

import httpx2
import openai
from openai import AsyncOpenAI
from pydantic import BaseModel

from core.clock import Clock
from core.errors import ModelMayRetry, ModelMustStop
from tools.ports import ModelReply
from tools.providers.language_model.errors import (
    FREE_OUTCOMES,
    Completion,
    EndpointDown,
    read_completion,
    read_content,
    translate,
)

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")

# An answer of 800 tokens is about 4 KB. Half a megabyte is no answer, and is not read to its end.
MAX_ANSWER_BYTES = 512 * 1024
# A prompt of ours is a few KB; more is a mistake that would cost money.
MAX_PROMPT_BYTES = 256 * 1024


class Metering(Protocol):
    """Every call is reserved before it is made and settled after (store.ledger.BudgetMetering)."""

    def reserve(self, *, provider: str, purpose: str, max_micros: int) -> Any:
        """A token for `settle`. Raises core.errors.ModelMustStop where the budget does not allow the call."""
        ...

    def settle(self, token: Any, /, *, cost_micros: int, latency_ms: int | None, outcome: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    name: str  # "primary" or "fallback": what ModelReply.endpoint says
    base_url: str
    model: str
    api_key: str = field(default="", repr=False)
    price_in: int = 0  # cost_micros a prompt token
    price_out: int = 0  # cost_micros an answer token
    token_limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"  # noqa: S105 - tokens of text
    extra_body: Mapping[str, Any] = field(default_factory=dict)  # what only this server knows


class _Loop:
    """One event loop in one daemon thread, started on first use, and again in a forked child."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        with self._lock:
            if self._loop is None or self._pid != os.getpid():
                self._loop = asyncio.new_event_loop()
                self._pid = os.getpid()
                threading.Thread(target=self._loop.run_forever, name="language-model", daemon=True).start()
            loop = self._loop
        return asyncio.run_coroutine_threadsafe(work, loop).result()


_LOOP = _Loop()


class OpenAICompatible:
    """Thread-safe. `http_client` is for tests and for proxies; without it the SDK makes its own."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        clock: Clock,
        metering: Metering,
        deadline_seconds: float = 20.0,
        http_client: httpx2.AsyncClient | None = None,
    ) -> None:
        self.endpoint = endpoint
        self._clock = clock
        self._metering = metering
        self._deadline = deadline_seconds
        self._client = AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key or "none",  # the SDK insists; local servers ignore it
            max_retries=0,  # one retry layer: the caller, who knows what a second try is worth
            timeout=deadline_seconds,
            http_client=http_client,
        )

    def structured(self, *, purpose: str, system: str, user: str, schema: type[T], max_tokens: int = 800) -> ModelReply:
        """See ports.LanguageModel. Raises EndpointDown (a ModelMustStop), another ModelMustStop over budget, or
        ModelMayRetry; nothing else, whatever the server does."""
        form = _response_format(schema)
        prompt_bytes = len(system.encode()) + len(user.encode()) + len(json.dumps(form))
        if prompt_bytes > MAX_PROMPT_BYTES:
            raise ModelMustStop(
                f"The prompt for {purpose} has {prompt_bytes // 1024} KB; the most is {MAX_PROMPT_BYTES // 1024} KB.",
                code="model_prompt_too_long",
            )
        # A token is a byte at the least, so this is what the call can cost at the most.
        ceiling = prompt_bytes * self.endpoint.price_in + max_tokens * self.endpoint.price_out
        token = self._metering.reserve(provider=self._provider, purpose=purpose, max_micros=ceiling)
        started = self._clock.now()
        cost, outcome = ceiling, "failed"
        try:
            completion, size = self._ask(system, user, form, max_tokens)
            tokens_in, tokens_out = _usage(completion, prompt_bytes, min(max_tokens, size))
            cost = tokens_in * self.endpoint.price_in + tokens_out * self.endpoint.price_out
            value = read_content(completion, schema)
            outcome = "ok"
            return ModelReply(
                value, completion.model[:100] or self.endpoint.model, self.endpoint.name, tokens_in, tokens_out, cost
            )
        except EndpointDown as error:
            outcome = error.outcome
            cost = 0 if outcome in FREE_OUTCOMES else cost
            raise
        except ModelMayRetry as error:
            outcome = error.code.removeprefix("model_")
            raise
        finally:
            latency = int((self._clock.now() - started).total_seconds() * 1000)
            self._metering.settle(token, cost_micros=cost, latency_ms=max(0, latency), outcome=outcome)

    @property
    def _provider(self) -> str:
        return f"llm:{self.endpoint.name}"

    def _ask(self, system: str, user: str, form: Mapping[str, Any], max_tokens: int) -> tuple[Completion, int]:
        try:
            body = _LOOP.run(self._post(system, user, form, max_tokens))
        except ModelMayRetry:
            raise
        except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, RuntimeError) as error:
            # `from None`: the SDK's error carries the request, and the request carries the prompt.
            raise translate(error, self.endpoint.name, self._deadline) from None
        return read_completion(body, self.endpoint.name), len(body)

    async def _post(self, system: str, user: str, form: Mapping[str, Any], max_tokens: int) -> bytes:
        request: dict[str, Any] = {
            "model": self.endpoint.model,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
            "temperature": 0,
            "response_format": form,
            self.endpoint.token_limit: max_tokens,
        }
        body = bytearray()
        async with asyncio.timeout(self._deadline):
            create = self._client.chat.completions.with_streaming_response.create
            async with create(**request, extra_body=dict(self.endpoint.extra_body) or None) as response:
                async for chunk in response.iter_bytes(16 * 1024):
                    body += chunk
                    if len(body) > MAX_ANSWER_BYTES:
                        raise ModelMayRetry("The answer is far too long.", code="model_too_long")
        return bytes(body)


def _response_format(schema: type[BaseModel]) -> dict[str, Any]:
    """Strict structured output: every field required, nothing additional, as the SDK's own helper writes it."""
    function = openai.pydantic_function_tool(schema)["function"]
    return {
        "type": "json_schema",
        "json_schema": {"name": schema.__name__, "strict": True, "schema": function.get("parameters", {})},
    }


def _usage(completion: Completion, prompt_bytes: int, answer_ceiling: int) -> tuple[int, int]:
    """Tokens in and out. A server that does not say is booked at the most it can have been, never at nothing."""
    if completion.usage is None:
        return prompt_bytes, answer_ceiling
    return completion.usage.prompt_tokens, completion.usage.completion_tokens
