"""`salesos duplicates`: companies and people that may be one, merging them, and splitting them again."""

from typing import Annotated, Any

import typer

from cli.opening import cli_of, uuid_of
from cli.output import AsJson, print_json, print_table, say
from core.errors import Rejected

app = typer.Typer(no_args_is_help=True, help="Companies and people that may be one: decide, merge, split.")

_Json = dict[str, Any]
Limit = Annotated[int, typer.Option(min=1, max=200, help="The most that are listed.")]


@app.command("list")
def list_(
    context: typer.Context,
    limit: Limit = 50,
    merged: Annotated[bool, typer.Option("--merged", help="What was merged, instead of what waits.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the pairs that wait for a decision, the likeliest first; or what was merged, the newest first."""
    with cli_of(context).client() as client:
        found = (client.list_merges(limit=limit) if merged else client.list_duplicates(limit=limit))["items"]
    if as_json:
        print_json(found)
    elif merged:
        rows = [(m["id"], m["kept"], m["absorbed"], m["by"], _state(m)) for m in found]
        columns = ["merge", "stays", "merged into it", "who", "state"]
        print_table("Merges", columns, rows, empty="Nothing was merged yet.")
    else:
        pairs = [
            (p["id"], p["first"]["label"], p["second"]["label"], f"{p['probability']:.2f}", "; ".join(p["reasons"]))
            for p in found
        ]
        columns = ["id", "first", "second", "likely", "why"]
        print_table("May be one", columns, pairs, empty="No pair waits for a decision.")


@app.command()
def show(context: typer.Context, duplicate_id: str, as_json: AsJson = False) -> None:
    """Show a pair side by side."""
    with cli_of(context).client() as client:
        found = client.get_duplicate(uuid_of(duplicate_id, "duplicate"))
    if as_json:
        print_json(found)
        return
    rows = [(c["field"], c["first"] or "", c["second"] or "", _equal(c)) for c in found["compared"]]
    title = f"{found['first']['label']} and {found['second']['label']}, likely {found['probability']:.2f}"
    print_table(title, ["field", "first", "second", "equal"], rows, empty="Nothing is known of either.")
    say(f"Why: {'; '.join(found['reasons'])}")
    say(f"First {found['first']['id']}, second {found['second']['id']}", style="dim")


@app.command()
def decide(
    context: typer.Context,
    duplicate_id: str,
    same: Annotated[bool | None, typer.Option("--same/--different", help="One, or two for good.")] = None,
    keep: Annotated[str, typer.Option(help="The id of the one that stays; else the first.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say of a proposed pair whether it is one. A no is remembered: the pair is never proposed again."""
    if same is None:
        raise Rejected("Say what they are.", hint="Add --same or --different.")
    wanted: _Json = {"keep": str(uuid_of(keep, "company or contact"))} if keep else {}
    with cli_of(context).client() as client:
        decided = client.decide_duplicate(uuid_of(duplicate_id, "duplicate"), merge=same, **wanted)
    if as_json:
        print_json(decided)
    elif decided["merge_id"]:
        say(f"Merged. `salesos duplicates split {decided['merge_id']}` makes two of them again.", style="green")
    else:
        say("They are two, and are not proposed again.", style="green")


@app.command()
def merge(context: typer.Context, kept_id: str, absorbed_id: str, as_json: AsJson = False) -> None:
    """Merge two companies or two contacts by hand: everything of the second becomes the first's."""
    kept, absorbed = (str(uuid_of(one, "company or contact")) for one in (kept_id, absorbed_id))
    with cli_of(context).client() as client:
        done = client.create_merge(kept_id=kept, absorbed_id=absorbed)
    if as_json:
        print_json(done)
    else:
        say(f"Merged. `salesos duplicates split {done['id']}` makes two of them again.", style="green")


@app.command()
def split(
    context: typer.Context,
    merge_id: str,
    ask_again: Annotated[
        bool, typer.Option("--ask-again", help="Propose the pair again, instead of leaving it alone for good.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make two of one again. What was changed since the merge stays where it is."""
    with cli_of(context).client() as client:
        done = client.split_merge(uuid_of(merge_id, "merge"), ask_again=ask_again)
    if as_json:
        print_json(done)
    else:
        left = f" {done['left']} were changed since and stay." if done["left"] else ""
        say(f"They are two again: {done['put_back']} values were put back.{left}", style="green")


def _state(merge: _Json) -> str:
    return f"split {merge['split_at'][:10]}" if merge["split_at"] else f"since {merge['created_at'][:10]}"


def _equal(compared: _Json) -> str:
    if compared["hidden"]:
        return "hidden"
    return {True: "equal", False: "differs", None: "one is not known"}[compared["same"]]
