"""Accounts for texts and calls, what they carried, and whose number is whose."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core.clock import Clock
from core.ids import stable_id
from store import bulk
from store.models import NumberUse, OutboxItem, OutboxState, TelephonyAccount, TelephonyState
from store.queries import merges, outbox
from store.session import workspace_of

DAY = timedelta(hours=24)
_COUNTED = (OutboxState.SENT, OutboxState.SENDING, OutboxState.UNKNOWN)


def account_row(session: Session, account_id: UUID, *, lock: bool = False) -> TelephonyAccount | None:
    return session.get(
        TelephonyAccount,
        (workspace_of(session), account_id),
        with_for_update=True if lock else None,
        populate_existing=lock,
    )


def accounts(session: Session) -> Sequence[TelephonyAccount]:
    """The oldest first: the first active one is used."""
    return session.exec(
        select(TelephonyAccount).order_by(col(TelephonyAccount.created_at), col(TelephonyAccount.id))
    ).all()


def in_use(session: Session, kind: str) -> TelephonyAccount | None:
    """What a text, or a call, goes out through now."""
    active = (one for one in accounts(session) if one.state is TelephonyState.ACTIVE)
    return next((one for one in active if kind == outbox.TEXT or one.sender), None)


def sender_of(account: TelephonyAccount, kind: str) -> str:
    """What the vendor is given as the sender: of a text the service that chooses a number, where there is one."""
    return account.service_sid or account.sender if kind == outbox.TEXT else account.sender


def insert(
    session: Session,
    clock: Clock,
    *,
    key: str,
    kind: str,
    subject_kind: str,
    subject_id: UUID,
    account_id: UUID,
    contact_id: UUID,
    expires_at: datetime,
    payload: Mapping[str, Any],
    payload_sealed: str,
    digest: str,
) -> UUID:
    """The item's id; the same key again changes nothing. `digest`: of the frozen words."""
    item_id = outbox.item_id(session, key)
    row = {
        "id": item_id,
        "key": key,
        "kind": kind,
        "subject_kind": subject_kind,
        "subject_id": subject_id,
        "contact_id": contact_id,
        "telephony_account_id": account_id,
        "payload": dict(payload),
        "payload_sealed": payload_sealed,
        "mime_sha256": digest,
        "not_before": clock.now(),
        "expires_at": expires_at,
        "created_at": clock.now(),
    }
    bulk.insert_ignore(session, OutboxItem, [row])
    return item_id


def of_task(session: Session, kind: str, task_id: UUID) -> Sequence[OutboxItem]:
    """What was queued from a task, the first first."""
    query = select(OutboxItem).where(
        OutboxItem.kind == kind, col(OutboxItem.key).startswith(f"{kind}:{task_id}:", autoescape=True)
    )
    return session.exec(query.order_by(col(OutboxItem.created_at), col(OutboxItem.id))).all()


def started_since(session: Session, account_id: UUID, kind: str, since: datetime) -> Sequence[datetime]:
    """When each that left, or may have, was started; the first first."""
    query = (
        select(OutboxItem.started_at)
        .where(
            OutboxItem.telephony_account_id == account_id,
            OutboxItem.kind == kind,
            col(OutboxItem.state).in_(_COUNTED),
            col(OutboxItem.started_at) > since,
        )
        .order_by(col(OutboxItem.started_at))
    )
    return [at for at in session.exec(query) if at is not None]


def under_way(session: Session, contact_id: UUID, without: UUID) -> bool:
    """Whether another text or call to this person is leaving, or nobody knows whether it left."""
    query = select(OutboxItem.id).where(
        OutboxItem.contact_id == contact_id,
        col(OutboxItem.kind).in_(outbox.BY_PHONE),
        col(OutboxItem.state).in_((OutboxState.SENDING, OutboxState.UNKNOWN)),
        OutboxItem.id != without,
    )
    return session.exec(query.limit(1)).first() is not None


def start(session: Session, item: OutboxItem, now: datetime, payload: Mapping[str, Any]) -> bool:
    """From here on it may have left. False: the lease is gone."""
    started = session.execute(
        sa.update(OutboxItem)
        .where(
            col(OutboxItem.id) == item.id,
            col(OutboxItem.lease_token) == item.lease_token,
            col(OutboxItem.state) == OutboxState.SENDING,
            col(OutboxItem.started_at).is_(None),
        )
        .values(started_at=now, attempts=col(OutboxItem.attempts) + 1, payload=dict(payload))
        .returning(col(OutboxItem.id))
        .execution_options(synchronize_session=False)
    )
    return started.scalar_one_or_none() is not None


def note_use(session: Session, number_index: str, contact_id: UUID, at: datetime) -> None:
    row = {
        "id": stable_id("number_use", workspace_of(session), number_index, contact_id),
        "number_index": number_index,
        "contact_id": contact_id,
        "used_at": at,
    }
    bulk.upsert(session, NumberUse, [row], key=["number_index", "contact_id"], update=["used_at"])


def contacts_of(session: Session, number_index: str) -> list[UUID]:
    """Who is reached at this number, as far as it was used: the latest first, each by the row that stands for them."""
    query = select(NumberUse.contact_id).where(NumberUse.number_index == number_index)
    found = list(session.exec(query.order_by(col(NumberUse.used_at).desc(), col(NumberUse.id))))
    return list(dict.fromkeys(merges.standing_for(session, found))) if found else []


def cancel_for(session: Session, contact_ids: Collection[UUID], reason: str) -> int:
    """Texts and calls to these people that have not left."""
    if not contact_ids:
        return 0
    cancelled = session.execute(
        sa.update(OutboxItem)
        .where(
            col(OutboxItem.contact_id).in_(contact_ids),
            col(OutboxItem.kind).in_(outbox.BY_PHONE),
            sa.or_(
                col(OutboxItem.state) == OutboxState.READY,
                # Leased and not started: nothing of it has left.
                sa.and_(col(OutboxItem.state) == OutboxState.SENDING, col(OutboxItem.started_at).is_(None)),
            ),
        )
        .values(state=OutboxState.CANCELLED, state_reason=reason, lease_owner="", lease_until=None)
        .returning(col(OutboxItem.id))
        .execution_options(synchronize_session="fetch")
    )
    return len(cancelled.all())


def secret_under(account_id: UUID) -> str:
    return f"telephony_account|secret|{account_id}"


def phone_under(user_id: UUID) -> str:
    return f"rep_phone|number|{user_id}"
