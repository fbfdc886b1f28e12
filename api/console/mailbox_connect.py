"""A mailbox's way to Google or Microsoft and back. Links, not forms: browsers hold forms to this site (form-action)."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api.actions import mailbox_connect as acts
from api.actions.service_sign_in import SECONDS
from api.console import guard
from api.console.guard import Visitor
from api.console.mailboxes import refused
from api.dependencies import Dependencies, Deps
from core.errors import SalesOSError

router = APIRouter(include_in_schema=False)


@router.get("/mailboxes/{mailbox_id}/connect")
def leave(mailbox_id: UUID, deps: Deps, visitor: Visitor) -> Response:
    try:
        leaving = acts.leave(deps, visitor, mailbox_id)
    except SalesOSError as error:
        return refused(deps, visitor, mailbox_id, error)
    response = RedirectResponse(leaving.url, status_code=303)
    response.set_cookie(
        _cookie(deps), leaving.cookie, max_age=SECONDS, path="/", secure=guard.is_https(deps), httponly=True,
        samesite="lax",
    )  # fmt: skip
    return response


@router.get(acts.CALLBACK)
def back(request: Request, deps: Deps, visitor: Visitor) -> Response:
    cookie = request.cookies.get(_cookie(deps), "")
    try:
        mailbox_id = acts.arrive(deps, visitor, cookie, request.query_params)
        response: Response = RedirectResponse(f"/mailboxes/{mailbox_id}?said=connected", status_code=303)
    except SalesOSError as error:
        begun = acts.mailbox_of(deps, cookie)
        if begun is None:
            raise
        response = refused(deps, visitor, begun, error)
    response.delete_cookie(_cookie(deps), path="/", secure=guard.is_https(deps), httponly=True, samesite="lax")
    return response


def _cookie(deps: Dependencies) -> str:
    return "__Host-salesos_mail" if guard.is_https(deps) else "salesos_mail"
