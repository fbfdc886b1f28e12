"""The gate of too much: people and companies that have had the unasked touches which the policy allows."""

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col

from agents.sequences.budget import UNASKED, spent
from agents.why.types import Gate, Level, Part, Scope
from store.models import Contact, Draft, Enrollment, EnrollmentState, OutboxItem, OutboxState, Touch, TouchState
from store.queries import outbox

_ASKED = 500  # people with a mail that waits, looked at with what each of their companies had
_PARTS = 10


def touch_budget(scope: Scope) -> Iterator[Gate]:
    """Queued mails by the rule that the dispatcher asks; steps that were put off when they were due."""
    queued = _queued(scope)
    put_off = _put_off(scope)
    count = len(queued) + sum(found[1] for found in put_off)
    if not count:
        return
    days, policy = scope.policy.touch_budget_days, scope.policy
    parts = [Part(reason, 1, until) for until, reason in queued]
    parts += [Part(reason, number, until) for reason, number, until in put_off]
    yield Gate(
        "touch_budget",
        Level.WAITS,
        f"{count} touch{'es wait' if count != 1 else ' waits'}: {policy.touches_per_contact} unasked touches a person "
        f"and {policy.touches_per_company} a company are allowed within {days} days.",
        "They leave when older touches are out of the window. The policy sets the budget.",
        "policies",
        count,
        until=min(part.until for part in parts if part.until is not None),
        parts=tuple(parts[:_PARTS]),
    )


def _queued(scope: Scope) -> list[tuple[datetime, str]]:
    query = (
        sa.select(col(Contact.id), col(Contact.company_id))
        .select_from(OutboxItem)
        .join(Contact, col(Contact.id) == col(OutboxItem.contact_id))
        .join(Draft, col(Draft.id) == col(OutboxItem.draft_id))
        .where(
            col(OutboxItem.kind) == outbox.MAIL,
            col(OutboxItem.state) == OutboxState.READY,
            col(Draft.kind).in_(UNASKED),
        )
        .order_by(col(OutboxItem.not_before), col(OutboxItem.id))
        .limit(_ASKED)
    )
    if scope.mailbox_id is not None:
        query = query.where(col(OutboxItem.mailbox_id) == scope.mailbox_id)
    if scope.lead_id is not None:
        query = query.where(col(OutboxItem.subject_id) == scope.lead_id)
    waiting = scope.session.execute(query).all()
    found = spent(scope.session, scope.policy, scope.now, {row.company_id for row in waiting})
    over = [found.over(row.id, row.company_id) for row in waiting]
    return sorted((one.until, one.reason) for one in over if one is not None)


def _put_off(scope: Scope) -> list[tuple[str, int, datetime]]:
    query = (
        sa.select(col(Touch.block_reason), sa.func.count(), sa.func.min(col(Touch.due_at)))
        .join(Enrollment, col(Enrollment.id) == col(Touch.enrollment_id))
        .where(
            col(Touch.state) == TouchState.PLANNED,
            col(Touch.block_reason) != "",
            col(Touch.due_at) > scope.now,
            col(Enrollment.state) == EnrollmentState.ACTIVE,
        )
        .group_by(col(Touch.block_reason))
        .order_by(sa.func.count().desc(), col(Touch.block_reason))
    )
    if scope.mailbox_id is not None:
        query = query.where(col(Enrollment.mailbox_id) == scope.mailbox_id)
    if scope.lead_id is not None:
        query = query.where(col(Touch.lead_id) == scope.lead_id)
    return [(reason, int(count), at) for reason, count, at in scope.session.execute(query)]
