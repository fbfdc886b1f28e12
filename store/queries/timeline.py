"""What happened with a lead or a company, newest first, from all the tables that tell of it, opened for people."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from core.crypto import Sealer
from store.models import Contact, Customer, Decision, Draft, EngagementEvent, Lead, Meeting, Message, Task


@dataclass(frozen=True, slots=True)
class Item:
    at: datetime
    kind: str  # decision, draft, message, event, meeting, task
    id: UUID
    title: str
    text: str = ""  # opened; inbound text is tainted
    actor: str = ""
    lead_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: everything after it is older."""

    at: datetime
    kind: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Page:
    items: list[Item]
    next: Cursor | None  # None: there is no more


def of_lead(session: Session, sealer: Sealer, lead_id: UUID, *, limit: int = 50, after: Cursor | None = None) -> Page:
    contacts = list(session.exec(select(Lead.contact_id).where(Lead.id == lead_id)))
    return _page(session, sealer, [lead_id], contacts, [], limit, after)


def of_company(
    session: Session, sealer: Sealer, company_id: UUID, *, limit: int = 50, after: Cursor | None = None
) -> Page:
    """All its leads' and its customer's."""
    leads = list(session.exec(select(Lead.id).where(Lead.company_id == company_id).order_by(col(Lead.id))))
    contacts = list(session.exec(select(Contact.id).where(Contact.company_id == company_id).order_by(col(Contact.id))))
    customers = list(session.exec(select(Customer.id).where(Customer.company_id == company_id)))
    return _page(session, sealer, leads, contacts, customers, limit, after)


def _page(
    session: Session,
    sealer: Sealer,
    leads: Sequence[UUID],
    contacts: Sequence[UUID],
    customers: Sequence[UUID],
    limit: int,
    after: Cursor | None,
) -> Page:
    """One UNION finds the page's ids, then one query a kind reads them: seven statements, however long the history."""
    subjects = [*leads, *contacts, *customers]
    parts = [
        _part("decision", Decision.id, Decision.at, col(Decision.subject_id).in_(subjects)),
        _part("draft", Draft.id, Draft.created_at, _of(Draft, leads, customers)),
        _part("message", Message.id, Message.at, _of(Message, leads, customers)),
        _part(
            "event",
            EngagementEvent.id,
            EngagementEvent.occurred_at,
            sa.or_(
                col(EngagementEvent.lead_id).in_(leads),
                sa.and_(col(EngagementEvent.lead_id).is_(None), col(EngagementEvent.contact_id).in_(contacts)),
            ),
        ),
        _part("meeting", Meeting.id, Meeting.created_at, col(Meeting.lead_id).in_(leads)),
        _part("task", Task.id, Task.created_at, col(Task.subject_id).in_(subjects)),
    ]
    union = sa.union_all(*parts).subquery()
    at, kind, row_id = union.c.at, union.c.kind, union.c.id
    query = sa.select(at, kind, row_id).order_by(at.desc(), kind.desc(), row_id.desc()).limit(limit + 1)
    if after is not None:
        # Spelled out: what a row-value comparison does with indexes differs between the two databases.
        query = query.where(
            sa.or_(
                at < after.at,
                sa.and_(at == after.at, kind < after.kind),
                sa.and_(at == after.at, kind == after.kind, row_id < after.id),
            )
        )
    keys = [(row.kind, row.id) for row in session.execute(query)]
    more = len(keys) > limit
    keys = keys[:limit]
    items = _read(session, sealer, keys)
    last = items[-1] if items else None
    return Page(items, Cursor(last.at, last.kind, last.id) if more and last else None)


def _part(kind: str, row_id: Any, at: Any, where: Any) -> Any:
    return sa.select(col(at).label("at"), sa.literal(kind, sa.String(16)).label("kind"), col(row_id).label("id")).where(
        where
    )


def _of(model: Any, leads: Sequence[UUID], customers: Sequence[UUID]) -> Any:
    return sa.or_(col(model.lead_id).in_(leads), col(model.customer_id).in_(customers))


def _read(session: Session, sealer: Sealer, keys: Sequence[tuple[str, UUID]]) -> list[Item]:
    items: dict[tuple[str, UUID], Item] = {}
    for kind, (model, build) in _KINDS.items():
        wanted = [row_id for row_kind, row_id in keys if row_kind == kind]
        if wanted:
            for row in session.execute(sa.select(model).where(col(model.id).in_(wanted))).scalars():  # type: ignore[attr-defined]
                items[kind, row.id] = build(sealer, row)
    return [items[key] for key in keys]


def _open(sealer: Sealer, table: str, row_id: UUID, column: str, token: str | None) -> str:
    """ "": erased, or never there."""
    return sealer.open(token, context=f"{table}|{column}|{row_id}") if token else ""


def _decision(_sealer: Sealer, row: Decision) -> Item:
    return Item(row.at, "decision", row.id, f"{row.actor}: {row.choice}", row.reason, row.actor)


def _draft(sealer: Sealer, row: Draft) -> Item:
    subject = _open(sealer, "draft", row.id, "subject", row.subject_sealed)
    body = _open(sealer, "draft", row.id, "body", row.body_sealed)
    title = f"{row.kind.replace('_', ' ')} ({row.state.value}): {subject}"
    return Item(row.created_at, "draft", row.id, title, body, row.created_by, row.lead_id)


def _message(sealer: Sealer, row: Message) -> Item:
    subject = _open(sealer, "message", row.id, "subject", row.subject_sealed)
    body = _open(sealer, "message", row.id, "body", row.body_sealed)
    title = f"{'sent' if row.direction == 'out' else row.kind or 'received'}: {subject}"
    return Item(row.at, "message", row.id, title, body, row.direction, row.lead_id)


def _event(_sealer: Sealer, row: EngagementEvent) -> Item:
    return Item(row.occurred_at, "event", row.id, f"{row.kind} ({row.actor})", row.rule, row.actor, row.lead_id)


def _meeting(sealer: Sealer, row: Meeting) -> Item:
    notes = _open(sealer, "meeting", row.id, "notes", row.notes_sealed)
    when = f" {row.starts_at:%Y-%m-%d %H:%M} UTC" if row.starts_at else ""
    return Item(row.created_at, "meeting", row.id, f"meeting {row.state.value}{when}", notes, "", row.lead_id)


def _task(sealer: Sealer, row: Task) -> Item:
    script = _open(sealer, "task", row.id, "script", row.script_sealed)
    return Item(row.created_at, "task", row.id, f"{row.title} ({row.state.value})", script)


_KINDS: Mapping[str, tuple[type[SQLModel], Callable[[Sealer, Any], Item]]] = {
    "decision": (Decision, _decision),
    "draft": (Draft, _draft),
    "message": (Message, _message),
    "event": (EngagementEvent, _event),
    "meeting": (Meeting, _meeting),
    "task": (Task, _task),
}
