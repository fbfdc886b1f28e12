"""The language model, asked for language only."""

from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import BaseModel

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ModelReply:
    value: BaseModel
    model: str
    endpoint: str  # "primary" or "fallback"
    tokens_in: int
    tokens_out: int
    cost_micros: int


class LanguageModel(Protocol):
    def structured(self, *, purpose: str, system: str, user: str, schema: type[T], max_tokens: int = 800) -> ModelReply:
        """A validated `schema` instance in `ModelReply.value`.

        Raises core.errors.ModelMustStop (absent, late, over budget: do not ask again) or
        core.errors.ModelMayRetry (answered, but not to the schema: may be asked again). Nothing else.
        """
        ...
