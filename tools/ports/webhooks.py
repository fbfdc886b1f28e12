"""Notifications to a customer's own endpoints."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What an endpoint said to one notification."""

    status: int | None = None  # of HTTP; None: there was no answer, and `error` says why
    error: str = ""
    ms: int = 0
    retry_after: str = ""  # the header as it came
    excerpt: str = ""  # the start of what it said to a refusal; a stranger's text

    @property
    def arrived(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class WebhookSender(Protocol):
    def refusal(self, url: str) -> str:
        """Why nothing may be sent to this URL; "" where it may. Asks no network."""
        ...

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> WebhookAnswer:
        """Never raises for what a server says or a network does."""
        ...
