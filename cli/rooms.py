"""`salesos rooms`: where meetings take place, and Zoom's application."""

import os
from enum import StrEnum
from typing import Annotated, Any

import typer

from cli.opening import cli_of, read_secret, uuid_of
from cli.output import AsJson, print_json, print_table, say

app = typer.Typer(no_args_is_help=True, help="Video rooms: where meetings take place.")

_FROM_ENVIRONMENT = "SALESOS_ZOOM_SECRET"
Address = Annotated[str, typer.Option(help="The link, of the kind address.")]


class Kind(StrEnum):
    NONE = "none"
    CALENDAR = "calendar"
    ZOOM = "zoom"
    ADDRESS = "address"


class CalendarKind(StrEnum):
    NONE = "none"
    CALENDAR = "calendar"
    ZOOM = "zoom"
    ADDRESS = "address"
    WORKSPACE = "workspace"


@app.command()
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Where meetings take place, by workspace and calendar, and whether Zoom lets us in."""
    with cli_of(context).client() as client:
        found = client.get_rooms()
    if as_json:
        print_json(found)
        return
    say(f"Meetings take place: {found['kind']} {found['address']}".rstrip())
    zoom = found["zoom"]
    say("Zoom is not connected." if zoom is None else f"Zoom: {zoom['problem'] or 'connected'}")
    rows = [
        (one["calendar_id"], one["name"], one["calendar"], one["kind"], one["address"]) for one in found["calendars"]
    ]
    print_table("By calendar", ["id", "whose", "calendar", "rooms", "link"], rows, empty="")


@app.command("set")
def set_(context: typer.Context, kind: Kind, address: Address = "") -> None:
    """Where meetings take place, where a calendar says nothing else."""
    with cli_of(context).client() as client:
        client.set_rooms(kind=kind.value, address=address)
    say("It holds for meetings that are booked from now on.", style="green")


@app.command()
def calendar(context: typer.Context, calendar_id: str, kind: CalendarKind, address: Address = "") -> None:
    """Where the meetings in one calendar take place; workspace: as for all."""
    chosen: Any = None if kind is CalendarKind.WORKSPACE else kind.value
    with cli_of(context).client() as client:
        client.set_calendar_rooms(uuid_of(calendar_id, "calendar"), kind=chosen, address=address)
    say("It holds for meetings that are booked from now on.", style="green")


@app.command()
def zoom(
    context: typer.Context,
    account_id: str,
    client_id: str,
    host: Annotated[str, typer.Option(help="Whose rooms they are, by address at Zoom; me: who made it.")] = "me",
    from_stdin: Annotated[bool, typer.Option("--secret-stdin", help="Read the secret from stdin.")] = False,
) -> None:
    """Connect a server-to-server application of Zoom, and ask whether it lets us in. The secret is asked for, or taken
    from SALESOS_ZOOM_SECRET or stdin."""
    secret = os.environ.get(_FROM_ENVIRONMENT) or read_secret("The application's client secret", from_stdin=from_stdin)
    with cli_of(context).client() as client:
        client.connect_zoom(account_id=account_id, client_id=client_id, secret=secret, host=host)
        problem = client.check_zoom()["problem"]
    if problem:
        say(problem, style="red")
        raise typer.Exit(1)
    say("Zoom lets us in. Use it: salesos rooms set zoom", style="green")


@app.command()
def check(context: typer.Context) -> None:
    """Ask Zoom whether it lets us in. Nothing is made."""
    with cli_of(context).client() as client:
        problem = client.check_zoom()["problem"]
    if problem:
        say(problem, style="red")
        raise typer.Exit(1)
    say("Zoom lets us in.", style="green")


@app.command()
def forget(context: typer.Context) -> None:
    """Forget Zoom's application and its secret. Rooms that were made stay."""
    with cli_of(context).client() as client:
        client.forget_zoom()
    say("Forgotten.", style="green")
