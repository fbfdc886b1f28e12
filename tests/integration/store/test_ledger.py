"""No number of workers together reserves past a ceiling."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from core.clock import VirtualClock
from core.errors import ModelMustStop
from core.ids import SystemIds
from store import ledger
from store.ledger import By, OverBudget
from store.models import Budget, SpendEntry, SpendState
from store.session import Database

SCOPE = "workspace:2026-11"

_CHILD = """
import sys
from datetime import UTC, datetime
from uuid import UUID
from core.clock import SystemClock
from core.ids import SystemIds
from store.ledger import BudgetMetering, OverBudget
from store.session import Database

database = Database(sys.argv[1])
metering = BudgetMetering(database, UUID(sys.argv[2]), SystemClock(), SystemIds(), scopes=[sys.argv[3]])
won = 0
for _ in range(40):
    try:
        metering.reserve(provider="model", purpose="draft", max_micros=7)
        won += 1
    except OverBudget:
        pass
print(won)
"""


@pytest.fixture
def budget(database: Database, workspace_id: UUID, clock: VirtualClock) -> str:
    with database.write(workspace_id) as session:
        ledger.set_budget(session, clock, SCOPE, 1_000)
    return SCOPE


@pytest.fixture
def metering(
    database: Database, workspace_id: UUID, clock: VirtualClock, ids: SystemIds, budget: str
) -> ledger.BudgetMetering:
    return ledger.BudgetMetering(database, workspace_id, clock, ids, scopes=[budget])


def test_32_threads_never_pass_the_ceiling(
    database: Database, workspace_id: UUID, metering: ledger.BudgetMetering
) -> None:
    def spend(number: int) -> int:
        try:
            entries = metering.reserve(provider="model", purpose="draft", max_micros=7)
        except OverBudget:
            return 0
        if number % 3 == 0:
            metering.release(entries)
        elif number % 3 == 1:
            metering.settle(entries, cost_micros=5, latency_ms=1, outcome="ok")
        return 1

    with ThreadPoolExecutor(32) as pool:
        won = sum(pool.map(spend, range(400)))
    assert won < 400
    while spend(2):  # what late releases gave back is still to be had, to the last call that fits
        pass
    row = _budget(database, workspace_id)
    assert 1_000 - 7 < row.reserved_micros + row.spent_micros <= 1_000
    with database.read(workspace_id) as session:
        entries = session.exec(select(SpendEntry)).all()
    assert row.spent_micros == sum(entry.cost_micros for entry in entries)
    assert row.reserved_micros == sum(e.reserved_micros for e in entries if e.state is SpendState.RESERVED)


def test_processes_never_pass_the_ceiling(database: Database, workspace_id: UUID, budget: str) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", _CHILD, url, str(workspace_id), budget]
    root = Path(__file__).resolve().parents[3]
    children = [subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    won = sum(int(child.communicate(timeout=600)[0]) for child in children)
    assert won == 1_000 // 7
    assert _budget(database, workspace_id).reserved_micros == won * 7


def test_a_later_scope_that_is_full_gives_the_first_back(
    database: Database, workspace_id: UUID, clock: VirtualClock, ids: SystemIds, budget: str
) -> None:
    run = f"zz-run:{uuid4()}"
    with database.write(workspace_id) as session:
        ledger.set_budget(session, clock, run, 10)
        with pytest.raises(OverBudget, match="10 micros left"):
            ledger.reserve(session, clock, ids, scopes=[budget, run], provider="m", purpose="p", max_micros=11)
    assert _budget(database, workspace_id).reserved_micros == 0
    with database.read(workspace_id) as session:
        assert session.exec(select(SpendEntry)).all() == []


def test_without_a_ceiling_nothing_is_spent(
    database: Database, workspace_id: UUID, clock: VirtualClock, ids: SystemIds
) -> None:
    metering = ledger.BudgetMetering(database, workspace_id, clock, ids, scopes=["nobody set this"])
    with pytest.raises(ModelMustStop, match="no budget"):
        metering.reserve(provider="m", purpose="p", max_micros=1)


def test_settling_twice_books_once_and_late_books_all_the_same(
    database: Database, workspace_id: UUID, clock: VirtualClock, metering: ledger.BudgetMetering
) -> None:
    entries = metering.reserve(provider="m", purpose="p", max_micros=100)
    for _ in range(2):
        metering.settle(entries, cost_micros=30, latency_ms=12, outcome="ok")
    metering.release(entries)
    row = _budget(database, workspace_id)
    assert (row.reserved_micros, row.spent_micros) == (0, 30)
    late = metering.reserve(provider="m", purpose="p", max_micros=100)
    clock.advance(timedelta(hours=1))
    with database.write(workspace_id) as session:
        assert ledger.expire(session, clock) == 1
        assert ledger.expire(session, clock) == 0
    assert _budget(database, workspace_id).reserved_micros == 0
    metering.settle(late, cost_micros=40, latency_ms=None, outcome="ok")
    assert _budget(database, workspace_id).spent_micros == 70


def test_expiry_spares_what_is_young(
    database: Database, workspace_id: UUID, clock: VirtualClock, metering: ledger.BudgetMetering
) -> None:
    metering.reserve(provider="m", purpose="p", max_micros=1)
    clock.advance(ledger.STALE_AFTER)
    with database.write(workspace_id) as session:
        assert ledger.expire(session, clock) == 0


def test_a_lowered_ceiling_stops_further_calls(
    database: Database, workspace_id: UUID, clock: VirtualClock, metering: ledger.BudgetMetering
) -> None:
    entries = metering.reserve(provider="m", purpose="p", max_micros=500)
    with database.write(workspace_id) as session:
        ledger.set_budget(session, clock, SCOPE, 100)
    with pytest.raises(OverBudget):
        metering.reserve(provider="m", purpose="p", max_micros=1)
    metering.settle(entries, cost_micros=500, latency_ms=1, outcome="ok")
    assert _budget(database, workspace_id).spent_micros == 500


def test_totals_count_a_call_of_two_scopes_once(
    database: Database, workspace_id: UUID, clock: VirtualClock, ids: SystemIds, budget: str
) -> None:
    run_id = uuid4()
    with database.write(workspace_id) as session:
        ledger.set_budget(session, clock, f"run:{run_id}", 1_000)
        for provider, cost in (("a", 5), ("b", 9), ("a", 1)):
            entries = ledger.reserve(
                session,
                clock,
                ids,
                scopes=[budget, f"run:{run_id}"],
                provider=provider,
                purpose="draft",
                max_micros=10,
                run_id=run_id,
            )
            ledger.settle(session, clock, entries, cost_micros=cost)
    with database.read(workspace_id) as session:
        assert [(t.key, t.calls, t.spent_micros) for t in ledger.totals(session, By.PROVIDER)] == [
            ("b", 1, 9),
            ("a", 2, 6),
        ]
        assert [(t.key, t.spent_micros) for t in ledger.totals(session, By.RUN)] == [(str(run_id), 15)]
        assert ledger.totals(session, By.PURPOSE, since=clock.now() + timedelta(days=1)) == []


def _budget(database: Database, workspace_id: UUID) -> Budget:
    with database.read(workspace_id) as session:
        return session.exec(select(Budget).where(col(Budget.scope) == SCOPE)).one()
