"""What changes an account asks again who is there: the password, counted like a sign-in."""

from typing import Any
from uuid import UUID

from sqlmodel import Session

from api.dependencies import Dependencies, Principal
from api.identity import passwords
from core.errors import Forbidden, NotFound, Rejected
from store import audit
from store.models import User


def own_account(session: Session, principal: Principal, *, lock: bool = False) -> User:
    """The person who asks, in person or by a key of theirs. Raises Forbidden (the key is nobody's), NotFound."""
    if principal.user_id is None:
        raise Forbidden(
            "This key belongs to no person, so it has no account.",
            hint="Use a personal key: its owner makes it on the account page.",
            code="no_person",
        )
    user = session.get(User, (principal.workspace_id, principal.user_id), with_for_update=lock or None)
    if user is None:
        raise NotFound("This account is gone.")
    return user


def prove_password(deps: Dependencies, principal: Principal, password: str) -> None:
    """Raises Forbidden (not a signed-in person), Rejected."""
    if principal.session_id is None:
        raise Forbidden("This is done in person only.", hint="Sign in to the console.", code="in_person_only")
    with deps.database.write(principal.workspace_id) as session:
        user = own_account(session, principal, lock=True)
        if not user.password_hash:
            raise Rejected(
                "This account has no password: you sign in with your organisation.",
                hint="Passwords and second factors are your organisation's. An admin can send you a link for one here.",
                code="no_password",
            )
        waits = passwords.count_try(session, deps.clock, deps.ids, user)
    if not passwords.verify(user.password_hash, password) or waits:
        raise Rejected(
            "The password is wrong, or there were too many tries.",
            hint="After five wrong tries wait half a minute, then longer.",
            code="wrong_password",
        )
    with deps.database.write(principal.workspace_id) as session:
        passwords.forget_tries(session, user)


def record(
    session: Session, deps: Dependencies, actor: str, action: str, user_id: UUID, details: dict[str, Any] | None = None
) -> None:
    audit.append(
        session,
        deps.clock,
        deps.ids,
        actor=actor,
        action=action,
        subject_kind="user",
        subject_id=user_id,
        details=details or {},
    )
