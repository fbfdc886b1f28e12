"""Writes a draft: a template first, then a language model may say a sentence or two better, if the gate agrees.

Which of them wrote each sentence is recorded. Without a model, or with a bad, late or hostile one, the template stays.
"""

from dataclasses import replace

from agents.drafting.claims import Rewrite, bind, request, shown_facts
from agents.drafting.gate import check
from agents.drafting.limits import REWRITTEN_SENTENCE_WORDS
from agents.drafting.plan import screen, with_lead_in
from agents.drafting.segments import Layout, Line, assemble, parse
from agents.drafting.sources import slot_text
from agents.drafting.text import one_line
from agents.drafting.types import Draft, DraftPlan, GateResult, Hook, Problem
from core.errors import ModelMayRetry, ModelMustStop
from prompts.marks import mark
from prompts.registry import render, spec_of
from prompts.variables import HookVariables, MeetingVariables, RewriteVariables, ThreadVariables, Variables
from tools.ports import LanguageModel

MAX_ATTEMPTS = 2  # a model that failed twice on the same sentences fails a third time, and somebody waits
MAX_REWRITTEN_LINES = 2  # the opening and the thought after it; the offer and the question stay as they are
MAX_ANSWER_TOKENS = 400


def write(plan: DraftPlan, model: LanguageModel | None) -> Draft:
    """A draft with its claims, provenance and the gate's verdict. Never raises for what a model does.

    Where even the template does not pass, the draft comes back with `gate.passed` False and says why: the caller
    blocks it. Raises FixConfiguration only for a broken installation.
    """
    layout, hook, template, reason = _from_templates(plan)
    draft, verdict = _checked(layout, plan)
    notes: tuple[Problem, ...] = ()
    attempts = 0
    # A line that quotes something odd stays as it is, and no model reads it.
    offered = [(slot, line) for slot, line in layout.rewritable().items() if screen(line.text) is None]
    lines = dict(offered[:MAX_REWRITTEN_LINES])
    if not verdict.passed:
        reason = reason or "The template does not pass the gate."
    elif model is None:
        reason = reason or "No language model is configured."
    elif lines:
        draft, verdict, notes, attempts, gave_up = _rewritten(layout, draft, verdict, lines, plan, model)
        reason = reason or gave_up
    return replace(
        draft, template=template, hook_fact_id=hook.fact.id if hook else "", fallback_reason=reason,
        model_problems=notes, model_attempts=attempts, gate=verdict,
    )  # fmt: skip


def task_script(plan: DraftPlan, channel: str) -> str:
    """Plain words for a rep to use by hand; channel: linkedin or phone. Raises FixConfiguration for another."""
    hook = with_lead_in(plan.hooks[0], f"task/{channel}") if plan.hooks else None
    rendered = render(f"task/{channel}", _variables(f"task/{channel}", plan, hook, marked=False), plan.language)
    blocks = [block for block in rendered.text.strip().split("\n\n") if block.strip()]
    return "\n\n".join("\n".join(line.removeprefix("| ") for line in block.strip().split("\n")) for block in blocks)


def _from_templates(plan: DraftPlan) -> tuple[Layout, Hook | None, str, str]:
    """The first hook whose draft passes the gate; else the template that needs none."""
    refused = 0
    for hook in plan.hooks:
        layout, reference = _render(hook.template, plan, hook)
        if _checked(layout, plan)[1].passed:
            return layout, hook, reference, "" if not refused else f"{refused} better openings did not pass the gate."
        refused += 1
    if not plan.template or (plan.hooks and plan.template == plan.hooks[0].template):
        layout, reference = _render(plan.hooks[0].template, plan, plan.hooks[0])
        return layout, plan.hooks[0], reference, ""
    layout, reference = _render(plan.template, plan, None)
    return layout, None, reference, "" if not refused else f"{refused} openings did not pass the gate."


def _checked(layout: Layout, plan: DraftPlan) -> tuple[Draft, GateResult]:
    draft = Draft(*assemble(layout))
    return draft, check(draft, plan)


def _render(name: str, plan: DraftPlan, hook: Hook | None) -> tuple[Layout, str]:
    rendered = render(name, _variables(name, plan, hook, marked=True), plan.language)
    return parse(rendered.text, f"template:{rendered.template}"), rendered.template


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
    if kind is MeetingVariables:
        common["slots"] = [
            say(slot_text(slot), slot.id) + (f" {say(slot.link, f'{slot.id}:link')}" if slot.link else "")
            for slot in plan.slots
        ]
        common["booking_link"] = say(plan.booking_link, "offer:booking_link")
    return kind.model_validate(common) if issubclass(kind, HookVariables) else kind()


def _rewritten(
    layout: Layout, draft: Draft, verdict: GateResult, lines: dict[int, Line], plan: DraftPlan, model: LanguageModel
) -> tuple[Draft, GateResult, tuple[Problem, ...], int, str]:
    """The draft with the model's sentences where they passed; problems, attempts, and why it was given up."""
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
            return draft, verdict, tuple(seen), attempt, error.message
        except ModelMayRetry as error:
            seen.append(Problem(error.code, error.message))
            continue
        if not isinstance(reply.value, Rewrite):
            seen.append(Problem("wrong_schema", "The answer is of another form than was asked for."))
            continue
        bound, refused = bind(reply.value, lines, facts, reply.model)
        seen.extend(refused)
        best = _keep_what_passes(layout, bound, plan, seen)
        if best is not None:
            return *best, tuple(seen), attempt, ""
    return draft, verdict, tuple(seen), MAX_ATTEMPTS, "What the model wrote did not pass; the template stays."


def _keep_what_passes(
    layout: Layout, bound: dict[int, Line], plan: DraftPlan, seen: list[Problem]
) -> tuple[Draft, GateResult] | None:
    """All rewritten lines together if they pass, else each alone: one bad sentence need not spoil a good one."""
    choices = [bound] if len(bound) < 2 else [bound, *({slot: line} for slot, line in bound.items())]
    for chosen in choices:
        if not chosen:
            continue
        draft, verdict = _checked(layout.with_lines(chosen), plan)
        if verdict.passed:
            return draft, verdict
        seen.extend(problem for problem in verdict.problems if problem not in seen)
    return None
