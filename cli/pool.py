"""`salesos pool`: people who share out the meetings of some leads, as YAML; the ledger; handing over."""

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from cli.opening import cli_of, read_yaml, uuid_of
from cli.output import AsJson, print_json, print_table, say
from core.errors import NotFound, Rejected

app = typer.Typer(no_args_is_help=True, help="Pools: who shares out the meetings of which leads.")

Name = Annotated[str, typer.Argument(help="Of the pool, or its id.")]
_PLAIN = ("name", "active", "everyone", "minutes", "ownership", "owner_counts", "no_show_counts", "needs")


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """Every pool, whose leads it takes, and who is in it."""
    with cli_of(context).client() as client:
        found = client.list_pools()["items"]
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one["name"],
            "yes" if one["active"] else "no",
            "everyone's" if one["everyone"] else ", ".join(icp["name"] for icp in one["icps"]) or "–",
            ", ".join(member["name"] for member in one["members"] if member["here"]),
            sum(member["paid"] for member in one["members"]),
        )
        for one in found
    ]
    columns = ["name", "in use", "leads of", "members", "meetings"]
    print_table("Pools", columns, rows, empty="No pool: leads meet whoever writes to them.")


@app.command()
def show(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """A pool as YAML: what `set` reads. What was owed and paid: --json, or `ledger`."""
    with cli_of(context).client() as client:
        found = _pool(client, name)
    if as_json:
        print_json(found)
        return
    members = [
        {"user_id": one["user_id"], "weight": one["weight"], "skills": one["skills"], "active": one["active"]}
        for one in found["members"]
        if one["here"]
    ]
    document = {key: found[key] for key in _PLAIN} | {"icps": [icp["name"] for icp in found["icps"]]}
    document["needs"] = [
        {key: value for key, value in need.items() if value not in (None, [])} for need in found["needs"]
    ]
    typer.echo(yaml.safe_dump(document | {"members": members}, sort_keys=False, allow_unicode=True), nl=False)


@app.command("set")
def set_(context: typer.Context, file: Path, as_json: AsJson = False) -> None:
    """Make the pool of a YAML file, or change the one of that name. Members are named by `email` or `user_id`; whom the
    file does not name leaves the pool."""
    document = read_yaml(file)
    if not isinstance(document, dict) or not isinstance(document.get("name"), str):
        raise Rejected(f"{file} names no pool.", hint="It begins with: name: Introductions")
    with cli_of(context).client() as client:
        body = {key: value for key, value in document.items() if key != "icps"}
        body["icp_ids"] = _icp_ids(client, document.get("icps") or [])
        known = next((one for one in client.list_pools()["items"] if one["name"] == document["name"]), None)
        found = client.create_pool(**body) if known is None else client.set_pool(known["id"], **body)
    if as_json:
        print_json(found)
        return
    here = sum(member["here"] for member in found["members"])
    say(f"{found['name']} is {'made' if known is None else 'changed'}: {here} members.", style="green")


@app.command()
def ledger(
    context: typer.Context,
    name: Name,
    user: Annotated[str, typer.Option(help="Only of the member with this id.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    as_json: AsJson = False,
) -> None:
    """What each was owed and paid, meeting by meeting, the newest first."""
    with cli_of(context).client() as client:
        found = _pool(client, name)
        asked: dict[str, Any] = {"limit": limit} | ({"user_id": uuid_of(user, "user")} if user else {})
        entries = client.list_pool_ledger(found["id"], **asked)
    if as_json:
        print_json({"members": found["members"], **entries})
        return
    figures = [(m["name"], m["share"], m["paid"], m["balance"], m["coming"]) for m in found["members"]]
    print_table(found["name"], ["member", "due", "taken", "owed now", "coming"], figures, empty="Nobody is in it.")
    rows = [
        (one["at"][:16], one["name"], one["company"] or "–", one["kind"], f"{one['change']:+.2f}", one["reason"])
        for one in entries["items"]
    ]
    columns = ["when", "member", "meeting with", "what", "change", "why"]
    print_table("Ledger", columns, rows, empty="Nothing was shared out yet.")


@app.command("hand-over")
def hand_over(
    context: typer.Context,
    name: Name,
    from_user: Annotated[str, typer.Option("--from", help="The member's id: whose coming meetings.")],
    to_user: Annotated[
        str, typer.Option("--to", help="Another member's id; without it whoever is free and next.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Give a member's coming meetings to others. What nobody can take stays; then the exit code is 1."""
    asked: dict[str, Any] = {"from_user_id": str(uuid_of(from_user, "user"))} | (
        {"to_user_id": str(uuid_of(to_user, "user"))} if to_user else {}
    )
    with cli_of(context).client() as client:
        found = client.hand_over_meetings(_pool(client, name)["id"], **asked)["items"]
    if as_json:
        print_json(found)
    else:
        rows = [(one["meeting_id"], "given" if one["to_user_id"] else "stays", one["reason"]) for one in found]
        print_table("Meetings", ["meeting", "what", "why"], rows, empty="There was nothing to hand over.")
    if any(one["to_user_id"] is None for one in found):
        raise typer.Exit(1)


@app.command()
def remove(context: typer.Context, name: Name) -> None:
    """Delete a pool that never had a meeting. One that had is switched off: active: false."""
    with cli_of(context).client() as client:
        client.delete_pool(_pool(client, name)["id"])
    say("Deleted.", style="green")


def _pool(client: Any, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = client.list_pools()["items"]
    for one in found:
        if name in (one["name"], one["id"]):
            return one
    raise NotFound(f"There is no pool “{name}”.", hint=f"Pools: {', '.join(one['name'] for one in found) or 'none'}.")


def _icp_ids(client: Any, names: list[str]) -> list[str]:
    """Raises NotFound."""
    known: dict[str, str] = {}
    cursor: str | None = None
    while names and (cursor is not None or not known):
        page = client.list_icps(**({"cursor": cursor} if cursor else {}))
        known |= {one["name"]: one["id"] for one in page["items"]}
        cursor = page.get("next")
        if cursor is None:
            break
    if missing := [name for name in names if name not in known]:
        raise NotFound(f"There is no ICP “{missing[0]}”.", hint="See: salesos icp list")
    return [known[name] for name in names]
