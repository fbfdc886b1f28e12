"""Links in mails: GET shows and never acts, POST acts, a forged link is nothing."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from core.clock import VirtualClock
from core.errors import Conflict
from store.models import Hold, HoldState, Lead, Mailbox, Meeting, MeetingState, Suppression, ThreadTrigger
from tests.support.api_office import BOOKING, TOKENS, ApiOffice


def suppressions(office: ApiOffice) -> int:
    with office.deps.database.read(office.workspace_id) as session:
        return len(session.exec(sa.select(Suppression)).all())


def hold(office: ApiOffice, clock: VirtualClock, *, zone: str = "America/New_York") -> str:
    context, now = office.office.context, clock.now()
    person = office.office.people[0]
    meeting_id, hold_id = context.ids.new(), context.ids.new()
    with context.database.write(context.workspace_id) as session:
        lead = session.get(Lead, (context.workspace_id, person.lead_id))
        mailbox = office.office.get(Mailbox, office.office.mailbox_id)
        assert lead is not None
        session.add(
            Meeting(
                workspace_id=context.workspace_id,
                id=meeting_id,
                lead_id=lead.id,
                contact_id=lead.contact_id,
                company_id=lead.company_id,
                user_id=mailbox.user_id,
                purpose_key=f"message:{meeting_id}",
                time_zone=zone,
                created_at=now,
            )
        )
        session.flush()
        session.add(
            Hold(
                workspace_id=context.workspace_id,
                id=hold_id,
                meeting_id=meeting_id,
                user_id=mailbox.user_id,
                starts_at=now + timedelta(days=1),
                ends_at=now + timedelta(days=1, minutes=30),
                expires_at=now + timedelta(hours=72),
            )
        )
    return BOOKING.make(context.workspace_id, hold_id)


@pytest.fixture
def unsubscribe_url(office: ApiOffice) -> str:
    return f"/u/{TOKENS.make(office.workspace_id, office.office.people[0].contact_id, None)}"


def test_reading_the_unsubscribe_page_changes_nothing(
    client: TestClient, office: ApiOffice, unsubscribe_url: str
) -> None:
    page = client.get(unsubscribe_url)
    assert page.status_code == 200
    assert "Northwind Tools" in page.text
    assert client.head(unsubscribe_url).status_code in (200, 405)
    assert suppressions(office) == 0


@pytest.mark.parametrize(
    "request_body",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"content": b""},
    ],
    ids=["form", "multipart", "empty"],
)
def test_one_click_unsubscribes_without_cookie_or_redirect(
    client: TestClient, office: ApiOffice, unsubscribe_url: str, request_body: dict[str, Any]
) -> None:
    answer = client.post(unsubscribe_url, **request_body)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert suppressions(office) == 1
    assert client.post(unsubscribe_url, **request_body).status_code == 200, "again is fine"
    assert suppressions(office) == 1


@pytest.mark.parametrize("place", ["/u/", "/b/"])
@pytest.mark.parametrize("token", ["x", "A" * 86, "%00", "é" * 20])
def test_a_forged_link_is_404_for_get_and_post(client: TestClient, place: str, token: str) -> None:
    assert client.get(place + token).status_code == 404
    assert client.post(place + token).status_code == 404


def test_a_token_of_the_other_kind_is_forged(client: TestClient, office: ApiOffice, clock: VirtualClock) -> None:
    assert client.get(f"/u/{hold(office, clock)}").status_code == 404


def test_reading_the_booking_page_never_books(client: TestClient, office: ApiOffice, clock: VirtualClock) -> None:
    token = hold(office, clock)
    for _ in range(2):
        page = client.get(f"/b/{token}")
        assert page.status_code == 200
        assert "Wednesday 3 June 2026, 10:00 (America/New_York)" in page.text
        assert "Confirm this time" in page.text
    with office.deps.database.read(office.workspace_id) as session:
        assert session.exec(sa.select(Hold)).scalars().one().state is HoldState.HELD


def test_confirming_books_once_and_the_other_times_are_free_again(
    client: TestClient, office: ApiOffice, clock: VirtualClock
) -> None:
    token = hold(office, clock)
    for _ in range(2):
        answer = client.post(f"/b/{token}")
        assert answer.status_code == 200
        assert "<h1>Booked</h1>" in answer.text
    assert "<h1>Booked</h1>" in client.get(f"/b/{token}").text
    with office.deps.database.read(office.workspace_id) as session:
        meeting = session.exec(sa.select(Meeting)).scalars().one()
        keys = [row.key for row in session.exec(sa.select(ThreadTrigger)).scalars()]
    assert meeting.state is MeetingState.BOOKED
    assert len(keys) == 1, "the calendar agent hears of it once"


def test_a_time_that_is_gone_says_so_and_offers_no_button(
    client: TestClient, office: ApiOffice, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = hold(office, clock)

    def taken(*_: Any, **__: Any) -> None:
        raise Conflict("Taken.")

    monkeypatch.setattr("api.actions.public.pick_slot", taken)
    answer = client.post(f"/b/{token}")
    assert answer.status_code == 409
    assert "no longer free" in answer.text
    assert "<button" not in answer.text
    clock.advance(timedelta(hours=73))
    assert "no longer free" in client.get(f"/b/{token}").text


@pytest.mark.parametrize("place", ["/sign-in", "/u/x", "/api/v1/health", "/static/console.css", "/nowhere"])
def test_every_answer_carries_the_headers(client: TestClient, place: str) -> None:
    headers = client.get(place).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
