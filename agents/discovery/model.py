"""The second reader: a language model, after the rules, for what is said in other words.

It has no tools and sees numbered turns. What it answers are a kind, a turn and a quote; a quote that does not stand in
that turn letter by letter is dropped, and whose side it is on, who is to act and by when follow from the transcript by
code. Nothing it could be talked into does more than propose a sentence that somebody really said.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from agents.context import AgentContext
from agents.discovery import keeping, rules
from agents.discovery.kinds import MOST_QUOTE, Found, Kind, Objection, Spoken
from agents.drafting.text import Piece
from agents.step import Outcome, Step, Trigger
from core.errors import ModelMayRetry, ModelMustStop
from prompts.registry import render
from prompts.variables import DiscoveryVariables
from store.models import Meeting, Transcript
from tools.ports import LanguageModel

_PART: Final = 6_000  # characters of one question: a small model reads no more with care
_MOST_PARTS: Final = 20  # two hours of talk
_MOST_ITEMS: Final = 12  # of one part
_MAX_ANSWER_TOKENS: Final = 1_200
_SHORTEST: Final = 8  # characters of a quote: "yes" says nothing
MEANINGS: Final = {
    Kind.NEED: "the prospect says what they need, miss or suffer from",
    Kind.OBJECTION: "the prospect doubts or resists: price, timing, competitor, need, trust, effort, terms",
    Kind.COMMITMENT: "somebody promises to do something after the meeting",
    Kind.NEXT_STEP: "a next step is proposed, agreed on or asked for",
    Kind.BUDGET: "the prospect says what money there is",
    Kind.AUTHORITY: "the prospect says who decides or signs",
    Kind.TIMELINE: "the prospect says by when something must be done",
    Kind.COMPETITOR: "the prospect names another product or vendor",
}


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    turn: int = Field(ge=0)
    quote: str = Field(min_length=1, max_length=MOST_QUOTE)
    objection: Objection | None = None


class Record(BaseModel):
    """What a model may say of a part of a transcript."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    items: tuple[Item, ...] = Field(max_length=_MOST_ITEMS)


def discovery(context: AgentContext, step: Step) -> Outcome:
    """TRANSCRIPT_KEPT: the rules have read it; the model adds what they passed over. Again: the same findings."""
    transcript_id = UUID(step.payload["transcript_id"])
    with context.database.read(context.workspace_id) as session:
        row = session.get(Transcript, (context.workspace_id, transcript_id))
        meeting = session.get(Meeting, (context.workspace_id, row.meeting_id)) if row is not None else None
        if row is None or meeting is None or row.turns_sealed is None:
            return Outcome(step.stage, Trigger.NOTHING, "The transcript was erased.")
        spoken = keeping.spoken_of(session, context, row, meeting)
    model = context.tools.language_model(context.workspace_id, step.run_id)
    if model is None:
        return Outcome(step.stage, Trigger.NOTHING, "Read by rules; no language model is configured.")
    by_rules = rules.read(spoken)
    found, gave_up = read(model, spoken, by_rules)
    with context.database.write(context.workspace_id) as session:
        row = session.get(Transcript, (context.workspace_id, transcript_id), with_for_update=True)
        if row is None or row.turns_sealed is None:
            return Outcome(step.stage, Trigger.NOTHING, "The transcript was erased.")
        keeping.propose(session, context, row, found, by_model=True)
        row.reading = {**row.reading, "by_model": len(found), "gave_up": gave_up}
        session.add(row)
    said = f"Read by rules ({len(by_rules)} findings) and by the model ({len(found)} more)."
    return Outcome(
        step.stage, Trigger.NOTHING, f"{said} {gave_up}".strip(), inputs={"transcript_id": str(transcript_id)}
    )


def read(model: LanguageModel, spoken: Spoken, known: Sequence[Found]) -> tuple[list[Found], str]:
    """(What the model adds to what is known, why it gave up; "": it did not). Never raises for what a model does."""
    kinds = [f"{kind.value}: {meaning}" for kind, meaning in MEANINGS.items()]
    system = render("system/discovery", DiscoveryVariables(kinds=kinds)).text
    found: list[Found] = []
    for part in _parts(spoken):
        try:
            reply = model.structured(
                purpose="transcript.read", system=system, user=part, schema=Record, max_tokens=_MAX_ANSWER_TOKENS
            )
        except ModelMustStop as error:
            return found, error.message
        except ModelMayRetry:
            continue  # this part stays with what the rules found
        if isinstance(reply.value, Record):
            found += verified(reply.value, spoken, [*known, *found], f"model:{reply.model}"[:100])
    return found[: rules.MOST_FOUND], ""


def verified(record: Record, spoken: Spoken, known: Sequence[Found], by: str) -> list[Found]:
    """What of an answer is so: the quote stands there, its speaker's side may say that, and nothing knows it yet."""
    found: list[Found] = []
    for item in record.items:
        quote = item.quote.strip()
        if item.turn >= len(spoken.turns) or len(quote) < _SHORTEST or rules.is_order(quote):
            continue
        start = spoken.turns[item.turn].text.find(quote)
        if start < 0 or not rules.fit(spoken, item.turn, item.kind):
            continue
        end = start + len(quote)
        if any(
            one.kind is item.kind and one.turn == item.turn and one.start < end and start < one.end
            for one in [*known, *found]
        ):
            continue
        detail = item.objection.value if item.kind is Kind.OBJECTION and item.objection is not None else ""
        if item.kind is Kind.COMPETITOR:
            detail = quote[:64]
        found.append(rules.found_at(spoken, item.turn, Piece(quote, start, end), item.kind, detail=detail, by=by))
    return found


def _parts(spoken: Spoken) -> Iterator[str]:
    """JSON: no mark in what was said can end it and begin a rule of its own."""
    rows: list[dict[str, object]] = []
    size = given = 0
    for number, turn in enumerate(spoken.turns):
        text = turn.text[:_PART]
        if rows and size + len(text) > _PART:
            yield json.dumps({"turns": rows}, ensure_ascii=False)
            rows, size, given = [], 0, given + 1
            if given >= _MOST_PARTS:
                return
        rows.append({"turn": number, "side": spoken.side_of(turn.speaker).value, "said": text})
        size += len(text)
    if rows:
        yield json.dumps({"turns": rows}, ensure_ascii=False)
