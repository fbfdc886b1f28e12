"""Lists that are uploaded: kept in a file of ours, mapped by a person, taken in by a worker."""

import os
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from agents.importing import NAMES, propose_for
from agents.uploads import folder_of, forget, is_upload, place_of, touched
from api import etags
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views import imports as views
from api.views.imports import ImportDetail
from core.errors import Conflict, NotFound, Rejected
from core.ids import stable_id
from store import audit
from store.models import ImportBatch, ImportState, RowProblemRow
from tools.files.reading import open_table
from tools.mapping.choose import mapping_of
from tools.mapping.document import Kind, MappingDocument, load_mapping

LARGEST_FILE: Final = 50_000_000  # bytes
_MOST_WAITING = 20  # files of a workspace that wait: a disk is not endless
_CHUNK = 1 << 18
_BUSY = (ImportState.QUEUED, ImportState.RUNNING)


def upload(
    deps: Dependencies, principal: Principal, kind: Kind, file_name: str, content: BinaryIO
) -> tuple[ImportDetail, bool]:
    """The import of these bytes as this kind, and whether it is new: the same file again finds its first import.

    Raises Forbidden; Rejected: no list, or too large; Conflict: too many wait.
    """
    principal.require(Permission.RECORDS)
    folder = folder_of(deps.settings, principal.workspace_id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder / f"{deps.ids.new().hex}.part"
    try:
        digest = _keep(content, part)
        name = _plain_name(file_name, NAMES[kind])
        proposed = _looked_at(kind, part, name)
        with deps.database.write(principal.workspace_id) as session:
            batch, new = _batch(session, deps, principal, kind, name, digest, proposed)
            if batch.state not in _BUSY or not Path(batch.path).exists():
                os.replace(part, batch.path)
                touched(Path(batch.path), deps.clock.now())
            if new:
                _record(session, deps, principal, "import.uploaded", batch)
            return views.import_view(deps, principal, batch), new
    finally:
        forget(part)


def set_mapping(
    deps: Dependencies, principal: Principal, import_id: UUID, document: dict[str, Any], *, if_match: str | None = None
) -> ImportDetail:
    """How its columns are read. An import that is done and gets another mapping can be started again.

    Raises Forbidden, NotFound, Conflict, PreconditionFailed; Rejected for a mapping that does not fit.
    """
    principal.require(Permission.RECORDS)
    with deps.database.write(principal.workspace_id) as session:
        batch = _open(session, deps, principal, import_id)
        etags.check(if_match, views.import_view(deps, principal, batch))
        mapping = load_mapping(document)
        if mapping.kind is not views.KINDS[batch.kind]:
            raise Rejected(
                f"This is a mapping of kind {mapping.kind.value}, and the import is of {batch.kind}.",
                hint="Upload the file as the other kind, or change the mapping's kind.",
            )
        _check_columns(mapping, batch)
        _set(session, deps, principal, batch, mapping)
        return views.import_view(deps, principal, batch)


def choose_columns(deps: Dependencies, principal: Principal, import_id: UUID, chosen: dict[str, str]) -> None:
    """The same by one choice a column (column → field), as the page's table gives it. Raises as `set_mapping`."""
    principal.require(Permission.RECORDS)
    with deps.database.read(principal.workspace_id) as session:
        batch = _open(session, deps, principal, import_id)
    before = load_mapping(batch.mapping) if batch.mapping else None
    table = open_table(batch.path, name=batch.file_name)
    try:
        known = {column: field for column, field in chosen.items() if column in table.headers}
        mapping = mapping_of(views.KINDS[batch.kind], known, table.sample, before)
    finally:
        table.close()
    set_mapping(deps, principal, import_id, mapping.model_dump(mode="json", exclude_none=True))


def start(deps: Dependencies, principal: Principal, import_id: UUID) -> ImportDetail:
    """A worker takes it in. What runs, or is done, stays as it is; what failed goes on where it stood.

    Raises Forbidden, NotFound; Conflict: the file is gone, or is the command line's; Rejected: there is no mapping.
    """
    principal.require(Permission.RECORDS)
    with deps.database.write(principal.workspace_id) as session:
        batch = _locked(session, principal, import_id)
        if batch.state not in (*_BUSY, ImportState.DONE):
            _check_here(deps, batch)
            if not batch.mapping:
                raise Rejected("Nobody said yet what the columns are.", hint="Give a mapping first.")
            batch.state, batch.error = ImportState.QUEUED, ""
            session.add(batch)
            touched(Path(batch.path), deps.clock.now())
            session.flush()
            _record(session, deps, principal, "import.started", batch)
        return views.import_view(deps, principal, batch)


def _keep(content: BinaryIO, part: Path) -> str:
    """In pieces: the memory it takes does not grow with the file. The digest of what was written."""
    digest, size = sha256(), 0
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as kept:
        while piece := content.read(_CHUNK):
            size += len(piece)
            if size > LARGEST_FILE:
                raise too_large()
            digest.update(piece)
            kept.write(piece)
    return digest.hexdigest()


def too_large() -> Rejected:
    return Rejected(
        f"The file is larger than {LARGEST_FILE // 1_000_000} MB.",
        hint="Compress it with gzip, split it, or use `salesos import` on the machine: it takes files of any size.",
        code="too_large",
    )


def _plain_name(given: str, kind: str) -> str:
    """To be shown only; no path is ever made of it."""
    last = given.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable()).strip()[:255] or f"{kind}.csv"


def _looked_at(kind: Kind, path: Path, name: str) -> dict[str, Any]:
    """The proposed mapping; empty where a person must say. Raises Rejected for what is no list."""
    table = open_table(path, name=name)
    try:
        return propose_for(kind, table).document.model_dump(mode="json", exclude_none=True)
    except Rejected:
        return {}
    finally:
        table.close()


def _batch(
    session: Session,
    deps: Dependencies,
    principal: Principal,
    kind: Kind,
    name: str,
    digest: str,
    mapping: dict[str, Any],
) -> tuple[ImportBatch, bool]:
    batch_id = stable_id("upload", principal.workspace_id, kind.value, digest)
    found = session.get(ImportBatch, (principal.workspace_id, batch_id), with_for_update=True)
    if found is not None:
        return found, False
    waiting = sum(1 for entry in folder_of(deps.settings, principal.workspace_id).iterdir() if not entry.suffix)
    if waiting >= _MOST_WAITING:
        raise Conflict(
            f"{waiting} uploaded files wait already.",
            hint="Start some of them; what nobody starts is gone after a week.",
        )
    made = ImportBatch(
        workspace_id=principal.workspace_id,
        id=batch_id,
        kind=NAMES[kind],
        file_name=name,
        sha256=digest,
        mapping=mapping,
        state=ImportState.UPLOADED,
        created_at=deps.clock.now(),
    )
    made.path = str(place_of(deps.settings, made))
    session.add(made)
    session.flush()
    return made, True


def _locked(session: Session, principal: Principal, import_id: UUID) -> ImportBatch:
    found = session.get(ImportBatch, (principal.workspace_id, import_id), with_for_update=session.info["writes"])
    if found is None:
        raise NotFound("There is no such import.")
    return found


def _open(session: Session, deps: Dependencies, principal: Principal, import_id: UUID) -> ImportBatch:
    """One whose mapping may change."""
    batch = _locked(session, principal, import_id)
    if batch.state in _BUSY:
        raise Conflict("This import is running.", hint="Wait until it is done; then its mapping can be changed.")
    _check_here(deps, batch)
    return batch


def _check_here(deps: Dependencies, batch: ImportBatch) -> None:
    if not is_upload(deps.settings, batch):
        raise Conflict(
            "This import was made by `salesos import`.", hint="Go on with it there, or upload the file here."
        )
    if not Path(batch.path).exists():
        raise Conflict("The file is no longer here.", hint="Upload it again: it finds this import.")


def _check_columns(mapping: MappingDocument, batch: ImportBatch) -> None:
    table = open_table(batch.path, name=batch.file_name)
    try:
        if table.shape.delimiter:
            mapping.check_columns(table.headers, table.name)
    finally:
        table.close()


def _set(
    session: Session, deps: Dependencies, principal: Principal, batch: ImportBatch, mapping: MappingDocument
) -> None:
    document = mapping.model_dump(mode="json", exclude_none=True)
    if batch.mapping == document:
        return
    batch.mapping, batch.state, batch.error = document, ImportState.UPLOADED, ""
    batch.cursor, batch.finished_at = None, None
    batch.rows_read = batch.rows_kept = batch.rows_bad = 0
    session.add(batch)
    session.execute(sa.delete(RowProblemRow).where(col(RowProblemRow.batch_id) == batch.id))
    session.flush()
    _record(session, deps, principal, "import.mapped", batch)


def _record(session: Session, deps: Dependencies, principal: Principal, action: str, batch: ImportBatch) -> None:
    audit.append(
        session,
        deps.clock,
        deps.ids,
        actor=principal.actor,
        action=action,
        subject_kind="import",
        subject_id=batch.id,
        details={"kind": batch.kind, "sha256": batch.sha256},
    )
