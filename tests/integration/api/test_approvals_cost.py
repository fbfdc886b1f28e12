"""What pages of many drafts cost: as many statements for three rows as for thirty."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import col

from api.app import create_app
from core.clock import VirtualClock
from store.models import Approval, Role
from store.session import Database
from tests.support.api_office import ApiOffice, api_office, csrf_of, sign_in, tell_a_story


@contextmanager
def counted() -> Iterator[list[str]]:
    """Statements, without those that open a transaction."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    sa.event.listen(sa.engine.Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(sa.engine.Engine, "before_cursor_execute", note)


def costs(
    database: Database, clock: VirtualClock, folder: Path, rows: int, ask: Callable[[TestClient, ApiOffice], Any]
) -> int:
    """Statements of `ask` in an office of that many drafts; asked once before, for what is only read the first time."""
    folder.mkdir()
    office = api_office(database, clock, folder, people=rows)
    tell_a_story(office)
    with TestClient(create_app(office.deps), follow_redirects=False) as client:
        sign_in(client, office, office.user(Role.REP))
        ask(client, office)
        with counted() as seen:
            answer = ask(client, office)
        assert answer.status_code == 200, answer.text
    return len(seen)


def queue_page(client: TestClient, _: ApiOffice) -> Any:
    answer = client.get("/approvals")
    assert answer.text.count('class="choice"') in (3, 30)
    return answer


def batch_page(client: TestClient, _: ApiOffice) -> Any:
    answer = client.get("/approvals/batch")
    assert answer.text.count('<article class="mail"') in (3, 30)
    return answer


@pytest.mark.parametrize("ask", [queue_page, batch_page])
def test_a_page_costs_the_same_for_three_and_for_thirty(
    database: Database, clock: VirtualClock, tmp_path: Path, ask: Callable[[TestClient, ApiOffice], Any]
) -> None:
    few = costs(database, clock, tmp_path / "few", 3, ask)
    assert costs(database, clock, tmp_path / "many", 30, ask) == few


def test_the_page_of_results_costs_the_same_beyond_the_decisions(
    database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    """All are refused (of another hash), each by two statements and a look for names; the page itself does not grow."""

    def ask(client: TestClient, office: ApiOffice) -> Any:
        with office.deps.database.read(office.workspace_id) as session:
            ids = session.execute(sa.select(col(Approval.id))).scalars().all()
        chosen = [f"{found}:{'0' * 64}" for found in ids]
        return client.post("/approvals/batch", data={"csrf": csrf_of(client), "chosen": chosen})

    per_row = []
    for rows in (3, 15, 30):
        per_row.append(costs(database, clock, tmp_path / str(rows), rows, ask))
    three, fifteen, thirty = per_row
    assert (fifteen - three) / 12 == (thirty - fifteen) / 15, "as many statements for each decision, and none on top"


def test_a_bulk_decision_costs_the_same_for_each(database: Database, clock: VirtualClock, tmp_path: Path) -> None:
    """Each is decided in a transaction of its own, by the same statements however many there are."""
    spent = []
    for rows in (3, 15, 30):
        folder = tmp_path / str(rows)
        folder.mkdir()
        office = api_office(database, clock, folder, people=rows)
        tell_a_story(office)
        key = office.key("read", "approvals:decide")
        with office.deps.database.read(office.workspace_id) as session:
            found = session.execute(sa.select(col(Approval.id), col(Approval.content_hash))).all()
        items = [{"approval_id": str(i), "action": "reject", "reason": "no", "content_hash": h} for i, h in found]
        with TestClient(create_app(office.deps)) as client, counted() as seen:
            answer = client.post("/api/v1/approvals/bulk-decision", json={"items": items}, headers=key)
        assert answer.json()["accepted"] == rows, answer.text
        spent.append(len(seen))
    three, fifteen, thirty = spent
    assert (fifteen - three) / 12 == (thirty - fifteen) / 15
