"""A workspace whose companies are the market's, known by name, domain and country alone, with vendors to ask."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from agents.company_view import load_views
from agents.context import AgentContext
from agents.intake import take_in_companies
from bench.pipeline import office
from scoring.company_score import score_company
from scoring.criteria import CompiledIcp
from scoring.icp import parse_icp
from scoring.types import CompanyTraits, Signal
from store import ledger
from store.models import Company as CompanyRow
from tools.ports import CompanyRecord
from world.chance import Chance
from world.market import make_market
from world.truth import Company
from world.vendors import WorldEnricher, WorldSignalSource, enrichers, watchers

ICP: dict[str, Any] = {
    "name": "Mid-size carriers and makers",
    "industries": ["Logistics", "Manufacturing", "Retail"],
    "employees": {"min": 40, "max": 400},
    "revenue": {"min_minor": 400_000_000, "max_minor": 8_000_000_000, "currency": "USD"},
    "countries": ["US", "GB", "NL", "DE", "IE"],
    "technologies": ["Salesforce", "HubSpot", "Shopify", "Stripe"],
}
SEED = 11


class MarketOffice:
    def __init__(self, context: AgentContext, market: Sequence[Company], started: datetime) -> None:
        chance = Chance(SEED)
        self.market = market
        self.started = started
        self.icp = CompiledIcp(parse_icp(ICP))
        self.enrichers: list[WorldEnricher] = enrichers(market, chance)
        self.watchers: list[WorldSignalSource] = watchers(market, chance, context.clock, started)
        tools = replace(
            context.tools,
            company_enrichers=lambda _: tuple(self.enrichers),
            signal_sources=lambda _: tuple(self.watchers),
        )
        self.context = replace(context, tools=tools)
        self.company_ids = self._take_in()

    def _take_in(self) -> list[UUID]:
        records = [
            CompanyRecord(name=c.name, source="list", website=f"https://www.{c.domain}", country=c.country)
            for c in self.market
        ]
        with self.context.database.write(self.context.workspace_id) as session:
            return take_in_companies(session, self.context, records)

    def allow(self, scope: str, micros: int) -> None:
        with self.context.database.write(self.context.workspace_id) as session:
            ledger.set_budget(session, self.context.clock, scope, micros)

    def month(self) -> str:
        return f"workspace:{self.context.clock.now():%Y-%m}"

    def true_tier(self, company: Company) -> int:
        """The tier that complete and right knowledge gives."""
        now = self.context.clock.now()
        traits = CompanyTraits(
            name=company.name,
            domain=company.domain,
            industry=company.industry,
            employees=company.employees,
            revenue_minor=company.revenue_minor,
            currency="USD",
            country=company.country,
            technologies=company.technologies,
        )
        seen = [
            Signal(kind, at, 1.0, "", "", "")
            for kind, day in company.signals
            if (at := self.started + timedelta(days=day)) <= now
        ]
        tier = score_company(traits, seen or None, self.icp, now).priority.tier
        assert tier is not None
        return tier

    def tiers(self) -> dict[str, int | None]:
        """The tier of each company as the store knows it now, by domain."""
        now = self.context.clock.now()
        with self.context.database.read(self.context.workspace_id) as session:
            views = load_views(session, self.company_ids, with_facts=False)
        return {
            view.row.domain or "": score_company(view.traits, view.signals or None, self.icp, now).priority.tier
            for view in views.values()
        }

    def right(self) -> float:
        """The share of companies in the tier that complete knowledge gives."""
        tiers = self.tiers()
        return sum(tiers[c.domain] == self.true_tier(c) for c in self.market) / len(self.market)

    def rows(self, model: Any) -> list[Any]:
        with self.context.database.read(self.context.workspace_id) as session:
            return list(session.exec(select(model).order_by(col(model.id))))

    def company(self, domain: str) -> CompanyRow:
        with self.context.database.read(self.context.workspace_id) as session:
            return session.exec(select(CompanyRow).where(CompanyRow.domain == domain)).one()


@contextmanager
def market_office(folder: Path, size: int) -> Iterator[MarketOffice]:
    folder.mkdir(parents=True, exist_ok=True)
    with office(folder, 1) as (context, _run_id):
        started = datetime(context.clock.now().year, context.clock.now().month, 1, tzinfo=UTC)
        yield MarketOffice(context, make_market(SEED, size, started.date()), started)
