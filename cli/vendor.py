"""`salesos vendor`: accounts at vendors of data, and what they brought for their money."""

from typing import Annotated, Any

import typer

from cli.opening import cli_of
from cli.output import AsJson, print_json, print_table, say
from core.errors import Rejected

app = typer.Typer(no_args_is_help=True, help="Vendors of data: keys, switches, what they brought.")

_MICROS_A_UNIT = 100_000_000
_Json = dict[str, Any]


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """Every vendor there is, and whether agents ask it."""
    with cli_of(context).client() as client:
        found = client.list_vendors()["items"]
    if as_json:
        print_json(found)
        return
    rows = [(v["name"], ", ".join(v["gives"]), "yes" if v["asked"] else v["why_not"], v["refusal"]) for v in found]
    print_table("Vendors of data", ["name", "gives", "asked", "refusal"], rows, empty="There is none.")


@app.command("set")
def set_(
    context: typer.Context,
    name: str,
    option: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, as often as the vendor has options.")] = None,
    price: Annotated[
        float, typer.Option(min=0, help="What one of its credits costs, in the workspace's currency.")
    ] = 0,
    keep_key: Annotated[bool, typer.Option("--keep-key", help="Change the rest; the key there is stays.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make or change an account. The key is asked for, or read from standard input; it is never shown again."""
    options = dict(_pair(text) for text in option or [])
    with cli_of(context).client() as client:
        spec = next((v for v in client.list_vendors()["items"] if v["name"] == name), None)
        key = None
        if spec is not None and spec["key_help"] and not keep_key:
            key = typer.prompt(f"{spec['label']}: {spec['key_help']}", hide_input=True, err=True).strip()
        body: _Json = {"options": options, "credit_micros": round(price * _MICROS_A_UNIT)}
        shown = client.put_vendor(name, **body, **({} if key is None else {"key": key}))
    _said(shown, as_json)


@app.command()
def on(context: typer.Context, name: str, as_json: AsJson = False) -> None:
    """Let agents ask a vendor."""
    with cli_of(context).client() as client:
        _said(client.switch_vendor(name, on=True), as_json)


@app.command()
def off(context: typer.Context, name: str, as_json: AsJson = False) -> None:
    """Stop agents from asking a vendor; what was bought stays."""
    with cli_of(context).client() as client:
        _said(client.switch_vendor(name, on=False), as_json)


@app.command()
def remove(context: typer.Context, name: str) -> None:
    """Forget an account and its key."""
    with cli_of(context).client() as client:
        client.delete_vendor(name)
    say(f"The account at {name} is gone.", style="green")


@app.command()
def worth(
    context: typer.Context,
    run: Annotated[str | None, typer.Option(help="The id of a run: of it alone.")] = None,
    as_json: AsJson = False,
) -> None:
    """What each vendor brought in 90 days, and which companies cost most."""
    wanted: _Json = {"run_id": run} if run else {}
    with cli_of(context).client() as client:
        found = client.get_data_spend(**wanted)
    if as_json:
        print_json(found)
        return
    rows = [
        (p["provider"], p["capability"], p["asked"], p["filled"], p["moved"], _units(p["cost_micros"]))
        for p in found["providers"]
    ]
    columns = ["vendor", "asked for", "asked", "said something new", "changed a tier", found["currency"]]
    print_table("Vendors of data", columns, rows, empty="Nobody was asked.")
    costs = [(c["name"], c["leads"], _units(c["cost_micros"])) for c in found["companies"][:20]]
    print_table("What cost most", ["company", "leads", found["currency"]], costs, empty="Nothing was paid.")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise Rejected(f"“{text[:60]}” is no option.", hint="Write NAME=VALUE.")
    return name.strip(), value.strip()


def _units(micros: int) -> str:
    return f"{micros / _MICROS_A_UNIT:.2f}"


def _said(vendor: _Json, as_json: bool) -> None:
    if as_json:
        print_json(vendor)
    elif vendor["asked"]:
        say(f"{vendor['label']} is asked from now on.", style="green")
    else:
        say(f"{vendor['label']} is not asked: {vendor['why_not']}", style="yellow")
