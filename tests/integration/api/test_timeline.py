"""What happened with a company, in one list; who may read it; what can be taken back, and what cannot any more."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from store.models import (
    Company,
    CompanySource,
    CrmActivityRow,
    EngagementEvent,
    Lead,
    OutboxItem,
    Role,
    SignalRow,
    Task,
)
from tests.support.api_office import ApiOffice, csrf_of, sign_in, tell_a_story


@pytest.fixture
def company(office: ApiOffice) -> UUID:
    """The first person's, with one of everything that a timeline shows."""
    tell_a_story(office)
    now, person = office.deps.clock.now(), office.office.people[0]
    common = {"workspace_id": office.workspace_id}
    with office.deps.database.write(office.workspace_id) as session:
        lead = session.get(Lead, (office.workspace_id, person.lead_id))
        assert lead is not None
        new = office.deps.ids.new
        session.add_all(
            [
                SignalRow(
                    **common,
                    id=new(),
                    company_id=lead.company_id,
                    kind="funding",
                    observed_at=now,
                    quote="Raised 5M",
                    content_key="k",
                ),
                CompanySource(
                    **common, id=new(), company_id=lead.company_id, source="import:list", line=3, observed_at=now
                ),
                EngagementEvent(
                    **common,
                    id=new(),
                    contact_id=lead.contact_id,
                    lead_id=lead.id,
                    kind="click",
                    actor="machine",
                    rule="scanner",
                    source_key="e",
                    occurred_at=now,
                ),
                CrmActivityRow(
                    **common,
                    id=new(),
                    key="c",
                    record_kind="contact",
                    record_id=lead.contact_id,
                    kind="mail_sent",
                    occurred_at=now,
                    written_at=now,
                ),
                Task(
                    **common,
                    id=new(),
                    source_key="t",
                    subject_kind="lead",
                    subject_id=lead.id,
                    kind="call",
                    title="Call Pat",
                    due_at=now,
                    created_at=now,
                ),
            ]
        )
    return lead.company_id


def timeline(client: TestClient, key: dict[str, str], company: UUID, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/companies/{company}/timeline", params=query, headers=key)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_everything_that_happened_is_in_one_list(client: TestClient, office: ApiOffice, company: UUID) -> None:
    key = office.key("read", "people:read", "approvals:decide", "records:write")
    patched = client.patch(f"/api/v1/companies/{company}", json={"industry": "Freight"}, headers=key)
    assert patched.status_code == 200, patched.text
    approval = client.get("/api/v1/approvals", headers=key).json()["items"][0]
    read = client.get(f"/api/v1/approvals/{approval['approval_id']}", headers=key).json()
    body = {"action": "reject", "content_hash": read["content_hash"], "reason": "Too long."}
    client.post(f"/api/v1/approvals/{approval['approval_id']}/decision", json=body, headers=key)
    items = timeline(client, key, company)
    kinds = {item["kind"] for item in items}
    assert kinds >= {"signal", "source", "event", "crm", "task", "fact", "draft", "edit"}
    assert [item["at"] for item in items] == sorted((item["at"] for item in items), reverse=True)
    one = {item["kind"]: item for item in items}
    assert "machine" in one["event"]["title"]
    assert "Raised 5M" in one["signal"]["text"]
    assert one["edit"]["title"].endswith("→ Freight")
    only = timeline(client, key, company, kind=["event", "signal"])
    assert {item["kind"] for item in only} == {"event", "signal"}


def test_pages_of_it_join_to_the_whole(client: TestClient, office: ApiOffice, company: UUID) -> None:
    key = office.key("read", "people:read")
    whole, paged, cursor = timeline(client, key, company, limit=200), [], None
    while True:
        page = client.get(
            f"/api/v1/companies/{company}/timeline", params={"limit": 3, "cursor": cursor}, headers=key
        ).json()
        paged += page["items"]
        if not (cursor := page["next"]):
            break
    assert paged == whole
    bad = client.get(f"/api/v1/companies/{company}/timeline", params={"cursor": "WzEsMiwzXQ"}, headers=key)
    assert bad.status_code == 422


def test_what_people_said_is_hidden_from_who_may_not_read_it(
    client: TestClient, office: ApiOffice, company: UUID
) -> None:
    items = timeline(client, office.key("read"), company)
    assert "Pat" not in str(items)
    assert all(item["hidden"] for item in items if item["kind"] in ("draft", "task", "crm"))
    assert not any(item["undoable"] for item in items), "no right, no offer"


def test_it_costs_the_same_however_long_it_is(client: TestClient, office: ApiOffice, company: UUID) -> None:
    key, counted = office.key("read", "people:read"), 0

    def count(*_: object) -> None:
        nonlocal counted
        counted += 1

    timeline(client, key, company, limit=5)
    event.listen(office.deps.database.engine, "before_cursor_execute", count)
    try:
        timeline(client, key, company, limit=199)
        few, counted = counted, 0
        now, person = office.deps.clock.now(), office.office.people[0]
        with office.deps.database.write(office.workspace_id) as session:
            for number in range(60):
                session.add(
                    Task(
                        workspace_id=office.workspace_id,
                        id=office.deps.ids.new(),
                        source_key=f"more:{number}",
                        subject_kind="lead",
                        subject_id=person.lead_id,
                        kind="call",
                        title="Call",
                        due_at=now,
                        created_at=now - timedelta(minutes=number),
                    )
                )
        counted = 0
        assert len(timeline(client, key, company, limit=198)) > 60
        assert counted == few
    finally:
        event.remove(office.deps.database.engine, "before_cursor_execute", count)


def test_an_edit_is_taken_back_and_the_source_counts_again(
    client: TestClient, office: ApiOffice, company: UUID
) -> None:
    key = office.key("read", "people:read", "records:write")
    place = f"/api/v1/companies/{company}"
    before = client.get(place, headers=key).json()["name"]
    client.patch(place, json={"name": "Wrong Name Ltd"}, headers=key)
    client.patch(place, json={"name": "Wronger Name Ltd"}, headers=key)
    newest, older = (item["id"] for item in timeline(client, key, company, kind="edit"))
    overtaken = client.post(f"/api/v1/timeline/edit/{older}/undo", headers=key)
    assert (overtaken.status_code, overtaken.json()["code"]) == (409, "edited_since")
    assert client.post(f"/api/v1/timeline/edit/{newest}/undo", headers=key).status_code == 204
    assert client.get(place, headers=key).json()["name"] == "Wrong Name Ltd"
    assert client.post(f"/api/v1/timeline/edit/{newest}/undo", headers=key).status_code == 204, "again changes nothing"
    assert client.post(f"/api/v1/timeline/edit/{older}/undo", headers=key).status_code == 204
    with office.deps.database.read(office.workspace_id) as session:
        found = session.get(Company, (office.workspace_id, company))
        assert found is not None
        assert found.name == before
    assert not any(item["undoable"] for item in timeline(client, key, company, kind="edit"))


def test_a_contacts_name_is_put_back_and_stays_sealed(client: TestClient, office: ApiOffice, company: UUID) -> None:
    key = office.key("read", "people:read", "records:write")
    with office.deps.database.read(office.workspace_id) as session:
        lead = session.get(Lead, (office.workspace_id, office.office.people[0].lead_id))
        assert lead is not None
    place = f"/api/v1/contacts/{lead.contact_id}"
    before = client.get(place, headers=key).json()["person"]["name"]
    assert client.patch(place, json={"name": "Someone Else"}, headers=key).status_code == 200
    (edit,) = timeline(client, key, company, kind="edit")
    assert "Someone Else" in edit["title"]
    assert "Someone Else" not in str(timeline(client, office.key("read"), company, kind="edit"))
    assert client.post(f"/api/v1/timeline/edit/{edit['id']}/undo", headers=key).status_code == 204
    assert client.get(place, headers=key).json()["person"]["name"] == before


def test_an_approval_is_taken_back_until_it_left(client: TestClient, office: ApiOffice, company: UUID) -> None:
    key = office.key("read", "people:read", "approvals:decide")
    item = next(i for i in client.get("/api/v1/approvals", headers=key).json()["items"] if not i["problems"])
    read = client.get(f"/api/v1/approvals/{item['approval_id']}", headers=key).json()
    body = {"action": "approve", "content_hash": read["content_hash"]}
    place = f"/api/v1/approvals/{item['approval_id']}"
    assert client.post(f"{place}/decision", json=body, headers=key).status_code == 200
    undo = f"/api/v1/timeline/approval/{item['approval_id']}/undo"
    assert client.post(undo, headers=key).status_code == 204
    assert client.get(place, headers=key).json()["state"] == "pending"
    client.post(f"{place}/decision", json=body, headers=key)
    with office.deps.database.write(office.workspace_id) as session:
        session.add(
            OutboxItem(
                workspace_id=office.workspace_id,
                id=office.deps.ids.new(),
                key="mail:x",
                kind="mail",
                subject_kind="lead",
                subject_id=office.office.people[0].lead_id,
                draft_id=UUID(read["draft_id"]),
                approval_id=UUID(item["approval_id"]),
                state="sent",
                not_before=office.deps.clock.now(),
                created_at=office.deps.clock.now(),
            )
        )
    late = client.post(undo, headers=key)
    assert (late.status_code, late.json()["code"]) == (409, "already_sent")


def test_ids_of_nobody_are_404_and_rights_come_first(client: TestClient, office: ApiOffice, company: UUID) -> None:
    may, may_not = office.key("read", "records:write", "approvals:decide", "work:write"), office.key("read")
    for kind in ("approval", "task", "edit"):
        place = f"/api/v1/timeline/{kind}/{uuid4()}/undo"
        assert client.post(place, headers=may).status_code == 404
        assert client.post(place, headers=may_not).status_code == 403
    assert client.get(f"/api/v1/companies/{uuid4()}/timeline", headers=may).status_code == 404


def test_the_page_shows_it_and_takes_it_back(client: TestClient, office: ApiOffice, company: UUID) -> None:
    key = office.key("read", "records:write")
    client.patch(f"/api/v1/companies/{company}", json={"industry": "Freight"}, headers=key)
    sign_in(client, office, office.user(Role.REP))
    page = client.get(f"/companies/{company}")
    assert page.status_code == 200
    assert "→ Freight" in page.text
    assert "Raised 5M" in page.text
    (edit,) = timeline(client, key, company, kind="edit")
    data = {"csrf": csrf_of(client), "kind": "edit", "item": edit["id"]}
    done = client.post(f"/companies/{company}/undo", data=data)
    assert done.headers["location"].endswith("said=undone")
    assert "Taken back." in client.get(done.headers["location"]).text
    assert client.get(f"/companies/{uuid4()}").status_code == 404
