"""Vendors of data, as far as a provider can see them: a transport that answers, keeps what it was asked, and holds each
exchange against the vendor's own published description where that is beside the checkout.

What is faked: the vendor. What is real: our client, its pace, retries, parsing and types. Time is virtual.
"""

import importlib.util
import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import httpx2

from core.clock import VirtualClock
from tools.providers.vendor.account import Account, Wire

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY / "tests" / "contract" / "fixtures"
SECRET = "a-key-that-must-not-be-seen"

Answer = httpx2.Response | Exception
Handler = Callable[[httpx2.Request], Answer]


def fixture(vendor: str, name: str) -> Any:
    """An answer in the vendor's shape, written by us: tests/contract/fixtures/<vendor>/<name>.json."""
    return json.loads((FIXTURES / vendor / f"{name}.json").read_text(encoding="utf-8"))


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> httpx2.Response:
    return httpx2.Response(status, json=body, headers=dict(headers or {}))


@dataclass
class FakeVendor:
    """`handler` answers; `contract` names the description in ../shared/contracts that exchanges are held against.
    `allow`: patterns of violations in which the description is at fault, and not we."""

    handler: Handler
    contract: str = ""
    requests: list[httpx2.Request] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(datetime(2026, 6, 2, 14, tzinfo=UTC)))
    allow: tuple[str, ...] = ()
    # The request that the description has, where it has only a sister of what was asked (/me/events for a calendar's).
    as_described: Callable[[httpx2.Request], httpx2.Request] = lambda request: request
    _seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def account(self, vendor: str, **options: str) -> Account:
        return Account(vendor, SECRET, options, credit_micros=1_000_000)

    def wire(self) -> Wire:
        http = httpx2.Client(transport=httpx2.MockTransport(self._answer), trust_env=False)
        return Wire(http, self.clock, sleep=self._sleep, monotonic=lambda: self._seconds)

    def _sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self._seconds += seconds
            self.clock.advance(timedelta(seconds=seconds))

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        self.requests.append(request)
        given = self.handler(request)
        if isinstance(given, Exception):
            raise given
        if self.contract:
            self.violations += violations(self.contract, self.as_described(request), given, self.allow)
        return given


def violations(
    contract: str, request: httpx2.Request, response: httpx2.Response, allow: tuple[str, ...] = ()
) -> list[str]:
    """What is wrong with our request, and with the answer that we made up; [] where the description is not here."""
    checker = _checker()
    if checker is None:
        return []
    asked = httpx.Request(
        request.method, str(request.url), headers=request.headers.multi_items(), content=request.content
    )
    given = httpx.Response(
        response.status_code, headers=response.headers.multi_items(), content=response.read(), request=asked
    )
    try:
        checker.check_exchange(contract, asked, given, allow)
    except checker.ContractError as error:
        return [str(error)]
    return []


def has_contracts() -> bool:
    return _checker() is not None


def described(name: str) -> Any:
    """A description of ../shared/contracts as it stands; None where it is not here."""
    path = _contracts() / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _contracts() -> Path:
    return Path(os.environ.get("SALESOS_SHARED_DIR") or REPOSITORY.parent / "shared") / "contracts"


@cache
def _checker() -> ModuleType | None:
    path = _contracts() / "contract_check.py"
    if not path.is_file():
        return None
    spec = importlib.util.spec_from_file_location("contract_check", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
