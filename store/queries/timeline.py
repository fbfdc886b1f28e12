"""What happened with a lead or a company, newest first, from all the tables that tell of it, opened for people.

Each kind is a part with an index of its own and its own limit; one UNION of the parts finds a page's ids, then one
query a kind reads them. So a page costs the same however long the history, and never reads what it does not show.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col

from core.crypto import Sealer
from store.models import (
    Approval,
    ApprovalState,
    CompanySource,
    Contact,
    CrmActivityRow,
    Customer,
    Decision,
    Draft,
    EngagementEvent,
    Fact,
    FieldEdit,
    Lead,
    Meeting,
    Message,
    SignalRow,
    Task,
    TaskState,
)
from store.models.base import columns_of
from store.session import kept

KINDS: Final = (
    *("approval", "crm", "decision", "draft", "edit", "event", "fact", "meeting", "message", "signal", "source"),
    "task",
)


# Of workers.thread_match; nothing is said where it was the person themselves, or where nobody knows.
_WRITERS: Final = {
    "alias": " (they, from another address)",
    "colleague": " (written by a colleague of theirs)",
    "other": " (written by somebody else)",
}
_CONTACT_OF_LEAD: Final = kept(sa.select(col(Lead.contact_id)).where(col(Lead.id) == sa.bindparam("lead")))
_OF_COMPANY: Final = tuple(
    kept(sa.select(col(model.id)).where(col(model.company_id) == sa.bindparam("company")))
    for model in (Lead, Contact, Customer)
)


@dataclass(frozen=True, slots=True)
class Item:
    at: datetime
    kind: str  # one of KINDS
    id: UUID
    title: str
    text: str = ""  # opened; inbound text is tainted
    actor: str = ""
    lead_id: UUID | None = None
    personal: bool = False  # title and text are of or about a person
    state: str = ""  # of what can be undone


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


@dataclass(frozen=True, slots=True)
class _Subjects:
    leads: Sequence[UUID] = ()
    contacts: Sequence[UUID] = ()
    customers: Sequence[UUID] = ()
    company: UUID | None = None
    edited: Sequence[UUID] = ()  # whose edits by hand are shown, where there is no company

    @property
    def all(self) -> list[UUID]:
        return [*self.leads, *self.contacts, *self.customers, *([self.company] if self.company else [])]


def of_lead(
    session: Session,
    sealer: Sealer,
    lead_id: UUID,
    *,
    limit: int = 50,
    after: Cursor | None = None,
    kinds: Sequence[str] = (),
) -> Page:
    contacts = list(session.execute(_CONTACT_OF_LEAD, {"lead": lead_id}).scalars())
    subjects = _Subjects(leads=[lead_id], contacts=contacts, edited=[lead_id, *contacts])
    return _page(session, sealer, subjects, limit, after, kinds)


def of_company(
    session: Session,
    sealer: Sealer,
    company_id: UUID,
    *,
    limit: int = 50,
    after: Cursor | None = None,
    kinds: Sequence[str] = (),
) -> Page:
    """The company's own, and all of its people's, leads' and customer's."""
    # Sorted here: asked for an order by id, SQLite walks all the workspace's leads in it.
    leads, contacts, customers = (
        sorted(session.execute(query, {"company": company_id}).scalars()) for query in _OF_COMPANY
    )
    return _page(session, sealer, _Subjects(leads, contacts, customers, company_id), limit, after, kinds)


def _page(
    session: Session, sealer: Sealer, subjects: _Subjects, limit: int, after: Cursor | None, kinds: Sequence[str]
) -> Page:
    wanted = tuple(kind for kind in KINDS if not kinds or kind in kinds)
    at_kind = after.kind if after is not None else None
    query = _page_query(wanted, subjects.company is not None, at_kind)
    if query is None:
        return Page([], None)
    values: dict[str, Any] = {
        "leads": subjects.leads,
        "contacts": subjects.contacts,
        "all": subjects.all,
        "edited": subjects.edited,
        "company": subjects.company,
        "most": limit + 1,
    }
    if after is not None:
        values |= {"after_at": after.at, "after_id": after.id}
    keys = [(row.kind, row.id) for row in session.execute(query, values)]
    more = len(keys) > limit
    keys = keys[:limit]
    items = _read(session, sealer, keys)
    last = items[-1] if items else None
    return Page(items, Cursor(last.at, last.kind, last.id) if more and last else None)


@lru_cache(maxsize=1_024)
def _page_query(kinds: tuple[str, ...], of_company: bool, after_kind: str | None) -> Any:
    """Built once a shape: putting a dozen parts together costs more than asking for them. None: no part is wanted."""
    wanted = [
        _part(kind, row_id, at, where, after_kind) for kind, row_id, at, where in _parts(of_company) if kind in kinds
    ]
    if not wanted:
        return None
    union = sa.union_all(*wanted).subquery()
    at, kind, row_id = union.c.at, union.c.kind, union.c.id
    query = sa.select(at, kind, row_id).order_by(at.desc(), kind.desc(), row_id.desc())
    return kept(query.limit(sa.bindparam("most", type_=sa.Integer)))


def _parts(of_company: bool) -> list[tuple[str, Any, Any, Any]]:
    """(kind, id, instant, where): each `where` is an index's own, without OR, so that both databases take the index."""
    everything, leads, contacts = _ids("all"), _ids("leads"), _ids("contacts")
    drafts = sa.select(col(Draft.id)).where(col(Draft.contact_id).in_(contacts))
    parts: list[tuple[str, Any, Any, Any]] = [
        ("decision", Decision.id, Decision.at, col(Decision.subject_id).in_(everything)),
        ("event", EngagementEvent.id, EngagementEvent.occurred_at, col(EngagementEvent.contact_id).in_(contacts)),
        ("task", Task.id, Task.created_at, col(Task.subject_id).in_(everything)),
        ("crm", CrmActivityRow.id, CrmActivityRow.occurred_at, col(CrmActivityRow.record_id).in_(everything)),
        ("draft", Draft.id, Draft.created_at, col(Draft.contact_id).in_(contacts)),
        ("message", Message.id, Message.at, col(Message.contact_id).in_(contacts)),
        ("meeting", Meeting.id, Meeting.created_at, col(Meeting.lead_id).in_(leads)),
        (
            "approval",
            Approval.id,
            Approval.decided_at,
            sa.and_(col(Approval.draft_id).in_(drafts), col(Approval.decided_at).is_not(None)),
        ),
        ("fact", Fact.id, Fact.observed_at, col(Fact.subject_id).in_(everything)),
    ]
    if of_company:
        company = sa.bindparam("company", type_=sa.Uuid())
        parts += [
            ("signal", SignalRow.id, SignalRow.observed_at, col(SignalRow.company_id) == company),
            ("source", CompanySource.id, CompanySource.observed_at, col(CompanySource.company_id) == company),
            ("edit", FieldEdit.id, FieldEdit.at, col(FieldEdit.company_id) == company),
        ]
    else:
        parts.append(("edit", FieldEdit.id, FieldEdit.at, col(FieldEdit.subject_id).in_(_ids("edited"))))
    return parts


def _ids(name: str) -> Any:
    return sa.bindparam(name, expanding=True)


def _part(kind: str, row_id: Any, at: Any, where: Any, after_kind: str | None) -> Any:
    instant, identity = col(at), col(row_id)
    query: Any = sa.select(instant.label("at"), sa.literal(kind, sa.String(16)).label("kind"), identity.label("id"))
    query = query.where(where)
    if after_kind is not None:
        # Within a part the kind is one, so what follows the cursor is simple.
        after_at, after_id = sa.bindparam("after_at", type_=at.type), sa.bindparam("after_id", type_=sa.Uuid())
        same = identity < after_id if kind == after_kind else sa.literal(kind < after_kind)
        query = query.where(sa.or_(instant < after_at, sa.and_(instant == after_at, same)))
    most = sa.bindparam("most", type_=sa.Integer)
    inner = query.order_by(instant.desc(), identity.desc()).limit(most).subquery()
    return sa.select(inner.c.at, inner.c.kind, inner.c.id)


def _read(session: Session, sealer: Sealer, keys: Sequence[tuple[str, UUID]]) -> list[Item]:
    items: dict[tuple[str, UUID], Item] = {}
    for kind, (_, build) in _KINDS.items():
        wanted = [row_id for row_kind, row_id in keys if row_kind == kind]
        if wanted:
            for row in session.execute(_rows_query(kind), {"ids": wanted}):
                items[kind, row.id] = build(sealer, row)
    return [items[key] for key in keys]


@lru_cache(maxsize=64)
def _rows_query(kind: str) -> Any:
    """Columns, not objects: what is only shown needs no identity map."""
    model: Any = _KINDS[kind][0]
    columns = (getattr(model, name) for name in columns_of(model) if name != "workspace_id")
    return kept(sa.select(*columns).where(col(model.id).in_(sa.bindparam("ids", expanding=True))))


def _open(sealer: Sealer, table: str, row_id: UUID, column: str, token: str | None) -> str:
    """ "": erased, or never there."""
    return sealer.open(token, context=f"{table}|{column}|{row_id}") if token else ""


def _words(text: str) -> str:
    return text.replace("_", " ")


def _decision(_sealer: Sealer, row: Decision) -> Item:
    return Item(row.at, "decision", row.id, f"{row.actor}: {row.choice}", row.reason, row.actor)


def _draft(sealer: Sealer, row: Draft) -> Item:
    subject = _open(sealer, "draft", row.id, "subject", row.subject_sealed)
    body = _open(sealer, "draft", row.id, "body", row.body_sealed)
    title = f"{_words(row.kind)} ({row.state.value}): {subject}"
    return Item(row.created_at, "draft", row.id, title, body, row.created_by, row.lead_id, personal=True)


def _approval(_sealer: Sealer, row: Approval) -> Item:
    at = row.decided_at or row.created_at
    state = "approved" if row.state is ApprovalState.APPROVED else ""
    return Item(
        at, "approval", row.id, f"Draft {row.state.value}", row.reason, row.decided_by, row.lead_id, state=state
    )


def _message(sealer: Sealer, row: Message) -> Item:
    subject = _open(sealer, "message", row.id, "subject", row.subject_sealed)
    body = _open(sealer, "message", row.id, "body", row.body_sealed)
    who = _WRITERS.get(row.reading.get("writer", ""), "")
    title = f"{'sent' if row.direction == 'out' else _words(row.kind) or 'received'}{who}: {subject}"
    return Item(row.at, "message", row.id, title, body, row.direction, row.lead_id, personal=True)


def _event(_sealer: Sealer, row: EngagementEvent) -> Item:
    title = f"{_words(row.kind)} ({row.actor})"
    return Item(row.occurred_at, "event", row.id, title, _words(row.rule), row.actor, row.lead_id)


def _meeting(sealer: Sealer, row: Meeting) -> Item:
    notes = _open(sealer, "meeting", row.id, "notes", row.notes_sealed)
    when = f" {row.starts_at:%Y-%m-%d %H:%M} UTC" if row.starts_at else ""
    title = f"meeting {_words(row.state.value)}{when}"
    return Item(row.created_at, "meeting", row.id, title, notes, "", row.lead_id, personal=True)


def _task(sealer: Sealer, row: Task) -> Item:
    script = _open(sealer, "task", row.id, "script", row.script_sealed)
    state = "done" if row.state is TaskState.DONE else ""
    title = f"{row.title} ({row.state.value})"
    return Item(row.created_at, "task", row.id, title, script, "", personal=True, state=state)


def _crm(sealer: Sealer, row: CrmActivityRow) -> Item:
    summary = _open(sealer, "crm_activity", row.id, "summary", row.summary_sealed)
    return Item(row.occurred_at, "crm", row.id, f"CRM: {_words(row.kind)}", summary, "agent:crm", personal=True)


def _fact(_sealer: Sealer, row: Fact) -> Item:
    value = ", ".join(map(str, row.value)) if isinstance(row.value, list) else str(row.value)
    text = " · ".join(filter(None, (f"“{row.quote}”" if row.quote else "", row.url)))
    about = row.subject_kind == "contact"
    return Item(row.observed_at, "fact", row.id, f"{_words(row.field)}: {value}", text, row.source, personal=about)


def _signal(_sealer: Sealer, row: SignalRow) -> Item:
    text = " · ".join(filter(None, (f"“{row.quote}”" if row.quote else "", row.url)))
    return Item(row.observed_at, "signal", row.id, f"signal: {_words(row.kind)}", text, row.source)


def _source(_sealer: Sealer, row: CompanySource) -> Item:
    line = f", line {row.line}" if row.line is not None else ""
    return Item(row.observed_at, "source", row.id, "found", f"{row.source}{line}", row.source)


def _edit(sealer: Sealer, row: FieldEdit) -> Item:
    def shown(side: str) -> str:
        token = getattr(row, f"{side}_sealed")
        value = sealer.open(token, context=f"field_edit|{side}|{row.id}") if token else getattr(row, side)
        if isinstance(value, list):
            return ", ".join(map(str, value)) or "nothing"
        return "nothing" if value in (None, "") else str(value)

    title = f"{_words(row.field)}: {shown('before')} → {shown('after')}"
    # Sequences and meetings set the other stages: putting back the word alone would not start them again.
    by_event = row.subject_kind == "lead" and row.before not in ("scored", "nurture", "replied")
    state = "" if row.undone_at or by_event else "kept"
    return Item(
        row.at, "edit", row.id, title, "undone" if row.undone_at else "", row.by,
        personal=row.subject_kind == "contact", state=state,
    )  # fmt: skip


_KINDS: Mapping[str, tuple[type[SQLModel], Callable[[Sealer, Any], Item]]] = {
    "approval": (Approval, _approval),
    "crm": (CrmActivityRow, _crm),
    "decision": (Decision, _decision),
    "draft": (Draft, _draft),
    "edit": (FieldEdit, _edit),
    "event": (EngagementEvent, _event),
    "fact": (Fact, _fact),
    "meeting": (Meeting, _meeting),
    "message": (Message, _message),
    "signal": (SignalRow, _signal),
    "source": (CompanySource, _source),
    "task": (Task, _task),
}
