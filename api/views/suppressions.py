"""The list of who is never written to, as people see it: keyed hashes, and the contact where one is known."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col

from api import paging
from store.models import Contact, Suppression
from store.queries import suppression

_BATCH = 1_000


class SuppressionOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01979a3e-7a1f-7000-8000-000000000001",
                    "kind": "address",
                    "key": "9f" * 32,
                    "reason": "opt_out",
                    "source": "one_click",
                    "at": "2026-03-02T08:00:00Z",
                    "contact_id": None,
                }
            ]
        }
    )

    id: UUID
    kind: str  # address, domain, company, sha256; person: of somebody who was erased
    key: str  # its keyed hash, good in this workspace alone
    reason: str
    source: str
    at: datetime
    contact_id: UUID | None  # whose address it is, where that is known


def listed(
    session: Session, *, kind: str = "", reason: str = "", keys: list[str] | None = None, limit: int, cursor: str | None
) -> paging.Page[SuppressionOut]:
    """In the order of their ids, which is none that means anything: it is stable, and cheap with any number."""
    query = sa.select(Suppression).order_by(col(Suppression.id)).limit(limit + 1)
    if kind:
        query = query.where(col(Suppression.kind) == kind)
    if reason:
        query = query.where(col(Suppression.reason) == reason)
    if keys is not None:
        query = query.where(col(Suppression.key_index).in_(keys))
    if after := paging.decode(cursor, 1):
        query = query.where(col(Suppression.id) > UUID(after[0]))
    rows = list(session.execute(query).scalars())
    indexes = [row.key_index for row in rows if row.kind == suppression.ADDRESS]
    known = dict(
        session.execute(
            sa.select(col(Contact.email_index), col(Contact.id)).where(col(Contact.email_index).in_(indexes))
        ).all()
    )
    items = [
        SuppressionOut(
            id=row.id,
            kind=row.kind,
            key=row.key_index,
            reason=row.reason,
            source=row.source,
            at=row.created_at,
            contact_id=known.get(row.key_index),
        )
        for row in rows[:limit]
    ]
    return paging.Page(items=items, next=paging.encode(str(items[-1].id)) if len(rows) > limit else None)


def counts(session: Session) -> dict[str, int]:
    query = sa.select(col(Suppression.reason), sa.func.count()).group_by(col(Suppression.reason))
    return {reason: int(count) for reason, count in session.execute(query.order_by(col(Suppression.reason)))}


def rows(session: Session) -> Iterator[tuple[str, str, str, str, str]]:
    """All of it as the columns of a file that an import takes back: kind, value, reason, source, at."""
    cursor: str | None = None
    while True:
        page = listed(session, limit=_BATCH, cursor=cursor)
        for one in page.items:
            yield f"{one.kind}_key", one.key, one.reason, one.source, one.at.isoformat()
        if page.next is None:
            return
        cursor = page.next
