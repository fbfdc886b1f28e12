"""The second reader of a reply: a language model, asked only where no rule speaks, and only for a typed record.

It has no tools and sees one reply. What it answers are names of intents; what they lead to says the policy. Where it is
absent, late, over budget, unsure or wrong, the reply stays unknown: a person reads it.
"""

import json
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from agents.context import AgentContext
from agents.policy import load_policy
from core.errors import ModelMayRetry, ModelMustStop
from prompts.registry import render
from prompts.variables import ReadingVariables
from store.models import Message
from tools.mail.inbound import InboundKind
from tools.mail.intents import Intent
from tools.ports import LanguageModel

_MAX_CHARACTERS = 4_000
_MAX_ANSWER_TOKENS = 120
_MAX_INTENTS = 4
MEANINGS = {
    Intent.OPT_OUT: "wants no more mail, or objects to the use of their data",
    Intent.ERASURE: "wants their data deleted",
    Intent.LEGAL_THREAT: "threatens with lawyers, courts or authorities",
    Intent.HOSTILE: "insults or is furious",
    Intent.WRONG_PERSON: "is not the one to talk to",
    Intent.ALREADY_CUSTOMER: "is a customer already",
    Intent.NEGATIVE: "declines",
    Intent.NOT_NOW: "wants to be asked later",
    Intent.REFERRAL: "names somebody else to talk to",
    Intent.WANTS_MEETING: "wants a call or a meeting",
    Intent.INTERESTED: "wants to go on or to know more",
    Intent.QUESTION: "asks something",
    Intent.OBJECTION: "has a doubt about price, timing, need, a competitor or who decides",
    Intent.UNKNOWN: "it cannot be told",
}


class ReplyRecord(BaseModel):
    """What a model may say about a reply: nothing that is not a name from the list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    intents: tuple[Intent, ...] = Field(min_length=1, max_length=_MAX_INTENTS)
    certain: bool


def read_again(context: AgentContext, message_id: UUID, run_id: UUID | None) -> None:
    """Adds the model's reading to a message that no rule understood, once; outside any transaction while it asks."""
    with context.database.read(context.workspace_id) as session:
        message = session.get(Message, (context.workspace_id, message_id))
        if message is None or not _unread(message) or not load_policy(session).model_reads_replies:
            return
        sealed = message.body_sealed
        text = context.sealer.open(sealed, context=f"message|body|{message_id}") if sealed else ""
    record = _ask(context, text, run_id) if text.strip() else None
    if record is None:
        return
    with context.database.write(context.workspace_id) as session:
        message = session.get(Message, (context.workspace_id, message_id), with_for_update=True)
        if message is None or not _unread(message):
            return
        known = [{"intent": intent.value, "by": "model"} for intent in known_intents(record)]
        message.reading = {
            **message.reading,
            "model": {
                "certain": record.certain,
                "intents": [intent.value for intent in Intent if intent in record.intents],
            },
            "intents": known or message.reading.get("intents", []),
        }
        session.add(message)


def _unread(message: Message) -> bool:
    named = {str(hit["intent"]) for hit in message.reading.get("intents", [])}
    nothing = not named or named == {Intent.UNKNOWN.value}
    return message.kind == InboundKind.REPLY.value and nothing and "model" not in message.reading


def _ask(context: AgentContext, text: str, run_id: UUID | None) -> ReplyRecord | None:
    model = context.tools.language_model(context.workspace_id, run_id)
    return ask_model(model, text) if model is not None else None


def ask_model(model: LanguageModel, text: str) -> ReplyRecord | None:
    """One reply, read by the model; None where it did not answer, or not as it should."""
    intents = [f"{intent.value}: {meaning}" for intent, meaning in MEANINGS.items()]
    system = render("system/reading", ReadingVariables(intents=intents)).text
    # JSON: no mark in the reply can end it and begin a rule of its own.
    user = json.dumps({"reply": text[:_MAX_CHARACTERS]}, ensure_ascii=False)
    try:
        reply = model.structured(
            purpose="reply.read", system=system, user=user, schema=ReplyRecord, max_tokens=_MAX_ANSWER_TOKENS
        )
    except (ModelMustStop, ModelMayRetry):
        return None
    return reply.value if isinstance(reply.value, ReplyRecord) else None


def known_intents(record: ReplyRecord | None) -> list[Intent]:
    """What is taken over from a model's reading, in order of precedence; nothing where it is not sure."""
    if record is None or not record.certain or Intent.UNKNOWN in record.intents:
        return []
    return [intent for intent in Intent if intent in record.intents]
