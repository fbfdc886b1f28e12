"""`salesos user`: who may sign in."""

from typing import Annotated, Any

import typer

from api.auth import create_user
from cli.opening import cli_of, read_secret, uuid_of
from cli.output import AsJson, print_json, print_table, say
from client import Client
from core.errors import NotFound
from store.models import Role

User = Annotated[str, typer.Argument(help="An e-mail address or an id.")]

app = typer.Typer(no_args_is_help=True, help="People who sign in to the console.")


@app.command()
def create(
    context: typer.Context,
    email: str,
    role: Annotated[Role, typer.Option()],
    name: Annotated[str, typer.Option()] = "",
    password_stdin: Annotated[bool, typer.Option(help="Read the password from stdin.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make an account; the password is asked."""
    password = read_secret("Their password", from_stdin=password_stdin, confirm=True)
    with cli_of(context).open() as opened, opened.context.database.write(opened.workspace.id) as session:
        asked = opened.context
        user = create_user(session, asked.clock, asked.ids, email=email, name=name, role=role, password=password)
        made = {"id": user.id, "email": user.email, "role": user.role.value}
    if as_json:
        print_json(made)
    else:
        say(f"{made['email']} may sign in now.")


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the people of the workspace."""
    with cli_of(context).client() as client:
        found = list(client.pages(client.list_users))
    columns = ["id", "email", "name", "role", "active", "second factor"]
    if as_json:
        print_json(found)
    else:
        rows = [(u["id"], u["email"], u["name"], u["role"], _yes(u["active"]), _yes(u["second_factor"])) for u in found]
        print_table("People", columns, rows, empty="Nobody yet: `salesos user invite`.")


@app.command()
def invite(
    context: typer.Context,
    email: str,
    role: Annotated[Role, typer.Option()],
    name: Annotated[str, typer.Option()] = "",
    as_json: AsJson = False,
) -> None:
    """Print a link with which somebody makes their account. Once, for seven days."""
    with cli_of(context).client() as client:
        made = client.create_invitation(email=email, role=role.value, name=name)
    _print_link(made, as_json)


@app.command("reset-link")
def reset_link(context: typer.Context, user: User, as_json: AsJson = False) -> None:
    """Print a link with which somebody chooses a new password. Once, for seven days."""
    with cli_of(context).client() as client:
        made = client.create_password_link(_id(client, user))
    _print_link(made, as_json)


@app.command()
def role(context: typer.Context, user: User, new_role: Role, as_json: AsJson = False) -> None:
    """Give another role; ends their sessions."""
    with cli_of(context).client() as client:
        now = client.change_user(_id(client, user), role=new_role.value)
    _print_user(now, as_json)


@app.command()
def deactivate(context: typer.Context, user: User, as_json: AsJson = False) -> None:
    """End their sessions and personal keys, at once."""
    with cli_of(context).client() as client:
        now = client.change_user(_id(client, user), active=False)
    _print_user(now, as_json)


@app.command()
def reactivate(context: typer.Context, user: User, as_json: AsJson = False) -> None:
    """Let them sign in again."""
    with cli_of(context).client() as client:
        now = client.change_user(_id(client, user), active=True)
    _print_user(now, as_json)


@app.command("reset-factor")
def reset_factor(context: typer.Context, user: User, as_json: AsJson = False) -> None:
    """Turn off the second factor of somebody who lost the device and the recovery codes."""
    with cli_of(context).client() as client:
        now = client.reset_second_factor(_id(client, user))
    _print_user(now, as_json)


def _id(client: Client, user: str) -> str:
    """Raises NotFound, Rejected."""
    if "@" not in user:
        return str(uuid_of(user, "user"))
    address = user.strip().lower()
    found = next((u["id"] for u in client.pages(client.list_users) if u["email"] == address), None)
    if found is None:
        raise NotFound(f"Nobody of this workspace has the address {user}.", hint="`salesos user list` shows them.")
    return str(found)


def _print_link(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(made)
        return
    say(f"For {made['email']}, until {made['expires_at'][:16]} UTC. It cannot be shown again:", style="yellow")
    typer.echo(made["link"])


def _print_user(now: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(now)
    else:
        say(f"{now['email']}: role {now['role']}, {'active' if now['active'] else 'not active'}.")


def _yes(so: bool) -> str:
    return "yes" if so else "no"
