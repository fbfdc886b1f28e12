"""Imports as API and console show them: what a file is, how its columns are read, how far it is, its bad rows."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, Field
from sqlmodel import Session, col, select

from agents.importing import NAMES, propose_for
from agents.uploads import is_upload, place_of
from api import paging
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from core.crypto import Sealer
from core.errors import NotFound, Rejected
from store.models import ImportBatch, ImportState, RowProblemRow
from store.touched import rests_on_more
from tools.files.reading import open_table
from tools.mapping.choose import chosen_of
from tools.mapping.document import load_mapping

KINDS: Final = {name: kind for kind, name in NAMES.items()}
_SAMPLES, _SAMPLE_CHARS = 3, 80  # values of a column that are shown, and characters of each
_COLUMNS = 200  # shown; a wider list is mapped as a document


class ImportItem(BaseModel):
    id: UUID
    kind: str = Field(description="companies, people or usage")
    file_name: str
    state: str = Field(description="uploaded, ready, queued, running, done or failed")
    rows_read: int
    rows_kept: int
    rows_bad: int
    error: str
    created_at: datetime
    finished_at: datetime | None


class ImportColumn(BaseModel):
    name: str
    samples: list[str] | None = Field(description="Some of its values. Null: the caller may not read people.")
    field: str = Field(description="Which field it fills; “metrics”: a metric of its own; empty: it is not used.")
    confidence: float | None = Field(description="0–1, of the proposal; null: not proposed.")
    reason: str


class ImportDetail(ImportItem):
    here: bool = Field(description="The file is still here: it can be mapped and started.")
    bytes: int | None
    shape: str = Field(description="What the file was found to be; empty: the file is gone.")
    notes: list[str]
    columns: list[ImportColumn]
    mapping: dict[str, Any] = Field(description="The document, as in YAML files; empty: none could be proposed.")
    problem: str = Field(description="What stands in the way of starting; empty: nothing.")


class ImportProblem(BaseModel):
    id: UUID
    line: int = Field(description="In the file, from 1; 0: of the file as a whole.")
    reason: str
    excerpt: str | None = Field(description="Of the row. Null: the caller may not read people.")


def import_of(session: Session, principal: Principal, import_id: UUID) -> ImportBatch:
    """Raises NotFound."""
    found = session.get(ImportBatch, (principal.workspace_id, import_id))
    if found is None:
        raise NotFound("There is no such import.")
    return found


def list_imports(session: Session, *, limit: int, cursor: str | None) -> paging.Page[ImportItem]:
    """The newest first."""
    query = select(ImportBatch).order_by(col(ImportBatch.created_at).desc(), col(ImportBatch.id).desc())
    if (key := paging.decode(cursor, 2)) is not None:
        at, last = paging.moment_and_id(key)
        query = query.where(sa.tuple_(col(ImportBatch.created_at), col(ImportBatch.id)) < sa.tuple_(at, last))
    rows = session.exec(query.limit(limit + 1)).all()
    following = paging.encode(rows[limit - 1].created_at, rows[limit - 1].id) if len(rows) > limit else None
    return paging.Page(items=[ImportItem(**_common(row)) for row in rows[:limit]], next=following)


def import_view(deps: Dependencies, principal: Principal, batch: ImportBatch) -> ImportDetail:
    """Reads the head of the file, where it is here."""
    upload = is_upload(deps.settings, batch)
    path = place_of(deps.settings, batch)
    rests_on_more()
    here = upload and path.exists()
    shown: dict[str, Any] = {"shape": "", "notes": [], "columns": [], "problem": "", "bytes": None}
    if here:
        shown |= _file(path, batch, may_read=principal.may(Permission.PEOPLE))
    elif upload and batch.state is not ImportState.DONE:
        shown["problem"] = "The file is no longer here: uploads are kept for a week. Upload it again."
    return ImportDetail(**_common(batch), here=here, mapping=dict(batch.mapping), **shown)


def problems_of(
    session: Session, sealer: Sealer, principal: Principal, import_id: UUID, *, limit: int, cursor: str | None
) -> paging.Page[ImportProblem]:
    """By line."""
    query = select(RowProblemRow).where(RowProblemRow.batch_id == import_id)
    if (key := paging.decode(cursor, 2)) is not None:
        line, last = _line_and_id(key)
        query = query.where(sa.tuple_(col(RowProblemRow.line), col(RowProblemRow.id)) > sa.tuple_(line, last))
    rows = session.exec(query.order_by(col(RowProblemRow.line), col(RowProblemRow.id)).limit(limit + 1)).all()
    following = paging.encode(rows[limit - 1].line, rows[limit - 1].id) if len(rows) > limit else None
    may_read = principal.may(Permission.PEOPLE)

    def excerpt(row: RowProblemRow) -> str | None:
        if not may_read:
            return None
        return sealer.open(row.excerpt_sealed, context=f"row_problem|excerpt|{row.id}") if row.excerpt_sealed else ""

    items = [ImportProblem(id=row.id, line=row.line, reason=row.reason, excerpt=excerpt(row)) for row in rows[:limit]]
    return paging.Page(items=items, next=following)


def _common(batch: ImportBatch) -> dict[str, Any]:
    return {
        "id": batch.id,
        "kind": batch.kind,
        "file_name": batch.file_name,
        "state": batch.state.value,
        "rows_read": batch.rows_read,
        "rows_kept": batch.rows_kept,
        "rows_bad": batch.rows_bad,
        "error": batch.error,
        "created_at": batch.created_at,
        "finished_at": batch.finished_at,
    }


def _file(path: Path, batch: ImportBatch, *, may_read: bool) -> dict[str, Any]:
    kind = KINDS[batch.kind]
    try:
        table = open_table(path, name=batch.file_name)
    except Rejected as error:
        return {"problem": f"{error.message} {error.hint}".strip()}
    try:
        problem, sure = "", {}
        try:
            choices = propose_for(kind, table).choices
            sure = {column: (choice.confidence, choice.reason) for choice in choices for column in choice.columns}
        except Rejected as error:
            problem = "" if batch.mapping else error.message
        chosen = chosen_of(load_mapping(batch.mapping)) if batch.mapping else {}
        columns = [
            ImportColumn(
                name=name,
                samples=_samples(name, table.sample) if may_read else None,
                field=chosen.get(name, ""),
                confidence=sure[name][0] if name in sure else None,
                reason=sure[name][1] if name in sure else "",
            )
            for name in table.headers[:_COLUMNS]
        ]
        shape = table.shape
        parts = [shape.format.value, shape.delimiter, shape.encoding, "compressed" if shape.compressed else ""]
        return {
            "problem": problem,
            "bytes": path.stat().st_size,
            "shape": ", ".join(filter(None, parts)),
            "notes": list(shape.notes),
            "columns": columns,
        }
    finally:
        table.close()


def _samples(name: str, rows: Sequence[Any]) -> list[str]:
    """The first different values."""
    found: dict[str, None] = {}
    for row in rows:
        value = row.cells.get(name)
        text = "" if value is None else str(value).strip()
        if text:
            found[text[:_SAMPLE_CHARS] + ("…" if len(text) > _SAMPLE_CHARS else "")] = None
        if len(found) == _SAMPLES:
            break
    return list(found)


def _line_and_id(key: list[Any]) -> tuple[int, UUID]:
    try:
        if type(key[0]) is int:
            return key[0], UUID(key[1])
    except (TypeError, ValueError, AttributeError):
        pass
    raise paging.not_ours()
