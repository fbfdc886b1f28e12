"""How a call, a note or a text message went: each word with what follows, by API and by the console's form."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from agents.task_outcomes import CALLS_IN_ALL, RESULTS, TaskResult
from store.models import (
    Contact,
    Enrollment,
    EnrollmentState,
    FieldEdit,
    Lead,
    LeadStage,
    Role,
    Task,
    TaskState,
    Touch,
    TouchState,
)
from tests.support.api_office import ApiOffice, csrf_of, sign_in


def task(office: ApiOffice, kind: str = "phone", person: int = 0, **values: Any) -> UUID:
    context, ids = office.office.context, office.deps.ids
    task_id, now = ids.new(), office.deps.clock.now()
    with office.deps.database.write(office.workspace_id) as session:
        found = office.office.people[person]
        session.add(
            Task(
                workspace_id=office.workspace_id,
                id=task_id,
                source_key=f"touch:{task_id}",
                subject_kind="lead",
                subject_id=found.lead_id,
                kind=kind,
                title="Call them",
                script_sealed=context.sealer.seal("Say hello.", context=f"task|script|{task_id}"),
                due_at=now,
                created_at=now,
                **values,
            )
        )
    return task_id


def log(client: TestClient, office: ApiOffice, task_id: UUID, result: str, **more: Any) -> httpx.Response:
    headers = office.key("read", "work:write")
    return client.post(f"/api/v1/tasks/{task_id}/log", json={"result": result, **more}, headers=headers)


def tasks(office: ApiOffice, *states: TaskState) -> list[Task]:
    with office.deps.database.read(office.workspace_id) as session:
        query = select(Task).where(col(Task.state).in_(states or [TaskState.OPEN])).order_by(col(Task.due_at))
        return list(session.exec(query))


def sequence(office: ApiOffice, person: int = 0) -> tuple[Lead, Enrollment, list[Touch]]:
    with office.deps.database.read(office.workspace_id) as session:
        lead = session.get_one(Lead, (office.workspace_id, office.office.people[person].lead_id))
        enrollment = session.exec(select(Enrollment).where(Enrollment.lead_id == lead.id)).one()
        planned = select(Touch).where(Touch.lead_id == lead.id, Touch.state == TouchState.PLANNED)
        return lead, enrollment, list(session.exec(planned.order_by(col(Touch.number))))


def test_voicemail_ends_the_task_and_moves_nothing_else(client: TestClient, office: ApiOffice) -> None:
    before = sequence(office)
    answer = log(client, office, task(office), "voicemail", note="left word")
    assert answer.status_code == 200, answer.text
    assert answer.json()["task"] | {} == {**answer.json()["task"], "state": "done", "result": "voicemail"}
    assert tasks(office) == []
    after = sequence(office)
    assert (after[0].stage, after[1].state) == (before[0].stage, before[1].state)
    assert [one.due_at for one in after[2]] == [one.due_at for one in before[2]]


def test_no_answer_is_tried_again_in_their_hours_three_times_in_all(client: TestClient, office: ApiOffice) -> None:
    current = task(office)
    for number in range(1, CALLS_IN_ALL):
        assert log(client, office, current, "no_answer").status_code == 200
        (again,) = tasks(office)
        assert again.due_at >= office.deps.clock.now() + timedelta(hours=2)
        opened = office.office.context.sealer.open(again.script_sealed or "", context=f"task|script|{again.id}")
        assert (opened, again.kind) == ("Say hello.", "phone"), f"call {number + 1} has the script too"
        current = again.id
    assert f"call {CALLS_IN_ALL}" in log(client, office, current, "no_answer").json()["follows"]
    assert tasks(office) == []


def test_reached_holds_the_sequence_and_asks_what_comes_next(client: TestClient, office: ApiOffice) -> None:
    log(client, office, task(office), "reached")
    assert sequence(office)[1].state is EnrollmentState.PAUSED
    assert [one.kind for one in tasks(office)] == ["next_step"]


def test_call_back_waits_for_the_hour_and_so_does_the_sequence(client: TestClient, office: ApiOffice) -> None:
    at = office.deps.clock.now() + timedelta(days=9)
    log(client, office, task(office), "call_back", call_back_at=at.isoformat())
    assert [(one.kind, one.due_at) for one in tasks(office)] == [("phone", at)]
    assert sequence(office)[2][0].due_at >= at


@pytest.mark.parametrize("at", [None, "2026-06-02T13:00:00Z", "2036-06-02T13:00:00Z"])
def test_call_back_needs_a_time_ahead(client: TestClient, office: ApiOffice, at: str | None) -> None:
    task_id = task(office)
    assert log(client, office, task_id, "call_back", call_back_at=at).status_code == 422
    assert [one.id for one in tasks(office)] == [task_id], "nothing was written"


def test_a_wrong_number_is_forgotten_and_who_said_so_is_kept(client: TestClient, office: ApiOffice) -> None:
    contact_id = office.office.people[0].contact_id
    with office.deps.database.write(office.workspace_id) as session:
        contact = session.get_one(Contact, (office.workspace_id, contact_id))
        contact.phone_sealed = office.office.context.sealer.seal("+1 555", context=f"contact|phone|{contact_id}")
        session.add(contact)
    task(office, "sms")
    linkedin = task(office, "linkedin")
    log(client, office, task(office), "wrong_number")
    with office.deps.database.read(office.workspace_id) as session:
        assert session.get_one(Contact, (office.workspace_id, contact_id)).phone_sealed is None
        edit = session.exec(select(FieldEdit).where(FieldEdit.subject_id == contact_id)).one()
    assert (edit.field, edit.by.partition(":")[0]) == ("phone", "key")
    assert [one.id for one in tasks(office)] == [linkedin], "the text message goes with the number"


def test_not_interested_ends_the_lead_and_its_other_tasks(client: TestClient, office: ApiOffice) -> None:
    task(office, "linkedin")
    other = task(office, person=1)
    log(client, office, task(office), "not_interested")
    lead, enrollment, planned = sequence(office)
    assert (lead.stage, enrollment.state, planned) == (LeadStage.LOST, EnrollmentState.STOPPED, [])
    assert [one.id for one in tasks(office)] == [other]
    assert sequence(office, 1)[1].state is EnrollmentState.ACTIVE


def test_the_same_word_twice_is_one_and_another_word_is_refused(client: TestClient, office: ApiOffice) -> None:
    task_id = task(office)
    log(client, office, task_id, "no_answer")
    assert log(client, office, task_id, "no_answer").status_code == 200
    assert len(tasks(office)) == 1
    assert log(client, office, task_id, "reached").status_code == 409
    assert sequence(office)[1].state is EnrollmentState.ACTIVE


@pytest.mark.parametrize("kind", ["linkedin", "sms", "answer"])
def test_a_kind_takes_its_own_words_only(client: TestClient, office: ApiOffice, kind: str) -> None:
    task_id = task(office, kind)
    for result in set(TaskResult) - set(RESULTS.get(kind, ())):
        assert log(client, office, task_id, result.value).status_code == 422, result


def test_what_moved_nothing_can_be_taken_back_and_its_retry_goes(client: TestClient, office: ApiOffice) -> None:
    key, task_id = office.key("read", "work:write"), task(office)
    log(client, office, task_id, "no_answer")
    assert client.post(f"/api/v1/tasks/{task_id}/reopen", headers=key).status_code == 200
    assert [one.id for one in tasks(office)] == [task_id]
    log(client, office, task_id, "no_answer")
    assert [one.source_key for one in tasks(office)] == [f"touch:{task_id}:again"], "it waits anew, once"
    lost = task(office)
    log(client, office, lost, "not_interested")
    assert client.post(f"/api/v1/tasks/{lost}/reopen", headers=key).status_code == 409


def test_a_rep_logs_from_the_day_with_one_key_and_others_see_no_form(client: TestClient, office: ApiOffice) -> None:
    task_id = task(office)
    sign_in(client, office, office.user(Role.REP))
    token = csrf_of(client)
    page = client.get("/today?whose=all").text
    assert 'data-act="r"' in page
    assert 'data-act="x" data-twice' in page
    form = {"csrf": token, "result": "no_answer", "whose": "all"}
    answer = client.post(f"/today/tasks/{task_id}/log", data=form)
    assert answer.headers["location"] == f"/today?said=no_answer&whose=all&undo={task_id}"
    assert client.post(f"/today/tasks/{task_id}/log", data=form | {"csrf": "x"}).status_code == 403
    sign_in(client, office, office.user(Role.VIEWER))
    assert "data-act" not in client.get("/today?whose=all").text


def test_the_call_back_hour_of_a_form_is_on_the_rep_s_clock(client: TestClient, office: ApiOffice) -> None:
    task_id = task(office)
    sign_in(client, office, office.user(Role.REP))
    token = csrf_of(client)
    form = {"csrf": token, "result": "call_back", "at": "2026-06-03T10:30"}
    assert client.post(f"/today/tasks/{task_id}/log", data=form).status_code == 303
    (again,) = tasks(office)
    assert again.due_at.isoformat().startswith("2026-06-03T10:30")
    assert client.post(f"/today/tasks/{again.id}/log", data=form | {"at": "soon"}).status_code == 422
