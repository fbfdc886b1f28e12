from datetime import UTC, datetime, timedelta
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.authority import score_authority
from scoring.columns import encode_companies, encode_leads, score_columns
from scoring.company_score import score_company
from scoring.criteria import CompiledIcp
from scoring.fit import score_fit
from scoring.icp import parse_icp
from scoring.intent import HALF_LIFE_DAYS
from scoring.types import CompanyTraits, Department, PersonTraits, Seniority, Signal

AS_OF = datetime(2026, 6, 1, 9, tzinfo=UTC)
ICPS = [
    CompiledIcp(parse_icp(raw))
    for raw in (
        {"name": "empty"},
        {
            "name": "all",
            "industries": ["software", {"name": "logistics", "synonyms": ["freight forwarding"]}],
            "employees": {"min": 20, "max": 200},
            "revenue": {"min_minor": 10**8, "max_minor": 10**10, "currency": "EUR"},
            "countries": ["DE"],
            "regions": ["Europe"],
            "technologies": ["hubspot"],
            "growth_signals": ["hiring", "funding"],
            "exclusions": {
                "industries": ["gambling"],
                "countries": ["RU"],
                "domains": ["rival.com"],
                "name_words": ["casino"],
                "technologies": ["pipedrive"],
            },
            "weights": {"fit": 0.3, "intent": 0.7},
        },
        {
            "name": "own rules",
            "industries": ["software"],
            "countries": ["DE"],
            "half_lives": {"hiring": 10, "funding": 400},
            "rules": [
                {"when": {"field": field, "op": op, **more}, "then": then, "reason": f"{field} {op}"}
                for field, op, more, then in (
                    ("employees", "more_than", {"value": 200}, {"subtract": 0.2}),
                    ("employees", "unknown", {}, {"cap": 0.7}),
                    ("revenue_minor", "at_least", {"value": 10**9, "currency": "USD"}, {"add": 0.3}),
                    ("founded_year", "less_than", {"value": 1990}, {"cap": 0.4}),
                    ("industry", "is_not", {"value": ["software", "retail"]}, {"disqualify": True}),
                    ("tags", "has", {"value": "freight forwarding"}, {"add": 0.1}),
                    ("description", "has", {"value": "freight"}, {"add": 0.05}),
                    ("technologies", "has_not", {"value": ["hubspot"]}, {"subtract": 0.05}),
                    ("region", "known", {}, {"add": 0.02}),
                    ("domain", "contains", {"value": "rival"}, {"cap": 0.5}),
                    ("signals", "has", {"value": ["funding"], "within_days": 90}, {"add": 0.15}),
                    ("signals", "unknown", {}, {"cap": 0.9}),
                )
            ]
            + [
                {
                    "when": [
                        {"field": "country", "op": "is", "value": ["DE", "US"]},
                        {"field": "status", "op": "is", "value": "active"},
                        {"field": "signals", "op": "has_not", "value": "hiring"},
                    ],
                    "then": {"add": 0.2},
                    "reason": "all three",
                }
            ],
        },
        {"name": "fit only", "employees": {"max": 0}, "weights": {"fit": 1, "intent": 0}},
        {"name": "intent only", "countries": ["FR"], "weights": {"fit": 0, "intent": 1}},
    )
]
signals = st.builds(
    Signal,
    kind=st.sampled_from([*HALF_LIFE_DAYS, "no_such_kind"]),
    observed_at=st.none() | st.floats(-20, 500).map(lambda days: AS_OF - timedelta(days=days)),
    strength=st.floats(-0.5, 1.5),
    quote=st.sampled_from(["", "Account Executive (m/f/d)", "Data Engineer", "We are growing"]),
)
companies = st.builds(
    CompanyTraits,
    name=st.sampled_from(["A", "Grand Casino"]),
    domain=st.sampled_from(["a.example", "shop.rival.com"]),
    industry=st.sampled_from([None, "Software", "Retail", "Gambling"]),
    tags=st.sampled_from([(), ("Freight Forwarding",), ("b2b",)]),
    employees=st.none() | st.sampled_from([0, 10, 11, 50, 51, 200, 201, 1000, 1001]) | st.integers(0, 10**6),
    revenue_minor=st.none() | st.integers(0, 10**13),
    currency=st.sampled_from([None, "EUR", "USD"]),
    country=st.sampled_from([None, "DE", "US", "RU"]),
    region=st.sampled_from([None, "europe", "Asia"]),
    description_words=st.sampled_from([frozenset(), frozenset({"software"}), frozenset({"freight", "forwarding"})]),
    technologies=st.sampled_from([(), ("HubSpot",), ("Pipedrive", "x")]),
    founded_year=st.none() | st.sampled_from([1901, 1989, 1990, 2020]),
    status=st.sampled_from([None, "active", "Acquired"]),
)
people = st.builds(
    PersonTraits,
    title=st.sampled_from([None, "", "CEO", "Head of Sales", "Junior Buyer", "Retired"]),
    seniority=st.none() | st.sampled_from(Seniority),
    department=st.none() | st.sampled_from(Department),
)
leads = st.lists(
    st.tuples(companies, st.none() | st.lists(signals, max_size=4), st.lists(people, max_size=3)), max_size=6
)


def same(column: float, row: float | None) -> bool:
    return isnan(column) if row is None else column == pytest.approx(row, abs=1e-9)


@given(leads, st.sampled_from(ICPS))
def test_columns_say_what_rows_say(
    market: list[tuple[CompanyTraits, list[Signal] | None, list[PersonTraits]]], icp: CompiledIcp
) -> None:
    contacts = [(index, person) for index, (_, _, held) in enumerate(market) for person in held]
    found = score_columns(
        encode_companies([company for company, _, _ in market], [held for _, held, _ in market]),
        encode_leads([person for _, person in contacts], [index for index, _ in contacts]),
        icp,
        AS_OF,
    )
    assert len(found.tier) == len(contacts)
    for at, (index, person) in enumerate(contacts):
        company, held, _ = market[index]
        fit, intent, priority = score_company(company, held, icp, AS_OF)
        assert same(found.fit[at], fit.scored.value)
        assert same(found.intent[at], intent.value)
        assert same(found.authority[at], score_authority(person, company.employees, icp.definition).scored.value)
        assert same(found.priority[at], priority.scored.value)
        edges = (icp.bands.tier_1, icp.bands.tier_2, icp.bands.tier_3)
        on_edge = any(abs(found.priority[at] - edge) < 1e-9 for edge in edges)  # the last bit may differ there
        assert on_edge or found.tier[at] == (priority.tier or 0)


def test_a_growth_signal_of_tomorrow_counts_in_neither() -> None:
    company, held = CompanyTraits(industry="Software"), [Signal("hiring", AS_OF + timedelta(days=1))]
    icp = CompiledIcp(parse_icp({"name": "x", "industries": ["software"], "growth_signals": ["hiring"]}))
    columns = score_columns(encode_companies([company], [held]), encode_leads([PersonTraits()], [0]), icp, AS_OF)
    row = score_fit(company, icp, AS_OF, held).scored.value
    assert row == pytest.approx(0.75)
    assert columns.fit[0] == pytest.approx(row)
