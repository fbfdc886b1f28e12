"""`salesos plan`: when everything that is planned will have left."""

from datetime import datetime
from typing import Annotated

import typer
from sqlmodel import col, select

from agents.send_plan import send_plan
from api.views.send_plan import plan_view, touch_view
from cli.opening import cli_of
from cli.output import AsJson, print_json, say
from core.errors import NotFound
from store.models import Mailbox

_SHOWN = 14  # days


def plan(
    context: typer.Context,
    mailbox: Annotated[str, typer.Option(help="Only of this mailbox: its address.")] = "",
    by: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Say how many mailboxes it takes to finish by then.")
    ] = None,
    touches: Annotated[bool, typer.Option("--touches", help="Each waiting mail, with its day or its rule.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say when what is planned will have left, and which rule keeps each mail from leaving now."""
    with cli_of(context).open() as opened, opened.application.database.read(opened.workspace.id) as session:
        mailbox_id = None
        if mailbox:
            query = select(Mailbox.id).where(col(Mailbox.address) == mailbox.strip().lower())
            mailbox_id = session.exec(query).first()
            if mailbox_id is None:
                raise NotFound(f"There is no mailbox {mailbox}.", hint="`salesos mailbox list` names them.")
        found = send_plan(session, opened.context, mailbox_id=mailbox_id, by=by.date() if by else None)
    shown = plan_view(found)
    if as_json:
        each = [touch_view(one).model_dump(mode="json") for one in found.touches] if touches else None
        print_json(shown.model_dump(mode="json") | ({"touches": each} if each is not None else {}))
        return
    if not shown.leaving and not shown.held:
        say("No mail is planned. `salesos run start` finds leads and plans their touches.")
        return
    last = f", the last on {shown.finish_on}" if shown.finish_on else ""
    say(f"{shown.leaving} mails will leave{last}; {shown.late} later than due. {shown.held} are held by a rule.")
    if by:
        needed = shown.mailboxes_needed
        say(f"To finish by {by.date()}: {f'{needed} warm mailboxes' if needed else 'no number of mailboxes does it'}.")
    for box in shown.mailboxes:
        now = box.closed or f"{box.sent_today} of {box.limit_today} sent today"
        end = f"finished on {box.finish_on}" if box.finish_on else "none waits"
        say(f"  {box.address}: {box.waiting} to leave, {end} ({now})")
    for day in shown.days[:_SHOWN]:
        say(f"  {day.day}  {day.mails}", style="dim")
    for held in shown.held_back:
        say(f"  held: {held.mails} × {held.text}", style="yellow")
    if touches:
        for one in found.touches:
            say(f"  {one.leaves_on or 'held':<10}  lead {one.touch.lead_id} step {one.touch.number}: {one.held.text}")
    for text in shown.assumptions:
        say(text, style="dim")
