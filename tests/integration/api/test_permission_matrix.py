"""Every operation × every role × an id of nobody, an id of another workspace: all read from api.permissions.

A role without the right is refused before anything is looked at; with it, another workspace's ids answer exactly as ids
that nobody has. Bodies are made from the description, so a new route is in the matrix as soon as it exists.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from api.app import create_app
from api.permissions import NEEDS, PERMISSIONS, Permission
from core.clock import VirtualClock
from store import models as m
from store.models import Role
from store.session import Database
from tests.support.api_office import ApiOffice, api_office, tell_a_story

NOBODY = UUID(int=7)
_OPEN = {"health"}  # needs no key at all
_STREAMS = {"watch_run", "stream_events"}
# Operations on ids that are no UUIDs of a row: nothing of another workspace can be named.
_NAMES = {"scope", "number", "name", "kind"}


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str  # with {places}
    body: Any  # None: it takes none
    ids: tuple[str, ...]
    content_type: str = "application/json"


def operations(description: dict[str, Any]) -> list[Operation]:
    schemas = description["components"]["schemas"]
    found = []
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            body = None
            if "application/json" in content:
                body = example(content["application/json"]["schema"], schemas)
            ids = tuple(name for name in re.findall(r"{(\w+)}", path) if name not in _NAMES)
            kind = next(iter(content), "application/json")
            found.append(Operation(operation["operationId"], method.upper(), path, body, ids, kind))
    return found


def example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """Something that the description accepts: its own example where it has one."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if schema.get("examples"):
        return schema["examples"][0]
    for key in ("example", "default", "const"):
        if schema.get(key) is not None:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return example(schema[key][0], schemas)
    kind = schema.get("type")
    if kind == "object":
        required = schema.get("required", ())
        return {
            name: example(inner, schemas) for name, inner in schema.get("properties", {}).items() if name in required
        }
    if kind == "array":
        return [example(schema["items"], schemas)] if schema.get("minItems") else []
    if kind == "string":
        if schema.get("format") == "uuid":
            return str(NOBODY)
        return "a" * max(schema.get("minLength", 1), 1)
    return {"integer": schema.get("minimum", 1), "number": schema.get("minimum", 1), "boolean": True}.get(kind)


@pytest.fixture
def ours(database: Database, clock: VirtualClock, tmp_path: Path) -> ApiOffice:
    office = api_office(database, clock, tmp_path)
    tell_a_story(office)
    return office


@pytest.fixture
def theirs(database: Database, clock: VirtualClock, tmp_path: Path) -> ApiOffice:
    other = api_office(database, clock, tmp_path / "other")
    tell_a_story(other)
    return other


@pytest.fixture
def site(ours: ApiOffice) -> Iterator[TestClient]:
    with TestClient(create_app(ours.deps), follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


def ask(client: TestClient, operation: Operation, ids: dict[str, Any], headers: dict[str, str]) -> Any:
    path = operation.path
    for name in re.findall(r"{(\w+)}", path):
        fallback = {"scope": "workspace:2026-06", "number": 1, "name": "none", "kind": "task"}.get(name, NOBODY)
        path = path.replace(f"{{{name}}}", str(ids.get(name, fallback)))
    if operation.body is None:
        return client.request(operation.method, path, headers=headers)
    return client.request(operation.method, path, json=operation.body, headers=headers)


def described(client: TestClient) -> list[Operation]:
    return operations(client.get("/api/openapi.json").json())


def test_every_write_is_in_the_table(site: TestClient) -> None:
    found = described(site)
    writes = {operation.name for operation in found if operation.method != "GET"}
    assert writes - set(NEEDS) == set(), "name them in api.permissions.NEEDS"
    assert set(NEEDS) - {operation.name for operation in found} == set(), "gone, and still in the table"


def test_nothing_answers_without_a_key(site: TestClient) -> None:
    for operation in described(site):
        answer = ask(site, operation, {}, {})
        wanted = 200 if operation.name in _OPEN else 401
        assert answer.status_code == wanted, f"{operation.name}: {answer.status_code}"
        if wanted == 401:
            assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_do_what_the_table_says_and_no_more(site: TestClient, ours: ApiOffice, role: Role) -> None:
    key = ours.key(*PERMISSIONS[role])
    wrong = []
    for operation in described(site):
        if operation.name in _OPEN | _STREAMS:
            continue
        needs = NEEDS.get(operation.name, Permission.READ)
        answer = ask(site, operation, {}, key)
        refused = answer.status_code == 403
        if needs not in PERMISSIONS[role]:
            if not refused:
                wrong.append(f"{operation.name} answered {answer.status_code} to a {role.value} without {needs.value}")
        elif answer.status_code in (401, 500) or (refused and needs is not Permission.READ):
            wrong.append(f"{operation.name} answered {answer.status_code} to a {role.value} who has {needs.value}")
    assert not wrong, "\n".join(wrong)


def test_another_workspaces_ids_answer_like_nobodys(site: TestClient, ours: ApiOffice, theirs: ApiOffice) -> None:
    everything = ours.key(*(permission.value for permission in Permission))
    foreign = ids_of(theirs)
    told = []
    for operation in described(site):
        if not operation.ids or operation.name in _STREAMS:
            continue
        unknown = [name for name in operation.ids if name not in foreign]
        assert not unknown, f"{operation.name}: say in ids_of what {unknown} are"
        random, named = {name: uuid4() for name in operation.ids}, {name: foreign[name] for name in operation.ids}
        nobody, other = ask(site, operation, random, everything), ask(site, operation, named, everything)
        if nobody.status_code not in (404, 422) and operation.name != "explain_subject":
            told.append(f"{operation.name}: {nobody.status_code} for an id of nobody")
        if (other.status_code, without(other.text, named)) != (nobody.status_code, without(nobody.text, random)):
            told.append(f"{operation.name}: {other.status_code} for another's id, {nobody.status_code} for nobody's")
    assert not told, "\n".join(told)


def without(text: str, ids: dict[str, UUID]) -> str:
    """What was asked for may be said back."""
    for found in ids.values():
        text = text.replace(str(found), "*")
    return text


def test_streams_refuse_before_they_begin(site: TestClient, ours: ApiOffice, theirs: ApiOffice) -> None:
    key = ours.key("read")
    for run_id in (uuid4(), ids_of(theirs)["run_id"]):
        assert site.get(f"/api/v1/runs/{run_id}/events", headers=key).status_code == 404


def ids_of(office: ApiOffice) -> dict[str, UUID]:
    """An id of each kind in this office's workspace, made where the story has none."""
    deps, now, workspace_id = office.deps, office.deps.clock.now(), office.workspace_id
    common = {"workspace_id": workspace_id}
    made: dict[str, Any] = {}
    person = office.office.people[0]
    with deps.database.write(workspace_id) as session:

        def one(model: Any) -> UUID:
            found = session.exec(select(model.id)).first()
            assert found is not None, model
            return found  # type: ignore[no-any-return]

        def add(name: str, row: Any) -> None:
            session.add(row)
            session.flush()
            made[name] = row.id

        lead = session.get(m.Lead, (workspace_id, person.lead_id))
        assert lead is not None
        new = deps.ids.new
        add(
            "account_id",
            m.TelephonyAccount(
                **common,
                id=new(),
                name="Main number",
                account_sid="AC" + "0" * 32,
                secret_sealed=deps.context_for(workspace_id).sealer.seal("secret", context="x"),
                sender="+12025550100",
                endpoint_id=new(),
                created_by="user:x",
                created_at=now,
            ),
        )
        add("icp_id", m.Icp(**common, id=new(), name=f"icp {new()}", created_at=now))
        add(
            "version_id",
            m.IcpVersion(**common, id=new(), icp_id=made["icp_id"], number=1, definition={"name": "x"}, created_at=now),
        )
        add(
            "seed_id",
            m.SeedAddress(
                **common,
                id=new(),
                address=f"{new().hex}@seed.example",
                provider="gmail",
                host="imap.seed.example",
                username="x",
                created_by="x",
                created_at=now,
            ),
        )
        test_id = new()
        add(
            "test_id",
            m.PlacementTest(
                **common,
                id=test_id,
                mailbox_id=office.office.mailbox_id,
                subject_sealed=office.office.context.sealer.seal("x", context=f"placement_test|subject|{test_id}"),
                body_sealed="",
                created_by="x",
                created_at=now,
            ),
        )
        add("run_id", m.Run(**common, id=new(), icp_version_id=made["version_id"], state="running", created_at=now))
        add(
            "task_id",
            m.Task(
                **common,
                id=new(),
                source_key=f"task:{new()}",
                subject_kind="lead",
                subject_id=lead.id,
                kind="call",
                title="Call",
                due_at=now,
                created_at=now,
            ),
        )
        add(
            "meeting_id",
            m.Meeting(
                **common,
                id=new(),
                lead_id=lead.id,
                contact_id=lead.contact_id,
                company_id=lead.company_id,
                user_id=new(),
                purpose_key=f"p:{new()}",
                state="booked",
                starts_at=now,
                ends_at=now,
                created_at=now,
            ),
        )
        said, heard = {**common, "meeting_id": made["meeting_id"], "contact_id": lead.contact_id}, new()
        add(
            "transcript_id",
            m.Transcript(
                **said, id=heard, company_id=lead.company_id, content_index="x", format="text", created_by="x",
                created_at=now,
                turns_sealed=office.office.context.sealer.seal("[]", context=f"transcript|turns|{heard}"),
            ),
        )  # fmt: skip
        add(
            "finding_id",
            m.Finding(
                **said, id=new(), transcript_id=heard, kind="need", side="prospect", who="prospect", turn=0, line=1,
                created_at=now,
            ),
        )  # fmt: skip
        add(
            "alert_id",
            m.Alert(
                **common,
                id=new(),
                source_key=f"a:{new()}",
                subject_kind="run",
                subject_id=new(),
                level="warning",
                text="x",
                created_at=now,
            ),
        )
        add(
            "view_id", m.SavedView(**common, id=new(), page="leads", name="x", query="", created_by="x", created_at=now)
        )
        add(
            "variant_id",
            m.TemplateVariant(
                **common, id=new(), template="first_mail/hiring", number=1, name="x", source="Subject: x",
                against="first_mail/hiring@1", max_companies=2_000, created_by="x", created_at=now,
            ),
        )  # fmt: skip
        rule_id, seal = new(), office.office.context.sealer.seal
        add(
            "rule_id",
            m.EditRule(
                **common, id=rule_id, kind="tone", field="body", state="undone", decided_by="x", decided_at=now,
                find_sealed=seal("just", context=f"edit_rule|find|{rule_id}"),
                put_sealed=seal("", context=f"edit_rule|put|{rule_id}"),
                figures=dict.fromkeys(("edits", "companies", "would_change", "of", "helped", "harmed"), 3),
            ),
        )  # fmt: skip
        add(
            "outbox",
            m.OutboxItem(
                **common,
                id=new(),
                key=f"mail:{new()}",
                kind="mail",
                subject_kind="lead",
                subject_id=lead.id,
                state="unknown",
                not_before=now,
                created_at=now,
            ),
        )
        add(
            "endpoint_id",
            m.WebhookEndpoint(**common, id=new(), url="https://x.example", created_by="x", created_at=now),
        )
        add(
            "delivery_id",
            m.WebhookDelivery(
                **common, id=new(), endpoint_id=made["endpoint_id"], event_seq=1, due_at=now, created_at=now
            ),
        )
        add(
            "user_id",
            m.User(**common, id=new(), email=f"{new()}@x.example", name="X", role=Role.REP, created_at=now),
        )
        add("pool_id", m.Pool(**common, id=new(), name=f"pool {new()}", created_at=now, updated_at=now))
        add(
            "invitation_id",
            m.Invitation(
                **common,
                id=new(),
                email="x@x.example",
                role=Role.REP,
                token_hash=str(new()),
                invited_by="x",
                created_at=now,
                expires_at=now,
            ),
        )
        add("key_id", m.ApiKey(**common, id=new(), name="x", secret_hash=str(new()), scopes=["read"], created_at=now))
        add(
            "import_id",
            m.ImportBatch(
                **common, id=new(), kind="companies", file_name="x.csv", path="x", sha256="0" * 64, created_at=now
            ),
        )
        add(
            "proposal_id",
            m.MergeProposal(
                **common, id=new(), kind="company", first_id=new(), second_id=new(), probability=0.5, created_at=now
            ),
        )
        add(
            "merge_id",
            m.Merge(
                **common,
                id=new(),
                kind="company",
                kept_id=new(),
                absorbed_id=new(),
                probability=0.5,
                decided_by="x",
                created_at=now,
            ),
        )
        add(
            "brake_id",
            m.Brake(
                **common, id=new(), scope=f"domain:{new()}", domain="x.example", cause="x", reason="x", made_at=now
            ),
        )
        add(
            "event_id",
            m.InboundEvent(
                **common,
                id=new(),
                vendor="ses",
                dedupe_key=str(new()),
                due_at=now,
                occurred_at=now,
                received_at=now,
                state="dead",
            ),
        )
        add(
            "channel_id",
            m.NoticeChannel(
                **common, id=new(), name="x", service="slack_webhook", alerts_from=now, created_by="x", created_at=now
            ),
        )
        owner = m.User(**common, id=new(), email=f"{new()}@x.example", name="X", role=Role.REP, created_at=now)
        session.add(owner)
        session.flush()
        add(
            "connection_id",
            m.CalendarConnection(
                **common, id=new(), user_id=owner.id, service="caldav", account="ada", state="active", created_at=now
            ),
        )
        add(
            "calendar_id",
            m.ConnectedCalendar(
                **common, id=new(), connection_id=made["connection_id"], user_id=owner.id, calendar_id="x"
            ),
        )
        found = {
            "lead_id": lead.id,
            "company_id": lead.company_id,
            "contact_id": lead.contact_id,
            "approval_id": one(m.Approval),
            "mailbox_id": office.office.mailbox_id,
            "subject_id": lead.id,
            "item_id": made["task_id"],
            "session_id": new(),
            "domain": f"{new()}.example",
            **made,
        }
    return found


def test_the_matrix_sees_a_hole(site: TestClient, ours: ApiOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check itself: a route that lets everybody through is found."""
    monkeypatch.setitem(PERMISSIONS, Role.VIEWER, frozenset({Permission.READ}))
    answer = ask(site, next(o for o in described(site) if o.name == "create_run"), {}, ours.key("read"))
    assert answer.status_code == 403
    assert "runs:write" in json.dumps(answer.json())
