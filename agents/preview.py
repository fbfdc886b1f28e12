"""A sequence as the email agent would write it to one lead now, step by step. Nothing is saved.

The words come from the agent's own code: material, plan_touch, write. What a mail that was not sent yet would change
for the next one (its subject, the facts it used up) is carried over from the mail just written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlmodel import Session, col, select

from agents.context import AgentContext
from agents.drafting.types import Draft, DraftPlan
from agents.drafting.wording import Wording
from agents.drafting.writer import task_script, write
from agents.material import Material, material_for_lead
from agents.sequences import versions
from agents.touch_plan import MAIL, Place, forbidden, plan_touch
from agents.writing.wording import wording_for
from core.errors import FixConfiguration
from scoring.sequence import SequenceSpec, TouchSpec
from store.models import Contact, Enrollment, EnrollmentState, Lead, LeadStage, Touch, TouchState
from tools.ports import LanguageModel

_OVER: Mapping[LeadStage, str] = {
    LeadStage.REPLIED: "They replied: a person answers next, and the sequence has ended.",
    LeadStage.MEETING_PROPOSED: "A meeting is proposed: the sequence has ended.",
    LeadStage.MEETING_BOOKED: "A meeting is booked: the sequence has ended.",
    LeadStage.MEETING_HELD: "They were met: the sequence has ended.",
    LeadStage.WON: "The deal is won: nobody is sold to twice.",
    LeadStage.LOST: "The deal is lost: nobody is written to any more.",
}


@dataclass(frozen=True, slots=True)
class PreviewedTouch:
    """One step: a mail (`written`), a task (`script`), or neither with the reason (`why_not`)."""

    spec: TouchSpec
    state: str = ""  # of this lead's own touch; empty: the lead is not in this sequence
    due_at: datetime | None = None
    plan: DraftPlan | None = None
    written: Draft | None = None
    script: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class SequencePreview:
    """`why_not`: why nobody would write to this lead; empty: somebody would."""

    why_not: str
    notes: tuple[str, ...] = ()
    touches: tuple[PreviewedTouch, ...] = ()
    material: Material | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    material: Material | None
    why_not: str
    notes: tuple[str, ...]
    touches: Mapping[int, Touch] = field(default_factory=dict)  # by number, where the lead is in this sequence
    wording: Wording = field(default_factory=Wording)  # as the agent would take it: the arms of this lead's company


def preview_sequence(
    context: AgentContext, spec: SequenceSpec, lead: Lead, model: LanguageModel | None = None
) -> SequencePreview:
    """`model`: may reword sentences, as it would for the agent; None: the templates alone."""
    with context.database.read(context.workspace_id) as session:
        read = _read(session, context, spec, lead)
    if read.material is None or read.why_not:
        return SequencePreview(read.why_not, read.notes, tuple(PreviewedTouch(touch) for touch in spec.touches))
    found, touches = read.material, []
    mails = [touch.step for touch in spec.touches if touch.channel == MAIL]
    for touch in spec.touches:
        place = Place(sum(step <= touch.step for step in mails), max(mails, default=0) <= touch.step)
        shown = _touch(context, found, touch, place, read.touches.get(touch.step), model, read.wording)
        touches.append(shown)
        if shown.written is not None:
            found = _after(found, shown.written)
    return SequencePreview("", read.notes, tuple(touches), read.material)


def _touch(
    context: AgentContext,
    found: Material,
    spec: TouchSpec,
    place: Place,
    own: Touch | None,
    model: LanguageModel | None,
    wording: Wording,
) -> PreviewedTouch:
    state, due_at = (own.state.value, own.due_at) if own is not None else ("", None)
    if own is not None and own.state is TouchState.DONE:
        return PreviewedTouch(
            spec, state, due_at, why_not="This step is done: the lead's timeline shows what was said."
        )
    plan = plan_touch(found, spec.channel.value, place, context.clock.now())
    if spec.channel != MAIL:
        return PreviewedTouch(spec, state, due_at, plan, script=task_script(plan, spec.channel.value))
    return PreviewedTouch(spec, state, due_at, plan, written=write(plan, model, wording))


def _after(found: Material, written: Draft) -> Material:
    """As it would be found once this mail was sent."""
    said = frozenset(fact_id for claim in written.claims for fact_id in claim.fact_ids)
    return replace(
        found,
        thread_subject=found.thread_subject or written.subject.removeprefix("Re: "),
        used_fact_ids=found.used_fact_ids | said,
    )


def _read(session: Session, context: AgentContext, spec: SequenceSpec, lead: Lead) -> _Read:
    own = versions.load(session).of_tier(lead.tier)
    notes: list[str] = []
    if own.name != spec.name:
        notes.append(f"This lead is tier {lead.tier}: its own sequence is “{own.name}”, not this one.")
    enrollment = session.exec(select(Enrollment).where(Enrollment.lead_id == lead.id)).first()
    touches: dict[int, Touch] = {}
    if enrollment is not None and enrollment.sequence.partition("@")[0] == spec.name:
        query = select(Touch).where(Touch.enrollment_id == enrollment.id).order_by(col(Touch.number))
        before = enrollment.steps_before
        if enrollment.version == spec.number:
            touches = {touch.number - before: touch for touch in session.exec(query) if touch.number > before}
        else:
            notes.append(f"It stays on version {enrollment.version} until it is moved; this is version {spec.number}.")
        if enrollment.state is not EnrollmentState.ACTIVE:
            why = f": {enrollment.stop_reason}" if enrollment.stop_reason else "."
            notes.append(f"Its sequence is {enrollment.state.value}{why}")
    elif enrollment is None:
        notes.append("No sequence has been started for this lead: this is what it would get.")
    try:
        found = material_for_lead(session, context, lead)
    except FixConfiguration as error:
        return _Read(None, f"{error.message} {error.hint}".strip(), tuple(notes))
    why = _nobody(session, context, spec, lead, found)
    if found is not None and not why and not plan_touch(found, MAIL, Place(1, False), context.clock.now()).hooks:
        notes.append("Nothing is known that a mail could open with: the template for the person's role serves.")
    return _Read(found, why, tuple(notes), touches, wording_for(session, context.sealer, lead.company_id))


def _nobody(session: Session, context: AgentContext, spec: SequenceSpec, lead: Lead, found: Material | None) -> str:
    """Why nobody would write to this lead in this sequence; empty: somebody would."""
    if found is None:
        contact = session.get(Contact, (context.workspace_id, lead.contact_id))
        if contact is None or contact.erased_at is not None:
            return "The person was erased."
        if contact.email_sealed is None:
            return "No address of this person is known."
        return "There is no mailbox to write from."
    if lead.stage is LeadStage.STOPPED:
        return f"The lead is stopped: {lead.stop_reason or 'no reason was kept.'}"
    if lead.stage in _OVER:
        return _OVER[lead.stage]
    if not spec.touches:
        return spec.reason.text
    return forbidden(session, context, found)
