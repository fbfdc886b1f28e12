"""Drafts as a person decides on them: the exact words, what each claim rests on, what the gate says, who it is for."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel
from sqlmodel import Session, col, select

from api import paging
from api.dependencies import Principal
from api.permissions import Permission
from api.views.people import Person, named, names_of_actors, person_of
from core.crypto import Sealer
from core.errors import NotFound
from store.models import (
    Approval,
    ApprovalState,
    ClaimRow,
    Company,
    Contact,
    Draft,
    Fact,
    Lead,
    Mailbox,
    Message,
    ScoreRow,
    Workspace,
)
from store.session import workspace_of

_THREAD_LIMIT = 20
_OWN = {
    "offer": "your offer, from the workspace's settings",
    "sender": "the sender, from the mailbox",
    "recipient": "the contact's record",
    "slot": "a time held in the calendar",
    "thread": "the mail that this one answers",
}


class QueueItem(BaseModel):
    approval_id: UUID
    draft_id: UUID
    kind: str
    state: str
    company: str
    person: Person
    subject: str | None  # None: hidden
    tier: int | None  # None: no lead (a customer)
    problems: int
    created_at: datetime


class Evidence(BaseModel):
    """What a claim rests on. Text of strangers: shown, never linked or run."""

    number: int
    id: str
    field: str
    value: str
    quote: str = ""
    source: str = ""
    url: str = ""
    observed_at: datetime | None = None
    missing: bool = False  # the fact is gone: the claim stands on nothing


class Segment(BaseModel):
    text: str
    evidence: list[int] = []  # numbers into `evidence`; empty: no claim
    problem: str = ""  # what the gate says of this span


class GateProblem(BaseModel):
    code: str
    message: str
    field: str = "body"
    severity: str = "block"
    excerpt: str = ""


class Score(BaseModel):
    kind: str
    value: float | None  # 0–1; None: not known, the reasons say why
    reasons: list[dict[str, Any]]
    model_version: str
    as_of: datetime


class ThreadMail(BaseModel):
    direction: str
    kind: str
    subject: str
    body: str
    at: datetime


class DraftView(BaseModel):
    approval_id: UUID
    draft_id: UUID
    version: int
    kind: str
    state: str  # of the approval
    draft_state: str
    content_hash: str  # send it back with the decision: it says which words were read
    decided_by: str
    decided_at: datetime | None
    reason: str
    person: Person
    company_id: UUID
    company: str
    lead_id: UUID | None
    tier: int | None
    tier_reason: str
    scores: list[Score]
    sender: str
    subject: str | None
    body: str | None
    subject_segments: list[Segment]
    body_segments: list[Segment]
    evidence: list[Evidence]
    problems: list[GateProblem]
    links: list[str]
    fallback_reason: str
    created_by: str
    created_at: datetime
    thread: list[ThreadMail]


def queue(
    session: Session,
    sealer: Sealer,
    principal: Principal,
    *,
    state: ApprovalState = ApprovalState.PENDING,
    limit: int = 50,
    cursor: str | None = None,
) -> paging.Page[QueueItem]:
    """The longest waiting first."""
    query = (
        sa.select(Approval, Draft, Contact, col(Company.name), col(Lead.tier))
        .join(Draft, col(Draft.id) == col(Approval.draft_id))
        .join(Contact, col(Contact.id) == col(Draft.contact_id))
        .join(Company, col(Company.id) == col(Contact.company_id))
        .outerjoin(Lead, col(Lead.id) == col(Draft.lead_id))
        .where(col(Approval.state) == state)
        .order_by(col(Approval.created_at), col(Approval.id))
        .limit(limit + 1)
    )
    if key := paging.decode(cursor, 2):
        at, last = datetime.fromisoformat(key[0]), UUID(key[1])
        created, approval_id = col(Approval.created_at), col(Approval.id)
        query = query.where(sa.or_(created > at, sa.and_(created == at, approval_id > last)))
    rows = session.execute(query).all()
    items = [
        QueueItem(
            approval_id=approval.id,
            draft_id=draft.id,
            kind=draft.kind,
            state=approval.state.value,
            company=company,
            person=person_of(contact, sealer, principal),
            subject=_opened(sealer, draft, "subject", principal),
            tier=tier,
            problems=len(draft.problems),
            created_at=approval.created_at,
        )
        for approval, draft, contact, company, tier in rows[:limit]
    ]
    more = len(rows) > limit
    return paging.Page(
        items=items,
        next=paging.encode(items[-1].created_at.isoformat(), str(items[-1].approval_id)) if more else None,
    )


def waiting(session: Session) -> int:
    query = select(sa.func.count()).select_from(Approval).where(col(Approval.state) == ApprovalState.PENDING)
    return int(session.exec(query).one())


def draft_view(session: Session, sealer: Sealer, principal: Principal, approval_id: UUID) -> DraftView:
    """Raises NotFound."""
    workspace_id = workspace_of(session)
    approval = session.get(Approval, (workspace_id, approval_id))
    draft = session.get(Draft, (workspace_id, approval.draft_id)) if approval else None
    contact = session.get(Contact, (workspace_id, draft.contact_id)) if draft else None
    company = session.get(Company, (workspace_id, contact.company_id)) if contact else None
    if approval is None or draft is None or contact is None or company is None:
        raise NotFound("There is no such approval.")
    lead = session.get(Lead, (workspace_id, draft.lead_id)) if draft.lead_id else None
    mailbox = session.get(Mailbox, (workspace_id, draft.mailbox_id))
    claims = list(
        session.exec(
            select(ClaimRow).where(ClaimRow.draft_id == draft.id).order_by(col(ClaimRow.field), col(ClaimRow.start))
        )
    )
    subject, body = (_opened(sealer, draft, part, principal) for part in ("subject", "body"))
    workspace = session.get(Workspace, workspace_id)
    evidence = _evidence(session, claims, workspace.offer if workspace else {}) if subject is not None else []
    numbers = {item.id: item.number for item in evidence}
    names = names_of_actors(session)
    return DraftView(
        approval_id=approval.id,
        draft_id=draft.id,
        version=draft.version,
        kind=draft.kind,
        state=approval.state.value,
        draft_state=draft.state.value,
        content_hash=approval.content_hash,
        decided_by=named(approval.decided_by, names),
        decided_at=approval.decided_at,
        reason=approval.reason,
        person=person_of(contact, sealer, principal),
        company_id=company.id,
        company=company.name,
        lead_id=draft.lead_id,
        tier=lead.tier if lead else None,
        tier_reason=lead.tier_reason if lead else "",
        scores=scores_of(session, lead.id if lead else draft.customer_id),
        sender=f"{mailbox.display_name} <{mailbox.address}>" if mailbox else "a mailbox that is gone",
        subject=subject,
        body=body,
        subject_segments=segments(subject or "", "subject", claims, numbers, draft.problems),
        body_segments=segments(body or "", "body", claims, numbers, draft.problems),
        evidence=evidence,
        problems=problems_of(draft.problems, subject or "", body or ""),
        links=list(draft.links) if principal.may(Permission.PEOPLE) else [],
        fallback_reason=draft.fallback_reason,
        created_by=named(draft.created_by, names),
        created_at=draft.created_at,
        thread=_thread(session, sealer, draft, principal),
    )


def scores_of(session: Session, subject_id: UUID | None) -> list[Score]:
    if subject_id is None:
        return []
    rows = session.exec(select(ScoreRow).where(ScoreRow.subject_id == subject_id).order_by(col(ScoreRow.kind)))
    return [
        Score(
            kind=row.kind, value=row.value, reasons=list(row.reasons), model_version=row.model_version, as_of=row.as_of
        )
        for row in rows
    ]


def problems_of(rows: Sequence[dict[str, Any]], subject: str, body: str) -> list[GateProblem]:
    texts = {"subject": subject, "body": body}
    return [
        GateProblem(
            code=str(row.get("code", "")),
            message=str(row.get("message", "")),
            field=str(row.get("field", "body")),
            severity=str(row.get("severity", "block")),
            excerpt=texts.get(str(row.get("field", "body")), "")[int(row.get("start", 0)) : int(row.get("end", 0))],
        )
        for row in rows
    ]


def segments(
    text: str,
    field: str,
    claims: Iterable[ClaimRow],
    numbers: dict[str, int],
    problems: Sequence[dict[str, Any]] = (),
) -> list[Segment]:
    """The text in pieces, each with the evidence and the problem that cover it. Joined they are the text again."""
    spans = [(c.start, c.end, [numbers[i] for i in c.fact_ids if i in numbers]) for c in claims if c.field == field]
    wrong = [
        (int(p.get("start", 0)), int(p.get("end", 0)), str(p.get("message", "")))
        for p in problems
        if p.get("field") == field
    ]
    edges = {0, len(text), *(e for s in (*spans, *wrong) for e in s[:2] if 0 < e < len(text))}
    ordered = sorted(edges)
    found: list[Segment] = []
    for start, end in pairwise(ordered):
        covering = dict.fromkeys(number for s, e, cited in spans if s <= start and end <= e for number in cited)
        said = next((message for s, e, message in wrong if s <= start and end <= e), "")
        found.append(Segment(text=text[start:end], evidence=list(covering), problem=said))
    return found


def _evidence(session: Session, claims: Sequence[ClaimRow], offer: dict[str, Any]) -> list[Evidence]:
    """Numbered in the order in which the mail needs them: the subject's first."""
    ordered = sorted(claims, key=lambda c: (c.field == "body", c.start))
    cited = list(dict.fromkeys(fact_id for claim in ordered for fact_id in claim.fact_ids))
    facts = {
        str(fact.id): fact
        for fact in session.exec(select(Fact).where(col(Fact.id).in_([i for i in map(_uuid, cited) if i])))
    }
    return [_cited(number, fact_id, facts.get(fact_id), offer) for number, fact_id in enumerate(cited, start=1)]


def _cited(number: int, fact_id: str, fact: Fact | None, offer: dict[str, Any]) -> Evidence:
    if fact is not None:
        return Evidence(
            number=number,
            id=fact_id,
            field=fact.field,
            value=value_text(fact.value),
            quote=fact.quote,
            source=fact.source,
            url=fact.url,
            observed_at=fact.observed_at,
        )
    prefix, _, rest = fact_id.partition(":")
    if prefix in _OWN:
        return Evidence(
            number=number, id=fact_id, field=rest.replace("_", " "), value=_offered(rest, offer), source=_OWN[prefix]
        )
    return Evidence(number=number, id=fact_id, field="fact", value="", source="this fact is gone", missing=True)


def _offered(rest: str, offer: dict[str, Any]) -> str:
    kind, _, index = rest.partition(":")
    found = offer.get({"proof": "proof_points", "price": "prices", "value": "value_line"}.get(kind, kind), "")
    if isinstance(found, list):
        return str(found[int(index)]) if index.isdigit() and int(index) < len(found) else ""
    return str(found)


def value_text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _thread(session: Session, sealer: Sealer, draft: Draft, principal: Principal) -> list[ThreadMail]:
    """What was said so far, oldest first."""
    if not principal.may(Permission.PEOPLE):
        return []
    rows = session.exec(
        select(Message)
        .where(Message.contact_id == draft.contact_id)
        .order_by(col(Message.at).desc(), col(Message.id).desc())
        .limit(_THREAD_LIMIT)
    ).all()

    def opened(row: Message, column: str) -> str:
        token = getattr(row, f"{column}_sealed")
        return sealer.open(token, context=f"message|{column}|{row.id}") if token else ""

    return [
        ThreadMail(
            direction=row.direction, kind=row.kind, subject=opened(row, "subject"), body=opened(row, "body"), at=row.at
        )
        for row in reversed(rows)
    ]


def _opened(sealer: Sealer, draft: Draft, column: str, principal: Principal) -> str | None:
    """None: the caller may not read it. "": erased."""
    if not principal.may(Permission.PEOPLE):
        return None
    token = getattr(draft, f"{column}_sealed")
    return sealer.open(token, context=f"draft|{column}|{draft.id}") if token else ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
