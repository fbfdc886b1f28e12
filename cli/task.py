"""`salesos task`: what waits for a person, and how it went."""

from typing import Annotated, Any

import typer

from agents.task_outcomes import TaskResult
from cli.opening import cli_of, uuid_of
from cli.output import AsJson, print_json, print_table, say

app = typer.Typer(no_args_is_help=True, help="Calls, LinkedIn notes and text messages that wait for a person.")


@app.command("list")
def list_(context: typer.Context, limit: int = 20, as_json: AsJson = False) -> None:
    """Open tasks by due time."""
    with cli_of(context).client() as client:
        found = client.list_tasks(limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [(one["id"], one["kind"], one["due_at"][:16], one["title"]) for one in found["items"]]
    print_table("Tasks", ["id", "kind", "due", "title"], rows, empty="Nothing waits for a person.")


@app.command("log")
def log(
    context: typer.Context,
    task_id: str,
    result: TaskResult,
    note: Annotated[str, typer.Option(help="A few words that stay with the task.")] = "",
    at: Annotated[str, typer.Option(help="With call_back: when, as 2026-06-03T10:30+02:00.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say how a call, a note or a text message went; what follows from it happens at once."""
    body: dict[str, Any] = {"result": result.value, "note": note}
    if at:
        body["call_back_at"] = at
    with cli_of(context).client() as client:
        found = client.log_task(uuid_of(task_id, "task"), **body)
    if as_json:
        print_json(found)
    else:
        say(f"Logged. {found['follows']}", style="green")
