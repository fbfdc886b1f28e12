"""Somebody else at the company answered a mail to one of them: nobody there goes on being written to unasked.

It is not the contact's own word. It moves neither the contact's score nor the lead's stage; a person reads it. What
they ask for themselves they get: whoever opts out is never written to, and the lead whose mail reached them stops.
"""

from typing import Final

from agents import stopping
from agents.attention import OPT_OUT
from agents.reply_case import Case
from agents.step import Outcome, Trigger
from scoring.engagement import ActorClass
from store import audit
from store.models import LeadStage
from store.queries import suppression

ANSWERED: Final = "a colleague answered"
# Kept and shown; no kind that scoring.engagement counts, because it says nothing of the contact's own interest.
WROTE, OPTED_OUT, WAS_AWAY = "colleague_reply", "colleague_opt_out", "colleague_away"


def answered(case: Case) -> Outcome:
    """The account is paused, the lead with it, until a person or the policy resumes it."""
    lead = case.lead
    assert lead is not None
    case.event(WROTE, ActorClass.HUMAN, {"intents": [intent.value for intent in case.intents]})
    stopping.pause_colleagues(case.session, case.context, lead, ANSWERED, with_lead=True)
    case.task("colleague", "answer", "A colleague of theirs answered: read it and decide how to go on")
    text = "A colleague answered, not the person we wrote to: everybody there is paused, and a person reads it."
    return case.outcome(Trigger.ASSESSED, text)


def opted_out(case: Case, text: str) -> Outcome:
    """Of one whom we know by the address of this mail alone: that address is kept in mind, as a keyed hash."""
    case.event(OPTED_OUT, ActorClass.HUMAN)
    if case.message.sender_index:
        keys = [(suppression.ADDRESS, case.message.sender_index)]
        source = f"message:{case.message.id}"
        suppression.suppress_keys(case.session, case.context.clock, keys, reason=OPT_OUT, source=source)
    if case.lead is not None:
        text = f"A colleague of theirs wrote: {text}"
        stopping.stop_lead(case.session, case.context, case.lead, LeadStage.STOPPED, text)
        stopping.pause_colleagues(case.session, case.context, case.lead, ANSWERED)
    audit.append(
        case.session,
        case.context.clock,
        case.context.ids,
        actor="agent:engagement",
        action="colleague.opt_out",
        subject_kind="message",
        subject_id=case.message.id,
        details={"lead_id": str(case.lead.id) if case.lead else ""},
    )
    return case.outcome(Trigger.OPTED_OUT, text)


def was_away(case: Case) -> Outcome:
    """Their absence is not the contact's: nothing waits for it, and nobody left."""
    case.event(WAS_AWAY, ActorClass.MACHINE)
    return case.outcome(Trigger.AUTO_REPLY, "A program of a colleague answered: it says nothing of the contact.")
