"""`salesos writing`: rules learned from what people change in drafts, adopted or undone by a person."""

from typing import Annotated, Any

import typer

from cli.opening import cli_of, uuid_of
from cli.output import AsJson, print_json, print_table, say
from core.errors import Rejected

app = typer.Typer(no_args_is_help=True, help="What people keep changing in drafts, as rules.")
rules = typer.Typer(no_args_is_help=True, help="Rules learned from edits: proposed, adopted and undone.")
app.add_typer(rules, name="rules")

Id = Annotated[str, typer.Argument(help="Of the rule: `salesos writing rules list` has it.")]
_STATES = ("proposed", "adopted", "undone")


@rules.command("list")
def list_(
    context: typer.Context,
    state: Annotated[str, typer.Option(help="proposed, adopted or undone; without it all.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the rules with what they would have done. Needs the right to see people: the words are words of mails."""
    if state and state not in _STATES:
        raise Rejected(f"There is no state {state!r}.", hint=f"There are: {', '.join(_STATES)}.")
    with cli_of(context).client() as client:
        found = [rule for rule in client.list_edit_rules()["items"] if not state or rule["state"] == state]
    if as_json:
        print_json(found)
        return
    rows = [
        (rule["id"], rule["state"], rule["kind"], rule["template"] or "all", rule["find"], rule["put"] or "(left out)",
         f"{rule['would_change']} of {rule['of']}", f"{rule['helped']} / {rule['harmed']}")
        for rule in found
    ]  # fmt: skip
    columns = ["id", "state", "kind", "template", "finds", "puts", "would change", "helps / harms"]
    print_table("Rules learned from edits", columns, rows, empty="People changed nothing often enough yet.")


@rules.command()
def adopt(context: typer.Context, rule_id: Id, as_json: AsJson = False) -> None:
    """Make this change in every draft from now on, where the draft still passes the gate with it."""
    with cli_of(context).client() as client:
        found = client.adopt_edit_rule(uuid_of(rule_id, "rule"))
    _told(found, "is in force", as_json)


@rules.command()
def undo(context: typer.Context, rule_id: Id, as_json: AsJson = False) -> None:
    """Take a rule back, or dismiss one that is proposed."""
    with cli_of(context).client() as client:
        found = client.undo_edit_rule(uuid_of(rule_id, "rule"))
    _told(found, "is undone", as_json)


def _told(found: dict[str, Any], what: str, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        say(f"“{found['find']}” → “{found['put']}” {what}.", style="green")
