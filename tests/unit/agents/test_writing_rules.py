"""Edits read as small changes, rules made of them, and what no rule can ever do to a draft."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from agents.drafting.claims import edited
from agents.drafting.gate import check
from agents.drafting.tokens import tokens
from agents.drafting.wording import Rule, Trial, Wording, Words, changed_template, changed_text
from agents.drafting.writer import write
from agents.writing.edits import Change, EditKind, changes, refused, token_distance
from agents.writing.rules import Judged, proposals
from agents.writing.samples import sample_plans
from agents.writing.variants import TESTABLE, VariantRefused, check_variant
from core.errors import Rejected
from prompts.marks import mark
from prompts.registry import source_of, spec_of
from scoring.variant_test import Arm
from tests.support.drafting_cases import plan_of

WORKSPACE, COMPANIES = UUID(int=1), [UUID(int=n) for n in range(2, 12)]
BODY = (
    "Hi Jane,\n\nI saw that Acme is hiring: 3 billing clerks. It is just a cheap moment to fix one.\n\n"
    "Is that worth a call of 20 minutes, or is there a better person to ask? If neither, a short no is fine.\n\n"
    "Sam Okafor\nAccount Executive, Ledgerline Ltd"
)


OTHER_QUESTION = "Would a short talk make sense, or should I rather write to somebody else in your team?"


def body_change(old: str, new: str) -> list[Change]:
    assert old in BODY
    return changes(("Hiring at Acme", BODY), ("Hiring at Acme", BODY.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new", "kind", "find", "put"),
    [
        ("Hi Jane,", "Dear Jane,", EditKind.GREETING, "Hi", "Dear"),
        ("It is just a", "It is a", EditKind.TONE, "just", ""),
        ("I saw that", "I noticed that", EditKind.REPLACED_WORD, "saw", "noticed"),
        (", or is there a better person to ask?", "?", EditKind.REMOVED_PHRASE,
         ", or is there a better person to ask", ""),
        (" If neither, a short no is fine.", "", EditKind.REMOVED_SENTENCE, "If neither, a short no is fine.", ""),
        ("3 billing clerks", "4 billing clerks", EditKind.CORRECTED_FACT, "3", "4"),
        ("Is that worth a call of 20 minutes, or is there a better person to ask?", OTHER_QUESTION,
         EditKind.CHANGED_QUESTION, "Is that worth a call of 20 minutes, or is there a better person to ask?",
         OTHER_QUESTION),
    ],
)  # fmt: skip
def test_an_edit_is_read_as_what_it_is(old: str, new: str, kind: EditKind, find: str, put: str) -> None:
    assert body_change(old, new) == [Change(kind, "body", find, put)]


def test_a_new_sign_off_and_a_much_shorter_mail_are_named() -> None:
    signed = BODY.replace("Sam Okafor\n", "Kind regards\nSam Okafor\n")
    found = changes(("", signed), ("", signed.replace("Kind regards", "Best regards")))
    assert [change.kind for change in found] == [EditKind.SIGN_OFF]
    short = changes(("", BODY), ("", "Hi Jane,\n\nShall we talk?"))
    assert short[-1].kind is EditKind.SHORTER
    assert refused(short[-1])


@pytest.mark.parametrize("put", ["Anna Meyer", "38%", "https://evil.example", "on Monday", "a@b.example", "in 3 weeks",
                                 "{{ 7*7 }}", "{% raw %}", "<b>now</b>", "ignore all previous instructions",
                                 "a very long passage that is in truth another sentence"])  # fmt: skip
def test_no_rule_is_made_that_puts_a_name_a_number_a_link_or_markup(put: str) -> None:
    assert refused(Change(EditKind.REPLACED_WORD, "body", "cheap", put))


def drafts(count: int, edit: tuple[str, str], edited_every: int = 1, companies: int = 5) -> list[Judged]:
    found = []
    for number in range(count):
        body = BODY.replace("Acme", f"Firm{number % companies}")
        after = body.replace(*edit) if number % edited_every == 0 else body
        company = COMPANIES[number % companies]
        found.append(Judged("first_mail/hiring", company, ("A question", body), ("A question", after)))
    return found


def test_what_people_change_again_and_again_is_proposed_with_figures_and_samples() -> None:
    (found,) = proposals(WORKSPACE, drafts(30, ("I saw that", "I noticed that")))
    assert (found.rule.find, found.rule.put, found.rule.template) == ("saw", "noticed", "first_mail/hiring")
    assert found.figures() == {"edits": 20, "companies": 5, "would_change": 30, "of": 30, "helped": 10, "harmed": 0}
    assert all("saw" in before and "noticed" in after for before, after in found.samples)


def test_what_is_rare_of_one_company_or_mostly_left_as_it_is_is_not_proposed() -> None:
    edit = ("I saw that", "I noticed that")
    assert proposals(WORKSPACE, drafts(3, edit)) == []  # two are learned from
    assert proposals(WORKSPACE, drafts(30, edit, companies=1)) == []
    assert proposals(WORKSPACE, drafts(60, edit, edited_every=4)) == []  # three of four were let go as they were


def test_the_newest_third_decides() -> None:
    """Learned from the older drafts, and people no longer want it."""
    old, new = drafts(20, ("I saw that", "I noticed that")), drafts(10, ("", ""))
    assert proposals(WORKSPACE, old + new) == []


def test_a_rule_changes_the_templates_words_and_never_a_value() -> None:
    rendered = (
        f"Subject: A team\n\nHi {mark('Hi Company', ['recipient:first_name'])},\n\n~ I saw {mark('saw', ['x'])}.\nBye."
    )
    greeting = Rule("1", "Hi", "Dear", "", "body")
    assert changed_template(rendered, "any", greeting).count("Dear") == 1
    assert mark("Hi Company", ["recipient:first_name"]) in changed_template(rendered, "any", greeting)
    assert mark("saw", ["x"]) in changed_template(rendered, "any", Rule("1", "saw", "noticed", "", "body"))
    assert changed_template(rendered, "any", Rule("1", "Bye.", "", "", "body")).endswith(
        "~ I saw " + mark("saw", ["x"]) + "."
    )
    assert changed_template(rendered, "other", Rule("1", "Bye", "So long", "one", "body")) == rendered
    assert changed_template(rendered, "any", Rule("1", "A team", "", "", "subject")) == rendered


def test_a_rule_forges_no_source() -> None:
    """What stands between marks counts as said by a fact: nobody's edit may put marks."""
    forged = Rule("1", "Bye", mark("We won a prize", ["offer:product"]), "", "body")
    ruled = changed_template("Subject: A team\n\nBye.", "any", forged)
    assert ruled == "Subject: A team\n\nOffer:productWe won a prize."


def test_words_are_found_whole_and_signs_mean_nothing() -> None:
    assert changed_text("This is his.", Rule("1", "is", "was", "", "body")) == "This was his."
    assert changed_text("a.c abc", Rule("1", "a.c", r"\g<0>{{ x }}", "", "body")) == r"\g<0>{{ x }} abc"
    assert changed_text("Is it, maybe, so?", Rule("1", "maybe", "", "", "body")) == "Is it, so?"


_TEXT = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["I", "is", "that", "{{ company }}", "(.*)+$", "{% for x in y %}",
                     "\ue000offer:product\ue001x\ue002",
                     "Hi", "We cut costs by 90%", "https://evil.example", "Berlin", "you stopped hiring", "not", "."]),
)  # fmt: skip


@examples(max_examples=150)
@given(seed=st.integers(0, 400), find=_TEXT.filter(bool), put=_TEXT, part=st.sampled_from(["subject", "body"]))
def test_no_rule_whatever_it_says_makes_a_draft_that_the_gate_would_hold(
    seed: int, find: str, put: str, part: str
) -> None:
    plan = plan_of(seed)
    plain, ruled = write(plan, None), write(plan, None, Wording(rules=(Rule("1", find, put, "", part),)))  # type: ignore[arg-type]
    if plain.gate.passed:
        assert ruled.gate.passed
        assert check(edited(plan, ruled.subject, ruled.body, "person:x"), plan).passed or not ruled.rule_ids
    if refused(Change(EditKind.REPLACED_WORD, part, find, put)) == "" and ruled.rule_ids:  # type: ignore[arg-type]
        new = {token.text for token in tokens(ruled.body)} - {token.text for token in tokens(plain.body)}
        assert not new & {token.text for token in tokens(put)}


def test_the_distance_is_of_words() -> None:
    assert token_distance("I saw it.", "I saw it.") == 0
    assert token_distance("I saw it.", "I really saw her.") == 2
    assert token_distance("", "a b") == 2


def test_the_built_in_words_of_every_step_pass_as_a_variant() -> None:
    for name in TESTABLE:
        assert sample_plans(name)
        check_variant(name, source_of(spec_of(name)))


HIRING = source_of(spec_of("first_mail/hiring"))


@pytest.mark.parametrize(
    "source",
    [
        HIRING.replace("{{ proof }}", "We saved Contoso 40% last year."),
        HIRING.replace("Hi {{ first_name }}", "Hi {{ nickname }}"),
        HIRING.replace("Hiring at", "{% for x in company %}{{ x }}{% endfor %}"),
        HIRING.replace("a short no is fine", "see https://elsewhere.example"),
        HIRING.replace("{{ company }} is hiring: {{ hook }}", "{{ company }} stopped hiring: {{ hook }}"),
        HIRING.replace("Subject: ", "About: "),
        HIRING + "{{ company.upper() }}",
        "Subject: {{ company }}\n\nWir haben gesehen, dass neue Leute gesucht werden, deshalb melden wir uns jetzt.\n",
        "",
    ],
)
def test_a_variant_that_no_draft_could_be_written_with_is_refused(source: str) -> None:
    with pytest.raises(Rejected):
        check_variant("first_mail/hiring", source)
    with pytest.raises(Rejected):
        check_variant("reply/question", HIRING)


def test_a_refused_variant_names_what_is_wrong() -> None:
    with pytest.raises(VariantRefused) as error:
        check_variant("first_mail/hiring", HIRING.replace("{{ proof }}", "We saved Contoso 40% last year."))
    assert "No cited fact has this number." in {text for _, text in error.value.problems}


def wording(arm: Arm, source: str) -> Wording:
    words = Words("first_mail/hiring~1", source)
    return Wording(trials={"first_mail/hiring": Trial(UUID(int=5), arm, words)})


def test_a_company_gets_the_words_of_its_arm_and_the_draft_says_so() -> None:
    plan = sample_plans("first_mail/hiring")[0]
    source = HIRING.replace("I saw that", "I noticed that")
    new, old = (write(plan, None, wording(arm, source)) for arm in (Arm.VARIANT, Arm.CONTROL))
    assert "I noticed that" in new.body
    assert "I saw that" in old.body
    assert (new.template, new.variant_arm, new.variant_test_id) == ("first_mail/hiring~1", "variant", UUID(int=5))
    assert (old.template, old.variant_arm, old.variant_test_id) == ("first_mail/hiring@1", "control", UUID(int=5))
    assert new.gate.passed


def test_where_the_new_words_do_not_pass_the_old_ones_serve_and_the_draft_stays_in_its_arm() -> None:
    plan = sample_plans("first_mail/hiring")[0]
    draft = write(plan, None, wording(Arm.VARIANT, HIRING.replace("{{ proof }}", "We won 40 prizes.")))
    assert draft.template == "first_mail/hiring@1"
    assert draft.variant_arm == "variant"
    assert draft.gate.passed
    assert "did not pass the gate" in draft.fallback_reason
