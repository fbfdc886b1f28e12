from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.committee import Candidate, choose_contacts
from scoring.criteria import CompiledIcp
from scoring.icp_model import IcpDefinition, TargetRole, TierBands, Weights
from scoring.priority import UNKNOWN_INTENT, RankedLead, apply_capacity, rank, score_priority, tier_of
from scoring.types import BuyingRole, Department, Reason, Scored, Seniority, points_of

ICP = CompiledIcp(IcpDefinition("x"))
values = st.none() | st.floats(0, 1)


def scored(value: float | None) -> Scored:
    return Scored(value, (), "test")


@pytest.mark.parametrize(
    ("value", "tier"),
    [
        (1.0, 1),
        (0.8, 1),
        (0.795, 2),
        (0.7999999999, 2),
        (0.6, 2),
        (0.5999999999, 3),
        (0.4, 3),
        (0.3999999999, 4),
        (0.0, 4),
    ],
)
def test_bands_are_half_open_on_unrounded_values(value: float, tier: int) -> None:
    assert tier_of(value, TierBands()) == tier
    assert score_priority(scored(value), scored(value), ICP).tier == tier


def test_unknown_intent_is_not_zero() -> None:
    found = score_priority(scored(0.9), scored(None), ICP)
    # Neither zero (0.45) nor left out (0.9, above every lead whose intent is known to be modest).
    assert (found.scored.value, found.tier) == (pytest.approx((0.9 + UNKNOWN_INTENT) / 2), 2)
    assert "intent_unknown" in {r.code for r in found.scored.reasons}


def test_nothing_known_has_no_tier() -> None:
    found = score_priority(scored(None), scored(None), ICP)
    assert (found.scored.value, found.tier) == (None, None)


def test_a_disqualifier_is_tier_4_whatever_the_value() -> None:
    why = Reason("excluded_country", "RU is excluded.")
    found = score_priority(scored(1.0), scored(1.0), ICP, (why,))
    assert (found.scored.value, found.tier) == (1.0, 4)
    assert found.scored.reasons[0] == why


def test_weights_are_the_icps() -> None:
    icp = CompiledIcp(IcpDefinition("x", weights=Weights(fit=3, intent=1)))
    assert score_priority(scored(1.0), scored(0.0), icp).scored.value == pytest.approx(0.75)


@given(values, values)
def test_priority_is_bounded_and_its_points_sum(fit: float | None, intent: float | None) -> None:
    found = score_priority(scored(fit), scored(intent), ICP).scored
    if found.value is not None:
        assert 0.0 <= found.value <= 1.0
        assert points_of(found.reasons) == pytest.approx(found.value, abs=1e-9)


leads = st.lists(
    st.builds(
        RankedLead,
        lead_id=st.uuids().map(str),
        priority=values,
        tier=st.none() | st.integers(1, 4),
        newest_intent_at=st.none() | st.integers(1, 150).map(lambda n: datetime.fromtimestamp(n * 86_400, UTC)),
    ),
    max_size=20,
    unique_by=lambda lead: lead.lead_id,
)


@given(leads, st.dictionaries(st.integers(1, 3), st.integers(0, 5)))
def test_capacity_never_promotes_holds_and_says_so(held: list[RankedLead], capacity: dict[int, int]) -> None:
    before = {lead.lead_id: lead.tier for lead in held}
    after = apply_capacity(held, capacity)
    assert {lead.lead_id for lead in after} == set(before)
    for lead in after:
        was = before[lead.lead_id]
        assert lead.band_tier == was
        if was is None or lead.tier is None:
            assert lead.tier is None
            assert was is None
            continue
        assert lead.tier >= was
        assert len(lead.reasons) == lead.tier - was  # one visible reason a demotion
    for tier, seats in capacity.items():
        assert sum(lead.tier == tier for lead in after) <= seats


def test_overflow_keeps_the_best_by_priority_then_newest_intent_then_id() -> None:
    old, new = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    held = [
        RankedLead("d", 0.9, 1, old),
        RankedLead("c", 0.9, 1, new),
        RankedLead("b", 0.9, 1, old),
        RankedLead("a", 0.95, 1, None),
    ]
    assert [lead.lead_id for lead in rank(held)] == ["a", "c", "b", "d"]
    assert {lead.lead_id for lead in apply_capacity(held, {1: 3}) if lead.tier == 2} == {"d"}


def test_capacity_of_tier_4_or_below_zero_is_refused() -> None:
    for capacity in ({4: 1}, {1: -1}):
        with pytest.raises(ValueError, match="Capacity"):
            apply_capacity([], capacity)


R = BuyingRole
ROLES = (
    TargetRole(R.ECONOMIC_BUYER, (Department.FINANCE,), Seniority.DIRECTOR),
    TargetRole(R.CHAMPION, (Department.SALES,), Seniority.LEAD),
    TargetRole(R.USER, (Department.SALES,), Seniority.STAFF, 0.5),
)


def test_contacts_are_spread_over_the_committee() -> None:
    held = [Candidate(f"buyer{n}", 1.0, R.ECONOMIC_BUYER, "valid") for n in range(5)]
    held += [Candidate("champion", 0.3, R.CHAMPION, "risky"), Candidate("user", 0.1, R.USER, "valid")]
    found = choose_contacts(held, ROLES)
    assert [c.contact_id for c in found.chosen] == ["buyer0", "champion", "user"]
    assert found.gaps == ()


def test_gaps_are_named_and_seats_filled_up() -> None:
    held = [Candidate("a", 0.9, R.CHAMPION, "valid"), Candidate("b", 0.8, R.CHAMPION, "valid")]
    held.append(Candidate("c", 1.0, R.ECONOMIC_BUYER, "invalid"))
    found = choose_contacts(held, ROLES)
    assert [c.contact_id for c in found.chosen] == ["a", "b"]  # nobody who cannot be reached
    assert [g.text for g in found.gaps] == [
        "No economic buyer: nobody known for it can be reached.",
        "No user: nobody known fills it.",
    ]


@given(
    st.lists(
        st.builds(
            Candidate,
            contact_id=st.uuids().map(str),
            authority=values,
            role=st.none() | st.sampled_from(BuyingRole),
            email_status=st.sampled_from([None, "valid", "risky", "unknown", "invalid"]),
            has_other_channel=st.booleans(),
        ),
        max_size=12,
        unique_by=lambda c: c.contact_id,
    ),
    st.integers(0, 5),
)
def test_choices_are_distinct_reachable_spread_and_explained(held: list[Candidate], n: int) -> None:
    found = choose_contacts(held, ROLES, n)
    ids = [c.contact_id for c in found.chosen]
    assert len(ids) == len(set(ids)) <= n
    assert choose_contacts(held[::-1], ROLES, n) == found
    for chosen in found.chosen:
        assert 0.0 < chosen.value <= 1.0
        assert points_of(chosen.reasons) == pytest.approx(chosen.value, abs=1e-9)
    seats = {c.role for c in found.chosen}
    doubled = len([c for c in found.chosen if c.role]) > len(seats - {None})
    if doubled:  # two of one seat only where every seat has somebody or is a gap
        filled_or_gap = len(seats - {None}) + len(found.gaps)
        assert filled_or_gap == len(ROLES)
