"""`salesos why`: everything that stands between a planned touch and a sent mail."""

from datetime import datetime
from typing import Annotated

import typer
from sqlmodel import col, select

from agents.why import Level, why_not_sending
from cli.opening import cli_of, uuid_of
from cli.output import AsJson, print_json, say
from core.errors import NotFound
from store.models import Mailbox

_STYLES = {Level.STOPS: "bold red", Level.HOLDS: "yellow", Level.WAITS: "cyan", Level.NOTE: "dim"}


def why(
    context: typer.Context,
    mailbox: Annotated[str, typer.Option(help="Only of this mailbox: its address.")] = "",
    lead: Annotated[str, typer.Option(help="Only of this lead: its id.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say why nothing is being sent: the worst first, with how many mails each rule holds."""
    lead_id = uuid_of(lead, "lead") if lead else None
    with cli_of(context).open() as opened, opened.application.database.read(opened.workspace.id) as session:
        mailbox_id = None
        if mailbox:
            query = select(Mailbox.id).where(col(Mailbox.address) == mailbox.strip().lower())
            mailbox_id = session.exec(query).first()
            if mailbox_id is None:
                raise NotFound(f"There is no mailbox {mailbox}.", hint="`salesos mailbox list` names them.")
        report = why_not_sending(session, opened.context, mailbox_id=mailbox_id, lead_id=lead_id)
    if as_json:
        print_json(report)
        return
    way = report.pipeline
    say(
        f"{way.planned} planned, {way.due} due and not drafted, {way.waiting} waiting for a person, "
        f"{way.queued} queued, {way.sent_today} sent today."
    )
    if not report.gates:
        say("Nothing holds mail back.", style="green")
    for gate in report.gates:
        say(f"{gate.level.value:<6} {gate.text}{_when(gate.since, gate.until)}", style=_STYLES[gate.level])
        for part in gate.parts:
            count = "" if part.count is None else f"{part.count} × "
            say(f"         {count}{part.label}{_when(None, part.until)}", style="dim")
        if gate.fix:
            say(f"       → {gate.fix}")


def _when(since: datetime | None, until: datetime | None) -> str:
    words = [f"{word} {at:%Y-%m-%d %H:%M} UTC" for word, at in (("since", since), ("until", until)) if at is not None]
    return f" ({', '.join(words)})" if words else ""
