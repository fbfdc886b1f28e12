"""`salesos variant`: other words for a template, tried on half of the companies, adopted by a person."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.opening import cli_of, uuid_of
from cli.output import AsJson, print_json, print_table, say
from core.errors import Rejected

app = typer.Typer(no_args_is_help=True, help="Variants: other words for a template, tried on half of the companies.")

Id = Annotated[str, typer.Argument(help="Of the variant: `salesos variant list` has it.")]


@app.command("list")
def list_(
    context: typer.Context,
    template: Annotated[str, typer.Option(help="Such as first_mail/hiring.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the variants and what their tests say."""
    with cli_of(context).client() as client:
        found = client.list_variants(template=template)["items"]
    if as_json:
        print_json(found)
        return
    rows = [
        (v["id"], v["reference"], v["name"], v["state"], _arm(v["control"]), _arm(v["variant"]), _verdict(v))
        for v in found
    ]
    columns = ["id", "variant", "name", "state", "old", "new", "says"]
    print_table("Variants (answered of companies)", columns, rows, empty="Nothing was tried yet.")


@app.command()
def add(
    context: typer.Context,
    template: Annotated[str, typer.Argument(help="Such as first_mail/hiring.")],
    file: Annotated[Path, typer.Argument(help="Its words, written like the template.")],
    name: Annotated[str, typer.Option(help="What it tries, in your words.")],
    max_companies: Annotated[int | None, typer.Option(help="Then the test ends undecided.")] = None,
    as_json: AsJson = False,
) -> None:
    """Try other words on half of the companies. Refused where the gate would hold a mail of them."""
    try:
        source = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Rejected(f"{file} cannot be read: {error}.", hint="It must be a text in UTF-8.") from error
    body: dict[str, Any] = {"template": template, "name": name, "source": source}
    if max_companies is not None:
        body["max_companies"] = max_companies
    with cli_of(context).client() as client:
        found = client.add_variant(**body)
    if as_json:
        print_json(found)
    else:
        say(f"{found['reference']} is tried against {found['against']}: {found['id']}", style="green")


@app.command()
def show(context: typer.Context, variant_id: Id, as_json: AsJson = False) -> None:
    """Show a variant's words, and what its test says."""
    with cli_of(context).client() as client:
        found = client.get_variant(uuid_of(variant_id, "variant"))
    if as_json:
        print_json(found)
        return
    say(f"{found['reference']}, {found['name']}: {found['state']}, against {found['against']}")
    say(
        f"Answered: {_arm(found['control'])} with the old words, {_arm(found['variant'])} with the new. "
        f"Says: {_verdict(found)}."
    )
    say(f"Evidence {found['evidence']} of {found['needed']:g}. {found['reason']}")
    typer.echo(found["source"])


@app.command()
def adopt(
    context: typer.Context,
    variant_id: Id,
    anyway: Annotated[bool, typer.Option("--anyway", help="Although it is not shown to be better.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write to everybody with these words from the next draft on."""
    with cli_of(context).client() as client:
        found = client.adopt_variant(uuid_of(variant_id, "variant"), anyway=anyway)
    if as_json:
        print_json(found)
    else:
        say(f"{found['reference']} is in force.", style="green")


@app.command()
def stop(context: typer.Context, variant_id: Id, as_json: AsJson = False) -> None:
    """End a test; of an adopted variant: the built-in template serves again."""
    with cli_of(context).client() as client:
        found = client.stop_variant(uuid_of(variant_id, "variant"))
    if as_json:
        print_json(found)
    else:
        say(f"{found['reference']} is stopped.", style="green")


def _arm(arm: dict[str, Any]) -> str:
    return f"{arm['answered']} of {arm['companies']}"


def _verdict(found: dict[str, Any]) -> str:
    return str(found["verdict"] or "not known").replace("_", " ")
