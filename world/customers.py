"""Those who bought: how they use it, what makes them leave, and whom a timely play keeps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from world.chance import Chance
from world.market import customer_truth
from world.truth import Company, CustomerTruth

# Help that comes this late after the decline began changes nothing any more.
_HELP_WITHIN_DAYS = 35
# Half of the users are gone this many days after the decline began.
_HALF_GONE_DAYS = 18


@dataclass
class _Account:
    company: Company
    started_on: date
    truth: CustomerTruth
    helped_on: date | None = None
    left_on: date | None = None


@dataclass
class CustomerBase:
    chance: Chance
    _accounts: dict[str, _Account] = field(default_factory=dict)

    def add(self, company: Company, started_on: date) -> None:
        truth = customer_truth(self.chance, company.domain, started_on, company.propensity)
        self._accounts.setdefault(company.domain, _Account(company, started_on, truth))

    def add_existing(self, companies: Sequence[Company], quarter_start: date) -> None:
        """Customers from before the quarter: 40 to 300 days old, and some of them declining within it."""
        for company in companies:
            age = self.chance.rng("age", company.domain).randint(40, 300)
            started = quarter_start - timedelta(days=age)
            truth = customer_truth(self.chance, company.domain, quarter_start, company.propensity)
            self._accounts[company.domain] = _Account(company, started, truth)

    def domains(self) -> list[str]:
        return sorted(domain for domain, account in self._accounts.items() if account.left_on is None)

    def started_on(self, domain: str) -> date:
        return self._accounts[domain].started_on

    def company(self, domain: str) -> Company:
        return self._accounts[domain].company

    def help(self, domain: str, day: date) -> None:
        """A person carried out a step of a play. Whether it turns anything is hidden."""
        account = self._accounts[domain]
        if account.helped_on is None:
            account.helped_on = day

    def leaving(self, day: date) -> list[str]:
        """Who cancels today."""
        gone = []
        for domain in self.domains():
            account = self._accounts[domain]
            began = account.truth.declines_on
            if began is None or self._saved(account):
                continue
            if day >= began + timedelta(days=account.truth.leaves_after_days):
                account.left_on = day
                gone.append(domain)
        return gone

    def truth(self, domain: str) -> CustomerTruth:
        return self._accounts[domain].truth

    def will_leave(self, domain: str) -> bool:
        """Hidden: would it leave if nobody did anything?"""
        return self._accounts[domain].truth.declines_on is not None

    def usage(self, domain: str, day: date) -> Iterator[tuple[str, float]]:
        account = self._accounts[domain]
        rng = self.chance.rng("usage", domain, day.isoformat())
        seats = max(3, round(account.company.employees * 0.2))
        level = self._level(account, day)
        weekday = 1.0 if day.weekday() < 5 else 0.15
        users = max(0, round(seats * 0.7 * level * weekday * rng.uniform(0.85, 1.1)))
        cause = account.truth.cause
        troubled = level < 0.8
        yield "active_users", float(users)
        yield "logins", float(round(users * rng.uniform(1.2, 2.2)))
        yield "key_events", float(round(users * rng.uniform(3, 9) * (0.4 if troubled else 1)))
        yield "tickets_open", float(rng.randint(3, 8) if troubled and cause == "tickets" else rng.randint(0, 1))
        yield "champion_active", 0.0 if troubled and cause == "champion_left" else 1.0

    def _level(self, account: _Account, day: date) -> float:
        began = account.truth.declines_on
        if began is None or day < began:
            return 1.0
        fallen = 0.5 ** ((day - began).days / _HALF_GONE_DAYS)
        if not self._saved(account) or account.helped_on is None or day < account.helped_on:
            return float(fallen)
        low = 0.5 ** ((account.helped_on - began).days / _HALF_GONE_DAYS)
        return float(min(1.0, low + (1 - low) * (day - account.helped_on).days / 21))

    @staticmethod
    def _saved(account: _Account) -> bool:
        began, helped = account.truth.declines_on, account.helped_on
        return (
            began is not None
            and helped is not None
            and account.truth.persuadable
            and timedelta() <= helped - began <= timedelta(days=_HELP_WITHIN_DAYS)
        )
