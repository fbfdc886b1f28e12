"""A person's edit of a draft: other words make another draft, which is checked anew and approved anew."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from agents.attention import sender_of
from agents.booking.ask_back import ASKING, Beside, beside_times
from agents.context import AgentContext
from agents.drafting.claims import edited
from agents.drafting.gate import check
from agents.drafting.plan import plan_draft
from agents.drafting.types import Draft as Written
from agents.drafting.types import DraftKind, DraftPlan, Slot
from agents.drafts import Threading, save_draft
from agents.material import Material, material
from agents.policy import ActionClass
from core.errors import Conflict, NotFound
from store.models import Draft, DraftState, Hold, Lead, Mailbox, Meeting, Touch, TouchState
from store.queries import approvals


@dataclass(frozen=True, slots=True)
class Revised:
    draft_id: UUID
    approval_id: UUID
    problems: list[dict[str, Any]]


def revise(context: AgentContext, draft_id: UUID, subject: str, body: str, by: str) -> Revised:
    """Replaces a draft by a person's words. The old approval is void, and what it had queued is cancelled.

    Raises NotFound; Conflict where the draft was already sent, is being sent, or was overtaken.
    """
    with context.database.write(context.workspace_id) as session:
        draft, found, plan = _basis(session, context, draft_id)
        # A person's words stay in the test that the draft is part of: else a test would count only what nobody mended.
        written = replace(
            _checked(plan, subject, body, by),
            template=draft.template,
            variant_test_id=draft.variant_test_id,
            variant_arm=draft.variant_arm,
            rule_ids=tuple(draft.rule_ids),
        )
        approvals.replace(session, context.clock, context.ids, draft_id, by=by)
        if draft.touch_id is not None:
            touch = session.get(Touch, (context.workspace_id, draft.touch_id))
            if touch is not None:
                touch.state = TouchState.DRAFTED
                session.add(touch)
        session.flush()
        saved = save_draft(
            session,
            context,
            action=ActionClass(draft.kind),
            thread_key=draft.thread_key,
            written=written,
            contact=found.contact,
            mailbox=found.mailbox,
            lead_id=draft.lead_id,
            customer_id=draft.customer_id,
            touch_id=draft.touch_id,
            meeting_id=draft.meeting_id,
            threading=Threading(draft.in_reply_to, tuple(draft.references.split())),
            links=[link for link in draft.links if link in body],
            created_by=by,
            may_be_automatic=False,
        )
        return Revised(saved.draft_id, saved.approval_id, written.gate.as_rows())


def preview(context: AgentContext, draft_id: UUID, subject: str, body: str, by: str) -> list[dict[str, Any]]:
    """What the gate would say to these words; nothing is written. Raises NotFound, Conflict."""
    with context.database.read(context.workspace_id) as session:
        _, _, plan = _basis(session, context, draft_id)
        return _checked(plan, subject, body, by).gate.as_rows()


def _checked(plan: DraftPlan, subject: str, body: str, by: str) -> Written:
    words = edited(plan, subject, body, f"person:{by.rpartition(':')[2]}")
    return Written(words.subject, words.body, words.claims, words.sentences, gate=check(words, plan))


def _basis(session: Session, context: AgentContext, draft_id: UUID) -> tuple[Draft, Material, DraftPlan]:
    draft = session.get(Draft, (context.workspace_id, draft_id))
    if draft is None:
        raise NotFound("There is no such draft.")
    if draft.state not in (DraftState.PENDING, DraftState.APPROVED):
        what = f"The draft is {draft.state.value}: it can no longer be edited."
        raise Conflict(what, hint="Reload the page to see where it stands.")
    mailbox = session.get(Mailbox, (context.workspace_id, draft.mailbox_id))
    if mailbox is None and draft.lead_id is not None:
        lead = session.get(Lead, (context.workspace_id, draft.lead_id))
        mailbox = sender_of(session, lead) if lead else None
    found = material(session, context, draft.contact_id, mailbox, lead_id=draft.lead_id) if mailbox else None
    if found is None:
        raise Conflict("The person or the mailbox of this draft is gone.", hint="Reject it.")
    return draft, found, _plan(session, context, draft, found)


def _plan(session: Session, context: AgentContext, draft: Draft, found: Material) -> DraftPlan:
    kind = DraftKind(draft.kind)
    slots: list[Slot] = []
    beside = Beside()
    if draft.meeting_id is not None:
        meeting = session.get(Meeting, (context.workspace_id, draft.meeting_id))
        zone = (meeting.time_zone if meeting else "") or found.contact.time_zone or "UTC"
        holds = session.exec(select(Hold).where(Hold.meeting_id == draft.meeting_id)).all()
        links = {h.id: context.tools.booking_url(context.workspace_id, h.id) for h in holds}
        slots = [Slot(f"slot:{h.id}", h.starts_at, zone, links[h.id]) for h in holds if links[h.id] in draft.links]
        if meeting is not None and kind is DraftKind.MEETING_PROPOSAL:
            beside = beside_times(session, context, meeting, asking=draft.template.startswith(ASKING))
    return plan_draft(
        kind,
        found.recipient,
        found.offer,
        found.facts,
        thread_subject=found.thread_subject or (found.offer.product if kind is not DraftKind.FIRST_MAIL else ""),
        slots=slots,
        booking_link=beside.page,
        booking_words=beside.all_times,
        question=beside.question,
        # Which rule wrote the old words does not matter to the check: only the kind and the sources do.
        reason={DraftKind.INTERVENTION: "low_usage", DraftKind.REPLY: "question"}.get(kind, ""),
    )
