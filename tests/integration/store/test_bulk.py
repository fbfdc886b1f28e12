"""Set-based writes: complete, in their workspace, and worth it."""

from datetime import datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from core.clock import VirtualClock
from store import bulk
from store.models import Company, Fact, SpendEntry, SpendState, Suppression, ThreadTrigger
from store.session import Database

MORE_THAN_ANY_LIMIT = 3_000  # times 23 columns: past 65,535 parameters


def test_more_rows_than_a_statement_may_have_parameters(
    database: Database, workspace_id: UUID, clock: VirtualClock
) -> None:
    rows = [_company(clock, f"{n}.example") for n in range(MORE_THAN_ANY_LIMIT)]
    with database.write(workspace_id) as session:
        assert bulk.upsert(session, Company, rows, key=["domain"]) == []
        again = [{**row, "id": uuid4(), "city": "Oslo"} for row in rows]
        written = bulk.upsert(session, Company, again, key=["domain"], update=["city"], returning=["id", "domain"])
    assert {row.id for row in written} == {row["id"] for row in rows}
    with database.read(workspace_id) as session:
        query = select(sa.func.count(), sa.func.count(sa.distinct(col(Company.city))), sa.func.min(col(Company.city)))
        assert tuple(session.exec(query).one()) == (MORE_THAN_ANY_LIMIT, 1, "Oslo")


def test_columns_that_no_row_names_get_their_defaults(
    database: Database, workspace_id: UUID, clock: VirtualClock
) -> None:
    with database.write(workspace_id) as session:
        bulk.insert(session, Company, [_company(clock, "a.example")])
        company = session.exec(select(Company)).one()
    assert (company.tags, company.industry, company.employees, company.workspace_id) == ([], "", None, workspace_id)
    assert company.created_at == clock.now()


def test_without_update_columns_the_named_ones_change_and_identity_stays(
    database: Database, workspace_id: UUID, clock: VirtualClock
) -> None:
    first = _company(clock, "a.example")
    with database.write(workspace_id) as session:
        bulk.insert(session, Company, [first])
        bulk.upsert(session, Company, [{**first, "id": uuid4(), "name": "New"}], key=["domain"])
        company = session.exec(select(Company)).one()
    assert (company.id, company.name) == (first["id"], "New")


def test_insert_ignore_tells_the_new_from_the_old(database: Database, workspace_id: UUID, clock: VirtualClock) -> None:
    rows = [
        {"id": uuid4(), "kind": "address", "key_index": str(n), "reason": "opt_out", "created_at": clock.now()}
        for n in range(4)
    ]
    with database.write(workspace_id) as session:
        assert bulk.insert_ignore(session, Suppression, rows[:2]) == {row["id"] for row in rows[:2]}
        same_key = [{**row, "id": uuid4()} for row in rows[:2]]
        assert bulk.insert_ignore(session, Suppression, [*same_key, *rows]) == {row["id"] for row in rows[2:]}
        assert bulk.insert_ignore(session, Suppression, []) == set()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(st.tuples(st.integers(0, 5), st.text("ab", min_size=1, max_size=3))), max_size=4))
def test_upserting_is_like_writing_a_dictionary(
    database: Database, workspace_id: UUID, clock: VirtualClock, batches: list[list[tuple[int, str]]]
) -> None:
    model: dict[str, str] = {}
    with database.write(workspace_id) as session:
        session.execute(sa.delete(Company))
        for batch in batches:
            rows = [{**_company(clock, f"{key}.example"), "name": name} for key, name in batch]
            bulk.upsert(session, Company, rows, key=["domain"], update=["name"])
            model.update({f"{key}.example": name for key, name in batch})
        assert dict(session.exec(select(Company.domain, Company.name)).all()) == model


def test_updates_change_the_named_columns_of_the_named_rows(
    database: Database, workspace_id: UUID, clock: VirtualClock
) -> None:
    rows = [_company(clock, f"{n}.example") for n in range(3)]
    with database.write(workspace_id) as session:
        bulk.insert(session, Company, rows)
        changes = [{"id": row["id"], "city": row["domain"], "tags": ["x"]} for row in rows[:2]]
        bulk.update(session, Company, [*changes, {"id": uuid4(), "city": "?", "tags": []}], columns=["city", "tags"])
        found = session.exec(select(Company.city, Company.tags).order_by(col(Company.domain))).all()
    assert [tuple(row) for row in found] == [("0.example", ["x"]), ("1.example", ["x"]), ("", [])]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"colour": "red"}, "no column colour"),
        ({"workspace_id": UUID(int=5)}, "another workspace"),
        ({"-": 0}, "lacks name"),
    ],
)
def test_wrong_rows_are_refused_in_words(
    database: Database, workspace_id: UUID, clock: VirtualClock, change: dict[str, object], error: str
) -> None:
    row = {**_company(clock, "a.example"), **change}
    if row.pop("-", None) is not None:
        del row["name"]
    with pytest.raises((ValueError, RuntimeError), match=error), database.write(workspace_id) as session:
        bulk.insert(session, Company, [row])


def test_values_come_back_as_the_orm_would_give_them(
    database: Database, workspace_id: UUID, clock: VirtualClock
) -> None:
    odd = {"text": "ä 'quoted' \\ \n", "list": [1, None, 0.1], "big": 2**40, "none": None}
    rows = [
        Fact(
            workspace_id=workspace_id,
            id=uuid4(),
            subject_kind="company",
            subject_id=uuid4(),
            field="f",
            value=value,
            value_key=str(number),
            source="s",
            observed_at=clock.now().astimezone(timezone(timedelta(hours=5))),
            confidence=1 / 3,
            tainted=bool(number % 2),
        ).model_dump()
        for number, value in enumerate([odd, "text", 5, 1.5, True, None, [], {}])
    ]
    leads = {"id": uuid4(), "key": "k", "subject_kind": "lead", "subject_id": uuid4(), "kind": "x"}
    with database.write(workspace_id) as session:
        bulk.insert(session, Fact, rows)
        bulk.insert(session, ThreadTrigger, [{**leads, "due_at": clock.now(), "created_at": clock.now()}])
        found = {row.id: row.model_dump() for row in session.exec(select(Fact))}
        trigger = session.exec(select(ThreadTrigger)).one()
    assert found == {row["id"]: row for row in rows}
    assert (trigger.done_at, trigger.payload, trigger.due_at) == (None, {}, clock.now())


def test_enums_are_stored_by_value(database: Database, workspace_id: UUID, clock: VirtualClock) -> None:
    entry = {"id": uuid4(), "budget_id": uuid4(), "provider": "p", "purpose": "q", "reserved_micros": 1}
    with database.write(workspace_id) as session:
        rows = [{**entry, "state": SpendState.RELEASED, "created_at": clock.now()}]
        bulk.upsert(session, SpendEntry, rows)
        assert session.exec(select(SpendEntry.state)).one() is SpendState.RELEASED
        assert (
            session.execute(sa.text("SELECT state FROM spend_entry WHERE provider = 'p'")).scalars().all()[0]
            == "released"
        )


def test_instants_without_a_zone_are_refused(database: Database, workspace_id: UUID, clock: VirtualClock) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    rows = [_company(clock, "a.example"), {**_company(clock, "b.example"), "enriched_at": naive}]
    with pytest.raises((ValueError, sa.exc.StatementError)), database.write(workspace_id) as session:
        bulk.upsert(session, Company, rows, key=["domain"])


def _company(clock: VirtualClock, domain: str) -> dict[str, object]:
    return {
        "id": uuid4(),
        "name": domain,
        "name_key": domain,
        "domain": domain,
        "created_at": clock.now(),
        "updated_at": clock.now(),
    }
