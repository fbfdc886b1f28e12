"""The audit chain as people read it: names for ids, actions as sentences, and what was kept of each."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col, select

from api import paging
from api.views.people import names_of_actors
from store import audit
from store.models import ApiKey, AuditEntry, Mailbox
from store.session import Database

AT_ONCE = 20_000  # entries a request verifies: about a second
_EXPORTED = 1_000  # entries a session of an export reads
_MACHINES = {"system": "SalesOS", "agent": "an agent", "": "SalesOS"}
_ACTION = re.compile(r"[a-z][a-z_.]{0,63}")
# Where a subject has a page. The others are told by their kind.
_PAGES = {
    "lead": "/leads/{}",
    "company": "/companies/{}",
    "mailbox": "/mailboxes/{}",
    "run": "/runs/{}",
    "icp": "/icps/{}",
    "approval": "/approvals/{}",
    "policy": "/policies",
    "budget": "/budgets",
}
_SENTENCES = {
    "approval.approved": "approved a draft",
    "approval.rejected": "rejected a draft",
    "approval.undone": "took an approval back",
    "budget.set": "set a budget",
    "contact.erased": "erased a person",
    "draft.approved_by_policy": "had a draft approved by the policy",
    "draft.created": "wrote a draft",
    "draft.replaced": "edited a draft",
    "draft.void": "had a draft taken back",
    "mailbox.active": "resumed a mailbox",
    "mailbox.added": "added a mailbox",
    "mailbox.changed": "changed a mailbox",
    "mailbox.paused": "paused a mailbox",
    "outbox.failed": "could not send a mail",
    "outbox.sent": "sent a mail",
    "outbox.unknown": "does not know whether a mail arrived",
    "policy.gone_back": "went back to an earlier policy",
    "policy.kill_switch_off": "turned the kill switch off",
    "policy.kill_switch_on": "turned the kill switch on",
    "policy.set": "put a policy in force",
    "suppression.added": "suppressed an address or a domain",
    "user.created": "made a user",
}


class AuditOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "seq": 42,
                    "at": "2026-06-02T14:00:00Z",
                    "actor": "user:0b9f7a52-1111-5c6f-8d18-1f0e3c7a9a11",
                    "who": "Ann Miller",
                    "action": "policy.set",
                    "said": "put a policy in force",
                    "subject_kind": "policy",
                    "subject_id": "4f9e0a52-6a01-5c6f-8d18-1f0e3c7a9a10",
                    "subject": "policy",
                    "href": "/policies",
                    "details": {"number": 3},
                    "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                }
            ]
        }
    )

    seq: int
    at: datetime
    actor: str
    who: str
    action: str
    said: str
    subject_kind: str
    subject_id: str
    subject: str
    href: str  # of the console's page of the subject; empty: it has none
    details: dict[str, Any]
    hash: str


class ChainCheck(BaseModel):
    """`broken_at`: the first entry that is wrong or missing. `done` False: go on from `to_seq` and `hash`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ok": True,
                    "done": True,
                    "from_seq": 1,
                    "to_seq": 4211,
                    "last_seq": 4211,
                    "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    "broken_at": None,
                    "reason": "",
                }
            ]
        }
    )

    ok: bool
    done: bool
    from_seq: int
    to_seq: int
    last_seq: int  # of the chain, when this began
    hash: str
    broken_at: int | None
    reason: str


def filtered(
    *, actor: str = "", action: str = "", subject: str = "", since: datetime | None, until: datetime | None
) -> list[sa.ColumnElement[bool]]:
    """`action` ending in "." or without one: all that begin so ("policy", "mailbox.")."""
    where: list[sa.ColumnElement[bool]] = []
    if actor:
        where.append(col(AuditEntry.actor) == actor)
    if action:
        exact = "." in action and not action.endswith(".")
        begins = col(AuditEntry.action).startswith(action.rstrip(".") + ".", autoescape=True)
        where.append(col(AuditEntry.action) == action if exact else begins)
    if subject:
        where.append(col(AuditEntry.subject_id) == subject)
    if since is not None:
        where.append(col(AuditEntry.at) >= since)
    if until is not None:
        where.append(col(AuditEntry.at) < until)
    return where


def entries(
    session: Session, where: list[sa.ColumnElement[bool]], *, limit: int, cursor: str | None = None
) -> paging.Page[AuditOut]:
    """The newest first."""
    query = select(AuditEntry).where(*where).order_by(col(AuditEntry.seq).desc()).limit(limit + 1)
    if key := paging.decode(cursor, 1):
        query = query.where(col(AuditEntry.seq) < (key[0] if isinstance(key[0], int) else 0))
    rows = session.exec(query).all()
    names = actors(session)
    addresses = _mailboxes(session, rows[:limit])
    items = [_out(row, names, addresses) for row in rows[:limit]]
    return paging.Page(items=items, next=paging.encode(items[-1].seq) if len(rows) > limit else None)


def actors(session: Session) -> dict[str, str]:
    """Everybody and everything that may have acted, by what the chain calls them."""
    keys = {f"key:{key_id}": f"API key “{name}”" for key_id, name in session.exec(select(ApiKey.id, ApiKey.name))}
    return {**names_of_actors(session), **keys, "system": "SalesOS", "agent": "an agent"}


def verify(session: Session, *, after_seq: int = 0, after_hash: str = "") -> ChainCheck:
    """Up to `AT_ONCE` entries behind `after_seq`. `after_hash`: what an answer before gave for it."""
    start = audit.Verified(after_seq, after_hash if after_seq else audit.GENESIS)
    last = int(session.exec(select(sa.func.coalesce(sa.func.max(col(AuditEntry.seq)), 0))).one())
    found = audit.verify_on(session, start, AT_ONCE)
    if isinstance(found, audit.Broken):
        return ChainCheck(
            ok=False,
            done=True,
            from_seq=after_seq + 1,
            to_seq=found.seq - 1,
            last_seq=last,
            hash="",
            broken_at=found.seq,
            reason=found.reason,
        )
    if start.seq > last or (found.seq == start.seq and last > start.seq):
        reason = "The chain ends before the entry to go on from."
        return ChainCheck(
            ok=False,
            done=True,
            from_seq=after_seq + 1,
            to_seq=last,
            last_seq=last,
            hash="",
            broken_at=last + 1,
            reason=reason,
        )
    return ChainCheck(
        ok=True,
        done=found.seq >= last,
        from_seq=after_seq + 1,
        to_seq=found.seq,
        last_seq=last,
        hash=found.hash,
        broken_at=None,
        reason="",
    )


def lines(database: Database, workspace_id: UUID, where: list[sa.ColumnElement[bool]]) -> Iterator[bytes]:
    """JSON Lines, the oldest first, with the hashes: enough to verify the chain elsewhere. A session a thousand
    entries, none while the network takes them."""
    columns = [getattr(AuditEntry, c.name) for c in sa.inspect(AuditEntry).columns]
    seq = 0
    while True:
        with database.read(workspace_id) as session:
            query = sa.select(*columns).where(col(AuditEntry.seq) > seq, *where).order_by(col(AuditEntry.seq))
            rows = session.execute(query.limit(_EXPORTED)).all()
        for row in rows:
            seq = row.seq
            yield orjson.dumps(dict(row._mapping), option=orjson.OPT_APPEND_NEWLINE)
        if len(rows) < _EXPORTED:
            return


def who(actor: str, names: dict[str, str]) -> str:
    if actor in names:
        return names[actor]
    kind, _, rest = actor.partition(":")
    if kind == "policy":
        return f"policy {rest}"
    if kind == "agent":
        return f"the {rest} agent"
    return _MACHINES.get(actor) or {"user": "a former user", "key": "a former API key"}.get(kind, actor)


def said(action: str) -> str:
    if action in _SENTENCES:
        return _SENTENCES[action]
    subject, _, verb = action.partition(".")
    return f"{verb or subject} ({subject})".replace("_", " ") if verb else subject.replace("_", " ")


def _out(row: AuditEntry, names: dict[str, str], addresses: dict[str, str]) -> AuditOut:
    page = _PAGES.get(row.subject_kind, "")
    return AuditOut(
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        who=who(row.actor, names),
        action=row.action,
        said=said(row.action),
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        subject=_subject(row, names, addresses),
        href=page.format(row.subject_id) if page else "",
        details=row.details,
        hash=row.hash,
    )


def _subject(row: AuditEntry, names: dict[str, str], addresses: dict[str, str]) -> str:
    if row.subject_kind == "user":
        return names.get(f"user:{row.subject_id}", "a former user")
    if row.subject_kind == "mailbox":
        return addresses.get(row.subject_id, "a former mailbox")
    if row.subject_kind == "budget":
        return row.subject_id
    return f"{row.subject_kind.replace('_', ' ')} {row.subject_id[:8]}"


def _mailboxes(session: Session, rows: Any) -> dict[str, str]:
    ids = [UUID(row.subject_id) for row in rows if row.subject_kind == "mailbox"]
    if not ids:
        return {}
    query = select(Mailbox.id, Mailbox.address).where(col(Mailbox.id).in_(ids))
    return {str(mailbox_id): address for mailbox_id, address in session.exec(query)}
