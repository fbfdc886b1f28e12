"""When people were told what is held of them and why: written down with the first mail that said so."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from core.ids import stable_id
from store import bulk
from store.models import NoticeGiven
from store.session import workspace_of


def keep(session: Session, given: Mapping[UUID, tuple[UUID, str]], at: datetime) -> None:
    """`given`: contact → (the outbox item whose bytes carry the notice, the rule that asks for it)."""
    if not given:
        return
    told = set(session.exec(select(NoticeGiven.contact_id).where(col(NoticeGiven.contact_id).in_(list(given)))))
    rows = [
        {
            "id": stable_id("notice", workspace_of(session), contact_id),
            "contact_id": contact_id,
            "outbox_item_id": item_id,
            "rule": rule[:64],
            "given_at": at,
        }
        for contact_id, (item_id, rule) in given.items()
        if contact_id not in told
    ]
    bulk.insert_ignore(session, NoticeGiven, rows)
