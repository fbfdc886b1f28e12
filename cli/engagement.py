"""`salesos engagement`: the ledger of hits."""

import typer

from agents import hits
from cli.opening import cli_of
from cli.output import AsJson, print_json, progress, say
from scoring.hit_rules import RULES_VERSION

app = typer.Typer(no_args_is_help=True, help="Who followed links: people or machines.")


@app.command()
def relabel(context: typer.Context, as_json: AsJson = False) -> None:
    """Label every hit by the rules of now, and derive anew what follows. Again: changes nothing."""
    with cli_of(context).open() as opened, progress() as bar:
        bar.add_task("Labelling", total=None)
        changed = hits.relabel(opened.context)
    if as_json:
        print_json({"changed": changed, "rules": RULES_VERSION})
    else:
        say(f"{changed} labels changed; all are of {RULES_VERSION} now.", style="green")
