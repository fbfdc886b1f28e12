"""Headlines, written for this test, and what they say of Acme."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.intent import HALF_LIFE_DAYS
from tools.news_reader import read_headline

SAID = [
    ("Acme raises $20M Series B to expand in Europe", "funding", 1.0),
    ("Acme Raises 20 Million in Growth Funding", "funding", 1.0),
    ("Berlin-based Acme secures €4.5m seed round led by Fjord Capital", "funding", 1.0),
    ("Fjord Capital invests $5 million in Acme", "funding", 1.0),
    ("Fjord Capital leads $30m round in Acme", "funding", 1.0),
    ("Acme erhält 12 Millionen Euro in Finanzierungsrunde", "funding", 1.0),
    ("Acme in talks to raise $50m, sources say", "funding", 0.5),
    ("Acme could raise up to £10m this year", "funding", 0.5),
    ("Acme leads $20M Series A round in Borealis", "news", 0.5),
    ("Acme announces investment in Borealis", "news", 0.5),
    ("Acme acquires Borealis for $300m", "acquisition", 1.0),
    ("Acme übernimmt den Konkurrenten Borealis", "acquisition", 1.0),
    ("Borealis acquires Acme", "news", 0.5),
    ("Acme acquired by Borealis in cash deal", "news", 0.5),
    ("Acme to acquire Borealis", "acquisition", 0.5),
    ("Acme appoints Jane Roe as Chief Revenue Officer", "leadership_change", 1.0),
    ("Acme's CEO steps down after ten years", "leadership_change", 1.0),
    ("Jane Roe joins Acme as VP of Sales", "leadership_change", 1.0),
    ("Acme ernennt neue Geschäftsführerin", "leadership_change", 1.0),
    ("Acme partners with Borealis on shipping data", "partnership", 1.0),
    ("Borealis and Acme join forces", "partnership", 1.0),
    ("Borealis teams up with Acme", "partnership", 1.0),
    ("Acme expands partnership with Borealis", "partnership", 1.0),
    ("Acme opens second warehouse in Malmö", "expansion", 1.0),
    ("Acme expands into Poland", "expansion", 1.0),
    ("Acme enters the Japanese market", "expansion", 1.0),
    ("Acme plans to open an office in Lyon", "expansion", 0.5),
    ("Acme eröffnet neues Werk in Ulm", "expansion", 1.0),
    ("Acme launches route planner for small fleets", "product_launch", 1.0),
    ("Acme enters agreement with its lenders", "news", 0.5),
    ("Acme, the parcel company, is twenty years old", "news", 0.5),
    ("A day at ACME", "news", 0.5),
]
NOTHING = [
    "Acme lays off 200 people",
    "Acme files for bankruptcy, closes its doors",
    "Acme raises $20M as lawsuit looms",
    "Acme denies it will buy Borealis",
    "Acme shares fall after results",
    "Analyst lifts price target for Acme",
    "Acme calls off merger",
    "Acmecorp raises $20M",
    "Borealis raises $20M",
    "",
]


@pytest.mark.parametrize(("headline", "kind", "strength"), SAID, ids=[headline for headline, _, _ in SAID])
def test_who_does_what_is_read(headline: str, kind: str, strength: float) -> None:
    assert read_headline(headline, "Acme") == (kind, strength)


@pytest.mark.parametrize("headline", NOTHING)
def test_trouble_and_other_companies_are_no_sign(headline: str) -> None:
    assert read_headline(headline, "Acme") is None


def test_every_kind_fades_by_a_known_half_life() -> None:
    assert {kind for _, kind, _ in SAID} <= set(HALF_LIFE_DAYS)


@given(st.text(max_size=400), st.text(max_size=40))
def test_any_text_is_read(headline: str, name: str) -> None:
    found = read_headline(headline, name)
    assert found is None or (found.kind in HALF_LIFE_DAYS and 0 < found.strength <= 1)
