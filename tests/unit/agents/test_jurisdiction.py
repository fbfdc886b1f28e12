"""The table of laws: every row, and what holds for all of them."""

from datetime import UTC, datetime

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


def test_what_a_person_writes_by_hand_on_a_network_is_a_task_and_not_a_mail() -> None:
    assert jurisdiction.rule("DE", channel="linkedin").rule == "linkedin_by_hand"


@pytest.mark.parametrize(
    ("country", "channel", "basis", "verdict", "rule"),
    [
        ("US", "phone", "", Verdict.ALLOW, "us_tsr_phone"),
        ("US", "sms", "", Verdict.BLOCK, "us_tcpa_sms"),
        ("US", "sms", "consent", Verdict.ALLOW, "us_tcpa_sms"),
        ("US", "sms", LIA, Verdict.BLOCK, "us_tcpa_sms"),
        ("DE", "phone", "", Verdict.NEED_EVIDENCE, "de_uwg_7_phone"),
        ("DE", "phone", LIA, Verdict.ALLOW, "de_uwg_7_phone"),
        ("DE", "sms", LIA, Verdict.BLOCK, "de_uwg_7_sms"),
        ("AT", "phone", LIA, Verdict.BLOCK, "consent_first_phone"),
        ("GB", "phone", "", Verdict.NEED_EVIDENCE, "uk_pecr_phone"),
        ("CA", "phone", "", Verdict.ALLOW, "ca_utr_phone"),
        ("CA", "sms", "implied_consent", Verdict.ALLOW, "ca_casl_sms"),
        ("", "sms", "", Verdict.BLOCK, "unknown_country_sms"),
    ],
)
def test_calls_and_texts_have_rows_of_their_own(
    country: str, channel: str, basis: str, verdict: Verdict, rule: str
) -> None:
    ruling = jurisdiction.rule(country, basis, "on file", channel=channel)
    assert (ruling.verdict, ruling.rule) == (verdict, rule)


@pytest.mark.parametrize(
    ("country", "basis", "allowed"),
    [
        ("GB", LIA, False),
        ("GB", "soft_opt_in", True),
        ("FR", LIA, False),
        ("FR", "consent", True),
        ("US", "", True),
        ("DE", "soft_opt_in", True),
    ],
)
def test_sole_traders_and_consumers_are_protected_where_the_law_says_so(
    country: str, basis: str, allowed: bool
) -> None:
    ruling = jurisdiction.rule(country, basis, "form 3", subscriber="individual")
    assert ruling.allowed is allowed
    if country in ("GB", "FR"):
        assert ruling.rule.endswith("_individual")


def test_a_refusal_says_what_held_before() -> None:
    said = "The implied consent of 2026-01-02 ended on 2026-07-02."
    assert said in jurisdiction.rule("CA", lapsed=said).reason
    assert said not in jurisdiction.rule("US", lapsed=said).reason


@pytest.mark.parametrize(
    ("ground", "given", "end"),
    [
        ("inquiry", "2026-01-02", "2026-07-02"),
        ("inquiry", "2025-08-31", "2026-02-28"),
        ("purchase", "2024-02-29", "2026-02-28"),
        ("", "2026-01-02", "2026-07-02"),
        ("published", "2026-01-02", None),
    ],
)
def test_an_implied_consent_ends_by_what_it_rests_on(ground: str, given: str, end: str | None) -> None:
    found = jurisdiction.end_of(
        Basis.IMPLIED_CONSENT, jurisdiction.Ground(ground), datetime.fromisoformat(given).replace(tzinfo=UTC)
    )
    assert (found.date().isoformat() if found else None) == end


@given(country=st.sampled_from([*jurisdiction.named_countries(), "", "*"]))
def test_the_printed_table_is_the_table_that_decides(country: str) -> None:
    rows = list(jurisdiction.rows_of(country))
    assert {row.channel for row in rows} == set(jurisdiction.Channel)
    code = "BR" if country == "*" else country
    for row in rows:
        for basis in Basis:
            ruling = jurisdiction.rule(
                code, basis.value, "on file", channel=row.channel.value, subscriber=row.subscriber.value
            )
            expected = row.without is Verdict.ALLOW or basis in row.bases
            assert ruling.allowed is expected
            assert row.source


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
