"""Set-based writes: complete, in their workspace, and worth it."""

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from core.clock import VirtualClock
from store import bulk
from store.models import Company, Suppression
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


def _company(clock: VirtualClock, domain: str) -> dict[str, object]:
    return {
        "id": uuid4(),
        "name": domain,
        "name_key": domain,
        "domain": domain,
        "created_at": clock.now(),
        "updated_at": clock.now(),
    }
