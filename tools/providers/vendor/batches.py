"""Many subjects a call, for vendors that take them so; a batch that fails is unknown, the others are not."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from tools.ports import Unknown
from tools.providers.vendor.asking import ask_each

S = TypeVar("S")
A = TypeVar("A")


def ask_batches(
    subjects: Sequence[tuple[UUID, S]],
    size: int,
    ask: Callable[[Sequence[tuple[UUID, S]]], Mapping[UUID, A | Unknown]],
    silent: str,
) -> Mapping[UUID, A | Unknown]:
    """An answer a subject, `size` of them a call. Whom an answered batch leaves out is Unknown(`silent`)."""
    chunks = [subjects[start : start + size] for start in range(0, len(subjects), size)]
    answers = ask_each([(UUID(int=number), chunk) for number, chunk in enumerate(chunks)], ask)
    found: dict[UUID, A | Unknown] = {}
    for chunk, answer in zip(chunks, answers.values(), strict=True):
        for key, _ in chunk:
            found[key] = answer if isinstance(answer, Unknown) else answer.get(key, Unknown(silent))
    return found
