"""An office with a list worth filtering: companies of all sizes, people of all titles, leads of all tiers."""

from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from core.ids import stable_id
from store.models import Company, Contact, Lead, SignalRow
from tests.support.api_office import ApiOffice
from tools.names import company_name_key, person_key

NAMES = ("Albrecht Freight", "Meridian Cold Chain", "Tidewater Logistics")


def dress(office: ApiOffice) -> list[Any]:
    """The people of the office, in order, told apart: lead n has tier n % 4 + 1."""
    context, now = office.office.context, office.deps.clock.now()
    with context.database.write(context.workspace_id) as session:
        for number, person in enumerate(office.office.people):
            lead = session.get(Lead, (context.workspace_id, person.lead_id))
            contact = session.get(Contact, (context.workspace_id, person.contact_id))
            assert lead is not None
            assert contact is not None
            company = session.get(Company, (context.workspace_id, lead.company_id))
            assert company is not None
            company.name = NAMES[number] if number < len(NAMES) else f"Company {number}"
            company.name_key = company_name_key(company.name)
            company.domain = f"company{number}.example"
            company.employees = None if number % 3 == 2 else 10 * (number + 1)
            company.country = "DE" if number % 2 else "US"
            company.industry = "freight forwarding" if number % 2 else ""
            company.technologies = ["NetSuite"] if number == 1 else []
            company.created_at = now - timedelta(minutes=number)
            lead.tier = number % 4 + 1
            lead.priority = None if number % 5 == 4 else round(1 / (number + 2), 3)
            contact.title = "Head of Finance" if number % 2 else "CEO"
            contact.person_index = context.sealer.blind_index("person", person_key(f"Pat {number}"))
            session.add_all([company, lead, contact])
            if number == 0:
                session.add(
                    SignalRow(
                        workspace_id=context.workspace_id,
                        id=stable_id("signal", company.id),
                        company_id=company.id,
                        kind="funding",
                        observed_at=now - timedelta(days=3),
                        content_key="k",
                    )
                )
    return list(office.office.people)


@contextmanager
def counted(office: ApiOffice) -> Any:
    """The SELECT statements that run inside."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            seen.append(statement)

    event.listen(office.deps.database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(office.deps.database.engine, "before_cursor_execute", note)


def rows_of(office: ApiOffice, model: Any, *where: Any) -> list[Any]:
    with office.deps.database.read(office.workspace_id) as session:
        return list(session.execute(sa.select(model).where(*where)).scalars())
