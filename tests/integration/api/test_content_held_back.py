"""Notes on words and links that a policy makes more than advice: at the approval, over HTTP, on the page, by a team's
link, and again in the claim."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from agents import content_notes
from agents.policy import Policy, load_policy, set_policy
from store.models import Approval, Draft, DraftState, OutboxItem, OutboxState, Role, Touch, TouchState
from tests.support.api_office import ApiOffice, csrf_of, sign_in, tell_a_story
from tests.support.crash.office import SENDER, unsubscribe
from tools.deliverability.content import MEND, NoteRule
from tools.mail.compose import content_hash
from tools.ports import Envelope, LookupResult, SendOutcome, SendResult
from workers.dispatcher import Dispatcher

BAD = "Hello Pat,\n\nact now: https://bit.ly/x\n\nAnn"


def policy(office: ApiOffice, *blocking: NoteRule) -> Policy:
    context = office.office.context
    with context.database.write(context.workspace_id) as session:
        wanted = load_policy(session).model_copy(update={"blocking_notes": list(blocking)})
        return set_policy(session, context.clock, context.ids, wanted, by="user:ann")


def draft(office: ApiOffice, body: str = BAD, number: int = 0) -> tuple[UUID, UUID, str]:
    """(draft, approval, hash) under the policy in force."""
    context = office.office.context
    draft_id, approval_id, _ = office.office.draft(number)
    with context.database.write(context.workspace_id) as session:
        now_in_force = load_policy(session).number
        row = session.get_one(Draft, (context.workspace_id, draft_id))
        digest = content_hash(
            recipient=office.office.people[number].address,
            sender=SENDER,
            subject=f"Invoices at Company {number}",
            body=body,
            links=[],
            policy_version=now_in_force,
        )
        row.body_sealed = context.sealer.seal(body, context=f"draft|body|{draft_id}")
        row.content_hash, row.policy_number = digest, now_in_force
        approval = session.get_one(Approval, (context.workspace_id, approval_id))
        approval.content_hash = digest
        session.add_all([row, approval])
    return draft_id, approval_id, digest


def approve(client: TestClient, key: Any, approval_id: UUID, digest: str) -> Any:
    body = {"action": "approve", "content_hash": digest}
    return client.post(f"/api/v1/approvals/{approval_id}/decision", json=body, headers=key)


@pytest.fixture
def key(office: ApiOffice) -> dict[str, str]:
    return office.key("read", "approvals:decide", "people:read", "policies:write")


def test_what_the_policy_names_cannot_be_approved_and_says_how_to_mend_it(
    client: TestClient, office: ApiOffice, key: Any
) -> None:
    policy(office, NoteRule.SHORTENER)
    _, approval_id, digest = draft(office)
    refused = approve(client, key, approval_id, digest)
    assert (refused.status_code, refused.json()["code"]) == (422, "content_held_back")
    assert "shortener" in refused.json()["detail"]
    assert MEND[NoteRule.SHORTENER] in refused.text
    assert "pressing" not in refused.text, "which is advice"
    notes = client.get(f"/api/v1/approvals/{approval_id}/outgoing", headers=key).json()["notes"]
    assert (notes[0]["rule"], notes[0]["blocks"]) == ("shortener", True)
    assert {note["rule"]: note["blocks"] for note in notes}["pressing_words"] is False
    policy(office)
    assert approve(client, key, approval_id, digest).status_code == 200


def test_without_such_a_policy_notes_are_advice(client: TestClient, office: ApiOffice, key: Any) -> None:
    _, approval_id, digest = draft(office)
    assert approve(client, key, approval_id, digest).status_code == 200


def test_what_is_not_there_is_not_found_and_what_is_decided_is_said(
    client: TestClient, office: ApiOffice, key: Any
) -> None:
    _, approval_id, digest = draft(office)
    assert approve(client, key, approval_id, digest).status_code == 200
    policy(office, NoteRule.SHORTENER)
    assert approve(client, key, UUID(int=7), digest).status_code == 404
    assert approve(client, key, approval_id, digest).status_code in (200, 409)


def test_the_page_shows_what_holds_it_back(client: TestClient, office: ApiOffice) -> None:
    policy(office, NoteRule.SHORTENER)
    _, approval_id, digest = draft(office)
    assert sign_in(client, office, office.user(Role.ADMIN)) == 303
    shown = client.get(f"/approvals/{approval_id}").text
    assert "the policy holds this draft back until it is mended" in shown
    assert MEND[NoteRule.SHORTENER] in shown
    said = client.post(f"/approvals/{approval_id}/approve", data={"csrf": csrf_of(client), "content_hash": digest})
    assert "The policy holds this draft back" in said.text


def test_an_edit_is_told_what_would_hold_it_back_before_it_is_kept(
    client: TestClient, office: ApiOffice, key: Any
) -> None:
    policy(office, NoteRule.SHORTENER)
    (approval_id, _), *_ = tell_a_story(office)
    url, mended = f"/api/v1/approvals/{approval_id}/preview", BAD.replace("https://bit.ly/x", "")
    said = client.post(url, json={"subject": "Invoices", "body": BAD}, headers=key).json()
    assert (said["passed"], said["notes"][0]["rule"], said["notes"][0]["blocks"]) == (False, "shortener", True)
    assert MEND[NoteRule.SHORTENER] == said["notes"][0]["mend"]
    notes = client.post(url, json={"subject": "Invoices", "body": mended}, headers=key).json()["notes"]
    assert [note["blocks"] for note in notes] == [False] * len(notes)
    assert sign_in(client, office, office.user(Role.ADMIN)) == 303
    form = {"csrf": csrf_of(client), "subject": "Invoices"}
    assert MEND[NoteRule.SHORTENER] in client.post(f"/approvals/{approval_id}/preview", data={**form, "body": BAD}).text
    quiet = client.post(f"/approvals/{approval_id}/preview", data={**form, "body": mended}).text
    assert "would hold it back" not in quiet


def test_the_policies_page_and_its_versions_name_them(client: TestClient, office: ApiOffice, key: Any) -> None:
    assert sign_in(client, office, office.user(Role.ADMIN)) == 303
    form = {"csrf": csrf_of(client), "blocking_notes.asked": "yes", "blocking_notes.ip_link": "yes"}
    assert client.post("/policies", data={**form, "blocking_notes.shortener": "yes"}).status_code == 303
    page = client.get("/policies").text
    for rule in NoteRule:
        ticked = f'name="blocking_notes.{rule.value}" value="yes" checked' in page
        assert ticked == (rule in (NoteRule.IP_LINK, NoteRule.SHORTENER)), rule
    change = {"field": "blocking_notes", "before": "none", "after": "ip link, shortener"}
    assert client.get("/api/v1/policy/versions", headers=key).json()["items"][0]["changes"] == [change]
    wrong = {**Policy().model_dump(mode="json", exclude={"number"}), "blocking_notes": ["all"]}
    assert client.put("/api/v1/policy", json=wrong, headers=key).status_code == 422


class Taken:
    """A transport that takes everything."""

    name = "taken"

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    def send(self, envelope: Envelope) -> SendResult:
        self.envelopes.append(envelope)
        return SendResult(SendOutcome.SENT, "250 taken")

    def lookup(self, _message_id: str) -> LookupResult:
        return LookupResult.UNSUPPORTED

    def close(self) -> None:
        return


def test_it_is_asked_again_in_the_claim(office: ApiOffice) -> None:
    """As a draft that was approved past the edge: by a fault of ours, or before a rule was made stricter."""
    post = Taken()
    context = replace(office.office.context, tools=replace(office.office.context.tools, transport=lambda _: post))
    policy(office, NoteRule.SHORTENER)
    items = []
    for number, body in enumerate((BAD, "Hello Pat,\n\nshall we talk?\n\nAnn")):
        draft_id, approval_id, digest = draft(office, body, number)
        office.office.approve(approval_id, digest)
        items.append((draft_id, office.office.queue(draft_id, approval_id)))
    Dispatcher(unsubscribe, "w").run(context)
    assert len(post.envelopes) == 1
    held, sent = (office.office.get(OutboxItem, item_id) for _, item_id in items)
    assert sent.state is OutboxState.SENT
    assert held.state is OutboxState.CANCELLED
    assert "shortener" in held.state_reason
    assert MEND[NoteRule.SHORTENER] in held.state_reason
    assert office.office.get(Draft, items[0][0]).state is DraftState.VOID
    assert office.office.get(Touch, office.office.people[0].touch_ids[0]).state is TouchState.PLANNED


def test_an_answer_may_look_like_one(office: ApiOffice) -> None:
    context = office.office.context
    draft_id, _, _ = draft(office)
    with context.database.write(context.workspace_id) as session:
        row = session.get_one(Draft, (context.workspace_id, draft_id))
        row.subject_sealed = context.sealer.seal("Re: invoices", context=f"draft|subject|{draft_id}")
        named = {note.rule for note in content_notes.notes_on_draft(session, context, row)}
        row.in_reply_to = "<a@b.example>"
        answering = {note.rule for note in content_notes.notes_on_draft(session, context, row)}
    assert named - answering == {NoteRule.LOOKS_LIKE_A_REPLY}
