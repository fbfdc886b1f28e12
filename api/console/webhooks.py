"""Webhook endpoints, and what each was told: pausing, testing, another secret, sending again."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.actions import webhooks as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import webhooks as views
from core.errors import NotFound, Rejected, SalesOSError
from store.feed_kinds import KINDS, Kind
from store.models import DeliveryState

router = APIRouter(include_in_schema=False)

_SAID = {
    "changed": "The endpoint is changed.",
    "paused": "Nothing is sent for now. What happens waits.",
    "resumed": "It goes on with what waited.",
    "skipped": "It goes on with what happens from now on.",
    "tested": "A test is on its way. Reload in a moment: the log below shows what came of it.",
    "replayed": "It is sent again, under the id that it had.",
    "replayed_none": "Nothing in this time is to be sent again.",
    "deleted": "The endpoint and its log are deleted.",
}
_TYPES = [(kind.value, about.text) for kind, about in KINDS.items() if kind is not Kind.WEBHOOK_PING]

Text = Annotated[str, Form(max_length=4_000)]
Types = Annotated[list[str] | None, Form(max_length=100)]


@router.get("/webhooks")
def webhooks_page(deps: Deps, visitor: Visitor, said: str = "", cursor: str | None = None) -> HTMLResponse:
    return _list(deps, visitor, said=_SAID.get(said, ""), cursor=cursor)


@router.post("/webhooks")
def make(deps: Deps, visitor: ActingVisitor, url: Text = "", description: Text = "", types: Types = None) -> Response:
    typed = {"url": url, "description": description, "types": types or []}
    try:
        _bounded(url, description)
        made = acts.create(deps, visitor, deps.ids.new(), url=url, description=description, types=types)
    except SalesOSError as error:
        return _list(deps, visitor, error=error, typed=typed, status=problem_of(error).status)
    # No redirect: the secret is in no address, and is shown on this page only.
    return _one(deps, visitor, made.endpoint.id, secret=made.secret, said="The endpoint is made.")


@router.get("/webhooks/{endpoint_id}")
def webhook_page(
    endpoint_id: UUID, deps: Deps, visitor: Visitor, said: str = "", state: str = "", cursor: str | None = None
) -> HTMLResponse:
    return _one(deps, visitor, endpoint_id, said=_SAID.get(said, ""), state=state, cursor=cursor)


@router.post("/webhooks/{endpoint_id}")
def change(
    endpoint_id: UUID, deps: Deps, visitor: ActingVisitor, url: Text = "", description: Text = "", types: Types = None
) -> Response:
    typed = {"url": url, "description": description, "types": types or []}

    def act() -> str:
        _bounded(url, description)
        acts.change(deps, visitor, endpoint_id, url=url, description=description, types=types or [])
        return "changed"

    return _do(deps, visitor, endpoint_id, act, typed)


@router.post("/webhooks/{endpoint_id}/pause")
def pause(endpoint_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    return _do(deps, visitor, endpoint_id, lambda: acts.pause(deps, visitor, endpoint_id) and "paused")


@router.post("/webhooks/{endpoint_id}/resume")
def resume(
    endpoint_id: UUID, deps: Deps, visitor: ActingVisitor, skip: Annotated[str, Form(max_length=3)] = ""
) -> Response:
    def act() -> str:
        acts.resume(deps, visitor, endpoint_id, skip=skip == "yes")
        return "skipped" if skip == "yes" else "resumed"

    return _do(deps, visitor, endpoint_id, act)


@router.post("/webhooks/{endpoint_id}/test")
def test(endpoint_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    def act() -> str:
        acts.ping(deps, visitor, endpoint_id)
        return "tested"

    return _do(deps, visitor, endpoint_id, act)


@router.post("/webhooks/{endpoint_id}/secret")
def rotate(endpoint_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    made = acts.rotate(deps, visitor, endpoint_id)
    return _one(deps, visitor, endpoint_id, secret=made.secret, said="For 24 hours the old secret signs too.")


@router.post("/webhooks/{endpoint_id}/delete")
def delete(endpoint_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    acts.delete(deps, visitor, endpoint_id)
    return RedirectResponse("/webhooks?said=deleted", status_code=303)


@router.post("/webhooks/{endpoint_id}/replay")
def replay(
    endpoint_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    since: Annotated[str, Form(max_length=40)] = "",
    only_failed: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    def act() -> str:
        at = _instant(visitor, since)
        made = acts.replay_since(deps, visitor, endpoint_id, since=at, only_failed=only_failed == "yes")
        return "replayed" if made else "replayed_none"

    return _do(deps, visitor, endpoint_id, act)


@router.post("/webhooks/{endpoint_id}/deliveries/{delivery_id}/replay")
def replay_one(endpoint_id: UUID, delivery_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    def act() -> str:
        acts.replay_one(deps, visitor, endpoint_id, delivery_id)
        return "replayed"

    return _do(deps, visitor, endpoint_id, act)


def _do(deps: Dependencies, visitor: Principal, endpoint_id: UUID, act: Any, typed: Any = None) -> Response:
    try:
        said = act()
    except NotFound:
        raise
    except SalesOSError as error:
        return _one(deps, visitor, endpoint_id, error=error, typed=typed, status=problem_of(error).status)
    word = said if isinstance(said, str) else "changed"
    return RedirectResponse(f"/webhooks/{endpoint_id}?said={word}", status_code=303)


def _list(deps: Dependencies, visitor: Principal, cursor: str | None = None, **shown: Any) -> HTMLResponse:
    visitor.require(Permission.WEBHOOKS)
    with deps.database.read(visitor.workspace_id) as session:
        found = views.endpoints(session, deps.clock.now(), 50, cursor)
        counts = views.counts(session, [endpoint.id for endpoint in found.items])
    shown.setdefault("typed", {"url": "", "description": "", "types": []})
    return console(
        deps, visitor, "webhooks.html", here="webhooks", endpoints=found, tallies=counts, types=_TYPES, cursor=cursor,
        **shown,
    )  # fmt: skip


def _one(
    deps: Dependencies,
    visitor: Principal,
    endpoint_id: UUID,
    *,
    secret: str = "",
    state: str = "",
    cursor: str | None = None,
    typed: Any = None,
    **shown: Any,
) -> HTMLResponse:
    visitor.require(Permission.WEBHOOKS)
    states = [DeliveryState(state)] if state in {one.value for one in DeliveryState} else []
    with deps.database.read(visitor.workspace_id) as session:
        endpoint = views.endpoint(session, endpoint_id, deps.clock.now())
        found = views.deliveries(session, endpoint_id, states=states, limit=50, cursor=cursor)
        counts = views.counts(session, [endpoint_id])[endpoint_id]
    if typed is None:
        typed = {"url": endpoint.url, "description": endpoint.description, "types": endpoint.types}
    return console(
        deps, visitor, "webhook.html", here="webhooks", endpoint=endpoint, deliveries=found, tallies=counts,
        types=_TYPES, states=[one.value for one in DeliveryState], state=state if states else "", cursor=cursor,
        secret=secret, typed=typed, **shown,
    )  # fmt: skip


def _bounded(url: str, description: str) -> None:
    if len(url) > 2_000 or len(description) > 200:
        raise Rejected("This is too long.", hint="An address has 2,000 characters at most, a description 200.")


def _instant(visitor: Principal, text: str) -> datetime:
    """What a date field sends, in the visitor's zone. Raises Rejected."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Rejected("Say since when: a date and a time.", hint="For example 2026-06-01T09:00.") from error
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(visitor.time_zone or "UTC"))).astimezone(UTC)
