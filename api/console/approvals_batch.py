"""Approving several at once: every mail in full, and then what became of each."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse

from api.actions import approvals as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Deps
from api.permissions import Permission
from api.views import departure, drafts, outgoing, queue
from api.views.queue import QueueFilters
from core.errors import NotFound

router = APIRouter(include_in_schema=False)

BATCH = 50  # as many full bodies as a person can be asked to read at once


@router.get("/approvals/batch")
def batch_page(
    request: Request, deps: Deps, visitor: Visitor, id: Annotated[list[UUID] | None, Query(max_length=BATCH)] = None
) -> HTMLResponse:
    """Every chosen draft in full, or all of the filter up to BATCH, in a constant number of statements."""
    visitor.require(Permission.DECIDE)
    filters, now = QueueFilters.of(request.url.query), deps.clock.now()
    context = deps.context_for(visitor.workspace_id)
    with deps.database.read(visitor.workspace_id) as session:
        chosen = id or [
            item.approval_id
            for item in queue.queue(session, context.sealer, visitor, filters, now=now, limit=BATCH).items
        ]
        shown = drafts.draft_views(session, context.sealer, visitor, chosen)
        if id and not shown:
            raise NotFound("There is no such approval.")
        leaving = outgoing.outgoings(session, context, visitor, chosen)
        matching = len(shown) if id else queue.count(session, visitor, filters, now=now)
    times = {
        found: departure.spoken(mail.leaves_at, now, visitor.time_zone)
        for found, mail in leaving.items()
        if mail.leaves_at is not None
    }
    return console(
        deps,
        visitor,
        "approvals_batch.html",
        here="approvals",
        drafts=shown,
        leaving=leaving,
        times=times,
        query=filters.query(),
        matching=matching,
    )


@router.post("/approvals/batch")
def approve_batch(
    deps: Deps,
    visitor: ActingVisitor,
    chosen: Annotated[list[str] | None, Form(max_length=BATCH)] = None,
    query: Annotated[str, Form(max_length=2_000)] = "",
) -> HTMLResponse:
    """`chosen`: "<approval>:<hash of what was shown>". What each became is read from the store's own answers."""
    wanted = []
    for text in chosen or []:
        approval_id, _, content_hash = text.partition(":")
        try:
            wanted.append(acts.Wanted(UUID(approval_id), content_hash[:64]))
        except ValueError:
            continue
    results = acts.decide_many(deps, visitor, wanted)
    context, now = deps.context_for(visitor.workspace_id), deps.clock.now()
    ids = [result.approval_id for result in results]
    with deps.database.read(visitor.workspace_id) as session:
        items = queue.items_of(session, context.sealer, visitor, ids)
        left = departure.departures(session, context, ids)
    untils = {found: departure.until(one, now, visitor.time_zone) for found, one in left.items()}
    return console(
        deps,
        visitor,
        "approvals_result.html",
        here="approvals",
        rows=[(result, items.get(result.approval_id), untils.get(result.approval_id, "")) for result in results],
        accepted=sum(result.decided is not None for result in results),
        query=QueueFilters.of(query).query(),
    )
