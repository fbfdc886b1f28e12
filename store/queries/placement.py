"""Placement tests: their mails in the outbox, and what became of each."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core.ids import stable_id
from store import bulk
from store.models import (
    Message,
    OutboxItem,
    PlacementResult,
    PlacementState,
    PlacementTest,
    SeedAddress,
)
from store.queries.outbox import MAIL, item_id
from store.session import workspace_of

SUBJECT = "placement_test"  # the subject kind of its mails: they are nobody's touch, and no outreach


def key_of(test_id: UUID, seed_id: UUID) -> str:
    return f"placement:{test_id}:{seed_id}"


def insert_mail(
    session: Session,
    now: datetime,
    expires_at: datetime,
    test: PlacementTest,
    seed: SeedAddress,
    message_id: str,
    payload_sealed: str,
) -> UUID:
    """One mail of a test, and the row of where it will land. The same again changes nothing."""
    key = key_of(test.id, seed.id)
    outbox_id = item_id(session, key)
    item = {
        "id": outbox_id,
        "key": key,
        "kind": MAIL,
        "subject_kind": SUBJECT,
        "subject_id": test.id,
        "mailbox_id": test.mailbox_id,
        "payload": {"action": SUBJECT},
        "payload_sealed": payload_sealed,
        "message_id": message_id,
        "not_before": now,
        "expires_at": expires_at,
        "created_at": now,
    }
    bulk.insert_ignore(session, OutboxItem, [item])
    result = {
        "id": stable_id("placement_result", workspace_of(session), key),
        "test_id": test.id,
        "seed_id": seed.id,
        "address": seed.address,
        "provider": seed.provider,
        "outbox_item_id": outbox_id,
        "message_id": message_id,
    }
    bulk.insert_ignore(session, PlacementResult, [result])
    return outbox_id


def seeds(session: Session) -> list[SeedAddress]:
    query = select(SeedAddress).order_by(col(SeedAddress.provider), col(SeedAddress.address))
    return list(session.exec(query))


def due_tests(session: Session, looked_before: datetime, limit: int = 20) -> list[UUID]:
    """Running ones whose seeds were not read since, the longest ago first."""
    at = col(PlacementTest.looked_at)
    query = (
        select(PlacementTest.id)
        .where(PlacementTest.state == PlacementState.RUNNING, sa.or_(at.is_(None), at <= looked_before))
        .order_by(at.asc().nulls_first(), col(PlacementTest.id))
        .limit(limit)
    )
    return list(session.exec(query))


def results_of(session: Session, test_ids: Sequence[UUID]) -> dict[UUID, list[PlacementResult]]:
    found: dict[UUID, list[PlacementResult]] = {test_id: [] for test_id in test_ids}
    query = select(PlacementResult).where(col(PlacementResult.test_id).in_(test_ids))
    for row in session.exec(query.order_by(col(PlacementResult.provider), col(PlacementResult.address))):
        found[row.test_id].append(row)
    return found


def tests_of(session: Session, mailbox_id: UUID, limit: int) -> list[PlacementTest]:
    """The newest first."""
    query = select(PlacementTest).where(PlacementTest.mailbox_id == mailbox_id)
    newest = query.order_by(col(PlacementTest.created_at).desc(), col(PlacementTest.id).desc()).limit(limit)
    return list(session.exec(newest))


def items_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, OutboxItem]:
    return {row.id: row for row in session.exec(select(OutboxItem).where(col(OutboxItem.id).in_(ids)))}


def wire_ids(session: Session, outbox_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The Message-ID that recipients see, where a service wrote its own over ours; by outbox item."""
    keys = {f"outbox:{outbox_id}": outbox_id for outbox_id in outbox_ids}
    query = select(Message.source_key, Message.wire_message_id).where(
        col(Message.source_key).in_(list(keys)), Message.wire_message_id != ""
    )
    return {keys[key]: wire for key, wire in session.exec(query)}
