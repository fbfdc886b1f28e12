"""What happened, as this caller may read it, and what of it can be taken back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from api import paging
from api.dependencies import Principal
from api.permissions import Permission
from api.views.people import named, names_of_actors
from core.crypto import Sealer
from core.errors import NotFound, Rejected
from store.models import Company, FieldEdit, Lead, OutboxItem, OutboxState
from store.queries import timeline
from store.queries.timeline import KINDS
from store.session import kept

# What can be taken back, and who may. Whether it still can is settled when it is done: a mail may leave in between.
_UNDO: Final = {
    ("approval", "approved"): Permission.DECIDE,
    ("edit", "kept"): Permission.RECORDS,
    ("task", "done"): Permission.WORK,
}
_THERE: Final[dict[type[Any], Any]] = {
    model: kept(sa.select(col(model.id)).where(col(model.id) == sa.bindparam("id"))) for model in (Lead, Company)
}


class TimelineItem(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "at": "2026-06-02T14:00:00Z",
                    "kind": "edit",
                    "id": "0192c1a0-0000-7000-8000-00000000000c",
                    "title": "industry: nothing → freight forwarding",
                    "text": "",
                    "actor": "Ann Miller",
                    "lead_id": None,
                    "hidden": False,
                    "undoable": True,
                }
            ]
        }
    )

    at: datetime
    kind: str
    id: UUID
    title: str
    text: str
    actor: str
    lead_id: UUID | None = None
    hidden: bool = False  # it happened; what it says is not for this caller
    undoable: bool = False  # POST /timeline/{kind}/{id}/undo may take it back


def lead_timeline(
    session: Session,
    sealer: Sealer,
    principal: Principal,
    lead_id: UUID,
    *,
    limit: int = 50,
    cursor: str | None = None,
    kinds: Sequence[str] = (),
) -> paging.Page[TimelineItem]:
    """Newest first. Raises NotFound, Rejected."""
    if session.execute(_THERE[Lead], {"id": lead_id}).first() is None:
        raise NotFound("There is no such lead.")
    page = timeline.of_lead(session, sealer, lead_id, limit=limit, after=_after(cursor), kinds=_known(kinds))
    return _shown(session, principal, page)


def company_timeline(
    session: Session,
    sealer: Sealer,
    principal: Principal,
    company_id: UUID,
    *,
    limit: int = 50,
    cursor: str | None = None,
    kinds: Sequence[str] = (),
) -> paging.Page[TimelineItem]:
    """The company's own and all its people's, newest first. Raises NotFound, Rejected."""
    if session.execute(_THERE[Company], {"id": company_id}).first() is None:
        raise NotFound("There is no such company.")
    page = timeline.of_company(session, sealer, company_id, limit=limit, after=_after(cursor), kinds=_known(kinds))
    return _shown(session, principal, page)


def _after(cursor: str | None) -> timeline.Cursor | None:
    key = paging.decode(cursor, 3)
    if not key:
        return None
    try:
        return timeline.Cursor(datetime.fromisoformat(key[0]), str(key[1]), UUID(key[2]))
    except (TypeError, ValueError, AttributeError) as error:
        raise paging.not_ours() from error


def _known(kinds: Sequence[str]) -> list[str]:
    wanted = [kind for kind in kinds if kind]
    if unknown := sorted(set(wanted) - set(KINDS)):
        raise Rejected(f"There is no kind {', '.join(unknown)[:100]}.", hint=f"Choose from: {', '.join(KINDS)}.")
    return wanted


def _gone(session: Session, items: Sequence[timeline.Item]) -> set[UUID]:
    """What can be undone no more: mails that left, edits of a field that was edited again."""
    approved = [item.id for item in items if item.kind == "approval"]
    edited = [item.id for item in items if item.kind == "edit"]
    return set(session.execute(_GONE, {"approved": approved, "edited": edited}).scalars())


_NEWER = aliased(FieldEdit)
_GONE: Final[Any] = kept(
    sa.union_all(
        sa.select(col(OutboxItem.approval_id).label("id")).where(
            col(OutboxItem.approval_id).in_(sa.bindparam("approved", expanding=True)),
            col(OutboxItem.state) != OutboxState.READY,
        ),
        sa.select(col(FieldEdit.id).label("id"))
        .join(
            _NEWER,
            sa.and_(col(_NEWER.subject_id) == col(FieldEdit.subject_id), col(_NEWER.field) == col(FieldEdit.field)),
        )
        .where(
            col(FieldEdit.id).in_(sa.bindparam("edited", expanding=True)),
            col(_NEWER.field) == col(FieldEdit.field),
            col(_NEWER.id) > col(FieldEdit.id),
            col(_NEWER.undone_at).is_(None),
        ),
    )
)


def _shown(session: Session, principal: Principal, page: timeline.Page) -> paging.Page[TimelineItem]:
    names = names_of_actors(session)
    may_read = principal.may(Permission.PEOPLE)
    gone = _gone(session, page.items)
    items = []
    for item in page.items:
        hidden = item.personal and not may_read
        needs = _UNDO.get((item.kind, item.state))
        items.append(
            TimelineItem(
                at=item.at,
                kind=item.kind,
                id=item.id,
                title=item.kind if hidden else named(item.title, names),
                text="" if hidden else named(item.text, names),
                actor=named(item.actor, names),
                lead_id=item.lead_id,
                hidden=hidden,
                undoable=needs is not None and principal.may(needs) and item.id not in gone,
            )
        )
    last = page.next
    return paging.Page(items=items, next=paging.encode(last.at.isoformat(), last.kind, str(last.id)) if last else None)
