"""Keeping drafts: words sealed, claims with their fact ids, the gate's verdict, and an approval bound to the hash."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from agents.content_notes import blocking, notes_on
from agents.context import AgentContext
from agents.drafting.types import Draft as Written
from agents.drafting.types import Severity
from agents.policy import ActionClass, Autonomy, load_policy
from core.ids import stable_id
from scoring import worth
from store import audit, feed
from store.feed import Event
from store.feed_kinds import ApprovalData, Kind
from store.models import (
    Approval,
    ApprovalState,
    ClaimRow,
    Contact,
    Draft,
    DraftState,
    Lead,
    Mailbox,
    ScoreRow,
    Touch,
    Workspace,
)
from tools.mail.compose import content_hash, message_id

_OPEN = (DraftState.PENDING, DraftState.APPROVED, DraftState.SENT)


@dataclass(frozen=True, slots=True)
class Saved:
    draft_id: UUID
    approval_id: UUID
    approved: bool  # by policy, at once


@dataclass(frozen=True, slots=True)
class Threading:
    """Where in a conversation a mail stands: Message-IDs with their angle brackets."""

    in_reply_to: str = ""
    references: tuple[str, ...] = ()


def open_draft(session: Session, context: AgentContext, thread_key: str) -> Saved | None:
    """The draft that already answers this; None where there is none, or it was voided or replaced."""
    query = select(Draft).where(Draft.thread_key == thread_key, col(Draft.state).in_(_OPEN))
    draft = session.exec(query.order_by(col(Draft.version).desc()).limit(1)).first()
    if draft is None:
        return None
    approval = session.exec(select(Approval).where(Approval.draft_id == draft.id)).one()
    return Saved(draft.id, approval.id, approval.state is ApprovalState.APPROVED)


def save_draft(
    session: Session,
    context: AgentContext,
    *,
    action: ActionClass,
    thread_key: str,
    written: Written,
    contact: Contact,
    mailbox: Mailbox,
    lead_id: UUID | None = None,
    customer_id: UUID | None = None,
    touch_id: UUID | None = None,
    meeting_id: UUID | None = None,
    threading: Threading | None = None,
    links: Sequence[str] = (),
    created_by: str = "agent",
    may_be_automatic: bool = True,
) -> Saved:
    """Writes a draft, its claims and its approval; the one that is already open for `thread_key`, where there is one.

    Approved at once only where the policy says AUTO for the action and the gate passed everything.
    Raises ValueError for a contact without an address.
    """
    if (existing := open_draft(session, context, thread_key)) is not None:
        return existing
    if contact.email_sealed is None:
        raise ValueError("A draft needs an address to go to.")
    policy, now, sealer = load_policy(session), context.clock.now(), context.sealer
    last = select(Draft.version).where(Draft.thread_key == thread_key).order_by(col(Draft.version).desc()).limit(1)
    version = (session.exec(last).first() or 0) + 1
    draft_id = stable_id("draft", context.workspace_id, thread_key, version)
    recipient = sealer.open(contact.email_sealed, context=f"contact|email|{contact.id}")

    def sealed(column: str, text: str) -> str:
        return sealer.seal(text, context=f"draft|{column}|{draft_id}")

    digest = content_hash(
        recipient=recipient,
        sender=mailbox.address,
        subject=written.subject,
        body=written.body,
        links=tuple(links),
        policy_version=policy.number,
    )
    where = threading or Threading()
    automatic = may_be_automatic and written.gate.passed and policy.autonomy_of(action) is Autonomy.AUTO
    workspace = session.get(Workspace, context.workspace_id)
    if automatic and policy.blocking_notes and workspace is not None:
        notes = notes_on(
            context,
            workspace,
            mailbox.address,
            subject=written.subject,
            body=written.body,
            links=links,
            answers=bool(where.in_reply_to),
        )
        automatic = not blocking(policy, notes)  # a person mends it
    session.add(
        Draft(
            workspace_id=context.workspace_id,
            id=draft_id,
            thread_key=thread_key,
            version=version,
            kind=action.value,
            touch_id=touch_id,
            lead_id=lead_id,
            customer_id=customer_id,
            contact_id=contact.id,
            mailbox_id=mailbox.id,
            meeting_id=meeting_id,
            recipient_sealed=sealed("recipient", recipient),
            subject_sealed=sealed("subject", written.subject),
            body_sealed=sealed("body", written.body),
            in_reply_to=where.in_reply_to,
            references=" ".join(where.references),
            links=list(links),
            sentences=[
                {"field": s.field, "start": s.start, "end": s.end, "written_by": s.written_by}
                for s in written.sentences
            ],
            # Only what holds it back: a warning is shown while somebody edits, and forbids nothing.
            problems=[row for row in written.gate.as_rows() if row["severity"] == Severity.BLOCK],
            fallback_reason=written.fallback_reason,
            template=written.template,
            variant_test_id=written.variant_test_id,
            variant_arm=written.variant_arm,
            rule_ids=list(written.rule_ids),
            policy_number=policy.number,
            content_hash=digest,
            message_id=message_id(context.workspace_id, draft_id, version, mailbox.address.rpartition("@")[2]),
            state=DraftState.APPROVED if automatic else DraftState.PENDING,
            created_by=created_by,
            created_at=now,
        )
    )
    session.flush()
    for number, claim in enumerate(written.claims):
        session.add(
            ClaimRow(
                workspace_id=context.workspace_id,
                id=stable_id("claim", draft_id, number),
                draft_id=draft_id,
                field=claim.field,
                start=claim.start,
                end=claim.end,
                fact_ids=list(claim.fact_ids),
            )
        )
    approval_id = stable_id("approval", draft_id)
    priority = _priority(session, lead_id, customer_id)
    touch = session.get(Touch, (context.workspace_id, touch_id)) if touch_id else None
    session.add(
        Approval(
            workspace_id=context.workspace_id,
            id=approval_id,
            draft_id=draft_id,
            lead_id=lead_id,
            customer_id=customer_id,
            content_hash=digest,
            state=ApprovalState.APPROVED if automatic else ApprovalState.PENDING,
            decided_by=f"policy:{policy.number}" if automatic else "",
            decided_at=now if automatic else None,
            expected_minor=worth.expected_minor(
                worth.Action(action.value), priority, workspace.deal_value_minor if workspace else 0
            ),
            due_at=touch.due_at if touch else now,  # an answer is due as soon as somebody asked
            created_at=now,
        )
    )
    session.flush()
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=created_by,
        action="draft.approved_by_policy" if automatic else "draft.created",
        subject_kind="draft",
        subject_id=draft_id,
        details={"content_hash": digest, "version": version, "policy": policy.number},
    )
    told = ApprovalData(draft_id=draft_id, lead_id=lead_id, customer_id=customer_id, action=action.value)
    kind = Kind.APPROVAL_APPROVED if automatic else Kind.APPROVAL_WAITING
    by = f"policy:{policy.number}" if automatic else created_by
    feed.publish(session, context.clock, [Event(kind, approval_id, told, by)])
    return Saved(draft_id, approval_id, automatic)


def _priority(session: Session, lead_id: UUID | None, customer_id: UUID | None) -> float | None:
    """Of the lead; of a customer the churn risk. None: not known."""
    if lead_id is not None:
        return session.exec(select(Lead.priority).where(Lead.id == lead_id)).first()
    query = select(ScoreRow.value).where(ScoreRow.subject_id == customer_id, ScoreRow.kind == "churn_risk")
    return session.exec(query).first() if customer_id is not None else None
