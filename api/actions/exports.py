"""Whole lists as CSV files. Read page by page, each in a short transaction of its own, so that a slow download holds
neither memory nor a connection; a cell that a spreadsheet would run is defused (store.queries.exports)."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from sqlmodel import col

from api import paging
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views.lists import companies, contacts, leads
from api.views.lists.filters import CompanyFilters, ContactFilters, Filters, LeadFilters
from store import audit
from store.models import Company, Contact
from store.queries.exports import cell

_CHUNK: Final = 500
_BOM: Final = b"\xef\xbb\xbf"  # spreadsheets read UTF-8 as such only with it

_OF_PERSON: Final = ("name", "email", "title", "email_status", "country", "time_zone")
_PEOPLE: Final = ("name", "email")  # only for who may read people
_COLUMNS: Final[dict[str, list[str]]] = {
    "leads": [
        "id",
        "company",
        "domain",
        "country",
        "name",
        "email",
        "title",
        "email_status",
        "tier",
        "priority",
        "fit",
        "intent",
        "stage",
        "stop_reason",
        "signal",
        "signal_at",
        "next_due_at",
        "next_channel",
        "sequence_state",
        "owner",
        "suppressed",
        "created_at",
        "updated_at",
    ],
    "contacts": [
        "id",
        "company",
        "domain",
        "name",
        "email",
        "title",
        "seniority",
        "department",
        "buying_role",
        "country",
        "time_zone",
        "email_status",
        "legal_basis",
        "suppressed",
        "leads",
        "source",
        "created_at",
        "updated_at",
    ],
    "companies": [
        "id",
        "name",
        "domain",
        "website",
        "industry",
        "employees",
        "revenue_minor",
        "currency",
        "country",
        "region",
        "city",
        "description",
        "technologies",
        "tags",
        "leads",
        "best_tier",
        "signal",
        "signal_at",
        "excluded_at",
        "enriched_at",
        "created_at",
        "updated_at",
    ],
}


def export(
    deps: Dependencies, principal: Principal, filters: Filters, ids: Sequence[UUID] | None = None
) -> Iterator[bytes]:
    """The file, in pieces: all that match, or only these ids. Raises Forbidden, before the first piece."""
    principal.require(Permission.EXPORT)
    kind = kind_of(filters)
    pages = _pages(deps, principal, filters, ids)
    first = next(pages, [])  # what is wrong with the filter is said before the file begins
    with deps.database.write(principal.workspace_id) as session:
        details = {"people": principal.may(Permission.PEOPLE), "selected": len(ids or ())}
        audit.append(
            session,
            deps.clock,
            deps.ids,
            actor=principal.actor,
            action=f"{kind}.exported",
            subject_kind="workspace",
            subject_id=principal.workspace_id,
            details=details,
        )
    return _written(kind, principal, first, pages)


def kind_of(filters: Filters) -> str:
    match filters:
        case LeadFilters():
            return "leads"
        case ContactFilters():
            return "contacts"
    return "companies"


def _written(kind: str, principal: Principal, first: list[Any], pages: Iterator[list[Any]]) -> Iterator[bytes]:
    hides = kind != "companies" and not principal.may(Permission.PEOPLE)
    columns = [name for name in _COLUMNS[kind] if not (hides and name in _PEOPLE)]
    yield _BOM + _lines([columns])
    yield _lines([[cell(_value(row, name)) for name in columns] for row in first])
    for rows in pages:
        yield _lines([[cell(_value(row, name)) for name in columns] for row in rows])


def _value(row: Any, name: str) -> Any:
    if name in ("signal", "signal_at"):
        return (row.signal.kind if name == "signal" else row.signal.observed_at) if row.signal else None
    if name in ("technologies", "tags"):
        return "; ".join(getattr(row, name))
    person = getattr(row, "person", None)
    if person is not None and name in _OF_PERSON and not hasattr(row, name):
        return getattr(person, name)
    return getattr(row, name)


def _pages(
    deps: Dependencies, principal: Principal, filters: Filters, ids: Sequence[UUID] | None
) -> Iterator[list[Any]]:
    if ids is not None:
        for start in range(0, len(ids), _CHUNK):
            yield _by_ids(deps, principal, filters, sorted(set(ids))[start : start + _CHUNK])
        return
    cursor: str | None = None
    while True:
        page = _page(deps, principal, filters, cursor)
        yield page.items
        cursor = page.next
        if cursor is None:
            return


def _page(deps: Dependencies, principal: Principal, filters: Filters, cursor: str | None) -> paging.Page[Any]:
    sealer = deps.context_for(principal.workspace_id).sealer
    with deps.database.read(principal.workspace_id) as session:
        match filters:
            case LeadFilters():
                return leads.leads(session, sealer, principal, filters, limit=_CHUNK, cursor=cursor)
            case ContactFilters():
                return contacts.contacts(session, sealer, principal, filters, limit=_CHUNK, cursor=cursor)
            case CompanyFilters():
                return companies.companies(session, filters, limit=_CHUNK, cursor=cursor)
    raise TypeError(f"{type(filters).__name__} is of no list.")


def _by_ids(deps: Dependencies, principal: Principal, filters: Filters, ids: Sequence[UUID]) -> list[Any]:
    sealer = deps.context_for(principal.workspace_id).sealer
    with deps.database.read(principal.workspace_id) as session:
        match filters:
            case LeadFilters():
                return leads.shown(session, sealer, principal, ids)
            case ContactFilters():
                query = contacts.selected(session, sealer, principal, ContactFilters())
                query = query.with_only_columns(Contact, Company).where(col(Contact.id).in_(ids))
                rows = session.execute(query.order_by(col(Contact.id))).all()
                return list(contacts.shown(session, sealer, principal, rows))
            case _:
                query = companies.selected(session, CompanyFilters())
                query = query.with_only_columns(Company).where(col(Company.id).in_(ids))
                found = session.execute(query.order_by(col(Company.id))).scalars().all()
                return list(companies.shown(session, found))


def _lines(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
