"""`salesos events`: what sending services told us, how each ended, and dead letters tried again."""

from itertools import islice
from typing import Annotated, Any

import typer

from cli.opening import cli_of, read_secret, uuid_of
from cli.output import AsJson, print_json, print_table, say
from core.errors import Rejected
from store.models import InboundState

app = typer.Typer(no_args_is_help=True, help="Events of vendors: deliveries, bounces, complaints, dead letters.")

Vendor = Annotated[str, typer.Option(help="Only of this vendor: ses, sendgrid, google.")]


@app.command("list")
def list_(
    context: typer.Context,
    state: Annotated[InboundState | None, typer.Option(help="Only these; `dead` are those for a person.")] = None,
    vendor: Vendor = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    as_json: AsJson = False,
) -> None:
    """List events, the newest first."""
    wanted: dict[str, Any] = {"state": [state.value]} if state else {}
    if vendor:
        wanted["vendor"] = vendor
    with cli_of(context).client() as client:
        found = list(islice(client.pages(client.list_inbound_events, limit=min(limit, 200), **wanted), limit))
    if as_json:
        print_json(found)
        return
    rows = [(e["id"], e["vendor"], e["kind"], e["state"], e["occurred_at"], e["attempts"], e["reason"]) for e in found]
    columns = ["id", "vendor", "what", "state", "happened", "tries", "reason"]
    print_table("Events", columns, rows, empty="No vendor told us anything like that.")


@app.command()
def show(context: typer.Context, event_id: str, as_json: AsJson = False) -> None:
    """One event, as it came."""
    with cli_of(context).client() as client:
        found = client.get_inbound_event(uuid_of(event_id, "event"))
    if as_json:
        print_json(found)
        return
    rows = [
        (name.replace("_", " "), value) for name, value in found.items() if name != "raw" and value not in (None, "")
    ]
    print_table("Event", ["", ""], rows, empty="")
    say(found["raw"] if found["raw"] is not None else "What it said is no longer kept.")


@app.command()
def replay(
    context: typer.Context,
    event_id: Annotated[str, typer.Argument(help="Of one dead letter.")] = "",
    message: Annotated[str, typer.Option(help="The Message-ID of our mail that it is about, if you know it.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Every dead letter.")] = False,
    vendor: Vendor = "",
    as_json: AsJson = False,
) -> None:
    """Try dead letters again: the worker does it within seconds."""
    if bool(event_id) == every:
        raise Rejected("Say either which event, or --all.", hint="`salesos events list --state dead` lists them.")
    with cli_of(context).client() as client:
        if every:
            count = client.replay_inbound_events(vendor=vendor)["events"]
        else:
            client.replay_inbound_event(uuid_of(event_id, "event"), message=message)
            count = 1
    if as_json:
        print_json({"events": count})
    else:
        say(f"{count} {'event is' if count == 1 else 'events are'} tried again.")


@app.command()
def connect(
    context: typer.Context,
    vendor: Annotated[str, typer.Argument(help="ses or sendgrid.")],
    secret_stdin: Annotated[bool, typer.Option("--secret-stdin", help="Read the key or topic from stdin.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make an address that a vendor may post to. Asks for what its messages are verified by."""
    secret = read_secret("Verification key (SendGrid) or topic ARN (SES)", from_stdin=secret_stdin)
    with cli_of(context).client() as client:
        made = client.create_inbound_endpoint(vendor=vendor, secret=secret)
    if as_json:
        print_json(made)
    else:
        say(f"Give {made['label']} this address: {made['url']}")


@app.command()
def endpoints(context: typer.Context, as_json: AsJson = False) -> None:
    """The addresses that vendors post to, and when they were heard of last."""
    with cli_of(context).client() as client:
        found = client.list_inbound_endpoints()["items"]
    if as_json:
        print_json(found)
        return
    rows = [(e["id"], e["label"], e["url"], e["heard_at"], e["refusal"]) for e in found]
    print_table("Endpoints", ["id", "vendor", "address", "heard", "refused"], rows, empty="No vendor is connected.")


@app.command()
def disconnect(context: typer.Context, endpoint_id: str, as_json: AsJson = False) -> None:
    """Close an address. What came by it stays."""
    found = uuid_of(endpoint_id, "endpoint")
    with cli_of(context).client() as client:
        client.delete_inbound_endpoint(found)
    if as_json:
        print_json({"id": found})
    else:
        say("The address is closed.")
