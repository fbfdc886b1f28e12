"""`salesos law`: what a first message asks for, by country and channel; the very table that decides."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from agents import jurisdiction
from cli.output import AsJson, print_json, print_table
from core.errors import Rejected

app = typer.Typer(no_args_is_help=True, help="The table of laws that decides who may be written to.")


@app.command()
def show(
    country: Annotated[str, typer.Argument(help="ISO 3166-1, as DE; all named ones, if left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Print the table, or a country's part of it."""
    code = country.strip().upper()
    if code and not (len(code) == 2 and code.isalpha()):
        raise Rejected(f"“{country[:20]}” is no country.", hint="Two letters, as DE.")
    countries = [code] if code else [*jurisdiction.named_countries(), "*", ""]
    found: list[dict[str, Any]] = [asdict(row) for one in countries for row in jurisdiction.rows_of(one)]
    if as_json:
        print_json(found)
        return
    rows = [
        (
            {"*": "others", "": "not known"}.get(row["country"], row["country"]),
            row["channel"].value + (f", {row['subscriber']}" if row["subscriber"] == "individual" else ""),
            row["without"].replace("_", " "),
            ", ".join(row["bases"]) or ("any" if row["without"] == "allow" else "none"),
            row["rule"],
            row["source"],
        )
        for row in found
    ]
    print_table("Law", ["country", "channel", "without a basis", "with", "rule", "source"], rows, empty="No row.")
