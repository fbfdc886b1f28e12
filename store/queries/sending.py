"""What mailboxes sent and wait to send, many of them in one statement: for caps, for warm-up, for health."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from store.models import OutboxItem, OutboxState
from store.queries.outbox import MAIL

# Counted against caps: what left, what is leaving, and what may have left.
COUNTED = (OutboxState.SENT, OutboxState.SENDING, OutboxState.UNKNOWN)
Window = tuple[datetime, datetime | None]  # [since, until); None: until now


def counted_at() -> Any:
    """When an item that counts left, or may have left."""
    return sa.func.coalesce(col(OutboxItem.sent_at), col(OutboxItem.lease_until), col(OutboxItem.not_before))


def sent_within(session: Session, windows: Mapping[UUID, Window]) -> dict[UUID, int]:
    """Mails of each mailbox within its own window, also those that are leaving or may have left. 0 is not named."""
    by_window: dict[Window, list[UUID]] = {}
    for mailbox_id, window in windows.items():
        by_window.setdefault(window, []).append(mailbox_id)
    if not by_window:
        return {}
    at = counted_at()
    either = [
        sa.and_(col(OutboxItem.mailbox_id).in_(ids), at >= since, *([at < until] if until is not None else []))
        for (since, until), ids in by_window.items()
    ]
    return _by_mailbox(session, sa.func.count(), sa.or_(*either), col(OutboxItem.state).in_(COUNTED))


def last_sent_before(session: Session, moments: Mapping[UUID, datetime]) -> dict[UUID, datetime]:
    """When each mailbox last sent anything before its own moment; one that never did is not named."""
    by_moment: dict[datetime, list[UUID]] = {}
    for mailbox_id, moment in moments.items():
        by_moment.setdefault(moment, []).append(mailbox_id)
    if not by_moment:
        return {}
    either = [
        sa.and_(col(OutboxItem.mailbox_id).in_(ids), col(OutboxItem.sent_at) < moment)
        for moment, ids in by_moment.items()
    ]
    return _by_mailbox(session, sa.func.max(col(OutboxItem.sent_at)), sa.or_(*either))


def last_sent(session: Session, mailbox_ids: Collection[UUID]) -> dict[UUID, datetime]:
    return _by_mailbox(
        session,
        sa.func.max(col(OutboxItem.sent_at)),
        col(OutboxItem.mailbox_id).in_(mailbox_ids),
        col(OutboxItem.sent_at).is_not(None),
    )


def _by_mailbox(session: Session, what: Any, *where: sa.ColumnElement[bool]) -> dict[UUID, Any]:
    query = (
        sa.select(col(OutboxItem.mailbox_id), what)
        .where(col(OutboxItem.kind) == MAIL, *where)
        .group_by(col(OutboxItem.mailbox_id))
    )
    return {row[0]: row[1] for row in session.execute(query)}
