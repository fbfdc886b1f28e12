"""The set-up guide: its steps are what the store says, each can be taken from the page, and none is taken twice."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlmodel import col, select

from api.app import create_app
from core.clock import VirtualClock
from core.settings import DeliveryMode
from store.models import (
    Company,
    Contact,
    Enrollment,
    EnrollmentState,
    Icp,
    ImportBatch,
    Lead,
    LeadStage,
    Mailbox,
    PolicyRow,
    Role,
    Run,
    SignalRow,
    Touch,
    TouchState,
    Workspace,
)
from store.session import Database
from tests.support.api_office import ApiOffice, api_office, form_token, sign_in

OFFER = {"product": "Ledgerline", "value_line": "finds invoice errors early"}


@pytest.fixture
def new(database: Database, clock: VirtualClock, tmp_path: Path) -> ApiOffice:
    """A workspace with nobody's companies and no mailbox: only its name and one admin."""
    office = api_office(database, clock, tmp_path, people=0)
    with database.write(office.workspace_id) as session:
        for model in (Touch, Enrollment, Lead, Contact, Company, Run, Mailbox):
            for row in session.exec(select(model)):
                session.delete(row)
            session.flush()
        for row in session.exec(select(Icp)):
            row.archived_at = clock.now()
            session.add(row)
        workspace = session.get_one(Workspace, office.workspace_id)
        workspace.postal_address, workspace.offer = "", {}
        session.add(workspace)
    return office


@pytest.fixture
def browser(new: ApiOffice) -> Iterator[TestClient]:
    with TestClient(create_app(new.deps), follow_redirects=False) as opened:
        sign_in(opened, new, new.user(Role.ADMIN))
        yield opened


def guide(client: TestClient, office: ApiOffice) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/setup", headers=office.key()).json()
    return found


def defaults(html: str) -> dict[str, str]:
    """The open form, as a browser sends it when nobody types."""
    form = {"csrf": form_token(html)}
    for name, value in re.findall(r'<input name="(\w+)"[^>]*? value="([^"]*)"', html):
        form[name] = unescape(value)
    for name, value in re.findall(r'<textarea name="(\w+)"[^>]*>\n?([^<]*)</textarea>', html):
        form[name] = unescape(value)
    return form


def take(client: TestClient, step: str, **typed: str) -> Any:
    return client.post(f"/setup/{step}", data=defaults(client.get("/setup").text) | typed)


def test_an_admin_of_an_empty_workspace_lands_on_the_guide(browser: TestClient, new: ApiOffice) -> None:
    assert browser.get("/").headers["location"] == "/today"
    assert browser.get("/today").headers["location"] == "/setup"
    assert browser.get("/today?whose=all").status_code == 200, "the day can still be looked at"
    html = browser.get("/setup").text
    assert "<b>0 of 9</b>" in html
    assert html.count('data-key="n"') == 1
    with TestClient(create_app(new.deps), follow_redirects=False) as other:
        sign_in(other, new, new.user(Role.REP))
        assert other.get("/today").status_code == 200
        assert other.get("/setup").status_code == 403


def test_a_workspace_with_companies_shows_the_day(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.ADMIN))
    assert client.get("/today").status_code == 200


def test_step_by_step(browser: TestClient, new: ApiOffice) -> None:
    taken: tuple[tuple[str, dict[str, str]], ...] = (
        ("workspace", {"name": "Ledgerline Ltd", "postal_address": "1 Main Street", "country": "IE"}),
        ("offer", OFFER),
        ("mailbox", {}),
        ("policy", {"sure": "yes"}),
        ("icp", {}),
    )
    for done, (step, typed) in enumerate(taken):
        before = guide(browser, new)
        assert (before["done"], before["next"]) == (done, step)
        answer = take(browser, step, **typed)
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"] == f"/setup?said={step}"
    assert guide(browser, new)["next"] == "companies"
    assert take(browser, "sample").headers["location"] == "/setup?said=sample"
    state = guide(browser, new)
    assert state["next"] == "run"
    assert "24 companies, 72 people" in next(s["summary"] for s in state["steps"] if s["code"] == "companies")
    assert take(browser, "run").headers["location"] == "/setup?said=run"
    assert take(browser, "run").status_code == 303
    assert len(rows(new, Run)) == 1, "pressed twice, one run goes"
    html = browser.get("/setup").text
    assert 'hx-trigger="every 2s"' in html
    assert "No worker is running" in html
    assert "<html" not in browser.get("/setup/part").text
    with new.deps.database.read(new.workspace_id) as session:
        mailbox = session.exec(select(Mailbox)).one()
        contacts = session.exec(select(Contact)).all()
        policy = session.exec(select(PolicyRow)).one()
    assert (mailbox.address, mailbox.transport) == ("admin@sender.example", "folder")
    assert all(contact.legal_basis == "legitimate_interest" for contact in contacts)
    assert {contact.email_status for contact in contacts} == {"unknown"}
    assert "Ledgerline" in policy.definition["legitimate_interest_assessment"]


def rows(office: ApiOffice, model: Any) -> list[Any]:
    with office.deps.database.read(office.workspace_id) as session:
        return list(session.exec(select(model)))


def test_sample_data_is_an_import_and_comes_once(client: TestClient, office: ApiOffice) -> None:
    key = office.key("read", "settings:write", "records:write")
    before = len(rows(office, Company))
    first = client.post("/api/v1/setup/sample-data", headers=key)
    assert first.status_code == 200, first.text
    assert first.json() == {"companies": 24, "people": 72}
    assert client.post("/api/v1/setup/sample-data", headers=key).json() == first.json()
    companies = rows(office, Company)
    assert len(companies) == before + 24
    assert {b.kind for b in rows(office, ImportBatch)} == {"companies", "people"}
    signals = {signal.quote for signal in rows(office, SignalRow)}
    assert "Hiring: two billing clerks" in signals, "a reason to write, in words"
    assert not any(quote.endswith(": no") for quote in signals)
    new_ones = [c for c in companies if c.website]
    assert all(c.domain.endswith(".example") for c in new_ones if c.domain)


def test_no_sample_where_mail_really_leaves(database: Database, clock: VirtualClock, tmp_path: Path) -> None:
    office = api_office(database, clock, tmp_path, delivery=DeliveryMode.SMTP)
    with TestClient(create_app(office.deps)) as client:
        key = office.key("read", "settings:write", "records:write")
        answer = client.post("/api/v1/setup/sample-data", headers=key)
    assert answer.status_code == 409
    assert answer.json()["code"] == "would_leave"
    assert not rows(office, ImportBatch)


def test_who_may(client: TestClient, office: ApiOffice) -> None:
    assert client.post("/api/v1/setup/sample-data", headers=office.key("read", "settings:write")).status_code == 403
    assert client.post("/api/v1/setup/sample-data", headers=office.key("read", "records:write")).status_code == 403
    assert client.post("/api/v1/setup/first-drafts", headers=office.key("read", "settings:write")).status_code == 403
    sign_in(client, office, office.user(Role.MANAGER))
    token = form_token(client.get("/approvals").text)
    for step in ("workspace", "offer", "mailbox", "policy", "icp", "sample", "run", "drafts"):
        assert client.post(f"/setup/{step}", data={"csrf": token}).status_code == 403


def test_a_mistake_keeps_what_was_typed(browser: TestClient, new: ApiOffice) -> None:
    answer = take(browser, "workspace", name="<b>Led</b>", postal_address="1 Main Street", time_zone="Nowhere")
    assert answer.status_code == 422
    assert "&lt;b&gt;Led&lt;/b&gt;" in answer.text
    assert 'id="time_zone-problem"' in answer.text
    assert guide(browser, new)["done"] == 0
    take(browser, "workspace", postal_address="1 Main Street")
    answer = take(browser, "offer", product="Ledgerline", value_line=" ")
    assert answer.status_code == 422
    assert 'value="Ledgerline"' in answer.text
    again = browser.post("/setup/again", data=defaults(answer.text) | {"value_line": "kept words"})
    assert 'value="kept words"' in again.text
    take(browser, "offer", **OFFER)
    take(browser, "mailbox")
    unread = take(browser, "policy", assessment="Mine.")
    assert unread.status_code == 422
    assert "Mine.</textarea>" in unread.text
    assert not rows(new, PolicyRow), "nobody's word by one key"
    assert browser.post("/setup/nothing", data=defaults(answer.text)).status_code == 404


def test_first_mails_are_drafted_ahead_and_the_gaps_stay(client: TestClient, office: ApiOffice) -> None:
    now = office.deps.clock.now()
    with office.deps.database.write(office.workspace_id) as session:
        for touch in session.exec(select(Touch)):
            session.delete(touch)
        session.flush()
        for number, person in enumerate(office.office.people):
            lead = session.get_one(Lead, (office.workspace_id, person.lead_id))
            lead.stage, lead.tier, lead.priority = LeadStage.IN_SEQUENCE, 2, 0.7 - number / 10
            enrollment = session.exec(select(Enrollment).where(Enrollment.lead_id == lead.id)).one()
            enrollment.state = EnrollmentState.ACTIVE
            session.add_all([lead, enrollment])
            for step, days in ((1, 3), (2, 7)):
                session.add(
                    Touch(
                        workspace_id=office.workspace_id, id=uuid4(), enrollment_id=enrollment.id, lead_id=lead.id,
                        number=step, channel="mail", state=TouchState.PLANNED, due_at=now + timedelta(days=days),
                    )
                )  # fmt: skip
    key = office.key("read", "runs:write")
    assert client.post("/api/v1/setup/first-drafts", headers=key).json() == {"drafting": 3}
    assert client.post("/api/v1/setup/first-drafts", headers=key).json() == {"drafting": 0}
    with office.deps.database.read(office.workspace_id) as session:
        touches = session.exec(select(Touch).order_by(col(Touch.lead_id), col(Touch.number))).all()
    assert {t.due_at - now for t in touches if t.number == 1} == {timedelta(0)}
    assert {t.due_at - now for t in touches if t.number == 2} == {timedelta(days=4)}


def test_the_guide_costs_the_same_for_any_workspace(client: TestClient, office: ApiOffice) -> None:
    def statements() -> int:
        count = 0

        def one(*_: Any) -> None:
            nonlocal count
            count += 1

        key = office.key()
        event.listen(office.deps.database.engine, "before_cursor_execute", one)
        try:
            assert client.get("/api/v1/setup", headers=key).status_code == 200
        finally:
            event.remove(office.deps.database.engine, "before_cursor_execute", one)
        return count

    few = statements()
    key = office.key("read", "settings:write", "records:write")
    client.post("/api/v1/setup/sample-data", headers=key)
    assert statements() <= few + 1
