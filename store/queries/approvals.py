"""A person's word on a draft: one compare-and-set, bound to the hash of what was read.

    pending → approved | rejected        decide: the first one counts, everybody else learns who it was
    approved → pending                   undo: while nothing has been handed to a transport
    pending, approved → void             void_…, replace: a reply, opt-out, bounce, stage change or edit overtook it

Everything that follows from it (trigger, draft, touch, outbox, audit) stands in the same transaction.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core.clock import Clock
from core.errors import Conflict, NotFound, Rejected
from core.ids import Ids
from store import audit, feed
from store.feed import Event
from store.feed_kinds import ApprovalData, DraftData, Kind
from store.models import (
    Approval,
    ApprovalState,
    Draft,
    DraftState,
    OutboxItem,
    OutboxState,
    ThreadTrigger,
    Touch,
    TouchState,
)
from store.queries import triggers
from store.session import workspace_of


class Action(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"


_RESULT = {Action.APPROVE: ApprovalState.APPROVED, Action.REJECT: ApprovalState.REJECTED}
_KIND = {ApprovalState.APPROVED: Kind.APPROVAL_APPROVED, ApprovalState.REJECTED: Kind.APPROVAL_REJECTED}
_DRAFT = {ApprovalState.APPROVED: DraftState.APPROVED, ApprovalState.REJECTED: DraftState.REJECTED}


@dataclass(frozen=True, slots=True)
class Decided:
    approval_id: UUID
    draft_id: UUID
    state: ApprovalState
    by: str
    at: datetime
    repeated: bool  # the same person had already said the same


@dataclass(frozen=True, slots=True)
class Voided:
    approvals: int = 0
    drafts: int = 0
    outbox_items: int = 0


def decide(
    session: Session,
    clock: Clock,
    ids: Ids,
    approval_id: UUID,
    *,
    expected_hash: str,
    action: Action,
    by: str,
    reason: str = "",
) -> Decided:
    """`expected_hash`: of the draft as the person saw it. `by`: "user:<id>", "key:<id>", "policy:<number>".

    Raises NotFound; Conflict where somebody else was first, the draft changed or something overtook it; Rejected
    (gate_failed) where the gate holds the draft back.
    """
    now, state = clock.now(), _RESULT[action]
    won = session.execute(
        sa.update(Approval)
        .where(
            col(Approval.id) == approval_id,
            col(Approval.state) == ApprovalState.PENDING,
            col(Approval.content_hash) == expected_hash,
        )
        .values(state=state, decided_by=by, decided_at=now, reason=reason, resumed_at=None)
        .returning(col(Approval.draft_id), col(Approval.lead_id), col(Approval.customer_id))
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if won is None:
        return _lost(session, approval_id, expected_hash, state, by)
    draft = _draft(session, won.draft_id)
    if draft.state is not DraftState.PENDING or draft.content_hash != expected_hash:
        raise Conflict(
            f"The draft is {draft.state.value} and no longer what was shown.",
            hint="Reload it and decide on what stands there now.",
            code="draft_changed",
        )
    if action is Action.APPROVE and draft.problems:
        raise Rejected(
            f"The gate holds this draft back: {', '.join(sorted({str(p.get('code', '?')) for p in draft.problems}))}.",
            hint="Edit it until the gate passes it.",
            code="gate_failed",
        )
    draft.state = _DRAFT[state]
    session.add(draft)
    if action is Action.REJECT:
        _settle_touches(session, [draft], TouchState.CANCELLED, f"The draft was rejected by {by}.")
    subject_kind, subject_id = ("lead", won.lead_id) if won.lead_id else ("customer", won.customer_id)
    triggers.add_trigger(
        session,
        clock,
        subject_kind=subject_kind,
        subject_id=subject_id,
        kind="decided",
        # With the instant: a decision that was undone and made again is another event.
        key=f"decided:{approval_id}:{now.timestamp():.6f}",
        payload={"approval_id": str(approval_id)},
    )
    details = {"draft_id": str(draft.id), "content_hash": expected_hash, "policy_number": draft.policy_number}
    _audit(session, clock, ids, by, f"approval.{state.value}", approval_id, details)
    feed.publish(session, clock, [Event(_KIND[state], approval_id, told_of(draft), by)])
    return Decided(approval_id, draft.id, state, by, now, repeated=False)


def undo(session: Session, clock: Clock, ids: Ids, approval_id: UUID, *, by: str) -> UUID:
    """Back to pending, while the mail waits in the outbox and was never handed to a transport. Returns the draft's id.

    Raises NotFound; Conflict where it is too late, or was not approved.
    """
    approval = session.get(Approval, (workspace_of(session), approval_id), with_for_update=True)
    if approval is None:
        raise NotFound("There is no such approval.")
    if approval.state is not ApprovalState.APPROVED:
        raise Conflict(f"The approval is {approval.state.value}; only an approved one can be undone.")
    untouched = (
        sa.delete(OutboxItem)
        .where(
            col(OutboxItem.approval_id) == approval_id,
            col(OutboxItem.state) == OutboxState.READY,
            col(OutboxItem.mime_sha256) == "",
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(untouched)
    left = session.exec(select(OutboxItem).where(OutboxItem.approval_id == approval_id)).first()
    draft = _draft(session, approval.draft_id)
    if left is not None or draft.state is DraftState.SENT:
        raise Conflict(
            f"It is too late to undo: the mail is {left.state.value if left else 'sent'}.",
            hint="What has left cannot be called back; write a second mail if need be.",
            code="already_sent",
        )
    # A decision that no thread carried out yet has nothing to carry out any more.
    session.execute(
        sa.update(ThreadTrigger)
        .where(col(ThreadTrigger.key).like(f"decided:{approval_id}:%"), col(ThreadTrigger.done_at).is_(None))
        .values(done_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    approval.state, approval.decided_by, approval.decided_at = ApprovalState.PENDING, "", None
    approval.resumed_at, approval.reason = None, ""
    draft.state = DraftState.PENDING
    session.add_all([approval, draft])
    if draft.touch_id is not None:
        _settle_touches(session, [draft], TouchState.DRAFTED, "")
    _audit(session, clock, ids, by, "approval.undone", approval_id, {"draft_id": str(draft.id)})
    feed.publish(session, clock, [Event(Kind.APPROVAL_UNDONE, approval_id, told_of(draft), by)])
    return draft.id


def void_for_lead(
    session: Session,
    clock: Clock,
    ids: Ids,
    lead_id: UUID,
    reason: str,
    *,
    actor: str = "system",
    touch_state: TouchState = TouchState.CANCELLED,
) -> Voided:
    """Takes back all drafts of a lead that have not left. Call it in the transaction that records what overtook them.

    `touch_state`: what becomes of their touches; PLANNED has them drafted anew when they are due.
    """
    return _void(session, clock, ids, [Draft.lead_id == lead_id], reason, actor, DraftState.VOID, touch_state)


def void_for_leads(
    session: Session,
    clock: Clock,
    ids: Ids,
    lead_ids: Sequence[UUID],
    reason: str,
    *,
    actor: str,
    touch_state: TouchState = TouchState.CANCELLED,
) -> Voided:
    """The same for many, in as many statements as for one."""
    return _void(session, clock, ids, [col(Draft.lead_id).in_(lead_ids)], reason, actor, DraftState.VOID, touch_state)


def void_for_contacts(
    session: Session,
    clock: Clock,
    ids: Ids,
    contact_ids: Sequence[UUID],
    reason: str,
    *,
    actor: str,
    touch_state: TouchState = TouchState.CANCELLED,
) -> Voided:
    where = [col(Draft.contact_id).in_(contact_ids)]
    return _void(session, clock, ids, where, reason, actor, DraftState.VOID, touch_state)


def void_for_customer(
    session: Session, clock: Clock, ids: Ids, customer_id: UUID, reason: str, *, actor: str = "system"
) -> Voided:
    where = [Draft.customer_id == customer_id]
    return _void(session, clock, ids, where, reason, actor, DraftState.VOID, TouchState.CANCELLED)


def void_for_contact(
    session: Session, clock: Clock, ids: Ids, contact_id: UUID, reason: str, *, actor: str = "system"
) -> Voided:
    """The same for a person, under whichever ICP: an opt-out, a bounce, an erasure."""
    where = [Draft.contact_id == contact_id]
    return _void(session, clock, ids, where, reason, actor, DraftState.VOID, TouchState.CANCELLED)


def void_draft(
    session: Session,
    clock: Clock,
    ids: Ids,
    draft_id: UUID,
    reason: str,
    *,
    actor: str,
    touch_state: TouchState = TouchState.CANCELLED,
) -> Voided:
    return _void(session, clock, ids, [Draft.id == draft_id], reason, actor, DraftState.VOID, touch_state)


def replace(session: Session, clock: Clock, ids: Ids, draft_id: UUID, *, by: str, reason: str = "edited") -> Voided:
    """Makes room for an edited version, whatever was decided of this one. Raises NotFound, Conflict (it has left)."""
    draft = _draft(session, draft_id)
    in_flight = session.exec(
        select(OutboxItem.id).where(
            OutboxItem.draft_id == draft_id,
            col(OutboxItem.state).in_([OutboxState.SENDING, OutboxState.SENT, OutboxState.UNKNOWN]),
        )
    ).first()
    if draft.state not in (DraftState.PENDING, DraftState.APPROVED) or in_flight is not None:
        raise Conflict(
            "This draft can no longer be edited: "
            + ("it is on its way." if in_flight else f"it is {draft.state.value}."),
            code="draft_closed",
        )
    return _void(session, clock, ids, [Draft.id == draft_id], reason, by, DraftState.REPLACED, TouchState.DRAFTED)


def _void(
    session: Session,
    clock: Clock,
    ids: Ids,
    where: Sequence[Any],
    reason: str,
    actor: str,
    draft_state: DraftState,
    touch_state: TouchState,
) -> Voided:
    open_drafts = select(Draft).where(*where, col(Draft.state).in_([DraftState.PENDING, DraftState.APPROVED]))
    drafts = list(session.exec(open_drafts.order_by(col(Draft.id)).with_for_update()))
    if not drafts:
        return Voided()
    draft_ids = [draft.id for draft in drafts]
    for draft in drafts:
        draft.state = draft_state
    session.add_all(drafts)
    approvals = session.execute(
        sa.update(Approval)
        .where(
            col(Approval.draft_id).in_(draft_ids),
            col(Approval.state).in_([ApprovalState.PENDING, ApprovalState.APPROVED]),
        )
        .values(state=ApprovalState.VOID, reason=reason)
        .returning(col(Approval.id))
        .execution_options(synchronize_session="fetch")
    ).all()
    # Claimed and not started: nothing of it has left, and its start now finds that the claim is gone.
    claimed = sa.and_(col(OutboxItem.state) == OutboxState.SENDING, col(OutboxItem.started_at).is_(None))
    items = session.execute(
        sa.update(OutboxItem)
        .where(col(OutboxItem.draft_id).in_(draft_ids), sa.or_(col(OutboxItem.state) == OutboxState.READY, claimed))
        .values(state=OutboxState.CANCELLED, state_reason=reason)
        .returning(col(OutboxItem.draft_id))
        .execution_options(synchronize_session="fetch")
    ).all()
    _settle_touches(session, drafts, touch_state, reason)
    details = {"draft_ids": [str(found) for found in draft_ids], "outbox_items": len(items)}
    _audit(session, clock, ids, actor, f"draft.{draft_state.value}", draft_ids[0], details)
    kind = Kind.DRAFT_REPLACED if draft_state is DraftState.REPLACED else Kind.DRAFT_VOID
    cancelled = Counter(item.draft_id for item in items)
    feed.publish(
        session,
        clock,
        [
            Event(
                kind,
                d.id,
                DraftData(lead_id=d.lead_id, customer_id=d.customer_id, outbox_items_cancelled=cancelled[d.id]),
                actor,
            )
            for d in drafts
        ],
    )
    return Voided(len(approvals), len(drafts), len(items))


def told_of(draft: Draft) -> ApprovalData:
    """What the feed says of a draft's approval."""
    return ApprovalData(draft_id=draft.id, lead_id=draft.lead_id, customer_id=draft.customer_id, action=draft.kind)


def _settle_touches(session: Session, drafts: Sequence[Draft], state: TouchState, reason: str) -> None:
    touch_ids = [draft.touch_id for draft in drafts if draft.touch_id is not None]
    if touch_ids:
        session.execute(
            sa.update(Touch)
            .where(
                col(Touch.id).in_(touch_ids),
                col(Touch.state).in_([TouchState.PLANNED, TouchState.DRAFTED, TouchState.QUEUED]),
            )
            .values(state=state, block_reason=reason if state in (TouchState.CANCELLED, TouchState.BLOCKED) else "")
            .execution_options(synchronize_session="fetch")
        )


def _lost(session: Session, approval_id: UUID, expected_hash: str, state: ApprovalState, by: str) -> Decided:
    approval = session.get(Approval, (workspace_of(session), approval_id), populate_existing=True)
    if approval is None:
        raise NotFound("There is no such approval.")
    if approval.content_hash != expected_hash:
        raise Conflict(
            "The draft changed since you read it.",
            hint="Reload it and decide on what stands there now.",
            code="draft_changed",
        )
    if approval.state is ApprovalState.VOID:
        raise Conflict(
            f"Something overtook this draft: {approval.reason or 'it was taken back'}.",
            hint="Nothing of it is sent; a new draft follows where one is due.",
            code="overtaken",
        )
    if approval.state is state and approval.decided_by == by and approval.decided_at is not None:
        return Decided(approval_id, approval.draft_id, state, by, approval.decided_at, repeated=True)
    at = approval.decided_at.isoformat(timespec="seconds") if approval.decided_at else "an unknown time"
    raise Conflict(
        f"Already {approval.state.value} by {approval.decided_by} at {at}.",
        hint="The first decision counts; an approval can be undone until the mail leaves.",
        code="already_decided",
    )


def _draft(session: Session, draft_id: UUID) -> Draft:
    draft = session.get(Draft, (workspace_of(session), draft_id), with_for_update=True, populate_existing=True)
    if draft is None:
        raise NotFound("There is no such draft.")
    return draft


def _audit(
    session: Session, clock: Clock, ids: Ids, actor: str, action: str, subject_id: UUID, details: dict[str, Any]
) -> None:
    audit.append(
        session,
        clock,
        ids,
        actor=actor,
        action=action,
        subject_kind=action.partition(".")[0],
        subject_id=subject_id,
        details=details,
    )
