"""`salesos meeting`: a meeting's transcript, and what is found in it."""

from pathlib import Path
from typing import Annotated

import typer

from agents.discovery import deciding, keeping
from api.views.transcripts import transcript_view
from cli.opening import cli_of, uuid_of
from cli.output import AsJson, print_json, print_table, progress, say
from cli.within import everything
from core.errors import NotFound, Rejected
from tools.transcripts import MOST_BYTES

app = typer.Typer(no_args_is_help=True, help="Meetings: what was said in them.")
Id = Annotated[str, typer.Option("--meeting", help="The meeting's id: from its page, or `GET /api/v1/meetings`.")]


@app.command()
def transcript(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="WebVTT, SRT, or text with names; any encoding, up to 2 MB.")],
    meeting: Id,
    as_json: AsJson = False,
) -> None:
    """Keep a meeting's transcript, sealed, and read it. What is found is proposed, and the same file is one."""
    try:
        with file.open("rb") as opened_file:
            data = opened_file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Rejected(f"{file} cannot be read: {error.strerror or error}.", hint="Name a file.") from error
    with cli_of(context).open() as opened, progress() as shown:
        shown.add_task("Reading the transcript", total=None)
        kept = keeping.keep(opened.context, uuid_of(meeting, "meeting"), data, opened.actor)
    if as_json:
        print_json(kept)
        return
    say("Kept." if kept.new else "These words are here already.", style="green")
    say(f"{kept.found} findings wait for a word: `salesos meeting findings --meeting {meeting}`, or its page.")
    for name in kept.unknown:
        say(f"Nobody knows whose side {name} is on: say so on the page. Nothing of theirs is read until then.")


@app.command()
def findings(context: typer.Context, meeting: Id, as_json: AsJson = False) -> None:
    """What was found in a meeting's newest transcript, with its words."""
    with cli_of(context).open() as opened, opened.context.database.read(opened.workspace.id) as session:
        reader = everything(opened.workspace.id, opened.actor)
        found = transcript_view(session, opened.context, reader, uuid_of(meeting, "meeting"))
    if found is None:
        raise NotFound(
            "The meeting has no transcript.", hint="`salesos meeting transcript FILE --meeting ID` keeps one."
        )
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    rows = [
        [str(one.id), one.state.value, one.kind, one.who, one.due_on.isoformat() if one.due_on else "", one.text]
        for one in found.findings
    ]
    print_table("Findings", ["id", "state", "kind", "who", "by", "words"], rows, empty="Nothing was found.")


@app.command()
def decide(
    context: typer.Context,
    finding: Annotated[str, typer.Argument(help="Its id, from `salesos meeting findings`.")],
    verdict: Annotated[str, typer.Argument(help="confirm or dismiss")],
    text: Annotated[str, typer.Option(help="In your words; without it as it was said.")] = "",
) -> None:
    """Take a finding over, or leave it out for good."""
    if verdict not in ("confirm", "dismiss"):
        raise Rejected("Say confirm or dismiss.", hint="Nothing was changed.")
    with cli_of(context).open() as opened:
        finding_id = uuid_of(finding, "finding")
        if verdict == "confirm":
            state = deciding.confirm(opened.context, finding_id, opened.actor, text=text or None)
        else:
            state = deciding.dismiss(opened.context, finding_id, opened.actor)
    say(f"It is {state.value}.", style="green")
