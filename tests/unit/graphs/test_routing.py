"""The supervisor's table: total, reachable, and never changed in the names that checkpoints keep."""

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from agents.step import SubjectKind, Trigger
from graphs.routing import AGENTS, APPROVAL, EMITS, END, OUTBOX, RULES, destinations, entries, route

ANSWERS = {trigger for emitted in EMITS.values() for trigger in emitted}


@given(st.sampled_from(SubjectKind), st.text(max_size=20), st.sampled_from(Trigger))
def test_every_combination_has_an_answer_with_a_reason(subject: SubjectKind, stage: str, trigger: Trigger) -> None:
    chosen = route(subject, stage, trigger)
    assert chosen.next in {*AGENTS, APPROVAL, OUTBOX, END}
    assert chosen.reason.endswith((".", "?"))


def test_every_agent_is_reached_by_some_rule() -> None:
    assert {rule.next for rule in RULES} == {*AGENTS, APPROVAL, OUTBOX, END}


def test_no_two_rules_say_the_same() -> None:
    keys = [(rule.subject, rule.stage, rule.trigger) for rule in RULES]
    assert len(keys) == len(set(keys))


def test_a_rule_is_never_hidden_behind_an_earlier_one_for_all_stages() -> None:
    everywhere: set[tuple[SubjectKind, Trigger]] = set()
    for rule in RULES:
        assert rule.stage == "*" or (rule.subject, rule.trigger) not in everywhere, rule
        if rule.stage == "*":
            everywhere.add((rule.subject, rule.trigger))


def test_nothing_reaches_the_outbox_but_what_was_approved() -> None:
    assert {rule.trigger for rule in RULES if rule.next == OUTBOX} == {Trigger.APPROVED}


def test_what_may_follow_a_node_is_what_the_rules_say() -> None:
    for node in EMITS:
        for subject in SubjectKind:
            for trigger in EMITS[node]:
                for stage in {rule.stage for rule in RULES}:
                    assert route(subject, stage, trigger).next in destinations(node)


def test_every_trigger_of_the_store_enters_somewhere_known() -> None:
    for rule in RULES:
        if rule.trigger not in ANSWERS and rule.next != END:
            assert rule.next in entries()


def test_node_and_trigger_names_that_checkpoints_may_hold_still_exist() -> None:
    """Names of version 0.1. Adding is free; one that is missing here strands parked threads: see graphs.parked."""
    nodes = (
        "lead_source enrichment contact_finder scorer email calendar crm engagement churn intervention approval outbox"
    )
    assert {*nodes.split(), "approval", "outbox"} <= {*AGENTS, APPROVAL, OUTBOX}
    triggers = (
        "run_step touch_due decided inbound slot_picked meeting_ended deal_closed daily more ready drafted approved "
        "rejected queued tasked blocked interested question not_now negative opted_out bounced auto_reply slots_held "
        "booked assessed played mirrored nothing"
    )
    assert set(triggers.split()) <= {trigger.value for trigger in Trigger}


def test_no_node_swallows_an_interrupt() -> None:
    """GraphInterrupt is an Exception: a broad except around interrupt() would skip the approval."""
    source = Path(__file__).parents[3].joinpath("graphs", "supervisor.py").read_text(encoding="utf-8")
    assert not re.search(r"except\b", source)
