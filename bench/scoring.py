"""Leads a second: rows with reasons, columns without. Run from the checkout: python -m bench.scoring [--leads N].

Counted for a lead: fit, intent, authority, priority and tier. A company is scored once and its score reused for its
contacts, as the scorer does in a cohort. Title readings are remembered within the process, as in production; the
first run starts cold. Encoding into columns is timed apart: it is paid once, not at each rescoring. Columns match
each distinct text once, so they are timed twice: with every company's description its own, and with texts repeated.
"""

import argparse
import gc
import random
import statistics
import time
from datetime import UTC, datetime, timedelta

from scoring.authority import authority_parts, score_authority
from scoring.columns import encode_companies, encode_leads, score_columns
from scoring.criteria import CompiledIcp
from scoring.fit import score_fit
from scoring.icp import parse_icp
from scoring.intent import SIGNAL_KINDS, score_intent
from scoring.priority import score_priority
from scoring.types import CompanyTraits, PersonTraits, Signal, words

AS_OF = datetime(2026, 6, 1, 9, tzinfo=UTC)
CONTACTS_PER_COMPANY = 3
RUNS = 5
ICP = {
    "name": "Mid-size software and logistics in Europe",
    "industries": [{"name": "software", "synonyms": ["saas", "cloud"]}, {"name": "logistics", "synonyms": ["freight"]}],
    "employees": {"min": 20, "max": 500},
    "revenue": {"min_minor": 100_000_000, "max_minor": 10_000_000_000},
    "countries": ["DE", "AT", "CH", "FR", "NL"],
    "technologies": ["salesforce", "hubspot"],
    "growth_signals": ["hiring", "funding"],
    "exclusions": {"industries": ["gambling"], "countries": ["RU"], "technologies": ["pipedrive"]},
}
RANKS = ("Head of", "Director", "VP", "Leiter", "Senior Manager", "Junior", "Chief", "Teamleiter", "Responsable", "")
FIELDS = ("Sales", "Marketing", "Vertrieb", "IT", "Einkauf", "Finance", "Operations", "Product", "HR", "Support")
PLACES = ("", "DACH", "EMEA", "Nordics", "Germany", "France", "North", "South", "Digital", "B2B", "Retail", "Energy")
DESCRIPTIONS = (
    "We build tools for teams that ship goods across borders",
    "Cloud software for the care of patients at home",
    "A shop for spare parts with delivery on the same day",
)


def market(leads: int) -> tuple[list[CompanyTraits], list[list[Signal] | None], list[PersonTraits], list[int]]:
    """A seeded market with gaps as real sources have them: a third of revenues known, a fifth without signals."""
    draw = random.Random(7)
    kinds = list(SIGNAL_KINDS)
    companies, signals = [], []
    for index in range(leads // CONTACTS_PER_COMPANY):
        companies.append(
            CompanyTraits(
                name=f"Company {index} GmbH",
                domain=f"company{index}.example",
                industry=draw.choice(("Software", "Logistics", "Retail", "Health Care", "Gambling", None)),
                tags=tuple(draw.sample(("saas", "b2b", "freight", "ai", "fintech", "robots"), draw.randint(0, 3))),
                employees=draw.choice((None, draw.randint(1, 2_000))),
                revenue_minor=draw.choice((None, None, draw.randint(10**7, 10**11))),
                currency="EUR",
                country=draw.choice(("DE", "FR", "US", "RU", "NL", None)),
                description_words=words(f"{draw.choice(DESCRIPTIONS)} item{index}"),
                technologies=tuple(draw.sample(("salesforce", "hubspot", "pipedrive", "shopify"), draw.randint(0, 2))),
                fact_ids={"industry": (f"f{index}",), "employees": (f"g{index}",)},
            )
        )
        held = [
            Signal(draw.choice(kinds), AS_OF - timedelta(days=draw.random() * 200), draw.random(), f"s{index}-{n}")
            for n in range(draw.randint(1, 4))
        ]
        signals.append(None if draw.random() < 0.2 else held)
    people, at = [], []
    for index in range(len(companies) * CONTACTS_PER_COMPANY):
        title = f"{draw.choice(RANKS)} {draw.choice(FIELDS)} {draw.choice(PLACES)}".strip()
        people.append(PersonTraits(title=title, email_status="valid", fact_ids=(f"p{index}",)))
        at.append(index // CONTACTS_PER_COMPANY)
    return companies, signals, people, at


def score_rows(
    companies: list[CompanyTraits], signals: list[list[Signal] | None], people: list[PersonTraits], icp: CompiledIcp
) -> tuple[int, int]:
    """Scores every lead with reasons; returns leads and reasons made, so that no work can be skipped unseen."""
    leads = reasons = 0
    contacts = iter(people)
    for company, held in zip(companies, signals, strict=True):
        fit = score_fit(company, icp, AS_OF, held)
        intent = score_intent(held, AS_OF)
        for _ in range(CONTACTS_PER_COMPANY):
            authority = score_authority(next(contacts), company.employees, icp.definition)
            priority = score_priority(fit.scored, intent, icp, fit.disqualifiers)
            leads += 1
            reasons += len(authority.scored.reasons) + len(priority.scored.reasons)
        reasons += len(fit.scored.reasons) + len(intent.reasons)
    return leads, reasons


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, default=60_000)
    parser.add_argument("--column-leads", type=int, default=1_000_000, help="leads in columns, rows repeated")
    options = parser.parse_args()
    icp = CompiledIcp(parse_icp(ICP))
    companies, signals, people, at = market(options.leads)
    gc.collect()

    rates, reasons = [], 0
    for run in range(RUNS):
        if run == 0:
            authority_parts.cache_clear()
        start = time.perf_counter()
        leads, reasons = score_rows(companies, signals, people, icp)
        rates.append(leads / (time.perf_counter() - start))
    titles = len({person.title for person in people})
    print(f"rows with reasons:      {statistics.median(rates):>12,.0f} leads/s  (median of {RUNS};")
    print(f"    cold first run {rates[0]:,.0f}; slowest {min(rates):,.0f}; {reasons / leads:.1f} reasons a lead;")
    print(f"    {leads:,} leads of {len(companies):,} companies, {titles:,} titles)")

    for label, repeats in (("own texts", 1), ("repeated texts", max(1, options.column_leads // len(people)))):
        start = time.perf_counter()
        company_columns = encode_companies(companies * repeats, signals * repeats)
        lead_columns = encode_leads(people * repeats, [i + r * len(companies) for r in range(repeats) for i in at])
        encoding = time.perf_counter() - start
        total, rates = len(people) * repeats, []
        for _ in range(RUNS):
            start = time.perf_counter()
            score_columns(company_columns, lead_columns, icp, AS_OF)
            rates.append(total / (time.perf_counter() - start))
        rows = len(companies) * repeats
        texts = len(company_columns.industry.values)
        print(f"columns, {label + ':':<16}{statistics.median(rates):>12,.0f} leads/s  (median of {RUNS};")
        print(f"    slowest {min(rates):,.0f}; {total:,} leads of {rows:,} companies, {texts:,} texts;")
        print(f"    encoding, once: {total / encoding:,.0f} leads/s)")


if __name__ == "__main__":
    main()
