"""Invitations: a link that makes an account, or lets its owner choose a new password. Once, within seven days.

The link is "/invitation/<workspace hex>.<secret>"; only the secret's SHA-256 is kept, so it is shown once, to the admin
who made it. Whoever has the link is taken for its addressee.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID
from zoneinfo import available_timezones

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col, select

from api.dependencies import Dependencies, Principal, Unauthenticated
from api.identity import passwords, sessions
from api.identity.accounts import create_user, normal_email
from api.keys import hashed, split
from api.paging import Page, decode, encode, moment_and_id
from api.permissions import Permission
from core.errors import Conflict, NotFound, Rejected
from store import audit
from store.models import Invitation, Role, User
from store.queries import single_sign_on

SERVES: Final = timedelta(days=7)


class InvitationOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01979a3e-7a1f-7000-8000-000000000001",
                    "email": "ben@sender.example",
                    "name": "Ben",
                    "role": "rep",
                    "user_id": None,
                    "state": "open",
                    "created_at": "2026-06-02T14:00:00Z",
                    "expires_at": "2026-06-09T14:00:00Z",
                }
            ]
        }
    )

    id: UUID
    email: str
    name: str
    role: Role
    user_id: UUID | None  # set: a new password for this user
    state: Literal["open", "expired", "accepted", "revoked"]
    created_at: datetime
    expires_at: datetime


class InvitationMade(InvitationOut):
    link: str  # shown this once


@dataclass(frozen=True, slots=True)
class Opened:
    """What a good link is for."""

    invitation: Invitation
    workspace_id: UUID


def shown(invitation: Invitation, now: datetime) -> InvitationOut:
    return InvitationOut(
        id=invitation.id,
        email=invitation.email,
        name=invitation.name,
        role=invitation.role,
        user_id=invitation.user_id,
        state=_state(invitation, now),
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
    )


def invitations(
    session: Session, now: datetime, limit: int, cursor: str | None, *, open_only: bool = False
) -> Page[InvitationOut]:
    """The newest first."""
    query = select(Invitation).order_by(col(Invitation.created_at).desc(), col(Invitation.id).desc()).limit(limit + 1)
    if open_only:
        query = query.where(col(Invitation.accepted_at).is_(None), col(Invitation.revoked_at).is_(None))
    if (after := decode(cursor, 2)) is not None:
        at, last = moment_and_id(after)
        older = sa.and_(col(Invitation.created_at) == at, col(Invitation.id) < last)
        query = query.where(sa.or_(col(Invitation.created_at) < at, older))
    found = session.exec(query).all()
    items = found[:limit]
    following = encode(items[-1].created_at.isoformat(), str(items[-1].id)) if len(found) > limit else None
    return Page(items=[shown(one, now) for one in items], next=following)


def invite(
    deps: Dependencies, principal: Principal, new_id: UUID, *, email: str, role: Role, name: str = ""
) -> InvitationMade:
    """Raises Forbidden, Rejected, Conflict (a member already, or invited already)."""
    principal.require(Permission.USERS)
    address, now = normal_email(email), deps.clock.now()
    with deps.database.write(principal.workspace_id) as session:
        if session.exec(select(User.id).where(User.email == address)).first() is not None:
            raise Conflict("Somebody with this address is in the workspace already.", hint="Change their role instead.")
        if any(_state(one, now) == "open" for one in _unused(session, Invitation.email == address)):
            raise Conflict(
                "This address is invited already.", hint="Make a new link for it, or revoke it first.", code="invited"
            )
        made = _new(session, deps, principal, new_id, email=address, role=role, name=name.strip()[:200])
        _record(session, deps, principal.actor, "invitation.created", made[0].id, {"role": role.value})
    return _made(deps, principal.workspace_id, *made)


def password_link(deps: Dependencies, principal: Principal, user_id: UUID) -> InvitationMade:
    """For somebody who forgot it; older links of theirs end. The old password serves until the new one is chosen.

    Raises Forbidden, NotFound, Conflict (not active).
    """
    principal.require(Permission.USERS)
    with deps.database.write(principal.workspace_id) as session:
        user = session.get(User, (principal.workspace_id, user_id))
        if user is None:
            raise NotFound("There is no such user.", hint="`GET /api/v1/users` lists them.")
        if not user.active:
            raise Conflict("This person is not active.", hint="Reactivate them first.")
        for old in _unused(session, Invitation.user_id == user_id):
            old.revoked_at = deps.clock.now()
            session.add(old)
        made = _new(
            session, deps, principal, deps.ids.new(), email=user.email, role=user.role, name=user.name, user_id=user.id
        )
        _record(session, deps, principal.actor, "user.password_link_made", user.id, {}, "user")
    return _made(deps, principal.workspace_id, *made)


def new_link(deps: Dependencies, principal: Principal, invitation_id: UUID) -> InvitationMade:
    """Another link, for another seven days; the old one ends. Raises Forbidden, NotFound, Conflict."""
    principal.require(Permission.USERS)
    with deps.database.write(principal.workspace_id) as session:
        invitation = _of(session, principal, invitation_id)
        if invitation.accepted_at is not None or invitation.revoked_at is not None:
            raise Conflict("This invitation is over.", hint="Invite anew.")
        secret = secrets.token_urlsafe(32)
        invitation.token_hash, invitation.expires_at = hashed(secret), deps.clock.now() + SERVES
        session.add(invitation)
        _record(session, deps, principal.actor, "invitation.link_renewed", invitation.id, {})
    return _made(deps, principal.workspace_id, invitation, secret)


def revoke(deps: Dependencies, principal: Principal, invitation_id: UUID) -> InvitationOut:
    """At once; twice changes nothing. Raises Forbidden, NotFound, Conflict (accepted)."""
    principal.require(Permission.USERS)
    now = deps.clock.now()
    with deps.database.write(principal.workspace_id) as session:
        invitation = _of(session, principal, invitation_id)
        if invitation.accepted_at is not None:
            raise Conflict("This invitation was accepted already.", hint="Deactivate the person instead.")
        if invitation.revoked_at is None:
            invitation.revoked_at = now
            session.add(invitation)
            _record(session, deps, principal.actor, "invitation.revoked", invitation.id, {})
    return shown(invitation, now)


def open_link(deps: Dependencies, token: str) -> Opened:
    """Raises NotFound, in the same words whatever is wrong."""
    workspace_id, secret = split(token, ".")
    if workspace_id is None:
        raise _over()
    with deps.database.read(workspace_id) as session:
        invitation = session.exec(select(Invitation).where(Invitation.token_hash == hashed(secret))).first()
    if invitation is None or _state(invitation, deps.clock.now()) != "open":
        raise _over()
    return Opened(invitation, workspace_id)


def accept(
    deps: Dependencies,
    token: str,
    *,
    password: str,
    name: str = "",
    time_zone: str = "UTC",
    old_cookie: str = "",
    browser: str = "",
) -> sessions.SignedIn:
    """The account is made, or has its new password, and is signed in. Raises NotFound, Rejected, Conflict."""
    opened = open_link(deps, token)
    if opened.invitation.user_id is None and not name.strip():
        raise Rejected("Your name is missing.", hint="It is shown beside what you do.")
    check_time_zone(time_zone)
    password_hash, now = passwords.hash_password(password), deps.clock.now()
    with deps.database.write(opened.workspace_id) as session:
        invitation = session.get(Invitation, (opened.workspace_id, opened.invitation.id), with_for_update=True)
        same = invitation is not None and invitation.token_hash == opened.invitation.token_hash
        if invitation is None or not same or _state(invitation, now) != "open":
            raise _over()
        if invitation.role is not Role.ADMIN and single_sign_on.is_required(session):
            raise Unauthenticated(
                "Passwords are not used here: your workspace has single sign-on.",
                hint="Sign in with the button for it; the invitation counts there.",
            )
        invitation.accepted_at = now
        session.add(invitation)
        if invitation.user_id is None:
            user = create_user(
                session,
                deps.clock,
                deps.ids,
                email=invitation.email,
                name=name[:200],
                role=invitation.role,
                password_hash=password_hash,
                time_zone=time_zone,
                actor=invitation.invited_by,
            )
            _record(session, deps, f"user:{user.id}", "invitation.accepted", invitation.id, {"role": user.role.value})
        else:
            user = _renewed(session, opened.workspace_id, invitation.user_id, password_hash)
            _record(session, deps, f"user:{user.id}", "user.password_changed", user.id, {"how": "link"}, "user")
        return sessions.start(
            session,
            deps.clock,
            deps.ids,
            user,
            browser=browser,
            factor_due=user.totp_confirmed_at is not None,
            old_cookie=old_cookie,
            how="invitation",
        )


def check_time_zone(name: str) -> None:
    """Raises Rejected."""
    if name not in available_timezones():
        raise Rejected(f"There is no time zone “{name[:64]}”.", hint="Such as Europe/Berlin or America/New_York.")


def _renewed(session: Session, workspace_id: UUID, user_id: UUID, password_hash: str) -> User:
    user = session.get(User, (workspace_id, user_id), with_for_update=True)
    if user is None or not user.active:
        raise _over()
    user.password_hash, user.failed_sign_ins, user.locked_until = password_hash, 0, None
    session.add(user)
    sessions.end_all(session, user.id)
    return user


def _new(
    session: Session,
    deps: Dependencies,
    principal: Principal,
    new_id: UUID,
    *,
    email: str,
    role: Role,
    name: str,
    user_id: UUID | None = None,
) -> tuple[Invitation, str]:
    secret, now = secrets.token_urlsafe(32), deps.clock.now()
    invitation = Invitation(
        workspace_id=principal.workspace_id,
        id=new_id,
        email=email,
        name=name,
        role=role,
        user_id=user_id,
        token_hash=hashed(secret),
        invited_by=principal.actor,
        created_at=now,
        expires_at=now + SERVES,
    )
    session.add(invitation)
    session.flush()
    return invitation, secret


def _made(deps: Dependencies, workspace_id: UUID, invitation: Invitation, secret: str) -> InvitationMade:
    link = f"{deps.settings.public_url.rstrip('/')}/invitation/{workspace_id.hex}.{secret}"
    return InvitationMade(**shown(invitation, deps.clock.now()).model_dump(), link=link)


def _of(session: Session, principal: Principal, invitation_id: UUID) -> Invitation:
    found = session.get(Invitation, (principal.workspace_id, invitation_id), with_for_update=True)
    if found is None:
        raise NotFound("There is no such invitation.", hint="`GET /api/v1/invitations` lists them.")
    return found


def _unused(session: Session, where: bool) -> list[Invitation]:
    query = select(Invitation).where(where, col(Invitation.accepted_at).is_(None), col(Invitation.revoked_at).is_(None))
    return list(session.exec(query))


def _state(invitation: Invitation, now: datetime) -> Literal["open", "expired", "accepted", "revoked"]:
    if invitation.accepted_at is not None:
        return "accepted"
    if invitation.revoked_at is not None:
        return "revoked"
    return "open" if invitation.expires_at > now else "expired"


def _record(
    session: Session,
    deps: Dependencies,
    actor: str,
    action: str,
    subject_id: UUID,
    details: dict[str, str],
    kind: str = "invitation",
) -> None:
    audit.append(
        session,
        deps.clock,
        deps.ids,
        actor=actor,
        action=action,
        subject_kind=kind,
        subject_id=subject_id,
        details=details,
    )


def _over() -> NotFound:
    return NotFound(
        "This link is not good any more: it was used, revoked, replaced, or is older than seven days.",
        hint="Ask whoever sent it for a new one.",
        code="link_over",
    )
