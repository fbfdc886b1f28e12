"""A small sales office in a database: a mailbox, people, leads in a sequence, drafts; and what it takes to send them.

The transport is the test's own choice; everything else that an agent may ask for is absent and says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from agents.context import AgentContext
from core.clock import Clock
from core.crypto import Sealer
from core.errors import FixConfiguration
from core.ids import Ids, stable_id
from core.settings import DeliveryMode, Settings
from store import bulk
from store.models import (
    Approval,
    Company,
    Contact,
    Draft,
    DraftState,
    Enrollment,
    Icp,
    IcpVersion,
    Lead,
    LeadStage,
    Mailbox,
    Run,
    Touch,
    TouchState,
    User,
    Workspace,
)
from store.queries import approvals, outbox
from store.queries.approvals import Action
from store.session import Database
from tools.mail.compose import content_hash, message_id
from tools.mail.unsubscribe import UnsubscribeTokens, unsubscribe_url
from tools.ports import CrmActivity, MailTransport
from tools.providers.vendor.catalog import VENDORS
from tools.providers.webhook_sender.http import HttpWebhookSender
from tools.registry import Toolbox
from tools.webhooks.doors import read_event

SENDER = "rep@sender.example"
_TOKENS = UnsubscribeTokens([b"only for tests, and long enough for it"])


def unsubscribe(workspace_id: UUID, contact_id: UUID, draft_id: UUID | None) -> str:
    return unsubscribe_url("https://sales.example", _TOKENS.make(workspace_id, contact_id, draft_id))


def sealer_of(workspace_id: UUID) -> Sealer:
    """A fixed key: worker processes of a test open what its parent sealed."""
    return Sealer(workspace_id, data_keys={"0" * 16: b"\x07" * 32}, index_key=b"\x09" * 32)


@dataclass
class CrmBook:
    """Keeps what it was told, once a key, as a real book does."""

    name: str = "book"
    steps: dict[str, CrmActivity] = field(default_factory=dict)

    def mirror(self, activities: Sequence[CrmActivity]) -> list[str]:
        for activity in activities:
            self.steps.setdefault(activity.key, activity)
        return [activity.key for activity in activities]


def toolbox(transport: Callable[[Mailbox], MailTransport], crm: Any = None, inbox: Any = None) -> Toolbox:
    def absent(*_: Any) -> Any:
        raise AssertionError("This test does not give this tool.")

    def no_source(_: Any, name: str, *__: Any) -> Any:
        raise FixConfiguration(f"There is no source {name}.", hint="As the real registry says it.")

    book = crm or CrmBook()
    given: dict[str, Any] = {
        "company_source": no_source,
        "transport": transport,
        "inbox": inbox or absent,
        "crm": lambda _: book,
        "language_model": lambda *_: None,
        "webhook_sender": HttpWebhookSender(allow_private=True, max_seconds=2),
    }
    needed = [tool.name for tool in fields(Toolbox) if tool.default is MISSING]
    vendors = [vendor.presented() for vendor in VENDORS]
    return Toolbox(**{name: given.get(name, absent) for name in needed}, vendors=vendors, read_event=read_event)


def context_of(
    database: Database,
    workspace_id: UUID,
    clock: Clock,
    ids: Ids,
    transport: Callable[[Mailbox], MailTransport],
    *,
    data_dir: Path,
    lease_seconds: int = 120,
    crm: Any = None,
    inbox: Any = None,
) -> AgentContext:
    settings = Settings(
        data_dir=data_dir, delivery=DeliveryMode.SMTP, lease_seconds=lease_seconds, database_url=database.url
    )
    sealer = sealer_of(workspace_id)
    return AgentContext(database, workspace_id, clock, ids, sealer, toolbox(transport, crm, inbox), settings)


@dataclass(frozen=True)
class Person:
    contact_id: UUID
    lead_id: UUID
    address: str
    touch_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class Office:
    context: AgentContext
    mailbox_id: UUID
    people: tuple[Person, ...]

    def draft(self, number: int = 0, *, kind: str = "first_mail", touch: int = 0) -> tuple[UUID, UUID, str]:
        """(draft, approval, content hash) of a draft that waits for a person."""
        return self.drafts([number], kind=kind, touch=touch)[0]

    def drafts(
        self, numbers: Sequence[int], *, kind: str = "first_mail", touch: int = 0
    ) -> list[tuple[UUID, UUID, str]]:
        context = self.context
        with context.database.write(context.workspace_id) as session:
            return [_draft(session, context, self, number, kind, touch) for number in numbers]

    def approve(self, approval_id: UUID, content_hash: str, by: str = "user:ann") -> approvals.Decided:
        context = self.context
        with context.database.write(context.workspace_id) as session:
            return approvals.decide(
                session,
                context.clock,
                context.ids,
                approval_id,
                expected_hash=content_hash,
                action=Action.APPROVE,
                by=by,
            )

    def queue(self, draft_id: UUID, approval_id: UUID, *, expires_in: timedelta | None = timedelta(hours=72)) -> UUID:
        """What the outbox node does."""
        context, now = self.context, self.context.clock.now()
        with context.database.write(context.workspace_id) as session:
            draft = session.get(Draft, (context.workspace_id, draft_id))
            assert draft is not None
            if draft.touch_id:
                touch = session.get(Touch, (context.workspace_id, draft.touch_id))
                assert touch is not None
                touch.state = TouchState.QUEUED
            return outbox.insert_mail(
                session,
                context.clock,
                key=f"mail:{draft_id}",
                subject_kind="lead",
                subject_id=draft.lead_id or draft_id,
                mailbox_id=draft.mailbox_id,
                contact_id=draft.contact_id,
                draft_id=draft_id,
                approval_id=approval_id,
                message_id=draft.message_id,
                not_before=now,
                expires_at=now + expires_in if expires_in else None,
            )

    def approved(self, number: int = 0, **options: Any) -> UUID:
        """The outbox item of an approved and queued draft."""
        draft_id, approval_id, digest = self.draft(number, **options)
        self.approve(approval_id, digest)
        return self.queue(draft_id, approval_id)

    def get(self, model: Any, row_id: UUID) -> Any:
        with self.context.database.read(self.context.workspace_id) as session:
            row = session.get(model, (self.context.workspace_id, row_id))
        assert row is not None
        return row


def open_office(
    context: AgentContext,
    people: int = 1,
    *,
    touches: int = 3,
    country: str = "US",
    time_zone: str = "America/New_York",
    daily_cap: int = 100_000,
    ramp_started_at: datetime | None = None,
) -> Office:
    """A workspace of the context's id, and that many people in it."""
    workspace_id, now, ids, sealer = context.workspace_id, context.clock.now(), context.ids, context.sealer
    with context.database.unscoped(writes=True) as session:
        session.add(
            Workspace(
                id=workspace_id,
                slug=workspace_id.hex,
                name="Northwind Tools",
                postal_address="1 Main Street, Springfield",
                created_at=now,
            )
        )
    user, mailbox, icp, version, run = (ids.new() for _ in range(5))
    common = {"workspace_id": workspace_id, "created_at": now}
    with context.database.write(workspace_id) as session:
        session.add(User(id=user, email="ann@sender.example", name="Ann", role="rep", **common))
        session.add(Icp(id=icp, name="all", **common))
        session.flush()
        session.add(IcpVersion(id=version, icp_id=icp, number=1, **common))
        session.flush()
        session.add(Run(id=run, icp_version_id=version, **common))
        session.add(
            Mailbox(
                id=mailbox,
                user_id=user,
                address=SENDER,
                display_name="Ann Miller",
                daily_cap=daily_cap,
                ramp_started_at=ramp_started_at,
                **common,
            )
        )
        session.flush()
        made, rows = [], _Rows()
        for number in range(people):
            contact, lead, company, enrollment = (ids.new() for _ in range(4))
            address = f"person{number}@company{number}.example"
            touch_ids = tuple(stable_id("touch", enrollment, step) for step in range(touches))
            rows.companies.append({"id": company, "name": f"Company {number}", "created_at": now, "updated_at": now})
            rows.contacts.append(
                {
                    "id": contact,
                    "company_id": company,
                    "name_sealed": sealer.seal(f"Pat {number}", context=f"contact|name|{contact}"),
                    "email_sealed": sealer.seal(address, context=f"contact|email|{contact}"),
                    "email_index": sealer.blind_index("email", address),
                    "country": country,
                    "time_zone": time_zone,
                    "email_status": "valid",
                    "source": "file:people.csv",
                    "created_at": now,
                    "updated_at": now,
                }
            )
            rows.leads.append(
                {
                    "id": lead,
                    "icp_id": icp,
                    "icp_version_id": version,
                    "run_id": run,
                    "contact_id": contact,
                    "company_id": company,
                    "stage": LeadStage.IN_SEQUENCE,
                    "created_at": now,
                    "updated_at": now,
                }
            )
            rows.enrollments.append(
                {"id": enrollment, "lead_id": lead, "sequence": "three", "mailbox_id": mailbox, "created_at": now}
            )
            rows.touches += [
                {
                    "id": touch_id,
                    "enrollment_id": enrollment,
                    "lead_id": lead,
                    "number": step + 1,
                    "channel": "mail",
                    "due_at": now + timedelta(days=3 * step),
                }
                for step, touch_id in enumerate(touch_ids)
            ]
            made.append(Person(contact, lead, address, touch_ids))
        rows.insert(session)
    return Office(context, mailbox, tuple(made))


@dataclass
class _Rows:
    companies: list[dict[str, Any]] = field(default_factory=list)
    contacts: list[dict[str, Any]] = field(default_factory=list)
    leads: list[dict[str, Any]] = field(default_factory=list)
    enrollments: list[dict[str, Any]] = field(default_factory=list)
    touches: list[dict[str, Any]] = field(default_factory=list)

    def insert(self, session: Any) -> None:
        bulk.insert(session, Company, self.companies)
        bulk.insert(session, Contact, self.contacts)
        bulk.insert(session, Lead, self.leads)
        bulk.insert(session, Enrollment, self.enrollments)
        bulk.insert(session, Touch, self.touches)


def _draft(
    session: Any, context: AgentContext, office: Office, number: int, kind: str, touch: int
) -> tuple[UUID, UUID, str]:
    person, sealer, now = office.people[number], context.sealer, context.clock.now()
    draft_id, approval_id = context.ids.new(), context.ids.new()
    subject, body = f"Invoices at Company {number}", f"Hello Pat {number},\n\nshall we talk?\n\nAnn"
    digest = content_hash(
        recipient=person.address, sender=SENDER, subject=subject, body=body, links=[], policy_version=0
    )
    touch_id = person.touch_ids[touch] if kind in ("first_mail", "follow_up") else None

    def sealed(column: str, text: str) -> str:
        return sealer.seal(text, context=f"draft|{column}|{draft_id}")

    session.add(
        Draft(
            workspace_id=context.workspace_id,
            id=draft_id,
            thread_key=f"{kind}:{touch_id or draft_id}",
            kind=kind,
            touch_id=touch_id,
            lead_id=person.lead_id,
            contact_id=person.contact_id,
            mailbox_id=office.mailbox_id,
            recipient_sealed=sealed("recipient", person.address),
            subject_sealed=sealed("subject", subject),
            body_sealed=sealed("body", body),
            policy_number=0,
            content_hash=digest,
            message_id=message_id(context.workspace_id, draft_id, 1, "sender.example"),
            state=DraftState.PENDING,
            created_at=now,
        )
    )
    session.flush()
    session.add(
        Approval(
            workspace_id=context.workspace_id,
            id=approval_id,
            draft_id=draft_id,
            lead_id=person.lead_id,
            content_hash=digest,
            created_at=now,
        )
    )
    if touch_id is not None:
        row = session.get(Touch, (context.workspace_id, touch_id))
        row.state = TouchState.DRAFTED
    session.flush()
    return draft_id, approval_id, digest
