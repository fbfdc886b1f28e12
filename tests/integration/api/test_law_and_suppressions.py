"""The list of who is never written to, legal bases and the table of laws, as API and console give them."""

from datetime import timedelta

from fastapi.testclient import TestClient
from sqlmodel import select

from agents import hits
from agents.hits import Asked
from scoring.hit_rules import HitKind
from store.erasure import erase_contact
from store.models import Hit, LegalBasis, Role
from tests.support.api_office import ApiOffice, csrf_of, sign_in, tell_a_story

API = "/api/v1"
PEOPLE = ("read", "people:read", "records:write")


def test_a_list_is_taken_in_once_and_listed_without_addresses(client: TestClient, office: ApiOffice) -> None:
    key = office.key("read", "suppressions:write")
    rows = [{"kind": "address", "value": f"person{n}@list.example"} for n in range(1_000)]
    body = {"rows": rows, "source": "list of March"}
    assert client.post(f"{API}/suppressions/batch", json=body, headers=key).json() == {"new": 1_000}
    assert client.post(f"{API}/suppressions/batch", json=body, headers=key).json() == {"new": 0}
    page = client.get(f"{API}/suppressions/entries", params={"limit": 2}, headers=key)
    assert "list.example" not in page.text
    assert {one["source"] for one in page.json()["items"]} == {"list of March"}
    wrong = {"rows": [{"kind": "address", "value": "nobody"}]}
    assert client.post(f"{API}/suppressions/batch", json=wrong, headers=key).json()["code"] == "invalid_entry"


def test_only_an_admin_takes_one_off_and_says_why(client: TestClient, office: ApiOffice) -> None:
    key = office.key("read", "suppressions:write")
    client.post(f"{API}/suppressions", json={"domain": "c.example"}, headers=key)
    body = {"domain": "c.example", "why": "mistake"}
    assert client.post(f"{API}/suppressions/release", json=body, headers=key).status_code == 403
    admin = office.key("read", "suppressions:remove")
    assert client.post(f"{API}/suppressions/release", json=body, headers=admin).json() == {"keys": 1}


def test_bases_are_recorded_with_sealed_evidence_and_derive_the_contact(client: TestClient, office: ApiOffice) -> None:
    key, person = office.key(*PEOPLE), office.office.people[0]
    place, now = f"{API}/contacts/{person.contact_id}", office.deps.clock.now()
    rows = [
        {"address": person.address, "basis": "implied_consent", "ground": "inquiry", "evidence": "Asked on the phone.",
         "given_at": (now - timedelta(days=1)).isoformat()},
        {"address": "nobody@x.example", "basis": "consent", "evidence": "?", "given_at": now.isoformat()},
    ]  # fmt: skip
    found = client.post(f"{API}/legal-bases/batch", json={"rows": rows}, headers=key).json()
    assert (found["new"], found["problems"][0]["row"]) == (1, 1)
    [basis] = client.get(f"{place}/legal-bases", headers=key).json()["items"]
    assert (basis["basis"], basis["holds"], basis["evidence"]) == ("implied_consent", True, "Asked on the phone.")
    assert basis["expires_at"] is not None
    assert client.get(place, headers=key).json()["legal_basis"] == "implied_consent"
    hidden = client.get(f"{place}/legal-bases", headers=office.key("read")).json()["items"][0]
    assert hidden["evidence"] is None
    assert client.post(f"{place}/legal-bases/withdrawal", json={}, headers=key).json() == {"records": 1}
    assert client.get(place, headers=key).json()["legal_basis"] == ""


def test_erasure_leaves_no_word_of_bases_and_hits(client: TestClient, office: ApiOffice) -> None:
    (_, draft_id), *_ = tell_a_story(office)
    context, person = office.office.context, office.office.people[0]
    body = {"basis": "consent", "evidence": "Card.", "given_at": office.deps.clock.now().isoformat()}
    place = f"{API}/contacts/{person.contact_id}/legal-bases"
    client.post(place, json=body, headers=office.key(*PEOPLE))
    asked = Asked(HitKind.OPEN, -1, "GET", "84.1.2.3", "Mozilla/5.0", {})
    assert hits.note(context, draft_id, asked) == ""
    with context.database.write(context.workspace_id) as session:
        erase_contact(session, context.clock, context.sealer, person.contact_id)
    with context.database.read(context.workspace_id) as session:
        hit = session.exec(select(Hit).where(Hit.contact_id == person.contact_id)).one()
        basis = session.exec(select(LegalBasis).where(LegalBasis.contact_id == person.contact_id)).one()
        assert (hit.raw_sealed, hit.network_index, basis.evidence_sealed) == (None, "", None)
    assert hits.note(context, draft_id, asked) is None


def test_the_law_by_country(client: TestClient, office: ApiOffice) -> None:
    rows = client.get(f"{API}/law", params={"country": "gb"}, headers=office.key("read")).json()["items"]
    assert {row["rule"] for row in rows} == {"uk_pecr", "uk_pecr_individual", "uk_pecr_phone", "uk_pecr_sms",
                                             "linkedin_by_hand"}  # fmt: skip


def test_the_pages(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.ADMIN))
    form = {"csrf": csrf_of(client), "entries": "a@b.example\n*.c.example", "reason": "manual"}
    assert "taken back" in client.post("/suppressions", data=form, follow_redirects=True).text
    assert "address_key," in client.get("/suppressions.csv").text
    release = {"csrf": form["csrf"], "what": "a@b.example", "why": "mistake"}
    assert "off the list" in client.post("/suppressions/release", data=release, follow_redirects=True).text
    assert "UWG" in client.get("/law", params={"country": "de"}).text


def test_the_contact_page_shows_records_a_basis_and_takes_it_back(client: TestClient, office: ApiOffice) -> None:
    person = office.office.people[0]
    page = f"/contacts/{person.contact_id}"
    sign_in(client, office, office.user(Role.REP))
    form = {"csrf": csrf_of(client), "basis": "consent", "channel": "sms", "ground": "", "given_at": "2026-01-04",
            "evidence": "Card <b>12</b> from the fair"}  # fmt: skip
    client.post(f"{page}/legal-bases", data={**form, "given_at": "soon"})
    assert "Card" not in client.get(page).text, "a day that is none records nothing"
    client.post(f"{page}/legal-bases", data=form)
    client.post(f"{page}/legal-bases", data=form)
    shown = client.get(page).text
    assert shown.count("Card &lt;b&gt;12&lt;/b&gt; from the fair") == 1
    with office.deps.database.read(office.workspace_id) as session:
        query = select(LegalBasis).where(LegalBasis.contact_id == person.contact_id, LegalBasis.channel == "sms")
        [basis] = session.exec(query)
    client.post(f"{page}/legal-bases/{basis.id}/withdraw", data={"csrf": csrf_of(client)})
    assert "withdrawn" in client.get(page).text
    with office.deps.database.read(office.workspace_id) as session:
        assert session.exec(query).one().withdrawn_at is not None
