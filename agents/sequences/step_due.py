"""A step is due: is it done, by which channel, or why not? Asked of what is known and allowed now, not when planned."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from agents.context import AgentContext
from agents.lawful import ruling_on
from agents.material import Material
from agents.policy import load_policy
from agents.sequences import budget
from agents.sequences.happened import happened_before
from agents.sequences.planning import reach_of, spec_of
from agents.touch_plan import MAIL, forbidden, suppressed, undeliverable
from scoring.sequence import SequenceSpec, TouchSpec, choose_channel
from scoring.sequence_plan import unmet
from store.models import Enrollment, Lead, Touch

SMS = "sms"


@dataclass(frozen=True, slots=True)
class Do:
    channel: str
    reason: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Not this step; the sequence goes on."""

    reason: str


@dataclass(frozen=True, slots=True)
class PutOff:
    """Not before `until`."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Block:
    """Nothing of this sequence can be done."""

    reason: str


def decide(
    session: Session, context: AgentContext, enrollment: Enrollment, touch: Touch, lead: Lead, found: Material
) -> Do | Skip | PutOff | Block:
    if why := suppressed(session, context, found):
        return Block(why)
    spec = spec_of(session, enrollment)
    step = spec.touch(touch.number - enrollment.steps_before) if spec is not None else None
    decided: Do | Skip | Block
    if spec is None or step is None:
        decided = _as_planned(session, context, touch, found)
    elif why := unmet(step, happened_before(session, enrollment, touch)):
        return Skip(why)
    else:
        decided = _by_reach(session, context, spec, step, found)
    held = put_off_by_budget(session, lead, context.clock.now()) if isinstance(decided, Do) else None
    return held or decided


def put_off_by_budget(session: Session, lead: Lead, now: datetime) -> PutOff | None:
    """A mail is asked again when it is claimed, a touch by hand in the transaction that counts it: under a lock."""
    found = budget.spent(session, load_policy(session), now, [lead.company_id]).over(lead.contact_id, lead.company_id)
    return PutOff(found.until, found.reason) if found is not None else None


def _by_reach(
    session: Session, context: AgentContext, spec: SequenceSpec, step: TouchSpec, found: Material
) -> Do | Skip | Block:
    barred = ""
    if found.recipient.email:
        barred = forbidden(session, context, found)
    text_barred = _text_barred(session, context, found) if step.channel == SMS else ""
    reach = reach_of(found.contact, mail_barred=barred, text_barred=text_barred)
    chosen = choose_channel(spec, step, reach)
    if chosen.channel is not None:
        return Do(chosen.channel.value, chosen.reason)
    if step.channel == MAIL:
        # No other channel of the sequence is open: no later step could be done either.
        return Block(barred or chosen.reason)
    return Skip(chosen.reason)


def _text_barred(session: Session, context: AgentContext, found: Material) -> str:
    """A text is electronic mail to the law, whoever's phone it leaves from."""
    ruling = ruling_on(session, found.contact, context.clock.now(), channel=SMS)
    return "" if ruling.allowed else ruling.reason


def _as_planned(session: Session, context: AgentContext, touch: Touch, found: Material) -> Do | Skip | Block:
    """Of a version that today's rules cannot read: its touches go on as they were planned."""
    if touch.channel == SMS and (why := _text_barred(session, context, found)):
        return Skip(why)
    if touch.channel != MAIL:
        return Do(touch.channel, "As it was planned.")
    if not found.recipient.email:
        return Block("There is no address.")
    why = undeliverable(session, context, found) or forbidden(session, context, found)
    return Block(why) if why else Do(touch.channel, "As it was planned.")
