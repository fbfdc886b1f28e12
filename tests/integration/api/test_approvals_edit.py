"""Two people who edit one draft, the live check, and who may ask for what."""

import re
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import col

from store.models import Approval, ApprovalState, Draft, Role
from tests.support.api_office import ApiOffice, csrf_of, sign_in, tell_a_story


def digest_of(office: ApiOffice, approval_id: UUID) -> str:
    with office.deps.database.read(office.workspace_id) as session:
        return session.get_one(Approval, (office.workspace_id, approval_id)).content_hash


def drafts(office: ApiOffice) -> int:
    with office.deps.database.read(office.workspace_id) as session:
        return len(session.execute(sa.select(col(Draft.id))).all())


def test_of_two_edits_the_second_sees_the_first_beside_its_own_and_goes_on_from_there(
    client: TestClient, office: ApiOffice
) -> None:
    (first, _), *_ = tell_a_story(office)
    digest = digest_of(office, first)
    sign_in(client, office, office.user(Role.MANAGER, "bob_ray@sender.example"))
    theirs = {"csrf": csrf_of(client), "content_hash": digest, "subject": "Theirs", "body": "Hello Pat,\n\nshort."}
    saved = client.post(f"/approvals/{first}/edit", data=theirs)
    newer = UUID(saved.headers["location"].split("/")[2].partition("?")[0])
    client.cookies.clear()
    sign_in(client, office, office.user(Role.REP, "ann_lee@sender.example"))
    mine = {"csrf": csrf_of(client), "content_hash": digest, "subject": "Mine", "body": "Hello Pat,\n\n<i>long</i>."}
    refused = client.post(f"/approvals/{first}/edit", data=mine)
    assert refused.status_code == 409
    page = refused.text
    assert "Bob Ray saved other words while you typed" in page
    assert 'value="Mine"' in page
    assert "&lt;i&gt;long&lt;/i&gt;.</textarea>" in page
    assert "<del>Theirs</del><ins>Mine</ins>" in page
    assert "<del>short</del>" in page
    # The form goes on from what stands there now.
    assert f'id="edit" class="stack" method="post" action="/approvals/{newer}/edit"' in page
    assert digest_of(office, newer) in page
    again = {**mine, "csrf": csrf_of(client), "content_hash": digest_of(office, newer)}
    settled = client.post(f"/approvals/{newer}/edit", data=again)
    assert settled.status_code == 303
    shown = client.get(settled.headers["location"]).text
    assert "Mine" in shown
    assert "Saved as a new draft" in shown
    with office.deps.database.read(office.workspace_id) as session:
        states = session.execute(sa.select(col(Approval.state)).where(col(Approval.id).in_([first, newer]))).scalars()
        assert set(states) == {ApprovalState.VOID}


def test_words_made_from_another_draft_are_refused_and_kept(client: TestClient, office: ApiOffice) -> None:
    (first, _), *_ = tell_a_story(office)
    sign_in(client, office, office.user(Role.REP))
    data = {"csrf": csrf_of(client), "content_hash": "0" * 64, "subject": "Mine", "body": "My words"}
    refused = client.post(f"/approvals/{first}/edit", data=data)
    assert refused.status_code == 412
    assert "My words</textarea>" in refused.text
    assert drafts(office) == 3
    key = office.key("read", "approvals:decide")
    words = {"subject": "Mine", "body": "My words", "content_hash": "0" * 64}
    assert client.post(f"/api/v1/approvals/{first}/edit", json=words, headers=key).status_code == 412


def test_the_check_by_api_says_what_the_gate_says_and_writes_nothing(client: TestClient, office: ApiOffice) -> None:
    (first, _), *_ = tell_a_story(office)
    place, key = f"/api/v1/approvals/{first}/preview", office.key("read", "people:read", "approvals:decide")
    shown = client.get(f"/api/v1/approvals/{first}", headers=key).json()
    same = client.post(place, json={"subject": shown["subject"], "body": shown["body"]}, headers=key).json()
    wrong = {"subject": "x", "body": f"{shown['body']}\nWe have 4711 customers."}
    answer = client.post(place, json=wrong, headers=key)
    assert answer.status_code == 200
    assert answer.json()["passed"] is False
    found = [p for p in answer.json()["problems"] if "4711" in p["excerpt"]]
    assert found
    assert not [p for p in same["problems"] if "4711" in p["excerpt"]]
    assert drafts(office) == 3
    assert client.get(f"/api/v1/approvals/{first}", headers=key).json() == shown
    assert client.post(place, json={"subject": "", "body": "x"}, headers=key).status_code == 422
    assert client.post(place, json={"subject": "x", "body": "x" * 20_001}, headers=key).status_code == 422
    assert client.post(place, json=wrong, headers=office.key("read", "people:read")).status_code == 403
    assert client.post(f"/api/v1/approvals/{uuid4()}/preview", json=wrong, headers=key).status_code == 404


def test_who_reads_a_draft_is_told_to_those_who_decide(client: TestClient, office: ApiOffice) -> None:
    (first, _), *_ = tell_a_story(office)
    sign_in(client, office, office.user(Role.REP, "ann_lee@sender.example"))
    client.post(f"/approvals/{first}/reading", data={"csrf": csrf_of(client)})
    place = f"/api/v1/approvals/{first}/readers"
    told = client.get(place, headers=office.key("read", "approvals:decide"))
    assert [(reader["name"], reader["editing"]) for reader in told.json()] == [("Ann Lee", False)]
    assert client.get(place, headers=office.key("read")).status_code == 403
    unknown = f"/api/v1/approvals/{uuid4()}/readers"
    assert client.get(unknown, headers=office.key("read", "approvals:decide")).status_code == 404
    client.post(f"/approvals/{first}/left", data={"csrf": csrf_of(client)})
    assert client.get(place, headers=office.key("read", "approvals:decide")).json() == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EXECUTIVE, Role.MARKETING])
def test_a_role_that_does_not_decide_is_offered_nothing_and_refused(
    client: TestClient, office: ApiOffice, role: Role
) -> None:
    (first, _), *_ = tell_a_story(office)
    sign_in(client, office, office.user(role))
    page = client.get(f"/approvals/{first}").text
    assert "/approvals/batch" not in page
    assert 'type="checkbox" form="choose"' not in page
    assert not re.search(r'action="/approvals/[^"]+/(approve|reject|edit|undo)"', page)
    assert "Pat" not in page, "neither the name nor the words"
    assert client.get("/approvals/batch").status_code == 403
    data = {"csrf": csrf_of(client), "chosen": [f"{first}:{digest_of(office, first)}"]}
    assert client.post("/approvals/batch", data=data).status_code == 403
    client.post(f"/approvals/{first}/reading", data={"csrf": csrf_of(client), "editing": "true"})
    readers = f"/api/v1/approvals/{first}/readers"
    assert client.get(readers, headers=office.key("read", "approvals:decide")).json() == [], "they are in nobody's way"
    with office.deps.database.read(office.workspace_id) as session:
        assert session.get_one(Approval, (office.workspace_id, first)).state is ApprovalState.PENDING
