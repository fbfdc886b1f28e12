"""`salesos placement`: where mail of a mailbox lands, tried out on addresses of your own."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.opening import cli_of, read_secret, uuid_of
from cli.output import AsJson, print_json, print_table, say
from core.errors import NotFound, Rejected

app = typer.Typer(no_args_is_help=True, help="Where mail lands: inbox, promotions or spam, on addresses of your own.")


@app.command()
def seeds(context: typer.Context, as_json: AsJson = False) -> None:
    """List your addresses whose folders are looked into."""
    with cli_of(context).client() as client:
        found = client.list_seed_addresses()
    if as_json:
        print_json(found)
        return
    rows = [(each["id"], each["provider"], each["address"], each["host"]) for each in found]
    print_table("Seeds", ["id", "provider", "address", "server"], rows, empty="No seed yet: `salesos placement add`.")


@app.command()
def add(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="An address of yours at the provider.")],
    provider: Annotated[str, typer.Option(help="As results are grouped: gmail, outlook, yahoo …")],
    host: Annotated[str, typer.Option(help="Its IMAP server.")],
    port: Annotated[int, typer.Option(min=1, max=65_535)] = 993,
    username: Annotated[str, typer.Option(help="At the server; the address when left out.")] = "",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add one. Its folders are read once, to see that they can be; nothing there is ever changed."""
    secret = read_secret("Password, or app password", from_stdin=password_stdin)
    with cli_of(context).client() as client:
        made = client.add_seed_address(
            address=address, provider=provider, host=host, port=port, username=username, password=secret
        )
    if as_json:
        print_json(made)
    else:
        say(f"{made['address']} is a seed.", style="green")


@app.command()
def remove(context: typer.Context, seed_id: str, as_json: AsJson = False) -> None:
    """Remove one. What was found there stays with its tests."""
    found = uuid_of(seed_id, "seed")
    with cli_of(context).client() as client:
        client.remove_seed_address(found)
    if as_json:
        print_json({"id": found})
    else:
        say("The seed is removed.")


@app.command()
def send(
    context: typer.Context,
    mailbox: Annotated[str, typer.Argument(help="The address of the mailbox that sends.")],
    template: Annotated[str, typer.Option(help="first_mail or follow_up: its words, to an invented person.")] = "",
    subject: Annotated[str, typer.Option(help="Of words of your own.")] = "",
    body_file: Annotated[Path | None, typer.Option(help="Words of your own, a text file.")] = None,
    seed: Annotated[list[str] | None, typer.Option(help="The id of a seed; all of them when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send a test mail to each seed. Each counts as a mail of the mailbox's day."""
    if bool(template) == bool(body_file):
        raise Rejected("Say either which template, or the file with your words.", hint="--template first_mail")
    wanted: dict[str, Any] = {"template": template} if template else {}
    if body_file is not None:
        try:
            wanted = {"subject": subject, "body": body_file.read_text(encoding="utf-8")}
        except (OSError, UnicodeDecodeError) as error:
            raise Rejected(f"{body_file} cannot be read as text ({type(error).__name__}).") from None
    if seed:
        wanted["seed_ids"] = [str(uuid_of(each, "seed")) for each in seed]
    with cli_of(context).client() as client:
        made = client.start_placement_test(_mailbox_id(client, mailbox), **wanted)
    if as_json:
        print_json(made)
    else:
        say(f"{len(made['mails'])} mails are on their way. `salesos placement show {made['id']}` says where they land.")


@app.command()
def show(
    context: typer.Context,
    test: Annotated[str, typer.Argument(help="The id of a test, or the address of a mailbox for its latest.")],
    as_json: AsJson = False,
) -> None:
    """Where the mails of a test landed."""
    with cli_of(context).client() as client:
        if "@" in test:
            listed = client.list_placement_tests(_mailbox_id(client, test))
            if not listed:
                raise NotFound(f"No test was sent through {test}.", hint="`salesos placement send` sends one.")
            found = listed[0]
        else:
            found = client.get_placement_test(uuid_of(test, "test"))
    if as_json:
        print_json(found)
        return
    rows = [
        (each["provider"], each["address"], each["place"].replace("_", " "), each["folder"], each["found_at"] or "",
         each["problem"])
        for each in found["mails"]
    ]  # fmt: skip
    columns = ["provider", "address", "place", "folder", "found", "problem"]
    print_table(f"“{found['subject']}”, {found['state']}", columns, rows, empty="It has no mails.")


def _mailbox_id(client: Any, address: str) -> str:
    """Raises NotFound."""
    wanted = address.strip().lower()
    for each in client.pages(client.list_mailboxes):
        if each["address"].lower() == wanted:
            return str(each["id"])
    raise NotFound(f"There is no mailbox {address}.", hint="`salesos mailbox list` names them.")
