"""The send plan: when everything that is planned will have left, and what keeps each mail."""

from datetime import date
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from agents.send_plan import send_plan
from api.console.guard import Visitor
from api.console.render import console
from api.dependencies import Deps
from api.views import mailboxes
from api.views.send_plan import plan_view, touches

router = APIRouter(include_in_schema=False)


@router.get("/send-plan")
def send_plan_page(
    deps: Deps,
    visitor: Visitor,
    mailbox_id: UUID | None = None,
    by: Annotated[str, Query(max_length=10)] = "",
    rule: Annotated[str, Query(max_length=40)] = "",
    cursor: str | None = None,
) -> HTMLResponse:
    wanted = _day(by)
    with deps.database.read(visitor.workspace_id) as session:
        context = deps.context_for(visitor.workspace_id)
        plan = plan_view(send_plan(session, context, mailbox_id=mailbox_id, by=wanted))
        page = touches(session, context, limit=50, cursor=cursor, mailbox_id=mailbox_id, rule=rule)
        boxes = mailboxes.mailboxes(session, deps.clock.now(), limit=200).items
    asked = {"mailbox_id": mailbox_id, "by": by, "rule": rule}
    return console(
        deps,
        visitor,
        "send_plan.html",
        here="send-plan",
        plan=plan,
        days=[(str(each.day), each.mails) for each in plan.days],
        touches=page,
        cursor=cursor,
        mailboxes=boxes,
        mailbox_id=mailbox_id,
        by=wanted,
        rule=rule,
        href=f"/send-plan?{urlencode({name: value for name, value in asked.items() if value})}",
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
