"""Webhook endpoints: made, changed, paused, tried out, and told again what they missed. Workers do the sending."""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from api import etags
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views import webhooks as views
from api.views.events import known_types
from core.errors import Conflict, Rejected
from store import audit, feed
from store.feed_kinds import Kind
from store.models import DeliveryState, WebhookDelivery, WebhookEndpoint, WebhookState
from store.queries import webhooks

OVERLAP: Final = timedelta(hours=24)  # both secrets sign for so long after a rotation
MOST_ENDPOINTS: Final = 50  # of a workspace
MOST_REPLAYED: Final = 10_000  # events a request


@dataclass(frozen=True, slots=True)
class WithSecret:
    endpoint: views.EndpointOut
    secret: str  # "whsec_…": shown now and never again; "" where the request was a repeat


def create(
    deps: Dependencies,
    principal: Principal,
    endpoint_id: UUID,
    *,
    url: str,
    description: str = "",
    types: list[str] | None = None,
) -> WithSecret:
    """It is told what happens from now on. Raises Forbidden, Rejected, Conflict (there are too many)."""
    principal.require(Permission.WEBHOOKS)
    url, kinds = _url(deps, principal, url), known_types(types or [])
    sealer = deps.context_for(principal.workspace_id).sealer
    with deps.database.write(principal.workspace_id) as session:
        if session.get(WebhookEndpoint, (principal.workspace_id, endpoint_id)) is not None:
            return WithSecret(views.endpoint(session, endpoint_id, deps.clock.now()), "")
        count = session.execute(sa.select(sa.func.count()).select_from(WebhookEndpoint)).scalar_one()
        if count >= MOST_ENDPOINTS:
            raise Conflict(f"There are {MOST_ENDPOINTS} endpoints already.", hint="Delete one that is not needed.")
        secret = new_secret()
        row = WebhookEndpoint(
            workspace_id=principal.workspace_id,
            id=endpoint_id,
            url=url,
            description=description.strip(),
            kinds=kinds,
            secret_sealed=sealer.seal(secret, context=webhooks.sealed_under(endpoint_id)),
            from_seq=feed.newest(session),
            created_by=principal.actor,
            created_at=deps.clock.now(),
        )
        session.add(row)
        session.flush()
        _audit(session, deps, principal, "created", endpoint_id, {"types": len(kinds)})
        return WithSecret(views.endpoint(session, endpoint_id, deps.clock.now()), secret)


def change(
    deps: Dependencies,
    principal: Principal,
    endpoint_id: UUID,
    *,
    url: str | None = None,
    description: str | None = None,
    types: list[str] | None = None,
    if_match: str | None = None,
) -> views.EndpointOut:
    """None leaves a thing as it is. Raises Forbidden, NotFound, Rejected, PreconditionFailed."""
    principal.require(Permission.WEBHOOKS)
    with deps.database.write(principal.workspace_id) as session:
        row = views.endpoint_row(session, endpoint_id, lock=True)
        etags.check(if_match, views.endpoint(session, endpoint_id, deps.clock.now()))
        changed = []
        if url is not None and (wanted := _url(deps, principal, url)) != row.url:
            # Another address is another receiver: what the old one did wrong does not count against it.
            row.url, row.failures, row.failing_since, row.not_before = wanted, 0, None, None
            changed.append("url")
        if description is not None and description.strip() != row.description:
            row.description = description.strip()
            changed.append("description")
        if types is not None and (kinds := known_types(types)) != row.kinds:
            row.kinds = kinds
            changed.append("types")
        if changed:
            session.add(row)
            session.flush()
            _audit(session, deps, principal, "changed", endpoint_id, {"fields": changed})
        return views.endpoint(session, endpoint_id, deps.clock.now())


def delete(deps: Dependencies, principal: Principal, endpoint_id: UUID) -> None:
    """With its log. What is on its way at this moment may still arrive. Raises Forbidden, NotFound."""
    principal.require(Permission.WEBHOOKS)
    with deps.database.write(principal.workspace_id) as session:
        session.delete(views.endpoint_row(session, endpoint_id, lock=True))
        session.flush()
        _audit(session, deps, principal, "deleted", endpoint_id, {})


def pause(deps: Dependencies, principal: Principal, endpoint_id: UUID) -> views.EndpointOut:
    """Nothing is sent, and nothing is lost: it waits. Raises Forbidden, NotFound."""
    principal.require(Permission.WEBHOOKS)
    with deps.database.write(principal.workspace_id) as session:
        row = views.endpoint_row(session, endpoint_id, lock=True)
        if row.state is not WebhookState.PAUSED:
            row.state, row.state_reason = WebhookState.PAUSED, ""
            session.add(row)
            session.flush()
            _audit(session, deps, principal, "paused", endpoint_id, {})
        return views.endpoint(session, endpoint_id, deps.clock.now())


def resume(deps: Dependencies, principal: Principal, endpoint_id: UUID, *, skip: bool = False) -> views.EndpointOut:
    """Goes on with what waits; `skip`: with what happens from now on. Raises Forbidden, NotFound."""
    principal.require(Permission.WEBHOOKS)
    now = deps.clock.now()
    with deps.database.write(principal.workspace_id) as session:
        row = views.endpoint_row(session, endpoint_id, lock=True)
        if row.state is not WebhookState.ACTIVE:
            row.state, row.state_reason = WebhookState.ACTIVE, ""
            row.failures, row.failing_since, row.not_before = 0, None, None
            waiting = sa.update(WebhookDelivery).where(
                col(WebhookDelivery.endpoint_id) == endpoint_id, col(WebhookDelivery.state) == DeliveryState.WAITING
            )
            if skip:
                row.from_seq = feed.newest(session)
                waiting = waiting.values(state=DeliveryState.CANCELLED)
            else:  # a retry that was to be made tomorrow is made now: a person says that it works again
                waiting = waiting.values(due_at=now)
            session.execute(waiting.execution_options(synchronize_session=False))
            session.add(row)
            session.flush()
            _audit(session, deps, principal, "resumed", endpoint_id, {"skipped": skip})
        return views.endpoint(session, endpoint_id, now)


def rotate(deps: Dependencies, principal: Principal, endpoint_id: UUID) -> WithSecret:
    """A new secret; for 24 hours the old one signs too. Raises Forbidden, NotFound."""
    principal.require(Permission.WEBHOOKS)
    sealer, now, secret = deps.context_for(principal.workspace_id).sealer, deps.clock.now(), new_secret()
    with deps.database.write(principal.workspace_id) as session:
        row = views.endpoint_row(session, endpoint_id, lock=True)
        old = sealer.open(row.secret_sealed, context=webhooks.sealed_under(endpoint_id))
        row.previous_secret_sealed = sealer.seal(old, context=webhooks.sealed_under(endpoint_id, previous=True))
        row.previous_until = now + OVERLAP
        row.secret_sealed = sealer.seal(secret, context=webhooks.sealed_under(endpoint_id))
        session.add(row)
        session.flush()
        _audit(session, deps, principal, "secret_rotated", endpoint_id, {})
        return WithSecret(views.endpoint(session, endpoint_id, now), secret)


def ping(deps: Dependencies, principal: Principal, endpoint_id: UUID) -> None:
    """A test, on the way that all of them take. Raises Forbidden, NotFound, Conflict (it is not active)."""
    principal.require(Permission.WEBHOOKS)
    with deps.database.write(principal.workspace_id) as session:
        _active(views.endpoint_row(session, endpoint_id, lock=True))
        feed.publish(session, deps.clock, [feed.Event(Kind.WEBHOOK_PING, endpoint_id, actor=principal.actor)])


def replay_one(deps: Dependencies, principal: Principal, endpoint_id: UUID, delivery_id: UUID) -> views.DeliveryOut:
    """The new delivery; the one that waits already, where there is one. Raises Forbidden, NotFound, Conflict."""
    principal.require(Permission.WEBHOOKS)
    with deps.database.write(principal.workspace_id) as session:
        row = views.endpoint_row(session, endpoint_id, lock=True)
        shown = views.delivery(session, endpoint_id, delivery_id)
        _active(row)
        if shown.type is None:
            raise Conflict("The event is too old: it is no longer kept.", hint="Read what is so now from the API.")
        # Even where the endpoint has stopped to listen to this type: a person asks for this very event.
        webhooks.replay_event(session, endpoint_id, shown.event_seq, deps.clock.now())
        newest = (
            select(WebhookDelivery.id)
            .where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.event_seq == shown.event_seq)
            .order_by(col(WebhookDelivery.replay).desc())
            .limit(1)
        )
        made = views.delivery(session, endpoint_id, session.exec(newest).one())
        if made.id != delivery_id:
            _audit(session, deps, principal, "replayed", endpoint_id, {"deliveries": 1})
        return made


def replay_since(
    deps: Dependencies,
    principal: Principal,
    endpoint_id: UUID,
    *,
    since: datetime,
    until: datetime | None = None,
    only_failed: bool = False,
) -> int:
    """Everything of the endpoint's types that happened in this time, again. Returns how many deliveries were made.

    Raises Forbidden, NotFound, Conflict (not active), Rejected (more than a request may ask for).
    """
    principal.require(Permission.WEBHOOKS)
    with deps.database.write(principal.workspace_id) as session:
        row = views.endpoint_row(session, endpoint_id, lock=True)
        _active(row)
        after = feed.before(session, since)
        upto = feed.before(session, until) if until is not None else row.from_seq
        made = webhooks.replay(
            session,
            row,
            deps.clock.now(),
            after=after,
            upto=upto,
            limit=MOST_REPLAYED,
            only=(DeliveryState.FAILED, DeliveryState.CANCELLED) if only_failed else (),
        )
        if made:
            _audit(session, deps, principal, "replayed", endpoint_id, {"deliveries": made})
        return made


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _url(deps: Dependencies, principal: Principal, url: str) -> str:
    """Raises Rejected. What the name's addresses are is looked at when something is sent, each time."""
    url = url.strip()
    if said := deps.context_for(principal.workspace_id).tools.webhook_sender.refusal(url):
        raise Rejected(
            f"This address cannot be used. {said}",
            hint="A public https address. For receivers in your own network set SALESOS_WEBHOOK_PRIVATE=true.",
            code="bad_url",
        )
    return url


def _active(row: WebhookEndpoint) -> None:
    if row.state is not WebhookState.ACTIVE:
        raise Conflict(f"The endpoint is {row.state.value}: nothing is sent to it.", hint="Resume it first.")


def _audit(
    session: Session, deps: Dependencies, principal: Principal, what: str, endpoint_id: UUID, details: dict[str, Any]
) -> None:
    audit.append(
        session,
        deps.clock,
        deps.ids,
        actor=principal.actor,
        action=f"webhook.{what}",
        subject_kind="webhook_endpoint",
        subject_id=endpoint_id,
        details=details,
    )
