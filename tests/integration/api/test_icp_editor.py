"""The ICP editor: form and text say the same, problems stand at their fields, nothing that was typed is lost."""

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from api.console import icp_form
from api.views.icp_diff import differences, in_full
from core.clock import VirtualClock
from scoring.icp import parse_icp
from scoring.intent import HALF_LIFE_DAYS
from scoring.types import BuyingRole, Department, Seniority
from store.models import AuditEntry, IcpVersion, Role
from tests.support.api_office import ApiOffice, csrf_of, sign_in

FULL: dict[str, Any] = {
    "name": "Freight, DACH",
    "industries": ["mining, and quarrying", {"name": "freight", "synonyms": ["3PL", "haulage, long"]}],
    "employees": {"min": 50, "max": 500},
    "revenue": {"min_minor": 1_000_050, "currency": "CHF"},
    "countries": ["DE", "NO"],
    "regions": ["Île-de-France"],
    "technologies": ["NetSuite"],
    "growth_signals": ["hiring", "funding"],
    "exclusions": {"industries": ["casino"], "countries": ["RU"], "domains": ["x.example"], "name_words": ["holding"],
                   "technologies": ["SAP"], "statuses": []},
    "roles": [{"role": "champion", "departments": ["sales", "legal"], "min_seniority": "vp", "weight": 0.25}],
    "weights": {"fit": 0.7, "intent": 0.3, "criteria": {"industry": 0, "growth": 2.5}},
    "bands": {"tier_1": 0.9, "tier_2": 0.5, "tier_3": 0.1},
    "half_lives": {"hiring": 30},
    "rules": [{"when": {"field": "country", "op": "is", "value": ["DE", "NO"]}, "then": {"cap": 1}, "reason": "Near"},
              {"when": {"field": "status", "op": "unknown"}, "then": {"disqualify": True}, "reason": "Ask first."}],
}  # fmt: skip

characters = st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp", "Zs")) | st.sampled_from(" ,:;")
words = st.text(characters, min_size=1, max_size=12).map(str.strip).filter(bool)  # fmt: skip
lists = st.lists(words, max_size=3)
codes = st.lists(st.from_regex(r"[A-Z]{2}", fullmatch=True), max_size=4)
weights = st.floats(0, 1e6).filter(lambda value: value == 0 or value > 1e-6)
definitions = st.fixed_dictionaries(
    {"name": words},
    optional={
        "industries": st.lists(words | st.fixed_dictionaries({"name": words, "synonyms": lists}), max_size=3),
        "employees": st.fixed_dictionaries({"min": st.integers(0, 100)}, optional={"max": st.integers(100, 10**9)}),
        "revenue": st.fixed_dictionaries({"max_minor": st.integers(0, 10**14)}, optional={"currency": st.just("USD")}),
        "countries": codes,
        "regions": lists,
        "technologies": lists,
        "growth_signals": st.lists(st.sampled_from(sorted(HALF_LIFE_DAYS)), max_size=3, unique=True),
        "exclusions": st.fixed_dictionaries(
            {},
            optional={"industries": lists, "countries": codes, "domains": lists, "name_words": lists,
                      "technologies": lists, "statuses": lists},
        ),
        "roles": st.lists(
            st.fixed_dictionaries(
                {"role": st.sampled_from(list(BuyingRole))},
                optional={"departments": st.lists(st.sampled_from(list(Department)), max_size=3, unique=True),
                          "min_seniority": st.sampled_from(list(Seniority)), "weight": st.floats(0, 1)},
            ),
            min_size=1, max_size=3,
        ),
        "weights": st.fixed_dictionaries(
            {"fit": weights, "intent": st.just(0.5)}, optional={"criteria": st.just({"growth": 7})}
        ),
        "bands": st.just({"tier_1": 0.75, "tier_2": 0.5}),
    },
)  # fmt: skip


def as_sent(values: dict[str, Any]) -> dict[str, str]:
    """What a browser sends of a form that shows these: text areas with CRLF, ticked boxes by name."""
    sent: dict[str, str] = {}

    def add(name: str, value: Any) -> None:
        if isinstance(value, list):
            sent.update({f"{name}:{choice}": "yes" for choice in value})
        else:
            sent[name] = value.replace("\n", "\r\n")

    for name, value in values.items():
        if name in ("industries", "roles"):
            for row, fields in enumerate(value):
                for part, inner in fields.items():
                    add(f"{name}[{row}].{part}", inner)
        else:
            add(name, value)
    return sent


@settings(max_examples=150, deadline=None)
@given(definitions)
def test_form_and_text_lose_nothing(definition: dict[str, Any]) -> None:
    icp = parse_icp(definition)
    shown = icp_form.rows_for_show(icp_form.values_of(icp))
    assert parse_icp(icp_form.definition_of(icp_form.sent_values(as_sent(shown)))) == icp
    assert parse_icp(in_full(icp)) == icp
    assert parse_icp(icp_form.from_text(icp_form.to_text(in_full(icp)))) == icp
    assert differences(definition, in_full(icp)) == []


def test_every_field_of_a_definition_has_its_place_in_the_form() -> None:
    icp = parse_icp(FULL)
    assert parse_icp(icp_form.definition_of(icp_form.sent_values(as_sent(icp_form.values_of(icp))))) == icp


@pytest.mark.parametrize(
    "text", ["a: [", "- 1", "", "{1: 2}", "x: !!python/object:os.system 1", "a: &a [*a]\n", "[" * 5_000, "\x00"]
)
def test_text_that_is_no_definition_is_refused_with_its_place(text: str) -> None:
    from api.actions.icps import parsed
    from api.problems import Invalid

    with pytest.raises(Invalid):
        parsed(icp_form.from_text(text))


def form_of(page: str) -> dict[str, list[str]]:
    """The fields of the editor's page, as a browser would send them."""
    page = page[page.index('<form class="stack icp-form"') :]
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", page):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and not ('type="checkbox"' in tag and "checked" not in tag):
            sent.setdefault(unescape(name[1]), []).append(unescape(value[1]) if value else "")
    for name_, text in re.findall(r'<textarea name="([^"]+)"[^>]*>\n?(.*?)</textarea>', page, re.S):
        sent[unescape(name_)] = [unescape(text)]
    for name_, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        sent[unescape(name_)] = [chosen[1] if chosen else ""]
    return sent


def make(client: TestClient, office: ApiOffice, definition: dict[str, Any]) -> str:
    key = office.key("read", "icps:write")
    answer = client.post("/api/v1/icps", json={"definition": definition}, headers=key)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def versions(office: ApiOffice, icp_id: str) -> list[IcpVersion]:
    with office.deps.database.read(office.workspace_id) as session:
        query = select(IcpVersion).where(IcpVersion.icp_id == UUID(icp_id)).order_by(col(IcpVersion.number))
        return list(session.exec(query))


def test_an_icp_is_written_by_form_previewed_and_saved(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.MARKETING))
    fields = form_of(client.get("/icps/new").text)
    fields |= {"name": ["Freight"], "industries[0].name": ["freight"], "countries": ["DE, AT"], "employees.min": ["50"]}
    preview = client.post("/icps/new", data={**fields, "do": "preview"})
    assert preview.status_code == 200
    assert "What would change" in preview.text
    again = form_of(preview.text)
    assert {name: again[name] for name in ("name", "countries", "employees.min")} == {
        name: fields[name] for name in ("name", "countries", "employees.min")
    }
    saved = client.post("/icps/new", data={**again, "do": "save"})
    assert saved.status_code == 303, saved.text
    icp_id = saved.headers["location"].split("/")[-1].split("?")[0]
    assert [row.definition for row in versions(office, icp_id)] == [
        {"name": "Freight", "industries": ["freight"], "employees": {"min": 50}, "countries": ["DE", "AT"]}
    ]
    same = client.post(f"/icps/{icp_id}/edit", data={**form_of(client.get(f"/icps/{icp_id}/edit").text), "do": "save"})
    assert same.headers["location"] == f"/icps/{icp_id}?said=same"
    assert len(versions(office, icp_id)) == 1
    page = client.get(saved.headers["location"]).text
    assert "Marketing" in page
    assert "A run finds the companies" in page


def test_problems_stand_at_their_fields_and_what_was_typed_stays(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.SALES_OPS))
    fields = form_of(client.get("/icps/new").text)
    hostile = "<script>alert(1)</script>"
    fields |= {"name": [hostile], "employees.min": ["many"], "countries": ["DE Narnia"], "bands.tier_1": ["0.1"],
               "industries[1].synonyms": ["3PL"], "roles[0].weight": ["7"], "revenue.max_minor": ["1.005"]}  # fmt: skip
    answer = client.post("/icps/new", data={**fields, "do": "save"})
    assert answer.status_code == 422
    assert hostile not in answer.text
    back = form_of(answer.text)
    for name in ("name", "employees.min", "countries", "bands.tier_1", "roles[0].weight", "revenue.max_minor"):
        assert back[name] == fields[name]
        if name not in ("name", "bands.tier_1"):
            assert f'id="{name}-problem"' in answer.text
    assert back["industries[0].synonyms"] == ["3PL"], (
        "empty rows go, so that rows are counted as the problems count them"
    )
    assert 'id="industries[0].name-problem"' in answer.text
    assert "Line 2: " in answer.text
    assert "must fall strictly" in answer.text
    text = client.post("/icps/new", data={"csrf": fields["csrf"], "tab": "text", "text": "name: [", "do": "form"})
    assert text.status_code == 422
    assert "Line 1" in text.text
    assert form_of(text.text)["text"] == ["name: ["]


def test_the_tabs_hold_the_same(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.SALES_OPS))
    icp_id = make(client, office, FULL)
    form = form_of(client.get(f"/icps/{icp_id}/edit").text)
    text = form_of(client.post(f"/icps/{icp_id}/edit", data={**form, "do": "text"}).text)
    assert parse_icp(icp_form.from_text(text["text"][0])) == parse_icp(FULL)
    back = form_of(client.post(f"/icps/{icp_id}/edit", data={**text, "do": "form"}).text)
    assert back == form
    more = form_of(client.post(f"/icps/{icp_id}/edit", data={**form, "do": "more-industries"}).text)
    assert "industries[6].name" in more
    unknown = client.post(f"/icps/{icp_id}/edit", data={**text, "text": "name: x\nemployes: 1\n", "do": "form"})
    assert unknown.status_code == 422
    assert "did you mean" in unescape(unknown.text)
    assert form_of(unknown.text)["text"] == ["name: x\nemployes: 1\n"]


def test_two_editors_do_not_overwrite_each_other(client: TestClient, office: ApiOffice) -> None:
    key = office.key("read", "icps:write")
    icp_id = make(client, office, {"name": "Two"})
    sign_in(client, office, office.user(Role.SALES_OPS))
    mine = form_of(client.get(f"/icps/{icp_id}/edit").text) | {"countries": ["DE"]}
    url = f"/api/v1/icps/{icp_id}"
    tag = client.get(url, headers=key).headers["ETag"]
    first = {"definition": {"name": "Two", "countries": ["FR"]}}
    assert client.post(f"{url}/versions", json=first, headers={**key, "If-Match": tag}).status_code == 201
    late = client.post(
        f"{url}/versions", json={"definition": {"name": "Two", "countries": ["IT"]}}, headers={**key, "If-Match": tag}
    )
    assert (late.status_code, late.json()["code"]) == (412, "changed_since")
    assert client.post(f"{url}/versions", json=first, headers={**key, "If-Match": tag}).status_code == 200, "a repeat"
    refused = client.post(f"/icps/{icp_id}/edit", data={**mine, "do": "save"})
    assert refused.status_code == 412
    kept = form_of(refused.text)
    assert kept["countries"] == ["DE"]
    assert len(versions(office, icp_id)) == 2
    chosen = client.post(f"/icps/{icp_id}/edit", data={**kept, "do": "save"})
    assert chosen.status_code == 303, "having seen it, saving again is a choice"
    assert [row.definition.get("countries") for row in versions(office, icp_id)] == [None, ["FR"], ["DE"]]


def test_versions_are_compared_and_gone_back_to(client: TestClient, office: ApiOffice) -> None:
    key = office.key("read", "icps:write")
    icp_id = make(client, office, {"name": "V", "countries": ["DE"], "employees": {"min": 5}})
    url = f"/api/v1/icps/{icp_id}"
    second = {"name": "V", "countries": ["DE", "FR"], "bands": {"tier_1": 0.8}}
    assert client.post(f"{url}/versions", json={"definition": second}, headers=key).json()["number"] == 2
    changes = client.get(f"{url}/versions/2/changes", headers=key).json()["items"]
    assert [(c["path"], c["before"], c["after"], c["added"]) for c in changes] == [
        ("countries", ["DE"], ["DE", "FR"], ["FR"]), ("employees.min", 5, None, []),
    ], "a default that is spelt out is no change"  # fmt: skip
    back = client.post(f"{url}/versions/1/restore", headers=key)
    assert (back.status_code, back.json()["number"]) == (201, 3)
    assert client.post(f"{url}/versions/1/restore", headers=key).status_code == 200
    items = client.get(f"{url}/versions?limit=2", headers=key).json()
    assert [item["number"] for item in items["items"]] == [3, 2]
    rest = client.get(f"{url}/versions?limit=2&cursor={items['next']}", headers=key).json()
    assert [item["number"] for item in rest["items"]] == [1]
    assert client.post(f"{url}/versions/9/restore", headers=key).status_code == 404
    with office.deps.database.read(office.workspace_id) as session:
        audit = session.exec(select(AuditEntry.action).where(AuditEntry.subject_id == icp_id)).all()
    assert sorted(audit) == ["icp.created", "icp.rolled_back", "icp.version_added"]
    sign_in(client, office, office.user(Role.SALES_OPS))
    page = client.get(f"/icps/{icp_id}?version=2")
    assert "<ins>FR</ins>" in page.text
    gone = client.post(f"/icps/{icp_id}/restore", data={"csrf": csrf_of(client), "number": "2"})
    assert gone.headers["location"].endswith("said=restored")
    assert len(versions(office, icp_id)) == 4


def test_an_archived_icp_starts_no_run_and_changes_no_more(client: TestClient, office: ApiOffice) -> None:
    key = office.key("read", "icps:write", "runs:write")
    icp_id = make(client, office, {"name": "Old"})
    for _ in range(2):
        assert client.post(f"/api/v1/icps/{icp_id}/archive", headers=key).json()["archived"]
    assert client.post("/api/v1/runs", json={"icp_id": icp_id}, headers=key).json()["code"] == "archived"
    body = {"definition": {"name": "Old", "countries": ["DE"]}}
    assert client.post(f"/api/v1/icps/{icp_id}/versions", json=body, headers=key).status_code == 409
    assert icp_id not in {item["id"] for item in client.get("/api/v1/icps?archived=false", headers=key).json()["items"]}
    assert not client.post(f"/api/v1/icps/{icp_id}/unarchive", headers=key).json()["archived"]
    assert client.post("/api/v1/runs", json={"icp_id": icp_id}, headers=key).status_code == 201


@pytest.mark.parametrize(
    "definition",
    [
        {"name": "x" * 201},
        {"name": "nul\u0000"},
        {"name": "big", "employees": {"min": 10**30}},
        {"name": "long", "technologies": ["x" * 1_000] * 100},
        {f"f{n}": 1 for n in range(60)},
    ],
)
def test_what_cannot_be_kept_is_refused(client: TestClient, office: ApiOffice, definition: dict[str, Any]) -> None:
    answer = client.post("/api/v1/icps", json={"definition": definition}, headers=office.key("read", "icps:write"))
    assert answer.status_code == 422, answer.text
    assert answer.json()["problems"]


def test_a_new_name_is_free_or_refused(client: TestClient, office: ApiOffice) -> None:
    key = office.key("read", "icps:write")
    make(client, office, {"name": "One"})
    icp_id = make(client, office, {"name": "Another"})
    url = f"/api/v1/icps/{icp_id}/versions"
    assert client.post(url, json={"definition": {"name": "One"}}, headers=key).status_code == 409
    assert client.post(url, json={"definition": {"name": "Third"}}, headers=key).status_code == 201
    assert client.get(f"/api/v1/icps/{icp_id}", headers=key).json()["name"] == "Third"


def test_who_may_not_edit_sees_and_gets_no_editor(client: TestClient, office: ApiOffice) -> None:
    icp_id = make(client, office, FULL)
    sign_in(client, office, office.user(Role.REP))
    for place in (f"/icps/{icp_id}", "/icps"):
        page = client.get(place)
        assert page.status_code == 200
        assert "/edit" not in page.text
        assert "/icps/new" not in page.text
    assert client.get(f"/icps/{icp_id}/edit").status_code == 403
    csrf = csrf_of(client)
    for place in ("/icps/new", f"/icps/{uuid4()}/edit", f"/icps/{icp_id}/archive"):
        assert client.post(place, data={"csrf": csrf, "do": "save"}).status_code == 403
    assert client.get(f"/icps/{uuid4()}").status_code == 404


def test_a_session_that_ends_loses_nothing(client: TestClient, office: ApiOffice, clock: VirtualClock) -> None:
    email = office.user(Role.SALES_OPS)
    sign_in(client, office, email)
    icp_id = make(client, office, FULL)
    fields = form_of(client.get(f"/icps/{icp_id}/edit").text) | {"regions": ["Bavaria"]}
    clock.advance(timedelta(hours=9))
    ended = client.post(f"/icps/{icp_id}/edit", data={**fields, "do": "save"})
    for name, (value, *_) in fields.items():
        if value and name not in ("csrf", "tab", "based_on"):
            assert f'name="typed.{name}"' in ended.text, name
    assert "Bavaria" in ended.text
    assert len(versions(office, icp_id)) == 1


def test_rules_and_half_lives_are_typed_as_text_in_the_form_and_kept(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.SALES_OPS))
    csrf = csrf_of(client)
    rules = "- {when: {field: employees, op: more_than, value: 500}, then: {subtract: 0.1}, reason: Slow to decide}"
    empty = {name: value for name, value in icp_form.values_of(None).items() if isinstance(value, str)}
    typed = {**empty, "csrf": csrf, "name": "Ruled", "half_lives": "hiring: 30"}
    wrong = client.post("/icps/new", data={**typed, "rules": rules.replace("more_than", "more"), "do": "save"})
    assert "rules[0].when.op: unknown" in wrong.text
    assert "did you mean &#39;more_than&#39;" in wrong.text
    assert client.post("/icps/new", data={**typed, "rules": rules, "do": "save"}).is_redirect
    key = office.key("read")
    (icp,) = [one for one in client.get("/api/v1/icps", headers=key).json()["items"] if one["name"] == "Ruled"]
    definition = icp["version"]["definition"]
    assert definition["half_lives"] == {"hiring": 30}
    assert definition["rules"][0]["then"] == {"subtract": 0.1}
    page = client.get(f"/icps/{icp['id']}/edit").text
    assert "op: more_than" in page
    assert "hiring: 30" in page
