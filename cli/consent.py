"""`salesos consent`: legal bases with their evidence, one by one and from files."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.opening import cli_of, uuid_of
from cli.output import AsJson, print_json, print_table, progress, say, warn
from core.errors import Rejected

app = typer.Typer(no_args_is_help=True, help="Why people may be written to: consents and other bases, with evidence.")

_BATCH = 500
_NEEDED = ("address", "basis", "evidence", "given_at")
_MORE = ("channel", "ground", "expires_at")
_SHOWN = 20  # problems that are printed; --json has all


@app.command("list")
def list_(context: typer.Context, contact_id: str, as_json: AsJson = False) -> None:
    """Every record of a contact, and what holds now."""
    with cli_of(context).client() as client:
        found = client.list_legal_bases(uuid_of(contact_id, "contact"))
    if as_json:
        print_json(found)
        return
    rows = [
        (b["channel"], b["basis"], b["given_at"][:10], (b["expires_at"] or "")[:10], (b["withdrawn_at"] or "")[:10],
         "yes" if b["holds"] else "no", b["evidence"] or "")
        for b in found["items"]
    ]  # fmt: skip
    columns = ["channel", "basis", "given", "ends", "withdrawn", "holds", "evidence"]
    print_table("Legal bases", columns, rows, empty="None is on record.")
    told = found["notice_given_at"]
    say(f"The notice of GDPR Art. 14 was given on {told[:10]}." if told else "No notice of GDPR Art. 14 was given yet.")


@app.command()
def record(
    context: typer.Context,
    contact_id: str,
    basis: str,
    evidence: Annotated[str, typer.Option(help="Where it can be shown.")],
    given: Annotated[str, typer.Option(help="The day, as 2026-03-02.")],
    channel: Annotated[str, typer.Option(help="mail, phone, sms or linkedin.")] = "mail",
    ground: Annotated[str, typer.Option(help="Of an implied consent: inquiry, purchase or published.")] = "",
    as_json: AsJson = False,
) -> None:
    """Record a legal basis: consent, implied_consent, soft_opt_in, existing_customer, legitimate_interest."""
    body: dict[str, Any] = {"basis": basis, "evidence": evidence, "given_at": _instant(given), "channel": channel}
    body["ground"] = ground
    with cli_of(context).client() as client:
        found = client.record_legal_basis(uuid_of(contact_id, "contact"), **body)
    if as_json:
        print_json(found)
    else:
        say("On record." if found["new"] else "It was on record before.", style="green")


@app.command()
def withdraw(
    context: typer.Context,
    contact_id: str,
    channel: Annotated[str, typer.Option(help="One channel; all, if left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """End what holds: they took it back. If they want no mail at all, suppress them too."""
    with cli_of(context).client() as client:
        asked: dict[str, Any] = {"channel": channel}
        found = client.withdraw_legal_bases(uuid_of(contact_id, "contact"), **asked)
    if as_json:
        print_json(found)
    else:
        say(f"Ended: {found['records']} records.", style="green")


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="CSV with address, basis, evidence, given_at; channel, ground, expires_at.")
    ],
    source: Annotated[str, typer.Option(help="Where the list comes from.")] = "",
    as_json: AsJson = False,
) -> None:
    """Take legal bases from a file. A second time changes nothing. Exit code 1 where a row was left out."""
    new, first = 0, 2
    problems: list[tuple[int, str]] = []
    try:
        with (
            file.open(encoding="utf-8-sig", newline="") as lines,
            progress() as bar,
            cli_of(context).client() as client,
        ):
            reader = csv.DictReader(lines)
            if missing := [name for name in _NEEDED if name not in (reader.fieldnames or ())]:
                raise Rejected(
                    f"{file.name} has no column {', '.join(missing)}.", hint=f"It needs {', '.join(_NEEDED)}."
                )
            bar.add_task("Importing", total=None)
            batch: list[dict[str, Any]] = []
            for row in reader:
                batch.append(_row(row))
                if len(batch) == _BATCH:
                    new, first = new + _send(client, batch, source, problems, first), first + len(batch)
                    batch = []
            if batch:
                new += _send(client, batch, source, problems, first)
    except (OSError, UnicodeDecodeError) as error:
        raise Rejected(f"{file} cannot be read: {error}.", hint="It must be a CSV in UTF-8.") from error
    if as_json:
        print_json({"new": new, "problems": problems})
    else:
        say(f"Something new is on record of {new} contacts.", style="green")
        for line, text in problems[:_SHOWN]:
            warn(f"  line {line}: {text}")
    if problems:
        raise Rejected(f"{len(problems)} rows were left out.", hint="Mend them and import the file again.")


def _send(client: Any, batch: list[dict[str, Any]], source: str, problems: list[tuple[int, str]], first: int) -> int:
    found = client.import_legal_bases(rows=batch, source=source)
    problems += [(first + one["row"], one["message"]) for one in found["problems"]]
    return int(found["new"])


def _row(row: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {name: (row.get(name) or "").strip() for name in _NEEDED}
    found |= {name: text for name in _MORE if (text := (row.get(name) or "").strip())}
    for name in ("given_at", "expires_at"):
        if found.get(name):
            found[name] = _instant(found[name])
    return found


def _instant(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Rejected(f"“{text[:40]}” is no day.", hint="As in 2026-03-02.", code="invalid") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()
