"""Facts that contradict each other all stay; one rule says which is believed, and why."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from core.clock import VirtualClock
from store.models import Company, Fact
from store.queries.companies import CompanyInput, upsert_companies
from store.queries.facts import FactInput, Winner, add_facts, apply_winners, facts_of, weight, winner
from store.session import Database

NOW = datetime(2026, 11, 2, tzinfo=UTC)


def fact(value: object, method: str = "import", *, days: float = 0, confidence: float = 1.0, source: str = "s") -> Fact:
    return Fact(
        workspace_id=UUID(int=1),
        id=uuid4(),
        subject_kind="company",
        subject_id=UUID(int=2),
        field="employees",
        value=value,
        value_key=str(value),
        source=source,
        method=method,
        observed_at=NOW - timedelta(days=days),
        confidence=confidence,
    )


def won(*facts: Fact) -> Winner:
    found = winner(facts)
    assert found is not None
    return found


def test_no_fact_no_winner() -> None:
    assert winner([]) is None


def test_a_person_beats_everything_and_the_newest_word_counts() -> None:
    best = won(fact(1, "dns"), fact(2, "human", days=900, confidence=0.1), fact(3, "human", days=1_000))
    assert best.fact.value == 2
    assert "person" in best.reason


def test_trust_confidence_and_age_each_decide() -> None:
    assert won(fact(1, "json_ld"), fact(2, "page")).fact.value == 1
    assert won(fact(1, confidence=0.5), fact(2, confidence=0.6)).fact.value == 2
    assert won(fact(1, days=800), fact(2, days=10)).fact.value == 2
    assert "says otherwise" in won(fact(1, days=800), fact(2, days=10)).reason


def test_a_fact_is_half_as_fresh_after_its_half_life() -> None:
    assert weight(fact(1, "dns", days=365), NOW) == pytest.approx(0.5)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from(["dns", "import", "meta", "human", "?"]),
            st.integers(0, 3_000),
            st.floats(0, 1),
        ),
        min_size=1,
        max_size=6,
    ),
    st.randoms(),
    st.integers(1, 5_000),
)
def test_the_winner_depends_on_neither_order_nor_today(
    drawn: list[tuple[int, str, int, float]], dice: object, later: int
) -> None:
    facts = [fact(value, method, days=days, confidence=sure) for value, method, days, sure in drawn]
    best = won(*facts).fact.id
    dice.shuffle(facts)  # type: ignore[attr-defined]
    assert won(*facts).fact.id == best
    if not any(item.method == "human" for item in facts) and all(item.confidence > 1e-6 for item in facts):
        top = max(weight(item, NOW) for item in facts)
        assert weight(next(f for f in facts if f.id == best), NOW) == pytest.approx(top)


@pytest.fixture
def companies(database: Database, workspace_id: UUID, clock: VirtualClock) -> list[UUID]:
    inputs = [
        CompanyInput(name=f"C{n}", name_key=f"c{n}", domain=f"{n}.example", source="s", city="Old") for n in range(3)
    ]
    with database.write(workspace_id) as session:
        return upsert_companies(session, clock, inputs).ids


def test_the_same_finding_is_one_row_and_other_findings_stay(
    database: Database, workspace_id: UUID, companies: list[UUID], clock: VirtualClock
) -> None:
    with database.write(workspace_id) as session:
        first = add_facts(session, [_input(companies[0], "city", "Oslo"), _input(companies[0], "city", "Oslo")])
        clock.advance(timedelta(days=3))
        again = add_facts(session, [_input(companies[0], "city", "Oslo", at=clock.now())])
        other = add_facts(session, [_input(companies[0], "city", "Rome")])
        found = facts_of(session, companies)[companies[0]]["city"]
    assert first[0] == first[1] == again[0] != other[0]
    assert {item.value for item in found} == {"Oslo", "Rome"}
    assert max(item.observed_at for item in found) == clock.now()
    with pytest.raises(ValueError, match="between 0 and 1"), database.write(workspace_id) as session:
        add_facts(session, [_input(companies[0], "city", "x", confidence=1.5)])


def test_winners_fill_columns_and_the_rest_stays(
    database: Database, workspace_id: UUID, companies: list[UUID], clock: VirtualClock
) -> None:
    with database.write(workspace_id) as session:
        add_facts(
            session,
            [
                _input(companies[0], "city", "Rome", method="page"),
                _input(companies[0], "city", "Oslo", method="json_ld"),
                _input(companies[0], "employees", "many"),  # does not fit, decides nothing
                _input(companies[0], "technology", "Stripe", method="header"),
                _input(companies[0], "technology", "nginx", method="header"),
                _input(companies[1], "employees", 40),
                _input(companies[1], "favourite_colour", "red"),
            ],
        )
        assert apply_winners(session, clock, companies) == 2
        assert apply_winners(session, clock, companies) == 0
    with database.read(workspace_id) as session:
        rows = {row.id: row for row in session.exec(select(Company))}
    first, second, third = (rows[row_id] for row_id in companies)
    assert (first.city, first.employees, first.technologies) == ("Oslo", None, ["nginx", "Stripe"])
    assert (second.city, second.employees, third.city) == ("Old", 40, "Old")


def _input(subject_id: UUID, field: str, value: object, **more: object) -> FactInput:
    values = {"source": "site", "method": "import", "observed_at": more.pop("at", NOW), **more}
    return FactInput("company", subject_id, field, value, **values)  # type: ignore[arg-type]
