"""`salesos outbox`: what is to leave, what has left, and what nobody knows about."""

from itertools import islice
from typing import Annotated, Any

import typer

from cli.opening import cli_of, uuid_of
from cli.output import AsJson, print_json, print_table, say
from core.errors import Rejected
from store.models import OutboxState

app = typer.Typer(no_args_is_help=True, help="Intended effects: mails and CRM steps.")


@app.command("list")
def list_(
    context: typer.Context,
    state: Annotated[OutboxState | None, typer.Option(help="Only these; `unknown` are those for a person.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    as_json: AsJson = False,
) -> None:
    """List items, the newest first."""
    wanted: Any = {"state": state.value} if state else {}
    with cli_of(context).client() as client:
        found = list(islice(client.pages(client.list_outbox, limit=min(limit, 200), **wanted), limit))
    if as_json:
        print_json(found)
        return
    rows = [
        (i["id"], i["kind"], i["state"], i["sent_at"] or i["not_before"], i["attempts"], i["state_reason"])
        for i in found
    ]
    columns = ["id", "kind", "state", "sent or due", "tries", "reason"]
    print_table("Outbox", columns, rows, empty="Nothing is in the outbox.")


@app.command()
def resolve(
    context: typer.Context,
    item_id: str,
    arrived: Annotated[
        bool, typer.Option("--arrived", help="It was sent: look into the mailbox's sent folder.")
    ] = False,
    not_arrived: Annotated[
        bool, typer.Option("--not-arrived", help="It was not: the same bytes are sent again.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say whether a mail of unknown outcome arrived."""
    if arrived == not_arrived:
        raise Rejected(
            "Say either --arrived or --not-arrived.", hint="Only a person can know: nothing is guessed here."
        )
    found = uuid_of(item_id, "item")
    with cli_of(context).client() as client:
        client.resolve_outbox(found, was_sent=arrived)
    if as_json:
        print_json({"id": found, "arrived": arrived})
    else:
        say("Kept as sent." if arrived else "It is sent again.")
