"""Signing in: the password, then the second factor where the person has one.

Every refusal takes one hash and has the same words, so that neither the clock nor the page tells whether an account
exists.
"""

from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from api.dependencies import Unauthenticated
from api.identity import passwords, sessions
from api.identity.sessions import SignedIn
from core.clock import Clock
from core.ids import Ids
from store.models import Role, User
from store.queries import single_sign_on
from store.session import Database


def sign_in(
    database: Database,
    clock: Clock,
    ids: Ids,
    workspace_id: UUID,
    *,
    email: str,
    password: str,
    old_cookie: str = "",
    browser: str = "",
) -> SignedIn:
    """A new session; the one of `old_cookie` ends. Raises Unauthenticated, the same for every cause."""
    address = email.strip().lower()
    with database.write(workspace_id) as session:
        user = session.exec(select(User).where(User.email == address).with_for_update()).first()
        waits = True
        if user is not None:
            waits = passwords.count_try(session, clock, ids, user)
        required = single_sign_on.is_required(session)
    if user is None or not user.active:
        raise passwords.refusal(password)
    if not passwords.verify(user.password_hash, password) or waits:
        raise passwords.refused()
    if required and user.role is not Role.ADMIN:  # said only to whoever knows the password
        raise Unauthenticated(
            "Passwords are not used here: your workspace has single sign-on.", hint="Use the button for it."
        )
    new_hash = passwords.hashed_anew(user.password_hash, password)
    factor_due = user.totp_confirmed_at is not None
    with database.write(workspace_id) as session:
        if new_hash != user.password_hash:
            session.execute(
                sa.update(User)
                .where(col(User.id) == user.id, col(User.password_hash) == user.password_hash)
                .values(password_hash=new_hash)
            )
        if factor_due:
            passwords.take_back_try(session, user)
        else:
            passwords.forget_tries(session, user)
        return sessions.start(session, clock, ids, user, browser=browser, factor_due=factor_due, old_cookie=old_cookie)
