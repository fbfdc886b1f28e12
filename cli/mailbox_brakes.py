"""`salesos mailbox brakes`, `lift` and `policy`: what holds mailboxes, and what follows from what a server says."""

from typing import Annotated
from uuid import UUID

import typer

from agents import brakes
from agents.brake_measures import LEAST_SENT, MOST_BOUNCES, MOST_COMPLAINTS
from api.views import deliverability as views
from cli.opening import cli_of
from cli.output import AsJson, print_json, print_table, say
from core.errors import Rejected


def show(
    context: typer.Context,
    lifted: Annotated[bool, typer.Option(help="Those that were lifted, instead of those that stand.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the mailboxes and domains that send nothing because of what came back."""
    with cli_of(context).open() as opened, opened.application.database.read(opened.workspace.id) as session:
        found = views.all_brakes(session, lifted=lifted)
    if as_json:
        print_json(found)
        return
    rows = []
    for row in found:
        then = row.lift_reason if lifted else row.until or "a person lifts it"
        what = "mailbox" if row.mailbox_id else "domain"
        rows.append([str(row.id), what, row.domain, row.cause, row.reason, then])
    columns = ["id", "what", "domain", "cause", "why", "lifted because" if lifted else "until"]
    empty = (
        f"No brake. One is put on at {100 * MOST_BOUNCES:g} % hard bounces and refusals, or at "
        f"{100 * MOST_COMPLAINTS:g} % complaints, of {LEAST_SENT} or more mails in 7 days."
    )
    print_table("Brakes", columns, rows, empty=empty)


def lift(
    context: typer.Context,
    brake: Annotated[str, typer.Argument(help="Its id, from `salesos mailbox brakes`.")],
    reason: Annotated[str, typer.Option(help="What was found, and what was done about it.")],
    as_json: AsJson = False,
) -> None:
    """Let it send again. What came back before counts no more."""
    try:
        brake_id = UUID(brake)
    except ValueError:
        raise Rejected(f"{brake[:40]!r} is no id.", hint="`salesos mailbox brakes` names them.") from None
    with cli_of(context).open() as opened, opened.context.database.write(opened.workspace.id) as session:
        found = views.brake_out(brakes.lift(session, opened.context, brake_id, reason, by=opened.actor))
    if as_json:
        print_json(found)
    else:
        say("The brake is lifted.", style="green")


def policy(as_json: AsJson = False) -> None:
    """Print what follows from each verdict of a server."""
    rules = views.policy()
    if as_json:
        print_json(rules)
        return
    rows = [[rule.verdict.replace("_", " "), rule.means, rule.does, rule.closes.value] for rule in rules]
    print_table("What each verdict does", ["verdict", "it means", "what follows", "closes"], rows, empty="")
