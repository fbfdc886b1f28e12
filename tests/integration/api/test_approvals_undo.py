"""Until when a decision can be taken back: the outbox knows, and the rules that it is asked by."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import col

from core.clock import VirtualClock
from store.models import (
    Approval,
    ApprovalState,
    Draft,
    DraftState,
    Mailbox,
    MailboxState,
    OutboxItem,
    OutboxState,
    Role,
    User,
)
from tests.support.api_office import ApiOffice, csrf_of, sign_in, tell_a_story


def approved(client: TestClient, office: ApiOffice, zone: str = "UTC") -> tuple[UUID, UUID]:
    """(approval, draft), decided on by a signed-in rep whose clock is of that zone."""
    (approval_id, draft_id), *_ = tell_a_story(office)
    email = office.user(Role.REP)
    with office.deps.database.write(office.workspace_id) as session:
        session.execute(sa.update(User).where(col(User.email) == email).values(time_zone=zone))
        digest = session.get_one(Approval, (office.workspace_id, approval_id)).content_hash
    sign_in(client, office, email)
    data = {"csrf": csrf_of(client), "content_hash": digest}
    assert client.post(f"/approvals/{approval_id}/approve", data=data).status_code == 303
    return approval_id, draft_id


def change(office: ApiOffice, model: Any, row_id: UUID, **values: Any) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        session.execute(sa.update(model).where(model.id == row_id).values(**values))


def until_of(page: str) -> datetime | None:
    found = re.search(r'data-until="([^"]+)"', page)
    return datetime.fromisoformat(found[1]) if found else None


def test_before_it_is_queued_the_send_delay_counts(client: TestClient, office: ApiOffice, clock: VirtualClock) -> None:
    approval_id, _ = approved(client, office, "Europe/Berlin")
    page = client.get(f"/approvals/{approval_id}").text
    assert until_of(page) == clock.now() + timedelta(seconds=60)
    assert "Leaves not before today 16:01, Berlin time: until then you can undo." in page


def test_what_stands_in_the_outbox_counts(client: TestClient, office: ApiOffice, clock: VirtualClock) -> None:
    approval_id, draft_id = approved(client, office)
    later = clock.now() + timedelta(minutes=7)
    change(office, OutboxItem, office.office.queue(draft_id, approval_id), not_before=later)
    assert until_of(client.get(f"/approvals/{approval_id}").text) == later
    key = office.key("read", "people:read")
    shown = client.get(f"/api/v1/approvals/{approval_id}/outgoing", headers=key).json()
    assert datetime.fromisoformat(shown["undo_until"]) == later
    assert shown["undoable"] is True


def test_it_waits_for_the_recipients_hours(client: TestClient, office: ApiOffice, clock: VirtualClock) -> None:
    clock.advance(datetime(2026, 6, 5, 22, 30, tzinfo=UTC) - clock.now())  # Friday evening in New York
    approval_id, draft_id = approved(client, office, "Europe/Berlin")
    monday = datetime(2026, 6, 8, 12, tzinfo=UTC)
    for queued in (False, True):  # then it is due, as far as the outbox knows
        page = client.get(f"/approvals/{approval_id}").text
        assert until_of(page) == monday
        assert "Leaves not before Monday 14:00, Berlin time: until then you can undo." in page
        assert "waits for the recipient&#39;s working hours" in page
        if not queued:
            office.office.queue(draft_id, approval_id)


def test_a_full_mailbox_goes_on_tomorrow(client: TestClient, office: ApiOffice) -> None:
    approval_id, _ = approved(client, office)
    change(office, Mailbox, office.office.mailbox_id, daily_cap=0)
    page = client.get(f"/approvals/{approval_id}").text
    assert until_of(page) == datetime(2026, 6, 3, 12, tzinfo=UTC), "the next day, at 08:00 in New York"
    assert "tomorrow 12:00" in page


def test_while_a_mailbox_is_paused_nobody_knows_when(client: TestClient, office: ApiOffice) -> None:
    approval_id, _ = approved(client, office)
    change(office, Mailbox, office.office.mailbox_id, state=MailboxState.PAUSED, pause_reason="too many bounces")
    page = client.get(f"/approvals/{approval_id}").text
    assert until_of(page) is None
    assert "The mailbox is paused: too many bounces Until then you can undo." in page
    assert client.post(f"/approvals/{approval_id}/undo", data={"csrf": csrf_of(client)}).status_code == 303


def test_an_overdue_mail_that_has_not_left_is_taken_back(
    client: TestClient, office: ApiOffice, clock: VirtualClock
) -> None:
    approval_id, draft_id = approved(client, office)
    office.office.queue(draft_id, approval_id)
    clock.advance(timedelta(minutes=5))
    assert "undo works as long as it has not left" in client.get(f"/approvals/{approval_id}").text
    answer = client.post(f"/approvals/{approval_id}/undo", data={"csrf": csrf_of(client), "query": "tier=1"})
    assert answer.headers["location"] == f"/approvals/{approval_id}?tier=1&said=undone"
    assert "Taken back" in client.get(answer.headers["location"]).text
    with office.deps.database.read(office.workspace_id) as session:
        assert session.get_one(Approval, (office.workspace_id, approval_id)).state is ApprovalState.PENDING
        assert session.execute(sa.select(col(OutboxItem.id))).first() is None


def _left(office: ApiOffice, item_id: UUID, draft_id: UUID) -> None:
    change(office, OutboxItem, item_id, state=OutboxState.SENT, mime_sha256="0" * 64)
    change(office, Draft, draft_id, state=DraftState.SENT)


def _on_its_way(office: ApiOffice, item_id: UUID, _: UUID) -> None:
    change(office, OutboxItem, item_id, state=OutboxState.SENDING)


def _tried_once(office: ApiOffice, item_id: UUID, _: UUID) -> None:
    change(office, OutboxItem, item_id, mime_sha256="0" * 64)


@pytest.mark.parametrize("happened", [_left, _on_its_way, _tried_once])
def test_what_left_cannot_be_called_back(
    client: TestClient, office: ApiOffice, happened: Callable[[ApiOffice, UUID, UUID], None]
) -> None:
    approval_id, draft_id = approved(client, office)
    happened(office, office.office.queue(draft_id, approval_id), draft_id)
    page = client.get(f"/approvals/{approval_id}").text
    assert "cannot be called back" in page
    assert 'action="/approvals/' + str(approval_id) + '/undo"' not in page
    refused = client.post(f"/approvals/{approval_id}/undo", data={"csrf": csrf_of(client)})
    assert refused.status_code == 409
    assert "It is too late to undo" in refused.text
    by_key = client.post(f"/api/v1/approvals/{approval_id}/undo", headers=office.key("read", "approvals:decide"))
    assert (by_key.status_code, by_key.json()["code"]) == (409, "already_sent")
    with office.deps.database.read(office.workspace_id) as session:
        assert session.get_one(Approval, (office.workspace_id, approval_id)).state is ApprovalState.APPROVED
