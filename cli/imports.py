"""`salesos import`: lists of companies, people and usage, in any shape."""

from pathlib import Path
from typing import Annotated

import typer

from agents import importing
from cli.opening import cli_of
from cli.output import AsJson, print_json, print_table, progress, say
from core.errors import Rejected
from store.models import ImportBatch, ImportState
from tools.mapping.document import Kind, MappingDocument, load_mapping
from tools.mapping.propose import Proposal
from tools.providers.company_source.files import FileCompanySource
from tools.providers.usage.files import FileUsageSource

app = typer.Typer(no_args_is_help=True, help="Take in lists: CSV, JSON, JSON Lines, plain or gzip.")

_READERS = importing.Readers(FileCompanySource, FileUsageSource)
_SHOWN = 10  # bad rows: enough to see what is wrong with a file
Mapping = Annotated[Path | None, typer.Option(help="A mapping in YAML; without it the proposed one is used.")]
Propose = Annotated[bool, typer.Option("--propose", help="Print the proposed mapping and stop.")]


@app.command()
def companies(
    context: typer.Context, file: Path, mapping: Mapping = None, propose: Propose = False, as_json: AsJson = False
) -> None:
    """Take in companies; known ones are merged by domain."""
    _import(context, Kind.COMPANY, file, mapping, propose, as_json)


@app.command()
def people(
    context: typer.Context, file: Path, mapping: Mapping = None, propose: Propose = False, as_json: AsJson = False
) -> None:
    """Take in people at companies that are here already."""
    _import(context, Kind.PERSON, file, mapping, propose, as_json)


@app.command()
def usage(
    context: typer.Context, file: Path, mapping: Mapping = None, propose: Propose = False, as_json: AsJson = False
) -> None:
    """Take in what customers use, a number a metric and day."""
    _import(context, Kind.USAGE, file, mapping, propose, as_json)


def _import(
    context: typer.Context, kind: Kind, file: Path, mapping_file: Path | None, only_propose: bool, as_json: bool
) -> None:
    if only_propose:
        _print_proposal(importing.propose(kind, file), as_json)
        return
    mapping = _mapping(kind, file, mapping_file, as_json)
    with cli_of(context).open() as opened:
        batch = importing.open_batch(opened.context, kind, file, mapping)
        if batch.state is ImportState.DONE:
            _report(batch, [], as_json, repeated=True)
            return
        if batch.cursor and not as_json:
            say(f"Going on after row {batch.rows_read:,}, where the last import stopped.")
        with progress() as bar:
            task = bar.add_task(f"Importing {file.name}", total=None)

            def on_page(current: ImportBatch) -> None:
                bar.update(task, description=f"{current.rows_read:,} rows read, {current.rows_kept:,} kept")

            batch = importing.take_in(opened.context, batch, mapping, _READERS, on_page)
        problems = importing.first_problems(opened.context, batch.id, _SHOWN)
        _report(batch, problems, as_json, repeated=False)
    if batch.rows_read and not batch.rows_kept:
        raise Rejected(
            f"Not one row of {file.name} could be kept.", hint="Look at the reasons, then give a --mapping that fits."
        )


def _mapping(kind: Kind, file: Path, mapping_file: Path | None, as_json: bool) -> MappingDocument:
    if mapping_file is None:
        proposal = importing.propose(kind, file)
        if not as_json:
            _print_choices(proposal)
        return proposal.document
    try:
        mapping = load_mapping(mapping_file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Rejected(f"{mapping_file} cannot be read.", hint="Check the path; it is YAML in UTF-8.") from error
    if mapping.kind is not kind:
        raise Rejected(
            f"{mapping_file} is a mapping of kind {mapping.kind.value}, not {kind.value}.",
            hint=f"`salesos import {importing.NAMES[kind]} {file.name} --propose` prints one that fits.",
        )
    return mapping


def _print_proposal(proposal: Proposal, as_json: bool) -> None:
    """YAML that can be saved as it is: confidences and reasons are comments."""
    if as_json:
        document = proposal.document.model_dump(mode="json", exclude_none=True)
        print_json({"mapping": document, "choices": proposal.choices, "unmapped": proposal.unmapped})
        return
    typer.echo("# Proposed. Change what is wrong, save it, and give it with --mapping.")
    for choice in proposal.choices:
        typer.echo(f"#   {choice.field} ← {', '.join(choice.columns)}: {choice.confidence:.0%}, {choice.reason}")
    if proposal.unmapped:
        typer.echo(f"#   not used: {', '.join(proposal.unmapped)}")
    typer.echo(proposal.document.to_yaml(), nl=False)


def _print_choices(proposal: Proposal) -> None:
    rows = [(c.field, ", ".join(c.columns), f"{c.confidence:.0%}", c.reason) for c in proposal.choices]
    print_table("The proposed mapping is used", ["field", "column", "sure", "because"], rows, empty="")


def _report(batch: ImportBatch, problems: list[tuple[int, str]], as_json: bool, *, repeated: bool) -> None:
    if as_json:
        print_json(
            {
                "id": batch.id,
                "state": batch.state,
                "already_done": repeated,
                "rows_read": batch.rows_read,
                "rows_kept": batch.rows_kept,
                "rows_bad": batch.rows_bad,
                "problems": [{"line": line, "reason": reason} for line, reason in problems],
            }
        )
        return
    counts = f"{batch.rows_read:,} rows read, {batch.rows_kept:,} kept, {batch.rows_bad:,} bad"
    if repeated:
        say(f"This file was imported before with this mapping: {counts}. Nothing was done.")
        return
    if problems:
        rows = [(line or "", reason) for line, reason in problems]
        print_table(f"The first {len(rows)} problems", ["line", "reason"], rows, empty="")
    say(f"{counts}. Import {batch.id}.", style="green" if batch.rows_kept else "")
