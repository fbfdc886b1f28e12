"""The session's own filter: every shape of ORM statement sees its workspace only, on both databases."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from core.clock import VirtualClock
from store.models import Company, Fact, Workspace
from store.session import Database, workspace_of

ROOMS = ["agents", "api", "cli", "core", "evals", "graphs", "prompts", "scoring", "tools", "workers", "world"]
BYPASSES = ("__table__", "metadata.tables", ".local_table", ".engine.connect", ".engine.begin")
REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def two(database: Database, make_workspace: Callable[[Database], UUID], clock: VirtualClock) -> tuple[UUID, UUID]:
    """Two workspaces with the same domain each; the second has a company more."""
    mine, theirs = make_workspace(database), make_workspace(database)
    for workspace_id, count in ((mine, 1), (theirs, 2)):
        with database.write(workspace_id) as session:
            for number in range(count):
                company = _company(workspace_id, clock, f"{number}.example")
                session.add(company)
                session.add(
                    Fact(
                        workspace_id=workspace_id,
                        id=uuid4(),
                        subject_kind="company",
                        subject_id=company.id,
                        field="city",
                        value="X",
                        value_key="k",
                        source="s",
                        observed_at=clock.now(),
                    )
                )
    return mine, theirs


def test_select_count_alias_join_and_subquery(database: Database, two: tuple[UUID, UUID]) -> None:
    other = aliased(Company)
    queries = {
        "entity": select(Company),
        "columns": select(Company.id, Company.name),
        "count": select(sa.func.count()).select_from(Company),
        "count of a column": select(sa.func.count(col(Company.id))),
        "alias": select(sa.func.count(other.id)),
        "self join": select(sa.func.count()).select_from(Company).join(other, sa.true()),
        "join": select(sa.func.count()).select_from(Company).join(Fact, col(Fact.subject_id) == col(Company.id)),
        "outer join": select(sa.func.count()).select_from(Company).outerjoin(Fact, sa.true()),
        "subquery": select(sa.func.count()).select_from(select(Company.id).subquery()),
        "cte": select(sa.func.count()).select_from(select(Company.id).cte()),
        "in": select(Fact.id).where(col(Fact.subject_id).in_(select(Company.id))),
        "exists": select(Company.id).where(sa.exists().where(col(Fact.subject_id) == col(Company.id))),
        "scalar subquery": select(select(sa.func.count(col(Company.id))).scalar_subquery()),
        "union": sa.union_all(sa.select(col(Company.id)), sa.select(col(Fact.subject_id))),
    }
    sizes = {two[0]: 1, two[1]: 2}
    for _ in range(2):  # the second time from SQLAlchemy's cache of statements
        for workspace_id, size in sizes.items():
            with database.read(workspace_id) as session:
                for name, query in queries.items():
                    rows = session.execute(query).all()
                    if "count" in name or name in {"alias", "subquery", "cte", "scalar subquery"} or "join" in name:
                        expected = {"self join": size**2, "outer join": size**2}.get(name, size)
                        assert rows[0][0] == expected, name
                    else:
                        assert len(rows) == (2 * size if name == "union" else size), name


def test_get_finds_nothing_of_another_workspace(database: Database, two: tuple[UUID, UUID]) -> None:
    with database.read(two[1]) as session:
        theirs = session.exec(select(Company)).first()
    assert theirs is not None
    with database.read(two[0]) as session:
        assert session.get(Company, (two[1], theirs.id)) is None
        assert session.get(Company, (two[0], theirs.id)) is None


def test_update_and_delete_touch_only_its_own(database: Database, two: tuple[UUID, UUID]) -> None:
    with database.write(two[0]) as session:
        session.execute(sa.update(Company).values(city="Mine"))
        session.execute(sa.delete(Fact))
    with database.read(two[1]) as session:
        assert set(session.exec(select(Company.city))) == {""}
        assert len(session.exec(select(Fact.id)).all()) == 2
    with database.read(two[0]) as session:
        assert set(session.exec(select(Company.city))) == {"Mine"}
        assert session.exec(select(Fact.id)).all() == []


def test_rows_of_another_workspace_are_refused(database: Database, two: tuple[UUID, UUID], clock: VirtualClock) -> None:
    with pytest.raises(RuntimeError, match="another workspace"), database.write(two[0]) as session:
        session.add(_company(two[1], clock, "x.example"))
    with pytest.raises(RuntimeError, match="another workspace"), database.write(two[0]) as session:
        session.execute(sa.insert(Company), [_company(two[1], clock, "x.example").model_dump()])
    with pytest.raises(RuntimeError, match="another workspace"), database.write(two[0]) as session:
        session.exec(select(Company)).one().workspace_id = two[1]


def test_core_statements_are_refused(database: Database, two: tuple[UUID, UUID]) -> None:
    table = sa.inspect(Company).local_table
    for statement in (
        sa.select(table.c.id),
        sa.select(sa.func.count()).select_from(table),
        sa.update(table).values(city="x"),
        sa.delete(table),
        sa.select(sa.literal(1)).where(sa.exists().where(table.c.id.is_not(None))),
    ):
        with pytest.raises(RuntimeError, match="workspace filter"), database.write(two[0]) as session:
            session.execute(statement)


def test_an_unscoped_session_sees_workspaces_and_nothing_else(database: Database, two: tuple[UUID, UUID]) -> None:
    with database.unscoped() as session:
        assert set(two) <= set(session.exec(select(Workspace.id)))
    with pytest.raises(RuntimeError, match="no workspace"), database.unscoped() as session:
        session.exec(select(Company))
    with pytest.raises(LookupError), database.unscoped() as session:
        workspace_of(session)


def test_a_read_that_writes_is_refused(database: Database, two: tuple[UUID, UUID], clock: VirtualClock) -> None:
    with pytest.raises(RuntimeError, match="read transaction"), database.read(two[0]) as session:
        session.add(_company(two[0], clock, "y.example"))


def test_nobody_outside_the_store_uses_tables_instead_of_classes() -> None:
    """The refusal above sees what goes through a session; a table handed to a bare connection it would not see."""
    found = [
        f"{path.relative_to(REPOSITORY)}:{number}"
        for room in ROOMS
        for path in (REPOSITORY / room).rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if any(
            word in line
            for word in ("__table__", "metadata.tables", ".local_table", ".engine.connect", ".engine.begin")
        )
    ]
    assert found == []


def _company(workspace_id: UUID, clock: VirtualClock, domain: str) -> Company:
    return Company(
        workspace_id=workspace_id, id=uuid4(), name="C", domain=domain, created_at=clock.now(), updated_at=clock.now()
    )
