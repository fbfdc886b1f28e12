"""Where the team is told, and the page behind a notice's link: it shows, and only its form decides."""

from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.actions import notice_links
from api.actions import notices as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import drafts
from api.views import notices as views
from core.errors import NotFound, SalesOSError
from store.models import NoticeKind
from store.queries.approvals import Action
from tools.ports import NoticeService

router = APIRouter(include_in_schema=False)

_SAID = {
    "made": "The channel is made. Say a test to see that it arrives.",
    "changed": "The channel is changed.",
    "paused": "Nothing is told there for now.",
    "resumed": "It is told what happens from now on.",
    "tested": "A test is on its way. Reload in a moment: the log shows what came of it.",
    "deleted": "The channel, its key and its log are deleted.",
}
_SERVICES = [
    (NoticeService.SLACK_WEBHOOK, "Slack, incoming webhook"),
    (NoticeService.SLACK_BOT, "Slack, a bot’s token"),
    (NoticeService.TEAMS, "Microsoft Teams, workflow"),
]
_KINDS = [
    (NoticeKind.REPLY, "Somebody wrote"),
    (NoticeKind.APPROVAL, "A draft waits for approval"),
    (NoticeKind.TROUBLE, "Trouble: a critical alert"),
]
Text = Annotated[str, Form(max_length=2_000)]
Kinds = Annotated[list[NoticeKind] | None, Form(max_length=3)]
Detail = Annotated[Literal["company", "kind"], Form()]


@router.get("/notices")
def notices_page(deps: Deps, visitor: Visitor, said: str = "", channel: UUID | None = None) -> HTMLResponse:
    return _show(deps, visitor, said=_SAID.get(said, ""), at=channel)


@router.post("/notices")
def make(
    deps: Deps,
    visitor: ActingVisitor,
    service: Annotated[NoticeService, Form()],
    name: Text = "",
    secret: Text = "",
    destination: Annotated[str, Form(max_length=100)] = "",
    kinds: Kinds = None,
    detail: Detail = "company",
) -> Response:
    try:
        made = acts.create(
            deps,
            visitor,
            deps.ids.new(),
            name=name,
            service=service,
            secret=secret,
            destination=destination,
            kinds=kinds or [],
            detail=detail,
        )
    except SalesOSError as error:
        typed = {"name": name, "service": service, "destination": destination, "kinds": kinds or [], "detail": detail}
        return _show(deps, visitor, error=error, typed=typed)
    return RedirectResponse(f"/notices?said=made&channel={made.id}", status_code=303)


@router.post("/notices/{channel_id}")
def change(
    channel_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    name: Text = "",
    secret: Text = "",
    kinds: Kinds = None,
    detail: Detail = "company",
) -> Response:
    def act() -> object:
        return acts.change(
            deps, visitor, channel_id, name=name, secret=secret.strip() or None, kinds=kinds or [], detail=detail
        )

    return _do(deps, visitor, channel_id, "changed", act)


@router.post("/notices/{channel_id}/pause")
def pause(channel_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    return _do(deps, visitor, channel_id, "paused", lambda: acts.pause(deps, visitor, channel_id))


@router.post("/notices/{channel_id}/resume")
def resume(channel_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    return _do(deps, visitor, channel_id, "resumed", lambda: acts.resume(deps, visitor, channel_id))


@router.post("/notices/{channel_id}/test")
def test(channel_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    return _do(deps, visitor, channel_id, "tested", lambda: acts.test(deps, visitor, channel_id))


@router.post("/notices/{channel_id}/delete")
def delete(channel_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    acts.delete(deps, visitor, channel_id)
    return RedirectResponse("/notices?said=deleted", status_code=303)


@router.get("/n/{token}")
def open_link(token: str, deps: Deps, visitor: Visitor) -> Response:
    """Shows and changes nothing: chat programs and mail scanners open links by themselves."""
    found = notice_links.opened(deps, visitor, token)
    if found.approval_id is None:
        return RedirectResponse(found.place, status_code=303)
    return _decision(deps, visitor, token, found)


@router.post("/n/{token}")
def decide(
    token: str,
    deps: Deps,
    visitor: ActingVisitor,
    action: Annotated[Action, Form()],
    reason: Annotated[str, Form(max_length=1_000)] = "",
) -> Response:
    try:
        notice_links.decide(deps, visitor, token, action=action, reason=reason)
    except NotFound:
        raise
    except SalesOSError as error:
        return _decision(deps, visitor, token, notice_links.opened(deps, visitor, token), error=error)
    said = "Approved. It leaves in its time." if action is Action.APPROVE else "Rejected."
    return _decision(deps, visitor, token, notice_links.opened(deps, visitor, token), said=said)


def _decision(
    deps: Dependencies,
    visitor: Principal,
    token: str,
    found: notice_links.Opened,
    *,
    said: str = "",
    error: SalesOSError | None = None,
) -> HTMLResponse:
    assert found.approval_id is not None  # the caller has sent the others on
    sealer = deps.context_for(visitor.workspace_id).sealer
    with deps.database.read(visitor.workspace_id) as session:
        draft = drafts.draft_view(session, sealer, visitor, found.approval_id)
    return console(
        deps,
        visitor,
        "notice_link.html",
        here="approvals",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        draft=draft,
        token=token,
        place=found.place,
        why_not="" if said else found.why_not,
        may_decide=visitor.may(Permission.DECIDE) and not found.why_not,
    )


def _do(deps: Dependencies, visitor: Principal, channel_id: UUID, word: str, act: Callable[[], Any]) -> Response:
    try:
        act()
    except NotFound:
        raise
    except SalesOSError as error:
        return _show(deps, visitor, error=error, at=channel_id)
    return RedirectResponse(f"/notices?said={word}&channel={channel_id}", status_code=303)


def _show(
    deps: Dependencies,
    visitor: Principal,
    *,
    said: str = "",
    error: SalesOSError | None = None,
    at: UUID | None = None,
    typed: dict[str, Any] | None = None,
) -> HTMLResponse:
    visitor.require(Permission.WEBHOOKS)
    with deps.database.read(visitor.workspace_id) as session:
        channels = views.channels(session)
        log = views.notices(session, at, 20).items if at and any(one.id == at for one in channels) else []
    return console(
        deps,
        visitor,
        "notices.html",
        here="notices",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        channels=channels,
        at=at,
        log=log,
        services=_SERVICES,
        kinds=_KINDS,
        typed=typed or {"name": "", "service": "", "destination": "", "kinds": list(acts.CHOSEN), "detail": "company"},
    )
