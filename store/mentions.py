"""Every place in clear text that names a person: found in all tables of a workspace, and taken out.

Most of what is personal is sealed and belongs to a contact's own rows. What is left are quotes of pages and news about
a company ("Jane Doe, our new CFO, …"), reasons made from them, and descriptions. A fact or signal that names the
person goes as a whole: a quote with a hole is no evidence. Elsewhere the name is replaced, and the rest stays said.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col

from store.models.base import WorkspaceRow
from store.models.control import AuditEntry
from store.models.feed import FeedEvent, FeedHead
from store.models.outreach import Suppression
from store.models.prospecting import Company, Fact, ImportBatch, SignalRow
from store.models.workspace import ApiKey, DataKeyRow, User, WebSession

REPLACEMENT: Final = "[erased]"
# Chained by hashes and without personal data by construction; or of our own people and keys.
_LEFT_ALONE: Final = frozenset({AuditEntry, FeedEvent, FeedHead, Suppression, User, WebSession, ApiKey, DataKeyRow})
# A firm that bears its owner's name is still called so; what identifies it is not the person's.
_LEFT_COLUMNS: Final = {
    Company: frozenset({"name", "name_key", "domain", "website"}),
    ImportBatch: frozenset({"path"}),  # where a file lies; erasure tells of it
}
_WHOLE: Final = (Fact, SignalRow)
_SHORTEST: Final = 5  # characters: "Al Li" is too short to look for
_CHUNK: Final = 1_000


def forget_mentions(session: Session, words: Sequence[str]) -> tuple[dict[str, int], list[UUID]]:
    """Takes every mention of these words (a name, an address, a number, a profile) out of what is in clear.

    Returns rows touched, by table, and the companies that lost a fact. Reads each table once, so that a workspace of
    millions of rows takes seconds; people are seldom erased.
    """
    wanted = sorted({word.strip() for word in words if len(word.strip()) >= _SHORTEST})
    rows: dict[str, int] = {}
    companies: list[UUID] = []
    if not wanted:
        return rows, companies
    pattern = re.compile("|".join(_spelt(word) for word in sorted(wanted, key=len, reverse=True)), re.IGNORECASE)
    for model in _models():
        table = str(model.__tablename__)
        if model in _WHOLE:
            found = _matching(session, model, _texts(model), wanted, pattern)
            if model is Fact:
                companies += [row.subject_id for row in found if row.subject_kind == "company"]
            ids = [row.id for row in found]
            for start in range(0, len(ids), _CHUNK):
                gone = sa.delete(model).where(col(model.id).in_(ids[start : start + _CHUNK]))
                session.execute(gone.execution_options(synchronize_session=False))
            count = len(ids)
        else:
            count = _replace(session, model, wanted, pattern)
        if count:
            rows[table] = count
    return rows, sorted(set(companies))


def _replace(session: Session, model: Any, words: Sequence[str], pattern: re.Pattern[str]) -> int:
    columns = _texts(model)
    found = _matching(session, model, columns, words, pattern)
    for row in found:
        values = {name: _without(getattr(row, name), pattern) for name in columns}
        mine = [getattr(model, key.key) == getattr(row, key.key) for key in sa.inspect(model).primary_key]
        session.execute(sa.update(model).where(*mine).values(values).execution_options(synchronize_session=False))
    return len(found)


def _matching(
    session: Session, model: Any, columns: Sequence[str], words: Sequence[str], pattern: re.Pattern[str]
) -> list[Any]:
    """Rows whose text names one of the words: narrowed by the database to one part of each, then looked at closely."""
    if not columns:
        return []
    texts = [sa.func.lower(sa.cast(getattr(model, name), sa.Text)) for name in columns]
    parts = {_part(word) for word in words}
    where = sa.or_(*(text.contains(part, autoescape=True) for text in texts for part in sorted(parts)))
    keys = [getattr(model, key.key) for key in sa.inspect(model).primary_key]
    known = {key.key for key in keys}
    more = [getattr(model, name) for name in columns if name not in known]
    if model is Fact:
        more += [Fact.subject_id, Fact.subject_kind]
    rows = session.execute(sa.select(*keys, *more).where(where)).all()
    return [row for row in rows if any(pattern.search(_flat(getattr(row, name))) for name in columns)]


def _models() -> list[Any]:
    found = {mapper.class_ for mapper in SQLModel._sa_registry.mappers if issubclass(mapper.class_, WorkspaceRow)}
    return sorted(found - _LEFT_ALONE, key=lambda model: str(model.__tablename__))


def _texts(model: Any) -> list[str]:
    """Columns of free text and of documents; sealed ones are opened elsewhere, keys and enumerations name nobody."""
    skipped = _LEFT_COLUMNS.get(model, frozenset())
    found = []
    for column in sa.inspect(model).columns:
        kind = column.type
        is_text = isinstance(kind, sa.Text | sa.JSON) or (
            isinstance(kind, sa.String) and not isinstance(kind, sa.Enum) and (kind.length or _CHUNK) > 64
        )
        if is_text and not column.key.endswith("_sealed") and column.key not in skipped and not column.primary_key:
            found.append(column.key)
    return found


def _spelt(word: str) -> str:
    """A word with any white space between its parts."""
    return r"\s+".join(re.escape(part) for part in word.split())


def _part(word: str) -> str:
    """The longest run of ASCII letters and digits, which databases fold the case of alike; else its first part as it
    is."""
    return max(re.findall(r"[a-z0-9]+", word.lower()), key=len, default="") or word.split()[0]


def _flat(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "\n".join(f"{key}\n{_flat(item)}" for key, item in value.items())
    if isinstance(value, Sequence):
        return "\n".join(_flat(item) for item in value)
    return ""


def _without(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(REPLACEMENT, value)
    if isinstance(value, Mapping):
        return {pattern.sub(REPLACEMENT, str(key)): _without(item, pattern) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_without(item, pattern) for item in value]
    return value
