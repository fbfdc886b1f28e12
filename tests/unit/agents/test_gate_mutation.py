"""How good is the gate? Figures, not hopes: planted falsehoods caught, and true drafts let through.

Faked: nothing. Drafts come from the real planner, templates and writer; then one thing is made untrue.
"""

import random
import re
from collections import Counter
from dataclasses import replace

import pytest

from agents.drafting.claims import edited
from agents.drafting.gate import check
from agents.drafting.segments import ids_at
from agents.drafting.tokens import TokenKind, tokens
from agents.drafting.types import Draft, DraftPlan
from agents.drafting.writer import write
from tests.support import drafting_cases as cases

DRAFTS = 1_200
SEED = 20_261_121


@pytest.fixture(scope="module")
def drafts() -> list[tuple[DraftPlan, Draft]]:
    plans = [cases.plan_of(SEED + i) for i in range(DRAFTS)]
    return [(plan, write(plan, None)) for plan in plans]


def test_true_drafts_pass(drafts: list[tuple[DraftPlan, Draft]]) -> None:
    blocked = [(p, d) for p, d in drafts if not d.gate.passed]
    gave_up = [d for _, d in drafts if "did not pass" in d.fallback_reason]
    codes = Counter(problem.code for _, d in blocked for problem in d.gate.problems)
    print(f"\n{len(drafts)} true drafts: {len(blocked)} blocked, {len(gave_up)} on a lesser opening, {dict(codes)}")
    print("templates:", dict(Counter(d.template for _, d in drafts)))
    assert len(blocked) <= 0.05 * len(drafts)
    assert len(gave_up) <= 0.05 * len(drafts)


def test_a_person_who_retypes_a_true_draft_is_let_through(drafts: list[tuple[DraftPlan, Draft]]) -> None:
    passed = [(p, d) for p, d in drafts if d.gate.passed]
    blocked = sum(not check(edited(p, d.subject, d.body, "person:1"), p).passed for p, d in passed)
    print(f"\n{len(passed)} retyped drafts: {blocked} blocked")
    assert blocked <= 0.05 * len(passed)


def _mutated(value: str, rng: random.Random) -> tuple[str, str] | None:
    """The value made untrue in one place, and what was done."""
    options: list[tuple[str, str]] = []
    for token in tokens(value):
        if token.kind is TokenKind.NAME:
            swap = rng.choice(["Quillon", "Verdana Holt", "Series F", "Oslo", "Basecamp"])
            options.append(("name", value[: token.start] + swap + value[token.end :]))
        if token.kind in (TokenKind.NUMBER, TokenKind.DATE):
            figures = list(re.finditer(r"\d+", token.text))
            months = re.search(r"January|February|March|April|June|July|August|September|October", token.text)
            if months and rng.random() < 0.5:
                options.append(("month", value.replace(months.group(), "December")))
            elif figures:
                spot = rng.choice(figures)
                moved = int(spot.group()) + rng.choice([-1, 1, 2, 7])
                text = token.text[: spot.start()] + str(abs(moved) or 3) + token.text[spot.end() :]
                options.append((token.kind.value, value[: token.start] + text + value[token.end :]))
    if not options:
        words = value.split()
        spot = rng.randrange(len(words))
        options.append(("word", " ".join([*words[:spot], "aquarium", *words[spot + 1 :]])))
    kind, text = rng.choice(options)
    return None if text == value else (kind, text)


def test_a_corrupted_fact_blocks_the_draft_that_rests_on_it(drafts: list[tuple[DraftPlan, Draft]]) -> None:
    """Number up or down, name swapped, date moved: in the value alone, and in value and quote alike."""
    rng = random.Random(SEED)
    tried: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    missed: list[str] = []
    for plan, draft in drafts:
        if not draft.hook_fact_id or not draft.gate.passed:
            continue
        fact = next(item for item in plan.facts if item.id == draft.hook_fact_id)
        for with_quote in (False, True):
            mutation = _mutated(fact.value, rng)
            if mutation is None:
                continue
            kind, value = mutation
            quote = fact.quote.replace(fact.value, value) if with_quote else fact.quote
            tried[kind] += 1
            if check(draft, cases.with_fact(plan, replace(fact, value=value, quote=quote))).passed:
                missed.append(f"{fact.field}: {fact.value!r} -> {value!r} quote={quote!r}")
            else:
                caught[kind] += 1
    total, found = sum(tried.values()), sum(caught.values())
    print(f"\n{total} corrupted facts: {found} caught ({found / total:.2%}); {dict(caught)}")
    print("\n".join(missed[:10]))
    assert total >= 1_000
    assert found >= 0.99 * total


_LIES = (
    "{company} has 731 people.",
    "Your team grew by 40% last year.",
    "You are hiring 12 engineers.",
    "I spoke to Marta Quintero about it.",
    "Salesforce is what {company} uses.",
    "We met on 3 February 2026.",
    "It costs $19 a month.",
    "Your invoices are late.",
    "You lost a big customer.",
    "{company} is struggling with churn.",
    "I saw the post on Thursday.",
    "See https://evil.example/x for more.",
    "More at get-rich.example.com today.",
    "Write to boss@evil.example instead.",
    "Twelve of the open roles are in sales.",
    "Your page says “we are desperate”.",
    "Since the deal with Vodafone things moved fast.",
    "Everything changed in March.",
)


def test_a_lie_added_to_a_true_draft_blocks_it(drafts: list[tuple[DraftPlan, Draft]]) -> None:
    """Both ways: with no claim, and with the draft's own claims stretched over the lie, as a sloppy model would."""
    tried = caught = 0
    missed: Counter[str] = Counter()
    for index, (plan, draft) in enumerate(drafts):
        if not draft.gate.passed:
            continue
        lie = _LIES[index % len(_LIES)].format(company=plan.recipient.company)
        body = f"{draft.body}\n\n{lie}"
        start = len(draft.body) + 2
        ids = ids_at(draft.claims, "body", *_hook_span(draft))
        claims = draft.claims
        if ids and index % 2:
            first = next(claim for claim in draft.claims if claim.fact_ids == ids)
            claims = (*claims, replace(first, start=start, end=len(body)))
        tried += 1
        if check(replace(draft, body=body, claims=claims), plan).passed:
            missed[_LIES[index % len(_LIES)]] += 1
        else:
            caught += 1
    print(f"\n{tried} lies: {caught} caught ({caught / tried:.2%}); missed {dict(missed)}")
    assert caught >= 0.99 * tried


def _hook_span(draft: Draft) -> tuple[int, int]:
    claim = next((c for c in draft.claims if c.field == "body" and draft.hook_fact_id in c.fact_ids), draft.claims[-1])
    return claim.start, claim.end


def test_the_same_seed_gives_the_same_drafts() -> None:
    for seed in range(40):
        assert write(cases.plan_of(seed), None) == write(cases.plan_of(seed), None)
