"""Keys of programs, made and ended by people and by keys: nobody gives more than they have, or for longer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col, select

from api import keys
from api.dependencies import Dependencies, Principal
from api.identity.proof import own_account
from api.paging import Page, decode, encode, moment_and_id
from api.permissions import Permission
from core.errors import Forbidden, NotFound, Rejected
from store import audit
from store.models import ApiKey, User

Kind = Literal["personal", "service"]


class KeyOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01979a3e-7a1f-7000-8000-000000000001",
                    "name": "nightly export",
                    "kind": "personal",
                    "user_id": "01979a3e-7a1f-7000-8000-000000000002",
                    "scopes": ["read"],
                    "created_at": "2026-06-02T14:00:00Z",
                    "expires_at": None,
                    "last_used_at": None,
                    "revoked_at": None,
                }
            ]
        }
    )

    id: UUID
    name: str
    kind: Kind
    user_id: UUID | None  # whose it is; None: a program's own
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None  # to the minute
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class MadeKey:
    key: KeyOut
    secret: str  # the whole key; "": this request repeats one that was answered


def shown(key: ApiKey) -> KeyOut:
    return KeyOut(
        id=key.id,
        name=key.name,
        kind="personal" if key.user_id else "service",
        user_id=key.user_id,
        scopes=key.scopes,
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
    )


def api_keys(
    session: Session,
    principal: Principal,
    limit: int,
    cursor: str | None,
    *,
    kind: Kind | None = None,
    mine: bool = False,
    live: bool = False,
) -> Page[KeyOut]:
    """The newest first; everybody's with users:write, else one's own."""
    query = select(ApiKey).order_by(col(ApiKey.created_at).desc(), col(ApiKey.id).desc()).limit(limit + 1)
    if mine or not principal.may(Permission.USERS):
        query = query.where(_own(principal))
    if kind is not None:
        query = query.where(col(ApiKey.user_id).is_(None) if kind == "service" else col(ApiKey.user_id).is_not(None))
    if live:
        query = query.where(col(ApiKey.revoked_at).is_(None))
    if (after := decode(cursor, 2)) is not None:
        at, last = moment_and_id(after)
        older = sa.and_(col(ApiKey.created_at) == at, col(ApiKey.id) < last)
        query = query.where(sa.or_(col(ApiKey.created_at) < at, older))
    found = session.exec(query).all()
    items = found[:limit]
    following = encode(items[-1].created_at.isoformat(), str(items[-1].id)) if len(found) > limit else None
    return Page(items=[shown(key) for key in items], next=following)


def key_of(session: Session, principal: Principal, key_id: UUID) -> ApiKey:
    """Raises NotFound, also for somebody else's without users:write."""
    key = session.get(ApiKey, (principal.workspace_id, key_id))
    own = key is not None and (
        principal.actor == f"key:{key.id}" or (key.user_id is not None and key.user_id == principal.user_id)
    )
    if key is None or not (own or principal.may(Permission.USERS)):
        raise NotFound("There is no such API key.", hint="`GET /api/v1/api-keys` lists them.")
    return key


def create(
    deps: Dependencies,
    principal: Principal,
    key_id: UUID,
    *,
    name: str,
    scopes: list[str],
    kind: Kind = "personal",
    expires_at: datetime | None = None,
) -> MadeKey:
    """Raises Forbidden (more than the caller may, a service key without users:write), Rejected."""
    if kind == "service":
        principal.require(Permission.USERS)
    too_much = sorted(set(scopes) & {p.value for p in Permission} - {p.value for p in principal.permissions})
    if too_much:
        raise Forbidden(
            f"A key may not do more than whoever makes it: {', '.join(too_much)}.",
            hint="Leave these out, or ask an admin.",
            code="scope_too_wide",
        )
    if not name.strip():
        raise Rejected("The key has no name.", hint="Say which program uses it.")
    now = deps.clock.now()
    if expires_at is not None and expires_at <= now:
        raise Rejected("This time is past.", hint="Name a later one, or none.")
    with deps.database.write(principal.workspace_id) as session:
        if (known := session.get(ApiKey, (principal.workspace_id, key_id))) is not None:
            return MadeKey(shown(known), "")
        if principal.actor.startswith("key:"):
            expires_at = _no_longer_than(session, principal, expires_at)
        owner: User | None = own_account(session, principal) if kind == "personal" else None
        secret = keys.create_api_key(
            session,
            deps.clock,
            deps.ids,
            name=name.strip()[:200],
            scopes=scopes,
            created_by=principal.user_id,
            user_id=owner.id if owner else None,
            expires_at=expires_at,
            actor=principal.actor,
            key_id=key_id,
        )
        made = session.get_one(ApiKey, (principal.workspace_id, key_id))
        return MadeKey(shown(made), secret)


def revoke(deps: Dependencies, principal: Principal, key_id: UUID) -> KeyOut:
    """At once; twice changes nothing. Raises NotFound."""
    with deps.database.write(principal.workspace_id) as session:
        key = key_of(session, principal, key_id)
        if key.revoked_at is None:
            keys.revoke_api_key(session, deps.clock, key_id)
            session.flush()
            audit.append(
                session,
                deps.clock,
                deps.ids,
                actor=principal.actor,
                action="api_key.revoked",
                subject_kind="api_key",
                subject_id=key_id,
            )
        return shown(key)


def _own(principal: Principal) -> sa.ColumnElement[bool]:
    if principal.user_id is not None:
        return col(ApiKey.user_id) == principal.user_id
    name, _, key_id = principal.actor.partition(":")
    return col(ApiKey.id) == UUID(key_id) if name == "key" else sa.false()


def _no_longer_than(session: Session, principal: Principal, wanted: datetime | None) -> datetime | None:
    """A key that ends could otherwise make one that does not."""
    maker = session.get(ApiKey, (principal.workspace_id, UUID(principal.actor.partition(":")[2])))
    if maker is None or maker.expires_at is None:
        return wanted
    if wanted is not None and wanted > maker.expires_at:
        raise Forbidden("A key may not make one that outlives it.", hint=f"It ends at {maker.expires_at.isoformat()}.")
    return wanted or maker.expires_at
