"""Channels that a team is told in: made, changed, paused, tried out. A worker does the telling."""

from collections.abc import Sequence
from typing import Final, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views import notices as views
from core.errors import Conflict, Rejected
from store import audit, feed
from store.models import Notice, NoticeChannel, NoticeChannelState, NoticeKind, NoticeState
from store.queries import team_notices
from tools.ports import NoticeService
from tools.providers.notifier.known import check

MOST: Final = 20  # channels of a workspace
CHOSEN: Final = (NoticeKind.REPLY, NoticeKind.APPROVAL, NoticeKind.TROUBLE)
Detail = Literal["company", "kind"]


def create(
    deps: Dependencies,
    principal: Principal,
    channel_id: UUID,
    *,
    name: str,
    service: NoticeService,
    secret: str,
    destination: str = "",
    kinds: Sequence[NoticeKind] = CHOSEN,
    detail: Detail = "company",
) -> views.ChannelOut:
    """It is told what happens from now on. Raises Forbidden, Rejected, Conflict (there are too many)."""
    principal.require(Permission.WEBHOOKS)
    secret, destination, now = secret.strip(), destination.strip(), deps.clock.now()
    check(service, secret, destination)
    sealer = deps.context_for(principal.workspace_id).sealer
    with deps.database.write(principal.workspace_id) as session:
        if (known := team_notices.channel_row(session, channel_id)) is not None:
            return views.ChannelOut.model_validate(known)
        if session.execute(sa.select(sa.func.count()).select_from(NoticeChannel)).scalar_one() >= MOST:
            raise Conflict(f"There are {MOST} channels already.", hint="Delete one that is not needed.")
        row = NoticeChannel(
            workspace_id=principal.workspace_id,
            id=channel_id,
            name=_name(name),
            service=service.value,
            destination=destination,
            secret_sealed=sealer.seal(secret, context=team_notices.sealed_under(channel_id)),
            kinds=_kinds(kinds),
            detail=detail,
            from_seq=feed.newest(session),
            alerts_from=now,
            created_by=principal.actor,
            created_at=now,
        )
        session.add(row)
        session.flush()
        _audit(session, deps, principal, "created", channel_id)
        return views.ChannelOut.model_validate(row)


def change(
    deps: Dependencies,
    principal: Principal,
    channel_id: UUID,
    *,
    name: str | None = None,
    secret: str | None = None,
    kinds: Sequence[NoticeKind] | None = None,
    detail: Detail | None = None,
) -> views.ChannelOut:
    """None leaves a thing as it is. Raises Forbidden, NotFound, Rejected."""
    principal.require(Permission.WEBHOOKS)
    sealer = deps.context_for(principal.workspace_id).sealer
    with deps.database.write(principal.workspace_id) as session:
        row = views.channel_row(session, channel_id, lock=True)
        if name is not None:
            row.name = _name(name)
        if secret is not None:
            check(NoticeService(row.service), secret.strip(), row.destination)
            row.secret_sealed = sealer.seal(secret.strip(), context=team_notices.sealed_under(channel_id))
            row.failures, row.not_before = 0, None
        if kinds is not None:
            row.kinds = _kinds(kinds)
        if detail is not None:
            row.detail = detail
        session.add(row)
        session.flush()
        _audit(session, deps, principal, "changed", channel_id)
        return views.ChannelOut.model_validate(row)


def pause(deps: Dependencies, principal: Principal, channel_id: UUID) -> views.ChannelOut:
    """Nothing is told there until it is resumed. Raises Forbidden, NotFound."""
    principal.require(Permission.WEBHOOKS)
    with deps.database.write(principal.workspace_id) as session:
        row = views.channel_row(session, channel_id, lock=True)
        if row.state is NoticeChannelState.ACTIVE:
            row.state, row.state_reason = NoticeChannelState.PAUSED, ""
            session.add(row)
            session.flush()
            _audit(session, deps, principal, "paused", channel_id)
        return views.ChannelOut.model_validate(row)


def resume(deps: Dependencies, principal: Principal, channel_id: UUID) -> views.ChannelOut:
    """Goes on with what happens from now on; what waited stands in the console. Raises Forbidden, NotFound."""
    principal.require(Permission.WEBHOOKS)
    with deps.database.write(principal.workspace_id) as session:
        row = views.channel_row(session, channel_id, lock=True)
        if row.state is not NoticeChannelState.ACTIVE:
            session.execute(
                sa.update(Notice)
                .where(col(Notice.channel_id) == channel_id, col(Notice.state) == NoticeState.WAITING)
                .values(state=NoticeState.CANCELLED, said="The channel was paused.")
                .execution_options(synchronize_session=False)
            )
            row.state, row.state_reason, row.failures, row.not_before = NoticeChannelState.ACTIVE, "", 0, None
            row.from_seq, row.alerts_from = feed.newest(session), deps.clock.now()
            session.add(row)
            session.flush()
            _audit(session, deps, principal, "resumed", channel_id)
        return views.ChannelOut.model_validate(row)


def delete(deps: Dependencies, principal: Principal, channel_id: UUID) -> None:
    """With its log and its key. Raises Forbidden, NotFound."""
    principal.require(Permission.WEBHOOKS)
    with deps.database.write(principal.workspace_id) as session:
        session.delete(views.channel_row(session, channel_id, lock=True))
        session.flush()
        _audit(session, deps, principal, "deleted", channel_id)


def test(deps: Dependencies, principal: Principal, channel_id: UUID) -> None:
    """A test, on the way that all notices take. Raises Forbidden, NotFound, Conflict (it is not active)."""
    principal.require(Permission.WEBHOOKS)
    with deps.database.write(principal.workspace_id) as session:
        row = views.channel_row(session, channel_id, lock=True)
        if row.state is not NoticeChannelState.ACTIVE:
            raise Conflict(f"The channel is {row.state.value}: nothing is told there.", hint="Resume it first.")
        team_notices.add_test(session, channel_id, deps.ids.new(), deps.clock.now())


def _kinds(kinds: Sequence[NoticeKind]) -> list[str]:
    if not kinds or any(kind not in CHOSEN for kind in kinds):
        raise Rejected("Say what the channel is told of.", hint="Of: reply, approval, trouble.", code="kinds")
    return [kind.value for kind in CHOSEN if kind in kinds]


def _name(text: str) -> str:
    name = " ".join(text.split())[:100]
    if not name:
        raise Rejected("Give the channel a name.", hint="As people call it: #sales.", code="name")
    return name


def _audit(session: Session, deps: Dependencies, principal: Principal, what: str, channel_id: UUID) -> None:
    audit.append(
        session,
        deps.clock,
        deps.ids,
        actor=principal.actor,
        action=f"notice_channel.{what}",
        subject_kind="notice_channel",
        subject_id=channel_id,
        details={},
    )
