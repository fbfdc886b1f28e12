"""Taking companies in: records of any source become rows, facts and signals, set-based and idempotent."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlmodel import Session

from agents import identity
from agents.company_view import signal_id
from agents.context import AgentContext
from core.ids import stable_id
from store import bulk
from store.models import RowProblemRow, SignalRow
from store.queries import companies, facts, merges
from tools.domains import registrable_domain
from tools.identity.corpus import Reads
from tools.names import company_name_key
from tools.ports import CompanyRecord, RowProblem, SignalRecord

# What a record says of these is kept as a fact too, so that a draft can rest on it.
_FACT_FIELDS = ("description", "industry", "employees", "country", "city", "founded_year")
_METHOD = "import"


def take_in_companies(
    session: Session,
    context: AgentContext,
    records: Sequence[CompanyRecord],
    *,
    batch_id: UUID | None = None,
    reads: Reads | None = None,
) -> list[UUID]:
    """Upserts companies by domain or name, keeps the source of each, its facts and signals, and merges those that are
    known under another name where that is sure (agents.identity). Ids in input order. `reads`: one for all pages."""
    inputs = [_company(record, batch_id) for record in records]
    upserted = companies.upsert_companies(session, context.clock, inputs)
    ids = merges.standing_for(session, upserted.ids)
    now = context.clock.now()
    found: list[facts.FactInput] = []
    for company_id, record in zip(ids, records, strict=True):
        for name, value in _said(record):
            # A file that somebody imported is not text of strangers about us, but its words are still somebody's.
            found.append(facts.FactInput("company", company_id, name, value, record.source, _METHOD, now, 0.8))
    facts.add_facts(session, found)
    signals = [(company_id, s) for company_id, r in zip(ids, records, strict=True) for s in r.signals]
    add_signals(session, context, signals, source=records[0].source if records else "")
    if identity.after_intake(session, context, sorted(upserted.created), reads).merged:
        return merges.standing_for(session, ids)
    return ids


def add_signals(
    session: Session, context: AgentContext, found: Sequence[tuple[UUID, SignalRecord]], *, source: str
) -> None:
    """Keeps each piece of evidence once, with the first date it was seen."""
    rows: list[dict[str, Any]] = []
    for company_id, signal in found:
        key = sha256(f"{signal.kind}|{signal.quote}|{signal.url}".encode()).hexdigest()
        rows.append(
            {
                "id": signal_id(context.workspace_id, company_id, signal.kind, key),
                "company_id": company_id,
                "kind": signal.kind,
                "observed_at": signal.observed_at,
                "strength": signal.strength,
                "quote": signal.quote,
                "url": signal.url[:2000],
                "source": source,
                "content_key": key,
            }
        )
    bulk.insert_ignore(session, SignalRow, rows)


def keep_problems(session: Session, context: AgentContext, owner_id: UUID, problems: Sequence[RowProblem]) -> None:
    """Bad rows with their line and reason. The excerpt is sealed: nobody knows what a bad row holds."""
    rows = []
    for problem in problems:
        row_id = stable_id("row_problem", context.workspace_id, owner_id, problem.line, problem.reason)
        excerpt = context.sealer.seal(problem.excerpt[:200], context=f"row_problem|excerpt|{row_id}")
        rows.append(
            {
                "id": row_id,
                "batch_id": owner_id,
                "line": problem.line,
                "reason": problem.reason,
                "excerpt_sealed": excerpt,
            }
        )
    bulk.insert_ignore(session, RowProblemRow, rows)


def _company(record: CompanyRecord, batch_id: UUID | None) -> companies.CompanyInput:
    return companies.CompanyInput(
        name=record.name,
        name_key=company_name_key(record.name),
        source=record.source,
        domain=registrable_domain(record.website),
        source_id=record.source_id,
        line=record.line,
        batch_id=batch_id,
        cost_micros=record.cost_micros,
        website=record.website,
        industry=record.industry,
        tags=record.tags,
        employees=record.employees,
        revenue_minor=record.revenue_minor,
        currency=record.currency,
        country=record.country,
        region=record.region,
        city=record.city,
        description=record.description,
        founded_year=record.founded_year,
        status=record.status,
        technologies=record.technologies,
    )


def _said(record: CompanyRecord) -> Iterator[tuple[str, Any]]:
    for name in _FACT_FIELDS:
        value = getattr(record, name)
        if value not in (None, ""):
            yield name, value
    for technology in record.technologies:
        yield "technology", technology
