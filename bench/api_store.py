"""A store of a size that hurts: 50,000 leads with people and companies, 500,000 rows of timeline, drafts that wait."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from api.keys import create_api_key
from api.permissions import Permission
from core.clock import VirtualClock
from core.crypto import MasterKeys, Sealer
from core.ids import SeededIds
from store import bulk, migrations
from store.models import (
    Approval,
    Company,
    Contact,
    Decision,
    Draft,
    EngagementEvent,
    Icp,
    IcpVersion,
    Lead,
    Mailbox,
    Message,
    Run,
    Task,
    User,
)
from store.queries import workspaces
from store.session import Database
from store.vault import sealer_for

NOW = datetime(2026, 6, 2, 14, tzinfo=UTC)
_BATCH = 2_000
_INDUSTRIES = ("Software", "Logistics", "Retail", "Health care", "Manufacturing", "Education")
_TITLES = ("Chief Executive Officer", "VP Sales", "Head of Marketing", "CFO", "Sales Manager", "Operations Director")
_STAGES = ("scored", "in_sequence", "in_sequence", "replied", "stopped", "nurture")
_WAITING = 2_000  # drafts in the queue


class Filled:
    """What was put there: the workspace, a key with every right, ids to ask for."""

    def __init__(self, workspace_id: UUID, key: str, sealer: Sealer, leads: list[UUID], companies: list[UUID]) -> None:
        self.workspace_id, self.key, self.sealer = workspace_id, key, sealer
        self.leads, self.companies = leads, companies
        self.approvals: list[UUID] = []
        self.tasks: list[UUID] = []


def fill(database: Database, keys: MasterKeys, *, leads: int, timeline: int) -> Filled:
    """`leads` people at a third as many companies, and `timeline` rows spread over them unevenly, as life does."""
    clock, random = VirtualClock(NOW), Random(7)
    ids = SeededIds(7, clock)
    workspace = workspaces.create(database, clock, ids, slug="bench", name="Bench", time_zone="UTC")
    sealer = sealer_for(database, workspace.id, keys, clock)
    with database.write(workspace.id) as session:
        key = create_api_key(session, clock, ids, name="bench", scopes=[p.value for p in Permission])
        common = {"workspace_id": workspace.id}
        user = User(**common, id=ids.new(), email="ann@bench.example", name="Ann", role="rep", created_at=NOW)
        session.add(user)
        session.flush()
        mailbox = Mailbox(
            **common, id=ids.new(), user_id=user.id, address="ann@bench.example", display_name="Ann", created_at=NOW
        )
        icp = Icp(**common, id=ids.new(), name="bench", created_at=NOW)
        session.add_all([mailbox, icp])
        session.flush()
        version = IcpVersion(**common, id=ids.new(), icp_id=icp.id, number=1, definition={}, created_at=NOW)
        session.add(version)
        session.flush()
        run = Run(**common, id=ids.new(), icp_version_id=version.id, state="done", stage="sourced", created_at=NOW)
        session.add(run)
    companies = [ids.new() for _ in range(max(1, leads // 3))]
    people = [(ids.new(), ids.new(), companies[n % len(companies)]) for n in range(leads)]
    filled = Filled(workspace.id, key, sealer, [lead_id for lead_id, _, _ in people], companies)
    _insert(database, workspace.id, Company, (_company(common, n, i, random) for n, i in enumerate(companies)))
    _insert(database, workspace.id, Contact, (_contact(common, sealer, n, *p, random) for n, p in enumerate(people)))
    owned = {"icp_id": icp.id, "icp_version_id": version.id, "run_id": run.id}
    _insert(database, workspace.id, Lead, (_lead({**common, **owned}, *person, random) for person in people))
    _history(database, filled, common, ids, people, timeline, random)
    _queue(database, filled, common, ids, people, mailbox.id)
    if database.is_postgres:  # as its autovacuum does within minutes; the bench does not wait for it
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
    return filled


def migrate(url: str) -> None:
    migrations.upgrade(url)


def _insert(database: Database, workspace_id: UUID, model: Any, rows: Iterator[dict[str, Any]]) -> None:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            with database.write(workspace_id) as session:
                bulk.insert(session, model, batch)
            batch = []
    with database.write(workspace_id) as session:
        bulk.insert(session, model, batch)


def _company(common: dict[str, Any], number: int, company_id: UUID, random: Random) -> dict[str, Any]:
    return {
        **common,
        "id": company_id,
        "domain": f"c{number}.example",
        "name": f"Company {number} {random.choice(_INDUSTRIES)}",
        "name_key": f"company {number}",
        "industry": random.choice(_INDUSTRIES),
        "employees": random.randint(5, 5_000),
        "country": random.choice(("US", "GB", "DE", "FR")),
        "created_at": NOW,
        "updated_at": NOW - timedelta(minutes=number),
    }


def _contact(
    common: dict[str, Any], sealer: Sealer, number: int, _: UUID, contact_id: UUID, company_id: UUID, random: Random
) -> dict[str, Any]:
    def sealed(column: str, text: str) -> str:
        return sealer.seal(text, context=f"contact|{column}|{contact_id}")

    return {
        **common,
        "id": contact_id,
        "company_id": company_id,
        "name_sealed": sealed("name", f"Person {number}"),
        "email_sealed": sealed("email", f"p{number}@c{number}.example"),
        "email_index": sealer.blind_index("email", f"p{number}@c{number}.example"),
        "person_index": sealer.blind_index("person", f"person {number}"),
        "title": random.choice(_TITLES),
        "country": random.choice(("US", "GB", "DE", "FR")),
        "created_at": NOW,
        "updated_at": NOW,
    }


def _lead(common: dict[str, Any], lead_id: UUID, contact_id: UUID, company_id: UUID, random: Random) -> dict[str, Any]:
    fit, intent = random.random(), random.random()
    return {
        **common,
        "id": lead_id,
        "contact_id": contact_id,
        "company_id": company_id,
        "stage": random.choice(_STAGES),
        "fit": fit,
        "intent": intent,
        "priority": (fit + intent) / 2,
        "tier": 4 - min(3, int((fit + intent) * 2)),
        "created_at": NOW,
        "updated_at": NOW - timedelta(minutes=random.randint(0, 50_000)),
    }


def _history(
    database: Database,
    filled: Filled,
    common: dict[str, Any],
    ids: SeededIds,
    people: Sequence[tuple[UUID, UUID, UUID]],
    count: int,
    random: Random,
) -> None:
    """Half decisions, then events and messages: what a year of outreach leaves behind."""

    def someone() -> tuple[UUID, UUID, datetime]:
        lead_id, contact_id, _ = people[int(len(people) * random.random() ** 2)]  # a few have much, most have little
        return lead_id, contact_id, NOW - timedelta(minutes=random.randint(0, 500_000))

    def decisions() -> Iterator[dict[str, Any]]:
        for _ in range(count // 2):
            lead_id, _c, at = someone()
            words = {"actor": "email", "stage": "in_sequence", "trigger": "touch_due", "choice": "draft_mail"}
            row = {"subject_kind": "lead", "subject_id": lead_id, "reason": "The touch is due.", "at": at}
            yield {**common, "id": ids.new(), **words, **row}

    def events() -> Iterator[dict[str, Any]]:
        for number in range(count * 3 // 10):
            lead_id, contact_id, at = someone()
            row = {
                "contact_id": contact_id,
                "lead_id": lead_id,
                "kind": "delivered",
                "actor": "machine",
                "rule": "smtp",
            }
            yield {**common, "id": ids.new(), **row, "source_key": f"bench:{number}", "occurred_at": at}

    def messages() -> Iterator[dict[str, Any]]:
        for number in range(count - count // 2 - count * 3 // 10):
            lead_id, contact_id, at = someone()
            row = {"direction": "out", "lead_id": lead_id, "contact_id": contact_id, "kind": "", "at": at}
            yield {**common, "id": ids.new(), **row, "source_key": f"bench:{number}"}

    for model, rows in ((Decision, decisions()), (EngagementEvent, events()), (Message, messages())):
        _insert(database, filled.workspace_id, model, rows)


def _queue(
    database: Database,
    filled: Filled,
    common: dict[str, Any],
    ids: SeededIds,
    people: Sequence[tuple[UUID, UUID, UUID]],
    mailbox_id: UUID,
) -> None:
    drafts, approvals, tasks = [], [], []
    for number, (lead_id, contact_id, _) in enumerate(people[:_WAITING]):
        draft_id, approval_id, task_id = ids.new(), ids.new(), ids.new()

        def sealed(column: str, text: str, draft_id: UUID = draft_id) -> str:
            return filled.sealer.seal(text, context=f"draft|{column}|{draft_id}")

        drafts.append(
            {
                **common,
                "id": draft_id,
                "thread_key": f"bench:{number}",
                "kind": "first_mail",
                "lead_id": lead_id,
                "contact_id": contact_id,
                "mailbox_id": mailbox_id,
                "recipient_sealed": sealed("recipient", f"p{number}@c{number}.example"),
                "subject_sealed": sealed("subject", "Invoices at your company"),
                "body_sealed": sealed("body", "Hello,\n\nthirty words of a mail that was drafted for a bench.\n\nAnn"),
                "policy_number": 0,
                "content_hash": f"{number:064x}",
                "message_id": f"<{number}@bench.example>",
                "created_at": NOW,
            }
        )
        approvals.append(
            {
                **common,
                "id": approval_id,
                "draft_id": draft_id,
                "lead_id": lead_id,
                "content_hash": f"{number:064x}",
                "expected_minor": number,
                "due_at": NOW,
                "created_at": NOW,
            }
        )
        tasks.append(
            {
                **common,
                "id": task_id,
                "source_key": f"bench:{number}",
                "subject_kind": "lead",
                "subject_id": lead_id,
                "kind": "call",
                "title": "Call them",
                "due_at": NOW,
                "created_at": NOW,
            }
        )
        filled.approvals.append(approval_id)
        filled.tasks.append(task_id)
    with database.write(filled.workspace_id) as session:
        for model, rows in ((Draft, drafts), (Approval, approvals), (Task, tasks)):
            bulk.insert(session, model, rows)


def sqlite_at(folder: Path) -> Database:
    url = f"sqlite:///{folder / 'salesos.db'}"
    migrate(url)
    return Database(url)
