"""A company's site read twice: what changed between is a signal, what only varies or could not be read is none."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from agents.context import AgentContext
from agents.enrichment import FRESH_FOR, enrichment
from agents.intake import take_in_companies
from agents.lead_source import lead_source
from agents.step import Step, SubjectKind, Trigger
from bench.pipeline import office
from store.models import Cohort, CohortStage, SignalRow
from tools.ports import CompanyRecord, Unknown, WebPage

HOME = (
    '<html><head>{head}</head><body><h1>Fleet software</h1><a href="/pricing">Pricing</a><p>© {year}</p></body></html>'
)
PRICING = "<html><body><h1>Pricing</h1><h2>Team</h2><p>{price} a month for each lorry</p></body></html>"
STRIPE = '<script src="https://js.stripe.com/v3/"></script>'
HUBSPOT = '<script src="https://js.hs-scripts.com/1234567.js" async></script>'
ANALYTICS = '<script src="https://www.googletagmanager.com/gtag/js?id=G-ABC"></script>'


@dataclass
class Site:
    clock: Any
    head: str = STRIPE + ANALYTICS
    price: str = "€29"
    down: bool = False
    year: int = 2025
    asked: list[str] = field(default_factory=list)

    def get(self, url: str) -> WebPage | Unknown:
        self.asked.append(url)
        if self.down:
            return Unknown("It did not answer.")
        html = (
            PRICING.format(price=self.price)
            if url.endswith("/pricing")
            else HOME.format(head=self.head, year=self.year)
        )
        return WebPage(url, url, 200, {"content-type": "text/html"}, html, self.clock.now())


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[AgentContext, Site]]:
    with office(tmp_path, 1) as (context, run_id):
        site = Site(context.clock)
        context = replace(context, tools=replace(context.tools, web_fetch=site))
        with context.database.write(context.workspace_id) as session:
            take_in_companies(
                session, context, [CompanyRecord("Company 0", "list", website="https://company0.example")]
            )
        lead_source(context, Step(SubjectKind.RUN, run_id, "new", Trigger.RUN_STEP))
        yield context, site


def read_again(context: AgentContext) -> set[tuple[str, str]]:
    """Reads every site anew; (kind, quote) of what the store knows of changes afterwards."""
    context.clock.advance(FRESH_FOR + timedelta(days=1))  # type: ignore[attr-defined]
    with context.database.write(context.workspace_id) as session:
        cohort = session.exec(select(Cohort)).one()
        cohort.stage = CohortStage.SOURCED
        session.add(cohort)
        cohort_id = cohort.id
    enrichment(context, Step(SubjectKind.COHORT, cohort_id, "sourced", Trigger.RUN_STEP))
    kinds = ("pricing_page_changed", "technology_added", "technology_removed")
    with context.database.read(context.workspace_id) as session:
        return {(row.kind, row.quote) for row in session.exec(select(SignalRow)) if row.kind in kinds}


def test_the_first_reading_is_no_change_nor_is_one_that_only_varies(watched: tuple[AgentContext, Site]) -> None:
    context, site = watched
    assert read_again(context) == set()
    site.year = 2026
    assert read_again(context) == set()
    assert site.asked


def test_a_price_and_a_technology_that_changed_are_signals_once(watched: tuple[AgentContext, Site]) -> None:
    context, site = watched
    read_again(context)
    site.price, site.head = "€39", STRIPE + ANALYTICS + HUBSPOT
    found = dict(read_again(context))
    assert set(found) == {"pricing_page_changed", "technology_added"}
    assert "€29" in found["pricing_page_changed"]
    assert "€39" in found["pricing_page_changed"]
    assert set(read_again(context)) == set(found.items()), "the same change is told once"
    site.head = STRIPE + HUBSPOT
    assert "technology_removed" in dict(read_again(context))


def test_an_outage_drops_nothing(watched: tuple[AgentContext, Site]) -> None:
    context, site = watched
    read_again(context)
    site.down = True
    assert read_again(context) == set()
    site.down, site.head = False, ""
    assert read_again(context) == set(), "half a site is no technology dropped"
