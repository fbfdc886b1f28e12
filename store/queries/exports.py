"""Rows for CSV files that a spreadsheet opens without running them.

A cell that a spreadsheet would read as a formula gets an apostrophe in front (OWASP, CSV injection); numbers stay
numbers, so that -5 is still one. NUL goes, line feeds stay inside their quoted cell.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
import sqlalchemy as sa
from sqlmodel import Session, col

from core.crypto import Sealer
from store.models import Company, Contact, CrmActivityRow, Lead
from store.queries import merges

Row = list[str | int | float]

_CHUNK = 1_000
# What starts a formula, with the full-width forms that spreadsheets fold into them.
_FORMULA = tuple("=+-@\t\r＝＋－＠")
_SKIPPED = " \"'\u00a0\u3000\ufeff\n"  # what a spreadsheet may drop before it looks

LEAD_HEADER = (
    "lead_id",
    "company",
    "domain",
    "contact",
    "title",
    "seniority",
    "department",
    "email",
    "phone",
    "country",
    "stage",
    "tier",
    "fit",
    "intent",
    "authority",
    "priority",
    "tier_reason",
    "stop_reason",
    "created_at",
    "updated_at",
)
BOOK_HEADER = ("key", "occurred_at", "record_kind", "record_id", "kind", "summary", "fields")


def cell(value: Any) -> str | int | float:
    """One value as a CSV writer may be given it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, dict | list):
        value = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    text = str(value).replace("\0", "")
    dangerous = text.startswith(("\t", "\r")) or text.lstrip(_SKIPPED).startswith(_FORMULA)
    return f"'{text}" if dangerous else text


def lead_rows(session: Session, sealer: Sealer) -> Iterator[Row]:
    """The header, then every lead, the best first; erased people have no name. Streams: memory stays flat."""
    yield list(LEAD_HEADER)
    query = (
        sa.select(Lead, Contact, Company)
        .join(Contact, col(Contact.id) == col(Lead.contact_id))
        .join(Company, col(Company.id) == col(Lead.company_id))
        .where(merges.not_absorbed(Contact))
        .order_by(col(Lead.tier), col(Lead.priority).desc().nulls_last(), col(Lead.id))
        .execution_options(yield_per=_CHUNK)
    )
    for lead, contact, company in session.execute(query):

        def opened(column: str, person: Contact = contact) -> str:
            token = getattr(person, f"{column}_sealed")
            return sealer.open(token, context=f"contact|{column}|{person.id}") if token else ""

        values = [
            lead.id,
            company.name,
            company.domain,
            opened("name"),
            contact.title,
            contact.seniority,
            contact.department,
            opened("email"),
            opened("phone"),
            contact.country,
            lead.stage,
            lead.tier,
            lead.fit,
            lead.intent,
            lead.authority,
            lead.priority,
            lead.tier_reason,
            lead.stop_reason,
            lead.created_at,
            lead.updated_at,
        ]
        yield [cell(value) for value in values]


def book_rows(session: Session, sealer: Sealer) -> Iterator[Row]:
    """The header, then the local CRM book in the order things happened. Streams."""
    yield list(BOOK_HEADER)
    query = sa.select(CrmActivityRow).order_by(col(CrmActivityRow.occurred_at), col(CrmActivityRow.key))
    for row in session.execute(query.execution_options(yield_per=_CHUNK)).scalars():
        summary = ""
        if row.summary_sealed:
            summary = sealer.open(row.summary_sealed, context=f"crm_activity|summary|{row.id}")
        values = [row.key, row.occurred_at, row.record_kind, row.record_id, row.kind, summary, row.fields]
        yield [cell(value) for value in values]
