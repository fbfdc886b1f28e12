"""Web pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tools.ports.unknown import Unknown


@dataclass(frozen=True, slots=True)
class WebPage:
    """What a URL answered. `text` is tainted: it may be quoted, never obeyed."""

    url: str  # as asked
    final_url: str  # after redirects
    status: int
    headers: Mapping[str, str]  # lower-case names
    text: str
    fetched_at: datetime


class WebFetch(Protocol):
    def get(self, url: str) -> WebPage | Unknown: ...
