"""What every command starts from: the settings, the workspace that is meant, and who is at the keyboard."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import typer
import yaml
from sqlmodel import select

from agents.context import AgentContext
from cli.composition import Application, compose
from cli.within import Within, everything
from client import Client
from core.errors import FixConfiguration, NotFound, Rejected
from core.settings import Settings
from store.models import User, Workspace
from store.queries import workspaces


@dataclass
class Cli:
    """Typer's context object: the global options."""

    workspace: str = ""  # a slug; empty: the only one
    user: str = ""  # the e-mail address of the user who acts; empty: the machine's own user
    as_json: bool = False
    server: str = ""  # the address of a server to drive; empty: this machine's own database
    key: str = ""  # for that server
    settings: Settings = field(default_factory=Settings)

    @contextmanager
    def client(self) -> Iterator[Client]:
        """The control API: of `--server`, or of this machine's own database. Raises FixConfiguration, ApiError."""
        if self.server:
            if not self.key:
                raise FixConfiguration(
                    "No key for the server.",
                    hint="Set SALESOS_API_KEY to one: `salesos api-key create` makes it there.",
                )
            with Client(self.server, key=self.key) as client:
                yield client
            return
        with self.open() as opened, opened.client() as client:
            yield client

    @contextmanager
    def application(self) -> Iterator[Application]:
        """Raises FixConfiguration where `salesos init` has not been run yet."""
        settings = self.settings
        if settings.store_url.startswith("sqlite") and not _sqlite_path(settings).exists():
            raise FixConfiguration(f"There is no database at {_sqlite_path(settings)}.", hint="Run `salesos init`.")
        with compose(settings) as application:
            yield application

    @contextmanager
    def open(self) -> Iterator["Opened"]:
        """The application and one workspace of it. Raises NotFound, Rejected, FixConfiguration."""
        if self.server:
            raise Rejected(
                "This command works on this machine's own database, not through --server.",
                hint="Run it where the server runs, or see `salesos call --help` for what the API can do.",
            )
        with self.application() as application:
            workspace = self._workspace(application)
            context = application.context_for(workspace.id)
            yield Opened(application, workspace, context, self._actor(application, workspace.id))

    def _workspace(self, application: Application) -> Workspace:
        try:
            if self.workspace:
                return workspaces.by_slug(application.database, self.workspace)
            found = workspaces.all_workspaces(application.database)
        except (sa.exc.OperationalError, sa.exc.ProgrammingError) as error:
            raise FixConfiguration(
                f"The database cannot be read ({type(error.orig).__name__}).",
                hint="Run `salesos init`, which also migrates, and `salesos doctor`, which says what is wrong.",
            ) from error
        if not found:
            raise FixConfiguration("There is no workspace yet.", hint="Run `salesos init`.")
        if len(found) > 1:
            slugs = ", ".join(workspace.slug for workspace in found)
            raise Rejected("There are several workspaces.", hint=f"Say which: --workspace with one of {slugs}.")
        return found[0]

    def _actor(self, application: Application, workspace_id: UUID) -> str:
        if not self.user:
            return f"cli:{_login()}"[:100]
        with application.database.read(workspace_id) as session:
            found = session.exec(select(User).where(User.email == self.user.strip().lower())).first()
        if found is None or not found.active:
            raise NotFound(f"Nobody of this workspace has the address {self.user}.", hint="Leave out --as, or mend it.")
        return f"user:{found.id}"


@dataclass(frozen=True)
class Opened:
    application: Application
    workspace: Workspace
    context: AgentContext
    actor: str  # "user:<id>" with --as, else "cli:<login name>"

    @contextmanager
    def client(self) -> Iterator[Client]:
        """The control API of this process."""
        transport = Within(self.application.app, everything(self.workspace.id, self.actor))
        with Client("http://within", transport=transport) as client:
            yield client


def cli_of(context: typer.Context) -> Cli:
    found: Cli = context.obj
    return found


def read_secret(prompt: str, *, from_stdin: bool, confirm: bool = False) -> str:
    """From the first line of stdin, or from a prompt that does not show it; never from an argument.

    Raises Rejected where nobody is there to be asked.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Rejected(f"{prompt} is needed, and nobody is there to type it.", hint="Pipe it in with --password-stdin.")
    found: str = typer.prompt(prompt, hide_input=True, confirmation_prompt=confirm)
    return found


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML or JSON document that is a mapping. Raises Rejected with the line that is wrong."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Rejected(f"{path} cannot be read: {error.strerror or error}.", hint="Check the path.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        why = getattr(error, "problem", None) or type(error).__name__
        raise Rejected(
            f"{path} is not YAML{where}: {why}.", hint="Mind the indentation; values with : need quotes."
        ) from (error)
    if not isinstance(data, dict):
        raise Rejected(f"{path} holds no fields.", hint="See examples/ for how such a file looks.")
    return data


def uuid_of(text: str, what: str) -> UUID:
    """Raises Rejected."""
    try:
        return UUID(text)
    except ValueError:
        raise Rejected(f"{text!r} is no id.", hint=f"Copy the id of the {what} from its list.") from None


def _sqlite_path(settings: Settings) -> Path:
    return Path(sa.make_url(settings.store_url).database or ":memory:")


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a user database
        return "unknown"
