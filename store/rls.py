"""Row-level security: PostgreSQL says a second time what the sessions' filter says first (design law 10).

Every table with a workspace_id has ENABLE and FORCE row-level security and one policy, which compares the column with
the transaction's own setting. The application connects as a role that owns nothing, is no superuser and may not bypass
policies. Without the setting a statement sees no rows and may insert none.
"""

import re
from collections.abc import Iterable

import sqlalchemy as sa
from sqlmodel import SQLModel

from core.errors import FixConfiguration
from store.session import WORKSPACE_SETTING

APP_ROLE = "salesos_app"
POLICY = "workspace_isolation"
APPEND_ONLY = ("audit_entry", "pool_entry")  # what could be edited would prove nothing

# '' and not NULL is what a setting reads as once a transaction that set it has ended on the same connection.
_MINE = f"workspace_id = NULLIF(current_setting('{WORKSPACE_SETTING}', true), '')::uuid"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def tables() -> list[str]:
    """The names of the tables that belong to a workspace, sorted."""
    return sorted(table.name for table in SQLModel.metadata.tables.values() if "workspace_id" in table.c)


def protect(connection: sa.Connection, names: Iterable[str]) -> None:
    """Put the policy on these tables. For migrations; does nothing on SQLite."""
    if connection.dialect.name != "postgresql":
        return
    for name in names:
        table = _quoted(name)
        connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        connection.exec_driver_sql(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        connection.exec_driver_sql(f"DROP POLICY IF EXISTS {POLICY} ON {table}")
        connection.exec_driver_sql(f"CREATE POLICY {POLICY} ON {table} FOR ALL USING ({_MINE}) WITH CHECK ({_MINE})")


def grant(connection: sa.Connection, role: str = APP_ROLE) -> None:
    """Make the application's role where it is missing and give it the tables of today and of tomorrow.

    The role has LOGIN and no password: with password authentication it cannot sign in until an administrator sets one.
    Raises FixConfiguration for a role that could step around the policies.
    """
    quoted = _quoted(role)
    connection.exec_driver_sql(
        f"DO $$ BEGIN CREATE ROLE {quoted} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE; "
        # unique_violation: another database of this server made it at the same moment
        "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    if problem := _role_problem(connection, role):
        raise FixConfiguration(problem, hint="Choose another role for the application.")
    run = connection.exec_driver_sql
    run(f"GRANT USAGE ON SCHEMA public TO {quoted}")
    run(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}")
    run(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quoted}")
    default = "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT"
    run(f"{default} SELECT, INSERT, UPDATE, DELETE ON TABLES TO {quoted}")
    run(f"{default} USAGE, SELECT ON SEQUENCES TO {quoted}")
    for name in APPEND_ONLY:
        run(f"REVOKE UPDATE, DELETE, TRUNCATE ON {_quoted(name)} FROM {quoted}")
    run(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {quoted}")


def problems(connection: sa.Connection, role: str = APP_ROLE) -> list[str]:
    """What row-level security lacks, in words; empty on SQLite, which has none."""
    if connection.dialect.name != "postgresql":
        return []
    state = {
        row.relname: row
        for row in connection.execute(
            sa.text(
                "SELECT c.relname, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced, "
                "EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = :policy) AS has_policy "
                "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')"
            ),
            {"policy": POLICY},
        )
    }
    found = []
    for name in tables():
        row = state.get(name)
        if row is None:
            found.append(f"The table {name} is missing.")
        elif not (row.enabled and row.forced and row.has_policy):
            found.append(f"The table {name} is not protected by row-level security.")
    if problem := _role_problem(connection, role):
        found.append(problem)
    return found


def bypassed(connection: sa.Connection) -> bool:
    """Whether the connected user is one that policies do not bind. For the doctor."""
    if connection.dialect.name != "postgresql":
        return False
    row = connection.execute(
        sa.text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
    ).scalar_one()
    return bool(row)


def _role_problem(connection: sa.Connection, role: str) -> str:
    row = connection.execute(
        sa.text("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = :role"), {"role": role}
    ).one_or_none()
    if row is None:
        return f'The role "{role}" does not exist.'
    if row.rolsuper or row.rolbypassrls:
        return f'The role "{role}" is a superuser or may bypass row-level security, so the policies would not bind it.'
    return ""


def _quoted(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise FixConfiguration(f"{name!r} is not a plain lower-case database name.")
    return f'"{name}"'
