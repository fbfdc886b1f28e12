"""A real PostgreSQL for tests: databases that come and go, and a role that row-level security binds.

Looked for in this order: `SALESOS_TEST_POSTGRES` (the URL of a role that may create databases and roles), then
127.0.0.1:5432 and the local socket, as the current user and as postgres.
"""

import contextlib
import getpass
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import psycopg
from psycopg import sql
from sqlalchemy import make_url

APP_ROLE = "salesos_app"  # owns nothing and bypasses nothing: what a production server connects as
_APP_PASSWORD = "only-for-tests"
_PREFIX = "salesos_test_"


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A server and a role on it that may create databases and roles."""

    admin_url: str

    def create_database(self) -> str:
        """A new empty database; the URL is its owner's. The app role may use whatever the owner creates in it."""
        name = f"{_PREFIX}{os.getpid()}_{secrets.token_hex(4)}"
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            _ensure_app_role(connection)
        url = _with(self.admin_url, database=name)
        with psycopg.connect(url, autocommit=True) as connection:
            role = sql.Identifier(APP_ROLE)
            for statement in (
                "GRANT USAGE ON SCHEMA public TO {}",
                "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}",
                "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {}",
            ):
                connection.execute(sql.SQL(statement).format(role))
        return url

    def drop_database(self, url: str) -> None:
        """Drops a database that `create_database` made, whoever is still connected to it."""
        name = make_url(url).database or ""
        if not name.startswith(_PREFIX):
            raise ValueError(f"{name!r} is not a database of these tests.")
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def as_app_role(url: str) -> str:
    """The same database, as the role that owns nothing."""
    return _with(url, username=APP_ROLE, password=_APP_PASSWORD)


@cache
def find_server() -> PostgresServer | str:
    """The first server that answers and lets us create databases; else a sentence that says what was tried."""
    tried = []
    for url in _candidates():
        try:
            with psycopg.connect(url, connect_timeout=3, autocommit=True) as connection:
                row = connection.execute(
                    "SELECT rolsuper OR (rolcreatedb AND rolcreaterole) FROM pg_roles WHERE rolname = current_user"
                ).fetchone()
        except psycopg.OperationalError as error:
            tried.append(f"{make_url(url)!r}: {str(error).splitlines()[0]}")
            continue
        if row and row[0]:
            return PostgresServer(url)
        tried.append(f"{make_url(url)!r}: may not create databases and roles")
    return "No PostgreSQL for tests; set SALESOS_TEST_POSTGRES. Tried " + "; ".join(tried)


def _candidates() -> Iterator[str]:
    given = os.environ.get("SALESOS_TEST_POSTGRES")
    if given:
        yield given
        return
    for user in dict.fromkeys((getpass.getuser(), "postgres")):
        yield f"postgresql://{user}@127.0.0.1:5432/postgres"
        yield f"postgresql://{user}@/postgres?host=/var/run/postgresql"


def _ensure_app_role(connection: psycopg.Connection) -> None:
    role = sql.Identifier(APP_ROLE)
    attributes = sql.SQL("LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD {}").format(_APP_PASSWORD)
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (APP_ROLE,)).fetchone()
    if not exists:
        # Another test session on this server may be first.
        with contextlib.suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            connection.execute(sql.SQL("CREATE ROLE {} {}").format(role, attributes))


def _with(url: str, **parts: str) -> str:
    return make_url(url).set(**parts).render_as_string(hide_password=False)  # type: ignore[arg-type]
