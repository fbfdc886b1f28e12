"""`salesos api-key`: keys of programs."""

from datetime import timedelta
from typing import Annotated

import typer
from sqlmodel import col, select

from api.auth import create_api_key, revoke_api_key
from cli.opening import cli_of, uuid_of
from cli.output import AsJson, print_json, print_table, say
from store.models import ApiKey

app = typer.Typer(no_args_is_help=True, help="Keys with which programs use the API.")


@app.command()
def create(
    context: typer.Context,
    name: str,
    scope: Annotated[list[str], typer.Option(help="May be given several times.")],
    days: Annotated[int | None, typer.Option(min=1, help="How long it serves; without it for ever.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown once."""
    with cli_of(context).open() as opened:
        asked = opened.context
        until = asked.clock.now() + timedelta(days=days) if days else None
        with asked.database.write(opened.workspace.id) as session:
            key = create_api_key(session, asked.clock, asked.ids, name=name, scopes=scope, expires_at=until)
    if as_json:
        print_json({"key": key})
    else:
        say("Keep it now: it cannot be shown again.", style="yellow")
        typer.echo(key)


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List keys, without their secrets."""
    with cli_of(context).open() as opened, opened.application.database.read(opened.workspace.id) as session:
        found = session.exec(select(ApiKey).order_by(col(ApiKey.created_at), col(ApiKey.id))).all()
    fields = ("id", "name", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
    if as_json:
        print_json([{field: getattr(key, field) for field in fields} for key in found])
        return
    rows = [
        (k.id, k.name, ", ".join(k.scopes), k.expires_at or "never", k.last_used_at or "never", k.revoked_at or "no")
        for k in found
    ]
    print_table("API keys", ["id", "name", "scopes", "expires", "last used", "revoked"], rows, empty="No key yet.")


@app.command()
def revoke(context: typer.Context, key_id: str, as_json: AsJson = False) -> None:
    """End a key, at once."""
    found = uuid_of(key_id, "key")
    with cli_of(context).open() as opened, opened.context.database.write(opened.workspace.id) as session:
        revoke_api_key(session, opened.context.clock, found)
    if as_json:
        print_json({"id": found, "revoked": True})
    else:
        say("Revoked.")
