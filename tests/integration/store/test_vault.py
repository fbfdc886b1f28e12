"""Keys are made once, rotate without losing anything, and every personal column follows."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from core.clock import VirtualClock
from core.crypto import MasterKeys, Sealer, Tampered
from core.errors import FixConfiguration
from store import vault
from store.models import DataKeyRow, RowProblemRow, Task
from store.session import Database


def test_first_use_under_a_race_makes_one_pair(
    database: Database, workspace_id: UUID, master_keys: MasterKeys, clock: VirtualClock
) -> None:
    def first(_: int) -> str:
        vault.forget(workspace_id)  # as another process would, knowing nothing yet
        return vault.sealer_for(database, workspace_id, master_keys, clock).seal("x", context="t|c|1")

    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(first, range(16)))
    with database.read(workspace_id) as session:
        assert len(session.exec(select(DataKeyRow)).all()) == 2
    sealer = vault.sealer_for(database, workspace_id, master_keys, clock)
    assert {sealer.open(token, context="t|c|1") for token in tokens} == {"x"}
    assert vault.sealer_for(database, workspace_id, master_keys, clock) is sealer


def test_workspaces_do_not_open_each_others_fields(
    database: Database,
    sealer: Sealer,
    make_workspace: Callable[[Database], UUID],
    master_keys: MasterKeys,
    clock: VirtualClock,
) -> None:
    other = vault.sealer_for(database, make_workspace(database), master_keys, clock)
    with pytest.raises(Tampered):
        other.open(sealer.seal("x", context="t|c|1"), context="t|c|1")
    assert other.blind_index("email", "a@b.example") != sealer.blind_index("email", "a@b.example")


def test_rotation_reseals_every_personal_column_in_batches(
    database: Database, workspace_id: UUID, sealer: Sealer, master_keys: MasterKeys, clock: VirtualClock
) -> None:
    row_ids = sorted(uuid4() for _ in range(7))
    with database.write(workspace_id) as session:
        for number, row_id in enumerate(row_ids):
            excerpt = sealer.seal(f"line {number}", context=f"row_problem|excerpt|{row_id}") if number else ""
            session.add(
                RowProblemRow(
                    workspace_id=workspace_id, id=row_id, batch_id=uuid4(), line=number, excerpt_sealed=excerpt
                )
            )
        session.add(
            Task(
                workspace_id=workspace_id,
                id=row_ids[0],
                source_key="k",
                subject_kind="lead",
                subject_id=uuid4(),
                kind="call",
                title="Call",
                script_sealed=sealer.seal("Hello", context=f"task|script|{row_ids[0]}"),
                due_at=clock.now(),
                created_at=clock.now(),
            )
        )
    index = sealer.blind_index("email", "a@b.example")
    newer = vault.rotate_data_key(database, workspace_id, master_keys, clock)
    changed = vault.reseal(database, workspace_id, newer, batch=3)
    assert changed["row_problem.excerpt_sealed"] == 6
    assert changed["task.script_sealed"] == 1
    assert sum(vault.reseal(database, workspace_id, newer, batch=3).values()) == 0
    assert newer.blind_index("email", "a@b.example") == index
    with database.read(workspace_id) as session:
        for row in session.exec(select(RowProblemRow)):
            if row.line:
                assert newer.is_current(row.excerpt_sealed)
                context = f"row_problem|excerpt|{row.id}"
                assert newer.open(row.excerpt_sealed, context=context) == f"line {row.line}"


def test_a_new_master_key_wraps_everything_and_the_old_one_may_go(
    database: Database, workspace_id: UUID, sealer: Sealer, clock: VirtualClock
) -> None:
    token = sealer.seal("x", context="t|c|1")
    old, new = b"\x01" * 32, b"\x02" * 32
    assert vault.rewrap_all(database, workspace_id, MasterKeys({"second": new, "first": old})) == 2
    assert vault.rewrap_all(database, workspace_id, MasterKeys({"second": new, "first": old})) == 0
    alone = vault.sealer_for(database, workspace_id, MasterKeys({"second": new}), clock)
    assert alone.open(token, context="t|c|1") == "x"
    with pytest.raises(FixConfiguration):
        vault.sealer_for(database, workspace_id, MasterKeys({"first": old}), clock)


def test_every_personal_column_is_walked() -> None:
    names = {f"{model.__tablename__}.{column}" for model, column in vault.sealed_columns()}
    assert {"contact.email_sealed", "draft.body_sealed", "outbox_item.mime_sealed", "mailbox.password_sealed"} <= names
