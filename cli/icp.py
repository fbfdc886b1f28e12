"""`salesos icp`: ideal customer profiles, each change a new version."""

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from cli.opening import cli_of, read_yaml
from cli.output import AsJson, print_json, print_table, say
from client import Client
from core.errors import NotFound, Rejected
from scoring.icp import IcpDefinition, IcpError, parse_icp

app = typer.Typer(no_args_is_help=True, help="Ideal customer profiles: who is looked for.")


class IcpRefused(Rejected):
    code = "icp_wrong"


@app.command()
def check(file: Path, as_json: AsJson = False) -> None:
    """Say everything that is wrong with an ICP file, at once."""
    definition = _parsed(file, read_yaml(file))
    if as_json:
        print_json({"name": definition.name, "problems": []})
    else:
        say(f"{file} is a sound ICP: {definition.name}.", style="green")


@app.command()
def add(context: typer.Context, file: Path, as_json: AsJson = False) -> None:
    """Add an ICP, or a new version of the one that has this name."""
    document = read_yaml(file)
    definition = _parsed(file, document)
    with cli_of(context).client() as client:
        known = next((icp for icp in client.list_icps()["items"] if icp["name"] == definition.name), None)
        before = (known["version"] or {}).get("number", 0) if known else 0
        if known:
            number = client.create_icp_version(known["id"], definition=document)["number"]
        else:
            number = client.create_icp(definition=document)["version"]["number"]
    if as_json:
        print_json({"name": definition.name, "version": number, "added": number != before})
    elif number != before:
        say(f"{definition.name}: version {number} added.", style="green")
    else:
        say(f"{definition.name}: version {number} says the same already; nothing was added.")


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the ICPs and their newest versions."""
    with cli_of(context).client() as client:
        newest = [(icp["name"], icp["version"]) for icp in client.list_icps()["items"] if icp["version"]]
    if as_json:
        print_json([{"name": n, "version": v["number"], "created_at": v["created_at"]} for n, v in newest])
    else:
        rows = [(name, version["number"], version["created_at"][:16]) for name, version in newest]
        columns = ["name", "version", "since"]
        print_table("ICPs", columns, rows, empty="No ICP yet: `salesos icp add examples/icp.yaml`.")


@app.command()
def show(
    context: typer.Context,
    name: str,
    version: Annotated[int | None, typer.Option(help="A number; without it the newest.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show an ICP as it was written."""
    with cli_of(context).client() as client:
        icp = by_name(client, name)
        found = icp["version"]
        if version is not None and (found is None or found["number"] != version):
            versions = client.pages(client.list_icp_versions, icp["id"])
            found = next((v for v in versions if v["number"] == version), None)
    if found is None:
        raise NotFound(f"{name} has no version {version}.", hint="Leave out --version for the newest.")
    if as_json:
        print_json({"name": icp["name"], "version": found["number"], "definition": found["definition"]})
    else:
        say(f"# {icp['name']}, version {found['number']}, of {found['created_at'][:10]} by {found['created_by']}")
        typer.echo(yaml.safe_dump(found["definition"], sort_keys=False, allow_unicode=True), nl=False)


@app.command()
def preview(context: typer.Context, file: Path, as_json: AsJson = False) -> None:
    """Say which leads of the ICP of this name would change tier, and why, if the file were its next version."""
    document = read_yaml(file)
    definition = _parsed(file, document)
    with cli_of(context).client() as client:
        found = client.preview_icp_tiers(by_name(client, definition.name)["id"], definition=document)
    if as_json:
        print_json(found)
        return
    say(
        f"{found['changed']:,} of {found['leads']:,} leads would change tier, against version {found['compared_with']}."
    )
    moves = [(one["before"], one["after"], one["leads"]) for one in found["changes"]]
    print_table("Changes", ["from tier", "to tier", "leads"], moves, empty="Nothing was saved; nothing would change.")
    rows = [(one["company"], one["before"], one["after"], _why(one["reasons"])) for one in found["samples"]]
    if rows:
        print_table("Such as", ["company", "from", "to", "because"], rows, empty="")


@app.command()
def outcomes(
    context: typer.Context,
    name: str,
    version: Annotated[int | None, typer.Option(min=1, help="A number; without it the newest.")] = None,
    against: Annotated[int | None, typer.Option(min=1, help="Another version, over the same leads.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare a version's tiers with what happened: replies, meetings, won deals."""
    asked: dict[str, Any] = {
        key: value for key, value in (("version", version), ("against", against)) if value is not None
    }
    with cli_of(context).client() as client:
        found = client.get_icp_outcomes(by_name(client, name)["id"], **asked)
    if as_json:
        print_json(found)
        return
    for one in found["versions"]:
        rows = [
            (tier["tier"] or "all", tier["leads"], *(_rate(tier["rates"][what]) for what in _WHAT))
            for tier in one["tiers"]
        ]
        columns = ["tier", "leads", *(what.replace("_", " ") for what in _WHAT)]
        print_table(f"{name}, version {one['version']}", columns, rows, empty="")
        for what in _WHAT:
            say(f"{what.replace('_', ' ')}: {_order(one['orders'][what])}")
    if found["too_young"]:
        say(f"{found['too_young']:,} leads were first written to too lately to count.", style="dim")


@app.command()
def rollback(
    context: typer.Context,
    name: str,
    version: Annotated[int, typer.Argument(min=1, help="The number to go back to.")],
    as_json: AsJson = False,
) -> None:
    """Put an earlier version in force again and score all leads by it; no version is lost."""
    with cli_of(context).client() as client:
        done = client.restore_icp_version(by_name(client, name)["id"], version)
    if as_json:
        print_json(done)
    elif done["number"] == version or done["run_id"] is None:
        say(f"{name}: version {done['number']} says the same as version {version}; no lead had to be scored again.")
    else:
        say(f"{name}: version {version} is in force again, as version {done['number']}.", style="green")
        say(f"Its leads are being scored again: salesos run show {done['run_id']}")


_WHAT = ("reply", "positive_reply", "meeting", "won")


def _why(reasons: list[dict[str, Any]]) -> str:
    told = [one["after"] or f"No longer: {one['before']}" for one in reasons[:3]]
    return "\n".join(told)


def _rate(rate: dict[str, Any]) -> str:
    if rate["value"] is None:
        return f"{rate['outcomes']} (too few leads)"
    return f"{rate['value']:.1%} ({rate['low']:.1%} to {rate['high']:.1%}; {rate['outcomes']})"


def _order(order: dict[str, Any]) -> str:
    if order["average_precision"] is None:
        return f"the order by priority cannot be judged yet: {order['reason']}"
    rises = "" if order["rises"] else "; a higher fifth had clearly fewer than a lower one"
    return f"average precision {order['average_precision']:.2f}, by chance {order['base_rate']:.2f}{rises}"


def by_name(client: Client, name: str) -> dict[str, Any]:
    """Raises NotFound, with the names there are."""
    icps = client.list_icps()["items"]
    found: dict[str, Any] | None = next((icp for icp in icps if icp["name"] == name), None)
    if found is None:
        names = ", ".join(icp["name"] for icp in icps[:20])
        hint = f"There are: {names}." if names else "Add one: salesos icp add."
        raise NotFound(f'There is no ICP "{name}".', hint=hint)
    return found


def _parsed(file: Path, document: dict[str, Any]) -> IcpDefinition:
    try:
        return parse_icp(document)
    except IcpError as error:
        lines = "\n".join(f"  {problem.path}: {problem.message}" for problem in error.problems)
        count = len(error.problems)
        raise IcpRefused(
            f"{file} has {count} problem{'s' if count > 1 else ''}:\n{lines}",
            hint="Mend them and try again; examples/icp.yaml shows every field.",
        ) from error
