"""The evidence buyer on the market: better tiers for the money than a waterfall, and never more than is allowed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from agents.buying.buyer import buy
from agents.buying.choosing import CEILING, NO_MONEY, NOBODY_LEFT, SETTLED, SWITCHED_OFF
from agents.buying.sellers import sellers_of
from agents.policy import Policy, set_policy
from bench.market import MarketOffice, market_office
from bench.waterfall import ORDERS, waterfall
from store.ledger import By, provider_scope, totals
from store.models import Alert, Fact, Purchase, PurchaseOutcome
from store.queries import purchases
from tools.ports import CompanyRecord, CompanyRef, Gap, Unknown

SIZE = 300
EVERYTHING = 10**12


@pytest.mark.parametrize("share", [0.15, 0.3, 0.5])
def test_better_tiers_than_a_waterfall_for_the_same_money(tmp_path: Path, share: float) -> None:
    with market_office(tmp_path / "size", SIZE) as office:
        budget = int(share * SIZE * sum(s.price_micros for s in sellers_of(office.context)))
    rates = {}
    with market_office(tmp_path / "bought", SIZE) as office:
        policy(office, right_tier_worth_minor=100_000, company_data_ceiling_minor=10_000)  # the budget alone ends it
        office.allow(office.month(), budget)
        bought = buy(office.context, None, office.company_ids, office.icp)
        assert bought.cost_micros <= budget
        rates["bought"] = office.right()
    for name, order in ORDERS.items():
        for by_row in (True, False):
            with market_office(tmp_path / f"{name}-{by_row}", SIZE) as office:
                waterfall(office, order, budget, by_row=by_row)
                rates[f"{name}, {'row' if by_row else 'vendor'} by {'row' if by_row else 'vendor'}"] = office.right()
    print(f"{share:.0%} of asking everybody everything: {rates}; {bought.cost_micros / budget:.0%} of it was spent")
    assert rates["bought"] > max(rate for name, rate in rates.items() if name != "bought")


@pytest.fixture
def office(tmp_path: Path) -> Any:
    with market_office(tmp_path, 60) as found:
        yield found


def policy(office: MarketOffice, **values: Any) -> None:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        set_policy(session, context.clock, context.ids, Policy(**values), by="test")


def spent(office: MarketOffice) -> int:
    return sum(purchase.cost_micros for purchase in office.rows(Purchase))


def test_every_purchase_says_why_and_the_ledger_agrees(office: MarketOffice) -> None:
    office.allow(office.month(), EVERYTHING)
    bought = buy(office.context, None, office.company_ids, office.icp)
    rows = office.rows(Purchase)
    assert len(rows) == bought.asked
    assert all(row.reason for row in rows)
    assert spent(office) == bought.cost_micros > 0
    with office.context.database.read(office.context.workspace_id) as session:
        assert sum(t.spent_micros for t in totals(session, By.PROVIDER)) == bought.cost_micros
        worth = {(w.provider, w.capability): w for w in purchases.worth(session)}
        costs = purchases.costs(session, limit=1000)
    assert sum(w.cost_micros for w in worth.values()) == sum(c.cost_micros for c in costs) == bought.cost_micros
    assert all(w.fill_rate is None or 0 <= w.fill_rate <= 1 for w in worth.values())
    assert sum(w.moved for w in worth.values()) > 0
    assert sum(bought.stops.values()) == 60
    assert set(bought.stops) <= {SETTLED, NOBODY_LEFT, "what is left to ask is not worth its price"}
    assert "No more is asked" in bought.told()


def test_what_was_asked_is_not_asked_again(office: MarketOffice) -> None:
    office.allow(office.month(), EVERYTHING)
    buy(office.context, None, office.company_ids, office.icp)
    before = spent(office)
    again = buy(office.context, None, office.company_ids, office.icp)
    assert (again.asked, spent(office)) == (0, before)
    office.context.clock.advance(timedelta(days=100))  # type: ignore[attr-defined]
    office.allow(office.month(), EVERYTHING)
    later = buy(office.context, None, office.company_ids, office.icp)
    assert later.asked > 0, "a negative answer is believed for some weeks only"


def test_no_ceiling_is_passed(office: MarketOffice) -> None:
    office.allow(office.month(), 40 * 1_000_000)
    office.allow(provider_scope("atlas", f"{office.context.clock.now():%Y-%m}"), 12 * 1_000_000)
    bought = buy(office.context, None, office.company_ids, office.icp)
    by_provider = Counter[str]()
    for row in office.rows(Purchase):
        by_provider[row.provider] += row.cost_micros
    assert bought.cost_micros <= 40 * 1_000_000
    assert by_provider["atlas"] <= 12 * 1_000_000
    assert bought.stops[NO_MONEY] > 0


def test_the_ceiling_of_one_company(office: MarketOffice) -> None:
    policy(office, company_data_ceiling_minor=7)
    office.allow(office.month(), EVERYTHING)
    bought = buy(office.context, None, office.company_ids, office.icp)
    by_company = Counter[UUID]()
    for row in office.rows(Purchase):
        by_company[row.company_id] += row.cost_micros
    assert max(by_company.values()) <= 7 * 1_000_000
    assert bought.stops[CEILING] > 0


def test_switched_off_only_what_is_free_is_asked(office: MarketOffice) -> None:
    policy(office, buy_data=False)
    office.allow(office.month(), EVERYTHING)
    bought = buy(office.context, None, office.company_ids, office.icp)
    assert {row.provider for row in office.rows(Purchase)} == {"jobboards"}
    assert bought.cost_micros == 0
    assert bought.stops[SWITCHED_OFF] > 0


def test_without_a_budget_nothing_is_bought(office: MarketOffice) -> None:
    bought = buy(office.context, None, office.company_ids, office.icp)
    assert bought.cost_micros == 0
    assert bought.stops[NO_MONEY] > 0


def test_a_settled_tier_buys_nothing_more(office: MarketOffice) -> None:
    policy(office, right_tier_worth_minor=1_000_000)
    office.allow(office.month(), EVERYTHING)
    bought = buy(office.context, None, office.company_ids, office.icp)
    assert bought.stops[SETTLED] > 0
    asked = Counter(row.company_id for row in office.rows(Purchase))
    assert min(asked.values()) < max(asked.values()), "some needed less than others"


class Broken:
    """A vendor in one of its bad states."""

    name = "atlas"
    fields = frozenset({"industry", "employees"})
    price_micros = 1_000_000
    batch = 10

    def __init__(self, gap: Gap) -> None:
        self.gap = gap
        self.asked = 0

    def enrich(self, companies: Sequence[CompanyRef]) -> Mapping[UUID, CompanyRecord | Unknown]:
        self.asked += len(companies)
        return {ref.company_id: Unknown("As the vendor said it.", self.gap) for ref in companies}


@pytest.mark.parametrize("gap", [Gap.DOWN, Gap.REFUSED])
def test_a_vendor_that_fails_is_left_alone_and_the_others_go_on(office: MarketOffice, gap: Gap) -> None:
    broken = Broken(gap)
    office.enrichers[0] = broken  # type: ignore[call-overload]
    office.allow(office.month(), EVERYTHING)
    bought = buy(office.context, None, office.company_ids, office.icp)
    assert 0 < broken.asked <= 120
    assert {row.outcome for row in office.rows(Purchase) if row.provider == "atlas"} == {PurchaseOutcome(gap.value)}
    assert bought.filled > 0
    alerts = [alert for alert in office.rows(Alert) if "atlas" in alert.text]
    assert len(alerts) == (1 if gap is Gap.REFUSED else 0)
    # A passing fault is no answer: it teaches nothing, and the next run asks again.
    with office.context.database.read(office.context.workspace_id) as session:
        assert "atlas" not in purchases.rates(session)


def test_what_vendors_say_are_facts_of_theirs(office: MarketOffice) -> None:
    office.allow(office.month(), EVERYTHING)
    buy(office.context, None, office.company_ids, office.icp)
    said = [fact for fact in office.rows(Fact) if fact.method == "vendor"]
    assert {fact.source for fact in said} >= {"atlas", "euroreg"}
    assert all(fact.tainted and fact.observed_at == office.context.clock.now() for fact in said)
    known = [row for row in (office.company(c.domain) for c in office.market) if row.employees]
    assert len(known) > 20
