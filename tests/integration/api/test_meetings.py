"""A meeting as its rep sees it: what to know before, and what is kept afterwards."""

from datetime import timedelta
from uuid import UUID, uuid4

from fastapi.testclient import TestClient
from sqlmodel import select

from store.models import Lead, Meeting, MeetingState, Message, Role, Task
from tests.support.api_office import ApiOffice, csrf_of, sign_in

API = "/api/v1"
ASKED = "Does it read scanned delivery notes?"


def a_meeting(office: ApiOffice, *, hours: float, state: MeetingState = MeetingState.BOOKED) -> UUID:
    """`hours` from now."""
    context, person, meeting_id, message_id = office.office.context, office.office.people[0], uuid4(), uuid4()
    body = f"Thanks, Thursday works. {ASKED}"
    start = body.index(ASKED)
    with context.database.write(context.workspace_id) as session:
        lead = session.exec(select(Lead).where(Lead.contact_id == person.contact_id)).one()
        starts_at = context.clock.now() + timedelta(hours=hours)
        session.add(
            Meeting(
                workspace_id=context.workspace_id, id=meeting_id, lead_id=lead.id, contact_id=lead.contact_id,
                company_id=lead.company_id, user_id=uuid4(), purpose_key=f"message:{message_id}", state=state,
                starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30), time_zone="Europe/Berlin",
                created_at=context.clock.now(),
            )
        )  # fmt: skip
        session.add(
            Message(
                workspace_id=context.workspace_id, id=message_id, direction="in", source_key=f"inbox:{message_id}",
                lead_id=lead.id, contact_id=lead.contact_id, kind="reply", at=context.clock.now(),
                body_sealed=context.sealer.seal(body, context=f"message|body|{message_id}"),
                reading={"intents": [{"intent": "question", "start": start, "end": len(body)}, {"intent": "positive"}]},
            )
        )  # fmt: skip
    return meeting_id


def test_before_a_meeting_a_rep_sees_what_they_asked_and_others_do_not(client: TestClient, office: ApiOffice) -> None:
    meeting_id = a_meeting(office, hours=3)
    full = client.get(f"{API}/meetings/{meeting_id}", headers=office.key("read", "people:read")).json()
    assert full["asked"] == [{"kind": "question", "text": ASKED, "at": full["asked"][0]["at"]}]
    assert (full["state"], full["thread"][-1]["direction"], full["notes"]) == ("booked", "in", None)
    masked = client.get(f"{API}/meetings/{meeting_id}", headers=office.key("read"))
    assert masked.json()["person"]["hidden"]
    assert ASKED not in masked.text
    assert client.get(f"{API}/meetings/{uuid4()}", headers=office.key("read")).status_code == 404


def test_notes_are_sealed_and_a_next_step_is_one_task(client: TestClient, office: ApiOffice) -> None:
    meeting_id = a_meeting(office, hours=-1)
    key, place = office.key("read", "people:read", "work:write"), f"{API}/meetings/{meeting_id}/outcome"
    due = (office.deps.clock.now() + timedelta(days=2)).isoformat()
    said = {"held": True, "outcome": "wants an offer", "notes": "They bill by hand.", "next_step": "Send  the offer"}
    assert client.post(place, json=said, headers=key).json()["hint"] == "A next step without a day is forgotten."
    assert client.get(f"{API}/meetings/{meeting_id}", headers=key).json()["state"] == "booked"
    for notes in ("They bill by hand.", "They bill 400 a day by hand."):
        answer = client.post(place, json={**said, "notes": notes, "next_step_at": due}, headers=key)
        assert answer.status_code == 204
    shown = client.get(f"{API}/meetings/{meeting_id}", headers=key).json()
    assert (shown["state"], shown["notes"]) == ("held", "They bill 400 a day by hand.")
    assert client.get(f"{API}/meetings/{meeting_id}", headers=office.key("read")).json()["notes"] is None
    with office.deps.database.read(office.workspace_id) as session:
        [task] = session.exec(select(Task).where(Task.kind == "next_step")).all()
        [meeting] = session.exec(select(Meeting).where(Meeting.id == meeting_id)).all()
    assert "offer" not in task.title
    assert "hand" not in (meeting.notes_sealed or "")
    assert client.post(place, json={"held": False}, headers=key).status_code == 409


def test_what_was_not_booked_has_no_outcome_and_takes_no_notes(client: TestClient, office: ApiOffice) -> None:
    meeting_id = a_meeting(office, hours=-1, state=MeetingState.CANCELLED)
    key = office.key("read", "people:read", "work:write")
    answer = client.post(f"{API}/meetings/{meeting_id}/outcome", json={"held": True, "notes": "?"}, headers=key)
    assert answer.json()["code"] == "not_booked"
    assert client.get(f"{API}/meetings/{meeting_id}", headers=key).json()["notes"] is None


def test_the_pages_list_show_and_keep_what_was_typed(client: TestClient, office: ApiOffice) -> None:
    coming, over = a_meeting(office, hours=3), a_meeting(office, hours=-1)
    sign_in(client, office, office.user(Role.SALES_OPS))
    listed = client.get("/meetings").text
    assert str(coming) in listed
    assert str(over) not in listed
    assert str(over) in client.get("/meetings?when=past").text
    assert ASKED in client.get(f"/meetings/{coming}").text
    assert "It was held" not in client.get(f"/meetings/{coming}").text
    form = {
        "csrf": csrf_of(client),
        "held": "true",
        "notes": "Keep <b>this</b>",
        "next_step": "Call",
        "next_step_on": "soon",
    }
    wrong = client.post(f"/meetings/{over}/outcome", data=form)
    assert "Keep &lt;b&gt;this&lt;/b&gt;" in wrong.text
    kept = client.post(f"/meetings/{over}/outcome", data={**form, "next_step_on": "2026-06-05"})
    assert "Kept: the meeting took place." in client.get(kept.headers["location"]).text
