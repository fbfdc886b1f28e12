"""On a mailbox's page: its domain looked at, its brakes lifted. And the table of what follows from each verdict."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.actions import deliverability as acts
from api.actions import placement
from api.console.guard import ActingVisitor, Visitor
from api.console.mailboxes import refused
from api.console.render import console
from api.dependencies import Deps
from api.views import deliverability as views
from core.errors import SalesOSError

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form(max_length=2_000)]


@router.get("/delivery-policy")
def policy_page(deps: Deps, visitor: Visitor) -> HTMLResponse:
    return console(deps, visitor, "delivery_policy.html", here="mailboxes", rules=views.policy())


@router.post("/mailboxes/{mailbox_id}/domain")
def look_at_domain(
    mailbox_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    selectors: Text = "",
    sends_from: Text = "",
    blocklists: Text = "",
    ramp: Annotated[str, Form(max_length=16)] = "steps",
) -> Response:
    """Keeps what to look at, and asks the DNS."""
    with deps.database.read(visitor.workspace_id) as session:
        domain = views.of_mailbox(session, mailbox_id, deps.clock.now()).domain.domain
    try:
        acts.change_domain(
            deps,
            visitor,
            domain,
            selectors=selectors.split(),
            sends_from=sends_from.split(),
            blocklists=blocklists.split(),
            ramp=ramp,
        )
        acts.check_domain(deps, visitor, domain)
    except SalesOSError as error:
        return refused(deps, visitor, mailbox_id, error)
    return RedirectResponse(f"/mailboxes/{mailbox_id}?said=looked#domain", status_code=303)


@router.post("/mailboxes/{mailbox_id}/placement")
def try_placement(
    mailbox_id: UUID, deps: Deps, visitor: ActingVisitor, template: Annotated[str, Form(max_length=32)] = "first_mail"
) -> Response:
    """A test mail to each seed."""
    try:
        placement.start(deps, visitor, deps.ids.new(), mailbox_id, template=template)
    except SalesOSError as error:
        return refused(deps, visitor, mailbox_id, error)
    return RedirectResponse(f"/mailboxes/{mailbox_id}?said=trying#placement", status_code=303)


@router.post("/mailboxes/{mailbox_id}/brakes/{brake_id}/lift")
def lift(
    mailbox_id: UUID,
    brake_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    try:
        acts.lift_brake(deps, visitor, brake_id, reason)
    except SalesOSError as error:
        return refused(deps, visitor, mailbox_id, error)
    return RedirectResponse(f"/mailboxes/{mailbox_id}?said=lifted", status_code=303)
