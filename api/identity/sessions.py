"""Sessions of browsers. The cookie is "<workspace hex>.<secret>"; only the secret's SHA-256 is kept.

The secret changes every ten minutes. The old one stays good for a minute, because a browser sends requests side by
side; later it means that somebody else has it, and the session ends. The next secret is a keyed hash of the old one, so
that within this minute every answer carries the same new cookie: a page that was left before it arrived loses nothing.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from api.dependencies import Principal
from api.keys import hashed, split
from api.permissions import PERMISSIONS
from core.clock import Clock
from core.crypto import Sealer
from core.errors import NotFound
from core.ids import Ids
from store import audit
from store.models import User, WebSession
from store.session import Database, workspace_of

IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=12)  # then the password is asked again, however busy
ROTATED_EVERY: Final = timedelta(minutes=10)
GRACE: Final = timedelta(seconds=60)
FACTOR_WITHIN: Final = timedelta(minutes=10)  # between the password and the second factor
_SEEN_EVERY = timedelta(minutes=1)
_SHOWN: Final = 50  # sessions of one person on their page; nobody has more browsers


@dataclass(frozen=True, slots=True)
class SignedIn:
    cookie: str  # "<workspace hex>.<secret>": shown to the browser once
    user_id: UUID
    name: str
    csrf_token: str = ""
    factor_due: bool = False  # True: this cookie reaches /sign-in/code and nothing else


@dataclass(frozen=True, slots=True)
class Visit:
    principal: Principal
    factor_due: bool
    fresh_cookie: str  # the browser must keep this one from now on; empty: the one it has


@dataclass(frozen=True, slots=True)
class OpenSession:
    id: UUID
    browser: str
    created_at: datetime
    last_seen_at: datetime
    own: bool  # the one that asks


def start(
    session: Session,
    clock: Clock,
    ids: Ids,
    user: User,
    *,
    browser: str = "",
    factor_due: bool = False,
    old_cookie: str = "",
    how: str = "password",
) -> SignedIn:
    """A new session in place of the one of `old_cookie`. `how` (password, code, recovery_code, sso, invitation) is for
    the audit chain, which is written where the person is in: last in the transaction."""
    now = clock.now()
    end(session, old_cookie)
    session.execute(
        sa.delete(WebSession).where(
            sa.or_(col(WebSession.created_at) < now - LONGEST, col(WebSession.last_seen_at) < now - IDLE)
        )
    )
    secret, csrf_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    session.add(
        WebSession(
            workspace_id=workspace_of(session),
            id=ids.new(),
            user_id=user.id,
            token_hash=hashed(secret),
            csrf_token=csrf_token,
            factor_due=factor_due,
            browser=browser[:100],
            created_at=now,
            last_seen_at=now,
        )
    )
    if not factor_due:
        session.execute(sa.update(User).where(col(User.id) == user.id).values(signed_in_at=now))
        session.flush()
        audit.append(
            session,
            clock,
            ids,
            actor=f"user:{user.id}",
            action="user.signed_in",
            subject_kind="user",
            subject_id=user.id,
            details={"how": how},
        )
    return SignedIn(f"{workspace_of(session).hex}.{secret}", user.id, user.name, csrf_token, factor_due)


def start_session(
    database: Database,
    clock: Clock,
    ids: Ids,
    workspace_id: UUID,
    user_id: UUID,
    name: str,
    *,
    old_cookie: str = "",
    browser: str = "",
    how: str = "sso",
) -> SignedIn:
    """Of a person whom somebody else has vouched for: no second factor of ours. Raises NotFound."""
    with database.write(workspace_id) as session:
        user = session.get(User, (workspace_id, user_id))
        if user is None:
            raise NotFound(f"{name} has no account any more.")
        return start(session, clock, ids, user, browser=browser, old_cookie=old_cookie, how=how)


def visit(database: Database, clock: Clock, ids: Ids, sealer_of: Callable[[UUID], Sealer], cookie: str) -> Visit | None:
    """Who this cookie is of, with the cookie to use from now on. None: nobody, or the session ended."""
    found = _find(database, clock, cookie)
    if found is None:
        return None
    web, user, workspace_id, secret = found
    now = clock.now()
    fresh = ""
    if web.token_hash != hashed(secret):  # the secret before
        if web.rotated_at is None or now - web.rotated_at > GRACE:
            _end_stolen(database, clock, ids, web)
            return None
        fresh = _next(sealer_of(workspace_id), secret)
        if hashed(fresh) != web.token_hash:  # the keys were changed since: the old one serves its minute without
            fresh = ""
    elif now - (web.rotated_at or web.created_at) >= ROTATED_EVERY:
        fresh = _next(sealer_of(workspace_id), secret)
        with database.write(workspace_id) as session:  # of two at once one does it, and both have the same secret
            session.execute(
                sa.update(WebSession)
                .where(col(WebSession.id) == web.id, col(WebSession.token_hash) == web.token_hash)
                .values(token_hash=hashed(fresh), previous_hash=web.token_hash, rotated_at=now, last_seen_at=now)
            )
    elif now - web.last_seen_at >= _SEEN_EVERY:
        with database.write(workspace_id) as session:
            session.execute(sa.update(WebSession).where(col(WebSession.id) == web.id).values(last_seen_at=now))
    return Visit(_principal(web, user), web.factor_due, f"{workspace_id.hex}.{fresh}" if fresh else "")


def session_principal(database: Database, clock: Clock, cookie: str) -> Principal | None:
    """Who this cookie is of, without a trace; None: nobody, the session ended, or the second factor is due."""
    found = _find(database, clock, cookie)
    if found is None or found[0].factor_due or found[0].token_hash != hashed(found[3]):
        return None
    return _principal(found[0], found[1])


def open_sessions(session: Session, clock: Clock, principal: Principal) -> list[OpenSession]:
    """Of the person who asks, the last seen first."""
    now = clock.now()
    rows = session.exec(
        select(WebSession)
        .where(
            WebSession.user_id == principal.user_id,
            col(WebSession.last_seen_at) >= now - IDLE,
            col(WebSession.created_at) >= now - LONGEST,
            ~col(WebSession.factor_due),
        )
        .order_by(col(WebSession.last_seen_at).desc(), col(WebSession.id))
        .limit(_SHOWN)
    )
    return [OpenSession(r.id, r.browser, r.created_at, r.last_seen_at, r.id == principal.session_id) for r in rows]


def end_one(session: Session, principal: Principal, session_id: UUID) -> None:
    """One of the person's own. Raises NotFound."""
    gone = session.execute(
        sa.delete(WebSession)
        .where(col(WebSession.id) == session_id, col(WebSession.user_id) == principal.user_id)
        .returning(col(WebSession.id))
    ).all()
    if not gone:
        raise NotFound("This session has ended already.", hint="Reload the page.")


def end_others(session: Session, user_id: UUID, but: UUID | None) -> int:
    query = sa.delete(WebSession).where(col(WebSession.user_id) == user_id)
    if but is not None:
        query = query.where(col(WebSession.id) != but)
    return len(session.execute(query.returning(col(WebSession.id))).all())


def end_all(session: Session, user_id: UUID) -> int:
    return end_others(session, user_id, None)


def end(session: Session, cookie: str) -> None:
    """The session of this cookie, where it has one in this workspace."""
    workspace_id, secret = split(cookie, ".")
    if workspace_id is not None:
        digest = hashed(secret)
        session.execute(
            sa.delete(WebSession).where(
                sa.or_(col(WebSession.token_hash) == digest, col(WebSession.previous_hash) == digest)
            )
        )


def sign_out(database: Database, cookie: str) -> None:
    workspace_id, _ = split(cookie, ".")
    if workspace_id is not None:
        with database.write(workspace_id) as session:
            end(session, cookie)


def browser_of(user_agent: str) -> str:
    """ "Firefox on Linux": so that its owner knows it again. Only words of ours, whatever was sent."""
    name = next((name for name, sign in _BROWSERS if re.search(sign, user_agent)), "")
    system = next((name for name, sign in _SYSTEMS if re.search(sign, user_agent)), "")
    return f"{name or 'Some browser'} on {system}" if system else name or "Unknown browser"


# The first that fits: most say that they are several.
_BROWSERS: Final = (
    ("Edge", r"Edg(e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|Chromium/"),
    ("Safari", r"Safari/"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("macOS", "Mac OS X|Macintosh"),
    ("ChromeOS", "CrOS"),
    ("Linux", "Linux|X11"),
)


def _find(database: Database, clock: Clock, cookie: str) -> tuple[WebSession, User, UUID, str] | None:
    workspace_id, secret = split(cookie, ".")
    if workspace_id is None:
        return None
    now, digest = clock.now(), hashed(secret)
    joined = select(WebSession, User).join(User, col(User.id) == col(WebSession.user_id))
    with database.read(workspace_id) as session:
        found = (
            session.exec(joined.where(WebSession.token_hash == digest)).first()
            or session.exec(joined.where(WebSession.previous_hash == digest)).first()
        )
    if found is None:
        return None
    web, user = found
    if not user.active or now - web.last_seen_at > IDLE or now - web.created_at > LONGEST:
        return None
    if web.factor_due and now - web.created_at > FACTOR_WITHIN:
        return None
    return web, user, workspace_id, secret


def _principal(web: WebSession, user: User) -> Principal:
    return Principal(
        web.workspace_id,
        f"user:{user.id}",
        user.name,
        frozenset() if web.factor_due else PERMISSIONS[user.role],
        role=user.role.value,
        user_id=user.id,
        csrf_token=web.csrf_token,
        session_id=web.id,
        time_zone=user.time_zone,
        theme=user.theme,
    )


def _next(sealer: Sealer, secret: str) -> str:
    return sealer.blind_index("web_session", secret)


def _end_stolen(database: Database, clock: Clock, ids: Ids, web: WebSession) -> None:
    with database.write(web.workspace_id) as session:
        session.execute(sa.delete(WebSession).where(col(WebSession.id) == web.id))
        audit.append(
            session,
            clock,
            ids,
            actor="system",
            action="session.ended",
            subject_kind="user",
            subject_id=web.user_id,
            details={"why": "old_cookie"},
        )
