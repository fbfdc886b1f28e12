"""The send plan by API and on its page: figures, each mail's day or rule, pages of them, and nothing of others."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from store.models import Contact, Touch
from tests.support.api_office import ApiOffice


@pytest.fixture
def due(office: ApiOffice) -> ApiOffice:
    with office.deps.database.write(office.workspace_id) as session:
        query = sa.update(Touch).values(due_at=office.deps.clock.now() + timedelta(days=1))
        session.execute(query.execution_options(synchronize_session=False))
    return office


def test_the_plan_adds_up(client: TestClient, due: ApiOffice) -> None:
    key = due.key("read")
    found = client.get("/api/v1/send-plan", headers=key).json()
    touches = client.get("/api/v1/send-plan/touches?limit=200", headers=key).json()["items"]
    assert found["leaving"] + found["held"] == len(touches) > 0
    assert sum(day["mails"] for day in found["days"]) + found["days_behind"] == found["leaving"]
    assert max(each["leaves_on"] for each in touches if each["leaves_on"]) == found["finish_on"]
    assert all(each["text"] and each["rule"] for each in touches)


def test_pages_of_touches_end_and_repeat_nothing(client: TestClient, due: ApiOffice) -> None:
    key = due.key("read")
    whole = client.get("/api/v1/send-plan/touches?limit=200", headers=key).json()["items"]
    got, cursor = [], ""
    while True:
        page = client.get(f"/api/v1/send-plan/touches?limit=2{cursor}", headers=key).json()
        got += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert got == whole
    assert client.get("/api/v1/send-plan/touches?cursor=made-up", headers=key).status_code == 422


def test_one_rule_alone(client: TestClient, due: ApiOffice) -> None:
    with due.deps.database.write(due.workspace_id) as session:
        session.execute(sa.update(Contact).values(email_status="invalid"))
    key = due.key("read")
    assert client.get("/api/v1/send-plan", headers=key).json()["leaving"] == 0
    held = client.get("/api/v1/send-plan/touches?rule=no_address", headers=key).json()["items"]
    assert held
    assert {each["needs_person"] for each in held} == {True}
    assert client.get("/api/v1/send-plan/touches?rule=cap", headers=key).json()["items"] == []
