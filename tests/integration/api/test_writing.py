"""Variants and learned rules over HTTP and in the console, with drafts of the email agent, on both databases."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlmodel import col, select

from agents.email import email
from agents.revision import revise
from agents.step import Step, SubjectKind, Trigger
from api.app import create_app
from core.clock import VirtualClock
from prompts.registry import source_of, spec_of
from scoring.variant_test import arm_of
from store.models import (
    AuditEntry,
    Draft,
    DraftState,
    EngagementEvent,
    Lead,
    Message,
    Role,
    SignalRow,
    Workspace,
)
from store.session import Database
from tests.support.api_office import ApiOffice, api_office, csrf_of, sign_in
from workers.letters import words_of_draft

TEMPLATE = "first_mail/hiring"
BUILT_IN = source_of(spec_of(TEMPLATE))
OTHER = BUILT_IN.replace("I saw that", "I noticed that")
PEOPLE = 12
OFFER = {"product": "Ledgerly", "value_line": "catches invoice errors before they are sent"}


@pytest.fixture
def shop(database: Database, clock: VirtualClock, tmp_path: Path) -> ApiOffice:
    """Twelve people at twelve companies that hire."""
    office = api_office(database, clock, tmp_path, people=PEOPLE)
    with office.deps.database.write(office.workspace_id) as session:
        workspace = session.get_one(Workspace, office.workspace_id)
        workspace.offer = OFFER
        session.add(workspace)
        for lead in session.exec(select(Lead)).all():
            session.add(
                SignalRow(
                    workspace_id=office.workspace_id,
                    id=uuid4(),
                    company_id=lead.company_id,
                    kind="hiring",
                    observed_at=clock.now() - timedelta(days=3),
                    quote="3 billing clerks",
                    url="https://company.example/jobs",
                    source="site",
                    content_key=str(uuid4()),
                )
            )
    return office


@pytest.fixture
def site(shop: ApiOffice) -> Iterator[TestClient]:
    with TestClient(create_app(shop.deps), follow_redirects=False) as opened:
        yield opened


def everything(shop: ApiOffice) -> dict[str, str]:
    return shop.key("read", "people:read", "policies:write")


def write(shop: ApiOffice, number: int, touch: int = 0) -> Draft:
    person = shop.office.people[number]
    payload = {"touch_id": str(person.touch_ids[touch])}
    step = Step(SubjectKind.LEAD, person.lead_id, "in_sequence", Trigger.TOUCH_DUE, payload)
    outcome = email(shop.office.context, step)
    assert outcome.trigger is Trigger.DRAFTED, outcome.reason
    found: Draft = shop.office.get(Draft, UUID(outcome.payload["draft_id"]))
    return found


def text_of(shop: ApiOffice, draft: Draft) -> tuple[str, str]:
    opened = words_of_draft(shop.office.context.sealer, draft)
    assert opened is not None
    return opened.subject, opened.text


def send(shop: ApiOffice, draft: Draft) -> None:
    with shop.deps.database.write(shop.workspace_id) as session:
        row = session.get_one(Draft, (shop.workspace_id, draft.id))
        row.state = DraftState.SENT
        session.add(row)
        session.add(
            Message(
                workspace_id=shop.workspace_id,
                id=uuid4(),
                direction="out",
                source_key=f"outbox:{draft.id}",
                lead_id=draft.lead_id,
                contact_id=draft.contact_id,
                draft_id=draft.id,
                at=shop.deps.clock.now(),
            )
        )


def answer(shop: ApiOffice, draft: Draft, kind: str, actor: str = "human", days: float = 1) -> None:
    with shop.deps.database.write(shop.workspace_id) as session:
        session.add(
            EngagementEvent(
                workspace_id=shop.workspace_id,
                id=uuid4(),
                contact_id=draft.contact_id,
                lead_id=draft.lead_id,
                kind=kind,
                actor=actor,
                rule="test",
                source_key=str(uuid4()),
                occurred_at=shop.deps.clock.now() + timedelta(days=days),
            )
        )


def add(site: TestClient, shop: ApiOffice, source: str = OTHER, **more: Any) -> Any:
    body = {"template": TEMPLATE, "name": "Noticed", "source": source, **more}
    return site.post("/api/v1/variants", json=body, headers=everything(shop))


def test_a_variant_is_written_to_the_companies_that_drew_it_and_counted_by_their_answers(
    shop: ApiOffice, site: TestClient
) -> None:
    made = add(site, shop)
    assert made.status_code == 201, made.text
    test_id = UUID(made.json()["id"])
    drafts = [write(shop, number) for number in range(PEOPLE)]
    arms = {}
    for draft in drafts:
        assert draft.lead_id is not None
        arm = arm_of(test_id, shop.office.get(Lead, draft.lead_id).company_id)
        assert (draft.variant_test_id, draft.variant_arm) == (test_id, arm.value)
        noticed = "I noticed that" in text_of(shop, draft)[1]
        assert noticed == (arm == "variant") == (draft.template == f"{TEMPLATE}~1")
        arms.setdefault(arm.value, []).append(draft)
    assert len(arms) == 2
    new, old = arms["variant"], arms["control"]
    for draft in [*new, *old[:-1]]:  # one was never sent
        send(shop, draft)
    answer(shop, new[0], "reply_positive")
    answer(shop, new[0], "reply_neutral")  # the same company once more
    answer(shop, old[0], "reply_negative")
    answer(shop, old[1], "reply_positive", actor="machine")
    answer(shop, old[1], "opt_out")
    answer(shop, old[1], "reply_neutral", days=31)
    answer(shop, old[-1], "reply_neutral")
    found = site.get(f"/api/v1/variants/{test_id}", headers=everything(shop)).json()
    assert found["variant"] == {"companies": len(new), "answered": 1, "positive": 1}
    assert found["control"] == {"companies": len(old) - 1, "answered": 1, "positive": 0}
    assert found["verdict"] is None
    assert "Too few" in found["reason"]
    assert found["source"] == OTHER


def test_a_persons_edit_stays_in_the_test(shop: ApiOffice, site: TestClient) -> None:
    test_id = UUID(add(site, shop).json()["id"])
    draft = write(shop, 0)
    subject, body = text_of(shop, draft)
    changed = revise(shop.office.context, draft.id, subject, body.replace("cheap", "good"), "user:ann")
    edited: Draft = shop.office.get(Draft, changed.draft_id)
    assert (edited.variant_test_id, edited.variant_arm) == (test_id, draft.variant_arm)
    assert edited.template == draft.template


def test_adopted_by_a_person_and_never_without_a_word_for_it(shop: ApiOffice, site: TestClient) -> None:
    variant_id, key = add(site, shop).json()["id"], everything(shop)
    refused = site.post(f"/api/v1/variants/{variant_id}/adopt", json={}, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_shown_better")
    assert add(site, shop).json()["code"] == "test_running"
    adopted = site.post(f"/api/v1/variants/{variant_id}/adopt", json={"anyway": True}, headers=key).json()
    assert adopted["state"] == "adopted"
    assert "I noticed that" in text_of(shop, write(shop, 0))[1]
    assert shop.office.get(Draft, write(shop, 1).id).variant_test_id is None
    # The next one is tried against it, and takes its place.
    third = add(site, shop, BUILT_IN.replace("I saw that", "I read that")).json()
    assert (third["reference"], third["against"]) == (f"{TEMPLATE}~2", f"{TEMPLATE}~1")
    site.post(f"/api/v1/variants/{third['id']}/adopt", json={"anyway": True}, headers=key)
    states = {v["reference"]: v["state"] for v in site.get("/api/v1/variants", headers=key).json()["items"]}
    assert states == {f"{TEMPLATE}~1": "stopped", f"{TEMPLATE}~2": "adopted"}
    assert site.post(f"/api/v1/variants/{third['id']}/stop", headers=key).json()["state"] == "stopped"
    assert "I saw that" in text_of(shop, write(shop, 2))[1]
    with shop.deps.database.read(shop.workspace_id) as session:
        said = session.exec(select(AuditEntry.action).where(col(AuditEntry.subject_kind) == "variant")).all()
    assert sorted(said) == ["variant.added"] * 2 + ["variant.adopted"] * 2 + ["variant.stopped"]


def test_words_that_the_gate_would_hold_are_refused_with_what_is_wrong(shop: ApiOffice, site: TestClient) -> None:
    refused = add(site, shop, BUILT_IN.replace("{{ proof }}", "We saved Contoso 40% last year."))
    assert refused.status_code == 422
    assert "No cited fact has this number." in {problem["message"] for problem in refused.json()["problems"]}
    assert site.get("/api/v1/variants", headers=everything(shop)).json()["items"] == []


def edit_all(shop: ApiOffice, numbers: range, find: str = "I saw that", put: str = "I noticed that") -> None:
    for number in numbers:
        draft = write(shop, number)
        subject, body = text_of(shop, draft)
        assert find in body
        revise(shop.office.context, draft.id, subject, body.replace(find, put), "user:ann")
        shop.deps.clock.advance(timedelta(seconds=60))  # type: ignore[attr-defined]


def test_what_people_keep_changing_becomes_a_rule_that_a_person_adopts_and_undoes(
    shop: ApiOffice, site: TestClient
) -> None:
    key = everything(shop)
    assert site.get("/api/v1/edit-rules", headers=key).json() == {"items": []}
    edit_all(shop, range(9))
    (proposed,) = site.get("/api/v1/edit-rules", headers=key).json()["items"]
    assert (proposed["state"], proposed["find"], proposed["put"]) == ("proposed", "saw", "noticed")
    assert (proposed["template"], proposed["field"], proposed["kind"]) == (TEMPLATE, "body", "replaced_word")
    assert (proposed["edits"], proposed["companies"]) == (6, 6)
    assert (proposed["would_change"], proposed["of"], proposed["helped"], proposed["harmed"]) == (9, 9, 3, 0)
    assert "I saw that" in proposed["samples"][0]["before"]
    adopted = site.post(f"/api/v1/edit-rules/{proposed['id']}/adopt", headers=key)
    assert adopted.json()["state"] == "adopted", adopted.text
    ruled = write(shop, 9)
    assert "I noticed that" in text_of(shop, ruled)[1]
    assert ruled.rule_ids == [proposed["id"]]
    assert site.post(f"/api/v1/edit-rules/{proposed['id']}/undo", headers=key).json()["state"] == "undone"
    assert "I saw that" in text_of(shop, write(shop, 10))[1]
    (left,) = site.get("/api/v1/edit-rules", headers=key).json()["items"]  # not proposed again
    assert left["state"] == "undone"


def test_hostile_words_of_an_edit_become_no_rule(shop: ApiOffice, site: TestClient) -> None:
    edit_all(shop, range(9), "I saw that", "{{ 7 * 7 }} (.*)+ that")
    assert site.get("/api/v1/edit-rules", headers=everything(shop)).json() == {"items": []}


def test_rules_need_the_right_to_read_words_and_stay_in_their_workspace(
    shop: ApiOffice, site: TestClient, database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    edit_all(shop, range(9))
    (proposed,) = site.get("/api/v1/edit-rules", headers=everything(shop)).json()["items"]
    assert site.get("/api/v1/edit-rules", headers=shop.key("read")).status_code == 403
    blind = shop.key("read", "policies:write")
    assert site.post(f"/api/v1/edit-rules/{proposed['id']}/adopt", headers=blind).status_code == 403
    other = api_office(database, clock, tmp_path / "other")
    with TestClient(create_app(other.deps)) as theirs:
        key = everything(other)
        assert theirs.get("/api/v1/edit-rules", headers=key).json() == {"items": []}
        assert theirs.post(f"/api/v1/edit-rules/{proposed['id']}/adopt", headers=key).status_code == 404
        assert theirs.get("/api/v1/variants", headers=key).json() == {"items": []}


def statements(shop: ApiOffice, work: Callable[[], Any]) -> int:
    seen: list[str] = []

    def note(*args: Any) -> None:
        seen.append(args[2])

    engine = shop.deps.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def test_the_lists_cost_the_same_however_many_drafts(shop: ApiOffice, site: TestClient) -> None:
    from api.views.writing import rule_list, variant_list

    add(site, shop, BUILT_IN.replace("no is fine", "no is good"))

    def read() -> None:
        with shop.deps.database.read(shop.workspace_id) as session:
            rule_list(session, shop.office.context)
            variant_list(session)

    edit_all(shop, range(2))
    few = statements(shop, read)
    edit_all(shop, range(2, 9), "cheap", "good")
    assert statements(shop, read) == few


def test_the_page_tries_adopts_and_undoes(shop: ApiOffice, site: TestClient) -> None:
    edit_all(shop, range(9))
    sign_in(site, shop, shop.user(Role.SALES_OPS))
    page = site.get(f"/writing?template={TEMPLATE}").text
    assert "Would have changed 9 of your last 9 drafts" in page
    assert "Subject: Hiring at {{ company }}" in page
    token = csrf_of(site)
    form = {"csrf": token, "template": TEMPLATE, "name": "<b>Bold</b>", "source": BUILT_IN + "Save 90% now."}
    refused = site.post("/writing/variants", data=form)
    assert refused.status_code == 422
    assert "Save 90% now." in refused.text  # nothing typed is lost
    assert site.post("/writing/variants", data={**form, "source": OTHER.replace("\n", "\r\n")}).status_code == 303
    page = site.get("/writing?said=added").text
    assert "&lt;b&gt;Bold" in page
    assert "No mail of this test was sent yet." in page
    rule = page.split("/writing/rules/")[1].split('"')[0]
    adopted = site.post(f"/writing/rules/{rule}", data={"csrf": token, "do": "adopt"})
    assert adopted.headers["location"] == "/writing?said=rule-adopted#rules"
    variant = page.split("/writing/variants/")[1].split('"')[0]
    assert site.post(f"/writing/variants/{variant}", data={"csrf": token, "do": "adopt"}).status_code == 409
    assert site.post(f"/writing/variants/{variant}", data={"csrf": token, "do": "stop"}).status_code == 303


def test_a_reader_sees_figures_and_no_words_of_mails(shop: ApiOffice, site: TestClient) -> None:
    edit_all(shop, range(9))
    sign_in(site, shop, shop.user(Role.VIEWER))
    page = site.get("/writing").text
    assert "noticed" not in page
    assert "<textarea" not in page
