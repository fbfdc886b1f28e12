"""The demo's own side: a workspace that sells call coaching, its people, its ICP and its first customers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from agents.context import AgentContext
from agents.intake import take_in_companies
from agents.policy import Policy
from cli.composition import Application
from core.ids import stable_id
from store import bulk
from store.ledger import set_budget
from store.models import Customer, Icp, IcpVersion, Mailbox, PolicyRow, Role, Run, User, Workspace
from store.queries import people, triggers
from tools.names import person_key
from tools.ports import CompanyRecord
from world.truth import Company
from world.world import World

MAILBOXES = ("mara@callcraft.example", "ines@callcraft.example", "tom@callcraft.example")
NAMES = ("Mara Vidal", "Ines Holt", "Tom Adair")
# A quarter of market data: cents in millionths.
_BUDGET_MICROS = 200_000 * 1_000_000

OFFER: dict[str, Any] = {
    "product": "Callcraft",
    "value_line": "shows sales managers which moments of a call decide a deal",
    "proof_points": [
        "Teams of forty sellers listen to two calls a week with it instead of none.",
        "New sellers reach their first closed deal three weeks sooner.",
    ],
    "related_technologies": ["HubSpot", "Salesforce", "Segment"],
    "sender_title": "Account Executive",
    "meeting_minutes": 30,
}
ICP: dict[str, Any] = {
    "name": "Growing companies with a sales team",
    "industries": [
        {"name": "Software", "synonyms": ["SaaS", "developer tools"]},
        {"name": "Financial Services", "synonyms": ["payments", "credit"]},
        {"name": "Logistics", "synonyms": ["freight", "warehouse"]},
        {"name": "Healthcare"},
    ],
    "employees": {"min": 30, "max": 1000},
    "countries": ["US", "GB", "IE", "NL", "FR", "DE", "CA"],
    "growth_signals": ["hiring", "funding"],
    "exclusions": {"statuses": ["inactive", "acquired"]},
    "weights": {"fit": 0.6, "intent": 0.4},
    "roles": [
        {"role": "economic_buyer", "departments": ["general_management", "finance"], "min_seniority": "director"},
        {"role": "champion", "departments": ["sales"], "min_seniority": "manager"},
        {"role": "user", "departments": ["sales", "marketing"], "min_seniority": "staff", "weight": 0.7},
    ],
}
POLICY: dict[str, Any] = {
    "legitimate_interest_assessment": "Balancing test of the demo's office, on file since its first day.",
    "autonomy": {
        "first_mail": "approve",
        "follow_up": "approve",
        "reply": "approve",
        "meeting_proposal": "approve",
        "meeting_invitation": "auto",
        "intervention": "approve",
    },
}


@dataclass(frozen=True)
class Office:
    workspace_id: UUID
    icp_version_id: UUID
    icp_id: UUID
    reps: tuple[UUID, ...]


def open_office(application: Application, world: World) -> Office:
    """Writes the office's rows. Ids are of their content, so that every demo has the same ones."""
    now, workspace_id = application.clock.now(), stable_id("demo", "workspace")
    workspace = Workspace(
        id=workspace_id,
        slug="demo",
        name="Callcraft Ltd",
        postal_address="12 Quay Street, Cork, Ireland",
        country="IE",
        time_zone="Europe/Dublin",
        currency="USD",
        offer=OFFER,
        created_at=now,
    )
    with application.database.unscoped(writes=True) as session:
        session.add(workspace)
    context = application.context_for(workspace_id)
    reps = tuple(stable_id("demo", "user", address) for address in MAILBOXES)
    Policy.model_validate(POLICY)
    with application.database.write(workspace_id) as session:
        for user_id, address, name in zip(reps, MAILBOXES, NAMES, strict=True):
            session.add(
                User(
                    workspace_id=workspace_id,
                    id=user_id,
                    email=address,
                    name=name,
                    role=Role.REP,
                    time_zone="Europe/Dublin",
                    created_at=now,
                )
            )
        session.flush()
        for user_id, address, name in zip(reps, MAILBOXES, NAMES, strict=True):
            session.add(
                Mailbox(
                    workspace_id=workspace_id,
                    id=stable_id("demo", "mailbox", address),
                    user_id=user_id,
                    address=address,
                    display_name=name,
                    transport="world",
                    inbox="world",
                    daily_cap=50,
                    created_at=now,
                )
            )
        icp_id, version_id = stable_id("demo", "icp"), stable_id("demo", "icp", 1)
        session.add(Icp(workspace_id=workspace_id, id=icp_id, name=ICP["name"], created_at=now))
        session.flush()
        session.add(
            IcpVersion(
                workspace_id=workspace_id, id=version_id, icp_id=icp_id, number=1, definition=ICP, created_at=now
            )
        )
        session.add(
            PolicyRow(
                workspace_id=workspace_id,
                id=stable_id("demo", "policy"),
                number=1,
                definition=POLICY,
                created_by="demo",
                created_at=now,
            )
        )
        for month in range(4):
            set_budget(session, application.clock, f"workspace:{_month(now, month)}", _BUDGET_MICROS)
        _first_customers(session, context, world.first_customers, world, now)
    return Office(workspace_id, version_id, icp_id, reps)


def start_run(context: AgentContext, office: Office, number: int) -> UUID:
    """A run over the whole market, from its first company."""
    run_id = stable_id("demo", "run", number)
    with context.database.write(context.workspace_id) as session:
        session.add(
            Run(
                workspace_id=context.workspace_id,
                id=run_id,
                icp_version_id=office.icp_version_id,
                source="world",
                created_by="demo",
                created_at=context.clock.now(),
            )
        )
        session.flush()
        triggers.add_trigger(
            session,
            context.clock,
            subject_kind="run",
            subject_id=run_id,
            kind="run_step",
            key=f"run:{run_id}:start",
        )
    return run_id


def _month(start: datetime, plus: int) -> str:
    month = start.month - 1 + plus
    return f"{start.year + month // 12}-{month % 12 + 1:02d}"


def _first_customers(
    session: Any, context: AgentContext, companies: Sequence[Company], world: World, now: datetime
) -> None:
    records = [
        CompanyRecord(
            name=company.name,
            source="contracts",
            website=f"https://www.{company.domain}",
            industry=company.industry,
            employees=company.employees,
            country=company.country,
            city=company.city,
            description=company.line,
        )
        for company in companies
    ]
    ids = take_in_companies(session, context, records)
    contacts = [
        people.ContactInput(
            company_id=company_id,
            full_name=company.people[0].full_name,
            person_key=person_key(company.people[0].full_name),
            source="contracts",
            email=company.people[0].email,
            title=company.people[0].title,
            country=company.country,
            time_zone=company.time_zone,
            email_status="valid",
            legal_basis="existing_customer",
            legal_basis_evidence="Their contract.",
            legal_basis_at=now,
        )
        for company_id, company in zip(ids, companies, strict=True)
    ]
    found = people.upsert_contacts(session, context.clock, context.ids, context.sealer, contacts).ids
    rows = []
    for company_id, contact_id, company in zip(ids, found, companies, strict=True):
        started = world.customers.started_on(company.domain)
        rows.append(
            {
                "id": stable_id("demo", "customer", company.domain),
                "company_id": company_id,
                "contact_id": contact_id,
                "started_on": started,
                "renews_on": _anniversary(started, now.date()),
                "mrr_minor": max(10, round(company.employees * 0.2)) * 5_900,
                "currency": "USD",
                "created_at": now,
            }
        )
    bulk.insert_ignore(session, Customer, rows)


def _anniversary(started: date, today: date) -> date:
    day = started
    while day <= today:
        day += timedelta(days=365)
    return day
