"""Binding words to facts: of a model's rewritten sentences by the ids it gives, of a person's edit by search."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from agents.drafting.limits import REWRITTEN_SENTENCE_WORDS, SHORTEST_SENTENCE_WORDS
from agents.drafting.plan import screen
from agents.drafting.segments import Line
from agents.drafting.sources import sources_of
from agents.drafting.support import expresses
from agents.drafting.text import bad_characters, one_line, reads_as_english, sentences, words
from agents.drafting.types import Claim, Draft, DraftPlan, FactRef, Problem, Sentence
from agents.drafting.types import Field as Part
from prompts.marks import without_marks

MAX_FACTS_SHOWN = 12  # more of them make a small model forget which id is which
MAX_FACT_CHARS = 300


class RewrittenSentence(BaseModel):
    model_config = ConfigDict(extra="forbid")

    slot: int
    text: str = Field(max_length=400)
    fact_ids: list[str] = Field(max_length=12)


class Rewrite(BaseModel):
    """What a model answers: one sentence a slot, with the ids of the facts that it uses."""

    model_config = ConfigDict(extra="forbid")

    sentences: list[RewrittenSentence] = Field(max_length=4)


def shown_facts(plan: DraftPlan, needed: Sequence[str]) -> dict[str, FactRef]:
    """What a model gets to see: what the sentences rest on now, then other facts that are fit to be quoted.

    The recipient's address is no fact, and text that looks like an instruction or holds a link is left out.
    """
    sources = sources_of(plan)
    wanted = dict.fromkeys([*needed, *(fact.id for fact in plan.facts)])
    shown: dict[str, FactRef] = {}
    for key in wanted:
        fact = sources.get(key)
        if fact is not None and screen(fact.value) is None and len(shown) < MAX_FACTS_SHOWN:
            shown[key] = fact if screen(fact.quote) is None else replace(fact, quote="")
    return shown


def request(lines: Mapping[int, Line], facts: Mapping[str, FactRef], problems: Sequence[Problem]) -> str:
    """The user message: data only, as JSON, so that no text of a fact can step out of its string."""
    return json.dumps(
        {
            "sentences": [{"slot": slot, "text": line.text, "fact_ids": line.fact_ids} for slot, line in lines.items()],
            "facts": [
                {
                    "id": fact.id,
                    "about": fact.field,
                    "value": fact.value[:MAX_FACT_CHARS],
                    "quote": fact.quote[:MAX_FACT_CHARS],
                }
                for fact in facts.values()
            ],
            "problems": [f"{problem.code}: {problem.message}" for problem in problems],
        },
        ensure_ascii=False,
    )


def bind(
    answer: Rewrite, lines: Mapping[int, Line], facts: Mapping[str, FactRef], model: str
) -> tuple[dict[int, Line], tuple[Problem, ...]]:
    """The rewritten lines that may go to the gate, and what was wrong with the others."""
    bound: dict[int, Line] = {}
    problems: list[Problem] = []
    for item in answer.sentences:
        refused = _refuse(item, lines, facts)
        if refused is not None:
            problems.append(refused)
        elif item.slot not in bound:
            ids = tuple(dict.fromkeys(item.fact_ids))
            bound[item.slot] = Line(item.text.strip(), ids, f"model:{model}", rewritable=True)
    if not bound and not problems:
        problems.append(Problem("nothing_rewritten", "The answer has no sentence."))
    return bound, tuple(problems)


def _refuse(item: RewrittenSentence, lines: Mapping[int, Line], facts: Mapping[str, FactRef]) -> Problem | None:
    text = item.text.strip()
    if item.slot not in lines:
        return Problem("unknown_slot", f"There is no slot {item.slot}.")
    if unknown := [key for key in item.fact_ids if key not in facts]:
        return Problem("unknown_fact", f"{len(unknown)} of the fact ids were not given.")
    if text != one_line(without_marks(text)) or bad_characters(text) or len(sentences(text)) != 1:
        return Problem("not_one_sentence", "Write one sentence on one line.")
    if not text.endswith((".", ".”", '."')):
        return Problem("not_one_sentence", "End it with a full stop.")
    count = len(words(text))
    if not SHORTEST_SENTENCE_WORDS <= count <= REWRITTEN_SENTENCE_WORDS:
        least = SHORTEST_SENTENCE_WORDS
        return Problem("too_long", f"It has {count} words; write {least} to {REWRITTEN_SENTENCE_WORDS}.")
    if not reads_as_english(text):
        return Problem("wrong_language", "Write English.")
    return None


def edited(plan: DraftPlan, subject: str, body: str, editor: str) -> Draft:
    """A draft from a person's words ("person:<id>"), its claims found by search: each sentence cites
    every fact that it says. What nothing backs stays unclaimed, for the gate to find."""
    sources = sources_of(plan)
    claims: list[Claim] = []
    written: list[Sentence] = []
    parts: tuple[tuple[Part, str], ...] = (("subject", subject), ("body", body))
    for part, text in parts:
        for piece in sentences(text):
            written.append(Sentence(part, piece.start, piece.end, editor))
            ids = tuple(key for key, fact in sources.items() if expresses(piece.text, fact))
            if ids:
                claims.append(Claim(part, piece.start, piece.end, ids))
    return Draft(subject, body, tuple(claims), tuple(written))
