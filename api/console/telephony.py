"""Texts and calls: the accounts that they go out through, one's own phone, and one text or call of a task."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.actions import telephony as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import telephony as views
from core.errors import NotFound, SalesOSError
from store.models import Task, TelephonyState

router = APIRouter(include_in_schema=False)

_SAID = {
    "connected": "The account is connected. Check it, then paste its address into Twilio.",
    "changed": "The account is changed.",
    "paused": "Nothing leaves through it for now.",
    "resumed": "It is used again.",
    "deleted": "The account, its key and its address are deleted.",
    "works": "Twilio lets us in. Nothing was sent.",
    "phone": "Your phone is kept: it rings first in your calls.",
    "no-phone": "Your phone is forgotten.",
    "sent": "It is on its way: it leaves within their hours.",
}
Text = Annotated[str, Form(max_length=200)]
Count = Annotated[int, Form(ge=0, le=100_000)]
Words = Annotated[str, Form(max_length=2_000)]


@router.get("/telephony")
def telephony_page(deps: Deps, visitor: Visitor, said: str = "") -> HTMLResponse:
    return _show(deps, visitor, said=_SAID.get(said, ""))


@router.post("/telephony")
def connect(
    deps: Deps,
    visitor: ActingVisitor,
    name: Text = "",
    account_sid: Text = "",
    secret: Text = "",
    key_sid: Text = "",
    auth_token: Text = "",
    sender: Text = "",
    service_sid: Text = "",
    daily_texts: Count = 50,
    daily_calls: Count = 50,
) -> Response:
    typed: dict[str, Any] = {
        "name": name,
        "account_sid": account_sid,
        "key_sid": key_sid,
        "sender": sender,
        "service_sid": service_sid,
    }
    try:
        acts.connect(
            deps,
            visitor,
            deps.ids.new(),
            secret=secret,
            auth_token=auth_token,
            daily_texts=daily_texts,
            daily_calls=daily_calls,
            **typed,
        )
    except SalesOSError as error:
        return _show(deps, visitor, error=error, typed=typed)
    return _back("connected")


@router.post("/telephony/phone")
def own_phone(deps: Deps, visitor: ActingVisitor, number: Text = "") -> Response:
    return _do(
        deps, visitor, "phone" if number.strip() else "no-phone", lambda: acts.set_own_phone(deps, visitor, number)
    )


@router.get("/telephony/tasks/{task_id}")
def task_page(task_id: UUID, deps: Deps, visitor: Visitor, said: str = "") -> Response:
    return _task(deps, visitor, task_id, said=_SAID.get(said, ""))


@router.post("/telephony/tasks/{task_id}/look")
def look(task_id: UUID, deps: Deps, visitor: ActingVisitor, body: Words = "") -> Response:
    """The same page with a person's own words, as they would leave."""
    return _task(deps, visitor, task_id, body=body)


@router.post("/telephony/tasks/{task_id}")
def send(
    task_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    digest: Annotated[str, Form(max_length=64)] = "",
    body: Words | None = None,
) -> Response:
    try:
        acts.send(deps, visitor, task_id, digest=digest, body=body)
    except NotFound:
        raise
    except SalesOSError as error:
        return _task(deps, visitor, task_id, body=body, error=error)
    return RedirectResponse(f"/telephony/tasks/{task_id}?said=sent", status_code=303)


@router.post("/telephony/{account_id}")
def change(
    account_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    name: Text = "",
    secret: Text = "",
    auth_token: Text = "",
    sender: Text = "",
    service_sid: Text = "",
    daily_texts: Count = 50,
    daily_calls: Count = 50,
) -> Response:
    def act() -> object:
        return acts.change(
            deps,
            visitor,
            account_id,
            name=name,
            secret=secret.strip() or None,
            auth_token=auth_token.strip() or None,
            sender=sender,
            service_sid=service_sid,
            daily_texts=daily_texts,
            daily_calls=daily_calls,
        )

    return _do(deps, visitor, "changed", act)


@router.post("/telephony/{account_id}/pause")
def pause(account_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    return _do(deps, visitor, "paused", lambda: acts.set_state(deps, visitor, account_id, TelephonyState.PAUSED))


@router.post("/telephony/{account_id}/resume")
def resume(account_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    return _do(deps, visitor, "resumed", lambda: acts.set_state(deps, visitor, account_id, TelephonyState.ACTIVE))


@router.post("/telephony/{account_id}/check")
def check(account_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    problem = acts.check(deps, visitor, account_id)
    return _show(deps, visitor, problem=problem) if problem else _back("works")


@router.post("/telephony/{account_id}/delete")
def delete(account_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    return _do(deps, visitor, "deleted", lambda: acts.delete(deps, visitor, account_id))


def _do(deps: Dependencies, visitor: Principal, word: str, act: Callable[[], Any]) -> Response:
    try:
        act()
    except NotFound:
        raise
    except SalesOSError as error:
        return _show(deps, visitor, error=error)
    return _back(word)


def _back(said: str) -> Response:
    return RedirectResponse(f"/telephony?said={said}", status_code=303)


def _show(
    deps: Dependencies,
    visitor: Principal,
    *,
    said: str = "",
    error: SalesOSError | None = None,
    problem: str = "",
    typed: dict[str, Any] | None = None,
) -> HTMLResponse:
    visitor.require(Permission.WORK)
    sealer, may_connect = deps.context_for(visitor.workspace_id).sealer, visitor.may(Permission.MAILBOXES)
    with deps.database.read(visitor.workspace_id) as session:
        url, now = deps.settings.public_url, deps.clock.now()
        accounts = views.accounts(session, sealer, url, now) if may_connect else []
        own = views.own_phone(session, sealer, visitor.user_id)
    return console(
        deps,
        visitor,
        "telephony.html",
        here="telephony",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        problem=problem,
        accounts=accounts,
        own=own,
        may_connect=may_connect,
        typed=typed or {"name": "", "account_sid": "", "key_sid": "", "sender": "", "service_sid": ""},
    )


def _task(
    deps: Dependencies,
    visitor: Principal,
    task_id: UUID,
    *,
    said: str = "",
    body: str | None = None,
    error: SalesOSError | None = None,
) -> HTMLResponse:
    """What would leave, or the first rule that forbids it."""
    visitor.require(Permission.WORK)
    found: views.OutgoingOut | None = None
    why: SalesOSError | None = None
    try:
        found = views.outgoing(acts.outgoing(deps, visitor, task_id, body=body))
    except NotFound:
        raise
    except SalesOSError as refused:
        why = refused
    with deps.database.read(visitor.workspace_id) as session:
        task = session.get_one(Task, (visitor.workspace_id, task_id))
        last = views.last_item(session, task)
        title, lead_id = task.title, task.subject_id if task.subject_kind == "lead" else None
    return console(
        deps,
        visitor,
        "telephony_task.html",
        here="today",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        task_id=task_id,
        title=title,
        lead_id=lead_id,
        found=found,
        why=None if said or error else why,
        last=last,
        body=body,
    )
