"""Pairs that may be one: seen side by side, decided on, split again; and no list shows what was merged."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from agents import identity, merge_decisions
from agents.lead_source import _store_page
from store import bulk
from store.models import AuditEntry, MergeProposal, ProposalState, Role
from store.queries import exports
from store.queries.companies import CompanyInput, upsert_companies
from store.queries.people import ContactInput, upsert_contacts
from tests.support.api_office import ApiOffice, csrf_of, sign_in

API = "/api/v1"


@dataclass(frozen=True)
class Pairs:
    first: UUID  # companies
    second: UUID
    jane: UUID  # contacts of the first
    janet: UUID
    companies: UUID  # proposals
    people: UUID


@pytest.fixture
def pairs(office: ApiOffice) -> Pairs:
    context, now = office.office.context, office.deps.clock.now()
    with office.deps.database.write(office.workspace_id) as session:
        first, second = upsert_companies(
            session,
            context.clock,
            [
                CompanyInput(
                    "Tern Robotics", "tern robotics", "file:a", domain="tern.example", city="Oslo", employees=9
                ),
                CompanyInput("Tern Robots <b>", "tern robots b", "file:b", city="oslo", industry="robots"),
            ],
        ).ids
        people = upsert_contacts(
            session,
            context.clock,
            context.ids,
            context.sealer,
            [
                ContactInput(first, "Jane Tern", "jane tern", "file:a", "jane@tern.example", title="CTO"),
                ContactInput(first, "Janet Tern", "janet tern", "file:b", "janet@tern.example", title="CTO"),
            ],
        ).ids
        jane, janet = (one for one in people if one is not None)
        proposals = {}
        for kind, ends, likely in (("company", (first, second), 0.7), ("contact", (jane, janet), 0.5)):
            low, high = sorted(ends)
            proposals[kind] = uuid4()
            row = {
                "id": proposals[kind],
                "kind": kind,
                "first_id": low,
                "second_id": high,
                "probability": likely,
                "reasons": ["the names are alike"],
                "evidence": {"kept_id": str(ends[0])},
                "created_at": now,
            }
            bulk.insert(session, MergeProposal, [row])
    return Pairs(first, second, jane, janet, proposals["company"], proposals["contact"])


@pytest.fixture
def key(office: ApiOffice) -> dict[str, str]:
    return office.key("read", "people:read", "records:write", "exports:read")


def ids(client: TestClient, key: Any, place: str) -> list[str]:
    found = client.get(f"{API}{place}", headers=key)
    assert found.status_code == 200, found.text
    return [row["id"] for row in found.json()["items"]]


def decide(client: TestClient, key: Any, proposal: UUID, **body: Any) -> Any:
    return client.post(f"{API}/duplicates/{proposal}/decide", json=body, headers=key)


def state_of(office: ApiOffice, first: UUID, second: UUID) -> str:
    low, high = sorted((first, second))
    with office.deps.database.read(office.workspace_id) as session:
        query = select(MergeProposal.state).where(MergeProposal.first_id == low, MergeProposal.second_id == high)
        return session.exec(query).one().value


def test_a_pair_is_shown_side_by_side_likeliest_first_and_paged(client: TestClient, pairs: Pairs, key: Any) -> None:
    page = client.get(f"{API}/duplicates?limit=1", headers=key).json()
    (pair,) = page["items"]
    assert (pair["id"], pair["probability"], pair["reasons"]) == (str(pairs.companies), 0.7, ["the names are alike"])
    assert (pair["first"]["id"], pair["first"]["sources"]) == (str(pairs.first), ["file:a"])
    fields = {one["field"]: (one["first"], one["second"], one["same"]) for one in pair["compared"]}
    assert fields["city"] == ("Oslo", "oslo", True)
    assert fields["name"] == ("Tern Robotics", "Tern Robots <b>", False)
    assert fields["employees"] == ("9", None, None), "not known is not different"
    assert "region" not in fields, "neither says anything"
    rest = client.get(f"{API}/duplicates?limit=1&cursor={page['next']}", headers=key).json()
    assert ([one["id"] for one in rest["items"]], rest["next"]) == ([str(pairs.people)], None)
    assert ids(client, key, "/duplicates?kind=contact") == [str(pairs.people)]


def test_personal_data_is_hidden_from_who_may_not_see_it(client: TestClient, office: ApiOffice, pairs: Pairs) -> None:
    blind = office.key("read", "records:write")
    text = client.get(f"{API}/duplicates?kind=contact", headers=blind).text
    assert "jane" not in text.lower().replace("the names", "")
    (pair,) = client.get(f"{API}/duplicates?kind=contact", headers=blind).json()["items"]
    hidden = [one for one in pair["compared"] if one["hidden"]]
    assert {one["field"] for one in hidden} == {"name", "email"}
    assert all(one["first"] is one["second"] is one["same"] is None for one in hidden)
    assert decide(client, blind, pairs.people, merge=True).status_code == 403, "nobody decides on people unseen"
    seeing = client.get(f"{API}/duplicates/{pairs.people}", headers=office.key("read", "people:read")).json()
    assert ("jane@tern.example", "janet@tern.example") in [(o["first"], o["second"]) for o in seeing["compared"]]


def test_merged_rows_are_in_no_list_and_come_back_when_split(
    client: TestClient, office: ApiOffice, pairs: Pairs, key: Any
) -> None:
    places = {"/companies": pairs.second, "/companies?q=tern": pairs.second, "/contacts": pairs.janet}
    places[f"/contacts?company_id={pairs.first}"] = pairs.janet
    before = {place: sorted(ids(client, key, place)) for place in places}
    assert all(str(row) in before[place] for place, row in places.items())
    merges = [decide(client, key, one, merge=True).json()["merge_id"] for one in (pairs.companies, pairs.people)]
    for place, row in places.items():
        assert str(row) not in ids(client, key, place), place
    for place, row, kept in (("companies", pairs.second, pairs.first), ("contacts", pairs.janet, pairs.jane)):
        assert client.get(f"{API}/{place}/{row}", headers=key).json()["merged_into"] == str(kept)
        assert client.get(f"{API}/{place}/{kept}", headers=key).json()["merged_into"] is None
        assert str(row) not in client.get(f"{API}/exports/{place}", headers=key).text
    with office.deps.database.read(office.workspace_id) as session:
        found, _ = _store_page(session, None, 1000)
        assert pairs.second not in found, "a run over the store does not work on it"
        assert pairs.first in found
        assert all("Janet" not in str(row) for row in exports.lead_rows(session, office.office.context.sealer))
    assert client.get(f"{API}/duplicates", headers=key).json()["items"] == []
    for merge_id in reversed(merges):
        assert client.post(f"{API}/merges/{merge_id}/split", json={}, headers=key).status_code == 200
    assert {place: sorted(ids(client, key, place)) for place in places} == before


def test_a_decision_is_made_once_and_a_no_can_be_taken_back(
    client: TestClient, office: ApiOffice, pairs: Pairs, key: Any
) -> None:
    assert decide(client, key, pairs.companies, merge=False).json() == {"id": str(pairs.companies), "merge_id": None}
    assert decide(client, key, pairs.companies, merge=True).status_code == 409
    assert ids(client, key, "/duplicates") == [str(pairs.people)]
    again = client.post(f"{API}/duplicates/{pairs.companies}/reconsider", headers=key)
    assert again.status_code == 200, again.text
    assert str(pairs.companies) in ids(client, key, "/duplicates")
    decided = decide(client, key, pairs.companies, merge=True, keep=str(pairs.second)).json()
    (merge,) = client.get(f"{API}/merges", headers=key).json()["items"]
    assert (merge["id"], merge["kept_id"], merge["may_split"]) == (decided["merge_id"], str(pairs.second), True)
    assert client.post(f"{API}/duplicates/{pairs.companies}/reconsider", headers=key).status_code == 409
    with office.deps.database.read(office.workspace_id) as session:
        said = set(session.exec(select(AuditEntry.action)))
    assert {"identity.rejected", "identity.reconsidered", "identity.merged"} <= said


def test_who_stays_is_one_of_the_two(client: TestClient, pairs: Pairs, key: Any) -> None:
    assert decide(client, key, pairs.companies, merge=True, keep=str(uuid4())).status_code == 422
    assert decide(client, key, uuid4(), merge=True).status_code == 404
    assert ids(client, key, "/duplicates") == [str(pairs.companies), str(pairs.people)]


def test_by_hand_two_of_a_kind_and_the_split_is_remembered(
    client: TestClient, office: ApiOffice, pairs: Pairs, key: Any
) -> None:
    def merge(kept: UUID, absorbed: UUID) -> Any:
        body = {"kept_id": str(kept), "absorbed_id": str(absorbed)}
        return client.post(f"{API}/merges", json=body, headers=key)

    other = office.office.people[0].contact_id
    assert merge(pairs.first, pairs.jane).status_code == 422
    assert merge(pairs.first, uuid4()).status_code == 404
    assert merge(pairs.first, pairs.first).status_code == 409
    unproposed = merge(pairs.jane, other)
    assert (unproposed.status_code, unproposed.json()["reasons"]) == (201, ["a person said so"])
    assert merge(pairs.jane, other).status_code == 409, "absorbed already"
    split = f"{API}/merges/{unproposed.json()['id']}/split"
    first = client.post(split, json={}, headers=key).json()
    assert (first["merge"]["may_split"], first["put_back"] > 0) == (False, True)
    assert client.post(split, json={}, headers=key).json()["put_back"] == 0, "again: changes nothing"
    assert state_of(office, pairs.jane, other) == "rejected"
    # A proposal that waits is settled by a merge by hand, and waits again where that was a slip.
    done = merge(pairs.first, pairs.second).json()
    assert state_of(office, pairs.first, pairs.second) == "accepted"
    client.post(f"{API}/merges/{done['id']}/split", json={"ask_again": True}, headers=key)
    assert state_of(office, pairs.first, pairs.second) == "waiting"


def test_what_a_person_split_no_rule_merges_again(office: ApiOffice) -> None:
    """Same address: the rule is sure of it, until a person says otherwise."""
    context = office.office.context
    with office.deps.database.write(office.workspace_id) as session:
        (company,) = upsert_companies(
            session, context.clock, [CompanyInput("Auk", "auk", "f", domain="auk.example")]
        ).ids
        people = [
            ContactInput(company, "Ada Auk", "ada auk", "f", "ada+a@auk.example"),
            ContactInput(company, "A. Auk", "a auk", "g", "ada+b@auk.example"),
        ]
        upsert_contacts(session, context.clock, context.ids, context.sealer, people)
        (merge_id,) = identity.propose(session, context).merged
        merge_decisions.part(session, context, merge_id, by="user:ann")
        again = identity.propose(session, context)
    assert (again.merged, again.waiting) == ([], [])


def test_a_later_merge_is_split_first(client: TestClient, office: ApiOffice, pairs: Pairs, key: Any) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        (third,) = upsert_companies(session, office.deps.clock, [CompanyInput("Skua", "skua", "f")]).ids
    one = decide(client, key, pairs.companies, merge=True).json()["merge_id"]
    body = {"kept_id": str(third), "absorbed_id": str(pairs.first)}
    client.post(f"{API}/merges", json=body, headers=key)
    assert client.post(f"{API}/merges/{one}/split", json={}, headers=key).status_code == 409
    shown = {
        m["id"]: m["may_split"] for m in client.get(f"{API}/merges?of={pairs.second}", headers=key).json()["items"]
    }
    assert shown == {one: False}
    assert client.get(f"{API}/companies/{pairs.second}", headers=key).json()["merged_into"] == str(third)


@pytest.fixture
def visited(client: TestClient, office: ApiOffice, pairs: Pairs) -> TestClient:
    sign_in(client, office, office.user(Role.REP))
    return client


def test_the_page_decides_undoes_and_sends_on_to_the_one_that_stays(
    visited: TestClient, office: ApiOffice, pairs: Pairs
) -> None:
    page = visited.get("/duplicates").text
    assert "Tern Robots &lt;b&gt;" in page
    assert "70 % likely" in page
    data = {"csrf": csrf_of(visited), "same": "yes", "keep": str(pairs.first)}
    went = visited.post(f"/duplicates/{pairs.companies}", data=data)
    assert went.status_code == 303
    undo = visited.get(went.headers["location"]).text
    assert visited.get(f"/companies/{pairs.second}").headers["location"] == f"/companies/{pairs.first}?said=merged"
    assert "was merged into this one" in visited.get(f"/companies/{pairs.first}?said=merged").text
    merge_id = went.headers["location"].rpartition("merge=")[2]
    assert f"/merges/{merge_id}/split" in undo
    visited.post(f"/merges/{merge_id}/split", data={"csrf": data["csrf"], "ask_again": "yes"})
    assert visited.get(f"/companies/{pairs.second}").status_code == 200
    assert state_of(office, pairs.first, pairs.second) == ProposalState.WAITING
    no = visited.post(f"/duplicates/{pairs.people}", data={"csrf": data["csrf"], "same": "no"})
    assert f"/duplicates/{pairs.people}/reconsider" in visited.get(no.headers["location"]).text
    late = visited.post(f"/duplicates/{pairs.people}", data={"csrf": data["csrf"], "same": "yes"})
    assert (late.status_code, "was rejected already" in late.text) == (409, True)


def test_who_may_not_decide_sees_no_buttons_and_no_people(client: TestClient, office: ApiOffice, pairs: Pairs) -> None:
    sign_in(client, office, office.user(Role.VIEWER))
    page = client.get("/duplicates").text
    assert "Tern Robotics" in page
    assert "data-act" not in page
    assert "tern.example</td>" in page, "a company's domain is no personal data"
    assert "jane@tern.example" not in page


def test_nothing_to_decide_says_so(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.REP))
    assert "Nothing to decide" in client.get("/duplicates").text
    assert "Nothing was merged yet" in client.get("/duplicates?of=merged").text
