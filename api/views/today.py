"""What to do next, in one list: answers, approvals, meetings, tasks, doubtful mails and alerts, by what each may bring.

Each kind is read with one statement and a limit, then all are ranked by scoring.worth: a fixed number of queries,
however much waits. First mails and follow-ups stand together as one row, so that a hundred of them hide no reply.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from agents.task_outcomes import RESULTS
from api.dependencies import Principal
from api.permissions import Permission
from api.views.lists import keyset
from api.views.people import PERSON_COLUMNS, person_of
from api.views.today_items import Ranker, Today, TodayItem
from core.crypto import Sealer
from scoring.worth import Action
from store.models import (
    Alert,
    Approval,
    ApprovalState,
    Company,
    Contact,
    Customer,
    Draft,
    Enrollment,
    Lead,
    LeadStage,
    Mailbox,
    Meeting,
    MeetingState,
    Message,
    OutboxItem,
    OutboxState,
    Task,
    TaskState,
)
from store.queries import merges
from store.session import kept

_TIERS: Final = (1, 2, 3, 4)
_EACH: Final = 50  # of a kind: more is nobody's day
_AHEAD: Final = timedelta(hours=24)
_ERASE: Final = "erase"
_TOGETHER: Final = ("first_mail", "follow_up")
_TASKS: Final = {
    "call": Action.CALL,
    "phone": Action.CALL,
    "linkedin": Action.SOCIAL,
    "sms": Action.SOCIAL,
    "play": Action.INTERVENTION,
}
_DRAFTS: Final = {kind.value: kind for kind in Action}
_ALERTS: Final = {"critical": Action.INTERVENTION, "warning": Action.OTHER}


def today(
    session: Session, sealer: Sealer, principal: Principal, now: datetime, *, mine: bool = False, limit: int = 100
) -> Today:
    """Best first. `mine`: of leads, drafts and tasks only the caller's own and those of nobody, of meetings the
    caller's; doubtful mails and alerts are everybody's."""
    rank, owner = Ranker(session, now), principal.user_id if mine else None
    items = [
        *_replies(session, sealer, principal, rank, owner),
        *_approvals(session, sealer, principal, rank, owner),
        *_together(session, rank, owner),
        *_meetings(session, sealer, principal, rank, owner),
        *_tasks(session, sealer, principal, rank, owner),
        *_doubtful(session, rank),
        *_alerts(session, rank),
    ]
    items.sort(key=lambda item: (-item.rank, item.due_at or now, item.id))
    return Today(items=items[:limit])


def _of_owner(mailbox_id: Any, owner: UUID | None) -> Sequence[Any]:
    if owner is None:
        return ()
    mine = sa.select(col(Mailbox.id)).where(col(Mailbox.user_id) == owner)
    return (sa.or_(mailbox_id.is_(None), mailbox_id.in_(mine)),)


def _replies(
    session: Session, sealer: Sealer, principal: Principal, rank: Ranker, owner: UUID | None
) -> list[TodayItem]:
    """People who wrote and for whom no answer waits to be approved."""
    answered = sa.exists().where(col(Approval.lead_id) == col(Lead.id), col(Approval.state) == ApprovalState.PENDING)
    # Which ones first, by their ids alone: sorting whole rows costs three times as much. Tier by tier, as the index has
    # them: all that ever replied would have to be sorted otherwise.
    value = keyset.unknown_last(col(Lead.priority))
    parts = [
        sa.select(col(Lead.id).label("id"), value.label("value"))
        .outerjoin(Enrollment, col(Enrollment.lead_id) == col(Lead.id))
        .where(
            col(Lead.stage) == LeadStage.REPLIED,
            col(Lead.tier) == tier,
            ~answered,
            merges.not_absorbed(Lead, "contact_id"),
            *_of_owner(col(Enrollment.mailbox_id), owner),
        )
        .order_by(value.desc(), col(Lead.id))
        .limit(_EACH)
        .subquery()
        for tier in _TIERS
    ]
    union = sa.union_all(*(sa.select(part.c.id, part.c.value) for part in parts)).subquery()
    best = sa.select(union.c.id).order_by(union.c.value.desc(), union.c.id).limit(_EACH)
    rows = session.execute(_REPLIED, {"ids": session.execute(best).scalars().all()}).all()
    wrote = dict(session.execute(_WROTE, {"ids": [row.lead_id for row in rows]}).all())
    return [
        rank.item(
            Action.REPLY,
            row.priority,
            due_at=wrote.get(row.lead_id) or row.updated_at,
            kind="reply",
            id=row.lead_id,
            title=f"Answer {person_of(row, sealer, principal).label}",
            company=row.company,
            reason="They wrote, and no answer is drafted.",
            href=f"/leads/{row.lead_id}",
        )
        for row in rows
    ]


_REPLIED = kept(
    sa.select(
        *(getattr(Contact, name) for name in PERSON_COLUMNS),
        col(Lead.id).label("lead_id"),
        col(Lead.priority),
        col(Lead.updated_at),
        col(Company.name).label("company"),
    )
    .join(Lead, col(Lead.contact_id) == col(Contact.id))
    .join(Company, col(Company.id) == col(Lead.company_id))
    .where(col(Lead.id).in_(sa.bindparam("ids", expanding=True)))
)
_WROTE = kept(
    sa.select(col(Message.lead_id), sa.func.max(col(Message.at)))
    .where(col(Message.lead_id).in_(sa.bindparam("ids", expanding=True)), col(Message.direction) == "in")
    .group_by(col(Message.lead_id))
)


def _approvals(
    session: Session, sealer: Sealer, principal: Principal, rank: Ranker, owner: UUID | None
) -> list[TodayItem]:
    """Drafts that each deserve a row: answers, proposals of a meeting, interventions."""
    query = (
        sa.select(Approval, Draft, Contact, col(Company.name), col(Lead.priority))
        .join(Draft, col(Draft.id) == col(Approval.draft_id))
        .join(Contact, col(Contact.id) == col(Draft.contact_id))
        .join(Company, col(Company.id) == col(Contact.company_id))
        .outerjoin(Lead, col(Lead.id) == col(Approval.lead_id))
        .where(
            col(Approval.state) == ApprovalState.PENDING,
            col(Draft.kind).not_in(_TOGETHER),
            *_of_owner(col(Draft.mailbox_id), owner),
        )
        .order_by(col(Approval.expected_minor).desc(), col(Approval.id))
        .limit(_EACH)
    )
    return [
        rank.item(
            _DRAFTS.get(draft.kind, Action.OTHER),
            priority,
            due_at=approval.due_at or approval.created_at,
            kind="approval",
            id=approval.id,
            title=f"Approve the {draft.kind.replace('_', ' ')} to {person_of(contact, sealer, principal).label}",
            company=company,
            reason="Its words wait for yours." if not draft.problems else "The gate holds it back: it wants an edit.",
            href=f"/approvals/{approval.id}",
        )
        for approval, draft, contact, company, priority in session.execute(query)
    ]


def _together(session: Session, rank: Ranker, owner: UUID | None) -> list[TodayItem]:
    """First mails and follow-ups, a row a kind, ranked by the best among them."""
    query = (
        sa.select(
            col(Draft.kind),
            sa.func.count(),
            sa.func.max(col(Lead.priority)),
            sa.func.min(sa.func.coalesce(col(Approval.due_at), col(Approval.created_at))),
            sa.func.min(sa.cast(col(Approval.id), sa.String)),
        )
        .select_from(Approval)
        .join(Draft, col(Draft.id) == col(Approval.draft_id))
        .outerjoin(Lead, col(Lead.id) == col(Approval.lead_id))
        .where(
            col(Approval.state) == ApprovalState.PENDING,
            col(Draft.kind).in_(_TOGETHER),
            *_of_owner(col(Draft.mailbox_id), owner),
        )
        .group_by(col(Draft.kind))
        .order_by(col(Draft.kind))
    )
    found = []
    for kind, count, priority, due_at, one in session.execute(query):
        words = kind.replace("_", " ")
        found.append(
            rank.item(
                _DRAFTS[kind],
                priority,
                due_at=due_at,
                count=count,
                kind="approval",
                id=UUID(one),
                title=f"Approve {count} {words}{'s' if count > 1 else ''}",
                company="",
                reason="Together, the most promising first: a minute each.",
                href=f"/approvals?kind={kind}",
            )
        )
    return found


def _meetings(
    session: Session, sealer: Sealer, principal: Principal, rank: Ranker, owner: UUID | None
) -> list[TodayItem]:
    query = (
        sa.select(Meeting, Contact, col(Company.name), col(Lead.priority))
        .join(Contact, col(Contact.id) == col(Meeting.contact_id))
        .join(Company, col(Company.id) == col(Meeting.company_id))
        .join(Lead, col(Lead.id) == col(Meeting.lead_id))
        .where(col(Meeting.state) == MeetingState.BOOKED, col(Meeting.starts_at) <= rank.now + _AHEAD)
        .order_by(col(Meeting.starts_at), col(Meeting.id))
        .limit(_EACH)
    )
    if owner is not None:
        query = query.where(col(Meeting.user_id) == owner)
    found = []
    for meeting, contact, company, priority in session.execute(query):
        over = meeting.ends_at is not None and meeting.ends_at <= rank.now
        who = person_of(contact, sealer, principal).label
        found.append(
            rank.item(
                Action.MEETING,
                priority,
                due_at=meeting.ends_at if over else meeting.starts_at,
                kind="meeting",
                id=meeting.id,
                title=f"Say how the meeting with {who} went" if over else f"Prepare the meeting with {who}",
                company=company,
                reason="It is over, and what happens next depends on it." if over else "It is within a day.",
                href=f"/meetings/{meeting.id}",
            )
        )
    return found


def _tasks(session: Session, sealer: Sealer, principal: Principal, rank: Ranker, owner: UUID | None) -> list[TodayItem]:
    # Which ones first: PostgreSQL joins all that are open with all leads before it counts to fifty.
    # An erasure has a month by law, and is shown from its first day: nobody wants to meet it on the last one.
    soon = sa.or_(col(Task.due_at) <= rank.now + _AHEAD, col(Task.kind) == _ERASE)
    due = sa.select(col(Task.id)).where(col(Task.state) == TaskState.OPEN, soon)
    if owner is not None:
        due = due.where(sa.or_(col(Task.assignee_id).is_(None), col(Task.assignee_id) == owner))
    first = due.order_by(col(Task.due_at), col(Task.id)).limit(_EACH).subquery()
    query = (
        sa.select(
            *(getattr(Task, name) for name in ("id", "kind", "subject_kind", "subject_id", "title", "source_key")),
            col(Task.script_sealed),
            col(Task.due_at),
            col(Lead.priority),
            sa.func.coalesce(col(Company.name), "").label("company"),
            col(Company.id).label("company_id"),
        )
        .join(first, first.c.id == col(Task.id))
        .outerjoin(Lead, col(Lead.id) == col(Task.subject_id))
        .outerjoin(Customer, col(Customer.id) == col(Task.subject_id))
        .outerjoin(Company, col(Company.id) == sa.func.coalesce(col(Lead.company_id), col(Customer.company_id)))
        .order_by(col(Task.due_at), col(Task.id))
    )
    may_read = principal.may(Permission.PEOPLE)
    return [
        rank.item(
            _TASKS.get(task.kind, Action.INTERVENTION if task.subject_kind == "customer" else Action.OTHER),
            task.priority,
            due_at=task.due_at,
            kind="task",
            id=task.id,
            title=task.title if may_read else f"A task ({task.kind.replace('_', ' ')})",
            company=task.company,
            reason="A step that only a person can take.",
            script=(
                sealer.open(task.script_sealed, context=f"task|script|{task.id}")
                if may_read and task.script_sealed
                else None
            ),
            outcomes=[one.value for one in RESULTS.get(task.kind, ())],
            href=_place_of(task),
        )
        for task in session.execute(query)
    ]


def _place_of(task: sa.Row[Any]) -> str:
    """Where it is done. The key of an erasure names whom it is about: who wrote need not be the lead's contact."""
    if task.kind == _ERASE:
        return f"/contacts/{task.source_key.split(':')[1]}#erase"
    return f"/leads/{task.subject_id}" if task.subject_kind == "lead" else _company_place(task.company_id)


def _company_place(company_id: UUID | None) -> str:
    return f"/companies/{company_id}" if company_id else "/today"


def _doubtful(session: Session, rank: Ranker) -> list[TodayItem]:
    query = sa.select(
        sa.func.count(), sa.func.min(col(OutboxItem.not_before)), sa.func.min(sa.cast(col(OutboxItem.id), sa.String))
    ).where(col(OutboxItem.state) == OutboxState.UNKNOWN)
    count, oldest, one = session.execute(query).one()
    if not count:
        return []
    return [
        rank.item(
            Action.UNKNOWN_SEND,
            None,
            due_at=oldest,
            count=count,
            kind="outbox",
            id=UUID(one),
            title=f"Say whether {count} mail{'s' if count > 1 else ''} arrived",
            company="",
            reason="The connection broke while sending: look into the sent folder, nothing is sent twice on a guess.",
            href="/outbox?state=unknown",
        )
    ]


def _alerts(session: Session, rank: Ranker) -> list[TodayItem]:
    query = (
        sa.select(Alert)
        .where(col(Alert.seen_at).is_(None), col(Alert.level).in_(list(_ALERTS)))
        .order_by(col(Alert.created_at).desc(), col(Alert.id))
        .limit(_EACH)
    )
    return [
        rank.item(
            _ALERTS[alert.level],
            None,
            due_at=alert.created_at,
            kind="alert",
            id=alert.id,
            title=alert.text[:200],
            company="",
            reason="Something stands still until somebody looks.",
            href="/why",
        )
        for alert in session.execute(query).scalars()
    ]
