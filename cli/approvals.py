"""`salesos approvals`: drafts that wait for a person. What is approved is what was printed, byte for byte."""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import click
import typer

from cli.opening import cli_of, uuid_of
from cli.output import AsJson, print_json, print_table, say
from client import Client
from core.errors import Rejected

app = typer.Typer(no_args_is_help=True, help="Drafts that wait for a person.")

Hash = Annotated[str, typer.Option("--hash", help="Of the draft as you read it; another one is refused.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask again.")]


@app.command("list")
def list_(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=200, help="The most that are listed.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List what waits for a decision, what it may bring first."""
    with cli_of(context).client() as client:
        found = client.list_approvals(limit=limit)["items"]
    if as_json:
        print_json(found)
        return
    rows = [
        (s["approval_id"], s["kind"].replace("_", " "), s["company"], s["subject"] or "", s["problems"] or "")
        for s in found
    ]
    columns = ["id", "kind", "company", "subject", "to mend"]
    print_table("Waiting for you", columns, rows, empty="Nothing waits for a decision.")


@app.command()
def show(context: typer.Context, approval_id: str, as_json: AsJson = False) -> None:
    """Show a draft with its evidence."""
    with cli_of(context).client() as client:
        found = client.get_approval(_id(approval_id))
    if as_json:
        print_json(found)
    else:
        _print(found)


@app.command()
def approve(
    context: typer.Context, approval_id: str, content_hash: Hash = "", yes: Yes = False, as_json: AsJson = False
) -> None:
    """Print exactly what will be sent, ask, and approve that."""
    with cli_of(context).client() as client:
        found = client.get_approval(_id(approval_id))
        if not as_json:
            _print(found)
        if not yes and not content_hash:
            _ask("Send this?")
        decided = _decide(client, found, "approve", content_hash, "")
    if as_json:
        print_json(decided)
    else:
        say("Approved. Until it leaves, `salesos approvals undo` takes it back.")


@app.command()
def reject(
    context: typer.Context,
    approval_id: str,
    reason: Annotated[str, typer.Option(help="A few words: they say what to do better next time.")],
    content_hash: Hash = "",
    as_json: AsJson = False,
) -> None:
    """Reject a draft, with a reason."""
    with cli_of(context).client() as client:
        found = client.get_approval(_id(approval_id))
        decided = _decide(client, found, "reject", content_hash, reason.strip()[:1_000])
    if as_json:
        print_json(decided)
    else:
        say("Rejected.")


@app.command()
def edit(
    context: typer.Context,
    approval_id: str,
    subject: Annotated[str, typer.Option(help="Another subject.")] = "",
    body_file: Annotated[Path | None, typer.Option(help="Another body; without it your editor opens.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write it better: a new draft takes its place and waits for its own approval."""
    with cli_of(context).client() as client:
        found = client.get_approval(_id(approval_id))
        body = _body(found, subject, body_file)
        revised = client.edit_approval(found["approval_id"], subject=subject or found["subject"], body=body)
        new = client.get_approval(revised["approval_id"])
    if as_json:
        print_json(new)
    else:
        _print(new)


@app.command()
def undo(context: typer.Context, approval_id: str, as_json: AsJson = False) -> None:
    """Take an approval back, while the mail has not left."""
    with cli_of(context).client() as client:
        undone = client.undo_approval(_id(approval_id))
    if as_json:
        print_json(undone)
    else:
        say("Undone: it waits for a decision again.")


def _id(text: str) -> UUID:
    return uuid_of(text, "approval")


def _decide(client: Client, found: dict[str, Any], action: Any, content_hash: str, reason: str) -> Any:
    read = content_hash or found["content_hash"]
    return client.decide_approval(found["approval_id"], action=action, content_hash=read, reason=reason)


def _ask(question: str) -> None:
    if not typer.confirm(question):
        raise Rejected("Nothing was sent: you said no.", hint="`salesos approvals edit` changes it, `reject` ends it.")


def _body(found: dict[str, Any], subject: str, body_file: Path | None) -> str:
    if body_file is not None:
        try:
            return body_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Rejected(f"{body_file} cannot be read.", hint="Check the path; it is text in UTF-8.") from error
    before = str(found["body"] or "")
    if subject:
        return before
    written = click.edit(before)
    if written is None or written.strip() == before.strip():
        raise Rejected("Nothing was changed.", hint="Save the file in your editor to keep an edit.")
    return written


def _print(found: dict[str, Any]) -> None:
    to = f"{found['person'].get('name') or ''} <{found['person'].get('email') or 'hidden'}>".strip()
    say(f"From:    {found['sender']}\nTo:      {to}\nSubject: {found['subject'] or 'hidden'}\n")
    say(found["body"] or "Your key may see that this draft waits, not what it says.")
    parts = (
        ("Links", found["links"]),
        ("Evidence", [_evidence(item) for item in found["evidence"]]),
        ("Held back by", [f"{p['message']} {p.get('excerpt') or ''}".strip() for p in found["problems"]]),
    )
    for title, lines in parts:
        if lines:
            say(f"\n{title}:", style="bold")
            for line in lines:
                say(f"  {line}")
    say(f"\n{found['kind'].replace('_', ' ')}, {found['state']}. Hash {found['content_hash']}", style="dim")


def _evidence(item: dict[str, Any]) -> str:
    quote = f" “{item['quote']}”" if item.get("quote") else ""
    details = (item.get("source"), (item.get("observed_at") or "")[:10], item.get("url"))
    where = ", ".join(filter(None, details))
    return f"{item['field']} = {item['value']}{quote} ({where})"
