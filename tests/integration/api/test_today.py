"""The day: one list, ranked by what each may bring, with the sum in view; a fixed number of queries."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlmodel import select

from store.models import Alert, Lead, LeadStage, Meeting, MeetingState, Role, Task, User, Workspace
from tests.support.api_office import ApiOffice, csrf_of, sign_in, tell_a_story


def add(office: ApiOffice, *rows: Any) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        for row in rows:
            session.add(row)
            session.flush()


def task(office: ApiOffice, number: int = 0, **values: Any) -> Task:
    common = {"workspace_id": office.workspace_id, "id": office.deps.ids.new(), "source_key": f"t:{number}"}
    now = office.deps.clock.now()
    person = office.office.people[0]
    given = {"subject_kind": "lead", "subject_id": person.lead_id, "kind": "call", "title": "Call Pat", "due_at": now}
    return Task(**common, **{**given, **values}, created_at=now)


def day(client: TestClient, office: ApiOffice, *scopes: str, **query: Any) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/today", params=query, headers=office.key("read", *scopes))
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_first_mails_stand_together_in_one_row(client: TestClient, office: ApiOffice) -> None:
    tell_a_story(office)
    with office.deps.database.write(office.workspace_id) as session:
        lead = session.get(Lead, (office.workspace_id, office.office.people[0].lead_id))
        assert lead is not None
        lead.stage = LeadStage.REPLIED
        session.add(lead)
    add(office, task(office))
    items = day(client, office, "people:read")
    # The draft to the one who wrote still waits: that is the answer, so no second row asks for one.
    assert sorted(item["kind"] for item in items) == ["approval", "task"]
    approvals = next(item for item in items if item["kind"] == "approval")
    assert (approvals["count"], approvals["title"]) == (3, "Approve 3 first mails")
    assert items == sorted(items, key=lambda item: -item["rank"])


def test_who_wrote_and_has_no_draft_comes_first(client: TestClient, office: ApiOffice) -> None:
    person = office.office.people[0]
    with office.deps.database.write(office.workspace_id) as session:
        lead = session.get(Lead, (office.workspace_id, person.lead_id))
        assert lead is not None
        lead.stage, lead.priority = LeadStage.REPLIED, 0.5
        session.add(lead)
    add(office, task(office), task(office, 1, kind="linkedin"))
    kinds = [item["kind"] for item in day(client, office, "people:read")]
    assert kinds[0] == "reply"
    assert kinds[1:] == ["task", "task"]


def test_the_sum_behind_a_rank_is_shown_and_money_follows_the_workspace(client: TestClient, office: ApiOffice) -> None:
    add(office, task(office))
    before = day(client, office)[0]
    assert {reason["code"] for reason in before["reasons"]} == {"deal_value", "chance", "minutes", "urgency"}
    assert before["expected_minor"] is None, "no money is made up"
    with office.deps.database.write(office.workspace_id) as session:
        workspace = session.get(Workspace, office.workspace_id)
        assert workspace is not None
        workspace.deal_value_minor = 5_000_000
        session.add(workspace)
    after = day(client, office)[0]
    assert after["expected_minor"] == round(5_000_000 * after["chance"])
    assert after["chance"] == before["chance"]


def test_what_is_personal_is_hidden_from_who_may_not_read_it(client: TestClient, office: ApiOffice) -> None:
    sealed = office.office.context.sealer
    row = task(office, title="Call Pat Weber")
    row.script_sealed = sealed.seal("Hello Pat", context=f"task|script|{row.id}")
    add(office, row)
    (plain,) = day(client, office)
    assert "Pat" not in str(plain)
    (full,) = day(client, office, "people:read")
    assert (full["title"], full["script"]) == ("Call Pat Weber", "Hello Pat")


def test_a_meeting_that_is_over_asks_how_it_went(client: TestClient, office: ApiOffice) -> None:
    now, person = office.deps.clock.now(), office.office.people[0]
    with office.deps.database.read(office.workspace_id) as session:
        lead = session.get(Lead, (office.workspace_id, person.lead_id))
        assert lead is not None
    office.user(Role.REP)
    with office.deps.database.read(office.workspace_id) as session:
        user_id = session.exec(select(User.id)).first()
    common = {"workspace_id": office.workspace_id, "lead_id": lead.id, "contact_id": lead.contact_id}

    def meeting(number: int, start: timedelta) -> Meeting:
        return Meeting(
            **common,
            id=office.deps.ids.new(),
            company_id=lead.company_id,
            user_id=user_id,
            purpose_key=f"m:{number}",
            state=MeetingState.BOOKED,
            starts_at=now + start,
            ends_at=now + start + timedelta(minutes=30),
            created_at=now,
        )

    add(office, meeting(0, -timedelta(hours=2)), meeting(1, timedelta(hours=3)), meeting(2, timedelta(days=3)))
    titles = [item["title"] for item in day(client, office, "people:read")]
    assert [title.partition(" with")[0] for title in titles] == ["Say how the meeting", "Prepare the meeting"]


def test_the_day_costs_the_same_however_much_waits(client: TestClient, office: ApiOffice) -> None:
    counted = 0

    def count(*_: object) -> None:
        nonlocal counted
        counted += 1

    add(office, task(office))
    key = office.key("read", "people:read")
    client.get("/api/v1/today?limit=1", headers=key)
    engine = office.deps.database.engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        client.get("/api/v1/today?limit=50", headers=key)
        few, counted = counted, 0
        now = office.deps.clock.now()
        alerts = [
            Alert(
                workspace_id=office.workspace_id,
                id=office.deps.ids.new(),
                source_key=f"a:{n}",
                subject_kind="run",
                subject_id=UUID(int=n),
                level="warning",
                text="A step rests.",
                created_at=now,
            )
            for n in range(20)
        ]
        add(office, *(task(office, n) for n in range(1, 40)), *alerts)
        counted = 0
        assert len(client.get("/api/v1/today?limit=60", headers=key).json()["items"]) == 60
        assert counted == few
    finally:
        event.remove(engine, "before_cursor_execute", count)


def test_a_task_is_done_and_undone_from_the_page(client: TestClient, office: ApiOffice) -> None:
    row = task(office)
    add(office, row)
    sign_in(client, office, office.user(Role.REP))
    assert "Call Pat" in client.get("/today").text
    csrf = csrf_of(client)
    done = client.post(f"/today/tasks/{row.id}/done", data={"csrf": csrf, "outcome": "Left a message"})
    assert done.headers["location"] == f"/today?said=done&undo={row.id}"
    assert "Nothing waits" in client.get("/today").text
    assert "The task is done." in client.get(done.headers["location"]).text
    client.post(f"/today/tasks/{row.id}/reopen", data={"csrf": csrf})
    assert "Call Pat" in client.get("/today").text


def test_many_tasks_are_done_at_once_each_by_itself(client: TestClient, office: ApiOffice) -> None:
    rows = [task(office, number) for number in range(3)]
    add(office, *rows)
    key, missing = office.key("read", "work:write"), str(UUID(int=7))
    client.post(f"/api/v1/tasks/{rows[0].id}/done", json={}, headers=key)
    body = {"ids": [*(str(row.id) for row in rows), missing], "outcome": "called"}
    done = client.post("/api/v1/tasks/bulk-done", json=body, headers=key)
    results = {item["id"]: item["result"] for item in done.json()["items"]}
    assert [results[str(row.id)] for row in rows] == ["was_done", "done", "done"]
    assert results[missing] == "missing"
    assert day(client, office) == []


def test_a_viewer_may_look_and_not_act(client: TestClient, office: ApiOffice) -> None:
    row = task(office)
    add(office, row)
    sign_in(client, office, office.user(Role.VIEWER))
    page = client.get("/today").text
    assert "/done" not in page
    refused = client.post(f"/today/tasks/{row.id}/done", data={"csrf": csrf_of(client)})
    assert refused.status_code == 403
