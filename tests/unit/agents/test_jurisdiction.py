"""The table of laws: every row, and what holds for all of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import jurisdiction
from agents.jurisdiction import Basis, Verdict
from agents.policy import ActionClass

LIA = "legitimate_interest"


@pytest.mark.parametrize(
    ("country", "basis", "evidence", "verdict", "rule"),
    [
        ("US", "", "", Verdict.ALLOW, "us_can_spam"),
        ("us", "", "", Verdict.ALLOW, "us_can_spam"),
        ("DE", "", "", Verdict.BLOCK, "de_uwg_7"),
        ("DE", LIA, "balancing test of 3 May", Verdict.BLOCK, "de_uwg_7"),
        ("DE", "consent", "", Verdict.NEED_EVIDENCE, "de_uwg_7"),
        ("DE", "consent", "double opt-in, form 12", Verdict.ALLOW, "de_uwg_7"),
        ("DE", "existing_customer", "order 77", Verdict.ALLOW, "de_uwg_7"),
        ("CA", "", "", Verdict.BLOCK, "ca_casl"),
        ("CA", "implied_consent", "", Verdict.NEED_EVIDENCE, "ca_casl"),
        ("CA", "implied_consent", "address on the team page, asked to be contacted", Verdict.ALLOW, "ca_casl"),
        ("CA", LIA, "balancing test", Verdict.BLOCK, "ca_casl"),
        ("FR", "", "", Verdict.NEED_EVIDENCE, "eu_legitimate_interest"),
        ("FR", LIA, "   ", Verdict.NEED_EVIDENCE, "eu_legitimate_interest"),
        ("FR", LIA, "balancing test", Verdict.ALLOW, "eu_legitimate_interest"),
        ("GB", "", "", Verdict.NEED_EVIDENCE, "uk_pecr"),
        ("GB", LIA, "balancing test", Verdict.ALLOW, "uk_pecr"),
        ("", "", "", Verdict.BLOCK, "unknown_country"),
        ("", LIA, "balancing test", Verdict.BLOCK, "unknown_country"),
        ("", "consent", "form 3", Verdict.ALLOW, "unknown_country"),
        ("AT", LIA, "balancing test", Verdict.BLOCK, "consent_first"),
        ("BR", "", "", Verdict.BLOCK, "consent_first"),
        ("FR", "a basis nobody knows", "x", Verdict.NEED_EVIDENCE, "eu_legitimate_interest"),
    ],
)
def test_cold_mail(country: str, basis: str, evidence: str, verdict: Verdict, rule: str) -> None:
    ruling = jurisdiction.rule(country, basis, evidence)
    assert (ruling.verdict, ruling.rule) == (verdict, rule)
    assert ruling.reason
    assert ruling.source


@pytest.mark.parametrize("action", ["reply", "meeting_proposal", "meeting_invitation"])
def test_an_answer_to_somebody_who_wrote_is_allowed_everywhere(action: str) -> None:
    assert all(jurisdiction.rule(country, action=action).allowed for country in ("DE", "CA", "", "US"))


def test_a_customer_hears_about_their_contract_also_in_germany() -> None:
    assert jurisdiction.rule("DE", "existing_customer", action="intervention").allowed
    assert not jurisdiction.rule("DE", "", action="intervention").allowed


@pytest.mark.parametrize("channel", ["linkedin", "phone"])
def test_what_a_person_does_by_hand_is_a_task_and_not_a_mail(channel: str) -> None:
    assert jurisdiction.rule("DE", channel=channel).rule == f"{channel}_by_hand"


def test_every_mail_to_europe_says_where_the_address_comes_from() -> None:
    for country in ("FR", "DE", "GB", ""):
        assert "source_notice" in jurisdiction.rule(country).duties


@given(
    country=st.text(max_size=3),
    basis=st.sampled_from([*Basis, "nonsense"]),
    action=st.sampled_from([ActionClass.FIRST_MAIL, ActionClass.FOLLOW_UP]),
)
def test_nobody_outside_the_united_states_gets_a_cold_mail_without_evidence(
    country: str, basis: str, action: str
) -> None:
    ruling = jurisdiction.rule(country, str(basis), "", action=action)
    assert ruling.allowed == (country.strip().upper() == "US")
    assert {"postal_address", "visible_opt_out", "identity"} <= set(ruling.duties) <= set(jurisdiction.DUTIES)


@given(country=st.text(max_size=3), basis=st.sampled_from(Basis))
def test_an_unknown_country_is_never_easier_than_a_known_one(country: str, basis: Basis) -> None:
    if jurisdiction.rule("", basis.value, "evidence").allowed:
        assert jurisdiction.rule(country, basis.value, "evidence").allowed
