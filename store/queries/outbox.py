"""The outbox: intended external effects, each once by its key, leased with a fencing token while it is carried out.

    ready → sending → sent | failed | ready (deferred) | unknown (a person decides);   ready → cancelled | expired

Mails are claimed several at once, and started one by one (store.queries.starting): of a claimed mail that was not
started no byte has left.
`sending` with a lease that ran out is a worker that died, or an outcome to look up: the dispatcher's recovery.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlmodel import Session, col, select

from core.clock import Clock
from core.crypto import Sealer
from core.ids import stable_id
from store import bulk
from store.models import CalendarEventRow, OutboxItem, OutboxState
from store.session import workspace_of

MAIL, CRM, CALENDAR, ROOM = "mail", "crm", "calendar", "room"
TEXT, CALL = "text", "call"  # through a telephony account: store.queries.telephony
BY_PHONE = (TEXT, CALL)


def item_id(session: Session, key: str) -> UUID:
    return stable_id("outbox", workspace_of(session), key)


def insert_mail(
    session: Session,
    clock: Clock,
    *,
    key: str,
    subject_kind: str,
    subject_id: UUID,
    mailbox_id: UUID,
    contact_id: UUID,
    not_before: datetime,
    draft_id: UUID | None = None,
    approval_id: UUID | None = None,
    message_id: str = "",
    expires_at: datetime | None = None,
    payload: Mapping[str, Any] | None = None,
    payload_sealed: str | None = None,
) -> UUID:
    """The item's id; the same key again changes nothing.

    Without a draft (a meeting's invitation) `payload` says {"action": …} and `payload_sealed` is JSON of
    `workers.letters.Words`, sealed under `payload_context(key)`.
    """
    row = {
        "id": item_id(session, key),
        "key": key,
        "kind": MAIL,
        "subject_kind": subject_kind,
        "subject_id": subject_id,
        "draft_id": draft_id,
        "approval_id": approval_id,
        "contact_id": contact_id,
        "mailbox_id": mailbox_id,
        "payload": dict(payload or {}),
        "payload_sealed": payload_sealed,
        "message_id": message_id,
        "not_before": not_before,
        "expires_at": expires_at,
        "created_at": clock.now(),
    }
    bulk.insert_ignore(session, OutboxItem, [row])
    return item_id(session, key)


@dataclass(frozen=True, slots=True)
class CrmStep:
    """A step to mirror to the CRM. `fields`: nothing personal; the summary is sealed."""

    key: str  # f"crm:{subject_id}:{what}:{version}"
    subject_kind: str
    subject_id: UUID
    record_kind: str  # company, contact, deal, customer
    record_id: UUID
    kind: str  # email_sent, reply, meeting, stage_change, score, task, play …
    occurred_at: datetime
    summary: str
    fields: Mapping[str, Any] = field(default_factory=dict)


def insert_crm(session: Session, clock: Clock, sealer: Sealer, steps: Sequence[CrmStep]) -> int:
    """Queues the steps whose key is new, in one statement; returns how many."""
    now = clock.now()
    rows = [
        {
            "id": item_id(session, step.key),
            "key": step.key,
            "kind": CRM,
            "subject_kind": step.subject_kind,
            "subject_id": step.subject_id,
            "payload": {
                "record_kind": step.record_kind,
                "record_id": str(step.record_id),
                "kind": step.kind,
                "occurred_at": step.occurred_at.isoformat(),
                "fields": dict(step.fields),
            },
            "payload_sealed": sealer.seal(step.summary, context=payload_context(item_id(session, step.key))),
            "not_before": now,
            "created_at": now,
        }
        for step in {step.key: step for step in steps}.values()
    ]
    return len(bulk.insert_ignore(session, OutboxItem, rows))


def insert_calendar(session: Session, clock: Clock, event: CalendarEventRow) -> bool:
    """Queues what is wanted of our event in a rep's calendar, once a version; False: it is queued already."""
    key = f"calendar:{event.id}:{event.version}"
    row = {
        "id": item_id(session, key),
        "key": key,
        "kind": CALENDAR,
        "subject_kind": "meeting",
        "subject_id": event.meeting_id,
        "payload": {"event_id": str(event.id), "version": event.version},
        "not_before": clock.now(),
        "created_at": clock.now(),
    }
    return bool(bulk.insert_ignore(session, OutboxItem, [row]))


def payload_context(outbox_item_id: UUID) -> str:
    return f"outbox_item|payload|{outbox_item_id}"


def mime_context(outbox_item_id: UUID) -> str:
    return f"outbox_item|mime|{outbox_item_id}"


def seal_payload(sealer: Sealer, outbox_item_id: UUID, words: Mapping[str, Any]) -> str:
    return sealer.seal(orjson.dumps(dict(words)).decode(), context=payload_context(outbox_item_id))


def claim(
    session: Session,
    now: datetime,
    *,
    owner: str,
    lease_seconds: float,
    limit: int,
    kinds: Sequence[str],
    mailbox_id: UUID | None = None,
) -> list[OutboxItem]:
    """Leases up to `limit` items that are ready and due, the oldest first. No two workers get the same one."""
    due = select(OutboxItem.id).where(
        OutboxItem.state == OutboxState.READY, OutboxItem.not_before <= now, col(OutboxItem.kind).in_(kinds)
    )
    if mailbox_id is not None:
        due = due.where(OutboxItem.mailbox_id == mailbox_id)
    due = due.order_by(col(OutboxItem.not_before), col(OutboxItem.id)).limit(limit).with_for_update(skip_locked=True)
    return _lease(session, now, due, owner, lease_seconds, OutboxState.READY)


def claim_expired(session: Session, now: datetime, *, owner: str, lease_seconds: float, limit: int) -> list[OutboxItem]:
    """Takes over items whose worker died, or whose outcome is to be looked up now."""
    due = select(OutboxItem.id).where(OutboxItem.state == OutboxState.SENDING, col(OutboxItem.lease_until) <= now)
    due = due.order_by(col(OutboxItem.lease_until), col(OutboxItem.id)).limit(limit).with_for_update(skip_locked=True)
    return _lease(session, now, due, owner, lease_seconds, OutboxState.SENDING)


def _lease(
    session: Session, now: datetime, due: Any, owner: str, lease_seconds: float, state: OutboxState
) -> list[OutboxItem]:
    ids = list(session.exec(due))
    if not ids:
        return []
    # The state is asked again: on SQLite nothing stands between, on PostgreSQL the rows are locked.
    claimed = (
        sa.update(OutboxItem)
        .where(col(OutboxItem.id).in_(ids), col(OutboxItem.state) == state)
        .values(
            state=OutboxState.SENDING,
            lease_owner=owner,
            lease_token=col(OutboxItem.lease_token) + 1,
            lease_until=now + timedelta(seconds=lease_seconds),
        )
        .returning(OutboxItem)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    rows = {row.id: row for row in session.scalars(claimed)}
    return [rows[found] for found in ids if found in rows]


def renew(session: Session, held: Mapping[UUID, int], until: datetime) -> set[UUID]:
    """Prolongs leases that are still mine; returns their ids."""
    if not held:
        return set()
    mine = sa.or_(
        *(sa.and_(col(OutboxItem.id) == key, col(OutboxItem.lease_token) == token) for key, token in held.items())
    )
    renewed = (
        sa.update(OutboxItem)
        .where(mine, col(OutboxItem.state) == OutboxState.SENDING)
        .values(lease_until=until)
        .returning(col(OutboxItem.id))
        .execution_options(synchronize_session=False)
    )
    return set(session.scalars(renewed))


def complete(session: Session, outbox_item_id: UUID, token: int, state: OutboxState, **values: Any) -> bool:
    """Moves an item on, if the lease is still mine. False: another worker has it, and its word counts.

    One exception: who saw the server take the mail knows more than the queue in which a person would have to guess.
    """
    mine = sa.and_(col(OutboxItem.state) == OutboxState.SENDING, col(OutboxItem.lease_token) == token)
    if state is OutboxState.SENT:
        mine = sa.or_(mine, col(OutboxItem.state) == OutboxState.UNKNOWN)
    return _move(session, outbox_item_id, mine, {**_FREE, **_again(state), **values, "state": state})


_FREE: dict[str, Any] = {"lease_owner": "", "lease_until": None}


def _again(state: OutboxState) -> dict[str, Any]:
    return {"started_at": None, "taken_at": None} if state is OutboxState.READY else {}


def complete_each(session: Session, items: Sequence[OutboxItem], state: OutboxState, **values: Any) -> list[OutboxItem]:
    """`complete` for several with the same values, in one statement; those whose lease was still mine."""
    if not items:
        return []
    moved = session.execute(
        sa.update(OutboxItem)
        .where(
            sa.tuple_(col(OutboxItem.id), col(OutboxItem.lease_token)).in_(
                [(item.id, item.lease_token) for item in items]
            ),
            col(OutboxItem.state) == OutboxState.SENDING,
        )
        .values({**_FREE, **_again(state), **values, "state": state})
        .returning(col(OutboxItem.id))
        .execution_options(synchronize_session=False)
    )
    mine = set(moved.scalars())
    return [item for item in items if item.id in mine]


def complete_many(session: Session, ids: Sequence[UUID], owner: str, state: OutboxState, **values: Any) -> int:
    """The same for a batch that `owner` leased in one claim; returns how many were still its own."""
    moved = session.execute(
        sa.update(OutboxItem)
        .where(
            col(OutboxItem.id).in_(ids),
            col(OutboxItem.state) == OutboxState.SENDING,
            col(OutboxItem.lease_owner) == owner,
        )
        .values({"lease_owner": "", "lease_until": None, **values, "state": state})
        .returning(col(OutboxItem.id))
        .execution_options(synchronize_session=False)
    )
    return len(moved.all())


def resolve(session: Session, outbox_item_id: UUID, state: OutboxState, **values: Any) -> bool:
    """A person's word on an unknown outcome, or a vendor's proof. False: it is not unknown (any more)."""
    unknown = col(OutboxItem.state) == OutboxState.UNKNOWN
    return _move(session, outbox_item_id, unknown, {**_again(state), **values, "state": state})


def unknown_of(session: Session, message_id: str) -> OutboxItem | None:
    """The mail of this Message-ID of which nobody knows whether it left, locked. Few: the state has an index."""
    if not message_id:
        return None
    unknown = select(OutboxItem).where(OutboxItem.state == OutboxState.UNKNOWN, OutboxItem.message_id == message_id)
    locked = unknown.order_by(col(OutboxItem.id)).limit(1).with_for_update()
    return session.exec(locked.execution_options(populate_existing=True)).first()


def _move(session: Session, outbox_item_id: UUID, where: sa.ColumnElement[bool], values: dict[str, Any]) -> bool:
    moved = session.execute(
        sa.update(OutboxItem)
        .where(col(OutboxItem.id) == outbox_item_id, where)
        .values(**values)
        .returning(col(OutboxItem.id))
        .execution_options(synchronize_session="fetch")
    )
    return moved.scalar_one_or_none() is not None


def push_back(
    session: Session, now: datetime, mailbox_id: UUID, until: datetime, reason: str, draft_ids: Any | None = None
) -> int:
    """All that is due of a mailbox waits until `until`, in one statement. `draft_ids`: a subquery that narrows it."""
    statement = sa.update(OutboxItem).where(
        col(OutboxItem.state) == OutboxState.READY,
        col(OutboxItem.kind) == MAIL,
        col(OutboxItem.mailbox_id) == mailbox_id,
        col(OutboxItem.not_before) <= now,
    )
    if draft_ids is not None:
        statement = statement.where(col(OutboxItem.draft_id).in_(draft_ids))
    moved = session.execute(
        statement.values(not_before=until, state_reason=reason)
        .returning(col(OutboxItem.id))
        .execution_options(synchronize_session=False)
    )
    return len(moved.all())


def due_mailboxes(session: Session, now: datetime) -> list[UUID]:
    """Mailboxes with a mail that is ready and due, in a fixed order."""
    query = (
        select(OutboxItem.mailbox_id)
        .where(
            OutboxItem.state == OutboxState.READY,
            OutboxItem.kind == MAIL,
            OutboxItem.not_before <= now,
            col(OutboxItem.mailbox_id).is_not(None),
        )
        .distinct()
        .order_by(col(OutboxItem.mailbox_id))
    )
    return [found for found in session.exec(query) if found is not None]


def next_ready_at(session: Session) -> datetime | None:
    """When the next item can be carried out, or looked up; None: there is none."""
    ready = select(sa.func.min(col(OutboxItem.not_before))).where(OutboxItem.state == OutboxState.READY)
    leased = select(sa.func.min(col(OutboxItem.lease_until))).where(OutboxItem.state == OutboxState.SENDING)
    found = [at for at in (session.exec(ready).one(), session.exec(leased).one()) if at is not None]
    return min(found, default=None)


def counts(session: Session) -> dict[str, int]:
    """Items by state."""
    query = select(OutboxItem.state, sa.func.count()).group_by(col(OutboxItem.state))
    return {str(state): int(number) for state, number in session.exec(query)}


def another_on_its_way(session: Session, item: OutboxItem, now: datetime) -> bool:
    """Another effect of this kind on the same subject is being carried out."""
    other = sa.select(col(OutboxItem.id)).where(
        col(OutboxItem.subject_id) == item.subject_id,
        col(OutboxItem.kind) == item.kind,
        col(OutboxItem.state) == OutboxState.SENDING,
        col(OutboxItem.lease_until) > now,
        col(OutboxItem.id) != item.id,
    )
    return session.execute(other.limit(1)).first() is not None


def still_held(session: Session, item: OutboxItem) -> bool:
    """Whether the lease under which it was carried out holds; locks the row."""
    held = sa.select(col(OutboxItem.id)).where(
        col(OutboxItem.id) == item.id,
        col(OutboxItem.state) == OutboxState.SENDING,
        col(OutboxItem.lease_token) == item.lease_token,
    )
    return session.execute(held.with_for_update()).first() is not None
