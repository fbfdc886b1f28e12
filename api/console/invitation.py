"""/invitation/<token>: what somebody opens who is invited, or who forgot the password."""

from typing import Annotated
from zoneinfo import available_timezones

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.console import guard
from api.console.account import code_page
from api.console.render import page
from api.dependencies import Dependencies, Deps
from api.identity import invitations
from api.identity.passwords import LONGEST, SHORTEST
from api.identity.sessions import browser_of
from api.problems import problem_of
from core.errors import NotFound, Rejected, SalesOSError
from store.queries import workspaces

router = APIRouter(include_in_schema=False)

Token = Annotated[str, Form(max_length=200)]


@router.get("/invitation/{token}")
def invitation_page(token: str, request: Request, deps: Deps) -> HTMLResponse:
    return _page(request, deps, token, {})


@router.post("/invitation/{token}")
def accept_invitation(
    token: str,
    request: Request,
    deps: Deps,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1_000)] = "",
    again: Annotated[str, Form(max_length=1_000)] = "",
    time_zone: Annotated[str, Form(max_length=64)] = "UTC",
    csrf: Annotated[str, Form()] = "",
) -> Response:
    guard.check_form_token(request, csrf)
    cookie = guard.cookie_name(deps)
    try:
        if password != again:
            raise Rejected("The password is not the same twice.", hint="Type it again.")
        signed_in = invitations.accept(
            deps,
            token,
            name=name,
            password=password,
            time_zone=time_zone,
            old_cookie=request.cookies.get(cookie, ""),
            browser=browser_of(request.headers.get("user-agent", "")),
        )
    except NotFound:
        raise
    except SalesOSError as error:
        return _page(request, deps, token, {"name": name, "time_zone": time_zone}, error)
    response: Response = RedirectResponse("/today", status_code=303)
    if signed_in.factor_due:
        response = code_page(request, signed_in.csrf_token, next="/today")
    guard.set_cookie(response, deps, cookie, signed_in.cookie)
    return response


def _page(
    request: Request, deps: Dependencies, token: str, typed: dict[str, str], error: SalesOSError | None = None
) -> HTMLResponse:
    """Raises NotFound."""
    opened = invitations.open_link(deps, token)
    with deps.database.unscoped() as session:
        workspace = workspaces.get(session, opened.workspace_id)
    form_token = guard.form_token(request)
    response = page(
        "invitation.html",
        status=problem_of(error).status if error else 200,
        csrf=form_token,
        invitation=opened.invitation,
        workspace=workspace,
        typed={"name": opened.invitation.name, "time_zone": workspace.time_zone, **typed},
        zones=sorted(available_timezones()),
        shortest=SHORTEST,
        longest=LONGEST,
        error=error,
    )
    guard.keep_form_token(response, deps, form_token)
    return response
