"""Signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api import auth
from api.console import guard, resume
from api.console.render import page
from api.dependencies import Dependencies, Deps, Unauthenticated
from api.identity import second_factor, sso
from api.identity.sessions import SignedIn, browser_of
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
            browser=browser_of(request.headers.get("user-agent", "")),
        )
    except Unauthenticated as error:
        return _form(request, deps, next=local_path(next), email=email, workspace=workspace, error=error, status=401)
    if signed_in.factor_due:
        response = code_page(request, signed_in.csrf_token, next=local_path(next))
        guard.set_cookie(response, deps, name, signed_in.cookie)
        return response
    return _arrived(request, deps, signed_in, next)


@router.get("/sign-in/code")
def sign_in_code_page(request: Request, half: guard.HalfVisitor) -> Response:
    return code_page(request, half.csrf_token, next="/approvals")


@router.post("/sign-in/code")
def sign_in_code(
    request: Request,
    deps: Deps,
    half: guard.HalfVisitor,
    code: Annotated[str, Form(max_length=64)] = "",
    next: Annotated[str, Form(max_length=500)] = "/approvals",
    csrf: Annotated[str, Form()] = "",
) -> Response:
    guard.check_token(half, csrf)
    try:
        signed_in = second_factor.enter(
            deps,
            half,
            code,
            old_cookie=request.cookies.get(guard.cookie_name(deps), ""),
            browser=browser_of(request.headers.get("user-agent", "")),
        )
    except Unauthenticated as error:
        return code_page(request, half.csrf_token, next=local_path(next), error=error, status=401)
    return _arrived(request, deps, signed_in, next)


def code_page(
    request: Request, csrf: str, *, next: str, error: Unauthenticated | None = None, status: int = 200
) -> HTMLResponse:
    typed = resume.carried(request)
    return page(
        "sign_in_code.html", status=status, csrf=csrf, next=next, error=error, kept=typed.hidden if typed else {}
    )


def _arrived(request: Request, deps: Dependencies, signed_in: SignedIn, next: str) -> Response:
    response: Response = RedirectResponse(local_path(next), status_code=303)
    if (typed := resume.carried(request)) is not None:
        response = page("resume.html", typed=typed, csrf=signed_in.csrf_token)
    guard.set_cookie(response, deps, guard.cookie_name(deps), signed_in.cookie)
    return response


@router.post("/sign-out")
def sign_out(request: Request, deps: Deps, csrf: Annotated[str, Form()] = "") -> Response:
    if (visit := guard.visit_of(request, deps)) is not None:  # also between the password and the code
        guard.check_token(visit.principal, csrf)
    name = guard.cookie_name(deps)
    auth.sign_out(deps.database, request.cookies.get(name, ""))
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(name, path="/", secure=guard.is_https(deps), httponly=True, samesite="lax")
    return response


def sign_in_again(request: Request, typed: resume.Typed) -> HTMLResponse:
    """The session ended under a long form: what was typed goes through the sign-in."""
    error = Unauthenticated("Your session ended while you typed.", hint="Sign in again: what you typed is kept.")
    deps: Dependencies = request.app.state.dependencies
    return _form(request, deps, next="/approvals", error=error, status=401, typed=typed)


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
    typed: resume.Typed | None = None,
) -> HTMLResponse:
    typed = typed or resume.carried(request)
    token = guard.form_token(request)
    if not workspace:
        known = workspaces.all_workspaces(deps.database)
        workspace = known[0].slug if len(known) == 1 else ""
    response = page(
        "sign_in.html",
        status=status,
        csrf=token,
        next=next,
        email=email,
        workspace=workspace,
        single=sso.issuer_host(deps, workspace) if workspace else "",
        error=error,
        kept=typed.hidden if typed else {},
    )
    guard.keep_form_token(response, deps, token)
    return response
