"""What may be spent and what was: reserve before a call, settle after it (design §7). Amounts are in micros,
millionths of the workspace currency's minor unit.

    entries = reserve(session, clock, ids, scopes=["workspace:2026-11", f"run:{run}"], provider=…, max_micros=…, …)
    …the call, outside of the transaction…
    settle(session, clock, entries, cost_micros=…, latency_ms=…, outcome="ok")   or   release(session, clock, entries)

A reservation is one UPDATE that the ceiling is part of, so any number of workers together never reserve past it.
What a call really cost is booked even where it was more than reserved: the ledger says what is true.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core.clock import Clock
from core.errors import ModelMustStop
from core.ids import Ids, stable_id
from store import bulk
from store.models import Budget, SpendEntry, SpendState
from store.session import Database, workspace_of

STALE_AFTER = timedelta(minutes=15)  # longer than any call's deadline (settings cap it at 300 s) with its retries


class OverBudget(ModelMustStop):
    """The next call does not fit under a ceiling. Nothing was reserved."""

    code = "over_budget"


class By(StrEnum):
    PROVIDER = "provider"
    PURPOSE = "purpose"
    RUN = "run_id"


@dataclass(frozen=True, slots=True)
class Total:
    key: str  # "": calls of no run
    calls: int
    spent_micros: int
    reserved_micros: int


def set_budget(session: Session, clock: Clock, scope: str, limit_micros: int) -> None:
    """Make the ceiling of a scope, or move it. Below what is already spent it stops every further call."""
    if limit_micros < 0:
        raise ValueError("A ceiling is 0 or more.")
    workspace_id = workspace_of(session)
    row = {
        "id": stable_id("budget", workspace_id, scope),
        "scope": scope,
        "limit_micros": limit_micros,
        "created_at": clock.now(),
    }
    bulk.upsert(session, Budget, [row], key=["scope"], update=["limit_micros"])


def reserve(
    session: Session,
    clock: Clock,
    ids: Ids,
    *,
    scopes: Sequence[str],
    provider: str,
    purpose: str,
    max_micros: int,
    run_id: UUID | None = None,
) -> list[UUID]:
    """Set `max_micros` aside under every scope, or under none. Returns one entry a scope, for `settle`.

    Raises OverBudget where it does not fit, or where a scope has no ceiling at all: spending is allowed, never assumed.
    """
    if max_micros < 0:
        raise ValueError("A reservation is 0 or more.")
    now = clock.now()
    entries: list[dict[str, Any]] = []
    # The savepoint takes the first scopes back where a later one is full. Sorted, so that two callers cannot deadlock.
    with session.begin_nested():
        for scope in sorted(set(scopes)):
            budget_id = _take(session, scope, max_micros)
            if budget_id is None:
                raise _over(session, scope, max_micros)
            entries.append(
                {
                    "id": ids.new(),
                    "budget_id": budget_id,
                    "run_id": run_id,
                    "provider": provider,
                    "purpose": purpose,
                    "state": SpendState.RESERVED,
                    "reserved_micros": max_micros,
                    "created_at": now,
                }
            )
        bulk.insert(session, SpendEntry, entries)
    return [entry["id"] for entry in entries]


def settle(
    session: Session,
    clock: Clock,
    entry_ids: Sequence[UUID],
    *,
    cost_micros: int,
    latency_ms: int | None = None,
    outcome: str = "ok",
) -> None:
    """Book what the call cost. Again with the same entries: nothing. After `expire`: it is booked all the same."""
    if cost_micros < 0:
        raise ValueError("A cost is 0 or more.")
    entries = _locked(session, col(SpendEntry.id).in_(entry_ids), col(SpendEntry.state) != SpendState.SETTLED)
    values = {
        "state": SpendState.SETTLED,
        "cost_micros": cost_micros,
        "latency_ms": latency_ms,
        "outcome": outcome,
        "settled_at": clock.now(),
    }
    _close(session, entries, values, spent=cost_micros)


def release(session: Session, clock: Clock, entry_ids: Sequence[UUID], *, outcome: str = "not called") -> None:
    """Give a reservation back: the call did not happen. Entries that are no longer reserved are passed over."""
    entries = _locked(session, col(SpendEntry.id).in_(entry_ids), col(SpendEntry.state) == SpendState.RESERVED)
    _close(session, entries, {"state": SpendState.RELEASED, "outcome": outcome, "settled_at": clock.now()}, spent=0)


def expire(session: Session, clock: Clock, *, older_than: timedelta = STALE_AFTER) -> int:
    """Give back what killed workers left reserved. Returns how many entries."""
    now = clock.now()
    stale = (col(SpendEntry.state) == SpendState.RESERVED, col(SpendEntry.created_at) < now - older_than)
    entries = _locked(session, *stale)
    _close(session, entries, {"state": SpendState.RELEASED, "outcome": "expired", "settled_at": now}, spent=0)
    return len(entries)


def totals(session: Session, by: By, *, scope_prefix: str = "workspace:", since: datetime | None = None) -> list[Total]:
    """What was spent under the scopes that begin so, by provider, purpose or run; the dearest first.

    A call under two scopes has an entry in each, so only scopes of one kind add up.
    """
    key = col(getattr(SpendEntry, by.value))
    budgets = select(Budget.id).where(col(Budget.scope).startswith(scope_prefix, autoescape=True))
    reserved = sa.case((col(SpendEntry.state) == SpendState.RESERVED, col(SpendEntry.reserved_micros)), else_=0)
    spent = sa.func.sum(col(SpendEntry.cost_micros))
    query = (
        sa.select(key, sa.func.count(), spent, sa.func.sum(reserved))
        .where(col(SpendEntry.budget_id).in_(budgets), col(SpendEntry.state) != SpendState.RELEASED)
        .group_by(key)
        .order_by(spent.desc(), key)
    )
    if since is not None:
        query = query.where(col(SpendEntry.created_at) >= since)
    return [
        Total(str(name) if name is not None else "", calls, int(cost), int(held))
        for name, calls, cost, held in session.execute(query)
    ]


class BudgetMetering:
    """The language model's metering over this ledger: each call in its own short transactions, none while it runs."""

    def __init__(
        self,
        database: Database,
        workspace_id: UUID,
        clock: Clock,
        ids: Ids,
        *,
        scopes: Sequence[str],
        ceilings: Sequence[str] = (),
        run_id: UUID | None = None,
    ) -> None:
        """`scopes` must have a budget each; `ceilings` bind where somebody set one."""
        self._database = database
        self._workspace_id = workspace_id
        self._clock = clock
        self._ids = ids
        self._scopes = tuple(scopes)
        self._ceilings = (*ceilings, *([run_scope(run_id)] if run_id is not None else ()))
        self._run_id = run_id

    def reserve(self, *, provider: str, purpose: str, max_micros: int) -> list[UUID]:
        """Raises OverBudget, which is a core.errors.ModelMustStop."""
        with self._database.write(self._workspace_id) as session:
            return reserve(
                session,
                self._clock,
                self._ids,
                scopes=[*self._scopes, *_existing(session, self._ceilings)],
                provider=provider,
                purpose=purpose,
                max_micros=max_micros,
                run_id=self._run_id,
            )

    def settle(self, entries: Sequence[UUID], *, cost_micros: int, latency_ms: int | None, outcome: str) -> None:
        with self._database.write(self._workspace_id) as session:
            settle(session, self._clock, entries, cost_micros=cost_micros, latency_ms=latency_ms, outcome=outcome)

    def release(self, entries: Sequence[UUID]) -> None:
        with self._database.write(self._workspace_id) as session:
            release(session, self._clock, entries)


def run_scope(run_id: UUID) -> str:
    """The scope of a run's own ceiling, which not every run has."""
    return f"run:{run_id}"


def provider_scope(provider: str, month: str) -> str:
    """The scope of one provider's own ceiling in a month ("2026-11"), which not every provider has."""
    return f"provider:{provider}:{month}"


def _existing(session: Session, ceilings: Sequence[str]) -> list[str]:
    """A run or a provider that was given a ceiling of its own is held to it, whoever spends."""
    if not ceilings:
        return []
    return list(session.exec(select(Budget.scope).where(col(Budget.scope).in_(ceilings))))


def _take(session: Session, scope: str, micros: int) -> UUID | None:
    taken = session.execute(
        sa.update(Budget)
        .where(
            col(Budget.scope) == scope,
            col(Budget.reserved_micros) + col(Budget.spent_micros) + micros <= col(Budget.limit_micros),
        )
        .values(reserved_micros=col(Budget.reserved_micros) + micros)
        .returning(col(Budget.id))
        .execution_options(synchronize_session=False)
    )
    return taken.scalar_one_or_none()


def _over(session: Session, scope: str, micros: int) -> OverBudget:
    query = sa.select(col(Budget.limit_micros), col(Budget.reserved_micros), col(Budget.spent_micros))
    row = session.execute(query.where(col(Budget.scope) == scope)).one_or_none()
    if row is None:
        return OverBudget(f'There is no budget "{scope}".', hint="Set one: without a ceiling nothing is spent.")
    limit, reserved, spent = row
    return OverBudget(
        f'The budget "{scope}" has {limit - reserved - spent} micros left of {limit}; this call may need {micros}.',
        hint="Raise the budget, or wait for its next period; rules and templates serve until then.",
    )


def _locked(session: Session, *where: sa.ColumnElement[bool]) -> Sequence[Any]:
    query = sa.select(
        col(SpendEntry.id), col(SpendEntry.budget_id), col(SpendEntry.state), col(SpendEntry.reserved_micros)
    )
    return session.execute(query.where(*where).order_by(col(SpendEntry.id)).with_for_update()).all()


def _close(session: Session, entries: Sequence[Any], values: dict[str, Any], *, spent: int) -> None:
    if not entries:
        return
    session.execute(
        sa.update(SpendEntry)
        .where(col(SpendEntry.id).in_([entry.id for entry in entries]))
        .values(values)
        .execution_options(synchronize_session=False)
    )
    held: dict[UUID, int] = {}
    cost: dict[UUID, int] = {}
    for entry in entries:
        still = entry.reserved_micros if entry.state == SpendState.RESERVED else 0
        held[entry.budget_id] = held.get(entry.budget_id, 0) + still
        cost[entry.budget_id] = cost.get(entry.budget_id, 0) + spent
    # By scope, as `reserve` takes them: two orders would deadlock.
    query = select(Budget.id).where(col(Budget.id).in_(held)).order_by(col(Budget.scope))
    for budget_id in session.exec(query).all():
        session.execute(
            sa.update(Budget)
            .where(col(Budget.id) == budget_id)
            .values(
                reserved_micros=col(Budget.reserved_micros) - held[budget_id],
                spent_micros=col(Budget.spent_micros) + cost[budget_id],
            )
            .execution_options(synchronize_session=False)
        )
