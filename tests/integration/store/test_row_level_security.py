"""PostgreSQL itself keeps workspaces apart, whatever the code above it forgets."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from core.clock import VirtualClock
from core.ids import SystemIds
from store import audit, rls
from store.models import Company
from store.session import WORKSPACE_SETTING, Database

pytestmark = pytest.mark.postgres


@pytest.fixture
def database(_postgres_store: Database) -> Database:
    return _postgres_store


@pytest.fixture
def two(database: Database, make_workspace: Callable[[Database], UUID], clock: VirtualClock) -> tuple[UUID, UUID]:
    mine, theirs = make_workspace(database), make_workspace(database)
    for workspace_id, count in ((mine, 2), (theirs, 3)):
        with database.write(workspace_id) as session:
            for number in range(count):
                session.add(
                    Company(
                        workspace_id=workspace_id,
                        id=uuid4(),
                        name=f"C{number}",
                        created_at=clock.now(),
                        updated_at=clock.now(),
                    )
                )
    return mine, theirs


def test_every_table_of_a_workspace_has_its_policy(database: Database) -> None:
    assert len(rls.tables()) > 40
    with database.engine.connect() as connection:
        assert rls.problems(connection) == []
        assert not rls.bypassed(connection)


def test_without_the_setting_nothing_is_seen(database: Database, two: tuple[UUID, UUID]) -> None:
    with database.engine.begin() as connection:
        for table in rls.tables():
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 0, table


def test_with_the_setting_only_its_own_is_seen(database: Database, two: tuple[UUID, UUID]) -> None:
    with database.engine.begin() as connection:
        _set(connection, two[0])
        assert set(connection.exec_driver_sql("SELECT workspace_id FROM company").scalars()) == {two[0]}
        assert connection.exec_driver_sql("UPDATE company SET city = 'x'").rowcount == 2
        assert connection.exec_driver_sql("DELETE FROM company").rowcount == 2
        connection.rollback()


@pytest.mark.parametrize("scoped", [True, False])
def test_nothing_is_inserted_for_another_workspace(database: Database, two: tuple[UUID, UUID], scoped: bool) -> None:
    with pytest.raises(sa.exc.ProgrammingError) as caught, database.engine.begin() as connection:  # noqa: PT012
        if scoped:
            _set(connection, two[0])
        connection.execute(
            sa.text(
                "INSERT INTO icp (workspace_id, id, name, created_at) "
                "VALUES (:workspace, gen_random_uuid(), 'x', now())"
            ),
            {"workspace": two[1]},
        )
    assert caught.value.orig.sqlstate == "42501"


def test_a_row_cannot_be_moved_to_another_workspace(database: Database, two: tuple[UUID, UUID]) -> None:
    with pytest.raises(sa.exc.ProgrammingError), database.engine.begin() as connection:  # noqa: PT012
        _set(connection, two[0])
        connection.execute(sa.text("UPDATE company SET workspace_id = :other"), {"other": two[1]})


def test_a_pooled_connection_does_not_carry_the_setting(
    postgres_url: str, postgres_app_role: Callable[[str], str], two: tuple[UUID, UUID]
) -> None:
    database = Database(postgres_app_role(postgres_url), pool_size=1)
    try:
        with database.read(two[0]) as session:
            first = session.execute(sa.text("SELECT pg_backend_pid(), count(*) FROM company")).one()
        with database.engine.begin() as connection:
            second = connection.exec_driver_sql("SELECT pg_backend_pid(), count(*) FROM company").one()
            setting = connection.exec_driver_sql(f"SELECT current_setting('{WORKSPACE_SETTING}', true)").scalar_one()
    finally:
        database.close()
    assert (first[1], second[1]) == (2, 0)
    assert first[0] == second[0]
    assert setting == ""


def test_the_owner_is_bound_too_unless_it_is_a_superuser(database: Database) -> None:
    with database.engine.connect() as connection:
        forced = connection.exec_driver_sql("SELECT bool_and(relforcerowsecurity) FROM pg_class WHERE relrowsecurity")
        assert forced.scalar_one() is True


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
)
def test_the_audit_chain_is_append_only(
    database: Database, two: tuple[UUID, UUID], clock: VirtualClock, ids: SystemIds, statement: str
) -> None:
    with database.write(two[0]) as session:
        audit.append(session, clock, ids, actor="system", action="test", subject_kind="run", subject_id=two[0])
    with pytest.raises(sa.exc.ProgrammingError) as caught, database.write(two[0]) as session:
        session.execute(sa.text(statement))
    assert caught.value.orig.sqlstate == "42501"


def test_reads_cannot_write(database: Database, two: tuple[UUID, UUID]) -> None:
    with pytest.raises(sa.exc.InternalError), database.read(two[0]) as session:
        session.execute(sa.text("UPDATE company SET city = 'x'"))


def _set(connection: sa.Connection, workspace_id: UUID) -> None:
    connection.execute(
        sa.text("SELECT set_config(:name, :value, true)"), {"name": WORKSPACE_SETTING, "value": str(workspace_id)}
    )
