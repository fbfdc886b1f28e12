"""Channels that a team is told in, and what each was told. The key to a channel is never shown."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from api import paging
from core.errors import NotFound
from store.models import Notice, NoticeChannel, NoticeChannelState, NoticeKind, NoticeState
from store.queries import team_notices
from tools.ports import NoticeService


class ChannelOut(BaseModel):
    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "id": "0192c1a0-0000-7000-8000-000000000031",
                    "name": "#sales",
                    "service": "slack_webhook",
                    "destination": "",
                    "kinds": ["reply", "trouble"],
                    "detail": "company",
                    "state": "active",
                    "state_reason": "",
                    "failures": 0,
                    "created_by": "user:0192c1a0-0000-7000-8000-000000000002",
                    "created_at": "2026-06-02T14:00:00Z",
                }
            ]
        },
    )

    id: UUID
    name: str
    service: NoticeService
    destination: str = Field(description="Slack's id of the channel, for a bot; else empty.")
    kinds: list[NoticeKind]
    detail: str = Field(description="`company`: its name is said; `kind`: not even that.")
    state: NoticeChannelState
    state_reason: str
    failures: int = Field(description="One after the other, up to now.")
    created_by: str
    created_at: datetime


class NoticeOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: NoticeKind
    subject_id: UUID | None = Field(description="Of the message, approval or alert. Null: several, told together.")
    count: int
    state: NoticeState
    said: str = Field(description="What the service answered, where it was no plain yes.")
    attempts: int
    due_at: datetime
    delivered_at: datetime | None
    created_at: datetime


def channel_row(session: Session, channel_id: UUID, *, lock: bool = False) -> NoticeChannel:
    """Raises NotFound."""
    row = team_notices.channel_row(session, channel_id, lock=lock)
    if row is None:
        raise NotFound("There is no such channel.", hint="GET /api/v1/notice-channels lists them.")
    return row


def channels(session: Session) -> list[ChannelOut]:
    query = select(NoticeChannel).order_by(col(NoticeChannel.created_at), col(NoticeChannel.id))
    return [ChannelOut.model_validate(row) for row in session.exec(query)]


def notices(session: Session, channel_id: UUID, limit: int = 50, cursor: str | None = None) -> paging.Page[NoticeOut]:
    """The newest first. Raises NotFound."""
    channel_row(session, channel_id)
    query = select(Notice).where(Notice.channel_id == channel_id)
    if key := paging.decode(cursor, 2):
        at, last = datetime.fromisoformat(key[0]), UUID(key[1])
        query = query.where(
            sa.or_(col(Notice.created_at) < at, sa.and_(col(Notice.created_at) == at, col(Notice.id) < last))
        )
    query = query.order_by(col(Notice.created_at).desc(), col(Notice.id).desc()).limit(limit + 1)
    rows = session.exec(query).all()
    end = rows[limit - 1] if len(rows) > limit else None
    return paging.Page(
        items=[NoticeOut.model_validate(row) for row in rows[:limit]],
        next=paging.encode(end.created_at.isoformat(), str(end.id)) if end is not None else None,
    )
