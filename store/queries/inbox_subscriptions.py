"""What services were asked to tell of inboxes: one row a mailbox, asked by one process at a time.

No network happens here: who asks takes the row for a while (`begin`), asks, and says how it went (`made`, `failed`).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from core.crypto import Sealer
from core.ids import stable_id
from store import bulk
from store.models import InboxSubscription, Mailbox, MailboxState
from store.queries.inbound import token_hash
from store.session import workspace_of

LEASE: Final = timedelta(minutes=5)  # longer than asking takes, with its repetitions
_WORD_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Asking:
    """A subscription that is this process's to ask for."""

    id: UUID
    lease_token: int
    token: str  # of the path that the service posts to
    word: str  # what it must repeat
    remote_id: str  # empty: not asked yet


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another process asks now. `expires_at`: what is known of it."""

    expires_at: datetime | None


def begin(
    session: Session, sealer: Sealer, now: datetime, mailbox: Mailbox, new_token: Callable[[UUID], str]
) -> Asking | Elsewhere:
    """Takes the row, made anew for another connection of the mailbox. `new_token`: of a workspace's path."""
    workspace_id = workspace_of(session)
    row_id = stable_id("inbox_subscription", workspace_id, mailbox.id)
    fresh = _fresh(sealer, now, mailbox, row_id, new_token(workspace_id))
    bulk.insert_ignore(session, InboxSubscription, [fresh])
    row = session.get_one(InboxSubscription, (workspace_id, row_id), with_for_update=True, populate_existing=True)
    if row.lease_until is not None and row.lease_until > now:
        return Elsewhere(row.expires_at)
    if row.connection_number != mailbox.connection_number or row.service != mailbox.inbox:
        for name, value in fresh.items():
            setattr(row, name, value)
        row.remote_id, row.expires_at, row.asks_at, row.told_at, row.problem = "", None, None, None, ""
    row.lease_until, row.lease_token = now + LEASE, row.lease_token + 1
    session.add(row)
    return Asking(
        row.id,
        row.lease_token,
        sealer.open(row.token_sealed, context=_token_under(row.id)),
        sealer.open(row.word_sealed, context=_word_under(row.id)),
        row.remote_id,
    )


def _fresh(sealer: Sealer, now: datetime, mailbox: Mailbox, row_id: UUID, token: str) -> dict[str, object]:
    return {
        "id": row_id,
        "mailbox_id": mailbox.id,
        "connection_number": mailbox.connection_number,
        "service": mailbox.inbox,
        "token_hash": token_hash(token),
        "token_sealed": sealer.seal(token, context=_token_under(row_id)),
        "word_sealed": sealer.seal(secrets.token_urlsafe(_WORD_BYTES), context=_word_under(row_id)),
        "created_at": now,
    }


def made(session: Session, asking: Asking, began: datetime, remote_id: str, expires_at: datetime) -> bool:
    """It holds. What the service wanted before `began` is answered by it. False: another process asks by now."""
    row = _mine(session, asking)
    if row is None:
        return False
    row.remote_id, row.expires_at, row.problem, row.lease_until = remote_id, expires_at, "", None
    if row.asks_at is not None and row.asks_at <= began:
        row.asks_at = None
    session.add(row)
    return True


def ended(session: Session, asking: Asking) -> None:
    """The service no longer knows it: it is asked for anew, under the same address."""
    row = _mine(session, asking)
    if row is not None:
        row.remote_id, row.expires_at = "", None
        session.add(row)


def failed(session: Session, asking: Asking, problem: str) -> None:
    row = _mine(session, asking)
    if row is not None:
        row.problem, row.lease_until = problem[:1_000], None
        session.add(row)


def _mine(session: Session, asking: Asking) -> InboxSubscription | None:
    key = (workspace_of(session), asking.id)
    row = session.get(InboxSubscription, key, with_for_update=True, populate_existing=True)
    return row if row is not None and row.lease_token == asking.lease_token else None


def by_token(session: Session, service: str, token: str) -> tuple[InboxSubscription, Mailbox] | None:
    """Whose mailbox is told of at this path; None: nobody's, or of a connection that is over."""
    query = (
        select(InboxSubscription, Mailbox)
        .join(Mailbox, col(Mailbox.id) == col(InboxSubscription.mailbox_id))
        .where(InboxSubscription.token_hash == token_hash(token), InboxSubscription.service == service)
    )
    found = session.exec(query).one_or_none()
    if found is None or found[0].connection_number != found[1].connection_number:
        return None
    return found[0], found[1]


def word_of(sealer: Sealer, row: InboxSubscription) -> str:
    """Raises Tampered."""
    return sealer.open(row.word_sealed, context=_word_under(row.id))


def told(session: Session, now: datetime, row_id: UUID, remote_id: str, *, wants: bool, ended: bool) -> None:
    """The service posted. `wants`: to be asked anew; `ended`: because it ended the subscription of this id."""
    row = session.get(InboxSubscription, (workspace_of(session), row_id), with_for_update=True, populate_existing=True)
    if row is None:
        return
    row.told_at = now
    if wants:
        row.asks_at = now
    if ended and row.remote_id == remote_id:
        row.remote_id, row.expires_at = "", None
    session.add(row)


def asked_for(session: Session) -> dict[UUID, datetime]:
    """Active mailboxes whose service wants to be asked anew, and since when."""
    query = (
        select(InboxSubscription.mailbox_id, InboxSubscription.asks_at)
        .join(Mailbox, col(Mailbox.id) == col(InboxSubscription.mailbox_id))
        .where(col(InboxSubscription.asks_at).is_not(None), Mailbox.state == MailboxState.ACTIVE)
    )
    return {mailbox_id: at for mailbox_id, at in session.exec(query) if at is not None}


def _token_under(row_id: UUID) -> str:
    return f"inbox_subscription|token|{row_id}"


def _word_under(row_id: UUID) -> str:
    return f"inbox_subscription|word|{row_id}"
