"""The signature on a mailbox's page: keys made and looked up."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from api.actions import sending_domains as acts
from api.console.guard import ActingVisitor
from api.console.mailboxes import refused
from api.dependencies import Deps
from api.views import mailboxes as views
from core.errors import Rejected, SalesOSError
from tools.mail.dkim import KeyKind

router = APIRouter(include_in_schema=False)


@router.post("/mailboxes/{mailbox_id}/signing-keys")
def make(
    mailbox_id: UUID, deps: Deps, visitor: ActingVisitor, algorithm: Annotated[KeyKind, Form()] = KeyKind.RSA
) -> Response:
    try:
        with deps.database.read(visitor.workspace_id) as session:
            address = views.mailbox_out(session, mailbox_id).address
        acts.make(deps, visitor, address.rpartition("@")[2], algorithm)
    except SalesOSError as error:
        return refused(deps, visitor, mailbox_id, error)
    return RedirectResponse(f"/mailboxes/{mailbox_id}?said=key#signing", status_code=303)


@router.post("/mailboxes/{mailbox_id}/signing-keys/{key_id}/check")
def check(mailbox_id: UUID, key_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    try:
        found = acts.check(deps, visitor, key_id)
        if found.check_problem:
            raise Rejected(found.check_problem, hint="Publish the record as it stands below, then look again.")
    except SalesOSError as error:
        return refused(deps, visitor, mailbox_id, error)
    return RedirectResponse(f"/mailboxes/{mailbox_id}?said=signs#signing", status_code=303)
