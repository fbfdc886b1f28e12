"""`salesos notices`: where the team is told of replies, approvals that wait and trouble."""

import os
from typing import Annotated, Any

import typer

from cli.opening import cli_of, read_secret, uuid_of
from cli.output import AsJson, print_json, print_table, say
from store.models import NoticeKind
from tools.ports import NoticeService

app = typer.Typer(no_args_is_help=True, help="Notices to a team in Slack and Teams.")

_SECRET = "SALESOS_NOTICE_SECRET"  # noqa: S105 (the name of a variable)


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """Every channel, and what it is told."""
    with cli_of(context).client() as client:
        found = client.list_notice_channels()["items"]
    if as_json:
        print_json(found)
        return
    rows = [
        (one["id"], one["name"], one["service"], ", ".join(one["kinds"]), one["state"], one["state_reason"])
        for one in found
    ]
    columns = ["id", "name", "service", "told of", "state", "why"]
    print_table("Team notices", columns, rows, empty="No channel is told anything.")


@app.command()
def add(
    context: typer.Context,
    name: str,
    service: NoticeService,
    channel: Annotated[str, typer.Option(help="For a bot: Slack's id of the channel.")] = "",
    kind: Annotated[list[NoticeKind] | None, typer.Option(help="As often as needed; all, if left out.")] = None,
    only_kind: Annotated[bool, typer.Option("--no-company", help="Do not say the company's name.")] = False,
    from_stdin: Annotated[bool, typer.Option("--secret-stdin", help="Read the address or token from stdin.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell a channel. Its address or token is asked for, or taken from SALESOS_NOTICE_SECRET or stdin."""
    secret = os.environ.get(_SECRET) or read_secret("The webhook's address, or the bot's token", from_stdin=from_stdin)
    body: dict[str, Any] = {"name": name, "service": service.value, "secret": secret, "destination": channel}
    if kind:
        body["kinds"] = [one.value for one in kind]
    if only_kind:
        body["detail"] = "kind"
    with cli_of(context).client() as client:
        found = client.create_notice_channel(**body)
    if as_json:
        print_json(found)
    else:
        say(f"{found['name']} is told of {', '.join(found['kinds'])}. Try it: salesos notices test {found['id']}")


@app.command()
def test(context: typer.Context, channel_id: str) -> None:
    """Say a test; `salesos notices log` shows what came of it."""
    with cli_of(context).client() as client:
        client.test_notice_channel(uuid_of(channel_id, "channel"))
    say("A test is on its way.", style="green")


@app.command()
def log(context: typer.Context, channel_id: str, limit: int = 20, as_json: AsJson = False) -> None:
    """What a channel was told, the newest first."""
    with cli_of(context).client() as client:
        found = client.list_notices(uuid_of(channel_id, "channel"), limit=limit)["items"]
    if as_json:
        print_json(found)
        return
    rows = [(one["created_at"][:16], one["kind"], str(one["count"]), one["state"], one["said"]) for one in found]
    print_table("Told", ["at", "of", "how many", "state", "what came of it"], rows, empty="Nothing was told there yet.")


@app.command()
def pause(context: typer.Context, channel_id: str) -> None:
    """Tell nothing there for now."""
    with cli_of(context).client() as client:
        client.pause_notice_channel(uuid_of(channel_id, "channel"))
    say("Paused.", style="green")


@app.command()
def resume(context: typer.Context, channel_id: str) -> None:
    """Tell again what happens from now on."""
    with cli_of(context).client() as client:
        client.resume_notice_channel(uuid_of(channel_id, "channel"))
    say("Resumed.", style="green")


@app.command()
def remove(context: typer.Context, channel_id: str) -> None:
    """Delete a channel, its key and its log."""
    with cli_of(context).client() as client:
        client.delete_notice_channel(uuid_of(channel_id, "channel"))
    say("Deleted.", style="green")
