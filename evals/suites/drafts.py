"""Are drafts grounded, lawful and short, whatever a language model answers? Whole mails, planned, written and gated.

A case with `edit` is a person's: {replace, by} in the template's own mail, and `held_by` lists what the gate must find.
A case with `answers` has a model: its HTTP exchange is replayed from evals/cassettes/drafts/<case>.json. Recording
(EVAL_MODE=record) asks the endpoint of SALESOS_LLM_BASE_URL, or, where there is none, lets the case's own hand-written
answers stand in for one, in the shape of the API.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from agents.drafting.claims import edited
from agents.drafting.gate import check
from agents.drafting.limits import MAX_WORDS
from agents.drafting.plan import plan_draft
from agents.drafting.sources import sources_of
from agents.drafting.types import Draft, DraftKind, DraftPlan, FactRef, Offer, Recipient, Slot
from agents.drafting.writer import write
from core.clock import VirtualClock
from core.errors import Rejected
from core.settings import Settings
from evals.case import Case
from evals.cassette import CassetteTransport, Mode, mode_from_environment
from evals.graders import at_most, equals, none_of
from evals.suite import Result
from tools.providers.language_model.openai_compatible import Endpoint, OpenAICompatible

CASSETTES = Path(__file__).parents[1] / "cassettes" / "drafts"
_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


class _Unmetered:
    """An eval spends nothing: what it replays was paid for when it was recorded."""

    def reserve(self, *, provider: str, purpose: str, max_micros: int) -> str:
        return purpose

    def settle(self, token: Any, /, *, cost_micros: int, latency_ms: int | None, outcome: str) -> None:
        return


class DraftsSuite:
    name = "drafts"

    def run(self, case: Case) -> Result:
        plan = _plan(case.input)
        answers = case.input.get("answers")
        if "edit" in case.input:
            return _graded(case, plan, _edited(plan, case.input["edit"]))
        if answers is None:
            return _graded(case, plan, write(plan, None))
        cassette = _cassette(case.id, answers)
        client = httpx2.AsyncClient(transport=cassette)
        endpoint = Endpoint("primary", "http://model.eval/v1", "eval", "eval-key")
        model = OpenAICompatible(endpoint, clock=VirtualClock(_NOW), metering=_Unmetered(), http_client=client)
        draft = write(plan, model)
        if cassette.mode is Mode.RECORD:
            cassette.save()
        return _graded(case, plan, draft, cassette)

    def figures(self, results: Sequence[Result]) -> Mapping[str, float]:
        """Shares: sound drafts that passed, false edits that were held, models whose words were kept."""
        asked = [r for r in results if "answers" in r.case.input]
        kept = sum(1 for r in asked if r.output["model_kept"])
        held = [r for r in results if "held_by" in r.case.expected]
        sound = [r for r in results if "held_by" not in r.case.expected]
        return {
            "gate_passed": sum(1 for r in sound if r.output["gate_passed"]) / max(1, len(sound)),
            "edits_held": sum(1 for r in held if not r.output["gate_passed"]) / max(1, len(held)),
            "model_kept": kept / max(1, len(asked)),
        }


def _graded(case: Case, plan: DraftPlan, draft: Draft, cassette: CassetteTransport | None = None) -> Result:
    known = sources_of(plan)
    ungrounded = {fact_id for claim in draft.claims for fact_id in claim.fact_ids if fact_id not in known}
    authors = sorted({sentence.written_by.partition(":")[0] for sentence in draft.sentences})
    whole = f"{draft.subject}\n{draft.body}"
    expected = case.expected
    grades = [
        equals("gate_passed", draft.gate.passed, "held_by" not in expected),
        none_of("claims_without_facts", ungrounded),
        at_most("words", len(draft.body.split()), MAX_WORDS),
        none_of("forbidden", [text for text in expected.get("never", []) if text.lower() in whole.lower()]),
        none_of("missing", [text for text in expected.get("says", []) if text not in whole]),
        none_of("not_held_by", set(expected.get("held_by", [])) - {problem.code for problem in draft.gate.problems}),
        equals("model_kept", "model" in authors, expected.get("model_kept", False)),
    ]
    if "template" in expected:
        grades.append(equals("template", draft.template.partition("@")[0], expected["template"]))
    if cassette is not None:
        grades.append(none_of("unused_recordings", cassette.unused()))
    output = {
        "subject": draft.subject,
        "body": draft.body,
        "template": draft.template,
        "authors": authors,
        "gate": sorted({problem.code for problem in draft.gate.problems}),
        "gate_passed": draft.gate.passed,
        "model_kept": "model" in authors,
        "claims": len(draft.claims),
    }
    return Result(case, output, grades)


def _edited(plan: DraftPlan, edit: Mapping[str, str]) -> Draft:
    """The template's mail with a person's change. Raises Rejected where there is nothing to change."""
    before = write(plan, None)
    if edit["replace"] not in before.body + before.subject:
        raise Rejected(f"The mail does not say {edit['replace']!r}.", hint="Correct the case's edit.replace.")
    subject, body = (text.replace(edit["replace"], edit["by"]) for text in (before.subject, before.body))
    draft = edited(plan, subject, body, "person:eval")
    return replace(draft, gate=check(draft, plan))


def _plan(given: Mapping[str, Any]) -> DraftPlan:
    facts = [
        FactRef(f["id"], f["field"], str(f["value"]), f.get("quote", ""), observed_at=_instant(f.get("on_date")))
        for f in given.get("facts", [])
    ]
    slots = [
        Slot(f"slot:{n}", _instant(at) or _NOW, given.get("zone", "UTC"), _link(given, n))
        for n, at in enumerate(given.get("slots", []))
    ]
    return plan_draft(
        DraftKind(given["kind"]),
        Recipient(email="someone@their.example", **given["recipient"]),
        _offer(given["offer"]),
        facts,
        now=_NOW,
        touch_number=given.get("touch_number", 1),
        last_touch=given.get("last_touch", False),
        thread_subject=given.get("thread_subject", ""),
        slots=slots,
        reason=given.get("reason", ""),
    )


def _link(given: Mapping[str, Any], number: int) -> str:
    return f"{given['booking']}/b/{number}" if "booking" in given else ""


def _offer(given: Mapping[str, Any]) -> Offer:
    lists: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return Offer(**lists)


def _instant(value: Any) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime(value.year, value.month, value.day, 12, tzinfo=UTC)


def _cassette(case_id: str, answers: Sequence[Any]) -> CassetteTransport:
    path = CASSETTES / f"{case_id}.json"
    mode = mode_from_environment()
    if mode is Mode.REPLAY:
        return CassetteTransport(path)
    settings = Settings()
    real = bool(settings.llm_base_url)
    inner: httpx2.BaseTransport = httpx2.HTTPTransport() if real else httpx2.MockTransport(_scripted(answers))
    return CassetteTransport(path, mode, inner=inner, secrets=(settings.llm_api_key.get_secret_value(),))


def _scripted(answers: Sequence[Any]) -> Any:
    """A model that says what the case's author wrote; text as it is, anything else as JSON."""
    left = list(answers)

    def answer(_request: httpx2.Request) -> httpx2.Response:
        content = left.pop(0) if left else "{}"
        refusal = content["refusal"] if isinstance(content, dict) and "refusal" in content else None
        text = None if refusal else content if isinstance(content, str) else json.dumps(content)
        message = {"role": "assistant", "content": text, "refusal": refusal}
        body = {
            "id": "recorded",
            "object": "chat.completion",
            "created": 1,
            "model": "scripted",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
        }
        return httpx2.Response(200, json=body)

    return answer
