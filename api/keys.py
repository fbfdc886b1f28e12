"""API keys: `sk_<workspace hex>_<secret>`. Only the SHA-256 of the secret is kept: it has 256 random bits."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlmodel import Session, col, select

from api.dependencies import Principal, Unauthenticated
from api.permissions import Permission
from core.clock import Clock
from core.errors import NotFound, Rejected
from core.ids import Ids
from store import audit
from store.models import ApiKey
from store.session import Database, workspace_of

_SEEN_EVERY = timedelta(minutes=1)  # a busy key must not turn every read into a write


def create_api_key(
    session: Session,
    clock: Clock,
    ids: Ids,
    *,
    name: str,
    scopes: Iterable[str],
    created_by: UUID | None = None,
    expires_at: datetime | None = None,
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
        id=ids.new(),
        name=name,
        secret_hash=hashed(secret),
        scopes=wanted,
        created_by=created_by,
        created_at=clock.now(),
        expires_at=expires_at,
    )
    session.add(key)
    session.flush()
    audit.append(
        session,
        clock,
        ids,
        actor=f"user:{created_by}" if created_by else "system",
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


def authenticate(database: Database, clock: Clock, text: str) -> Principal:
    """Raises Unauthenticated, with the same words whatever is wrong."""
    workspace_id, secret = split(text.removeprefix("sk_"), "_") if text.startswith("sk_") else (None, "")
    if workspace_id is None:
        raise _refused()
    now = clock.now()
    with database.read(workspace_id) as session:
        key = session.exec(select(ApiKey).where(col(ApiKey.secret_hash) == hashed(secret))).first()
    if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        raise _refused()
    if key.last_used_at is None or now - key.last_used_at >= _SEEN_EVERY:
        with database.write(workspace_id) as session:
            held = session.get(ApiKey, (workspace_id, key.id))
            if held is not None:
                held.last_used_at = now
                session.add(held)
    permissions = frozenset(Permission(scope) for scope in key.scopes if scope in {p.value for p in Permission})
    return Principal(workspace_id, f"key:{key.id}", f"The key “{key.name}”", permissions)


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
