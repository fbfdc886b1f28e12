"""Endpoints that vendors post to, and dead letters: made, given another key, closed; looked into and tried again."""

from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views import inbound as views
from core.errors import Conflict, FixConfiguration, NotFound, Rejected
from store import audit
from store.models import InboundEndpoint, InboundEvent, InboundState, Message
from store.queries import inbound
from tools.webhooks.doors import vendor_of
from tools.webhooks.path_token import new_token

MOST_ENDPOINTS: Final = 50  # of a workspace
MOST_REPLAYED: Final = 10_000  # events a request


def create_endpoint(
    deps: Dependencies, principal: Principal, endpoint_id: UUID, *, vendor: str, secret: str
) -> views.InboundEndpointOut:
    """A request that is repeated gets the same one. Raises Forbidden, NotFound, Rejected, Conflict (too many)."""
    principal.require(Permission.WEBHOOKS)
    vendor = vendor_of(vendor.strip().lower()).name
    secret = _checked(deps, vendor, secret)
    sealer = deps.context_for(principal.workspace_id).sealer
    with deps.database.write(principal.workspace_id) as session:
        if session.get(InboundEndpoint, (principal.workspace_id, endpoint_id)) is None:
            if session.execute(sa.select(sa.func.count()).select_from(InboundEndpoint)).scalar_one() >= MOST_ENDPOINTS:
                raise Conflict(f"There are {MOST_ENDPOINTS} endpoints already.", hint="Delete one that is not needed.")
            token = new_token(principal.workspace_id)
            session.add(
                InboundEndpoint(
                    workspace_id=principal.workspace_id,
                    id=endpoint_id,
                    vendor=vendor,
                    token_hash=inbound.token_hash(token),
                    token_sealed=sealer.seal(token, context=inbound.token_under(endpoint_id)),
                    secret_sealed=sealer.seal(secret, context=inbound.secret_under(endpoint_id)),
                    created_by=principal.actor,
                    created_at=deps.clock.now(),
                )
            )
            session.flush()
            _audit(session, deps, principal, "created", "inbound_endpoint", endpoint_id, {"vendor": vendor})
        return views.endpoint(session, sealer, deps.settings.public_url, endpoint_id)


def change_endpoint(
    deps: Dependencies, principal: Principal, endpoint_id: UUID, *, secret: str
) -> views.InboundEndpointOut:
    """Another key; the address stays. Raises Forbidden, NotFound, Rejected."""
    principal.require(Permission.WEBHOOKS)
    sealer = deps.context_for(principal.workspace_id).sealer
    with deps.database.write(principal.workspace_id) as session:
        row = views.endpoint_row(session, endpoint_id, lock=True)
        secret = _checked(deps, row.vendor, secret)
        row.secret_sealed = sealer.seal(secret, context=inbound.secret_under(endpoint_id))
        row.refused_at, row.refusal = None, ""
        session.add(row)
        session.flush()
        _audit(session, deps, principal, "changed", "inbound_endpoint", endpoint_id, {})
        return views.endpoint(session, sealer, deps.settings.public_url, endpoint_id)


def delete_endpoint(deps: Dependencies, principal: Principal, endpoint_id: UUID) -> None:
    """Its address answers 404 from now on; what it received stays. Raises Forbidden, NotFound."""
    principal.require(Permission.WEBHOOKS)
    with deps.database.write(principal.workspace_id) as session:
        session.delete(views.endpoint_row(session, endpoint_id, lock=True))
        session.flush()
        _audit(session, deps, principal, "deleted", "inbound_endpoint", endpoint_id, {})


def replay(deps: Dependencies, principal: Principal, event_id: UUID, *, message: str = "") -> views.InboundEventOut:
    """A dead letter is tried again. `message`: the id or Message-ID of the mail of ours that it is about,
    where a person knows it.

    Raises Forbidden, NotFound, Conflict (it is not dead, or its bytes are no longer kept).
    """
    principal.require(Permission.WEBHOOKS)
    with deps.database.write(principal.workspace_id) as session:
        row = views.event_row(session, event_id, lock=True)
        if row.state is not InboundState.DEAD:
            raise Conflict(f"This event is {row.state.value}: only dead letters are replayed.", hint="Nothing to do.")
        if row.raw_sealed is None:
            raise Conflict("What this event said is no longer kept.", hint="Ask the vendor to send it again.")
        if message.strip():
            row.subject_kind, row.subject_id = "message", _sent(session, message.strip())
        row.state, row.reason, row.attempts, row.settled_at = InboundState.RECEIVED, "", 0, None
        row.due_at, row.replayed_by = deps.clock.now(), principal.actor
        session.add(row)
        session.flush()
        _audit(session, deps, principal, "replayed", "inbound_event", event_id, {"by_hand": bool(message.strip())})
        return views.event_of(row)


def replay_all(deps: Dependencies, principal: Principal, *, vendor: str = "") -> int:
    """Every dead letter, or those of a vendor, the oldest first. Returns how many. Raises Forbidden."""
    principal.require(Permission.WEBHOOKS)
    with deps.database.write(principal.workspace_id) as session:
        chosen = select(InboundEvent.id).where(
            InboundEvent.state == InboundState.DEAD, col(InboundEvent.raw_sealed).is_not(None)
        )
        if vendor:
            chosen = chosen.where(InboundEvent.vendor == vendor)
        ids = session.exec(chosen.order_by(col(InboundEvent.received_at)).limit(MOST_REPLAYED)).all()
        again: dict[str, Any] = {"state": InboundState.RECEIVED, "reason": "", "attempts": 0, "settled_at": None}
        again |= {"due_at": deps.clock.now(), "replayed_by": principal.actor}
        for start in range(0, len(ids), 500):
            session.execute(
                sa.update(InboundEvent)
                .where(col(InboundEvent.id).in_(ids[start : start + 500]), col(InboundEvent.state) == InboundState.DEAD)
                .values(**again)
                .execution_options(synchronize_session=False)
            )
        if ids:
            details = {"events": len(ids)}
            _audit(session, deps, principal, "replayed", "inbound_event", principal.workspace_id, details)
        return len(ids)


def _sent(session: Session, named: str) -> UUID:
    """Raises NotFound."""
    try:
        which = Message.id == UUID(named)
    except ValueError:
        which = Message.message_id == (named if named.startswith("<") else f"<{named}>")
    found = session.exec(select(Message.id).where(which, Message.direction == "out").order_by(col(Message.id))).first()
    if found is None:
        raise NotFound(
            "There is no such mail of ours.", hint="Its Message-ID stands in the sent folder and the outbox."
        )
    return found


def _checked(deps: Dependencies, vendor: str, secret: str) -> str:
    """Raises Rejected where the vendor's messages could never be verified by it."""
    secret = secret.strip()
    try:
        deps.doors.of(vendor, secret)
    except FixConfiguration as error:
        raise Rejected(error.message, hint=error.hint, code="bad_secret") from None
    return secret


def _audit(
    session: Session,
    deps: Dependencies,
    principal: Principal,
    what: str,
    kind: str,
    subject_id: UUID,
    details: dict[str, Any],
) -> None:
    audit.append(
        session,
        deps.clock,
        deps.ids,
        actor=principal.actor,
        action=f"{kind}.{what}",
        subject_kind=kind,
        subject_id=subject_id,
        details=details,
    )
