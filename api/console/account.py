"""Signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api import auth
from api.console import guard
from api.console.render import page
from api.dependencies import Dependencies, Deps, Unauthenticated
from core.errors import NotFound
from store.queries import workspaces

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def sign_in_page(request: Request, deps: Deps, next: str = "/approvals") -> HTMLResponse:
    return _form(request, deps, next=local_path(next))


@router.post("/sign-in")
def sign_in(
    request: Request,
    deps: Deps,
    email: Annotated[str, Form(max_length=254)] = "",
    password: Annotated[str, Form(max_length=1_000)] = "",
    workspace: Annotated[str, Form(max_length=64)] = "",
    next: Annotated[str, Form(max_length=500)] = "/approvals",
    csrf: Annotated[str, Form()] = "",
) -> Response:
    guard.check_form_token(request, csrf)
    name = guard.cookie_name(deps)
    try:
        try:
            workspace_id = workspaces.by_slug(deps.database, workspace.strip().lower()).id
        except NotFound as unknown:
            raise auth.refusal(password) from unknown
        signed_in = auth.sign_in(
            deps.database,
            deps.clock,
            deps.ids,
            workspace_id,
            email=email,
            password=password,
            old_cookie=request.cookies.get(name, ""),
        )
    except Unauthenticated as error:
        return _form(request, deps, next=local_path(next), email=email, workspace=workspace, error=error, status=401)
    response = RedirectResponse(local_path(next), status_code=303)
    guard.set_cookie(response, deps, name, signed_in.cookie)
    return response


@router.post("/sign-out")
def sign_out(request: Request, deps: Deps, _: guard.ActingVisitor) -> Response:
    name = guard.cookie_name(deps)
    auth.sign_out(deps.database, request.cookies.get(name, ""))
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(name, path="/", secure=guard.is_https(deps), httponly=True, samesite="lax")
    return response


def local_path(path: str) -> str:
    """Where to go after signing in: a page of ours, never another site's."""
    plain = path.isascii() and path.isprintable() and "\\" not in path
    return path if plain and path.startswith("/") and not path.startswith("//") else "/approvals"


def _form(
    request: Request,
    deps: Dependencies,
    *,
    next: str,
    email: str = "",
    workspace: str = "",
    error: Unauthenticated | None = None,
    status: int = 200,
) -> HTMLResponse:
    token = guard.form_token(request)
    if not workspace:
        known = workspaces.all_workspaces(deps.database)
        workspace = known[0].slug if len(known) == 1 else ""
    response = page("sign_in.html", status=status, csrf=token, next=next, email=email, workspace=workspace, error=error)
    guard.keep_form_token(response, deps, token)
    return response
