"""The audit chain: what was done, by whom, in an order that cannot be changed unseen. One chain a workspace.

    hash = SHA-256(previous hash ‖ canonical JSON of the entry)      seq = 1, 2, 3 … without gaps

The chain alone shows a changed, missing or moved entry. It cannot show that its end was cut off, or that somebody with
rights on the database built all of it anew: for that its head is signed with a key the database does not hold, and
anchored in a file outside of it. `verify` compares the chain with every anchor it is given.

No personal data goes in, so that erasing a person leaves the chain valid: ids and keyed hashes say who it was.
"""

import hmac
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlmodel import Session, col, select

from core.clock import Clock
from core.ids import Ids
from store import bulk
from store.models import AuditEntry
from store.session import workspace_of

GENESIS = "0" * 64  # what the first entry follows

# Keys that name something of a person; "email_index", "message_id", "body_sha256" are pointers, and pass.
_PERSONAL = frozenset(
    {
        "email",
        "mail",
        "mails",
        "phone",
        "mobile",
        "fax",
        "name",
        "names",
        "address",
        "recipient",
        "recipients",
        "subject",
        "body",
        "text",
        "quote",
        "quotes",
        "note",
        "notes",
        "message",
        "title",
        "profile",
        "linkedin",
        "birthday",
        "birth",
        "ip",
        "password",
        "secret",
        "token",
        "excerpt",
        "script",
        "summary",
    }
)
_POINTER = frozenset(["id", "ids", "index", "hash", "sha256", "count", "kind", "number", "version", "state"])
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")
_PHONE = re.compile(r"\+\d[\d\s().\-]{6,}")
_NO_TEXT = re.compile(r"[\x00-\x1f\ud800-\udfff]")
_MAX_FLOAT = 1e9  # beyond it PostgreSQL's JSONB may give a float back as another number


@dataclass(frozen=True, slots=True)
class Record:
    """What is to be written. `details`: JSON of enums, ids, counts; nothing personal."""

    actor: str  # "user:<id>", "key:<id>", "agent:<name>", "system"
    action: str
    subject_kind: str
    subject_id: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain at one moment, signed. `seq` 0 and GENESIS: the chain is empty."""

    workspace_id: UUID
    seq: int
    hash: str
    signature: str


@dataclass(frozen=True, slots=True)
class Verified:
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Broken:
    """`seq` is the first entry that is wrong, or missing."""

    seq: int
    reason: str


def append(
    session: Session,
    clock: Clock,
    ids: Ids,
    *,
    actor: str,
    action: str,
    subject_kind: str,
    subject_id: UUID | str,
    details: Mapping[str, Any] | None = None,
) -> int:
    """Write one entry and return its seq. Raises ValueError for details that look personal.

    The chain stays locked until the transaction ends: write to it last.
    """
    return append_many(session, clock, ids, [Record(actor, action, subject_kind, str(subject_id), details or {})])


def append_many(session: Session, clock: Clock, ids: Ids, records: Sequence[Record]) -> int:
    """Write entries in this order, in one statement; returns the seq of the last. Raises ValueError as `append`."""
    for record in records:
        _refuse_personal(record)
    workspace_id = workspace_of(session)
    _lock(session, workspace_id)
    seq, previous = _last(session)
    at = clock.now()
    rows = []
    for record in records:
        seq += 1
        row = {
            "workspace_id": workspace_id,
            "id": ids.new(),
            "seq": seq,
            "at": at,
            "actor": record.actor,
            "action": record.action,
            "subject_kind": record.subject_kind,
            "subject_id": record.subject_id,
            "details": _canonical_value(record.details),
        }
        digest = link(previous, row)
        rows.append({**row, "previous_hash": previous, "hash": digest})
        previous = digest
    bulk.insert(session, AuditEntry, rows)
    return seq


def link(previous_hash: str, entry: Mapping[str, Any]) -> str:
    """SHA-256 over the previous hash and the entry's own columns: sorted keys, instants in UTC to the microsecond."""
    at: datetime = entry["at"]
    content = {
        "workspace_id": str(entry["workspace_id"]),
        "id": str(entry["id"]),
        "seq": entry["seq"],
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry["actor"],
        "action": entry["action"],
        "subject_kind": entry["subject_kind"],
        "subject_id": entry["subject_id"],
        "details": entry["details"],
    }
    return sha256(previous_hash.encode() + orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def verify_on(session: Session, after: Verified, limit: int) -> Verified | Broken:
    """Walk up to `limit` entries behind one that was verified before (seq 0 and GENESIS: from the start), without
    anchors. The same place again: the chain ends there."""
    return _walk(session, after, {}, limit)


def verify(session: Session, *, anchors: Sequence[Head] = (), key: bytes = b"") -> Verified | Broken:
    """Walk the whole chain, and compare it with the anchors, whose signatures `key` must confirm.

    Without anchors a chain cut off at its end, or rebuilt as a whole, looks sound.
    """
    workspace_id = workspace_of(session)
    anchored: dict[int, str] = {}
    for anchor in anchors:
        if anchor.workspace_id != workspace_id or not hmac.compare_digest(anchor.signature, _sign(anchor, key)):
            return Broken(anchor.seq, "An anchor's signature is not ours.")
        if anchored.setdefault(anchor.seq, anchor.hash) != anchor.hash:
            return Broken(anchor.seq, "Two anchors contradict each other: the chain was rebuilt between them.")
    found = _walk(session, Verified(0, GENESIS), anchored)
    if isinstance(found, Broken):
        return found
    anchored.pop(0, None)
    if anchored:
        seq = found.seq
        return Broken(seq + 1, f"The end was cut off: entry {max(anchored)} was anchored, the chain ends at {seq}.")
    return found


def _walk(session: Session, after: Verified, anchored: dict[int, str], limit: int | None = None) -> Verified | Broken:
    """Takes from `anchored` what it passes."""
    seq, previous = after.seq, after.hash
    columns = sa.inspect(AuditEntry).columns
    query = sa.select(*(getattr(AuditEntry, c.name) for c in columns)).order_by(col(AuditEntry.seq), col(AuditEntry.id))
    query = query.where(col(AuditEntry.seq) > seq) if seq else query
    for row in session.execute(query.limit(limit).execution_options(yield_per=1000)):
        seq += 1
        entry = dict(row._mapping)
        if entry["seq"] != seq:
            return Broken(seq, f"Entry {seq} is missing; {entry['seq']} stands in its place.")
        if entry["previous_hash"] != previous:
            return Broken(seq, f"Entry {seq} does not follow the one before it.")
        if not hmac.compare_digest(entry["hash"], _recomputed(previous, entry)):
            return Broken(seq, f"Entry {seq} was changed after it was written.")
        previous = entry["hash"]
        if anchored.pop(seq, previous) != previous:
            return Broken(seq, f"The chain up to entry {seq} was rebuilt: it is not the one that was anchored.")
    return Verified(seq, previous)


def head(session: Session, key: bytes) -> Head:
    """The chain's end, signed with HMAC-SHA-256. `key` is one that the database does not hold (core.crypto)."""
    seq, digest = _last(session)
    unsigned = Head(workspace_of(session), seq, digest, "")
    return Head(unsigned.workspace_id, seq, digest, _sign(unsigned, key))


def anchor(path: Path, signed: Head, at: datetime) -> None:
    """Append a head to a file outside the database, and make it last. Keep that file where the database's owner cannot
    write, or copy it away: an anchor protects only while somebody else has it."""
    line = {
        "at": at.astimezone(UTC).isoformat(),
        "workspace_id": str(signed.workspace_id),
        "seq": signed.seq,
        "hash": signed.hash,
        "signature": signed.signature,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        file.flush()
        os.fsync(file.fileno())


def read_anchors(path: Path, workspace_id: UUID) -> list[Head]:
    """The anchored heads of one workspace, in the order they were written. Raises ValueError for a broken line."""
    heads = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            record = orjson.loads(line)
            found = Head(UUID(record["workspace_id"]), int(record["seq"]), record["hash"], record["signature"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"Line {number} of {path} is not an anchor.") from error
        if found.workspace_id == workspace_id:
            heads.append(found)
    return heads


def _lock(session: Session, workspace_id: UUID) -> None:
    # SQLite's writers are one at a time already. A lock on the last row would not do: an empty chain has none.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(
            sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"audit:{workspace_id}"}
        )


def _last(session: Session) -> tuple[int, str]:
    query = select(AuditEntry.seq, AuditEntry.hash).order_by(col(AuditEntry.seq).desc()).limit(1)
    return session.exec(query).first() or (0, GENESIS)


def _recomputed(previous: str, entry: Mapping[str, Any]) -> str:
    try:
        return link(previous, entry)
    except (TypeError, ValueError, AttributeError):  # what stands there now is no longer an entry
        return ""


def _sign(unsigned: Head, key: bytes) -> str:
    text = f"audit head|{unsigned.workspace_id}|{unsigned.seq}|{unsigned.hash}"
    return hmac.digest(key, text.encode(), "sha256").hex()


def _canonical_value(value: Any) -> Any:
    """The value as both databases give it back, so that its hash can be computed again."""
    if isinstance(value, Mapping):
        return {str(key): _canonical_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical_value(inner) for inner in value]
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, float):
        return round(value, 6) + 0.0  # + 0.0: PostgreSQL's numbers know no -0.0
    return value


def _refuse_personal(record: Record) -> None:
    for text in (record.actor, record.action, record.subject_id):
        _refuse_text("The entry", text)
    _refuse_value("details", record.details)


def _refuse_value(path: str, value: Any) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            words = [word.lower() for word in _WORDS.findall(str(key))]
            if _PERSONAL.intersection(words) and words[-1] not in _POINTER:
                raise ValueError(f"{path}.{key} looks personal; the audit chain keeps ids and keyed hashes only.")
            _refuse_text(path, str(key))
            _refuse_value(f"{path}.{key}", inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_value(path, inner)
    elif isinstance(value, str):
        _refuse_text(path, value)
    elif isinstance(value, float):
        if not abs(value) < _MAX_FLOAT:
            raise ValueError(f"{path} holds the number {value}, which does not read back the same; use an integer.")
    elif not isinstance(value, int | UUID | datetime | None):
        raise ValueError(f"{path} holds a {type(value).__name__}; the audit chain keeps JSON values only.")
    elif isinstance(value, int) and not -(2**53) < value < 2**53:
        raise ValueError(f"{path} holds an integer beyond 53 bits; write it as text.")


def _refuse_text(path: str, text: str) -> None:
    if "@" in text or _PHONE.search(text):
        raise ValueError(f"{path} holds what looks like an address or a number to call; keep an id instead.")
    if _NO_TEXT.search(text):
        raise ValueError(f"{path} holds a control character or half a character.")
