"""What people taught holds for a model's sentences as for a template's. Faked: the language model."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.drafting.claims import Rewrite, RewrittenSentence
from agents.drafting.types import DraftPlan
from agents.drafting.wording import Rule, Wording, changed_sentence
from agents.drafting.writer import write
from agents.writing.samples import sample_plans
from tools.ports import ModelReply

TEMPLATE = "first_mail/hiring"
SENTENCE = "I just noticed that Acme is hiring 3 billing clerks."


def plan() -> DraftPlan:
    return next(p for p in sample_plans(TEMPLATE) if p.recipient.first_name and "billing" in p.hooks[0].text)


class Model:
    """Says one sentence for the first slot, whatever it is asked."""

    def __init__(self, sentence: str, fact_ids: list[str]) -> None:
        self.sentence, self.fact_ids = sentence, fact_ids

    def structured(self, *, purpose: str, system: str, user: str, schema: Any, max_tokens: int = 800) -> ModelReply:
        told = RewrittenSentence(slot=1, text=self.sentence, fact_ids=self.fact_ids)
        return ModelReply(Rewrite(sentences=[told]), "tiny-1", "primary", 10, 10, 0)


def rule(find: str, put: str, *, key: str = "r1", template: str = "", field: Any = "body") -> Rule:
    return Rule(key, find, put, template, field)


def written(sentence: str, *rules: Rule) -> Any:
    wanted = plan()
    return write(wanted, Model(sentence, [wanted.hooks[0].fact.id, "recipient:company"]), Wording(rules=rules))


def test_without_a_rule_the_models_sentence_stands() -> None:
    assert SENTENCE in written(SENTENCE).body


def test_a_rule_changes_what_a_model_wrote_and_the_draft_says_so() -> None:
    draft = written(SENTENCE, rule("just", ""))
    assert "I noticed that Acme is hiring 3 billing clerks." in draft.body
    assert "just" not in draft.body
    assert draft.gate.passed
    assert draft.rule_ids == ("r1",)
    assert any(sentence.written_by == "model:tiny-1" for sentence in draft.sentences)


def test_rules_follow_each_other() -> None:
    draft = written(SENTENCE, rule("just", ""), rule("noticed", "saw", key="r2"))
    assert "I saw that Acme is hiring 3 billing clerks." in draft.body
    assert draft.rule_ids == ("r1", "r2")


@pytest.mark.parametrize(
    "other", [rule("just", "", template="follow_up/short"), rule("just", "", field="subject"), rule("jus", "")]
)
def test_a_rule_for_something_else_leaves_a_models_sentence(other: Rule) -> None:
    draft = written(SENTENCE, other)
    assert SENTENCE in draft.body
    assert draft.rule_ids == ()


def test_no_rule_reaches_into_a_fact() -> None:
    draft = written(SENTENCE, rule("clerks", "people"))
    assert "3 billing clerks" in draft.body


def test_where_the_gate_refuses_what_a_rule_made_the_template_stays() -> None:
    """The template's own line has been through the same rule: what people do not want is in neither."""
    draft = written(SENTENCE, rule("I just noticed that", "Rumour has it that your clerks fail:"))
    template = write(plan(), None)
    assert draft.body == template.body
    assert draft.fallback_reason


def test_a_sentence_of_which_nothing_is_left_is_no_sentence() -> None:
    whole = replace(rule(SENTENCE, ""), id="gone")
    assert written(SENTENCE, whole).body == write(plan(), None).body


@given(
    st.lists(st.sampled_from(["Acme", "3 billing clerks", "just", "is hiring", "and", ",", "."]), min_size=1),
    st.sampled_from(["just", "is", "clerks", "Acme", "3", "."]),
    st.sampled_from(["", "x", "⟦fact⟧", "a b"]),
)
def test_values_stand_unchanged_whatever_the_rule(pieces: list[str], find: str, put: str) -> None:
    values = ("Acme", "3 billing clerks")
    sentence = " ".join(pieces)
    changed = changed_sentence(sentence, TEMPLATE, rule(find, put), values)
    if changed:
        for value in values:
            assert changed.count(value) >= sentence.count(value)
