"""API keys: `sk_<workspace hex>_<secret>`. Only the SHA-256 of the secret is kept: it has 256 random bits."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from api.dependencies import Principal, Unauthenticated
from api.known_keys import KnownKeys
from api.permissions import PERMISSIONS, Permission
from core.clock import Clock
from core.errors import NotFound, Rejected
from core.ids import Ids
from store import audit
from store.models import ApiKey, User
from store.session import Database, kept, workspace_of
from store.touched import UNNOTED

_SEEN_EVERY = timedelta(minutes=1)  # a busy key must not turn every read into a write
_PERMISSIONS: Final = {permission.value: permission for permission in Permission}
_KEY_AND_PERSON: Final = kept(
    sa.select(
        *(col(getattr(ApiKey, name)) for name in ("id", "name", "scopes", "user_id")),
        *(col(getattr(ApiKey, name)) for name in ("expires_at", "revoked_at", "last_used_at")),
        col(User.active),
        col(User.role),
    )
    .outerjoin(User, col(User.id) == col(ApiKey.user_id))
    .where(col(ApiKey.secret_hash) == sa.bindparam("secret_hash"))
)


def create_api_key(
    session: Session,
    clock: Clock,
    ids: Ids,
    *,
    name: str,
    scopes: Iterable[str],
    created_by: UUID | None = None,
    user_id: UUID | None = None,
    expires_at: datetime | None = None,
    actor: str = "",
    key_id: UUID | None = None,
) -> str:
    """The whole key, which is shown once and cannot be shown again. Raises Rejected for a scope there is not."""
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in {p.value for p in Permission}]
    if unknown or not wanted:
        raise Rejected(
            f"There is no scope {', '.join(unknown)}." if unknown else "A key needs at least one scope.",
            hint=f"Choose from: {', '.join(Permission)}.",
        )
    secret = secrets.token_urlsafe(32)
    key = ApiKey(
        workspace_id=workspace_of(session),
        id=key_id or ids.new(),
        name=name,
        secret_hash=hashed(secret),
        scopes=wanted,
        created_by=created_by,
        user_id=user_id,
        created_at=clock.now(),
        expires_at=expires_at,
    )
    session.add(key)
    session.flush()
    audit.append(
        session,
        clock,
        ids,
        actor=actor or (f"user:{created_by}" if created_by else "system"),
        action="api_key.created",
        subject_kind="api_key",
        subject_id=key.id,
        details={"scopes": wanted},
    )
    return f"sk_{key.workspace_id.hex}_{secret}"


def revoke_api_key(session: Session, clock: Clock, key_id: UUID) -> None:
    """At once. A second time changes nothing. Raises NotFound."""
    key = session.get(ApiKey, (workspace_of(session), key_id))
    if key is None:
        raise NotFound("There is no such API key.")
    key.revoked_at = key.revoked_at or clock.now()
    session.add(key)


def authenticate(database: Database, clock: Clock, text: str, known: KnownKeys | None = None) -> Principal:
    """Raises Unauthenticated, with the same words whatever is wrong. `known`: where it is remembered."""
    workspace_id, secret = split(text.removeprefix("sk_"), "_") if text.startswith("sk_") else (None, "")
    if workspace_id is None:
        raise _refused()
    now = clock.now()
    version, key = _looked_up(database, workspace_id, secret, now)
    used_at = key.last_used_at
    if used_at is None or now - used_at >= _SEEN_EVERY:
        used_at = now
        noted = sa.update(ApiKey).where(col(ApiKey.id) == key.id).values(last_used_at=now)
        with database.write(workspace_id) as session:
            session.execute(noted.execution_options(**{UNNOTED: True}))
    permissions = frozenset(_PERMISSIONS[scope] for scope in key.scopes if scope in _PERMISSIONS)
    if key.user_id is not None:  # whatever the key was made with, its person's role today is the ceiling
        permissions &= PERMISSIONS[key.role]
    principal = Principal(workspace_id, f"key:{key.id}", f"The key “{key.name}”", permissions, user_id=key.user_id)
    if known is not None:
        noted_again = used_at + _SEEN_EVERY
        good_until = min(noted_again, key.expires_at or noted_again)
        known.keep(text, principal, version=version, since=now, good_until=good_until)
    return principal


def _looked_up(database: Database, workspace_id: UUID, secret: str, now: datetime) -> tuple[int, Any]:
    """(the store's version before, the key with what its person may). Raises Unauthenticated."""
    version = database.version()
    with database.read(workspace_id) as session:
        key = session.execute(_KEY_AND_PERSON, {"secret_hash": hashed(secret)}).first()
    if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        raise _refused()
    if key.user_id is not None and not key.active:
        raise _refused()
    return version, key


def hashed(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def split(text: str, separator: str) -> tuple[UUID | None, str]:
    """(workspace, secret) of "<workspace hex><separator><secret>"; (None, "") for anything else."""
    head, _, secret = text.partition(separator)
    if len(head) != 32 or not secret or not head.isascii():
        return None, ""
    try:
        return UUID(hex=head), secret
    except ValueError:
        return None, ""


def _refused() -> Unauthenticated:
    return Unauthenticated(
        "This API key is not valid: unknown, revoked or expired.", hint="`salesos api-key create` makes a new one."
    )
