"""`salesos telephony`: accounts for texts and calls, and the phone that rings first."""

import os
from typing import Annotated

import typer

from cli.opening import cli_of, read_secret, uuid_of
from cli.output import AsJson, print_json, print_table, say

app = typer.Typer(no_args_is_help=True, help="Texts and calls through Twilio, behind consent.")

_SECRET, _TOKEN = "SALESOS_TELEPHONY_SECRET", "SALESOS_TELEPHONY_TOKEN"


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """Every account, and how much went through it within 24 hours."""
    with cli_of(context).client() as client:
        found = client.list_telephony_accounts()["items"]
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one["id"],
            one["name"],
            one["sender"] or one["service_sid"],
            one["state"],
            f"{one['texts_in_24_hours']}/{one['daily_texts']}",
            f"{one['calls_in_24_hours']}/{one['daily_calls']}",
            one["pause_reason"],
        )
        for one in found
    ]
    columns = ["id", "name", "from", "state", "texts", "calls", "why"]
    print_table("Telephony", columns, rows, empty="No account is connected: texts and calls are done by hand.")


@app.command()
def connect(
    context: typer.Context,
    name: str,
    account_sid: str,
    sender: Annotated[str, typer.Option("--from", help="The number that people see, as +12025550100.")] = "",
    service: Annotated[str, typer.Option(help="A messaging service (MG…) that chooses the number of a text.")] = "",
    key: Annotated[str, typer.Option(help="The SID of an API key (SK…); without one the auth token is used.")] = "",
    texts: Annotated[int, typer.Option(help="At most so many texts within 24 hours.")] = 50,
    calls: Annotated[int, typer.Option(help="At most so many calls within 24 hours.")] = 50,
    from_stdin: Annotated[bool, typer.Option("--secret-stdin", help="Read the secret from stdin.")] = False,
    as_json: AsJson = False,
) -> None:
    """Connect Twilio. The secret is asked for, or taken from SALESOS_TELEPHONY_SECRET or stdin; beside an API key the
    auth token too, or from SALESOS_TELEPHONY_TOKEN."""
    what = "The API key's secret" if key else "The account's auth token"
    secret = os.environ.get(_SECRET) or read_secret(what, from_stdin=from_stdin)
    token = ""
    if key:
        token = os.environ.get(_TOKEN) or read_secret("The account's auth token", from_stdin=False)
    with cli_of(context).client() as client:
        found = client.create_telephony_account(
            name=name,
            account_sid=account_sid,
            secret=secret,
            key_sid=key,
            auth_token=token,
            sender=sender,
            service_sid=service,
            daily_texts=texts,
            daily_calls=calls,
        )
    if as_json:
        print_json(found)
        return
    say(f"{found['name']} is connected. Try it: salesos telephony check {found['id']}")
    say(f"In Twilio, “A message comes in”, HTTP POST: {found['reports_to']}")


@app.command()
def check(context: typer.Context, account_id: str) -> None:
    """Ask Twilio whether it lets us in. Nothing is sent."""
    with cli_of(context).client() as client:
        problem = client.check_telephony_account(uuid_of(account_id, "account"))["problem"]
    if problem:
        say(problem, style="red")
        raise typer.Exit(1)
    say("Twilio lets us in.", style="green")


@app.command()
def pause(context: typer.Context, account_id: str) -> None:
    """Nothing leaves through it for now."""
    with cli_of(context).client() as client:
        client.pause_telephony_account(uuid_of(account_id, "account"))
    say("Paused.", style="green")


@app.command()
def resume(context: typer.Context, account_id: str) -> None:
    """It is used again."""
    with cli_of(context).client() as client:
        client.resume_telephony_account(uuid_of(account_id, "account"))
    say("Resumed.", style="green")


@app.command()
def remove(context: typer.Context, account_id: str) -> None:
    """Delete an account, its key and its address."""
    with cli_of(context).client() as client:
        client.delete_telephony_account(uuid_of(account_id, "account"))
    say("Deleted.", style="green")


@app.command()
def send(
    context: typer.Context,
    task_id: str,
    words: Annotated[str | None, typer.Option("--text", help="Other words than the task's script.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: let it out as it stands.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the text or call of a task, and let exactly that out."""
    found_id = uuid_of(task_id, "task")
    more = {"body": words} if words is not None else {}
    with cli_of(context).client() as client:
        shown = client.preview_task_outgoing(found_id, **more)
        if not as_json:
            say(f"To {shown['recipient']} from {shown['sender']}, allowed by {shown['rule']}:")
            say(shown["body"] or "A call: your own phone rings first.")
        if not yes and not typer.confirm("Let it out?"):
            raise typer.Exit(1)
        item = client.send_task(found_id, digest=shown["digest"], **more)
    if as_json:
        print_json(item)
    else:
        say(f"It is on its way ({item['state']}).", style="green")
