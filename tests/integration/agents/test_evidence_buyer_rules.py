"""The evidence buyer and an ICP's own rules: what only a rule needs is bought, and nothing for what is out already."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from agents.buying.buyer import buy
from agents.buying.choosing import DISQUALIFIED
from agents.contacts.purse import LAST_TIER
from agents.context import AgentContext
from agents.policy import Policy, set_policy
from bench.market import ICP, MarketOffice, market_office
from scoring.criteria import CompiledIcp
from scoring.icp import parse_icp
from store.models import IcpVersion, Purchase
from store.queries.companies import CompanyInput, upsert_companies
from tests.support.committee_office import CENT, CommitteeOffice, Emails, Finder, committee_office, person
from tests.support.committee_office import ICP as CARRIERS
from tools.ports import CompanyRecord, CompanyRef, Unknown

EVERYTHING = 10**12
OLD: dict[str, Any] = {
    "when": {"field": "founded_year", "op": "less_than", "value": 1990},
    "then": {"subtract": 0.4},
    "reason": "Old firms buy slowly.",
}


class Annals:
    """Tells when a company was founded, and nothing else."""

    name, price_micros, fields = "annals", 1_000_000, frozenset({"founded_year"})

    def enrich(self, companies: Sequence[CompanyRef]) -> Mapping[UUID, CompanyRecord | Unknown]:
        return {
            c.company_id: CompanyRecord(c.name, self.name, founded_year=1950, cost_micros=1_000_000) for c in companies
        }


@pytest.fixture
def market(tmp_path: Path) -> Any:
    with market_office(tmp_path, 60) as office:
        office.enrichers.append(Annals())  # type: ignore[arg-type]
        office.allow(office.month(), EVERYTHING)
        context = office.context
        with context.database.write(context.workspace_id) as session:
            set_policy(session, context.clock, context.ids, Policy(right_tier_worth_minor=1_000), by="test")
        yield office


def bought_of(office: MarketOffice, icp: dict[str, Any]) -> tuple[dict[str, int], list[Any]]:
    bought = buy(office.context, None, office.company_ids, CompiledIcp(parse_icp(icp)))
    return dict(bought.stops), office.rows(Purchase)


def test_a_field_that_only_a_rule_needs_is_bought(market: MarketOffice) -> None:
    _, rows = bought_of(market, {**ICP, "rules": [OLD]})
    annals = [row for row in rows if row.provider == "annals"]
    assert annals
    assert all(row.asked == ["founded_year"] == row.filled for row in annals)


def test_without_such_a_rule_nobody_asks_for_it(market: MarketOffice) -> None:
    _, rows = bought_of(market, ICP)
    assert {row.provider for row in rows} > {"atlas"}
    assert "annals" not in {row.provider for row in rows}


def test_nothing_is_bought_for_what_is_disqualified(market: MarketOffice) -> None:
    countries = sorted({company.country for company in market.market})
    out = {**ICP, "rules": [{"when": {"field": "country", "op": "is", "value": countries[0]},
                             "then": {"disqualify": True}, "reason": "Not there."}]}  # fmt: skip
    stops, rows = bought_of(market, out)
    gone = sum(company.country == countries[0] for company in market.market)
    assert stops[DISQUALIFIED] == gone > 0
    asked = {row.company_id for row in rows}
    assert len(asked) == 60 - gone, "not even what is free is asked about them"


@pytest.fixture
def office(office_context: AgentContext) -> CommitteeOffice:
    found = committee_office(office_context)
    found.allow()
    return found


def test_nobody_is_paid_for_people_of_companies_that_stay_in_the_last_tier(office: CommitteeOffice) -> None:
    """What is free is still asked: a person may want them all the same."""
    context = office.context
    with context.database.write(context.workspace_id) as session:
        version = session.get_one(IcpVersion, (context.workspace_id, office.version_id))
        version.definition = {**CARRIERS, "exclusions": {"countries": ["FR"]}}
        session.add(version)
        inputs = [CompanyInput(d, d, "s", domain=f"{d}.example", country=c) for d, c in (("out", "FR"), ("in", "DE"))]
        ids = upsert_companies(session, context.clock, inputs).ids
        office.companies |= {"out.example": ids[0], "in.example": ids[1]}
    free = Finder("free", knows={d: [person(f"Ada {d[:2]}", "CFO")] for d in ("out.example", "in.example")})
    dear, emails = Finder("dear", 5 * CENT), Emails()
    outcome = office.with_tools([free, dear], [emails]).run("out.example", "in.example")
    assert {domain for domain, _ in free.asked} == {"out.example", "in.example"}
    assert {domain for domain, _ in dear.asked} == {"in.example"}
    assert emails.asked == ["Ada in"]
    assert outcome.inputs["last_tier"] == 1
    assert outcome.inputs["gaps"][LAST_TIER] == 1
    assert "Nothing can lift 1 of them out of tier 4" in outcome.reason
