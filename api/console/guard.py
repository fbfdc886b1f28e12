"""Who has this page open: the cookie, and the token that every form carries."""

import secrets
from typing import Annotated

from fastapi import Depends, Form, Request, Response

from api import auth
from api.dependencies import Dependencies, Deps, Principal, Unauthenticated
from core.errors import Forbidden

_PRE = "salesos_form"  # before signing in there is no session to keep a token in


def cookie_name(deps: Dependencies) -> str:
    # The prefix makes browsers refuse it from a sub-domain or over plain HTTP.
    return "__Host-salesos" if is_https(deps) else "salesos"


def is_https(deps: Dependencies) -> bool:
    return deps.settings.public_url.startswith("https://")


def set_cookie(response: Response, deps: Dependencies, name: str, value: str) -> None:
    response.set_cookie(name, value, path="/", secure=is_https(deps), httponly=True, samesite="lax")


def visitor(request: Request, deps: Deps) -> Principal:
    """The signed-in person. Raises Unauthenticated; the boundary then shows the sign-in page."""
    principal = auth.session_principal(deps.database, deps.clock, request.cookies.get(cookie_name(deps), ""))
    if principal is None:
        raise Unauthenticated("You are not signed in, or were away for half an hour.", hint="Sign in again.")
    return principal


Visitor = Annotated[Principal, Depends(visitor)]


def acting_visitor(principal: Visitor, csrf: Annotated[str, Form()] = "") -> Principal:
    """For every form: raises Forbidden where its token is not the session's."""
    if not secrets.compare_digest(csrf.encode(), principal.csrf_token.encode()):
        raise _stale()
    return principal


ActingVisitor = Annotated[Principal, Depends(acting_visitor)]


def form_token(request: Request) -> str:
    """For the sign-in form: the same in a cookie and in the form, which another site cannot arrange."""
    return request.cookies.get(_PRE) or secrets.token_urlsafe(24)


def keep_form_token(response: Response, deps: Dependencies, token: str) -> None:
    set_cookie(response, deps, _PRE, token)


def check_form_token(request: Request, csrf: str) -> None:
    kept = request.cookies.get(_PRE, "")
    if not kept or not secrets.compare_digest(kept.encode(), csrf.encode()):
        raise _stale()


def _stale() -> Forbidden:
    return Forbidden(
        "This form is out of date: it was not made by the page you have open now.",
        hint="Reload the page and try again; nothing was changed.",
        code="csrf",
    )
