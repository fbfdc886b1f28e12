"""One budget of unasked touches for a person and for a company, of sales and customer success together.

Counted is what left, is leaving or may have left by mail, and what a rep was asked to do by hand. Answers, times
proposed to somebody who wants to talk, and invitations are not: they wrote to us.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from agents.policy import ActionClass, Policy
from store.models import Contact, Draft, Lead, OutboxItem, Touch, TouchState
from store.queries import outbox, sending

UNASKED = (ActionClass.FIRST_MAIL.value, ActionClass.FOLLOW_UP.value, ActionClass.INTERVENTION.value)
_MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Over:
    until: datetime  # when the oldest touch that stands in the way is out of the window
    reason: str


@dataclass(frozen=True, slots=True)
class Spent:
    """Of some companies: whom each unasked touch within the budget's days was to, and when."""

    policy: Policy
    touches: dict[UUID, list[tuple[UUID, datetime]]] = field(default_factory=dict)  # by company

    def over(self, contact_id: UUID, company_id: UUID) -> Over | None:
        """None: one more touch is within the budget."""
        window = timedelta(days=self.policy.touch_budget_days)
        here = sorted(self.touches.get(company_id, []), key=lambda touch: touch[1])
        theirs = [at for whom, at in here if whom == contact_id]
        found = (
            _held(theirs, self.policy.touches_per_contact, window, "This person"),
            _held([at for _, at in here], self.policy.touches_per_company, window, "This company"),
        )
        return max((over for over in found if over is not None), key=lambda over: over.until, default=None)

    def add(self, contact_id: UUID, company_id: UUID, at: datetime) -> None:
        self.touches.setdefault(company_id, []).append((contact_id, at))


def lock_companies(session: Session, company_ids: Collection[UUID], *, wait: bool) -> set[UUID]:
    """Those of which nobody else counts and adds touches until the transaction ends.

    A claim must not wait: it holds items, and the order in which claims meet companies is nobody's. SQLite has one
    writer anyway.
    """
    if session.get_bind().dialect.name != "postgresql":
        return set(company_ids)
    ask = sa.func.pg_advisory_xact_lock if wait else sa.func.pg_try_advisory_xact_lock
    held = set()
    for company_id in sorted(company_ids):
        answer = session.execute(sa.select(ask(company_id.int & (2**63 - 1)))).scalar_one()
        if wait or answer:
            held.add(company_id)
    return held


def spent(
    session: Session,
    policy: Policy,
    now: datetime,
    company_ids: Collection[UUID],
    *,
    without: Collection[UUID] = (),
) -> Spent:
    """In two statements. `without`: outbox items that are asked about, which are being claimed."""
    found = Spent(policy)
    if not company_ids:
        return found
    since, at = now - timedelta(days=policy.touch_budget_days), sending.counted_at()
    mails = (
        sa.select(col(Contact.company_id).label("company_id"), col(Contact.id).label("contact_id"), at.label("at"))
        .select_from(Contact)
        .join(
            OutboxItem,
            (col(OutboxItem.workspace_id) == col(Contact.workspace_id))
            & (col(OutboxItem.contact_id) == col(Contact.id)),
        )
        .join(
            Draft,
            (col(Draft.workspace_id) == col(OutboxItem.workspace_id)) & (col(Draft.id) == col(OutboxItem.draft_id)),
        )
        .where(
            col(Contact.company_id).in_(company_ids),
            col(OutboxItem.kind) == outbox.MAIL,
            col(OutboxItem.state).in_(sending.COUNTED),
            col(Draft.kind).in_(UNASKED),
            at > since,
        )
    )
    if without:
        mails = mails.where(col(OutboxItem.id).not_in(without))
    by_hand: Any = (
        sa.select(
            col(Lead.company_id).label("company_id"),
            col(Lead.contact_id).label("contact_id"),
            col(Touch.done_at).label("at"),
        )
        .select_from(Lead)
        .join(Touch, (col(Touch.workspace_id) == col(Lead.workspace_id)) & (col(Touch.lead_id) == col(Lead.id)))
        .where(
            col(Lead.company_id).in_(company_ids),
            col(Touch.channel) != _MAIL,
            col(Touch.state) == TouchState.DONE,
            col(Touch.done_at) > since,
        )
    )
    for row in (*session.execute(mails), *session.execute(by_hand)):
        found.add(row.contact_id, row.company_id, row.at)
    for row in session.execute(_by_phone(company_ids, since, without)):
        if not row.payload.get("counted"):  # else as the step of a sequence that it is
            found.add(row.contact_id, row.company_id, row.at)
    return found


def _by_phone(company_ids: Collection[UUID], since: datetime, without: Collection[UUID]) -> Any:
    """Texts and calls that went out through an account."""
    at = sending.counted_at()
    return (
        sa.select(
            col(Contact.company_id).label("company_id"),
            col(Contact.id).label("contact_id"),
            at.label("at"),
            col(OutboxItem.payload).label("payload"),
        )
        .select_from(Contact)
        .join(
            OutboxItem,
            (col(OutboxItem.workspace_id) == col(Contact.workspace_id))
            & (col(OutboxItem.contact_id) == col(Contact.id)),
        )
        .where(
            col(Contact.company_id).in_(company_ids),
            col(OutboxItem.kind).in_(outbox.BY_PHONE),
            col(OutboxItem.state).in_(sending.COUNTED),
            col(OutboxItem.id).not_in(without),
            at > since,
        )
    )


def _held(touches: Sequence[datetime], most: int, window: timedelta, whom: str) -> Over | None:
    if len(touches) < most:
        return None
    reason = f"{whom} had {len(touches)} unasked touches within {window.days} days; the policy allows {most}."
    return Over(touches[len(touches) - most] + window, reason)
