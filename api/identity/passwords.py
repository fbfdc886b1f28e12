"""Passwords (argon2id), and how guessing is slowed: one count per account for passwords and codes alike.

A try is counted before anything is compared: a hundred guesses at once count as a hundred.
"""

import secrets
import threading
from datetime import timedelta
from functools import cache
from typing import Final

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlmodel import Session, col

from api.dependencies import Unauthenticated
from core.clock import Clock
from core.errors import Rejected
from core.ids import Ids
from store import audit
from store.models import User

SHORTEST: Final = 12  # NIST SP 800-63B asks for length, not for odd characters
LONGEST: Final = 256
_FREE_TRIES = 5  # people mistype; then 30 s, 60 s, 120 s … up to a quarter of an hour
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)

_hasher = PasswordHasher()  # argon2id with RFC 9106's low-memory profile: 64 MB a hash
_hashing = threading.BoundedSemaphore(2)  # so that a flood of sign-ins costs 128 MB, not 64 MB each


def hash_password(password: str) -> str:
    """Raises Rejected."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Rejected(f"A password has {SHORTEST} to {LONGEST} characters.", hint="Four odd words will do.")
    with _hashing:
        return _hasher.hash(password)


def verify(known: str, password: str) -> bool:
    """An empty `known` costs as much time as any other, and is never right."""
    with _hashing:
        try:
            return _hasher.verify(known or _nobody(), password[:LONGEST]) and bool(known)
        except (VerificationError, InvalidHashError):
            return False


def hashed_anew(known: str, password: str) -> str:
    """With today's parameters where `known` was made with others; else `known`. `password` is the right one."""
    if not _hasher.check_needs_rehash(known):
        return known
    with _hashing:
        return _hasher.hash(password)


def refusal(password: str) -> Unauthenticated:
    """What an unknown workspace or address answers: as slow as a wrong password, and in the same words."""
    verify("", password)
    return refused()


def refused() -> Unauthenticated:
    return Unauthenticated(
        "Signing in did not work: the address or the password is wrong, or there were too many tries.",
        hint="Check both; after five wrong tries wait half a minute, then longer.",
    )


def count_try(session: Session, clock: Clock, ids: Ids, user: User) -> bool:
    """Counts one try; whether this one must wait, and so fails whatever was typed. `user` is locked by the caller."""
    now = clock.now()
    if user.locked_until is not None and user.locked_until > now:
        return True
    user.failed_sign_ins += 1
    over = user.failed_sign_ins - _FREE_TRIES
    user.locked_until = now + min(_FIRST_WAIT * 2 ** min(over, 10), _LONGEST_WAIT) if over >= 0 else None
    session.add(user)
    if over == 0:
        audit.append(
            session,
            clock,
            ids,
            actor="system",
            action="user.tries_slowed",
            subject_kind="user",
            subject_id=user.id,
            details={"tries": user.failed_sign_ins},
        )
    return False


def forget_tries(session: Session, user: User) -> None:
    """After both the password and, where there is one, the second factor were right."""
    session.execute(sa.update(User).where(col(User.id) == user.id).values(failed_sign_ins=0, locked_until=None))


def take_back_try(session: Session, user: User) -> None:
    """The password was right and the second factor is still due: this one try is not counted, every other one stays.

    `user` is as `count_try` left it. A wait that a wrong code has set since then holds.
    """
    session.execute(
        sa.update(User)
        .where(col(User.id) == user.id, col(User.failed_sign_ins) > 0)
        .values(
            failed_sign_ins=col(User.failed_sign_ins) - 1,
            locked_until=sa.case(
                (col(User.locked_until) == user.locked_until, sa.null()), else_=col(User.locked_until)
            ),
        )
        .execution_options(synchronize_session=False)
    )


@cache
def _nobody() -> str:
    """A hash that no password has, so that an unknown address costs as much time as a known one."""
    return _hasher.hash(secrets.token_urlsafe(32))
