"""`salesos suppression`: who is never written to again."""

import csv
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.opening import cli_of
from cli.output import AsJson, print_json, print_table, progress, say
from core.errors import Rejected

app = typer.Typer(no_args_is_help=True, help="Who is never written to again: addresses, domains, companies.")

_BATCH = 1_000
_PAGE = 200
_COLUMNS = ("kind", "value", "reason", "source", "at")
_Json = dict[str, Any]


@app.command("list")
def list_(
    context: typer.Context,
    domain: Annotated[str, typer.Option(help="Only what suppresses this domain.")] = "",
    reason: Annotated[str, typer.Option(help="Only of this reason.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=_PAGE)] = 50,
    as_json: AsJson = False,
) -> None:
    """The list. Only keyed hashes are kept; where a contact has the address, it is named by its id."""
    with cli_of(context).client() as client:
        found = client.list_suppressions(domain=domain, reason=reason, limit=limit)
        counts = client.count_suppressions()
    if as_json:
        print_json({**found, "counts": counts})
        return
    rows = [
        (s["kind"], s["key"][:16], s["reason"], s["source"], s["at"][:10], s["contact_id"] or "")
        for s in found["items"]
    ]
    print_table("Never written to", ["kind", "hash", "reason", "source", "since", "contact"], rows, empty="Nobody.")
    say(f"In all: {counts['total']} ({', '.join(f'{n} {r}' for r, n in counts['by_reason'].items()) or 'none'}).")


@app.command()
def add(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="An address, a domain, *.domain, or the id of a company.")],
    reason: Annotated[str, typer.Option(help="manual, opt_out, objection or complaint.")] = "manual",
    as_json: AsJson = False,
) -> None:
    """Never write there again; what is queued is taken back."""
    with cli_of(context).client() as client:
        asked: _Json = {**_named(what), "reason": reason}
        found = client.add_suppression(**asked)
    if as_json:
        print_json(found)
    else:
        say("Never written to again." if found["new"] else "It was on the list before.", style="green")


@app.command()
def remove(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="An address, a domain, *.domain, or the id of a company.")],
    why: Annotated[str, typer.Option(help="mistake, address_works_again, new_consent or test.")],
    as_json: AsJson = False,
) -> None:
    """Take one off the list. Not of a person who said no, unless they consented since."""
    with cli_of(context).client() as client:
        asked: _Json = {**_named(what), "why": why}
        found = client.release_suppression(**asked)
    if as_json:
        print_json(found)
    else:
        say("It is off the list.", style="green")


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV with kind and value, and reason; or with address or domain alone.")],
    source: Annotated[str, typer.Option(help="Where the list comes from.")] = "",
    as_json: AsJson = False,
) -> None:
    """Take a list in, a thousand rows at a time. A second time changes nothing."""
    rows = new = 0
    batch: list[_Json] = []
    try:
        with (
            file.open(encoding="utf-8-sig", newline="") as lines,
            progress() as bar,
            cli_of(context).client() as client,
        ):
            bar.add_task("Importing", total=None)
            reader = csv.DictReader(lines)
            for row in reader:
                batch.append(_entry(row, file.name))
                if len(batch) == _BATCH:
                    new += client.import_suppressions(rows=batch, source=source or file.name[:100])["new"]
                    rows, batch = rows + len(batch), []
            if batch:
                new += client.import_suppressions(rows=batch, source=source or file.name[:100])["new"]
                rows += len(batch)
    except (OSError, UnicodeDecodeError) as error:
        raise Rejected(f"{file} cannot be read: {error}.", hint="It must be a CSV in UTF-8.") from error
    if as_json:
        print_json({"rows": rows, "new": new})
    else:
        say(f"{rows} rows read, {new} new.", style="green")


@app.command()
def export(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Where to; without it, to standard output.")] = None,
) -> None:
    """Write the list as CSV: keyed hashes, which an import into this workspace takes back."""
    out = file.open("w", encoding="utf-8", newline="") if file else sys.stdout
    try:
        writer = csv.writer(out)
        writer.writerow(_COLUMNS)
        cursor: str | None = None
        with cli_of(context).client() as client:
            while True:
                page = client.list_suppressions(limit=_PAGE, **({"cursor": cursor} if cursor else {}))
                writer.writerows(
                    (f"{s['kind']}_key", s["key"], s["reason"], s["source"], s["at"]) for s in page["items"]
                )
                cursor = page["next"]
                if not cursor:
                    break
    finally:
        if file:
            out.close()


def _named(what: str) -> dict[str, str]:
    text = what.strip()
    if "@" in text:
        return {"address": text}
    return {"domain": text} if "." in text else {"company_id": text}


def _entry(row: dict[str, str], name: str) -> _Json:
    found = {key.strip().lower(): (text or "").strip() for key, text in row.items() if key}
    kind, value = found.get("kind", ""), found.get("value", "")
    if not kind:
        named = ("address", "email", "domain", "company", "sha256", "number")
        kind = next((one for one in named if found.get(one)), "")
        value, kind = found.get(kind, ""), "address" if kind == "email" else kind
    if not kind or not value:
        raise Rejected(
            f"A row of {name} names nobody.", hint="It needs the columns kind and value, or address or domain."
        )
    reason = found.get("reason", "")
    known = ("manual", "opt_out", "objection", "complaint", "hard_bounce")
    return {"kind": kind, "value": value, "reason": reason if reason in known else "imported"}
