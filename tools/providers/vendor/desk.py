"""The vendors of data that a workspace may use: by its accounts, and the keyless ones where it may reach out."""

import threading
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import httpx2
from sqlmodel import col, select

from core.clock import Clock
from core.crypto import Sealer
from core.errors import FixConfiguration
from store.models import VendorAccount
from store.session import Database
from tools.ports import (
    CompanyEnricher,
    CompanyQuery,
    CompanySource,
    EmailFinder,
    EmailVerifier,
    PersonFinder,
    SignalSource,
)
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.catalog import VENDORS, Vendor
from tools.providers.web_fetch.guarded import GuardedFetch

P = TypeVar("P")
_Key = tuple[Any, ...]
_PAGE_SECONDS = 20.0  # archives answer slowly, and no visitor waits for them


class VendorDesk:
    """Safe to share between threads. A provider is made once an account: its pace counts over all calls."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        sealer_of: Callable[[UUID], Sealer],
        *,
        online: bool,
        defaults: Mapping[str, str] | None = None,
        wire: Wire | None = None,
    ) -> None:
        """`online` False: nobody is asked, whatever accounts there are. `defaults`: options of every vendor."""
        self._database = database
        self._sealer_of = sealer_of
        self._online = online
        self._defaults = dict(defaults or {})
        self._wire = wire or Wire(
            httpx2.Client(trust_env=False),
            clock,
            reader=cache(lambda agent: GuardedFetch(clock=clock, user_agent=agent, max_seconds=_PAGE_SECONDS)),
        )
        self._made: dict[_Key, Any] = {}
        self._lock = threading.Lock()

    def company_enrichers(self, workspace_id: UUID) -> tuple[CompanyEnricher, ...]:
        return self._all(workspace_id, "company_enricher", lambda vendor: vendor.company_enricher)

    def signal_sources(self, workspace_id: UUID) -> tuple[SignalSource, ...]:
        return self._all(workspace_id, "signal_source", lambda vendor: vendor.signal_source)

    def person_finders(self, workspace_id: UUID) -> tuple[PersonFinder, ...]:
        return self._all(workspace_id, "person_finder", lambda vendor: vendor.person_finder)

    def email_finders(self, workspace_id: UUID) -> tuple[EmailFinder, ...]:
        return self._all(workspace_id, "email_finder", lambda vendor: vendor.email_finder)

    def email_verifiers(self, workspace_id: UUID) -> tuple[EmailVerifier, ...]:
        return self._all(workspace_id, "email_verifier", lambda vendor: vendor.email_verifier)

    def company_source(self, workspace_id: UUID, name: str, query: CompanyQuery) -> CompanySource:
        """Raises FixConfiguration where there is no such source, or no account at it."""
        make = next((v.company_source for v in VENDORS if v.spec.name == name), None)
        if make is None:
            known = ", ".join(sorted(v.spec.name for v in VENDORS if v.company_source))
            hint = f"Sources are: store (companies that are here already), import:<id>, {known}."
            raise FixConfiguration(f"There is no company source {name!r}.", hint=hint)
        for vendor, account in self._accounts(workspace_id):
            if vendor.spec.name == name:
                return make(account, self._wire, query)
        raise FixConfiguration(
            f"There is no account at {name}, or it is switched off.", hint=f"Add its key: salesos vendor set {name}"
        )

    def _all(
        self, workspace_id: UUID, capability: str, chosen: Callable[[Vendor], Callable[[Account, Wire], P] | None]
    ) -> tuple[P, ...]:
        found = []
        for vendor, account in self._accounts(workspace_id):
            make = chosen(vendor)
            if make is not None:
                key = (workspace_id, vendor.spec.name, capability, account.key, *sorted(account.options.items()))
                found.append(self._once((*key, account.credit_micros), make, account))
        return tuple(sorted(found, key=lambda provider: provider.price_micros))  # type: ignore[attr-defined]

    def _once(self, key: _Key, make: Callable[[Account, Wire], P], account: Account) -> P:
        with self._lock:
            if key not in self._made:
                self._made[key] = make(account, self._wire)
            made: P = self._made[key]
            return made

    def _accounts(self, workspace_id: UUID) -> list[tuple[Vendor, Account]]:
        """The vendors that may be asked now, each with the account it is asked by."""
        if not self._online:
            return []
        with self._database.read(workspace_id) as session:
            rows = {row.vendor: row for row in session.exec(select(VendorAccount).order_by(col(VendorAccount.vendor)))}
        found = []
        for vendor in VENDORS:
            row, spec = rows.get(vendor.spec.name), vendor.spec
            if row is None and not spec.key_help:
                account = Account(spec.name, options=self._defaults)
            elif row is not None and row.enabled:
                options = {**self._defaults, **row.options}
                account = Account(spec.name, self._key(workspace_id, row), options, row.credit_micros)
            else:
                continue
            if all(account.options.get(option.name) for option in spec.options if option.needed):
                found.append((vendor, account))
        return found

    def _key(self, workspace_id: UUID, row: VendorAccount) -> str:
        if not row.key_sealed:
            return ""
        return self._sealer_of(workspace_id).open(row.key_sealed, context=f"vendor_account|key|{row.id}")
