"""The people of a workspace: their roles, and whether they may come in. The last active admin always stays one."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from core.clock import Clock
from core.errors import Conflict, NotFound
from core.ids import Ids
from store import audit
from store.models import ApiKey, Role, User, WebSession
from store.session import workspace_of


def user_of(session: Session, user_id: UUID) -> User:
    """Raises NotFound."""
    user = session.get(User, (workspace_of(session), user_id))
    if user is None:
        raise NotFound("There is no such user.", hint="`GET /api/v1/users` lists them.")
    return user


def change_user(
    deps: Dependencies,
    principal: Principal,
    user_id: UUID,
    *,
    role: Role | None = None,
    active: bool | None = None,
    check: Callable[[User], None],
) -> User:
    """None leaves as it is. `check` sees the user before the change. Raises Forbidden, NotFound, Conflict."""
    principal.require(Permission.USERS)
    with deps.database.write(principal.workspace_id) as session:
        admins = _lock_admins(session)
        user = user_of(session, user_id)
        check(user)
        return apply(
            session, deps.clock, deps.ids, user, actor=principal.actor, role=role, active=active, admins=admins
        )


def apply(
    session: Session,
    clock: Clock,
    ids: Ids,
    user: User,
    *,
    actor: str,
    role: Role | None,
    active: bool | None,
    admins: set[UUID],
) -> User:
    new_role = user.role if role is None else role
    new_active = user.active if active is None else active
    if admins == {user.id} and not (new_active and new_role is Role.ADMIN):
        raise Conflict(
            "This is the last active admin: nobody could manage people any more.",
            hint="Make somebody else an admin first.",
            code="last_admin",
        )
    records = []
    if new_role is not user.role:
        records.append(_record(actor, "user.role_changed", user.id, {"from": user.role.value, "to": new_role.value}))
    if new_active != user.active:
        records.append(_record(actor, "user.reactivated" if new_active else "user.deactivated", user.id, {}))
    if not records:
        return user
    if user.active and not new_active:  # for good: coming back does not bring old keys back
        session.execute(
            sa.update(ApiKey)
            .where(col(ApiKey.user_id) == user.id, col(ApiKey.revoked_at).is_(None))
            .values(revoked_at=clock.now())
        )
    user.role, user.active = new_role, new_active
    session.add(user)
    # Another role needs a new sign-in, so that no open page keeps the rights of the old one.
    session.execute(sa.delete(WebSession).where(col(WebSession.user_id) == user.id))
    session.flush()
    audit.append_many(session, clock, ids, records)
    return user


def _record(actor: str, action: str, user_id: UUID, details: Mapping[str, Any]) -> audit.Record:
    return audit.Record(actor, action, "user", str(user_id), details)


def _lock_admins(session: Session) -> set[UUID]:
    """Active admins, locked: two admins who deactivate each other at once must not both succeed."""
    query = select(User.id).where(User.role == Role.ADMIN, col(User.active)).order_by(col(User.id)).with_for_update()
    return set(session.exec(query))
