"""The gate rule by rule: a draft that passes, and the same draft with one thing wrong."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from agents.drafting.claims import edited
from agents.drafting.gate import check
from agents.drafting.plan import plan_draft
from agents.drafting.types import Claim, Draft, DraftKind, DraftPlan, FactRef, Offer, Recipient, Severity
from agents.drafting.writer import write

SEEN = datetime(2026, 11, 1, tzinfo=UTC)
OFFER = Offer(
    "Ledgerline", "catches invoice errors before they are sent", "Sam Okafor", "Account Executive", "Ledgerline Ltd",
    ("Northwind cut invoice errors by 38% in 8 weeks.",), (), ("ledgerline.example",), (), 20,
)  # fmt: skip
RECIPIENT = Recipient("jane@acme.example", "Acme Freight", "Jane", "Head of Finance", "acme.example")
FACTS = (
    FactRef("size", "employees", "1200", "We are a team of 1,200 people", "https://acme.example", SEEN, "web"),
    FactRef("round", "funding", "24000000 USD on 2026-10-08", "", "", SEEN, "web"),
    FactRef("role", "hiring", "Head of Data", "We are looking for a Head of Data in Lyon", "", SEEN, "web"),
    FactRef("boss", "leader", "Dana Ruiz", "", "", SEEN, "web"),
    FactRef("when", "opened", "8 March 2026", "", "", SEEN, "web"),
)


def plan(**changes: Any) -> DraftPlan:
    made = plan_draft(DraftKind.FIRST_MAIL, RECIPIENT, OFFER, [])
    return replace(made, facts=FACTS, **changes)


def says(sentence: str, *ids: str, subject: str = "A question") -> Draft:
    body = f"Hi Jane,\n\n{sentence}\n\nIs that worth a call of 20 minutes?\n\nSam Okafor"
    start = body.index(sentence)
    claims = (Claim("body", start, start + len(sentence), ids),) if ids else ()
    return Draft(subject, body, claims, ())


def codes(draft: Draft, where: DraftPlan | None = None) -> set[str]:
    return {p.code for p in check(draft, where or plan()).problems if p.severity is Severity.BLOCK}


@pytest.mark.parametrize(
    ("sentence", "ids"),
    [
        ("Acme Freight has 1,200 people.", ["size"]),
        ("Acme Freight has 1200 employees.", ["size"]),
        ("Acme Freight is a team of 1.2k people.", ["size"]),
        ("Acme Freight raised $24M.", ["round"]),
        ("Acme Freight raised 24 million USD on 8 October 2026.", ["round"]),
        ("Acme Freight raised $24,000,000 on October 8th, 2026.", ["round"]),
        ("Your team is hiring a Head of Data.", ["role"]),
        ("I read that Acme Freight is looking for a Head of Data in Lyon.", ["role"]),
        ("I heard about this from Dana Ruiz.", ["boss"]),
        ("The office opened on March 8, 2026.", ["when"]),
        ("The office opened in March 2026.", ["when"]),
        ("The office opened on 2026-03-08.", ["when"]),
        ("Northwind cut invoice errors by 38% in 8 weeks.", []),
        ("Read more at https://ledgerline.example/cases when it suits.", []),
    ],
)
def test_what_facts_say_may_be_said_in_other_notation(sentence: str, ids: list[str]) -> None:
    found = codes(says(sentence, *ids)) - {"several_calls_to_action"}
    assert found == set()


@pytest.mark.parametrize(
    ("sentence", "ids", "code"),
    [
        ("Acme Freight has 1,201 people.", ["size"], "unsupported_number"),
        ("Acme Freight has 1,200 trucks.", ["size"], "unsupported_number"),
        ("Acme Freight has 1,200 people.", [], "unsupported_number"),
        ("Acme Freight has twelve people.", ["size"], "unsupported_number"),
        ("Acme Freight grew 1200% with 1,200 people.", ["size"], "unsupported_number"),
        ("Acme Freight raised €24M.", ["round"], "unsupported_number"),
        ("Acme Freight raised $24M on 9 October 2026.", ["round"], "unsupported_date"),
        ("Acme Freight raised $24M in November.", ["round"], "unsupported_date"),
        ("Acme Freight raised $24M last week.", ["round"], "unsupported_date"),
        ("Your team is hiring a Head of Sales.", ["role"], "unsupported_name"),
        ("Your team is hiring a Head of Data in Porto.", ["role"], "unsupported_name"),
        ("I heard about this from Dana Reyes.", ["boss"], "unsupported_name"),
        ("I heard about this from Dana.", [], "unsupported_name"),
        ("Stripe works with us.", [], "unsupported_name"),
        ("Your invoices are late.", [], "unsupported_statement"),
        ("Your invoices are late and customers complain loudly.", ["boss"], "claim_not_in_fact"),
        ("Dana Ruiz says your invoices are late and customers complain loudly.", ["boss"], "statement_beyond_fact"),
        ("You will save 38% with it.", ["offer:proof:0"], "unsupported_statement"),
        ("Your page says “we love fax machines” proudly.", ["role"], "unsupported_quote"),
        ("Acme Freight has 1,200 people.", ["nobody"], "unknown_fact"),
        ("The office opened on Tuesday.", ["when"], "unsupported_date"),
        ("Let us talk at 10:30.", [], "unsupported_date"),
    ],
)
def test_what_facts_do_not_say_is_blocked(sentence: str, ids: list[str], code: str) -> None:
    assert code in codes(says(sentence, *ids))


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("See https://evil.example/x for more.", "link_not_allowed"),
        ("See http://ledgerline.example for more.", "link_not_allowed"),
        ("See https://ledgerline.example.evil.example for more.", "link_not_allowed"),
        ("See https://ledgerline.example@evil.example for more.", "address_in_text"),
        ("See https://lеdgerline.example for more.", "link_not_allowed"),  # Cyrillic е
        ("See https://xn--ldgerline-i8a.example for more.", "link_not_allowed"),
        ("See evil.com for more.", "link_not_allowed"),
        ("See www.evil.example for more.", "link_not_allowed"),
        ("See javascript:alert(1) for more.", "link_not_allowed"),
        ("See 10.0.0.1 for more.", "link_not_allowed"),
        ("Write to a@evil.example for more.", "address_in_text"),
        ("It is about pаyments.", "mixed_alphabets"),
        ("It is about pay\u200bments.", "bad_character"),
        ("It is about \u202epayments.", "bad_character"),
        ("It is about {{ topic }}.", "placeholder"),
        ("It is about [TOPIC].", "placeholder"),
        ("It is about XX percent.", "placeholder"),
        ("It is about lorem text.", "placeholder"),
        ("I hope this email finds you well.", "banned_phrase"),
        ("It is a game-changing product.", "banned_phrase"),
        ("As we discussed, here it is.", "banned_phrase"),
        ("Shall we talk? Or would a demo be better?", "several_calls_to_action"),
        ("It is good! It is great!", "exclamations"),
        ("THIS REALLY WORKS EVERY TIME.", "capitals"),
        (" ".join(["and more of it"] * 60) + ".", "too_long"),
    ],
)
def test_rules_of_form(sentence: str, code: str) -> None:
    assert code in codes(says(sentence))


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        ("Re: A question", "false_reply"),
        ("FWD: a question", "false_reply"),
        ("A QUESTION", "subject_shouts"),
        ("", "subject_missing"),
        ("a question " * 8, "subject_too_long"),
        ("A question\nBcc: everyone", "subject_missing"),
        ("A question about Vodafone", "unsupported_name"),
    ],
)
def test_rules_of_the_subject(subject: str, code: str) -> None:
    assert code in codes(says("It is short.", subject=subject))


def test_an_answer_keeps_the_subject_of_its_thread() -> None:
    follow_up = plan_draft(DraftKind.FOLLOW_UP, RECIPIENT, OFFER, [], touch_number=2, thread_subject="A question")
    assert "thread_subject_changed" in codes(says("It is short.", subject="Something else"), follow_up)
    assert codes(says("It is short.", subject="Re: A question"), follow_up) == set()


@pytest.mark.parametrize(
    "address", ["", "a@b.example, c@d.example", "a@b.example\nBcc: c@d.example", "Jane <a@b.example>"]
)
def test_a_draft_goes_to_exactly_one_address(address: str) -> None:
    where = plan(recipient=replace(RECIPIENT, email=address))
    assert "recipient_not_one" in codes(says("It is short."), where)


def test_a_fact_cannot_pose_as_the_offer() -> None:
    posing = FactRef("offer:proof:0", "proof", "Vodafone saved 99% with it.", tainted=True)
    where = plan()
    where = replace(where, facts=(*where.facts, posing))
    assert "unsupported_number" in codes(says("Vodafone saved 99% with it."), where)


def test_a_tainted_url_is_refused_even_where_a_fact_has_it() -> None:
    fact = FactRef("site", "website", "https://acme.example/careers", "", "https://acme.example/careers", SEEN, "web")
    where = plan()
    where = replace(where, facts=(*where.facts, fact))
    draft = says("The page https://acme.example/careers is open.", "site")
    assert "link_not_allowed" in codes(draft, where)


def test_the_name_of_the_recipients_own_company_may_look_like_a_host() -> None:
    named = Recipient("jane@cal.com", "Cal.com", "Jane", "Head of Finance", "cal.com")
    draft = write(plan_draft(DraftKind.FIRST_MAIL, named, OFFER, []), None)
    assert "Cal.com" in draft.body
    assert draft.gate.passed, draft.gate.problems


def test_problems_carry_spans_of_the_thing_itself() -> None:
    draft = says("Acme Freight has 1,201 people.", "size")
    problem = next(p for p in check(draft, plan()).problems if p.code == "unsupported_number")
    assert draft.body[problem.start : problem.end] == "1,201"
    row = check(draft, plan()).as_rows()[0]
    assert set(row) == {"code", "message", "field", "start", "end", "severity"}
    assert "1,201" not in str([r["message"] for r in check(draft, plan()).as_rows()])


def test_an_edit_that_stays_with_the_facts_passes_and_one_that_does_not_is_blocked() -> None:
    where = plan()
    good = "Hi Jane,\n\nI saw that Acme Freight has 1,200 people.\n\nWorth a call of 20 minutes?\n\nSam Okafor"
    draft = edited(where, "A question", good, "person:7")
    assert codes(draft, where) == set()
    assert {s.written_by for s in draft.sentences} == {"person:7"}
    assert "size" in {i for claim in draft.claims for i in claim.fact_ids}
    bad = edited(where, "A question", good.replace("1,200", "2,200"), "person:7")
    assert "unsupported_number" in codes(bad, where)
