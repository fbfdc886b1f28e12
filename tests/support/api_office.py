"""The HTTP edge over a small office: people who sign in, and drafts with claims, evidence, scores and problems."""

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from api import auth
from api.dependencies import Dependencies
from core.clock import Clock
from core.ids import SystemIds
from core.settings import Settings
from store.models import Approval, ClaimRow, Company, Draft, Fact, Lead, Role, ScoreRow, Workspace
from store.session import Database
from tests.support.crash.office import SENDER, Office, context_of, open_office
from tools.calendar.booking import BookingTokens
from tools.mail.compose import content_hash, message_id
from tools.mail.unsubscribe import UnsubscribeTokens
from workers import recovery

PASSWORD = "four odd words here"
TOKENS = UnsubscribeTokens([b"only for tests, and long enough for it"])
BOOKING = BookingTokens([b"only for tests of the booking pages too"])


@dataclass
class ApiOffice:
    deps: Dependencies
    office: Office
    slug: str

    @property
    def workspace_id(self) -> UUID:
        return self.office.context.workspace_id

    def user(self, role: Role = Role.REP, email: str = "") -> str:
        """Their address; the password is PASSWORD."""
        email = email or f"{role.value}@sender.example"
        with self.deps.database.write(self.workspace_id) as session:
            name = email.partition("@")[0].replace("_", " ").title()
            auth.create_user(
                session, self.deps.clock, self.deps.ids, email=email, name=name, role=role, password=PASSWORD
            )
        return email

    def key(self, *scopes: str, **options: Any) -> dict[str, str]:
        with self.deps.database.write(self.workspace_id) as session:
            text = auth.create_api_key(
                session, self.deps.clock, self.deps.ids, name="test", scopes=scopes or ("read",), **options
            )
        return {"Authorization": f"Bearer {text}"}


def api_office(database: Database, clock: Clock, folder: Path, *, people: int = 3, **settings: Any) -> ApiOffice:
    def no_transport(_: Any) -> Any:
        raise AssertionError("Nothing is sent from here.")

    workspace_id, ids = uuid4(), SystemIds()
    context = context_of(database, workspace_id, clock, ids, no_transport, data_dir=folder)
    office = open_office(context, people=people)
    contexts = {workspace_id: context}
    deps = Dependencies(
        settings=Settings(**{"data_dir": folder, "database_url": database.url, "rate_limit_factor": 0, **settings}),
        database=database,
        clock=clock,
        ids=ids,
        context_for=lambda wanted: (
            contexts.get(wanted) or context_of(database, wanted, clock, ids, no_transport, data_dir=folder)
        ),
        unsubscribe=TOKENS,
        booking=BOOKING,
        resolve_unknown=recovery.resolve_unknown,
    )
    return ApiOffice(deps, office, workspace_id.hex)


def form_token(html: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', html)
    assert found
    return found[1]


def sign_in(client: Any, office: ApiOffice, email: str, password: str = PASSWORD) -> int:
    csrf = form_token(client.get("/sign-in").text)
    data = {"csrf": csrf, "workspace": office.slug, "email": email, "password": password}
    return client.post("/sign-in", data=data).status_code


def csrf_of(client: Any) -> str:
    return form_token(client.get("/approvals").text)


_COMPANIES = ("Albrecht Freight", "Meridian Cold Chain", "Tidewater Logistics")
_FACTS = (
    ("hiring", "3 billing clerks", "We are looking for three billing clerks in our Hamburg office."),
    ("news", "a second warehouse in Gdynia", "Meridian opens a second warehouse in Gdynia this autumn."),
    ("technology", "NetSuite", "Runs on NetSuite since 2024."),
)


def tell_a_story(api: ApiOffice) -> list[tuple[UUID, UUID]]:
    """A draft with evidence for each person, the last of which the gate holds back: (approval, draft) in order."""
    context, found = api.office.context, []
    with context.database.write(context.workspace_id) as session:
        workspace = session.get(Workspace, context.workspace_id)
        assert workspace is not None
        workspace.offer = {"product": "Ledgerly", "value_line": "catches invoice errors before they are sent"}
        session.add(workspace)
        for number, person in enumerate(api.office.people):
            found.append(_tell(session, api, number, person))
    return found


def _tell(session: Any, api: ApiOffice, number: int, person: Any) -> tuple[UUID, UUID]:
    context, now = api.office.context, api.deps.clock.now()
    field, value, quote = _FACTS[number % len(_FACTS)]
    lead = session.get(Lead, (context.workspace_id, person.lead_id))
    company = session.get(Company, (context.workspace_id, lead.company_id))
    company.name = _COMPANIES[number % len(_COMPANIES)]
    lead.tier, lead.priority, lead.fit, lead.intent = number % 3 + 1, 0.9 - number / 10, 0.88, 0.72
    lead.tier_reason = "Priority is in the band of its tier."
    common = {"workspace_id": context.workspace_id}
    fact = Fact(
        **common,
        id=context.ids.new(),
        subject_kind="company",
        subject_id=company.id,
        field=field,
        value=value,
        value_key="k",
        source="web",
        quote=quote,
        url="https://news.example/item",
        observed_at=now - timedelta(days=9),
    )
    session.add_all([lead, company, fact])
    for kind, worth in (("fit", 0.88), ("intent", 0.72)):
        reasons = [
            {"code": "industry", "text": "Freight forwarding is wanted.", "points": 0.6, "fact_ids": []},
            {"code": "size", "text": "120 employees are in the range.", "points": worth - 0.6, "fact_ids": []},
        ]
        session.add(
            ScoreRow(
                **common,
                id=context.ids.new(),
                subject_kind="lead",
                subject_id=lead.id,
                kind=kind,
                value=worth,
                reasons=reasons,
                model_version=f"{kind}@1",
                as_of=now,
            )
        )
    claim = f"saw that {company.name} has {value}"
    subject = f"Invoices at {company.name}"
    offer = "Ledgerly catches invoice errors before they are sent."
    body = (
        f"Hello Pat {number},\n\nI {claim}.\n\n{offer}\n\nWorth twenty minutes next week?\n\nBest regards\nAnn Miller"
    )
    problems = []
    if number == 2:
        at = body.index("twenty minutes")
        problems = [
            {"code": "unsupported_number", "message": "No cited fact has this number.", "field": "body", "start": at,
             "end": at + len("twenty minutes"), "severity": "block"},
        ]  # fmt: skip
    draft_id, approval_id = context.ids.new(), context.ids.new()
    digest = content_hash(
        recipient=person.address, sender=SENDER, subject=subject, body=body, links=[], policy_version=0
    )

    def sealed(column: str, text: str) -> str:
        return context.sealer.seal(text, context=f"draft|{column}|{draft_id}")

    session.add(
        Draft(
            **common,
            id=draft_id,
            thread_key=f"touch:{person.touch_ids[0]}",
            kind="first_mail",
            touch_id=person.touch_ids[0],
            lead_id=person.lead_id,
            contact_id=person.contact_id,
            mailbox_id=api.office.mailbox_id,
            recipient_sealed=sealed("recipient", person.address),
            subject_sealed=sealed("subject", subject),
            body_sealed=sealed("body", body),
            problems=problems,
            policy_number=0,
            content_hash=digest,
            message_id=message_id(context.workspace_id, draft_id, 1, "sender.example"),
            created_at=now,
        )
    )
    session.flush()
    for text, ids in ((claim, [str(fact.id)]), (offer, ["offer:product", "offer:value"])):
        at = body.index(text)
        session.add(
            ClaimRow(
                **common,
                id=context.ids.new(),
                draft_id=draft_id,
                field="body",
                start=at,
                end=at + len(text),
                fact_ids=ids,
            )
        )
    at = now + timedelta(seconds=number)
    session.add(
        Approval(**common, id=approval_id, draft_id=draft_id, lead_id=lead.id, content_hash=digest, created_at=at)
    )
    session.flush()
    return approval_id, draft_id
