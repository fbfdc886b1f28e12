"""The buying committee on a lead: who holds which seat, and what would fill those that are empty or out of reach."""

from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from agents.contacts.seats import COMMITTEE, committee_id
from store.models import Contact, Lead, Role, ScoreRow
from tests.integration.api.test_icp_tiers import fill, made
from tests.support.api_office import ApiOffice, sign_in

SEATS = {
    "name": "T",
    "industries": ["freight"],
    "roles": [
        {"role": "economic_buyer", "departments": ["finance"], "min_seniority": "director"},
        {"role": "champion", "departments": ["sales"], "min_seniority": "lead", "weight": 0.6},
        {"role": "blocker", "departments": ["legal"], "min_seniority": "manager", "weight": 0.4},
    ],
}


def _at(session: Session, office: ApiOffice, lead: Lead, name: str, title: str, **values: object) -> Contact:
    contact = session.get_one(Contact, (office.workspace_id, lead.contact_id))
    if contact.title:
        times = {"created_at": contact.created_at, "updated_at": contact.updated_at}
        contact = Contact(workspace_id=office.workspace_id, id=uuid4(), company_id=lead.company_id, **times)
    contact.title = title
    contact.name_sealed = office.office.context.sealer.seal(name, context=f"contact|name|{contact.id}")
    for column, value in values.items():
        setattr(contact, column, value)
    session.add(contact)
    session.flush()
    return contact


def _committee(office: ApiOffice, lead_id: object) -> None:
    """A finance chief with an address, a sales lead with none, and nobody of legal."""
    seal, now = office.office.context.sealer.seal, office.deps.clock.now()
    with office.deps.database.write(office.workspace_id) as session:
        lead = session.get_one(Lead, (office.workspace_id, lead_id))
        chief = _at(session, office, lead, "Ada Finn", "Chief Financial Officer", email_status="valid")
        chief.email_sealed = seal("ada@c.example", context=f"contact|email|{chief.id}")
        chief.email_checked_at = now
        session.add(chief)
        _at(session, office, lead, "Bo Lund", "Head of Sales")
        _at(session, office, lead, "Cy Gone", "General Counsel", erased_at=now)
        subject = committee_id(office.workspace_id, lead.icp_id, lead.company_id)
        score = {
            "subject_kind": COMMITTEE,
            "subject_id": subject,
            "kind": COMMITTEE,
            "model_version": "v",
            "as_of": now,
        }
        session.add(ScoreRow(workspace_id=office.workspace_id, id=uuid4(), value=0.5, reasons=[], **score))


def test_a_lead_shows_who_holds_each_seat_and_what_would_fill_the_others(client: TestClient, office: ApiOffice) -> None:
    lead_id = fill(office, made(client, office, SEATS), 1)[0]
    _committee(office, lead_id)
    key = office.key("read", "people:read")
    committee = client.get(f"/api/v1/leads/{lead_id}", headers=key).json()["committee"]
    assert committee["known"] == pytest.approx(0.5)
    assert committee["looked_at"] is not None
    assert [(seat["role"], seat["state"]) for seat in committee["seats"]] == [
        ("economic_buyer", "filled"),
        ("champion", "unreachable"),
        ("blocker", "empty"),
    ]
    held = [[one["person"]["name"] for one in seat["people"]] for seat in committee["seats"]]
    assert held == [["Ada Finn"], ["Bo Lund"], []]
    assert "manager or above in legal" in committee["seats"][2]["text"]

    sign_in(client, office, office.user(Role.REP))
    page = client.get(f"/leads/{lead_id}").text
    assert "50% of the committee can be reached." in page
    assert f'/contacts/{committee["seats"][0]["people"][0]["contact_id"]}">Ada Finn</a>' in page
    assert "An address, a phone or a profile would do." in page
    assert "It takes manager or above in legal." in page


def test_who_may_not_see_people_sees_the_seats_without_names(client: TestClient, office: ApiOffice) -> None:
    lead_id = fill(office, made(client, office, SEATS), 1)[0]
    _committee(office, lead_id)
    answer = client.get(f"/api/v1/leads/{lead_id}", headers=office.key("read"))
    assert "Ada Finn" not in answer.text
    seat = answer.json()["committee"]["seats"][0]
    assert seat["state"] == "filled"
    assert seat["people"][0]["person"]["hidden"]


def test_seats_nobody_looked_for_say_so(client: TestClient, office: ApiOffice) -> None:
    lead_id = fill(office, made(client, office, SEATS), 1)[0]
    assert client.get(f"/api/v1/leads/{lead_id}", headers=office.key("read")).json()["committee"]["looked_at"] is None
    sign_in(client, office, office.user(Role.REP))
    assert "Nobody has looked for people there yet." in client.get(f"/leads/{lead_id}").text
