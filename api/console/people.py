"""/people: who may sign in, who is invited, and the keys of programs. For those with users:write."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import col, select

from api.actions import api_keys as keys
from api.actions import users as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.own_account import days_of
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.identity import invitations, second_factor
from api.paging import decode, encode
from api.permissions import Permission
from api.problems import problem_of
from core.errors import Rejected, SalesOSError
from store.models import Role, User

router = APIRouter(include_in_schema=False)

_SAID = {
    "changed": "Changed. They are signed out and sign in anew.",
    "factor": "Their second factor is off. They are signed out.",
    "revoked": "The link has ended.",
    "key_revoked": "The key has ended.",
}
_A_PAGE = 100

Text = Annotated[str, Form(max_length=1_000)]


@router.get("/people")
def people_page(deps: Deps, visitor: Visitor, said: str = "", cursor: str | None = None) -> HTMLResponse:
    visitor.require(Permission.USERS)
    return _page(deps, visitor, said=_SAID.get(said, ""), cursor=cursor)


@router.post("/people/invitations")
def invite(deps: Deps, visitor: ActingVisitor, email: Text = "", name: Text = "", role: Text = "") -> Response:
    visitor.require(Permission.USERS)
    try:
        made = invitations.invite(deps, visitor, deps.ids.new(), email=email, role=_role(role), name=name)
    except SalesOSError as error:
        return _page(deps, visitor, error=error, typed={"email": email, "name": name, "role": role})
    return _page(deps, visitor, link=made)


@router.post("/people/invitations/{invitation_id}/link")
def new_link(invitation_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    return _linked(deps, visitor, lambda: invitations.new_link(deps, visitor, invitation_id))


@router.post("/people/invitations/{invitation_id}/revoke")
def revoke_invitation(invitation_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    def act() -> str:
        invitations.revoke(deps, visitor, invitation_id)
        return "revoked"

    return _do(deps, visitor, act)


@router.post("/people/keys")
def make_key(
    deps: Deps,
    visitor: ActingVisitor,
    name: Text = "",
    scopes: Annotated[list[str] | None, Form(max_length=100)] = None,
    days: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    visitor.require(Permission.USERS)
    try:
        until = deps.clock.now() + timedelta(days=days_of(days)) if days else None
        made = keys.create(
            deps, visitor, deps.ids.new(), name=name, scopes=scopes or [], kind="service", expires_at=until
        )
    except SalesOSError as error:
        return _page(deps, visitor, error=error, typed={"key_name": name, "scopes": scopes or [], "days": days})
    return _page(deps, visitor, said=f"The key “{made.key.name}” is made.", new_key=made.secret)


@router.post("/people/keys/{key_id}/revoke")
def revoke_key(key_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    visitor.require(Permission.USERS)

    def act() -> str:
        keys.revoke(deps, visitor, key_id)
        return "key_revoked"

    return _do(deps, visitor, act)


@router.post("/people/{user_id}")
def change_user(
    user_id: UUID, deps: Deps, visitor: ActingVisitor, role: Text = "", active: Annotated[str, Form(max_length=3)] = ""
) -> Response:
    def act() -> str:
        now_active = {"yes": True, "no": False}.get(active)
        wanted = _role(role) if role else None
        acts.change_user(deps, visitor, user_id, role=wanted, active=now_active, check=lambda _: None)
        return "changed"

    return _do(deps, visitor, act)


@router.post("/people/{user_id}/second-factor/reset")
def reset_second_factor(user_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    def act() -> str:
        second_factor.reset(deps, visitor, user_id)
        return "factor"

    return _do(deps, visitor, act)


@router.post("/people/{user_id}/password-link")
def password_link(user_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    return _linked(deps, visitor, lambda: invitations.password_link(deps, visitor, user_id))


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise Rejected("There is no such role.", hint="Choose one of the list.") from None


def _linked(deps: Dependencies, visitor: Principal, act: Callable[[], invitations.InvitationMade]) -> Response:
    visitor.require(Permission.USERS)
    try:
        made = act()
    except SalesOSError as error:
        return _page(deps, visitor, error=error)
    return _page(deps, visitor, link=made)


def _do(deps: Dependencies, visitor: Principal, act: Callable[[], str]) -> Response:
    visitor.require(Permission.USERS)
    try:
        said = act()
    except SalesOSError as error:
        return _page(deps, visitor, error=error)
    return RedirectResponse(f"/people?said={said}", status_code=303)


def _page(
    deps: Dependencies,
    visitor: Principal,
    *,
    said: str = "",
    error: SalesOSError | None = None,
    cursor: str | None = None,
    link: invitations.InvitationMade | None = None,
    new_key: str = "",
    typed: dict[str, Any] | None = None,
) -> HTMLResponse:
    query = select(User).order_by(col(User.email)).limit(_A_PAGE + 1)
    if (after := decode(cursor, 1)) is not None:
        query = query.where(col(User.email) > str(after[0]))
    now = deps.clock.now()
    with deps.database.read(visitor.workspace_id) as session:
        users = session.exec(query).all()
        invited = invitations.invitations(session, now, _A_PAGE, None, open_only=True).items
        service = keys.api_keys(session, visitor, _A_PAGE, None, kind="service", live=True).items
    known = {"email": "", "name": "", "role": "rep", "key_name": "", "scopes": ["read"], "days": "90"}
    return console(
        deps,
        visitor,
        "people.html",
        here="people",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        users=users[:_A_PAGE],
        next=encode(users[_A_PAGE - 1].email) if len(users) > _A_PAGE else None,
        cursor=cursor,
        invited=invited,
        keys=service,
        link=link,
        new_key=new_key,
        roles=[role.value for role in Role],
        scopes=[scope.value for scope in Permission if visitor.may(scope)],
        typed={**known, **(typed or {})},
    )
