"""Taking a file in, page by page: rows, problems and the place in the file stand or fall together, so that an import
that was interrupted goes on where it stood, and the same file a second time says that it is done.

The command line and the worker that carries out uploads do the same; each gives its readers of files.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import file_digest, sha256
from itertools import islice
from pathlib import Path
from typing import Protocol
from uuid import UUID

import orjson
from sqlmodel import Session, col, select

from agents.churn import take_in_usage
from agents.contacts.intake import contact_inputs
from agents.context import AgentContext
from agents.intake import keep_problems, take_in_companies
from agents.policy import load_policy
from core.errors import Rejected, SalesOSError
from core.ids import stable_id
from store.models import Company, ImportBatch, ImportState, RowProblemRow
from store.queries import merges, people
from tools.files.reading import Table, open_table
from tools.files.rows import Item, Position, RawRow
from tools.identity.corpus import Reads
from tools.mapping.apply import apply_person
from tools.mapping.document import Kind, MappingDocument
from tools.mapping.propose import (
    Proposal,
    propose_company_mapping,
    propose_person_mapping,
    propose_usage_mapping,
)
from tools.names import company_name_key
from tools.ports import CompanyPage, PersonRecord, RowProblem, UsageRecord

PAGE = 500  # rows of one transaction: short enough for others to write in between
NAMES = {Kind.COMPANY: "companies", Kind.PERSON: "people", Kind.USAGE: "usage"}
_PROPOSE = {
    Kind.COMPANY: propose_company_mapping,
    Kind.PERSON: propose_person_mapping,
    Kind.USAGE: propose_usage_mapping,
}
# What a reason quotes of a cell: of people it must not be kept in clear.
_QUOTED = re.compile(r""" holds (?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
_NO_COMPANY = "no company of this person is here: import the companies first"

Progress = Callable[[ImportBatch], None]


class CompanyFile(Protocol):
    def page(self, cursor: str | None, limit: int) -> CompanyPage: ...

    def close(self) -> None: ...


class UsageFile(Protocol):
    def rows(self, since: date | None) -> Iterator[UsageRecord | RowProblem]: ...

    def close(self) -> None: ...


class OpenCompanies(Protocol):
    def __call__(self, path: Path, mapping: MappingDocument, *, as_of: datetime | None, name: str) -> CompanyFile: ...


class OpenUsage(Protocol):
    def __call__(self, path: Path, mapping: MappingDocument, *, name: str) -> UsageFile: ...


@dataclass(frozen=True, slots=True)
class Readers:
    """What opens a file as a source: providers, which agents know by their ports only."""

    companies: OpenCompanies
    usage: OpenUsage


class Overtaken(Rejected):
    """Another process takes this file in: it is not failed, and not ours."""


class Interrupted(Exception):
    """Raised by a Progress that wants to stop here: the next call goes on."""


def propose(kind: Kind, path: Path) -> Proposal:
    """Raises Rejected: no list, or no column for what is needed."""
    table = open_table(path)
    try:
        return propose_for(kind, table)
    finally:
        table.close()


def propose_for(kind: Kind, table: Table) -> Proposal:
    """Raises Rejected: no column for what is needed."""
    return _PROPOSE[kind](table.headers, table.sample)


def open_batch(context: AgentContext, kind: Kind, path: Path, mapping: MappingDocument) -> ImportBatch:
    """The batch of this file with this mapping: a new one, or the one that was begun or done before."""
    digest = _digest(path)
    document = mapping.model_dump(mode="json", exclude_none=True)
    identity = sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()
    batch_id = stable_id("import", context.workspace_id, kind.value, digest, identity)
    with context.database.write(context.workspace_id) as session:
        found = session.get(ImportBatch, (context.workspace_id, batch_id))
        if found is None:
            found = ImportBatch(
                workspace_id=context.workspace_id,
                id=batch_id,
                kind=NAMES[kind],
                file_name=path.name[:255],
                path=str(path.resolve()),
                sha256=digest,
                mapping=document,
                created_at=context.clock.now(),
            )
        found.path = str(path.resolve())  # the same bytes may lie elsewhere by now
        session.add(found)
    return found


def take_in(
    context: AgentContext, batch: ImportBatch, mapping: MappingDocument, readers: Readers, on_page: Progress
) -> ImportBatch:
    """Reads what is left of the file. A failure is kept on the batch, and the next call goes on from there.

    Raises what the file, the store or `on_page` raise; Overtaken where another process books pages of it.
    """
    if batch.state is ImportState.DONE:
        return batch
    try:
        if mapping.kind is Kind.COMPANY:
            _companies(context, batch, mapping, readers, on_page)
        elif mapping.kind is Kind.PERSON:
            _people(context, batch, mapping, on_page)
        else:
            _usage(context, batch, mapping, readers, on_page)
    except (Overtaken, Interrupted):
        raise
    except Exception as error:
        with context.database.write(context.workspace_id) as session:
            current = _current(session, batch.id)
            said = error.message if isinstance(error, SalesOSError) else type(error).__name__
            current.state, current.error = ImportState.FAILED, f"{said} Begun again, it goes on here."
        raise
    with context.database.read(context.workspace_id) as session:
        return _current(session, batch.id)


def first_problems(context: AgentContext, batch_id: UUID, limit: int) -> list[tuple[int, str]]:
    with context.database.read(context.workspace_id) as session:
        query = select(RowProblemRow.line, RowProblemRow.reason).where(RowProblemRow.batch_id == batch_id)
        ordered = query.order_by(col(RowProblemRow.line), col(RowProblemRow.id)).limit(limit)
        return [(line, reason) for line, reason in session.exec(ordered)]


@dataclass(frozen=True, slots=True)
class _Page:
    read: int
    kept: int
    problems: Sequence[RowProblem]
    cursor: str | None  # None: the file is at its end


def _companies(
    context: AgentContext, batch: ImportBatch, mapping: MappingDocument, readers: Readers, on_page: Progress
) -> None:
    # What has no date of its own is dated by the file: a list from last year tells of last year.
    made = datetime.fromtimestamp(Path(batch.path).stat().st_mtime, UTC)
    as_of = min(made, context.clock.now())
    source = readers.companies(Path(batch.path), mapping, as_of=as_of, name=batch.file_name)
    cursor, reads = batch.cursor, Reads()  # names that a page was compared with are compared with the next one too
    try:
        while True:
            page = source.page(cursor, PAGE)
            kept = {record.line for record in page.records}
            lost = {problem.line for problem in page.problems} - kept
            with context.database.write(context.workspace_id) as session:
                take_in_companies(session, context, page.records, batch_id=batch.id, reads=reads)
                done = _Page(len(page.records) + len(lost), len(page.records), page.problems, page.cursor)
                current = _turn(session, context, batch.id, cursor, done)
            on_page(current)
            cursor = page.cursor
            if cursor is None:
                return
    finally:
        source.close()


def _people(context: AgentContext, batch: ImportBatch, mapping: MappingDocument, on_page: Progress) -> None:
    table = open_table(batch.path, name=batch.file_name)
    try:
        if table.shape.delimiter:
            mapping.check_columns(table.headers, table.name)
        with context.database.read(context.workspace_id) as session:
            policy = load_policy(session)
        cursor = batch.cursor
        for items in _pages(table, cursor):
            records, problems = _persons(mapping, items, f"file:{table.name}")
            with context.database.read(context.workspace_id) as session:
                matched = _at_companies(session, records)
            strangers = [RowProblem(r.line or 0, _NO_COMPANY) for r, company in matched if company is None]
            found = [(company, record) for record, company in matched if company is not None]
            inputs = contact_inputs(context, policy, found)  # may ask DNS: outside of the transaction
            position = str(items[-1][1])
            with context.database.write(context.workspace_id) as session:
                taken = people.upsert_contacts(session, context.clock, context.ids, context.sealer, inputs)
                kept = sum(contact_id is not None for contact_id in taken.ids)
                current = _turn(
                    session, context, batch.id, cursor, _Page(len(items), kept, [*problems, *strangers], position)
                )
            on_page(current)
            cursor = position
        with context.database.write(context.workspace_id) as session:
            _turn(session, context, batch.id, cursor, _Page(0, 0, (), None))
    finally:
        table.close()


def _usage(
    context: AgentContext, batch: ImportBatch, mapping: MappingDocument, readers: Readers, on_page: Progress
) -> None:
    """From the start each time: a day's number replaces itself."""
    source = readers.usage(Path(batch.path), mapping, name=batch.file_name)
    try:
        taken = take_in_usage(context, source.rows(None))
    finally:
        source.close()
    problems = list(taken.problems)
    if taken.unmatched:
        problems.append(RowProblem(0, f"{taken.unmatched} rows are of nobody we know as a customer"))
    with context.database.write(context.workspace_id) as session:
        current = _current(session, batch.id)
        keep_problems(session, context, batch.id, _nothing_personal(problems))
        current.rows_read, current.rows_kept = taken.read, taken.kept
        current.rows_bad = taken.bad + taken.unmatched
        current.state, current.error, current.finished_at = ImportState.DONE, "", context.clock.now()
        session.add(current)
    on_page(current)


def _turn(session: Session, context: AgentContext, batch_id: UUID, before: str | None, page: _Page) -> ImportBatch:
    """Books a page. Raises Overtaken where another process booked it first: the transaction is rolled back."""
    current = _current(session, batch_id)
    if current.cursor != before or current.state is ImportState.DONE:
        raise Overtaken("Another import of this file is running.", hint="Let it finish; then begin this one again.")
    problems = page.problems if current.kind == NAMES[Kind.COMPANY] else _nothing_personal(page.problems)
    keep_problems(session, context, batch_id, problems)
    current.cursor, current.state, current.error = page.cursor, ImportState.RUNNING, ""
    current.rows_read += page.read
    current.rows_kept += page.kept
    current.rows_bad += page.read - page.kept
    if page.cursor is None:
        current.state, current.finished_at = ImportState.DONE, context.clock.now()
    session.add(current)
    return current


def _current(session: Session, batch_id: UUID) -> ImportBatch:
    """As it stands; held until the end of the transaction, where that one may write."""
    query = select(ImportBatch).where(ImportBatch.id == batch_id)
    return session.exec(query.with_for_update() if session.info["writes"] else query).one()


def _pages(table: Table, cursor: str | None) -> Iterator[list[Item]]:
    rows = table.read(Position.parse(cursor) if cursor else Position())
    while items := list(islice(rows, PAGE)):
        yield items


def _persons(
    mapping: MappingDocument, items: Sequence[Item], source: str
) -> tuple[list[PersonRecord], list[RowProblem]]:
    records: list[PersonRecord] = []
    problems: list[RowProblem] = []
    for item, _ in items:
        found = apply_person(mapping, item, source, problems=problems) if isinstance(item, RawRow) else item
        if isinstance(found, RowProblem):
            problems.append(found)
        else:
            records.append(found)
    return records, problems


def _at_companies(session: Session, records: Sequence[PersonRecord]) -> list[tuple[PersonRecord, UUID | None]]:
    """By domain; by name only where the row has no domain, and only where one company alone has that name."""
    domains = sorted({record.company_domain.lower() for record in records if record.company_domain})
    by_domain = dict(session.exec(select(Company.domain, Company.id).where(col(Company.domain).in_(domains))).all())
    keys = {r.company_name: company_name_key(r.company_name) for r in records if not r.company_domain}
    query = select(Company.name_key, Company.id).where(col(Company.name_key).in_(sorted(filter(None, keys.values()))))
    namesakes = list(session.exec(query))
    kept = merges.kept_of(session, [*by_domain.values(), *(company_id for _, company_id in namesakes)])
    by_name: dict[str, set[UUID]] = {}
    for key, company_id in namesakes:
        by_name.setdefault(key, set()).add(kept.get(company_id, company_id))
    matched: list[tuple[PersonRecord, UUID | None]] = []
    for record in records:
        if record.company_domain:
            at = by_domain.get(record.company_domain.lower())
            matched.append((record, kept.get(at, at) if at else None))
        else:
            named = by_name.get(keys[record.company_name], set())
            matched.append((record, next(iter(named)) if len(named) == 1 else None))
    return matched


def _nothing_personal(problems: Sequence[RowProblem]) -> list[RowProblem]:
    return [replace(problem, reason=_QUOTED.sub("", problem.reason)) for problem in problems]


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Rejected(f"{path} cannot be read: {error.strerror or error}.", hint="Check the path.") from error
