"""A workspace's account at a vendor, and what its providers speak through."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx2

from core.clock import Clock
from tools.ports import Option as Option
from tools.ports import VendorSpec as VendorSpec
from tools.ports import WebFetch
from tools.providers.vendor.pace import Monotonic, Sleep


@dataclass(frozen=True, slots=True)
class Account:
    vendor: str  # "hunter"
    key: str = field(
        default="", repr=False
    )  # in clear, for its calls and nothing else; empty: a vendor that needs none
    options: Mapping[str, str] = field(
        default_factory=dict
    )  # what else the vendor wants: an app id, a region, a contact
    credit_micros: int = 0  # what one of the vendor's credits costs, in millionths of the currency's minor unit


@dataclass(frozen=True, slots=True)
class Wire:
    """What a call goes through; a test gives its own."""

    http: httpx2.Client
    clock: Clock
    sleep: Sleep = time.sleep
    monotonic: Monotonic = time.monotonic
    reader: Callable[[str], WebFetch] | None = None  # the guarded web reader under a User-Agent; None: fetching is off

    def fetch(self, user_agent: str) -> WebFetch | None:
        """For what a vendor offers as pages, not as JSON."""
        return self.reader(user_agent) if self.reader else None
