"""/account: what is one's own. /account/second-factor: setting it up."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import available_timezones

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.actions import account as acts
from api.actions import api_keys as keys
from api.console import guard
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.identity import second_factor, sessions
from api.identity.proof import own_account
from api.permissions import Permission
from api.problems import problem_of
from core.errors import Rejected, SalesOSError

router = APIRouter(include_in_schema=False)

_SAID = {
    "saved": "Saved.",
    "password": "Your password is changed, and you are signed out everywhere else.",
    "ended": "That session has ended.",
    "others": "You are signed out everywhere else.",
    "factor_off": "The second factor is off.",
    "revoked": "The key has ended.",
}
_MOST_KEYS = 100  # on the page; the API lists any number

Text = Annotated[str, Form(max_length=1_000)]


@router.get("/account")
def account_page(deps: Deps, visitor: Visitor, said: str = "") -> HTMLResponse:
    return _page(deps, visitor, said=_SAID.get(said, ""))


@router.post("/account")
def change_profile(
    deps: Deps, visitor: ActingVisitor, name: Text = "", time_zone: Text = "", theme: Text = "", preparation: Text = ""
) -> Response:
    def act() -> str:
        chosen: acts.Theme = "light" if theme == "light" else "dark" if theme == "dark" else ""
        mailed = {"yes": True, "no": False}.get(preparation)
        acts.change_profile(deps, visitor, name=name, time_zone=time_zone, theme=chosen, preparation_mail=mailed)
        return "saved"

    return _do(
        deps, visitor, act, typed={"name": name, "time_zone": time_zone, "theme": theme, "preparation": preparation}
    )


@router.post("/account/password")
def change_password(
    request: Request, deps: Deps, visitor: ActingVisitor, old: Text = "", new: Text = "", again: Text = ""
) -> Response:
    try:
        if new != again:
            raise Rejected("The new password is not the same twice.", hint="Type it again.")
        signed_in = acts.change_password(
            deps,
            visitor,
            old,
            new,
            old_cookie=request.cookies.get(guard.cookie_name(deps), ""),
            browser=sessions.browser_of(request.headers.get("user-agent", "")),
        )
    except SalesOSError as error:
        return _page(deps, visitor, error=error)
    response = RedirectResponse("/account?said=password", status_code=303)
    guard.set_cookie(response, deps, guard.cookie_name(deps), signed_in.cookie)
    return response


@router.post("/account/sessions/{session_id}/end")
def end_session(session_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    def act() -> str:
        acts.end_session(deps, visitor, session_id)
        return "ended"

    return _do(deps, visitor, act)


@router.post("/account/sessions/end-others")
def end_others(deps: Deps, visitor: ActingVisitor) -> Response:
    def act() -> str:
        acts.end_other_sessions(deps, visitor)
        return "others"

    return _do(deps, visitor, act)


@router.post("/account/second-factor")
def begin_second_factor(deps: Deps, visitor: ActingVisitor, password: Text = "") -> Response:
    try:
        setup = second_factor.begin(deps, visitor, password)
    except SalesOSError as error:
        return _page(deps, visitor, error=error)
    return _setup(deps, visitor, setup)


@router.post("/account/second-factor/confirm")
def confirm_second_factor(deps: Deps, visitor: ActingVisitor, code: Text = "") -> Response:
    try:
        codes = second_factor.confirm(deps, visitor, code)
    except Rejected as error:
        return _setup(deps, visitor, second_factor.begun(deps, visitor), error)
    except SalesOSError as error:
        return _page(deps, visitor, error=error)
    return _page(deps, visitor, said="The second factor is on. Other sessions have ended.", codes=codes)


@router.post("/account/second-factor/off")
def turn_off_second_factor(deps: Deps, visitor: ActingVisitor, password: Text = "", code: Text = "") -> Response:
    def act() -> str:
        second_factor.turn_off(deps, visitor, password, code)
        return "factor_off"

    return _do(deps, visitor, act)


@router.post("/account/recovery-codes")
def renew_recovery_codes(deps: Deps, visitor: ActingVisitor, password: Text = "") -> Response:
    try:
        codes = second_factor.renew_codes(deps, visitor, password)
    except SalesOSError as error:
        return _page(deps, visitor, error=error)
    return _page(deps, visitor, said="The old recovery codes have ended.", codes=codes)


@router.post("/account/keys")
def make_key(
    deps: Deps,
    visitor: ActingVisitor,
    name: Text = "",
    scopes: Annotated[list[str] | None, Form(max_length=100)] = None,
    days: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    typed = {"key_name": name, "scopes": scopes or [], "days": days}
    try:
        until = deps.clock.now() + timedelta(days=days_of(days)) if days else None
        made = keys.create(deps, visitor, deps.ids.new(), name=name, scopes=scopes or [], expires_at=until)
    except SalesOSError as error:
        return _page(deps, visitor, error=error, typed=typed)
    return _page(deps, visitor, said=f"The key “{made.key.name}” is made.", new_key=made.secret)


@router.post("/account/keys/{key_id}/revoke")
def revoke_key(key_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    def act() -> str:
        keys.revoke(deps, visitor, key_id)
        return "revoked"

    return _do(deps, visitor, act)


def days_of(text: str) -> int:
    """Raises Rejected."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 3_650):
        raise Rejected("Days are a number from 1 to 3650.", hint="Leave it empty for a key that does not end.")
    return int(text)


def _do(
    deps: Dependencies, visitor: Principal, act: Callable[[], str], typed: dict[str, Any] | None = None
) -> Response:
    try:
        said = act()
    except SalesOSError as error:
        return _page(deps, visitor, error=error, typed=typed)
    return RedirectResponse(f"/account?said={said}", status_code=303)


def _page(
    deps: Dependencies,
    visitor: Principal,
    *,
    said: str = "",
    error: SalesOSError | None = None,
    codes: list[str] | None = None,
    new_key: str = "",
    typed: dict[str, Any] | None = None,
) -> HTMLResponse:
    with deps.database.read(visitor.workspace_id) as session:
        user = own_account(session, visitor)
        factor = second_factor.state_of(session, user)
        opened = sessions.open_sessions(session, deps.clock, visitor)
        own_keys = keys.api_keys(session, visitor, _MOST_KEYS, None, mine=True, live=True).items
    known = {"name": user.name, "time_zone": user.time_zone, "theme": user.theme, "key_name": "", "days": "90"}
    known["preparation"] = "yes" if user.preparation_mail else "no"
    return console(
        deps,
        visitor,
        "account.html",
        here="account",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        user=user,
        typed={**known, "scopes": ["read"], **(typed or {})},
        zones=sorted(available_timezones()),
        factor=factor,
        codes=codes or [],
        sessions=opened,
        keys=own_keys,
        new_key=new_key,
        scopes=[scope.value for scope in Permission if visitor.may(scope)],
    )


def _setup(
    deps: Dependencies, visitor: Principal, setup: second_factor.SetUp, error: SalesOSError | None = None
) -> HTMLResponse:
    status = problem_of(error).status if error else 200
    return console(deps, visitor, "second_factor.html", here="account", status=status, error=error, setup=setup)
