"""The feed, as programs outside read it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from core.errors import Rejected
from store import feed
from store.feed_kinds import KINDS, Kind

_EXAMPLE: dict[str, Any] = {
    "type": "approval.approved",
    "timestamp": "2026-06-02T14:00:00+00:00",
    "seq": 4711,
    "id": "0192c1a0-0000-7000-8000-000000000001",
    "subject": {"kind": "approval", "id": "0192c1a0-0000-7000-8000-000000000002"},
    "actor": "user:0192c1a0-0000-7000-8000-000000000003",
    "data": {"draft_id": "0192c1a0-0000-7000-8000-000000000004", "action": "first_mail"},
}


class Subject(BaseModel):
    kind: str
    id: UUID


class EventOut(BaseModel):
    """Something that happened. The same shape in the list, in the stream and in a webhook's body."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    type: str
    timestamp: datetime
    seq: int = Field(description="1, 2, 3 … in the order of commits, without gaps.")
    id: UUID
    subject: Subject
    actor: str = Field(description="`user:<id>`, `key:<id>`, `agent`, `policy:<number>`, `system`.")
    data: dict[str, Any] = Field(description="Ids, enums and numbers; GET /event-types describes each type's.")


class EventPage(BaseModel):
    items: list[EventOut]
    next: str | None = Field(default=None, description="Give it as `cursor`; null: there is no more yet.")
    oldest: int = Field(description="The first event that is still kept. A cursor before it has missed some.")
    newest: int = Field(description="The last event there is.")


class EventType(BaseModel):
    type: str
    about: str = Field(description="What its subject is.")
    text: str
    data_schema: dict[str, Any] = Field(description="JSON Schema of `data`.")


def events(
    session: Session, *, after: int, limit: int, types: Sequence[str] = (), subject_id: UUID | None = None
) -> EventPage:
    rows = feed.after(session, after, limit + 1, kinds=types, subject_id=subject_id)
    more = len(rows) > limit
    items = [EventOut.model_validate(feed.told(row)) for row in rows[:limit]]
    return EventPage(
        items=items,
        next=str(items[-1].seq) if more else None,
        oldest=feed.oldest(session),
        newest=feed.newest(session),
    )


def event_types() -> list[EventType]:
    return [
        EventType(
            type=kind.value, about=about.subject_kind, text=about.text, data_schema=about.data.model_json_schema()
        )
        for kind, about in KINDS.items()
    ]


def known_types(types: Sequence[str]) -> list[str]:
    """Each once, in the table's order. Raises Rejected for one that there is not."""
    if unknown := sorted(set(types) - set(Kind)):
        raise Rejected(
            f"There is no event type {', '.join(unknown)[:200]}.",
            hint="GET /api/v1/event-types lists them.",
            code="unknown_event_type",
        )
    return [kind.value for kind in Kind if kind in types]
