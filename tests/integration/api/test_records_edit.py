"""A person's word: it wins over sources until it is released, and never brings back who said no."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi.testclient import TestClient

from store.models import Approval, Company, Contact, Draft, FieldEdit, Lead, Role, Touch
from store.queries import facts, suppression
from store.queries.facts import FactInput
from tests.support.api_office import ApiOffice, csrf_of, sign_in
from tests.support.list_office import dress, rows_of

WRITE = ("read", "people:read", "records:write", "suppressions:write", "policies:write")


def company_of(office: ApiOffice, number: int = 0) -> Any:
    lead = office.office.get(Lead, office.office.people[number].lead_id)
    return office.office.get(Company, lead.company_id)


def source_says(office: ApiOffice, field: str, value: Any) -> None:
    context, company = office.office.context, company_of(office)
    with context.database.write(context.workspace_id) as session:
        said = FactInput("company", company.id, field, value, "web", "dns", context.clock.now() + timedelta(days=9))
        facts.add_facts(session, [said])
        facts.apply_winners(session, context.clock, [company.id])


def test_a_persons_word_wins_until_it_is_released(client: TestClient, office: ApiOffice) -> None:
    dress(office)
    key, place = office.key(*WRITE), f"/api/v1/companies/{company_of(office).id}"
    said = client.patch(place, json={"industry": "cold chain", "city": "", "tags": ["Fair", "fair", " "]}, headers=key)
    assert said.status_code == 200
    assert said.json()["industry"] == "cold chain"
    source_says(office, "industry", "software")
    source_says(office, "tag", "from the web")
    source_says(office, "city", "Berlin")
    assert company_of(office).industry == "cold chain"
    assert company_of(office).tags == ["Fair"]
    edits = rows_of(office, FieldEdit)
    assert {edit.field: (edit.before, edit.after) for edit in edits}["industry"] == ("", "cold chain")
    client.patch(place, json={"release": ["industry"]}, headers=key)
    assert company_of(office).industry == "software"
    assert client.patch(place, json={"industry": "software"}, headers=key).status_code == 200
    assert len(rows_of(office, FieldEdit)) == len(edits), "the same again is no edit"


def test_to_say_that_nothing_is_known_wins_too(client: TestClient, office: ApiOffice) -> None:
    dress(office)
    source_says(office, "city", "Berlin")
    key = office.key(*WRITE)
    client.patch(f"/api/v1/companies/{company_of(office).id}", json={"city": ""}, headers=key)
    source_says(office, "city", "Bonn")
    assert company_of(office).city == ""


def test_an_edit_of_what_changed_meanwhile_is_refused(client: TestClient, office: ApiOffice) -> None:
    key = office.key(*WRITE)
    lead, contact = office.office.people[0].lead_id, office.office.people[0].contact_id
    for place, body in (
        (f"/api/v1/companies/{company_of(office).id}", {"city": "Bonn"}),
        (f"/api/v1/contacts/{contact}", {"title": "CFO"}),
        (f"/api/v1/leads/{lead}", {"stage": "replied"}),
    ):
        tag = client.get(place, headers=key).headers["etag"]
        assert client.patch(place, json=body, headers={**key, "If-Match": '"other"'}).status_code == 412
        assert client.patch(place, json=body, headers={**key, "If-Match": tag}).status_code == 200
        assert client.patch(place, json=body, headers={**key, "If-Match": tag}).status_code == 412
        assert client.patch(place, json=body, headers=office.key("read")).status_code == 403
        assert client.patch(place, json={"nonsense": 1}, headers=key).status_code == 422


def test_a_new_address_voids_drafts_and_is_checked(client: TestClient, office: ApiOffice) -> None:
    key, person = office.key(*WRITE), office.office.people[0]
    place = f"/api/v1/contacts/{person.contact_id}"
    office.office.draft(0)
    taken = client.patch(place, json={"email": "person1@company1.example"}, headers=key)
    assert taken.status_code == 409
    assert taken.json()["code"] == "address_taken"
    assert client.patch(place, json={"email": "nonsense"}, headers=key).status_code == 422
    context = office.office.context
    with context.database.write(context.workspace_id) as session:
        suppression.suppress(session, context.clock, context.sealer, address="no@more.example", reason="opt_out")
    assert client.patch(place, json={"email": "no@more.example"}, headers=key).status_code == 409
    changed = client.patch(place, json={"email": "New.Pat@company0.example"}, headers=key).json()
    assert changed["person"]["email"] == "new.pat@company0.example"
    assert changed["person"]["email_status"] == "unknown"
    assert {row.state.value for row in rows_of(office, Draft)} == {"void"}
    assert {row.state.value for row in rows_of(office, Approval)} == {"void"}
    assert {row.state.value for row in rows_of(office, Touch, Touch.lead_id == person.lead_id)} == {"planned"}
    (edit,) = rows_of(office, FieldEdit)
    assert edit.before is None
    assert edit.after is None
    opened = context.sealer.open(edit.before_sealed, context=f"field_edit|before|{edit.id}")
    assert opened == person.address


def test_a_new_address_is_no_way_around_an_opt_out(client: TestClient, office: ApiOffice) -> None:
    key, place = office.key(*WRITE), f"/api/v1/contacts/{office.office.people[0].contact_id}"
    out = client.post(f"{place}/opt-out", json={}, headers=key).json()
    assert out["suppressed"] == "opt_out"
    assert out["suppressed_at"]
    assert client.post(f"{place}/opt-out", json={}, headers=key).status_code == 200
    refused = client.patch(place, json={"email": "another@company0.example"}, headers=key)
    assert refused.status_code == 409
    assert refused.json()["code"] == "suppressed"


def test_a_legal_basis_needs_evidence_and_a_day(client: TestClient, office: ApiOffice) -> None:
    key, place = office.key(*WRITE), f"/api/v1/contacts/{office.office.people[0].contact_id}"
    bare = client.patch(place, json={"legal_basis": "consent"}, headers=key)
    assert bare.status_code == 422
    assert bare.json()["code"] == "evidence_missing"
    at = datetime(2026, 5, 1, tzinfo=UTC).isoformat()
    whole = {"legal_basis": "consent", "legal_basis_evidence": "Signed at the fair.", "legal_basis_at": at}
    assert client.patch(place, json=whole, headers=key).json()["legal_basis"] == "consent"
    hidden = client.get(place, headers=office.key("read")).json()
    assert hidden["legal_basis_evidence"] is None
    assert hidden["person"]["hidden"]
    assert client.patch(place, json={"time_zone": "Mars/Base"}, headers=key).status_code == 422


def test_stages_by_hand(client: TestClient, office: ApiOffice) -> None:
    key, place = office.key(*WRITE), f"/api/v1/leads/{office.office.people[0].lead_id}"
    assert client.patch(place, json={"stage": "won"}, headers=key).json()["code"] == "stage_by_event"
    assert client.patch(place, json={"stage": "scored"}, headers=key).status_code == 409
    lost = client.patch(place, json={"stage": "lost", "reason": "not_a_fit"}, headers=key).json()
    assert lost["stage"] == "lost"
    assert lost["stop_reason"] == "Stopped by hand: not a fit."
    assert client.patch(place, json={"stage": "replied"}, headers=key).status_code == 409
    assert client.patch(place, json={"stage": "scored"}, headers=key).json()["stop_reason"] == ""


def test_erasing_needs_the_right_and_leaves_nothing(client: TestClient, office: ApiOffice) -> None:
    contact_id = office.office.people[0].contact_id
    place = f"/api/v1/contacts/{contact_id}"
    assert client.post(f"{place}/erase", headers=office.key(*WRITE[:4])).status_code == 403
    assert client.post(f"{place}/erase", headers=office.key(*WRITE)).json()["rows"] > 0
    contact = office.office.get(Contact, contact_id)
    assert contact.name_sealed is None
    assert contact.erased_at is not None
    assert client.patch(place, json={"title": "x"}, headers=office.key(*WRITE)).status_code == 409


def test_the_page_of_a_contact(client: TestClient, office: ApiOffice) -> None:
    contact_id = office.office.people[0].contact_id
    sign_in(client, office, office.user(Role.SALES_OPS))
    place, csrf = f"/contacts/{contact_id}", csrf_of(client)
    assert "Pat 0" in client.get(place).text
    wrong = client.post(f"{place}/edit", data={"csrf": csrf, "title": "<b>CFO</b>", "time_zone": "Mars/Base"})
    assert wrong.status_code == 422
    assert "&lt;b&gt;CFO" in wrong.text, "what was typed is kept"
    right = client.post(f"{place}/edit", data={"csrf": csrf, "title": "CFO", "time_zone": "Europe/Berlin"})
    assert right.headers["location"] == f"{place}?said=edited"
    kept = client.post(f"{place}/erase", data={"csrf": csrf, "sure": "no"})
    assert kept.status_code == 422
    assert office.office.get(Contact, contact_id).erased_at is None
    assert client.post(f"{place}/opt-out", data={"csrf": csrf, "reason": "opt_out"}).status_code == 303
    assert "never written to: opt out" in client.get(place).text
    sign_in(client, office, office.user(Role.VIEWER))
    seen = client.get(place).text
    assert "Pat 0" not in seen
    assert "Your role sees" in seen
    assert client.post(f"{place}/edit", data={"csrf": csrf_of(client), "title": "x"}).status_code == 403
    missing = client.get("/contacts/00000000-0000-0000-0000-000000000007")
    assert missing.status_code == 404


def test_forms_of_company_and_lead(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.REP))
    csrf, company, lead = csrf_of(client), company_of(office), office.office.people[0].lead_id
    form = {"csrf": csrf, "name": "Acme", "employees": "1,200", "tags": "a, b,", "country": "de"}
    assert client.post(f"/companies/{company.id}/edit", data=form).status_code == 303
    changed = company_of(office)
    assert (changed.name, changed.employees, changed.tags, changed.country) == ("Acme", 1200, ["a", "b"], "DE")
    bad = client.post(f"/companies/{company.id}/edit", data={**form, "employees": "many"})
    assert bad.status_code == 422
    assert 'value="many"' in bad.text
    assert client.post(f"/leads/{lead}/edit", data={"csrf": csrf, "stage": "nurture"}).status_code == 303
    assert office.office.get(Lead, lead).stage.value == "nurture"
