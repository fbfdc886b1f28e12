"""What a contact did, as events; how much attention that shows; and what a person should do next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from agents import came_back
from agents.context import AgentContext
from agents.scorer import reasons_as_rows
from core.ids import stable_id
from scoring import engagement as rules
from scoring.engagement import Action, ActorClass, EngagementKind
from store import bulk, feed
from store.feed_kinds import Kind
from store.models import Company, Customer, EngagementEvent, Enrollment, Lead, Mailbox, ScoreRow, Task, User

COMPLAINT, OPT_OUT = "complaint", "opt_out"
_EVENTS_LOOKED_AT = 500  # with a half-life of two weeks the ones before weigh nothing
_TITLES = {
    Action.ANSWER: "Answer what they wrote",
    Action.PREPARE_MEETING: "Prepare the meeting",
    Action.REBOOK: "They missed the meeting: offer new times",
    Action.FOLLOW_UP: "Send what you promised in the meeting",
    Action.FIX_ADDRESS: "Find another address: theirs does not exist",
}
_TASK_TIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Attention:
    """`value` 0–1; None: nothing a human did is known."""

    value: float | None
    action: Action
    reason: str

    def as_inputs(self) -> dict[str, Any]:
        value = None if self.value is None else round(self.value, 4)
        return {"engagement": value, "next_best_action": self.action.value, "why": self.reason}


def add_event(
    session: Session,
    context: AgentContext,
    *,
    contact_id: UUID,
    kind: str,
    actor: ActorClass,
    rule: str,
    source_key: str,
    at: datetime,
    lead_id: UUID | None = None,
    message_id: UUID | None = None,
    raw: dict[str, Any] | None = None,
) -> bool:
    """Whether it was new: the same source key is one event."""
    row = {
        "id": stable_id("event", context.workspace_id, source_key),
        "contact_id": contact_id,
        "lead_id": lead_id,
        "message_id": message_id,
        "kind": kind,
        "actor": actor.value,
        "rule": rule[:100],
        "source_key": source_key,
        "raw": raw or {},
        "occurred_at": at,
    }
    if not bulk.insert_ignore(session, EngagementEvent, [row]):
        return False
    if kind in (COMPLAINT, EngagementKind.BOUNCE.value):
        complaint = kind == COMPLAINT
        came_back.count(
            session, context, complaint=complaint, contact_id=contact_id, message_id=message_id, raw=raw or {}
        )
    return True


def reassess(session: Session, context: AgentContext, contact_id: UUID) -> Attention:
    """The engagement score of a contact from all events, written with its reasons."""
    now = context.clock.now()
    rows = session.exec(
        select(EngagementEvent)
        .where(EngagementEvent.contact_id == contact_id)
        .order_by(col(EngagementEvent.occurred_at).desc(), col(EngagementEvent.id))
        .limit(_EVENTS_LOOKED_AT)
    ).all()
    events = [event for row in rows if (event := _as_event(row)) is not None]
    scored = rules.score_engagement(events, now)
    chosen = rules.next_best_action(events, now)
    score = {
        "id": stable_id("score", context.workspace_id, contact_id, "engagement"),
        "subject_kind": "contact",
        "subject_id": contact_id,
        "kind": "engagement",
        "value": scored.value,
        "reasons": reasons_as_rows(scored.reasons),
        "model_version": scored.model_version,
        "as_of": now,
    }
    bulk.upsert(session, ScoreRow, [score], key=["subject_id", "kind"])
    return Attention(scored.value, chosen.action, chosen.reason.text)


def add_task(
    session: Session,
    context: AgentContext,
    *,
    source_key: str,
    subject: Lead | Customer,
    kind: str,
    title: str,
    due_at: datetime | None = None,
    assignee_id: UUID | None = None,
    play_id: UUID | None = None,
    script: str = "",
) -> UUID:
    """A task of the lead's rep, or of the customer's CSM, once a source key. The title names the company, no person."""
    company = session.get(Company, (context.workspace_id, subject.company_id))
    task_id = stable_id("task", context.workspace_id, source_key)
    owner = assignee_id or (rep_of(session, subject) if isinstance(subject, Lead) else subject.csm_user_id)
    row = {
        "id": task_id,
        "source_key": source_key,
        "subject_kind": "lead" if isinstance(subject, Lead) else "customer",
        "subject_id": subject.id,
        "play_id": play_id,
        "script_sealed": context.sealer.seal(script, context=f"task|script|{task_id}") if script else None,
        "kind": kind,
        "title": f"{title} ({company.name})"[:300] if company else title[:300],
        "assignee_id": owner,
        "due_at": due_at or context.clock.now() + _TASK_TIME,
        "created_at": context.clock.now(),
    }
    if bulk.insert_ignore(session, Task, [row]):
        feed.publish(session, context.clock, [feed.task(Kind.TASK_MADE, row, "agent")])
    return task_id


def task_for(
    session: Session,
    context: AgentContext,
    subject: Lead | Customer,
    attention: Attention,
    source_key: str,
    due_at: datetime | None = None,
    assignee_id: UUID | None = None,
) -> UUID | None:
    """A task where the next best action is a person's; None where agents go on by themselves."""
    title = _TITLES.get(attention.action)
    if title is None:
        return None
    kind = attention.action.value
    return add_task(
        session,
        context,
        source_key=source_key,
        subject=subject,
        kind=kind,
        title=title,
        due_at=due_at,
        assignee_id=assignee_id,
    )


def sender_of(session: Session, lead: Lead) -> Mailbox | None:
    """The mailbox that writes to this lead: its enrollment's, else the first there is."""
    mailbox_id = session.exec(select(Enrollment.mailbox_id).where(Enrollment.lead_id == lead.id)).first()
    mailbox = session.get(Mailbox, (lead.workspace_id, mailbox_id)) if mailbox_id else None
    return mailbox or session.exec(select(Mailbox).order_by(col(Mailbox.id)).limit(1)).first()


def rep_of(session: Session, lead: Lead) -> UUID | None:
    """Whose mailbox writes to this lead; None: nobody's."""
    mailbox = sender_of(session, lead)
    user = session.get(User, (lead.workspace_id, mailbox.user_id)) if mailbox else None
    return user.id if user is not None and user.active else None


def _as_event(row: EngagementEvent) -> rules.EngagementEvent | None:
    kind = EngagementKind.UNSUBSCRIBE if row.kind in (COMPLAINT, OPT_OUT) else row.kind
    try:
        return rules.EngagementEvent(EngagementKind(kind), ActorClass(row.actor), row.occurred_at, str(row.id))
    except ValueError:
        return None  # "delivered" and the like say nothing of attention
