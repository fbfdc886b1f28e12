"""Watching runs: the snapshot, the stream, who may, and that looking costs the same for any run."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import select

from api import live_runs
from api.app import create_app
from core.clock import VirtualClock
from store import bulk, ledger
from store.models import AuditEntry, Budget, Cohort, Company, Role, Run, RunCompany, RunState, SpendEntry
from store.models.prospecting import CohortStage
from tests.support.api_office import ApiOffice, api_office, csrf_of, sign_in, tell_a_story

SCOPES = ("read", "runs:write")


def run_of(office: ApiOffice) -> UUID:
    with office.deps.database.read(office.workspace_id) as session:
        return session.exec(select(Run.id)).first()  # type: ignore[return-value]


def change_run(office: ApiOffice, run_id: UUID, **values: Any) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        run = session.get(Run, (office.workspace_id, run_id))
        for name, value in values.items():
            setattr(run, name, value)
        session.add(run)


def events_of(text: str) -> list[dict[str, str]]:
    found = []
    for block in text.strip().split("\n\n"):
        lines: list[Any] = [line.split(": ", 1) for line in block.split("\n") if not line.startswith(":")]
        if lines:
            found.append(dict(lines))
    return found


def add_companies(office: ApiOffice, run_id: UUID, reasons: list[str | None], cohort: UUID | None = None) -> None:
    """A company of the run for each; None: kept."""
    now = office.deps.clock.now()
    ids = [uuid4() for _ in reasons]
    companies = [
        {"id": i, "name": f"Company {n}", "domain": f"{i}.example", "created_at": now, "updated_at": now}
        for n, i in enumerate(ids)
    ]
    verdicts = [
        {"id": i, "run_id": run_id, "cohort_id": cohort if r is None else None, "kept": r is None, "reason": r or "ok"}
        for i, r in zip(ids, reasons, strict=True)
    ]
    with office.deps.database.write(office.workspace_id) as session:
        bulk.insert(session, Company, companies)
        bulk.insert(session, RunCompany, verdicts)


@contextmanager
def statements(office: ApiOffice) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    sa.event.listen(office.deps.database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(office.deps.database.engine, "before_cursor_execute", note)


@pytest.fixture(autouse=True)
def _looks_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_runs, "LOOK_SECONDS", 0.02)


def test_progress_tells_the_funnel_the_cost_and_the_problems(client: TestClient, office: ApiOffice) -> None:
    tell_a_story(office)
    run_id, key = run_of(office), office.key(*SCOPES)
    change_run(office, run_id, companies_seen=10, companies_kept=6, error="The budget has nothing left.")
    with office.deps.database.write(office.workspace_id) as session:
        scopes = ["workspace:2026-06", ledger.run_scope(run_id)]
        for scope in scopes:
            ledger.set_budget(session, office.deps.clock, scope, 1_000_000)
        entries = ledger.reserve(
            session, office.deps.clock, office.deps.ids, scopes=scopes, provider="model", purpose="first_mail",
            max_micros=500, run_id=run_id,
        )  # fmt: skip
        ledger.settle(session, office.deps.clock, entries, cost_micros=123)
        row = {"id": uuid4(), "run_id": run_id, "number": 1, "stage": CohortStage.ENRICHED, "companies": 6}
        bulk.insert(session, Cohort, [{**row, "created_at": office.deps.clock.now()}])
    shown = client.get(f"/api/v1/runs/{run_id}/progress", headers=key).json()
    assert [(step["name"], step["count"]) for step in shown["funnel"]] == [
        ("companies_seen", 10), ("companies_kept", 6), ("enriched", 6), ("contacts", 3), ("scored", 3), ("enrolled", 3),
    ]  # fmt: skip
    assert shown["costs"] == [
        {"provider": "model", "purpose": "first_mail", "calls": 1, "failed": 0, "cost_micros": 123}
    ], "the entry under the run's own ceiling is the same call"
    assert shown["run"]["cost_micros"] == 123
    assert shown["run"]["ceiling_micros"] == 1_000_000
    assert shown["run"]["tiers"] == {"1": 1, "2": 1, "3": 1}
    assert shown["run"]["drafts"] == 3
    assert shown["problems"][0]["message"] == "The budget has nothing left."
    assert shown["problems"][0]["hint"]


def test_a_stream_tells_each_change_once_and_ends_with_the_run(client: TestClient, office: ApiOffice) -> None:
    run_id, key = run_of(office), office.key(*SCOPES)
    change_run(office, run_id, state=RunState.RUNNING, companies_seen=1)
    looks = 0
    honest = live_runs.LiveRuns.look

    def look(self: Any, workspace_id: UUID, wanted: UUID) -> Any:
        nonlocal looks
        looks += 1
        if looks == 4:
            change_run(office, run_id, companies_seen=2)
        if looks == 6:
            change_run(office, run_id, state=RunState.DONE, finished_at=office.deps.clock.now())
        return honest(self, workspace_id, wanted)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_runs.LiveRuns, "look", look)
        answer = client.get(f"/api/v1/runs/{run_id}/events", headers=key)
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = events_of(answer.text)
    assert [event["event"] for event in told] == ["progress", "progress", "progress", "done"]
    assert [json.loads(event["data"])["run"]["companies_seen"] for event in told[:3]] == [1, 2, 2]
    assert told[-1]["data"] == "done"
    assert len({event["id"] for event in told}) == 3
    again = client.get(f"/api/v1/runs/{run_id}/events", headers={**key, "Last-Event-ID": told[-1]["id"]})
    assert [event["event"] for event in events_of(again.text)] == ["done"], "what was seen does not come again"
    late = client.get(f"/api/v1/runs/{run_id}/events", headers={**key, "Last-Event-ID": told[0]["id"]})
    assert [event["event"] for event in events_of(late.text)] == ["progress", "done"]


def test_rights_and_existence_are_checked_before_anything_streams(
    client: TestClient, office: ApiOffice, clock: VirtualClock, tmp_path: Path
) -> None:
    run_id = run_of(office)
    stranger = api_office(office.deps.database, clock, tmp_path, people=0)
    with TestClient(create_app(stranger.deps)) as other:
        for place in ("events", "progress", "left-out"):
            answer = other.get(f"/api/v1/runs/{run_id}/{place}", headers=stranger.key("read"))
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert client.get(f"/api/v1/runs/{run_id}/events").status_code == 401


def test_streams_are_bounded_and_given_back(
    client: TestClient, office: ApiOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id, key = run_of(office), office.key("read")
    change_run(office, run_id, state=RunState.DONE)
    for _ in range(live_runs.STREAMS_A_VISITOR + 2):
        assert client.get(f"/api/v1/runs/{run_id}/events", headers=key).status_code == 200
    monkeypatch.setattr(live_runs, "STREAMS_A_VISITOR", 0)
    refused = client.get(f"/api/v1/runs/{run_id}/events", headers=key)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_streams")


def test_a_stream_without_an_end_is_cut_so_that_rights_are_looked_at_again(
    client: TestClient, office: ApiOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = run_of(office)
    change_run(office, run_id, state=RunState.RUNNING)
    monkeypatch.setattr(live_runs, "LONGEST_SECONDS", 0.2)
    told = events_of(client.get(f"/api/v1/runs/{run_id}/events", headers=office.key("read")).text)
    assert [event["event"] for event in told] == ["progress"]


def test_why_companies_were_left_out(client: TestClient, office: ApiOffice) -> None:
    run_id = run_of(office)
    far = [f"{n} employees, far outside your range" for n in range(1_000, 1_007)]
    others = ["Industry (mining) is not one you want", "Industry mining is excluded.", "FR is excluded.", "Odd."]
    add_companies(office, run_id, [*far, *others, None])
    shown = client.get(f"/api/v1/runs/{run_id}/left-out", headers=office.key("read")).json()["items"]
    assert [(one["kind"], one["companies"], len(one["examples"])) for one in shown] == [
        ("employees", 7, 5), ("excluded_country", 1, 1), ("excluded_industry", 1, 1), ("industry", 1, 1),
        ("other", 1, 1),
    ]  # fmt: skip
    assert shown[0]["examples"][0]["reason"].endswith("employees, far outside your range")


def test_looking_takes_as_many_queries_for_many_as_for_few(client: TestClient, office: ApiOffice) -> None:
    run_id, key = run_of(office), office.key("read")
    counts = []
    client.get("/api/v1/runs", headers=key)  # the first use of a key is noted
    for more in (3, 30):
        add_companies(office, run_id, ["FR is excluded."] * more)
        with office.deps.database.write(office.workspace_id) as session:
            first = session.exec(select(Run)).first()
            assert first is not None
            rows = [
                {"id": uuid4(), "icp_version_id": first.icp_version_id, "created_at": office.deps.clock.now()}
                for _ in range(more)
            ]
            bulk.insert(session, Run, rows)
        with statements(office) as seen:
            for place in ("", f"/{run_id}/progress", f"/{run_id}/left-out"):
                assert client.get(f"/api/v1/runs{place}", headers=key).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_run_starts_from_what_exists_with_its_own_ceiling(client: TestClient, office: ApiOffice) -> None:
    key = office.key(*SCOPES, "icps:write")
    icp = client.post("/api/v1/icps", json={"definition": {"name": "N", "countries": ["DE"]}}, headers=key).json()
    body = {"icp_id": icp["id"], "ceiling_micros": 7_000}
    made = client.post("/api/v1/runs", json=body, headers=key)
    assert made.status_code == 201, made.text
    assert made.json()["ceiling_micros"] == 7_000
    run_id = UUID(made.json()["id"])
    with office.deps.database.read(office.workspace_id) as session:
        assert session.exec(select(Budget).where(Budget.scope == f"run:{run_id}")).one().limit_micros == 7_000
        assert [a.action for a in session.exec(select(AuditEntry).where(AuditEntry.subject_id == str(run_id)))] == [
            "run.started"
        ]
    metering = ledger.BudgetMetering(
        office.deps.database, office.workspace_id, office.deps.clock, office.deps.ids, scopes=["workspace:2026-06"],
        run_id=run_id,
    )  # fmt: skip
    with office.deps.database.write(office.workspace_id) as session:
        ledger.set_budget(session, office.deps.clock, "workspace:2026-06", 1_000_000)
    with pytest.raises(ledger.OverBudget, match=str(run_id)):
        metering.reserve(provider="p", purpose="x", max_micros=7_001)
    assert len(metering.reserve(provider="p", purpose="x", max_micros=7_000)) == 2
    with office.deps.database.read(office.workspace_id) as session:
        assert len(session.exec(select(SpendEntry).where(SpendEntry.run_id == run_id)).all()) == 2
    for source in (f"import:{uuid4()}", "import:x"):
        refused = client.post("/api/v1/runs", json={"icp_id": icp["id"], "source": source}, headers=key)
        assert refused.status_code == 404
    assert client.post("/api/v1/runs", json={"icp_id": icp["id"], "surprise": 1}, headers=key).status_code == 422
    assert client.get("/api/v1/runs?cursor=WyJ4IiwieSJd", headers=key).json()["code"] == "bad_cursor"


def test_pages_of_runs(client: TestClient, office: ApiOffice) -> None:
    tell_a_story(office)
    run_id = run_of(office)
    change_run(office, run_id, state=RunState.RUNNING, companies_seen=4, companies_kept=1)
    add_companies(office, run_id, ["<script>alert(1)</script> employees, far outside your range"])
    assert sign_in(client, office, office.user(Role.SALES_OPS)) == 303
    page = client.get(f"/runs/{run_id}")
    assert page.status_code == 200, page.text
    assert "<script>alert" not in page.text
    assert "Far from the size wanted" in page.text
    assert client.get("/runs").status_code == 200
    csrf = csrf_of(client)
    moved = client.post(f"/runs/{run_id}/pause", data={"csrf": csrf})
    assert (moved.status_code, moved.headers["location"]) == (303, f"/runs/{run_id}?said=paused")
    assert "takes no further companies" in client.get(f"/runs/{run_id}?said=paused").text
    assert client.post(f"/runs/{run_id}/cancel", data={"csrf": csrf}).status_code == 303
    refused = client.post(f"/runs/{run_id}/resume", data={"csrf": csrf})
    assert refused.status_code == 409
    assert "cannot become running" in refused.text
    live = client.get(f"/runs/{run_id}/live")
    assert [event.get("event", "message") for event in events_of(live.text)] == ["message", "done"]
    assert client.post(f"/runs/{run_id}/pause", data={"csrf": "x"}).status_code == 403
    assert client.get(f"/runs/{uuid4()}").status_code == 404


def test_who_may_only_look_sees_no_buttons(client: TestClient, office: ApiOffice) -> None:
    run_id = run_of(office)
    change_run(office, run_id, state=RunState.RUNNING)
    sign_in(client, office, office.user(Role.VIEWER))
    assert f"/runs/{run_id}/pause" not in client.get(f"/runs/{run_id}").text
    assert client.post(f"/runs/{run_id}/pause", data={"csrf": csrf_of(client)}).status_code == 403
    assert client.get("/runs/new").status_code == 403
