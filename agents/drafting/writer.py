"""Writes a draft: a template first, then a language model may say a sentence or two better, if the gate agrees.

Which of them wrote each sentence is recorded. Without a model, or with a bad, late or hostile one, the template stays.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from agents.drafting.claims import Rewrite, bind, request, shown_facts
from agents.drafting.gate import check
from agents.drafting.limits import REWRITTEN_SENTENCE_WORDS, SHORTEST_SENTENCE_WORDS
from agents.drafting.plan import screen, with_lead_in
from agents.drafting.segments import Layout, Line, assemble, parse
from agents.drafting.sources import slot_text
from agents.drafting.text import one_line
from agents.drafting.text import words as words_of
from agents.drafting.types import Draft, DraftPlan, GateResult, Hook, Problem
from agents.drafting.wording import Rule, Wording, Words, changed_sentence, changed_template
from core.errors import ModelMayRetry, ModelMustStop, Rejected
from prompts.marks import mark
from prompts.registry import render, spec_of
from prompts.tenant import render_tenant
from prompts.variables import (
    HookVariables,
    MeetingVariables,
    RecapVariables,
    RewriteVariables,
    ThreadVariables,
    Variables,
    WhichVariables,
)
from scoring.variant_test import Arm
from tools.ports import LanguageModel

MAX_ATTEMPTS = 2  # a model that failed twice on the same sentences fails a third time, and somebody waits
MAX_REWRITTEN_LINES = 2  # the opening and the thought after it; the offer and the question stay as they are
MAX_ANSWER_TOKENS = 400
NO_MODEL = "No language model is configured."


@dataclass(frozen=True, slots=True)
class _Text:
    """A template's words for one plan, its values still marked."""

    name: str
    reference: str
    marked: str
    hook: Hook | None

    def layout(self) -> Layout:
        return parse(self.marked, f"template:{self.reference}")


def write(plan: DraftPlan, model: LanguageModel | None, wording: Wording | None = None) -> Draft:
    """A draft with its claims, provenance and the gate's verdict. Never raises for what a model does.

    `wording`: what the workspace has changed about templates, for the company that is written to.

    Where even the template does not pass, the draft comes back with `gate.passed` False and says why: the caller
    blocks it. Raises FixConfiguration only for a broken installation.
    """
    text, reason = _from_templates(plan)
    text, rule_ids, gave_up = _reworded(text, plan, wording or Wording())
    reason, hook, layout = reason or gave_up, text.hook, text.layout()
    trial = wording.trials.get(text.name) if wording else None
    draft, verdict = _checked(layout, plan)
    notes: tuple[Problem, ...] = ()
    attempts = 0
    # A line that quotes something odd stays as it is, and no model reads it.
    offered = [(slot, line) for slot, line in layout.rewritable().items() if screen(line.text) is None]
    lines = dict(offered[:MAX_REWRITTEN_LINES])
    if not verdict.passed:
        reason = reason or "The template does not pass the gate."
    elif model is None:
        reason = reason or NO_MODEL
    elif lines:
        rules = _Rules(text.name, wording.rules if wording else ())
        draft, verdict, notes, attempts, gave_up, more = _rewritten(layout, draft, verdict, lines, plan, model, rules)
        reason = reason or gave_up
        rule_ids = tuple(dict.fromkeys((*rule_ids, *more)))
    return replace(
        draft, template=text.reference, hook_fact_id=hook.fact.id if hook else "", fallback_reason=reason,
        model_problems=notes, model_attempts=attempts, gate=verdict,
        variant_test_id=trial.test_id if trial else None, variant_arm=trial.arm.value if trial else "",
        rule_ids=rule_ids,
    )  # fmt: skip


def task_script(plan: DraftPlan, channel: str) -> str:
    """Plain words for a rep to use by hand; channel: linkedin, phone or sms. Raises FixConfiguration for another."""
    hook = with_lead_in(plan.hooks[0], f"task/{channel}") if plan.hooks else None
    rendered = render(f"task/{channel}", _variables(f"task/{channel}", plan, hook, marked=False), plan.language)
    blocks = [block for block in rendered.text.strip().split("\n\n") if block.strip()]
    return "\n\n".join("\n".join(line.removeprefix("| ") for line in block.strip().split("\n")) for block in blocks)


def check_words(plan: DraftPlan, name: str, words: Words) -> Draft:
    """What a variant would say to a plan of its template, with the gate's verdict. Raises Rejected for its form."""
    hook = plan.hooks[0] if plan.hooks else None
    draft, verdict = _checked(_of_variant(name, words, plan, hook).layout(), plan)
    return replace(draft, template=words.reference, gate=verdict)


def _from_templates(plan: DraftPlan) -> tuple[_Text, str]:
    """The first hook whose draft passes the gate; else the template that needs none."""
    refused = 0
    for hook in plan.hooks:
        text = _render(hook.template, plan, hook)
        if _passes(text, plan):
            return text, "" if not refused else f"{refused} better openings did not pass the gate."
        refused += 1
    if not plan.template or (plan.hooks and plan.template == plan.hooks[0].template):
        return _render(plan.hooks[0].template, plan, plan.hooks[0]), ""
    text = _render(plan.template, plan, None)
    return text, "" if not refused else f"{refused} openings did not pass the gate."


def _reworded(text: _Text, plan: DraftPlan, wording: Wording) -> tuple[_Text, tuple[str, ...], str]:
    """The workspace's own words where they pass the gate here, then each rule that leaves them passing."""
    trial = wording.trials.get(text.name)
    wanted = [trial.words] if trial is not None and trial.arm is Arm.VARIANT else []
    wanted += [wording.in_force[text.name]] if text.name in wording.in_force else []
    gave_up = ""
    for words in wanted:
        try:
            tried = _of_variant(text.name, words, plan, text.hook)
            passed = _passes(tried, plan)
        except Rejected:
            passed = False
        if passed:
            text, gave_up = tried, ""
            break
        gave_up = f"The words of {words.reference} did not pass the gate here."
    applied: list[str] = []
    for rule in wording.rules:
        changed = changed_template(text.marked, text.name, rule)
        if changed != text.marked and _passes(tried := replace(text, marked=changed), plan):
            text = tried
            applied.append(rule.id)
    return text, tuple(applied), gave_up


def _of_variant(name: str, words: Words, plan: DraftPlan, hook: Hook | None) -> _Text:
    """Raises Rejected for what the small language does not have, and for a text that is no mail."""
    variables = _variables(name, plan, hook, marked=True)
    values = {field: getattr(variables, field) for field in type(variables).model_fields}
    marked = render_tenant(words.source, values)
    if not marked.lstrip("\n").startswith("Subject: "):
        raise Rejected("The words do not begin with “Subject: ”.", hint="Its first line is the subject of the mail.")
    return _Text(name, words.reference, marked, hook)


def _passes(text: _Text, plan: DraftPlan) -> bool:
    return _checked(text.layout(), plan)[1].passed


def _checked(layout: Layout, plan: DraftPlan) -> tuple[Draft, GateResult]:
    draft = Draft(*assemble(layout))
    return draft, check(draft, plan)


def _render(name: str, plan: DraftPlan, hook: Hook | None) -> _Text:
    rendered = render(name, _variables(name, plan, hook, marked=True), plan.language)
    return _Text(name, rendered.template, rendered.text, hook)


def _variables(name: str, plan: DraftPlan, hook: Hook | None, *, marked: bool) -> Variables:
    def say(text: str, *ids: str) -> str:
        clean = one_line(text)
        return mark(clean, ids) if marked else mark(clean, ())

    offer, recipient = plan.offer, plan.recipient
    proof = offer.proof_points[plan.proof] if plan.proof is not None else ""
    common = {
        "first_name": say(recipient.first_name, "recipient:first_name"),
        "company": say(recipient.company, "recipient:company"),
        "title": say(recipient.title, "recipient:title"),
        "product": say(offer.product, "offer:product"),
        "value_line": say(offer.value_line.rstrip(". "), "offer:value"),
        "proof": say(proof, f"offer:proof:{plan.proof}"),
        "sender_name": say(offer.sender_name, "sender:name"),
        "sender_title": say(offer.sender_title, "sender:title"),
        "sender_company": say(offer.sender_company, "sender:company"),
        "minutes": offer.meeting_minutes,
        "hook": say(hook.text, hook.fact.id) if hook else "",
        "quoted": bool(hook and hook.quoted),
    }
    kind = spec_of(name).variables
    if issubclass(kind, ThreadVariables):
        common["thread_subject"] = say(plan.thread_subject, "thread:subject")
    if kind is RecapVariables:
        common["steps"] = [
            f"{whose}: {say(step.value, step.id)}"
            if step.value != step.quote
            else f"{whose}: “{say(step.value, step.id)}”"
            for whose, step in plan.steps
        ]
    if issubclass(kind, MeetingVariables):
        common["slots"] = [
            say(slot_text(slot), slot.id) + (f" {say(slot.link, f'{slot.id}:link')}" if slot.link else "")
            for slot in plan.slots
        ]
        common["booking_link"] = say(plan.booking_link, "offer:booking_link")
        common["booking_words"] = say(plan.booking_words, "offer:booking_words")
        if kind is WhichVariables:
            common["question"] = say(plan.question, "thread:question")
    return kind.model_validate(common) if issubclass(kind, HookVariables) else kind()


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the workspace's people taught, for a draft of one template."""

    template: str
    rules: tuple[Rule, ...]

    def on(self, bound: dict[int, Line], values: Iterable[str]) -> dict[int, tuple[Line, tuple[str, ...]]]:
        """The model's lines as the rules would have them, each with the rules that changed it. One of which nothing is
        left is left out: the template's own line, which the rules have changed already, stays."""
        known = tuple(values)
        ruled = {}
        for slot, line in bound.items():
            text, applied = line.text, []
            for rule in self.rules:
                changed = changed_sentence(text, self.template, rule, known)
                if changed != text:
                    text = changed
                    applied.append(rule.id)
            if len(words_of(text)) >= SHORTEST_SENTENCE_WORDS:
                ruled[slot] = (replace(line, text=text), tuple(applied))
        return ruled


def _rewritten(
    layout: Layout,
    draft: Draft,
    verdict: GateResult,
    lines: dict[int, Line],
    plan: DraftPlan,
    model: LanguageModel,
    rules: _Rules,
) -> tuple[Draft, GateResult, tuple[Problem, ...], int, str, tuple[str, ...]]:
    """The draft with the model's sentences where they passed; problems, attempts, why it was given up, and the learned
    rules that changed what the model wrote. What a rule changed has to pass the gate as it is then."""
    facts = shown_facts(plan, [key for line in lines.values() for key in line.fact_ids])
    system = render("system/rewrite", RewriteVariables(max_words=REWRITTEN_SENTENCE_WORDS - 4), plan.language).text
    seen: list[Problem] = []
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            reply = model.structured(
                purpose="draft.rewrite", system=system, user=request(lines, facts, seen), schema=Rewrite,
                max_tokens=MAX_ANSWER_TOKENS,
            )  # fmt: skip
        except ModelMustStop as error:
            return draft, verdict, tuple(seen), attempt, error.message, ()
        except ModelMayRetry as error:
            seen.append(Problem(error.code, error.message))
            continue
        if not isinstance(reply.value, Rewrite):
            seen.append(Problem("wrong_schema", "The answer is of another form than was asked for."))
            continue
        bound, refused = bind(reply.value, lines, facts, reply.model)
        seen.extend(refused)
        ruled = rules.on(bound, (fact.value for fact in facts.values()))
        best = _keep_what_passes(layout, {slot: line for slot, (line, _) in ruled.items()}, plan, seen)
        if best is not None:
            kept, passed, slots = best
            applied = tuple(rule_id for slot in slots for rule_id in ruled[slot][1])
            return kept, passed, tuple(seen), attempt, "", applied
    return draft, verdict, tuple(seen), MAX_ATTEMPTS, "What the model wrote did not pass; the template stays.", ()


def _keep_what_passes(
    layout: Layout, bound: dict[int, Line], plan: DraftPlan, seen: list[Problem]
) -> tuple[Draft, GateResult, tuple[int, ...]] | None:
    """All rewritten lines together if they pass, else each alone: one bad sentence need not spoil a good one."""
    choices = [bound] if len(bound) < 2 else [bound, *({slot: line} for slot, line in bound.items())]
    for chosen in choices:
        if not chosen:
            continue
        draft, verdict = _checked(layout.with_lines(chosen), plan)
        if verdict.passed:
            return draft, verdict, tuple(chosen)
        seen.extend(problem for problem in verdict.problems if problem not in seen)
    return None
