"""What a merge moves, and how a split puts it back: set-based, written down row by row.

A reference to the absorbed row becomes one to the kept row, unless the kept row has the very same already (the same
finding of the same source): that one stays where it is, and says nothing new. Undoing touches only what still stands as
the merge left it: what people or agents changed since is theirs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col, select

from core.ids import stable_id
from store import bulk
from store import models as m
from store.models import Merge, MergeKind, MergeMove
from store.queries.companies import CHUNK
from store.session import workspace_of


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that names the absorbed row. `same` are the columns by which the kept row may have it already; `only`
    narrows a column that names subjects of several kinds."""

    model: type[SQLModel]
    column: str
    same: tuple[str, ...] = ()
    only: tuple[str, str] | None = None


COMPANY_REFERENCES: Sequence[Reference] = (
    Reference(m.CompanySource, "company_id", ("source", "source_id")),
    Reference(m.Fact, "subject_id", ("field", "source", "value_key"), ("subject_kind", "company")),
    Reference(m.SignalRow, "company_id", ("kind", "content_key")),
    Reference(m.Contact, "company_id"),
    Reference(m.Lead, "company_id"),
    Reference(m.Meeting, "company_id"),
    Reference(m.Deal, "company_id"),
    Reference(m.Customer, "company_id"),
    Reference(m.ScoreRow, "subject_id", ("kind",), ("subject_kind", "company")),
    Reference(m.Task, "subject_id", (), ("subject_kind", "company")),
    Reference(m.Alert, "subject_id", (), ("subject_kind", "company")),
    Reference(m.CrmLink, "local_id", ("provider",), ("local_kind", "company")),
    Reference(m.FieldEdit, "company_id"),
    Reference(m.FieldEdit, "subject_id", (), ("subject_kind", "company")),
)
CONTACT_REFERENCES: Sequence[Reference] = (
    Reference(m.Lead, "contact_id", ("icp_id",)),
    Reference(m.Draft, "contact_id"),
    Reference(m.OutboxItem, "contact_id"),
    Reference(m.Message, "contact_id"),
    Reference(m.EngagementEvent, "contact_id"),
    Reference(m.Hit, "contact_id"),
    Reference(m.LegalBasis, "contact_id"),
    Reference(m.NoticeGiven, "contact_id"),
    Reference(m.Meeting, "contact_id"),
    Reference(m.Customer, "contact_id"),
    Reference(m.Fact, "subject_id", ("field", "source", "value_key"), ("subject_kind", "contact")),
    Reference(m.ScoreRow, "subject_id", ("kind",), ("subject_kind", "contact")),
    Reference(m.Task, "subject_id", (), ("subject_kind", "contact")),
    Reference(m.Alert, "subject_id", (), ("subject_kind", "contact")),
    Reference(m.CrmLink, "local_id", ("provider",), ("local_kind", "contact")),
    Reference(m.FieldEdit, "subject_id", (), ("subject_kind", "contact")),
)
_MODELS: tuple[type[SQLModel], ...] = (
    *(reference.model for reference in (*COMPANY_REFERENCES, *CONTACT_REFERENCES)),
    m.Company,
    m.Enrollment,
)
_TABLES: Mapping[str, type[SQLModel]] = {str(model.__tablename__): model for model in _MODELS}


@dataclass(frozen=True, slots=True)
class Change:
    """One column of one row. Values are as the row has them (UUID, instant, list, …)."""

    model: type[SQLModel]
    column: str
    row_id: UUID
    before: Any
    after: Any


def kept_of(session: Session, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Of these rows, those that are absorbed, each with the row that stands for it now (through several merges)."""
    found: dict[UUID, UUID] = {}
    asked = sorted(set(ids))
    while asked:
        step: dict[UUID, UUID] = {}
        for start in range(0, len(asked), CHUNK):
            query = select(Merge.absorbed_id, Merge.kept_id).where(
                col(Merge.absorbed_id).in_(asked[start : start + CHUNK]), col(Merge.split_at).is_(None)
            )
            step.update((absorbed, kept) for absorbed, kept in session.exec(query))
        found.update(step)
        asked = sorted(set(step.values()) - found.keys())
    return {absorbed: _end(found, absorbed) for absorbed in found}


def _end(found: Mapping[UUID, UUID], row_id: UUID) -> UUID:
    while row_id in found:
        row_id = found[row_id]
    return row_id


def standing_for(session: Session, ids: Sequence[UUID]) -> list[UUID]:
    """The same ids, each absorbed one replaced by the row that stands for it."""
    kept = kept_of(session, ids)
    return [kept.get(row_id, row_id) for row_id in ids]


def group_of(session: Session, row_id: UUID) -> set[UUID]:
    """Every row that is one with this one now, itself among them."""
    group, fresh = {row_id}, {row_id}
    while fresh:
        query = select(Merge.kept_id, Merge.absorbed_id).where(
            col(Merge.split_at).is_(None), sa.or_(col(Merge.kept_id).in_(fresh), col(Merge.absorbed_id).in_(fresh))
        )
        fresh = {one for pair in session.exec(query) for one in pair} - group
        group |= fresh
    return group


def not_absorbed(model: Any, column: str = "id") -> sa.ColumnElement[bool]:
    """A condition for lists: rows that stand for themselves, or whose `column` names a row that does."""
    return ~(
        sa.select(sa.literal(1))
        .select_from(Merge)
        .where(
            col(Merge.workspace_id) == col(model.workspace_id),
            col(Merge.absorbed_id) == getattr(model, column),
            col(Merge.split_at).is_(None),
        )
        .exists()
    )


def references_to(session: Session, reference: Reference, absorbed_id: UUID, kept_id: UUID) -> list[Change]:
    """The rows that can go over: all but those that the kept row has the same of."""
    model, column = reference.model, getattr(reference.model, reference.column)
    row_id: Any = model.id  # type: ignore[attr-defined]
    query = sa.select(row_id).where(column == absorbed_id)
    if reference.only is not None:
        query = query.where(getattr(model, reference.only[0]) == reference.only[1])
    if reference.same:
        other: Any = aliased(model)
        twin = sa.select(sa.literal(1)).where(
            other.workspace_id == model.workspace_id,  # type: ignore[attr-defined]
            getattr(other, reference.column) == kept_id,
            *(getattr(other, name) == getattr(model, name) for name in reference.same),
        )
        query = query.where(~twin.exists())
    ids = session.execute(query.order_by(row_id)).scalars().all()
    return [Change(model, reference.column, one, absorbed_id, kept_id) for one in ids]


def apply(session: Session, merge_id: UUID, changes: Sequence[Change]) -> None:
    """Make the changes and write them down: one statement a column, and one for the book."""
    for (model, column), of in _by_column(changes).items():
        bulk.update(session, model, [{"id": c.row_id, column: c.after} for c in of], columns=[column])
    note(session, merge_id, changes)


def note(session: Session, merge_id: UUID, changes: Sequence[Change]) -> None:
    """Write down changes that were made already."""
    workspace_id = workspace_of(session)
    rows = [
        {
            "id": stable_id("merge_move", workspace_id, merge_id, c.model.__tablename__, c.column, c.row_id),
            "merge_id": merge_id,
            "table_name": str(c.model.__tablename__),
            "column_name": c.column,
            "row_id": c.row_id,
            "before": _as_json(c.model, c.column, c.before),
            "after": _as_json(c.model, c.column, c.after),
        }
        for c in changes
    ]
    bulk.insert(session, MergeMove, rows)
    session.expire_all()


def moves_of(session: Session, merge_id: UUID) -> list[Change]:
    query = select(MergeMove).where(MergeMove.merge_id == merge_id).order_by(col(MergeMove.id))
    found = []
    for move in session.exec(query):
        model = _TABLES[move.table_name]
        before, after = (_from_json(model, move.column_name, value) for value in (move.before, move.after))
        found.append(Change(model, move.column_name, move.row_id, before, after))
    return found


def undo(session: Session, changes: Sequence[Change]) -> list[Change]:
    """Put back what still stands as the merge left it. Returns what does not, and so was left alone."""
    left = []
    for (model, column), of in _by_column(changes).items():
        stands = _values(session, model, column, [c.row_id for c in of])
        back = [c for c in of if c.row_id in stands and stands[c.row_id] == c.after]
        left += [c for c in of if c.row_id not in stands or stands[c.row_id] != c.after]
        bulk.update(session, model, [{"id": c.row_id, column: c.before} for c in back], columns=[column])
    session.expire_all()
    return left


def values_of(session: Session, model: type[SQLModel], row_id: UUID, columns: Sequence[str]) -> dict[str, Any]:
    """These columns of one row, as they stand now."""
    wanted = [getattr(model, column) for column in columns]
    row = session.execute(sa.select(*wanted).where(model.id == row_id)).one()  # type: ignore[attr-defined]
    return dict(row._mapping)


def _values(session: Session, model: type[SQLModel], column: str, ids: Sequence[UUID]) -> dict[UUID, Any]:
    found: dict[UUID, Any] = {}
    key: Any = model.id  # type: ignore[attr-defined]
    for start in range(0, len(ids), CHUNK):
        query = sa.select(key, getattr(model, column)).where(key.in_(ids[start : start + CHUNK]))
        found.update((row[0], row[1]) for row in session.execute(query.with_for_update()))
    return found


def _by_column(changes: Iterable[Change]) -> dict[tuple[type[SQLModel], str], list[Change]]:
    grouped: dict[tuple[type[SQLModel], str], list[Change]] = {}
    for change in changes:
        grouped.setdefault((change.model, change.column), []).append(change)
    return grouped


def _type_of(model: type[SQLModel], column: str) -> TypeAdapter[Any]:
    annotation: Any = model.model_fields[column].annotation
    return TypeAdapter(annotation)


def _as_json(model: type[SQLModel], column: str, value: Any) -> Any:
    return _type_of(model, column).dump_python(value, mode="json")


def _from_json(model: type[SQLModel], column: str, value: Any) -> Any:
    return _type_of(model, column).validate_python(value)


def active(session: Session, kind: MergeKind, absorbed_id: UUID) -> Merge | None:
    query = select(Merge).where(Merge.kind == kind, Merge.absorbed_id == absorbed_id, col(Merge.split_at).is_(None))
    return session.exec(query).one_or_none()
