"""Companies and people that may be one, side by side; and what was merged, with who said so.

Names and addresses of people are opened only for whoever has the right: without it a field says that it is hidden, and
not even whether the two are equal.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col, select

from api import paging
from api.dependencies import Principal
from api.permissions import Permission
from api.views.companies import text_of
from api.views.lists import keyset
from api.views.people import named, names_of_actors, person_of
from core.crypto import Sealer
from core.errors import NotFound
from store.models import Company, CompanySource, Contact, Lead, Merge, MergeKind, MergeProposal, ProposalState
from store.queries import merges

_COMPANY_FIELDS: Final = (
    *("name", "domain", "website", "industry", "employees", "founded_year", "country", "region", "city"),
    *("technologies", "description"),
)
_SEALED: Final = ("name", "email", "phone", "profile_url")
_CONTACT_FIELDS: Final = ("title", "seniority", "department", "country")
_MOST_TEXT: Final = 300  # letters of one field
_LIKELIEST: Final = keyset.Order(
    "likeliest", (keyset.Term(col(MergeProposal.probability), float, True), keyset.by_id(col(MergeProposal.id)))
)
_NEWEST: Final = keyset.Order(
    "newest", (keyset.Term(col(Merge.created_at), keyset.instant, True), keyset.by_id(col(Merge.id)))
)


class Compared(BaseModel):
    """One field of both. None: not known, or hidden from the caller."""

    field: str
    first: str | None
    second: str | None
    same: bool | None  # None: one of them is not known, or hidden
    hidden: bool = False


class Side(BaseModel):
    id: UUID
    label: str  # its name, or what may be said of a person
    sources: list[str]  # who told of it
    leads: int
    created_at: datetime


class DuplicateOut(BaseModel):
    """Two rows that may be one; `first` is the one that would stay."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01979a3e-7a1f-7000-8000-000000000001",
                    "kind": "company",
                    "probability": 0.62,
                    "reasons": ["the names share a rare word"],
                    "first": {"label": "Meridian Cold Chain", "sources": ["import"], "leads": 2},
                    "second": {"label": "Meridian Cold-Chain GmbH", "sources": ["apollo"], "leads": 0},
                    "compared": [{"field": "city", "first": "Hamburg", "second": "Hamburg", "same": True}],
                }
            ]
        }
    )

    id: UUID
    kind: MergeKind
    probability: float  # 0–1
    reasons: list[str]  # what spoke for and against, the strongest first
    first: Side
    second: Side
    compared: list[Compared]
    created_at: datetime


class MergeOut(BaseModel):
    id: UUID
    kind: MergeKind
    kept_id: UUID
    kept: str
    absorbed_id: UUID
    absorbed: str
    probability: float  # as it was judged then
    reasons: list[str]
    by: str  # a person's name, "rule", "key:<id>"
    created_at: datetime
    split_at: datetime | None  # None: they are one
    split_by: str
    may_split: bool  # False also where a later merge rests on this one


def waiting(
    session: Session,
    sealer: Sealer,
    principal: Principal,
    *,
    kind: MergeKind | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> paging.Page[DuplicateOut]:
    """What waits for a person, the likeliest first. Rows that were merged or erased since are passed over."""
    query = sa.select(MergeProposal).where(
        col(MergeProposal.state) == ProposalState.WAITING,
        merges.not_absorbed(MergeProposal, "first_id"),
        merges.not_absorbed(MergeProposal, "second_id"),
        ~sa.exists().where(
            sa.or_(col(Contact.id) == col(MergeProposal.first_id), col(Contact.id) == col(MergeProposal.second_id)),
            col(Contact.erased_at).is_not(None),
        ),
    )
    if kind is not None:
        query = query.where(col(MergeProposal.kind) == kind)
    rows, following = keyset.page(session, query, _LIKELIEST, limit=limit, cursor=cursor)
    return paging.Page(items=_shown(session, sealer, principal, [row[0] for row in rows]), next=following)


def duplicate(session: Session, sealer: Sealer, principal: Principal, proposal_id: UUID) -> DuplicateOut:
    """One proposal, decided or not. Raises NotFound."""
    found = session.exec(select(MergeProposal).where(MergeProposal.id == proposal_id)).one_or_none()
    shown = _shown(session, sealer, principal, [found] if found else [])
    if not shown:
        raise NotFound("There is no such proposal.")
    return shown[0]


def merged(
    session: Session,
    sealer: Sealer,
    principal: Principal,
    *,
    of: UUID | None = None,
    standing: bool | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> paging.Page[MergeOut]:
    """The newest first. `of`: only those with this row; `standing`: only those that were not split, or that were."""
    query = sa.select(Merge)
    if of is not None:
        query = query.where(sa.or_(col(Merge.kept_id) == of, col(Merge.absorbed_id) == of))
    if standing is not None:
        query = query.where(col(Merge.split_at).is_(None) == standing)
    rows, following = keyset.page(session, query, _NEWEST, limit=limit, cursor=cursor)
    return paging.Page(items=_merges(session, sealer, principal, [row[0] for row in rows]), next=following)


def merge_out(session: Session, sealer: Sealer, principal: Principal, merge_id: UUID) -> MergeOut:
    """Raises NotFound."""
    found = session.exec(select(Merge).where(Merge.id == merge_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such merge.")
    return _merges(session, sealer, principal, [found])[0]


def merged_into(session: Session, row_id: UUID) -> UUID | None:
    """The row that stands for this one; None: it stands for itself."""
    return merges.kept_of(session, [row_id]).get(row_id)


def _shown(
    session: Session, sealer: Sealer, principal: Principal, found: Sequence[MergeProposal]
) -> list[DuplicateOut]:
    """A constant number of statements, however many there are."""
    ids = [one for proposal in found for one in (proposal.first_id, proposal.second_id)]
    companies, contacts = _rows(session, ids)
    at = {row.id: row.name for row in _of(session, Company, [c.company_id for c in contacts.values()])}
    sources, leads = _sources(session, companies), _leads(session, ids)
    shown = []
    for proposal in found:
        of: Mapping[UUID, Any] = companies if proposal.kind is MergeKind.COMPANY else contacts
        ends = (proposal.first_id, proposal.second_id)
        if not all(one in of for one in ends):
            continue
        kept = proposal.evidence.get("kept_id")
        first, second = (of[one] for one in sorted(ends, key=lambda one: str(one) != kept))
        sides = []
        for row in (first, second):
            said = sources.get(row.id, []) if isinstance(row, Company) else [row.source] if row.source else []
            label = _label(row, sealer, principal)
            sides.append(
                Side(id=row.id, label=label, sources=said, leads=leads.get(row.id, 0), created_at=row.created_at)
            )
        compared = (
            [_compared(name, getattr(first, name), getattr(second, name)) for name in _COMPANY_FIELDS]
            if proposal.kind is MergeKind.COMPANY
            else _people_compared(first, second, at, sealer, principal)
        )
        shown.append(
            DuplicateOut(
                id=proposal.id,
                kind=proposal.kind,
                probability=proposal.probability,
                reasons=proposal.reasons,
                first=sides[0],
                second=sides[1],
                compared=[one for one in compared if one.hidden or one.first or one.second],
                created_at=proposal.created_at,
            )
        )
    return shown


def _people_compared(
    first: Contact, second: Contact, at: Mapping[UUID, str], sealer: Sealer, principal: Principal
) -> list[Compared]:
    found = []
    for name in _SEALED:
        tokens = [getattr(row, f"{name}_sealed") for row in (first, second)]
        if not principal.may(Permission.PEOPLE):
            if any(tokens):
                found.append(Compared(field=name, first=None, second=None, same=None, hidden=True))
            continue
        texts = [
            sealer.open(token, context=f"contact|{name}|{row.id}") if token else ""
            for token, row in zip(tokens, (first, second), strict=True)
        ]
        found.append(_compared(name, *texts))
    found.append(_compared("company", at.get(first.company_id), at.get(second.company_id)))
    return found + [_compared(name, getattr(first, name), getattr(second, name)) for name in _CONTACT_FIELDS]


def _compared(name: str, first: Any, second: Any) -> Compared:
    ours, theirs = text_of(first).strip(), text_of(second).strip()
    return Compared(
        field=name,
        first=ours[:_MOST_TEXT] or None,
        second=theirs[:_MOST_TEXT] or None,
        same=ours.casefold() == theirs.casefold() if ours and theirs else None,
    )


def _merges(session: Session, sealer: Sealer, principal: Principal, found: Sequence[Merge]) -> list[MergeOut]:
    companies, contacts = _rows(session, [one for merge in found for one in (merge.kept_id, merge.absorbed_id)])
    rows: Mapping[UUID, Any] = {**companies, **contacts}
    names, resting = names_of_actors(session), merges.kept_of(session, [merge.kept_id for merge in found])

    def label(row_id: UUID) -> str:
        return _label(rows[row_id], sealer, principal) if row_id in rows else "Gone"

    return [
        MergeOut(
            id=merge.id,
            kind=merge.kind,
            kept_id=merge.kept_id,
            kept=label(merge.kept_id),
            absorbed_id=merge.absorbed_id,
            absorbed=label(merge.absorbed_id),
            probability=merge.probability,
            reasons=merge.reasons,
            by=named(merge.decided_by, names),
            created_at=merge.created_at,
            split_at=merge.split_at,
            split_by=named(merge.split_by, names),
            may_split=merge.split_at is None and merge.kept_id not in resting,
        )
        for merge in found
    ]


def _label(row: Any, sealer: Sealer, principal: Principal) -> str:
    return row.name if isinstance(row, Company) else person_of(row, sealer, principal).label


def _rows(session: Session, ids: Iterable[UUID]) -> tuple[dict[UUID, Company], dict[UUID, Contact]]:
    wanted = sorted(set(ids))
    companies = {row.id: row for row in _of(session, Company, wanted)}
    return companies, {row.id: row for row in _of(session, Contact, [one for one in wanted if one not in companies])}


def _of(session: Session, model: Any, ids: Iterable[UUID]) -> list[Any]:
    return list(session.exec(select(model).where(model.id.in_(sorted(set(ids))))))


def _sources(session: Session, companies: Iterable[UUID]) -> dict[UUID, list[str]]:
    query = (
        select(CompanySource.company_id, CompanySource.source)
        .where(col(CompanySource.company_id).in_(sorted(companies)))
        .distinct()
        .order_by(col(CompanySource.company_id), col(CompanySource.source))
    )
    found: dict[UUID, list[str]] = {}
    for company_id, source in session.exec(query):
        found.setdefault(company_id, []).append(source)
    return found


def _leads(session: Session, ids: Iterable[UUID]) -> dict[UUID, int]:
    wanted = sorted(set(ids))
    found: dict[UUID, int] = {}
    for column in (col(Lead.company_id), col(Lead.contact_id)):
        found |= {
            row_id: int(count)
            for row_id, count in session.execute(
                sa.select(column, sa.func.count()).where(column.in_(wanted)).group_by(column)
            )
        }
    return found
