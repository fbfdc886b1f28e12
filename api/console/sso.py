"""Leaving for the company's provider and coming back; and the page where admins set that up."""

from typing import Annotated, Final
from urllib.parse import quote, urlsplit
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import col, select

from api import etags
from api.actions import sso as acts
from api.console import guard
from api.console.account import local_path
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console, page
from api.dependencies import Dependencies, Deps, Principal
from api.identity import sso
from api.identity.oidc_http import ProviderUnusable
from api.identity.sessions import browser_of
from api.permissions import Permission
from api.problems import problem_of
from api.views.sso import SsoTest, sso_out
from core.errors import NotFound, SalesOSError
from store.models import Role, User
from store.queries import single_sign_on as connections
from store.queries import workspaces

router = APIRouter(include_in_schema=False)

_PAGE: Final = "/people/single-sign-on"
_SAID: Final = {
    "saved": "Single sign-on is set up. Ask the provider now, to see that it answers.",
    "removed": "Single sign-on was taken away. Whoever has no password needs one now.",
    "loosened": "The next time this person comes from the provider, they are found by their address again.",
}
_SHOWN: Final = 200  # linked people on the page


@router.get("/sign-in/single")
def choose(deps: Deps, workspace: str = "", next: str = "/approvals") -> HTMLResponse:
    """For whoever has several workspaces on one server: which of them."""
    return _choose(deps, workspace[:64], local_path(next))


@router.get("/sign-in/single/start")
def start(deps: Deps, workspace: str = "", next: str = "/approvals") -> Response:
    """A link, not a form: browsers hold forms to this site (form-action), and the provider is another."""
    try:
        workspace_id = workspaces.by_slug(deps.database, workspace.strip().lower()[:64]).id
        leaving = sso.leave(deps, workspace_id, next=local_path(next))
    except NotFound:
        error = NotFound("No single sign-on is set up there.", hint="Sign in with your password.")
        return _choose(deps, workspace[:64], local_path(next), error)
    except ProviderUnusable as error:
        return _choose(deps, workspace[:64], local_path(next), error)
    response = RedirectResponse(leaving.url, status_code=303)
    response.set_cookie(
        _cookie(deps), leaving.cookie, max_age=sso.SECONDS, path="/", secure=guard.is_https(deps), httponly=True,
        samesite="lax",
    )  # fmt: skip
    return response


@router.get(sso.CALLBACK)
def back(request: Request, deps: Deps) -> Response:
    name = guard.cookie_name(deps)
    try:
        arrived = sso.arrive(
            deps,
            request.cookies.get(_cookie(deps), ""),
            request.query_params,
            old_session=request.cookies.get(name, ""),
            browser=browser_of(request.headers.get("user-agent", "")),
        )
    except (sso.SingleSignOnFailed, ProviderUnusable) as error:
        response: Response = _choose(deps, "", "/approvals", error)
    else:
        response = RedirectResponse(local_path(arrived.next), status_code=303)
        guard.set_cookie(response, deps, name, arrived.signed_in.cookie)
    response.delete_cookie(_cookie(deps), path="/", secure=guard.is_https(deps), httponly=True, samesite="lax")
    return response


def _choose(deps: Dependencies, workspace: str, next: str, error: SalesOSError | None = None) -> HTMLResponse:
    if not workspace:
        known = workspaces.all_workspaces(deps.database)
        workspace = known[0].slug if len(known) == 1 else ""
    host = sso.issuer_host(deps, workspace) if workspace else ""
    if workspace and not host and error is None:
        error = NotFound("No single sign-on is set up there.", hint="Sign in with your password.")
    status = 200 if error is None else problem_of(error).status
    start_at = f"/sign-in/single/start?workspace={quote(workspace)}&next={quote(next)}"
    return page(
        "sign_in_single.html",
        status=status,
        workspace=workspace,
        next=next,
        host=host,
        start_at=start_at,
        error=error,
    )


def _cookie(deps: Dependencies) -> str:
    return "__Host-salesos_sso" if guard.is_https(deps) else "salesos_sso"


# -- setting it up


@router.get(_PAGE)
def sso_page(deps: Deps, visitor: Visitor, said: str = "") -> HTMLResponse:
    visitor.require(Permission.USERS)
    return _show(deps, visitor, said=_SAID.get(said, ""))


@router.post(_PAGE)
def save(
    deps: Deps,
    visitor: ActingVisitor,
    issuer: Annotated[str, Form(max_length=500)] = "",
    client_id: Annotated[str, Form(max_length=255)] = "",
    client_secret: Annotated[str, Form(max_length=2_000)] = "",
    public: Annotated[str, Form(max_length=3)] = "",
    email_domains: Annotated[str, Form(max_length=5_000)] = "",
    new_user_role: Annotated[str, Form(max_length=20)] = "",
    required: Annotated[str, Form(max_length=3)] = "",
    etag: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    role = Role(new_user_role) if new_user_role in set(Role) else None
    wanted = acts.Wanted(
        issuer=issuer.strip(),
        client_id=client_id.strip(),
        client_secret="" if public == "yes" else client_secret or None,
        email_domains=email_domains.replace(",", " ").split(),
        new_user_role=role,
        required=required == "yes",
    )
    try:
        acts.put(deps, visitor, wanted, if_match=etag or None)
    except SalesOSError as error:
        visitor.require(Permission.USERS)
        return _show(deps, visitor, error=error, typed=wanted, etag=etag)
    return RedirectResponse(f"{_PAGE}?said=saved", status_code=303)


@router.post(f"{_PAGE}/test")
def test(deps: Deps, visitor: ActingVisitor) -> HTMLResponse:
    return _show(deps, visitor, tested=acts.test(deps, visitor))


@router.post(f"{_PAGE}/remove")
def remove(deps: Deps, visitor: ActingVisitor) -> Response:
    acts.remove(deps, visitor)
    return RedirectResponse(f"{_PAGE}?said=removed", status_code=303)


@router.post(f"{_PAGE}/loosen/{{user_id}}")
def loosen(user_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    acts.loosen(deps, visitor, user_id)
    return RedirectResponse(f"{_PAGE}?said=loosened", status_code=303)


def _show(
    deps: Dependencies,
    visitor: Principal,
    *,
    said: str = "",
    error: SalesOSError | None = None,
    typed: acts.Wanted | None = None,
    tested: SsoTest | None = None,
    etag: str = "",
) -> HTMLResponse:
    with deps.database.read(visitor.workspace_id) as session:
        found = connections.connection(session)
        shown = sso_out(deps, found) if found else None
        linked = session.exec(
            select(User).where(User.sso_subject != "").order_by(col(User.name), col(User.id)).limit(_SHOWN)
        ).all()
        without = session.exec(select(User.id).where(User.password_hash == "", col(User.active)).limit(_SHOWN)).all()
    return console(
        deps,
        visitor,
        "single_sign_on.html",
        here="people",
        status=200 if error is None else problem_of(error).status,
        said=said,
        error=error,
        connection=shown,
        typed=typed or shown,
        public=typed.client_secret == "" if typed else shown is not None and not shown.has_secret,
        etag=etag or (etags.version_of(shown) if shown else ""),
        host=urlsplit(shown.issuer).hostname if shown else "",
        redirect_uri=sso.redirect_uri(deps),
        roles=[role for role in Role if role is not Role.ADMIN],
        linked=linked,
        without=len(without),
        tested=tested,
    )
