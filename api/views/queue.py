"""The drafts that wait, in the order of what they may bring; narrowed by what stands in the URL."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, Field
from sqlmodel import Session, col

from agents.recipient_time import day_start
from api import paging
from api.dependencies import Principal
from api.views.drafts import opened
from api.views.lists import keyset
from api.views.lists.filters import Filters
from api.views.people import PERSON_COLUMNS, Person, PersonColumns, person_of
from core.crypto import Sealer
from scoring import worth
from store.models import Approval, ApprovalState, Company, Contact, Draft, Icp, Lead, Mailbox, User, Workspace
from store.session import workspace_of

Sort = Literal["value", "due", "waiting"]
Kind = Literal[
    "first_mail", "follow_up", "reply", "meeting_proposal", "intervention", "missed_meeting", "meeting_recap"
]


class QueueFilters(Filters):
    state: ApprovalState = ApprovalState.PENDING
    sort: Sort = Field(default="value", description="What it may bring; when it is due; the longest waiting first.")
    kind: Kind | None = None
    tier: Annotated[int, Field(ge=1, le=4)] | None = None
    mailbox: UUID | None = None
    rep: UUID | None = Field(default=None, description="The person whose mailbox it leaves from.")
    icp: UUID | None = None
    company: str = Field(default="", max_length=100, description="A part of the company's name.")
    problems: bool | None = Field(default=None, description="Whether the gate holds it back.")
    due: Literal["overdue", "today"] | None = Field(default=None, description="Today: what is overdue too.")
    mine: bool = Field(default=False, description="Those that leave from a mailbox of the caller.")


class QueueItem(BaseModel):
    approval_id: UUID
    draft_id: UUID
    kind: str
    state: str
    company: str
    person: Person
    subject: str | None  # None: hidden
    tier: int | None  # None: no lead (a customer)
    problems: int
    content_hash: str
    expected_minor: int | None = Field(description="Of `currency`. Null: nobody set what a won deal is worth.")
    chance: float = Field(description="0–1, that it ends in a won deal.")
    currency: str
    due_at: datetime | None
    created_at: datetime


def queue(
    session: Session,
    sealer: Sealer,
    principal: Principal,
    filters: QueueFilters,
    *,
    now: datetime,
    limit: int = 50,
    cursor: str | None = None,
) -> paging.Page[QueueItem]:
    """A constant number of statements a page. Raises Rejected for a cursor of another order."""
    query = _from(_columns()).where(*_where(filters, principal, now))
    rows, following = keyset.page(session, query, _ORDERS[filters.sort], limit=limit, cursor=cursor)
    workspace = session.get(Workspace, workspace_of(session))
    return paging.Page(items=[_item(row, sealer, principal, workspace) for row in rows], next=following)


def items_of(
    session: Session, sealer: Sealer, principal: Principal, approval_ids: Sequence[UUID]
) -> dict[UUID, QueueItem]:
    """Those of the ids that the workspace has, whatever their state. Two statements."""
    rows = session.execute(_from(_columns()).where(col(Approval.id).in_(approval_ids)))
    workspace = session.get(Workspace, workspace_of(session))
    return {row.approval_id: _item(row, sealer, principal, workspace) for row in rows}


def count(session: Session, principal: Principal, filters: QueueFilters, *, now: datetime) -> int:
    return keyset.count(session, _from(sa.select(col(Approval.id))).where(*_where(filters, principal, now)))


class Choices(BaseModel):
    """What the filters offer, each with its name."""

    mailboxes: list[tuple[UUID, str]]
    reps: list[tuple[UUID, str]]  # the owners of the mailboxes
    icps: list[tuple[UUID, str]]


def choices(session: Session) -> Choices:
    query = (
        sa.select(col(Mailbox.id), col(Mailbox.address), col(User.id), col(User.name))
        .join(User, col(User.id) == col(Mailbox.user_id), isouter=True)
        .order_by(col(Mailbox.address))
    )
    mailboxes = session.execute(query).all()
    icps = session.execute(sa.select(col(Icp.id), col(Icp.name)).order_by(col(Icp.name)))
    reps = {row[2]: row[3] for row in mailboxes if row[2] is not None}
    return Choices(
        mailboxes=[(row[0], row[1]) for row in mailboxes],
        reps=sorted(reps.items(), key=lambda rep: rep[1].lower()),
        icps=[(row[0], row[1]) for row in icps],
    )


def _columns() -> Any:
    return sa.select(*_COLUMNS)


def _from(query: Any) -> Any:
    return (
        query.select_from(Approval)
        .join(Draft, sa.and_(col(Draft.id) == col(Approval.draft_id)))
        .join(Contact, col(Contact.id) == col(Draft.contact_id))
        .join(Company, col(Company.id) == col(Contact.company_id))
        .join(Mailbox, col(Mailbox.id) == col(Draft.mailbox_id), isouter=True)
        .join(Lead, col(Lead.id) == col(Draft.lead_id), isouter=True)
    )


def _where(filters: QueueFilters, principal: Principal, now: datetime) -> list[Any]:
    where: list[Any] = [col(Approval.state) == filters.state]
    for column, wanted in (
        (col(Draft.kind), filters.kind),
        (col(Lead.tier), filters.tier),
        (col(Draft.mailbox_id), filters.mailbox),
        (col(Mailbox.user_id), filters.rep),
        (col(Lead.icp_id), filters.icp),
    ):
        if wanted is not None:
            where.append(column == wanted)
    if filters.company.strip():
        where.append(sa.func.lower(col(Company.name)).contains(filters.company.strip().lower(), autoescape=True))
    if filters.problems is not None:
        none_found = sa.cast(col(Draft.problems), sa.Text).in_(["[]"])
        where.append(~none_found if filters.problems else none_found)
    if filters.due is not None:
        until = now
        if filters.due == "today":  # a day is 23 to 25 hours long: from its start, 36 hours on is the next one
            until = day_start(day_start(now, principal.time_zone) + timedelta(hours=36), principal.time_zone)
        where.append(until > _DUE)
    if filters.mine:
        where.append(col(Mailbox.user_id) == principal.user_id if principal.user_id else sa.false())
    return where


_DUE = sa.func.coalesce(col(Approval.due_at), col(Approval.created_at))
_VALUE = keyset.Term(col(Approval.expected_minor), int, descending=True)
_BY_DUE = keyset.Term(_DUE, keyset.instant)
_ID = keyset.by_id(col(Approval.id))
_ORDERS = {
    "value": keyset.Order("value", (_VALUE, _BY_DUE, _ID)),
    "due": keyset.Order("due", (_BY_DUE, _VALUE, _ID)),
    "waiting": keyset.Order("waiting", (keyset.Term(col(Approval.created_at), keyset.instant), _ID)),
}


def _item(row: Any, sealer: Sealer, principal: Principal, workspace: Workspace | None) -> QueueItem:
    person, draft = PersonColumns(*row[: len(PERSON_COLUMNS)]), _Draft(row.draft_id, row.subject_sealed)
    deal_value = workspace.deal_value_minor if workspace else 0
    return QueueItem(
        approval_id=row.approval_id,
        draft_id=row.draft_id,
        kind=row.kind,
        state=row.state.value,
        company=row.company,
        person=person_of(person, sealer, principal),
        subject=opened(sealer, draft, "subject", principal),
        tier=row.tier,
        problems=len(row.problems),
        content_hash=row.content_hash,
        expected_minor=row.expected_minor if deal_value else None,
        chance=worth.chance_behind(row.expected_minor, deal_value),
        currency=workspace.currency if workspace else "",
        due_at=row.due_at,
        created_at=row.created_at,
    )


class _Draft(NamedTuple):
    id: UUID
    subject_sealed: str | None


# The person's columns first, then the rest by their names.
_COLUMNS = (
    *(getattr(Contact, name) for name in PERSON_COLUMNS),
    col(Approval.id).label("approval_id"),
    *(getattr(Approval, name) for name in ("state", "content_hash", "expected_minor", "due_at", "created_at")),
    col(Draft.id).label("draft_id"),
    *(getattr(Draft, name) for name in ("kind", "problems", "subject_sealed")),
    col(Company.name).label("company"),
    col(Lead.tier).label("tier"),
)
