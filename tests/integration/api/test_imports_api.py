"""Lists over the network: real uploads, taken in by the worker's own code; and files that mean harm."""

import gzip
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import orjson
import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from agents.uploads import folder_of
from store.models import AuditEntry, Company, Contact, ImportBatch, Role
from tests.support.api_office import ApiOffice, api_office, csrf_of, sign_in
from tools.ports import EmailStatus, EmailVerdict
from workers.imports import take_in_uploads

COMPANIES = (
    "Company,Website,Employees,Country\n"
    "Albrecht Freight,albrecht-freight.example,120,Germany\n"
    "Meridian Cold Chain,meridian-cold.example,340,France\n"
)
WRITE = ("read", "records:write", "people:read")


class EveryAddressStands:
    """A verifier that asks nobody."""

    def verify(self, addresses: Sequence[str]) -> Sequence[EmailVerdict]:
        return [EmailVerdict(address, EmailStatus.VALID, ()) for address in addresses]


def take_in(office: ApiOffice, stopping: Callable[[], bool] = lambda: False) -> int:
    """A worker's turn."""
    context = office.office.context
    tools = replace(context.tools, email_verifier=EveryAddressStands())
    return take_in_uploads(replace(context, tools=tools), stopping)


def send(
    client: TestClient,
    headers: dict[str, str],
    content: bytes | str = COMPANIES,
    *,
    kind: str = "companies",
    name: str = "list.csv",
) -> Any:
    data = content.encode() if isinstance(content, str) else content
    return client.post(
        "/api/v1/imports", data={"kind": kind}, files={"file": (name, io.BytesIO(data), "text/csv")}, headers=headers
    )


def started(client: TestClient, office: ApiOffice, headers: dict[str, str], content: bytes | str, **more: Any) -> Any:
    sent = send(client, headers, content, **more)
    assert sent.status_code in (200, 201), sent.text
    found = client.post(f"/api/v1/imports/{sent.json()['id']}/start", headers=headers)
    assert found.status_code == 200, found.text
    assert found.json()["state"] == "queued"
    assert take_in(office) == 1
    return client.get(f"/api/v1/imports/{sent.json()['id']}", headers=headers).json()


def files(office: ApiOffice) -> list[str]:
    folder = folder_of(office.deps.settings, office.workspace_id)
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_upload_look_start_done(office: ApiOffice, client: TestClient) -> None:
    headers = office.key(*WRITE)
    sent = send(client, headers)
    assert sent.status_code == 201
    shown = sent.json()
    assert (shown["state"], shown["here"], shown["file_name"]) == ("uploaded", True, "list.csv")
    assert [(c["name"], c["field"]) for c in shown["columns"]] == [
        ("Company", "name"), ("Website", "website"), ("Employees", "employees"), ("Country", "country")
    ]  # fmt: skip
    assert shown["columns"][0]["samples"] == ["Albrecht Freight", "Meridian Cold Chain"]
    assert files(office) == [shown["id"].replace("-", "")]
    assert take_in(office) == 0  # nobody started it
    again = send(client, headers, name="other.csv")
    assert (again.status_code, again.json()["id"]) == (200, shown["id"])
    address = f"/api/v1/imports/{shown['id']}"
    assert client.post(f"{address}/start", headers=headers).json()["state"] == "queued"
    assert client.post(f"{address}/start", headers=headers).json()["state"] == "queued"
    assert take_in(office) == 1
    done = client.get(address, headers=headers).json()
    assert (done["state"], done["rows_read"], done["rows_kept"], done["rows_bad"]) == ("done", 2, 2, 0)
    assert files(office) == []  # its bytes are not kept
    with office.deps.database.read(office.workspace_id) as session:
        found = session.exec(select(Company).where(Company.name == "Albrecht Freight")).one()
        actions = session.exec(select(AuditEntry.action).where(AuditEntry.subject_kind == "import")).all()
    assert (found.employees, found.country) == (120, "DE")
    assert sorted(actions) == ["import.started", "import.uploaded"]
    assert client.post(f"{address}/start", headers=headers).json()["state"] == "done"
    assert client.get("/api/v1/imports", headers=headers).json()["items"][0]["id"] == shown["id"]


def test_people_with_bad_rows_keep_line_and_reason(office: ApiOffice, client: TestClient) -> None:
    headers = office.key(*WRITE)
    started(client, office, headers, COMPANIES)
    rows = (
        "Name,Title,Email,Company\n"
        "Ida Berg,Head of Finance,ida@albrecht-freight.example,Albrecht Freight\n"
        "Nobody Known,CFO,x@nowhere.example,Nowhere Ltd\n"
    )
    done = started(client, office, headers, rows, kind="people", name="people.csv")
    assert (done["state"], done["rows_read"], done["rows_kept"], done["rows_bad"]) == ("done", 2, 1, 1), done
    address = f"/api/v1/imports/{done['id']}/problems"
    problem = client.get(address, headers=headers).json()["items"][0]
    assert "no company" in problem["reason"]
    assert problem["excerpt"] is not None
    assert client.get(address, headers=office.key()).json()["items"][0]["excerpt"] is None
    with office.deps.database.read(office.workspace_id) as session:
        assert session.exec(select(Contact).where(Contact.title == "Head of Finance")).one()


def test_samples_need_the_right_to_read_people(office: ApiOffice, client: TestClient) -> None:
    shown = send(client, office.key(*WRITE), "Name,Email,Company\nIda Berg,ida@a.example,A\n", kind="people").json()
    hidden = client.get(f"/api/v1/imports/{shown['id']}", headers=office.key()).text
    assert "Ida" in str(shown)
    assert "Ida" not in hidden
    assert "a.example" not in hidden
    assert orjson.loads(hidden)["columns"][0]["samples"] is None


def test_another_mapping_takes_it_in_again_and_doubles_nothing(office: ApiOffice, client: TestClient) -> None:
    headers = office.key(*WRITE)
    done = started(client, office, headers, COMPANIES)
    address = f"/api/v1/imports/{done['id']}"
    document = {"kind": "company", "fields": {"name": {"column": "Company"}, "country": {"constant": "AT"}}}
    gone = client.put(f"{address}/mapping", json={"mapping": document}, headers=headers)
    assert (gone.status_code, "Upload it again" in gone.text) == (409, True)
    assert send(client, headers).status_code == 200
    read = client.get(address, headers=headers)
    changed = client.put(
        f"{address}/mapping", json={"mapping": document}, headers={**headers, "If-Match": read.headers["ETag"]}
    )
    assert (changed.status_code, changed.json()["state"], changed.json()["rows_read"]) == (200, "uploaded", 0)
    stale = client.put(
        f"{address}/mapping", json={"mapping": document}, headers={**headers, "If-Match": read.headers["ETag"]}
    )
    assert stale.status_code == 412
    client.post(f"{address}/start", headers=headers)
    assert take_in(office) == 1
    with office.deps.database.read(office.workspace_id) as session:
        assert len(session.exec(select(Company).where(Company.domain == "albrecht-freight.example")).all()) == 1


@pytest.mark.parametrize(
    ("document", "word"),
    [
        ({"kind": "person", "fields": {"full_name": {"column": "Company"}, "email": {"column": "Website"}}}, "person"),
        ({"kind": "company", "fields": {"name": {"column": "Gone"}}}, "Gone"),
        ({"kind": "company", "fields": {"country": {"column": "Country"}}}, "name"),
        ({"kind": "company", "fields": {"nmae": {"column": "Company"}}}, "nmae"),
        ({"kind": "company", "fields": "x"}, "fields"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_with_what_is_wrong(
    office: ApiOffice, client: TestClient, document: dict[str, Any], word: str
) -> None:
    headers = office.key(*WRITE)
    shown = send(client, headers).json()
    refused = client.put(f"/api/v1/imports/{shown['id']}/mapping", json={"mapping": document}, headers=headers)
    assert refused.status_code == 422
    assert word in refused.json()["detail"]
    assert refused.json()["hint"]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"   \n\n", "empty"),
        (b"PK\x03\x04" + b"\0" * 200, "Excel"),
        (b"%PDF-1.7 and so on", "PDF"),
        (gzip.compress(gzip.compress(b"Company\nA\n", mtime=0), mtime=0), "twice"),
        (b"\x1f\x8b\x08\x00rubbish that is no gzip", "unpacked"),
    ],
)
def test_what_is_no_list_is_refused_and_not_kept(
    office: ApiOffice, client: TestClient, content: bytes, word: str
) -> None:
    refused = send(client, office.key(*WRITE), content)
    assert refused.status_code == 422, refused.text
    assert word in refused.json()["detail"]
    assert files(office) == []


def test_a_bomb_fails_by_its_name_and_the_worker_lives(office: ApiOffice, client: TestClient) -> None:
    head = COMPANIES.encode()
    bomb = gzip.compress(head + b"x,y.example,1,DE\n" * 100 + b"0" * (64 << 20))
    assert len(bomb) < 200_000
    done = started(client, office, office.key(*WRITE), bomb, name="list.csv.gz")
    assert done["state"] == "failed"
    assert "bomb" in done["error"]
    with office.deps.database.read(office.workspace_id) as session:
        assert len(session.exec(select(Company)).all()) < 10


def test_odd_encodings_formulas_long_cells_and_tricks_are_data(office: ApiOffice, client: TestClient) -> None:
    headers = office.key(*WRITE)
    latin = "Company;Website;City\nMüller Spedition;mueller.example;Köln\n".encode("cp1252")
    assert started(client, office, headers, latin)["rows_kept"] == 1
    utf16 = "Company,Website\nŻubr Transport,zubr.example\n".encode("utf-16")
    assert started(client, office, headers, utf16)["rows_kept"] == 1
    long = "Company,Website,Description\n" + f"Long,long.example,{'x' * 100_000}\n" + "Fine,fine.example,short\n"
    done = started(client, office, headers, long)
    assert done["state"] == "done"
    assert done["rows_read"] == 2
    evil = "Company,Website\n\"=cmd|'/c calc'!A1\",cmd.example\n<script>alert(1)</script>,script.example\n"
    done = started(client, office, headers, evil, name="../../etc/<script>\u202egnp.csv")
    assert done["rows_kept"] == 2
    assert "/" not in done["file_name"].replace("</script>", "")
    sign_in(client, office, office.user(Role.REP))
    send(client, headers, evil)
    for address in ("/imports", f"/imports/{done['id']}"):
        html = client.get(address).text
        assert "<script>alert" not in html
        assert "\u202e" not in html
    with office.deps.database.read(office.workspace_id) as session:
        names = {company.name for company in session.exec(select(Company)).all()}
    assert {"Müller Spedition", "Żubr Transport", "Fine"} <= names


def test_too_large_is_refused_with_a_way_out(
    office: ApiOffice, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = office.key(*WRITE)
    large = b"Company,Website\n" + b"A,a.example\n" * 200_000  # more than any other body may have
    assert len(large) > 1_000_000
    assert send(client, headers, large).status_code == 201
    monkeypatch.setattr("api.actions.imports.LARGEST_FILE", 2_000)
    refused = send(client, headers, b"Company\n" + b"Something\n" * 1_000)
    assert refused.status_code == 422
    assert "salesos import" in refused.json()["hint"]
    assert len(files(office)) == 1
    beyond = send(client, headers, b"Company\n" + b"x" * 51_000_000)
    assert beyond.status_code == 422
    assert "salesos import" in beyond.json()["hint"]


def test_json_lines_and_arrays_come_in_too(office: ApiOffice, client: TestClient) -> None:
    headers = office.key(*WRITE)
    rows = [{"name": f"Json {n}", "website": f"json{n}.example", "employees": n + 10} for n in range(3)]
    lines = b"\n".join(orjson.dumps(row) for row in rows)
    assert started(client, office, headers, gzip.compress(lines), name="x.jsonl.gz")["rows_kept"] == 3
    assert started(client, office, headers, orjson.dumps({"items": rows}), name="x.json")["rows_kept"] == 3


def test_each_role_may_do_what_it_may(office: ApiOffice, client: TestClient) -> None:
    reader, writer = office.key("read"), office.key(*WRITE)
    assert send(client, {}).status_code == 401
    garbage = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client.post("/api/v1/imports", content=b"no form", headers=garbage).status_code == 401  # not even read
    assert client.post("/imports", content=b"no form", headers=garbage).headers["location"].startswith("/sign-in")
    assert send(client, reader).status_code == 403
    shown = send(client, writer).json()
    address = f"/api/v1/imports/{shown['id']}"
    assert client.get(address, headers=reader).status_code == 200
    assert client.post(f"{address}/start", headers=reader).status_code == 403
    assert client.post(f"/api/v1/imports/{uuid4()}/start", headers=reader).status_code == 403
    assert client.put(f"{address}/mapping", json={"mapping": {}}, headers=reader).status_code == 403
    assert send(client, writer, kind="everything").status_code == 422
    sign_in(client, office, office.user(Role.VIEWER))
    assert "Upload a list" not in client.get("/imports").text
    form = {"csrf": csrf_of(client), "kind": "companies"}
    assert client.post("/imports", data=form, files={"file": ("a.csv", b"Company\nA\n")}).status_code == 403
    assert client.post("/imports", data={"kind": "companies"}, files={"file": ("a.csv", b"x")}).status_code == 403


def test_another_workspace_finds_nothing(office: ApiOffice, client: TestClient, tmp_path: Any) -> None:
    shown = send(client, office.key(*WRITE)).json()
    other = api_office(office.deps.database, office.deps.clock, tmp_path / "other", people=1)
    headers = other.key(*WRITE)
    for path in ("", "/problems"):
        assert client.get(f"/api/v1/imports/{shown['id']}{path}", headers=headers).status_code == 404
    assert client.post(f"/api/v1/imports/{shown['id']}/start", headers=headers).status_code == 404
    put = client.put(f"/api/v1/imports/{shown['id']}/mapping", json={"mapping": {}}, headers=headers)
    assert put.status_code == 404
    assert client.get("/api/v1/imports", headers=headers).json()["items"] == []


def test_by_the_pages_columns_are_chosen_and_started(office: ApiOffice, client: TestClient) -> None:
    sign_in(client, office, office.user(Role.REP))
    token = csrf_of(client)
    odd = "Aaa,Bbb\nOdd Freight,odd.example\n"
    sent = client.post("/imports", data={"csrf": token, "kind": "companies"}, files={"file": ("odd.csv", odd.encode())})
    assert sent.status_code == 303, sent.text
    address = sent.headers["location"].partition("?")[0]
    html = client.get(address).text
    assert "Odd Freight" in html
    empty = client.post(f"{address}/columns", data={"csrf": token, "column.0": "Aaa", "field.0": "", "then": "start"})
    assert empty.status_code == 422
    form = {
        "csrf": token, "column.0": "Aaa", "field.0": "name", "column.1": "Bbb", "field.1": "website", "then": "start"
    }  # fmt: skip
    assert client.post(f"{address}/columns", data=form).headers["location"].endswith("said=started")
    assert take_in(office) == 1
    assert "Done" in client.get(address).text
    with office.deps.database.read(office.workspace_id) as session:
        assert session.exec(select(Company).where(Company.name == "Odd Freight")).one().domain == "odd.example"


def test_a_page_of_problems_costs_the_same_however_many_there_are(office: ApiOffice, client: TestClient) -> None:
    headers = office.key(*WRITE)
    rows = "Name,Email,Company\n" + "".join(f"Ida {n},x{n}@no{n}.example,No {n}\n" for n in range(120))
    done = started(client, office, headers, rows, kind="people")
    seen, cursor = [], ""
    while True:
        page = client.get(f"/api/v1/imports/{done['id']}/problems?limit=50{cursor}", headers=headers).json()
        seen += [item["line"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == 120
    assert seen == sorted(seen)
    bad = client.get(f"/api/v1/imports/{done['id']}/problems?cursor=bm9wZQ", headers=headers)
    assert bad.status_code == 422


def test_stopped_in_the_middle_it_goes_on_where_it_was(office: ApiOffice, client: TestClient) -> None:
    headers = office.key(*WRITE)
    rows = "Company,Website\n" + "".join(f"Freight {n},f{n}.example\n" for n in range(1_200))
    sent = send(client, headers, rows).json()
    client.post(f"/api/v1/imports/{sent['id']}/start", headers=headers)
    assert take_in(office, lambda: True) == 0
    half = client.get(f"/api/v1/imports/{sent['id']}", headers=headers).json()
    assert (half["state"], half["rows_read"]) == ("running", 500)
    assert take_in(office) == 1
    done = client.get(f"/api/v1/imports/{sent['id']}", headers=headers).json()
    assert (done["state"], done["rows_read"], done["rows_kept"]) == ("done", 1_200, 1_200)
    with office.deps.database.read(office.workspace_id) as session:
        assert session.exec(select(ImportBatch.error)).one() == ""
