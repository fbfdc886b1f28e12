"""One's own account: name, zone, theme, password."""

from collections.abc import Callable
from typing import Literal
from uuid import UUID

from pydantic import BaseModel
from sqlmodel import Session

from api.dependencies import Dependencies, Principal
from api.identity import passwords, sessions
from api.identity.invitations import check_time_zone
from api.identity.proof import own_account, prove_password, record
from core.errors import Rejected
from store.models import Role, User

Theme = Literal["", "light", "dark"]  # empty: as the person's system says


class Person(BaseModel):
    id: UUID
    name: str
    email: str
    role: Role
    time_zone: str
    theme: str
    preparation_mail: bool  # what to know before a meeting, by mail
    second_factor: bool

    @classmethod
    def of(cls, user: User) -> "Person":
        return cls(
            id=user.id,
            name=user.name,
            email=user.email,
            role=user.role,
            time_zone=user.time_zone,
            theme=user.theme,
            preparation_mail=user.preparation_mail,
            second_factor=user.totp_confirmed_at is not None,
        )


def person_of(session: Session, principal: Principal) -> Person | None:
    """None: a program's own key, or the command line."""
    return Person.of(own_account(session, principal)) if principal.user_id is not None else None


def change_profile(
    deps: Dependencies,
    principal: Principal,
    *,
    name: str | None = None,
    time_zone: str | None = None,
    theme: Theme | None = None,
    preparation_mail: bool | None = None,
    check: Callable[[User], None] = lambda _: None,
) -> Person:
    """None leaves as it is. Raises Forbidden (nobody's key), Rejected."""
    if time_zone is not None:
        check_time_zone(time_zone)
    if name is not None and not name.strip():
        raise Rejected("The name is empty.", hint="It is shown beside what you do.")
    with deps.database.write(principal.workspace_id) as session:
        user = own_account(session, principal, lock=True)
        check(user)
        before = (user.name, user.time_zone, user.theme, user.preparation_mail)
        user.name = user.name if name is None else name.strip()[:200]
        user.time_zone = user.time_zone if time_zone is None else time_zone
        user.theme = user.theme if theme is None else theme
        user.preparation_mail = user.preparation_mail if preparation_mail is None else preparation_mail
        now = (user.name, user.time_zone, user.theme, user.preparation_mail)
        names = ("name", "time_zone", "theme", "preparation_mail")
        fields = [field for field, old, new in zip(names, before, now, strict=True) if old != new]
        if fields:
            session.add(user)
            session.flush()
            record(session, deps, principal.actor, "user.profile_changed", user.id, {"fields": fields})
        return Person.of(user)


def change_password(
    deps: Dependencies, principal: Principal, old: str, new: str, *, old_cookie: str, browser: str
) -> sessions.SignedIn:
    """Every session of theirs ends; the one that asks goes on as a new one. Raises Forbidden, Rejected."""
    prove_password(deps, principal, old)
    if new == old:
        raise Rejected("The new password is the old one.", hint="Four other odd words will do.")
    new_hash = passwords.hash_password(new)
    with deps.database.write(principal.workspace_id) as session:
        user = own_account(session, principal, lock=True)
        user.password_hash = new_hash
        session.add(user)
        sessions.end_all(session, user.id)
        record(session, deps, principal.actor, "user.password_changed", user.id, {"how": "old_password"})
        return sessions.start(
            session, deps.clock, deps.ids, user, browser=browser, old_cookie=old_cookie, how="password_change"
        )


def end_session(deps: Dependencies, principal: Principal, session_id: UUID) -> None:
    """Raises NotFound."""
    with deps.database.write(principal.workspace_id) as session:
        user = own_account(session, principal)
        sessions.end_one(session, principal, session_id)
        record(session, deps, principal.actor, "session.ended", user.id, {"why": "owner"})


def end_other_sessions(deps: Dependencies, principal: Principal) -> int:
    """How many ended."""
    with deps.database.write(principal.workspace_id) as session:
        user = own_account(session, principal)
        ended = sessions.end_others(session, user.id, principal.session_id)
        if ended:
            record(session, deps, principal.actor, "session.ended", user.id, {"why": "owner", "sessions": ended})
    return ended
