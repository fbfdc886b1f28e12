"""Sequences with their counts, templates, and previews that say what the agent would write and why it would not."""

from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
import yaml
from fastapi.testclient import TestClient
from sqlmodel import col, select

from agents.email import email
from agents.step import Step, SubjectKind, Trigger
from scoring.sequence import SEQUENCES
from store.models import (
    Approval,
    Company,
    Contact,
    Draft,
    Enrollment,
    Fact,
    Lead,
    LeadStage,
    Role,
    Task,
    Touch,
    TouchState,
    Workspace,
)
from store.queries import suppression
from tests.support.api_office import ApiOffice, csrf_of, sign_in

OFFER = {
    "product": "Ledgerly",
    "value_line": "catches invoice errors before they are sent",
    "proof_points": ["Northwind cut invoice errors by 38% in 8 weeks."],
}
TIER_1 = SEQUENCES[1].name


@pytest.fixture
def sold(office: ApiOffice) -> ApiOffice:
    """An offer, a first tier lead in the sequence of its tier, and something known about its company."""
    with office.deps.database.write(office.workspace_id) as session:
        workspace = session.get_one(Workspace, office.workspace_id)
        workspace.offer = OFFER
        session.add(workspace)
        session.execute(sa.update(Lead).values(tier=1, priority=0.8))
        session.execute(sa.update(Enrollment).values(sequence=f"{TIER_1}@1"))
        session.execute(sa.update(Touch).where(col(Touch.number) == 2).values(channel="linkedin"))
        session.execute(sa.update(Touch).where(col(Touch.number) == 3).values(channel="phone"))
        for lead in session.exec(select(Lead)).all():
            session.add(known(office, lead.company_id, "hiring", "3 billing clerks"))
    return office


def known(office: ApiOffice, company_id: UUID, field: str, value: str) -> Fact:
    return Fact(
        workspace_id=office.workspace_id,
        id=uuid4(),
        subject_kind="company",
        subject_id=company_id,
        field=field,
        value=value,
        value_key=value,
        source="web",
        quote=f"We are looking for {value}.",
        url="https://news.example/item",
        observed_at=office.deps.clock.now(),
    )


def ask(client: TestClient, office: ApiOffice, number: int = 0, *scopes: str, **more: Any) -> Any:
    lead_id = str(office.office.people[number].lead_id)
    headers = office.key(*(scopes or ("read", "people:read")))
    return client.post(f"/api/v1/sequences/{TIER_1}/preview", json={"lead_id": lead_id, **more}, headers=headers)


def counts(office: ApiOffice) -> list[int]:
    with office.deps.database.read(office.workspace_id) as session:
        return [
            session.execute(sa.select(sa.func.count()).select_from(model)).scalar_one()
            for model in (Draft, Task, Approval, Fact)
        ]


def test_each_step_counts_the_leads_that_stand_at_it(sold: ApiOffice, client: TestClient) -> None:
    with sold.deps.database.write(sold.workspace_id) as session:
        first, second, _ = (person.touch_ids for person in sold.office.people)
        session.execute(sa.update(Touch).where(col(Touch.id) == first[0]).values(state=TouchState.DONE))
        session.execute(sa.update(Touch).where(col(Touch.id) == second[0]).values(state=TouchState.DRAFTED))
        lead_id = sold.office.people[2].lead_id
        session.execute(sa.update(Enrollment).where(col(Enrollment.lead_id) == lead_id).values(sequence="three"))
    found = client.get("/api/v1/sequences", headers=sold.key()).json()
    tier_1 = found["items"][0]
    assert tier_1["enrolled"] == {"active": 2, "paused": 0, "finished": 0, "stopped": 0}
    assert [step["leads"]["here"] for step in tier_1["steps"]] == [1, 1, 0, 0, 0, 0, 0]
    assert tier_1["steps"][0]["leads"] | {"here": 0} == {
        "here": 0, "planned": 0, "drafted": 1, "queued": 0, "done": 1, "blocked": 0, "cancelled": 0, "skipped": 0
    }  # fmt: skip
    assert found["elsewhere"] == 1
    assert found["items"][3]["steps"] == []


def change_something(office: ApiOffice) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        enrollment = session.exec(select(Enrollment)).first()
        assert enrollment is not None
        enrollment.stop_reason = "changed"
        session.add(enrollment)


def test_the_number_of_statements_does_not_grow_with_the_leads(sold: ApiOffice, client: TestClient) -> None:
    headers = sold.key()

    def statements() -> int:
        seen: list[str] = []
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        engine = sold.deps.database.engine
        sa.event.listen(engine, "before_cursor_execute", listener)
        client.get("/api/v1/sequences", headers=headers)
        sa.event.remove(engine, "before_cursor_execute", listener)
        return len(seen)

    statements()  # the first notes that the key is in use
    change_something(sold)  # else the answer is kept, and costs none
    before = statements()
    with sold.deps.database.write(sold.workspace_id) as session:
        lead = session.exec(select(Lead)).first()
        assert lead is not None
        for number in range(27):
            copy = Lead(**lead.model_dump(exclude={"id", "contact_id"}), id=uuid4(), contact_id=uuid4())
            contact = Contact(
                workspace_id=sold.workspace_id, id=copy.contact_id, company_id=lead.company_id, source=f"n{number}",
                created_at=lead.created_at, updated_at=lead.created_at,
            )  # fmt: skip
            session.add(contact)
            session.flush()
            session.add(copy)
            session.flush()
            mailbox, at = sold.office.mailbox_id, lead.created_at
            session.add(Enrollment(workspace_id=sold.workspace_id, id=uuid4(), lead_id=copy.id, sequence=TIER_1,
                                   mailbox_id=mailbox, created_at=at))  # fmt: skip
    assert statements() == before


def test_a_preview_says_what_the_agent_then_writes_and_saves_nothing(sold: ApiOffice, client: TestClient) -> None:
    before = counts(sold)
    shown = ask(client, sold).json()
    assert counts(sold) == before
    assert shown["why_not"] == ""
    assert len(shown["steps"]) == 7
    first, linkedin, call, second, *_, last = shown["steps"]
    assert "3 billing clerks" in first["body"]
    assert first["passed"]
    assert first["template"] == "first_mail/hiring@1"
    assert any(item["value"] == "3 billing clerks" and item["source"] == "web" for item in first["evidence"])
    assert "".join(piece["text"] for piece in first["body_segments"]) == first["body"]
    assert linkedin["script"]
    assert call["script"]
    assert linkedin["body"] is None
    assert second["subject"].startswith("Re: ")
    assert "38%" in second["body"]
    assert last["template"].startswith("follow_up/close")
    person = sold.office.people[0]
    step = Step(SubjectKind.LEAD, person.lead_id, "in_sequence", Trigger.TOUCH_DUE, {}, None)
    assert email(sold.office.context, step).trigger is Trigger.DRAFTED
    with sold.deps.database.read(sold.workspace_id) as session:
        draft = session.exec(select(Draft).where(Draft.lead_id == person.lead_id)).one()
    sealer = sold.office.context.sealer
    assert sealer.open(draft.subject_sealed or "", context=f"draft|subject|{draft.id}") == first["subject"]
    assert sealer.open(draft.body_sealed or "", context=f"draft|body|{draft.id}") == first["body"]
    assert ask(client, sold).json()["steps"][0]["state"] == "drafted"


def test_a_step_that_is_done_is_not_written_again(sold: ApiOffice, client: TestClient) -> None:
    with sold.deps.database.write(sold.workspace_id) as session:
        touch_id = sold.office.people[0].touch_ids[0]
        session.execute(sa.update(Touch).where(col(Touch.id) == touch_id).values(state=TouchState.DONE))
    step = ask(client, sold).json()["steps"][0]
    assert (step["state"], step["body"]) == ("done", None)
    assert "done" in step["why_not"]


def test_without_anything_known_the_role_serves_and_the_preview_says_so(sold: ApiOffice, client: TestClient) -> None:
    with sold.deps.database.write(sold.workspace_id) as session:
        session.execute(sa.delete(Fact))
    shown = ask(client, sold).json()
    assert shown["steps"][0]["template"].startswith("first_mail/role")
    assert any("Nothing is known" in note for note in shown["notes"])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"country": "DE"}, "rule "),
        ({"email_status": "invalid"}, "not deliverable"),
        ({"email_sealed": None, "email_index": None}, "No address"),
    ],
)
def test_a_lead_that_nobody_would_write_to_says_why(
    sold: ApiOffice, client: TestClient, change: dict[str, Any], why: str
) -> None:
    with sold.deps.database.write(sold.workspace_id) as session:
        session.execute(sa.update(Contact).where(col(Contact.id) == sold.office.people[0].contact_id).values(**change))
    shown = ask(client, sold).json()
    assert why in shown["why_not"]
    assert all(step["body"] is None and step["script"] is None for step in shown["steps"])


def test_suppressed_stopped_and_unsold_say_why(sold: ApiOffice, client: TestClient) -> None:
    people, context = sold.office.people, sold.office.context
    with sold.deps.database.write(sold.workspace_id) as session:
        suppression.suppress(session, context.clock, context.sealer, address=people[0].address, reason="opt_out")
        stopped = {"stage": LeadStage.STOPPED, "stop_reason": "A colleague said no."}
        session.execute(sa.update(Lead).where(col(Lead.id) == people[1].lead_id).values(**stopped))
    assert "suppressed" in ask(client, sold, 0).json()["why_not"]
    assert "A colleague said no." in ask(client, sold, 1).json()["why_not"]
    with sold.deps.database.write(sold.workspace_id) as session:
        workspace = session.get_one(Workspace, sold.workspace_id)
        workspace.offer = {}
        session.add(workspace)
    assert "offer" in ask(client, sold, 2).json()["why_not"]


def test_words_need_the_right_to_read_them(sold: ApiOffice, client: TestClient) -> None:
    shown = ask(client, sold, 0, "read").json()
    assert shown["hidden"]
    assert shown["lead"]["person"]["name"] is None
    for step in shown["steps"]:
        assert (step["subject"], step["body"], step["script"], step["evidence"]) == (None, None, None, [])
    assert shown["steps"][0]["passed"]
    assert "Pat" not in str(shown)
    assert ask(client, sold, 0, "read", "people:read", with_model=True).status_code == 403
    assert ask(client, sold, 0, "read", "people:read", "runs:write", with_model=True).status_code == 200


def test_what_is_not_here_is_not_found(sold: ApiOffice, client: TestClient) -> None:
    headers = sold.key("read", "people:read")
    missing = {"lead_id": str(uuid4())}
    assert client.post(f"/api/v1/sequences/{TIER_1}/preview", json=missing, headers=headers).status_code == 404
    here = {"lead_id": str(sold.office.people[0].lead_id)}
    assert client.post("/api/v1/sequences/none/preview", json=here, headers=headers).status_code == 404
    assert client.get("/api/v1/templates/first_mail/none", headers=headers).status_code == 404
    assert client.get("/api/v1/templates/../../core/settings.py", headers=headers).status_code == 404
    assert client.get("/api/v1/sequences").status_code == 401


def test_templates_show_their_source_and_what_every_variable_means(sold: ApiOffice, client: TestClient) -> None:
    headers = sold.key()
    listed = client.get("/api/v1/templates", headers=headers).json()["items"]
    assert {use["step"] for item in listed if item["name"] == "follow_up/proof" for use in item["used_by"]} == {2, 3, 4}
    for item in listed:
        shown = client.get(f"/api/v1/templates/{item['name']}", headers=headers).json()
        assert shown["source"]
        assert all(variable["meaning"] for variable in shown["variables"])


def test_strangers_words_stay_inert_on_the_page(sold: ApiOffice, client: TestClient) -> None:
    name = "<script>alert(1)</script>\u202egnp.exe"
    with sold.deps.database.write(sold.workspace_id) as session:
        lead = session.get_one(Lead, (sold.workspace_id, sold.office.people[0].lead_id))
        session.execute(sa.update(Company).where(col(Company.id) == lead.company_id).values(name=name))
    sign_in(client, sold, sold.user(Role.MANAGER))
    html = client.get(f"/sequences/{TIER_1}/preview?lead={sold.office.people[0].lead_id}").text
    assert "<script>alert" not in html
    assert "\u202e" not in html
    assert "&lt;script&gt;" in html
    found = client.get(f"/sequences/{TIER_1}/preview?company=%25").text
    assert "No lead found" in found  # a sign of the database's is searched for as itself


def test_pages_for_each_role(sold: ApiOffice, client: TestClient) -> None:
    sign_in(client, sold, sold.user(Role.VIEWER))
    assert "7. Mail" in client.get("/sequences").text
    html = client.get(f"/sequences/{TIER_1}/preview").text
    assert "may not read the words" in html
    assert "billing clerks" not in html
    assert "Ask the language model" not in html
    assert client.get("/sequences/templates/task/phone").status_code == 200
    lead = str(sold.office.people[0].lead_id)
    form = {"csrf": csrf_of(client), "lead": lead, "with_model": "yes"}
    assert client.post(f"/sequences/{TIER_1}/preview", data=form).status_code == 403


DEFINITION = {
    "sequence": TIER_1,
    "reason": "Tier 1: two mails and a call.",
    "steps": [
        {"channel": "mail", "wait_days": 0, "reason": "Opens."},
        {"channel": "phone", "wait_days": 2, "reason": "A call."},
        {"channel": "mail", "wait_days": 3, "reason": "Closes.", "only_if": ["not_clicked"]},
    ],
}


def test_a_version_is_set_compared_and_previewed_and_its_leads_are_moved_by_a_word(
    sold: ApiOffice, client: TestClient
) -> None:
    with sold.deps.database.write(sold.workspace_id) as session:
        session.execute(sa.update(Enrollment).values(sequence=TIER_1))
    ops, url = sold.key("read", "policies:write"), f"/api/v1/sequences/{TIER_1}"
    body = {"definition": DEFINITION, "note": "Fewer", "based_on": 1}
    assert client.post(f"{url}/versions", json=body, headers=sold.key("read")).status_code == 403
    made = client.post(f"{url}/versions", json=body, headers=ops)
    assert (made.status_code, made.json()["number"], made.json()["in_force"]) == (201, 2, True)
    assert client.post(f"{url}/versions", json={"definition": DEFINITION}, headers=ops).status_code == 200
    stale = client.post(f"{url}/versions", json={**body, "definition": {**DEFINITION, "reason": "x"}}, headers=ops)
    assert (stale.status_code, stale.json()["code"]) == (409, "sequence_changed")
    listed = client.get(f"{url}/versions", headers=ops).json()["items"]
    assert [(one["number"], one["created_at"] is None) for one in listed] == [(2, False), (1, True)]
    changed = client.get(f"{url}/versions/2/changes", headers=ops).json()["items"]
    assert {"step": 4, "what": "removed"}.items() <= next(one for one in changed if one["step"] == 4).items()
    assert client.get(f"{url}/versions/9", headers=ops).status_code == 404
    would = client.post(f"{url}/move/preview", json={"from_version": 1}, headers=ops).json()
    assert (would["to_version"], would["moved"], len(would["samples"])) == (2, 3, 3)
    assert client.post(f"{url}/move", json={}, headers=sold.key("read")).status_code == 403
    assert client.post(f"{url}/move", json={}, headers=ops).json()["moved"] == 3
    assert client.post(f"{url}/move", json={}, headers=ops).json()["moved"] == 0
    tier_1 = client.get("/api/v1/sequences", headers=ops).json()["items"][0]
    assert (tier_1["version"], tier_1["on_versions"]) == (2, [{"version": 2, "leads": 3}])


def test_an_open_as_a_condition_is_refused_at_its_place(sold: ApiOffice, client: TestClient) -> None:
    steps = [*DEFINITION["steps"][:2], {**DEFINITION["steps"][2], "only_if": ["opened"]}]  # type: ignore[index, dict-item]
    body = {"definition": {**DEFINITION, "steps": steps}}
    found = client.post(f"/api/v1/sequences/{TIER_1}/versions", json=body, headers=sold.key("read", "policies:write"))
    assert found.status_code == 422
    (problem,) = found.json()["problems"]
    assert problem["path"] == "steps.3.only_if"
    assert "nobody reads" in problem["message"]


def test_an_unsaved_definition_is_previewed(sold: ApiOffice, client: TestClient) -> None:
    found = ask(client, sold, 0, "read", "people:read", definition=DEFINITION).json()
    assert (found["version"], [step["channel"] for step in found["steps"]]) == (0, ["mail", "phone", "mail"])
    assert found["steps"][0]["body"]


def test_the_editor_checks_saves_and_moves_and_loses_nothing(sold: ApiOffice, client: TestClient) -> None:
    with sold.deps.database.write(sold.workspace_id) as session:
        session.execute(sa.update(Enrollment).values(sequence=TIER_1))
    sign_in(client, sold, sold.user(Role.SALES_OPS))
    page = client.get(f"/sequences/{TIER_1}/edit")
    assert page.status_code == 200
    csrf = csrf_of(client)
    typed = {"csrf": csrf, "based_on": "1", "note": "why not"}
    wrong = client.post(f"/sequences/{TIER_1}/edit", data={**typed, "text": "sequence: nobody", "do": "save"})
    assert wrong.status_code == 422
    assert "sequence: nobody" in wrong.text
    assert "why not" in wrong.text
    text = yaml.safe_dump(DEFINITION)
    checked = client.post(f"/sequences/{TIER_1}/edit", data={**typed, "text": text, "do": "check"})
    assert "Against the version in force" in checked.text
    assert "On a real lead" in checked.text
    saved = client.post(f"/sequences/{TIER_1}/edit", data={**typed, "text": text, "do": "save"}, follow_redirects=False)
    assert saved.headers["location"].endswith("said=saved")
    assert "3 leads are on it" in client.get(f"/sequences/{TIER_1}/versions").text
    assert "Move 3 leads" in client.get(f"/sequences/{TIER_1}/move?of=1").text
    moved = client.post(f"/sequences/{TIER_1}/move", data={"csrf": csrf, "to": "2"})
    assert "3 leads were moved" in moved.text
