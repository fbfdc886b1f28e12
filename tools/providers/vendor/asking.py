"""One question a subject, side by side, for vendors whose calls take one at a time."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TypeVar
from uuid import UUID

from core.errors import FixConfiguration, SalesOSError
from tools.ports import Unknown
from tools.providers.vendor.api import unknown_of

S = TypeVar("S")
A = TypeVar("A")

SIDE_BY_SIDE = 8  # calls of one provider at a time; what its limits allow is the pace's business


def ask_each(
    subjects: Iterable[tuple[UUID, S]], ask: Callable[[S], A | Unknown], *, side_by_side: int = SIDE_BY_SIDE
) -> Mapping[UUID, A | Unknown]:
    """An answer a subject. After a refusal (key, plan, credits) the rest gets the same answer and no call is made."""
    refused: list[Unknown] = []
    stop = Event()

    def one(subject: S) -> A | Unknown:
        if stop.is_set():
            return refused[0]
        answer: A | Unknown
        try:
            answer = ask(subject)
        except SalesOSError as error:
            answer = unknown_of(error)
            if isinstance(error, FixConfiguration):  # a Rejected speaks of this subject alone
                refused.append(answer)
                stop.set()
        return answer

    listed = list(subjects)
    with ThreadPoolExecutor(max_workers=side_by_side) as pool:
        return dict(zip((key for key, _ in listed), pool.map(one, [subject for _, subject in listed]), strict=True))
