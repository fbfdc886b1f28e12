"""The one migration and the models say the same, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from core.errors import FixConfiguration
from store import migrations, rls


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'deeper' / 'salesos.db'}"
    make: Callable[[], str] = request.getfixturevalue("fresh_postgres_database")
    return make()


def test_upgrade_makes_what_the_models_say_and_again_does_nothing(empty_url: str) -> None:
    assert migrations.upgrade(empty_url) == migrations.head_revision()
    assert migrations.check(empty_url) == []
    assert migrations.upgrade(empty_url) == migrations.head_revision()


def test_check_names_what_differs(empty_url: str) -> None:
    migrations.upgrade(empty_url)
    with migrations.connect(empty_url) as connection:
        connection.exec_driver_sql("ALTER TABLE company DROP COLUMN city")
    assert any("city" in line for line in migrations.check(empty_url))


def test_check_names_an_index_of_expressions_that_was_lost(empty_url: str) -> None:
    migrations.upgrade(empty_url)
    with migrations.connect(empty_url) as connection:
        connection.exec_driver_sql("DROP INDEX ix_lead_best_of_stage")
    assert any("ix_lead_best_of_stage" in line for line in migrations.check(empty_url))


def test_check_says_that_an_empty_database_is_behind(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    assert "none" in migrations.check(url)[0]


def test_tables_of_the_engines_are_left_alone(empty_url: str) -> None:
    migrations.upgrade(empty_url)
    with migrations.connect(empty_url) as connection:
        for table in ("checkpoints", "checkpoint_blobs", "checkpoint_writes", "writes", "store", "pgqueuer_log"):
            connection.exec_driver_sql(f"CREATE TABLE {table} (id integer)")
    assert migrations.check(empty_url) == []


def test_several_may_migrate_at_once(empty_url: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        assert set(pool.map(migrations.upgrade, [empty_url] * 3)) == {migrations.head_revision()}


def test_downgrade_takes_everything_back(empty_url: str) -> None:
    migrations.upgrade(empty_url)
    with migrations.connect(empty_url) as connection:
        command.downgrade(migrations.config_for(connection), "base")
        assert set(sa.inspect(connection).get_table_names()) == {"alembic_version"}


@pytest.mark.filterwarnings("error")
def test_nobody_is_warned_of_what_is_as_it_should_be(tmp_path: Path) -> None:
    migrations.upgrade(f"sqlite:///{tmp_path / 'quiet.db'}")


def test_a_failing_migration_leaves_nothing_behind(empty_url: str) -> None:
    with pytest.raises(ZeroDivisionError), migrations.connect(empty_url) as connection:  # noqa: PT012
        command.upgrade(migrations.config_for(connection), "head")
        raise ZeroDivisionError
    with migrations.connect(empty_url) as connection:
        assert sa.inspect(connection).get_table_names() == []


def test_works_where_there_is_no_ini_file(empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert migrations.upgrade(empty_url)


@pytest.mark.postgres
def test_an_unprotected_table_is_named(fresh_postgres_database: Callable[[], str]) -> None:
    url = fresh_postgres_database()
    migrations.upgrade(url)
    with migrations.connect(url) as connection:
        connection.exec_driver_sql("ALTER TABLE lead NO FORCE ROW LEVEL SECURITY")
        connection.exec_driver_sql(f"DROP POLICY {rls.POLICY} ON fact")
    found = "\n".join(migrations.check(url))
    assert "lead" in found
    assert "fact" in found


@pytest.mark.postgres
def test_a_user_without_rights_is_told_what_to_set(
    fresh_postgres_database: Callable[[], str], postgres_app_role: Callable[[str], str]
) -> None:
    with pytest.raises(FixConfiguration, match="SALESOS_ADMIN_DATABASE_URL"):
        migrations.upgrade(postgres_app_role(fresh_postgres_database()))


@pytest.mark.postgres
def test_a_superuser_is_refused_as_the_application(fresh_postgres_database: Callable[[], str]) -> None:
    with pytest.raises(FixConfiguration, match="superuser"):
        migrations.upgrade(fresh_postgres_database(), app_role="postgres")
