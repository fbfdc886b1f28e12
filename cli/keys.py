"""`salesos keys`: keys change without stopping: rotate, then reseal; rewrap where the master key changed."""

import typer

from cli.opening import cli_of
from cli.output import AsJson, print_json, print_table, progress, say
from store import vault

app = typer.Typer(no_args_is_help=True, help="Keys that seal personal data.")


@app.command()
def rotate(context: typer.Context, as_json: AsJson = False) -> None:
    """Make a new data key that seals from now on; the old ones still open."""
    with cli_of(context).open() as opened:
        application = opened.application
        vault.rotate_data_key(application.database, opened.workspace.id, application.master_keys, application.clock)
    if as_json:
        print_json({"rotated": True})
    else:
        say("A new data key seals from now on. Restart servers and workers; then run `salesos keys reseal`.")


@app.command()
def rewrap(context: typer.Context, as_json: AsJson = False) -> None:
    """Wrap every data key under the master key that stands first; afterwards the old one may go."""
    with cli_of(context).open() as opened:
        application = opened.application
        changed = vault.rewrap_all(application.database, opened.workspace.id, application.master_keys)
    if as_json:
        print_json({"rewrapped": changed})
    else:
        say(f"{changed} keys were wrapped anew.")


@app.command()
def reseal(context: typer.Context, as_json: AsJson = False) -> None:
    """Seal every personal column with the newest key. May be stopped and begun again."""
    with cli_of(context).open() as opened, progress() as bar:
        bar.add_task("Sealing anew", total=None)
        changed = vault.reseal(opened.application.database, opened.workspace.id, opened.context.sealer)
    if as_json:
        print_json(changed)
        return
    rows = [(column, count) for column, count in changed.items() if count]
    print_table("Sealed anew", ["column", "values"], rows, empty="Everything was sealed with the newest key already.")
