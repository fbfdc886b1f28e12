"""`salesos sequence`: which touches a lead gets by its tier, each change a new version."""

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from cli.opening import cli_of, read_yaml
from cli.output import AsJson, print_json, print_table, say
from core.errors import Rejected
from scoring.sequence import SequenceSpec
from scoring.sequence_reading import SequenceError, parse_sequence

app = typer.Typer(no_args_is_help=True, help="Sequences: which touches a lead gets, by its tier.")

Name = Annotated[str, typer.Argument(help="Such as tier-1-seven-touches.")]
Number = Annotated[int | None, typer.Option(min=1, help="A number; without it the one in force.")]


class SequenceRefused(Rejected):
    code = "sequence_wrong"


@app.command()
def check(file: Path, as_json: AsJson = False) -> None:
    """Say everything that is wrong with a sequence file, at once."""
    spec = _parsed(file, read_yaml(file))
    if as_json:
        print_json({"sequence": spec.name, "steps": len(spec.touches), "problems": []})
    else:
        say(f"{file} is a sound sequence: {spec.name}, {len(spec.touches)} steps.", style="green")


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the sequences: the version in force, and where their leads stand."""
    with cli_of(context).client() as client:
        found = client.list_sequences()["items"]
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one["name"],
            one["version"],
            len(one["steps"]),
            one["enrolled"]["active"],
            one["enrolled"]["paused"],
            ", ".join(f"{on['leads']} on {on['version']}" for on in one["on_versions"]),
        )
        for one in found
    ]
    print_table("Sequences", ["name", "version", "steps", "going on", "paused", "leads on versions"], rows, empty="")


@app.command()
def show(context: typer.Context, name: Name, version: Number = None, as_json: AsJson = False) -> None:
    """Show a sequence as it was set: what `set` reads."""
    with cli_of(context).client() as client:
        number = version or _in_force(client, name)
        found = client.get_sequence_version(name, number)
    if as_json:
        print_json(found)
        return
    say(f"# {name}, version {number}, by {found['created_by']}. {found['note']}".rstrip())
    typer.echo(yaml.safe_dump(found["definition"], sort_keys=False, allow_unicode=True), nl=False)


@app.command("set")
def set_(
    context: typer.Context,
    file: Path,
    note: Annotated[str, typer.Option(help="Why, in your words.")] = "",
    as_json: AsJson = False,
) -> None:
    """Put a sequence in force as its next version. Leads that are in it stay on theirs until they are moved."""
    document = read_yaml(file)
    name = _parsed(file, document).name
    with cli_of(context).client() as client:
        before = _in_force(client, name)
        found = client.set_sequence(name, definition=document, note=note, based_on=before)
        changed = client.list_sequence_version_changes(name, found["number"], against=before)["items"]
    if as_json:
        print_json({"sequence": name, "version": found["number"], "added": found["number"] != before})
    elif found["number"] == before:
        say(f"{name}: version {before} says the same already; nothing was saved.")
    else:
        say(f"{name}: version {found['number']} is in force for leads that enter from now on.", style="green")
        rows = [(one["step"] or "all", one["what"], one["before"], one["after"]) for one in changed]
        print_table(f"Against version {before}", ["step", "what", "before", "after"], rows, empty="")
        say(
            f"Leads that are in it stay: salesos sequence move {name} shows what moving them would change.", style="dim"
        )


@app.command()
def move(
    context: typer.Context,
    name: Name,
    to: Annotated[int | None, typer.Option(min=1, help="The version; without it the one in force.")] = None,
    of: Annotated[int | None, typer.Option("--from", min=1, help="Only leads on this version.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it, only what it would change is shown.")] = False,
    as_json: AsJson = False,
) -> None:
    """Move running leads to a version. What was sent stays; what is to come is planned anew."""
    asked: dict[str, Any] = {"to_version": to, "from_version": of}
    with cli_of(context).client() as client:
        found = client.move_sequence(name, **asked) if yes else client.preview_sequence_move(name, **asked)
    if as_json:
        print_json({**found, "done": yes})
        return
    would = "were" if yes else "would be"
    say(f"{found['moved']:,} leads {would} moved to version {found['to_version']}; {found['stayed']:,} stay.")
    say(f"{found['drafts']:,} drafts {would} taken back; {found['finished']:,} sequences end.")
    rows = [(one["company"], one["done"], _steps(one["before"]), _steps(one["after"])) for one in found["samples"]]
    if rows:
        print_table("Such as", ["company", "done", "to come now", "to come then"], rows, empty="")
    if not yes and found["moved"]:
        say("Nothing was changed. With --yes it is done.")


def _in_force(client: Any, name: str) -> int:
    items = client.list_sequence_versions(name)["items"]
    return int(next(one["number"] for one in items if one["in_force"]))


def _steps(steps: list[dict[str, Any]]) -> str:
    return ", ".join(f"{one['channel']} {one['due_at'][:10]}" for one in steps) or "–"


def _parsed(file: Path, document: Any) -> SequenceSpec:
    try:
        return parse_sequence(document)
    except SequenceError as error:
        lines = "\n".join(f"  {path or 'file'}: {text}" for path, text in error.problems)
        raise SequenceRefused(f"{file} cannot be used:\n{lines}", hint="Mend what is named above.") from error
