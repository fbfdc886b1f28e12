"""People: passwords (argon2id), signing in, sessions. Keys of programs are in api.keys.

Guessing is slowed per account, and every refusal takes one hash and has the same words, so that neither the clock nor
the page tells whether an account exists. A session ends after 30 minutes without a request, or after 12 hours.
"""

import secrets
import threading
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from uuid import UUID

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from email_validator import EmailNotValidError, validate_email
from sqlmodel import Session, col, select

from api.dependencies import Principal, Unauthenticated
from api.keys import create_api_key, hashed, revoke_api_key, split
from api.permissions import PERMISSIONS
from core.clock import Clock
from core.errors import Conflict, NotFound, Rejected
from core.ids import Ids
from store import audit
from store.models import Role, User, WebSession
from store.session import Database, workspace_of

__all__ = [
    "SignedIn",
    "create_api_key",
    "create_user",
    "refusal",
    "revoke_api_key",
    "session_principal",
    "set_password",
    "sign_in",
    "sign_out",
]

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)  # then the password is asked again, however busy
_SEEN_EVERY = timedelta(minutes=1)
_FREE_TRIES = 5  # people mistype; then 30 s, 60 s, 120 s … up to a quarter of an hour
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)
_SHORTEST_PASSWORD, _LONGEST_PASSWORD = 12, 256  # NIST SP 800-63B asks for length, not for odd characters

_hasher = PasswordHasher()  # argon2id with RFC 9106's low-memory profile: 64 MB a hash
_hashing = threading.BoundedSemaphore(2)  # so that a flood of sign-ins costs 128 MB, not 64 MB each


@dataclass(frozen=True, slots=True)
class SignedIn:
    cookie: str  # "<workspace hex>.<secret>": shown to the browser once
    user_id: UUID
    name: str


def create_user(
    session: Session,
    clock: Clock,
    ids: Ids,
    *,
    email: str,
    name: str,
    role: Role,
    password: str = "",
    time_zone: str = "UTC",
) -> User:
    """A person of this workspace. Without a password they cannot sign in. Raises Rejected, Conflict."""
    address = normal_email(email)
    if session.exec(select(User.id).where(User.email == address)).first() is not None:
        raise Conflict("Somebody with this address is in the workspace already.", hint="Change their role instead.")
    user = User(
        workspace_id=workspace_of(session),
        id=ids.new(),
        email=address,
        name=name.strip() or address.partition("@")[0],
        role=role,
        password_hash=hash_password(password) if password else "",
        time_zone=time_zone,
        created_at=clock.now(),
    )
    session.add(user)
    session.flush()
    audit.append(
        session,
        clock,
        ids,
        actor="system",
        action="user.created",
        subject_kind="user",
        subject_id=user.id,
        details={"role": role.value},
    )
    return user


def set_password(session: Session, user_id: UUID, password: str) -> None:
    """Ends every session of theirs. Raises NotFound, Rejected."""
    user = session.get(User, (workspace_of(session), user_id))
    if user is None:
        raise NotFound("There is no such user.")
    user.password_hash, user.failed_sign_ins, user.locked_until = hash_password(password), 0, None
    session.add(user)
    session.execute(sa.delete(WebSession).where(col(WebSession.user_id) == user_id))


def hash_password(password: str) -> str:
    """Raises Rejected."""
    if not _SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise Rejected(
            f"A password has {_SHORTEST_PASSWORD} to {_LONGEST_PASSWORD} characters.", hint="Four odd words will do."
        )
    with _hashing:
        return _hasher.hash(password)


def normal_email(email: str) -> str:
    """Raises Rejected."""
    try:
        return validate_email(email, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise Rejected("This is not an e-mail address.", hint=str(error)) from error


def sign_in(
    database: Database, clock: Clock, ids: Ids, workspace_id: UUID, *, email: str, password: str, old_cookie: str = ""
) -> SignedIn:
    """A new session; the one of `old_cookie` ends. Raises Unauthenticated, the same for every cause.

    The try is counted before the password is looked at: a hundred guesses at once count as a hundred.
    """
    now, address = clock.now(), email.strip().lower()
    with database.write(workspace_id) as session:
        user = session.exec(select(User).where(User.email == address)).first()
        waits = user is not None and user.locked_until is not None and user.locked_until > now
        if user is not None and not waits:
            user.failed_sign_ins += 1
            over = user.failed_sign_ins - _FREE_TRIES
            user.locked_until = now + min(_FIRST_WAIT * 2 ** min(over, 10), _LONGEST_WAIT) if over >= 0 else None
            session.add(user)
    if user is None or not user.active or not user.password_hash:
        raise refusal(password)
    if not _verify(user.password_hash, password) or waits:
        raise _refused()
    secret = secrets.token_urlsafe(32)
    with database.write(workspace_id) as session:
        _end(session, old_cookie)
        session.execute(sa.update(User).where(col(User.id) == user.id).values(failed_sign_ins=0, locked_until=None))
        session.execute(sa.delete(WebSession).where(col(WebSession.last_seen_at) < now - LONGEST))
        session.add(
            WebSession(
                workspace_id=workspace_id,
                id=ids.new(),
                user_id=user.id,
                token_hash=hashed(secret),
                csrf_token=secrets.token_urlsafe(32),
                created_at=now,
                last_seen_at=now,
            )
        )
    return SignedIn(f"{workspace_id.hex}.{secret}", user.id, user.name)


def refusal(password: str) -> Unauthenticated:
    """What an unknown workspace or address answers: as slow as a wrong password, and in the same words."""
    _verify(_nobody(), password)
    return _refused()


def session_principal(database: Database, clock: Clock, cookie: str) -> Principal | None:
    """Who this cookie is of; None: nobody, or the session ended."""
    workspace_id, secret = split(cookie, ".")
    if workspace_id is None:
        return None
    now = clock.now()
    with database.read(workspace_id) as session:
        found = session.exec(
            select(WebSession, User)
            .join(User, col(User.id) == col(WebSession.user_id))
            .where(WebSession.token_hash == hashed(secret))
        ).first()
    if found is None:
        return None
    web, user = found
    if not user.active or now - web.last_seen_at > IDLE or now - web.created_at > LONGEST:
        return None
    if now - web.last_seen_at >= _SEEN_EVERY:
        with database.write(workspace_id) as session:
            session.execute(sa.update(WebSession).where(col(WebSession.id) == web.id).values(last_seen_at=now))
    return Principal(
        workspace_id,
        f"user:{user.id}",
        user.name,
        PERMISSIONS[user.role],
        role=user.role.value,
        user_id=user.id,
        csrf_token=web.csrf_token,
        session_id=web.id,
    )


def sign_out(database: Database, cookie: str) -> None:
    workspace_id, _ = split(cookie, ".")
    if workspace_id is not None:
        with database.write(workspace_id) as session:
            _end(session, cookie)


def _end(session: Session, cookie: str) -> None:
    workspace_id, secret = split(cookie, ".")
    if workspace_id is not None:
        session.execute(sa.delete(WebSession).where(col(WebSession.token_hash) == hashed(secret)))


def _verify(known: str, password: str) -> bool:
    with _hashing:
        try:
            return _hasher.verify(known, password[:_LONGEST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False


def _refused() -> Unauthenticated:
    return Unauthenticated(
        "Signing in did not work: the address or the password is wrong, or there were too many tries.",
        hint="Check both; after five wrong tries wait half a minute, then longer.",
    )


@cache
def _nobody() -> str:
    """A hash that no password has, so that an unknown address costs as much time as a known one."""
    with _hashing:
        return _hasher.hash(secrets.token_urlsafe(32))
