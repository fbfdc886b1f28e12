"""`salesos export`: files for a spreadsheet or another CRM."""

import csv
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from cli.opening import cli_of
from cli.output import AsJson, print_json, progress, say
from core.crypto import Sealer
from core.errors import Rejected
from store.queries.exports import Row, book_rows, lead_rows

app = typer.Typer(no_args_is_help=True, help="CSV files: leads and the CRM book.")

Out = Annotated[Path, typer.Option(help="The file to write; there must be none of this name.")]


@app.command()
def leads(context: typer.Context, out: Out, as_json: AsJson = False) -> None:
    """Write every lead, the best first. The file holds personal data in clear."""
    _export(context, out, lead_rows, as_json)


@app.command()
def crm(context: typer.Context, out: Out, as_json: AsJson = False) -> None:
    """Write the local CRM book, in the order things happened. The file holds personal data in clear."""
    _export(context, out, book_rows, as_json)


def _export(context: typer.Context, out: Path, rows: Callable[[Session, Sealer], Iterator[Row]], as_json: bool) -> None:
    written = -1  # the header is no row
    with cli_of(context).open() as opened, progress() as bar:
        bar.add_task(f"Writing {out.name}", total=None)
        try:
            # Readable by its owner only: there are names and addresses in it.
            descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise Rejected(f"{out} is there already.", hint="Choose another name, or move it away.") from None
        except OSError as error:
            raise Rejected(f"{out} cannot be written: {error.strerror or error}.", hint="Check the path.") from error
        with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            with opened.application.database.read(opened.workspace.id) as session:
                for row in rows(session, opened.context.sealer):
                    writer.writerow(row)
                    written += 1
    if as_json:
        print_json({"file": out, "rows": written})
    else:
        say(f"{written:,} rows written to {out}. It holds personal data: keep it no longer than you need it.")
