"""How an endpoint fails, in our words."""

import asyncio
import json
from typing import Any, TypeVar

import openai
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import ModelMayRetry, ModelMustStop

T = TypeVar("T", bound=BaseModel)

MAX_REASONS = 3
MAX_TOKENS = 10_000_000  # a server that reports more is not to be believed, least of all with money


class EndpointDown(ModelMustStop):
    """This endpoint cannot serve now; another one may. `outcome` goes to the spend ledger."""

    def __init__(self, message: str, *, outcome: str, hint: str = "") -> None:
        super().__init__(message, hint=hint, code=f"model_{outcome}")
        self.outcome = outcome


# Nothing was computed, so nothing is charged. A late or broken answer may well be.
FREE_OUTCOMES = frozenset({"unreachable", "auth", "not_found", "busy", "refused", "not_asked"})


def translate(error: Exception, endpoint: str, deadline: float) -> EndpointDown:
    """The SDK's exceptions, by what whoever runs SalesOS has to do."""
    if isinstance(error, openai.APITimeoutError | asyncio.TimeoutError | TimeoutError):
        return EndpointDown(
            f"The {endpoint} language model did not answer within {deadline:g} s.",
            outcome="late",
            hint="Raise SALESOS_LLM_DEADLINE_SECONDS, or use a faster model.",
        )
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        return EndpointDown(
            f"The {endpoint} language model refused the key.", outcome="auth", hint="Check SALESOS_LLM_API_KEY."
        )
    if isinstance(error, openai.NotFoundError):
        return EndpointDown(
            f"The {endpoint} endpoint has no such model or path.",
            outcome="not_found",
            hint="Check SALESOS_LLM_BASE_URL (it usually ends in /v1) and SALESOS_LLM_MODEL.",
        )
    if isinstance(error, openai.RateLimitError):
        return EndpointDown(f"The {endpoint} language model is over its rate limit or quota.", outcome="busy")
    if isinstance(error, openai.APIStatusError):
        status = error.status_code
        if status >= 500:
            return EndpointDown(f"The {endpoint} language model answered {status}.", outcome="down")
        return EndpointDown(
            f"The {endpoint} language model refused the request ({status}).",
            outcome="refused",
            hint="It may lack structured output (response_format json_schema), or the text is too long for it.",
        )
    return EndpointDown(
        f"The {endpoint} language model cannot be reached: {type(error).__name__}.",
        outcome="unreachable",
        hint="Check SALESOS_LLM_BASE_URL and the network.",
    )


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Message(_Lenient):
    content: str | None = None
    refusal: str | None = None


class _Choice(_Lenient):
    message: _Message
    finish_reason: str | None = None


class Usage(_Lenient):
    prompt_tokens: int = Field(ge=0, le=MAX_TOKENS)
    completion_tokens: int = Field(ge=0, le=MAX_TOKENS)


class Completion(_Lenient):
    """The part of a chat completion that we read. Compatible servers differ in the rest."""

    model: str = ""
    choices: list[_Choice] = Field(min_length=1)
    usage: Usage | None = None


def read_completion(body: bytes, endpoint: str) -> Completion:
    """Raises EndpointDown where the body is no chat completion at all: a captive portal, a cut connection."""
    try:
        return Completion.model_validate_json(body)
    except ValidationError as error:
        raise EndpointDown(
            f"The {endpoint} endpoint answered something that is not a chat completion.",
            outcome="incompatible",
            hint="Check that SALESOS_LLM_BASE_URL is an OpenAI-compatible API.",
        ) from error


def read_content(completion: Completion, schema: type[T]) -> T:
    """The answer as `schema`. Raises ModelMayRetry, in words that a model can act on, for every way it can be wrong."""
    choice = completion.choices[0]
    if choice.message.refusal:
        raise ModelMayRetry("The model refused to answer.", code="model_refusal")
    if choice.finish_reason == "length":
        raise ModelMayRetry("The answer was cut off: it was too long.", code="model_cut_off")
    if choice.finish_reason == "content_filter":
        raise ModelMayRetry("The answer was withheld by a content filter.", code="model_filtered")
    content = (choice.message.content or "").strip()
    if not content:
        raise ModelMayRetry("The answer is empty.", code="model_empty")
    try:
        data: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ModelMayRetry(
            "The answer is not JSON alone: no prose and no code fence round it.", code="model_not_json"
        ) from error
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        # Positions and rules only: the values are the model's, and may hold personal data.
        reasons = [
            f"{'.'.join(str(part) for part in item['loc']) or 'answer'}: {item['type']}"
            for item in error.errors(include_url=False, include_input=False, include_context=False)[:MAX_REASONS]
        ]
        raise ModelMayRetry(f"The answer breaks the schema ({'; '.join(reasons)}).", code="model_bad_schema") from error
