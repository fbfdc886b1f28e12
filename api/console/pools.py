"""Pools: who shares out which leads; what each was owed and paid, down to the meetings; coming meetings handed over."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

import yaml
from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError
from sqlmodel import col, select

from agents.booking.handing_over import Handed
from agents.booking.pool_needs import Need
from api.actions import pools as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import pools as views
from core.errors import NotFound, Rejected, SalesOSError
from store.models import Icp, User
from tools.calendar.rotation import Ownership

router = APIRouter(include_in_schema=False)

_SAID = {
    "made": "The pool is made. Say who is in it.",
    "changed": "The pool is changed.",
    "member": "It holds from the next meeting on.",
    "out": "They are out of the pool. Coming meetings stay theirs until you hand them over.",
    "removed": "The pool is deleted.",
}
_LONGEST = 20_000  # characters of needs
Text = Annotated[str, Form(max_length=300)]


@router.get("/pools")
def pools_page(deps: Deps, visitor: Visitor, said: str = "") -> HTMLResponse:
    return _list(deps, visitor, said=_SAID.get(said, ""))


@router.post("/pools")
def make(deps: Deps, visitor: ActingVisitor, name: Text = "") -> Response:
    pool_id = deps.ids.new()
    try:
        acts.put(
            deps,
            visitor,
            pool_id,
            name=name,
            active=True,
            everyone=False,
            icp_ids=[],
            minutes=None,
            ownership=Ownership.PREFER,
            owner_counts=True,
            no_show_counts=True,
            needs=[],
            members=None,
            new=True,
        )
    except SalesOSError as error:
        return _list(deps, visitor, error=error, name=name)
    return RedirectResponse(f"/pools/{pool_id}?said=made", status_code=303)


@router.get("/pools/{pool_id}")
def pool_page(
    pool_id: UUID, deps: Deps, visitor: Visitor, said: str = "", member: UUID | None = None, cursor: str = ""
) -> HTMLResponse:
    return _show(deps, visitor, pool_id, said=_SAID.get(said, ""), member=member, cursor=cursor)


@router.post("/pools/{pool_id}")
def change(
    pool_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    name: Text = "",
    takes: Annotated[list[str] | None, Form()] = None,
    active: Annotated[str, Form(max_length=3)] = "",
    minutes: Annotated[str, Form(max_length=4)] = "",
    ownership: Annotated[Ownership, Form()] = Ownership.PREFER,
    owner_counts: Annotated[str, Form(max_length=3)] = "",
    no_show_counts: Annotated[str, Form(max_length=3)] = "",
    needs: Annotated[str, Form(max_length=_LONGEST)] = "",
) -> Response:
    """`takes`: ids of ICPs, and "everyone"."""

    def act() -> object:
        return acts.put(
            deps,
            visitor,
            pool_id,
            name=name,
            active=active == "on",
            everyone="everyone" in (takes or []),
            icp_ids=[_id(one) for one in takes or [] if one != "everyone"],
            minutes=_minutes(minutes),
            ownership=ownership,
            owner_counts=owner_counts == "on",
            no_show_counts=no_show_counts == "on",
            needs=_needs(needs),
            members=None,
        )

    return _do(deps, visitor, pool_id, "changed", act, needs=needs)


@router.post("/pools/{pool_id}/delete")
def delete(pool_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    try:
        acts.remove(deps, visitor, pool_id)
    except NotFound:
        raise
    except SalesOSError as error:
        return _show(deps, visitor, pool_id, error=error)
    return RedirectResponse("/pools?said=removed", status_code=303)


@router.post("/pools/{pool_id}/members")
def set_member(
    pool_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    user_id: Annotated[UUID, Form()],
    weight: Annotated[int, Form(ge=0, le=1_000)] = 1,
    skills: Text = "",
    active: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    words = [word for word in (part.strip() for part in skills.split(",")) if word]

    def act() -> object:
        return acts.put_member(deps, visitor, pool_id, user_id, weight=weight, skills=words, active=active == "on")

    return _do(deps, visitor, pool_id, "member", act)


@router.post("/pools/{pool_id}/members/{user_id}/out")
def take_out(pool_id: UUID, user_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    return _do(deps, visitor, pool_id, "out", lambda: acts.take_out(deps, visitor, pool_id, user_id))


@router.post("/pools/{pool_id}/hand-over")
def hand_over(
    pool_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    from_user: Annotated[UUID, Form()],
    to_user: Annotated[str, Form(max_length=36)] = "",
) -> Response:
    try:
        found = acts.hand_over(deps, visitor, pool_id, from_user, to_user=_id(to_user) if to_user else None)
    except NotFound:
        raise
    except SalesOSError as error:
        return _show(deps, visitor, pool_id, error=error)
    return _show(deps, visitor, pool_id, handed=found)


def _do(
    deps: Dependencies, visitor: Principal, pool_id: UUID, word: str, act: Callable[[], object], **typed: Any
) -> Response:
    try:
        act()
    except NotFound:
        raise
    except SalesOSError as error:
        return _show(deps, visitor, pool_id, error=error, **typed)
    return RedirectResponse(f"/pools/{pool_id}?said={word}", status_code=303)


def _list(
    deps: Dependencies, visitor: Principal, *, said: str = "", error: SalesOSError | None = None, name: str = ""
) -> HTMLResponse:
    with deps.database.read(visitor.workspace_id) as session:
        found = views.pools(session, deps.clock.now())
    return console(
        deps,
        visitor,
        "pools.html",
        here="pools",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        pools=found,
        name=name,
        may_change=visitor.may(Permission.POLICIES),
    )


def _show(
    deps: Dependencies,
    visitor: Principal,
    pool_id: UUID,
    *,
    said: str = "",
    error: SalesOSError | None = None,
    member: UUID | None = None,
    cursor: str = "",
    handed: list[Handed] | None = None,
    needs: str | None = None,
) -> HTMLResponse:
    with deps.database.read(visitor.workspace_id) as session:
        found = views.pool(session, pool_id, deps.clock.now())
        entries = views.ledger(session, pool_id, user_id=member, cursor=cursor or None)
        icps = list(session.exec(select(Icp).where(col(Icp.archived_at).is_(None)).order_by(col(Icp.name))))
        users = list(session.exec(select(User).where(col(User.active)).order_by(col(User.name), col(User.id))))
    inside = {one.user_id for one in found.members if one.here}
    rows = [need.model_dump(mode="json", exclude_defaults=True) for need in found.needs]
    written = yaml.safe_dump(rows, sort_keys=False, allow_unicode=True) if rows else ""
    return console(
        deps,
        visitor,
        "pool.html",
        here="pools",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        pool=found,
        taken={icp.id for icp in found.icps},
        icps=icps,
        others=[user for user in users if user.id not in inside],
        entries=entries,
        member=next((one for one in found.members if one.user_id == member), None),
        cursor=cursor,
        handed=handed,
        needs=written if needs is None else needs,
        ownerships=[
            (Ownership.PREFER, "comes first, where free"),
            (Ownership.REQUIRE, "or nobody"),
            (Ownership.IGNORE, "does not count"),
        ],
        may_change=visitor.may(Permission.POLICIES),
    )


def _needs(text: str) -> list[Need]:
    """Raises Rejected, in words for whoever wrote them."""
    try:
        rows = yaml.safe_load(text) if text.strip() else []
        if not isinstance(rows, list):
            raise Rejected("Needs are a list.", hint="Write each with a dash: - skill: german")
        return [Need.model_validate(row) for row in rows]
    except yaml.YAMLError:
        raise Rejected("The needs are no YAML.", hint="Write them like the example.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Rejected(f"Needs: {place} {first['msg']}.".replace("  ", " "), hint="Change it and save again.") from None


def _minutes(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdigit():
        raise Rejected("Minutes are a number.")
    return int(text)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Rejected("This is no choice of the list.") from None
