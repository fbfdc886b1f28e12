"""Whatever is done to the chain behind its back shows."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from core.clock import VirtualClock
from core.ids import SystemIds
from store import audit
from store.audit import Broken, Record, Verified
from store.models import AuditEntry
from store.session import Database

KEY = b"\x07" * 32
ENTRIES = 12


@pytest.fixture
def chained(database: Database, workspace_id: UUID, clock: VirtualClock, ids: SystemIds) -> UUID:
    with database.write(workspace_id) as session:
        audit.append_many(
            session,
            clock,
            ids,
            [
                Record(
                    "agent:email", "drafted", "lead", str(ids.new()), {"number": n, "fit": n / 7, "why": ["ä", None]}
                )
                for n in range(ENTRIES)
            ],
        )
    return workspace_id


def test_a_sound_chain_verifies_and_has_no_gaps(database: Database, chained: UUID) -> None:
    with database.read(chained) as session:
        assert isinstance(audit.verify(session), Verified)
        assert list(session.exec(select(AuditEntry.seq).order_by(col(AuditEntry.seq)))) == list(range(1, ENTRIES + 1))


def test_an_empty_chain_verifies(database: Database, workspace_id: UUID) -> None:
    with database.read(workspace_id) as session:
        assert audit.verify(session, anchors=[audit.head(session, KEY)], key=KEY) == Verified(0, audit.GENESIS)


def test_concurrent_writers_leave_no_gap(
    database: Database, workspace_id: UUID, clock: VirtualClock, ids: SystemIds
) -> None:
    def write(number: int) -> int:
        with database.write(workspace_id) as session:
            return audit.append(
                session,
                clock,
                ids,
                actor="system",
                action="raced",
                subject_kind="run",
                subject_id=workspace_id,
                details={"number": number},
            )

    with ThreadPoolExecutor(8) as pool:
        seqs = sorted(pool.map(write, range(64)))
    assert seqs == list(range(1, 65))
    with database.read(workspace_id) as session:
        assert isinstance(audit.verify(session), Verified)


def test_workspaces_have_chains_of_their_own(
    database: Database,
    chained: UUID,
    make_workspace: Callable[[Database], UUID],
    clock: VirtualClock,
    ids: SystemIds,
) -> None:
    other = make_workspace(database)
    with database.write(other) as session:
        seq = audit.append(session, clock, ids, actor="system", action="a", subject_kind="run", subject_id="x")
    assert seq == 1


def test_a_thousand_tamperings_are_all_found(
    database: Database, chained: UUID, postgres_owner: Callable[[Database], sa.Engine]
) -> None:
    """By somebody with every right on the database, but not on the anchor's key."""
    engine = postgres_owner(database)
    table = sa.inspect(AuditEntry).local_table
    with database.read(chained) as session:
        anchors = [audit.head(session, KEY)]
        honest = [row.model_dump() for row in session.exec(select(AuditEntry).order_by(col(AuditEntry.seq)))]
    dice = random.Random(3)
    missed = []
    for trial in range(1_001):
        rows, name = _tampered(dice, [dict(row) for row in honest]) if trial else (honest, "nothing")
        with engine.connect() as connection:
            transaction = connection.begin()
            connection.execute(sa.delete(table).where(table.c.workspace_id == chained))
            if rows:
                connection.execute(sa.insert(table), rows)
            found = _verify_through(connection, chained, anchors)
            transaction.rollback()
        if not isinstance(found, Broken):
            missed.append((trial, name))
    assert missed == [(0, "nothing")]  # writing the same rows back is the control: it must verify


def _verify_through(connection: sa.Connection, workspace_id: UUID, anchors: list[audit.Head]) -> Verified | Broken:
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        session.info.update(workspace_id=workspace_id, writes=False)
        return audit.verify(session, anchors=anchors, key=KEY)


def _tampered(dice: random.Random, rows: list[dict]) -> tuple[list[dict], str]:  # type: ignore[type-arg]
    kind = dice.choice(["flip", "delete", "swap", "truncate", "rebuild", "insert"])
    at = dice.randrange(len(rows))
    if kind == "flip":
        column = dice.choice(
            ["actor", "action", "subject_kind", "subject_id", "details", "hash", "previous_hash", "at"]
        )
        old = rows[at][column]
        rows[at][column] = (
            {**old, "number": -1}
            if isinstance(old, dict)
            else old.replace(microsecond=1)
            if column == "at"
            else old[:-1] + ("0" if old[-1] != "0" else "1")
        )
        return rows, f"flip {column}"
    if kind == "delete":
        del rows[at]
        if dice.random() < 0.5:  # and close the gap
            for number, row in enumerate(rows, start=1):
                row["seq"] = number
    elif kind == "swap":
        other = (at + dice.randrange(1, len(rows))) % len(rows)
        rows[at]["seq"], rows[other]["seq"] = rows[other]["seq"], rows[at]["seq"]
    elif kind == "truncate":
        rows = rows[:at]
    else:  # with the hashes computed anew, as whoever knows the code can
        if kind == "insert":
            rows.insert(at, {**rows[at], "id": UUID(int=dice.getrandbits(128)), "actor": "user:forged"})
        else:
            rows[at]["actor"] = "user:forged"
        previous = audit.GENESIS
        for number, row in enumerate(rows, start=1):
            row["seq"], row["previous_hash"] = number, previous
            previous = row["hash"] = audit.link(previous, row)
    return rows, kind


def test_anchors_last_and_cannot_be_forged(
    database: Database, chained: UUID, clock: VirtualClock, tmp_path: Path
) -> None:
    path = tmp_path / "out" / "anchors.jsonl"
    with database.read(chained) as session:
        signed = audit.head(session, KEY)
        audit.anchor(path, signed, clock.now())
        assert audit.read_anchors(path, chained) == [signed]
        assert isinstance(audit.verify(session, anchors=[signed], key=KEY), Verified)
        assert isinstance(audit.verify(session, anchors=[signed], key=b"\x08" * 32), Broken)
        assert isinstance(audit.verify(session, anchors=[replace(signed, seq=3)], key=KEY), Broken)
        assert isinstance(audit.verify(session, anchors=[replace(signed, workspace_id=UUID(int=1))], key=KEY), Broken)
    path.write_text("not an anchor\n")
    with pytest.raises(ValueError, match="Line 1"):
        audit.read_anchors(path, chained)


@pytest.mark.parametrize(
    "details",
    [
        {"email": "x"},
        {"contactName": "x"},
        {"nested": [{"phone_number_text": "x"}]},
        {"why": "wrote to jane@example.com"},
        {"why": "called +49 30 1234567"},
        {"jane@example.com": 1},
        {"value": 1e30},
        {"value": 2**60},
        {"value": float("nan")},
        {"value": b"x"},
        {"value": "\0"},
    ],
)
def test_personal_or_unstable_details_are_refused(
    database: Database, workspace_id: UUID, clock: VirtualClock, ids: SystemIds, details: dict[str, object]
) -> None:
    with pytest.raises(ValueError), database.write(workspace_id) as session:
        audit.append(
            session, clock, ids, actor="system", action="a", subject_kind="run", subject_id="x", details=details
        )


def test_pointers_and_awkward_numbers_are_kept(
    database: Database, workspace_id: UUID, clock: VirtualClock, ids: SystemIds
) -> None:
    details = {
        "email_index": "ab",
        "message_id": "m",
        "at": clock.now(),
        "low": -0.0,
        "tiny": 1e-7,
        "one": 1.0,
        "id": ids.new(),
    }
    with database.write(workspace_id) as session:
        audit.append(session, clock, ids, actor="s", action="a", subject_kind="run", subject_id="x", details=details)
    with database.read(workspace_id) as session:
        assert isinstance(audit.verify(session), Verified)
