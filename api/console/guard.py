"""Who has this page open: the cookie, and the token that every form carries."""

import secrets
from http.cookies import SimpleCookie
from typing import Annotated, Final

from fastapi import Depends, Form, Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.dependencies import Dependencies, Deps, Principal, Unauthenticated
from api.identity import sessions
from api.limits_edge import note
from core.errors import Forbidden

_FRESH: Final = "salesos.fresh_cookie"
_PRE = "salesos_form"  # before signing in there is no session to keep a token in


def cookie_name(deps: Dependencies) -> str:
    # The prefix makes browsers refuse it from a sub-domain or over plain HTTP.
    return "__Host-salesos" if is_https(deps) else "salesos"


def is_https(deps: Dependencies) -> bool:
    return deps.settings.public_url.startswith("https://")


def set_cookie(response: Response, deps: Dependencies, name: str, value: str) -> None:
    response.set_cookie(name, value, path="/", secure=is_https(deps), httponly=True, samesite="lax")


class FactorDue(Unauthenticated):
    """The password was right; the boundary shows the page that asks for the code."""

    code = "factor_due"


def visit_of(request: Request, deps: Dependencies) -> sessions.Visit | None:
    """Whose cookie was sent. Where its secret changed, the answer carries the new one (FreshCookies)."""
    name = cookie_name(deps)
    found = sessions.visit(
        deps.database,
        deps.clock,
        deps.ids,
        lambda workspace_id: deps.context_for(workspace_id).sealer,
        request.cookies.get(name, ""),
    )
    if found is not None and found.fresh_cookie:
        answer = Response()
        set_cookie(answer, deps, name, found.fresh_cookie)
        request.scope.get(_FRESH, []).append(answer.headers["set-cookie"])
    return found


def visitor(request: Request, deps: Deps) -> Principal:
    """The signed-in person. Raises Unauthenticated; the boundary then shows the sign-in page."""
    found = visit_of(request, deps)
    if found is None:
        raise Unauthenticated("You are not signed in, or were away for half an hour.", hint="Sign in again.")
    note(request.scope, found.principal.workspace_id, found.principal.actor)
    if found.factor_due:
        raise FactorDue("The code of your second factor is still asked.", hint="Type it, or sign out.")
    return found.principal


Visitor = Annotated[Principal, Depends(visitor)]


def half_visitor(request: Request, deps: Deps) -> Principal:
    """Whose password was right and whose code is due. Raises Unauthenticated."""
    found = visit_of(request, deps)
    if found is None or not found.factor_due:
        raise Unauthenticated("There is no sign-in under way, or it took too long.", hint="Sign in again.")
    note(request.scope, found.principal.workspace_id, found.principal.actor)
    return found.principal


HalfVisitor = Annotated[Principal, Depends(half_visitor)]


def acting_visitor(principal: Visitor, csrf: Annotated[str, Form()] = "") -> Principal:
    """For every form: raises Forbidden where its token is not the session's."""
    check_token(principal, csrf)
    return principal


def check_token(principal: Principal, csrf: str) -> None:
    """Raises Forbidden where it is not this session's."""
    if not secrets.compare_digest(csrf.encode(), principal.csrf_token.encode()):
        raise _stale()


ActingVisitor = Annotated[Principal, Depends(acting_visitor)]


class FreshCookies:
    """Puts a session's new cookie on whatever answers: pages, parts of pages, redirects, errors, event streams.

    Plain ASGI. An answer that sets or deletes the same cookie itself (signing in, signing out) has the last word.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        fresh: list[str] = []
        scope[_FRESH] = fresh

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and fresh:
                headers = message.get("headers", [])
                if not any(
                    key == b"set-cookie" and _names(value) & _names(fresh[-1].encode()) for key, value in headers
                ):
                    message = {**message, "headers": [*headers, (b"set-cookie", fresh[-1].encode())]}
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def _names(header: bytes) -> set[str]:
    return set(SimpleCookie(header.decode("latin-1")))


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
