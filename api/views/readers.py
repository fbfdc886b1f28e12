"""Who has a draft open, as a second person sees it. A courtesy, not a lock: the store settles who decides."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel
from sqlmodel import Session, col

from api.dependencies import Principal
from store.models import DraftReader, User

GONE_AFTER: Final = timedelta(seconds=45)  # three beats of the page, which come every 15 seconds


class Reader(BaseModel):
    name: str
    editing: bool
    since: datetime


def readers(session: Session, principal: Principal, approval_id: UUID, now: datetime) -> list[Reader]:
    """The others, the first who came first."""
    query = (
        sa.select(col(User.name), col(DraftReader.editing), col(DraftReader.since))
        .join(DraftReader, col(DraftReader.user_id) == col(User.id))
        .where(col(DraftReader.id) == approval_id, col(DraftReader.seen_at) > now - GONE_AFTER)
        .order_by(col(DraftReader.since), col(User.id))
    )
    if principal.user_id is not None:
        query = query.where(col(DraftReader.user_id) != principal.user_id)
    return [Reader(name=row[0], editing=row[1], since=row[2]) for row in session.execute(query)]


def sentence(found: list[Reader], now: datetime) -> str:
    parts = []
    for reader in found:
        minutes = (now - reader.since) // timedelta(minutes=1)
        how_long = f"for {minutes} min" if minutes else "just now"
        parts.append(f"{reader.name} is editing this" if reader.editing else f"{reader.name} opened this {how_long}")
    parts = [part.replace(" opened this for ", " has had this open for ") for part in parts]
    return "; ".join(parts) + "." if parts else ""
