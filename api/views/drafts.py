"""Drafts as a person decides on them: the exact words, what each claim rests on, what the gate says, who it is for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, Field
from sqlmodel import Session, col, select

from api.dependencies import Principal
from api.permissions import Permission
from api.views.evidence import Evidence, GateProblem, Segment, evidence_of, facts_of, problems_of, segments
from api.views.people import Person, named, names_of_actors, person_of
from api.views.why_now import Step, WhyNow, hooks_of, upcoming_of, whys_of
from core.crypto import Sealer
from core.errors import NotFound
from scoring import worth
from store.models import (
    Approval,
    ClaimRow,
    Company,
    Contact,
    Draft,
    Fact,
    Lead,
    Mailbox,
    Message,
    ScoreRow,
    SignalRow,
    Workspace,
)
from store.session import kept, workspace_of

_THREAD_LIMIT = 20


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


class Reason(BaseModel):
    code: str
    text: str


class EditedFrom(BaseModel):
    draft_id: UUID
    by: str
    subject: str | None
    body: str | None


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
    why_now: list[WhyNow]  # what the lead may be written to about, and its newest signals
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
    expected_minor: int | None = Field(description="What it may bring. Null: nobody set what a won deal is worth.")
    chance: float = Field(description="0–1, that it ends in a won deal: the order of the queue, with the money.")
    due_at: datetime | None
    currency: str
    worth: list[Reason]  # how the expected value or the chance comes about
    upcoming: list[Step]  # of the sequence, behind this mail
    edited_from: EditedFrom | None  # a person's edit: the draft that stood here before


_IDS: Final[Any] = sa.bindparam("ids", expanding=True)
_DRAFTS: Final = kept(
    sa.select(Approval, Draft, Contact, Company, Lead, Mailbox)
    .join(Draft, col(Draft.id) == col(Approval.draft_id))
    .join(Contact, col(Contact.id) == col(Draft.contact_id))
    .join(Company, col(Company.id) == col(Contact.company_id))
    .join(Lead, col(Lead.id) == col(Draft.lead_id), isouter=True)
    .join(Mailbox, col(Mailbox.id) == col(Draft.mailbox_id), isouter=True)
    .where(col(Approval.id).in_(_IDS))
)
_CLAIMS: Final = kept(
    sa.select(ClaimRow).where(col(ClaimRow.draft_id).in_(_IDS)).order_by(col(ClaimRow.field), col(ClaimRow.start))
)
_SCORES: Final = kept(sa.select(ScoreRow).where(col(ScoreRow.subject_id).in_(_IDS)).order_by(col(ScoreRow.kind)))
_NEWEST: Final = (
    sa.select(
        col(Message.id).label("id"),
        sa.func.row_number()
        .over(partition_by=col(Message.contact_id), order_by=(col(Message.at).desc(), col(Message.id).desc()))
        .label("newest"),
    )
    .where(col(Message.contact_id).in_(_IDS))
    .subquery()
)
_THREAD: Final = kept(
    sa.select(
        *(getattr(Message, name) for name in ("id", "contact_id", "direction", "kind", "at")),
        col(Message.subject_sealed),
        col(Message.body_sealed),
    )
    .join(_NEWEST, _NEWEST.c.id == col(Message.id))
    .where(_NEWEST.c.newest <= _THREAD_LIMIT)
    .order_by(col(Message.at), col(Message.id))
)


def draft_view(session: Session, sealer: Sealer, principal: Principal, approval_id: UUID) -> DraftView:
    """Raises NotFound."""
    found = draft_views(session, sealer, principal, [approval_id])
    if not found:
        raise NotFound("There is no such approval.")
    return found[0]


def draft_views(
    session: Session, sealer: Sealer, principal: Principal, approval_ids: Sequence[UUID]
) -> list[DraftView]:
    """In the order of the ids, in a constant number of statements. What the workspace does not have is left out."""
    rows = {row.Approval.id: row for row in session.execute(_DRAFTS, {"ids": list(approval_ids)})}
    wanted = [rows[found] for found in dict.fromkeys(approval_ids) if found in rows]
    if not wanted:
        return []
    material = _Material.of(session, sealer, principal, wanted)
    return [_view(row, material, sealer, principal) for row in wanted]


@dataclass(frozen=True, slots=True)
class _Material:
    """What a page of drafts is made of, read at once."""

    workspace: Workspace | None
    names: dict[str, str]
    claims: dict[UUID, list[ClaimRow]]  # by draft
    facts: dict[str, Fact | SignalRow]
    scores: dict[UUID, list[Score]]  # by subject
    threads: dict[UUID, list[ThreadMail]]  # by contact
    before: dict[UUID, Draft]  # by the draft that an edit made of it
    whys: dict[UUID, list[WhyNow]]  # by approval
    upcoming: dict[UUID, list[Step]]  # by touch

    @classmethod
    def of(cls, session: Session, sealer: Sealer, principal: Principal, rows: Sequence[Any]) -> "_Material":
        drafts = [row.Draft for row in rows]
        claims: dict[UUID, list[ClaimRow]] = {}
        for claim in session.execute(_CLAIMS, {"ids": [draft.id for draft in drafts]}).scalars():
            claims.setdefault(claim.draft_id, []).append(claim)
        leads = {row.Approval.id: row.Lead for row in rows if row.Lead is not None}
        hooked = [fact_id for lead in leads.values() for fact_id in hooks_of(lead)]
        cited = [fact_id for found in claims.values() for claim in found for fact_id in claim.fact_ids]
        facts = facts_of(session, [*cited, *hooked])
        return cls(
            workspace=session.get(Workspace, workspace_of(session)),
            names=names_of_actors(session),
            claims=claims,
            facts=facts,
            scores=_scores(session, [subject for draft in drafts if (subject := draft.lead_id or draft.customer_id)]),
            threads=threads_of(session, sealer, [draft.contact_id for draft in drafts], principal),
            before=_before(session, drafts),
            whys=whys_of(session, leads, {key: row for key, row in facts.items() if isinstance(row, Fact)}),
            upcoming=upcoming_of(session, [draft.touch_id for draft in drafts if draft.touch_id]),
        )


def _view(row: Any, material: _Material, sealer: Sealer, principal: Principal) -> DraftView:
    approval, draft, lead, mailbox = row.Approval, row.Draft, row.Lead, row.Mailbox
    workspace, names, claims = material.workspace, material.names, material.claims.get(draft.id, [])
    subject, body = (opened(sealer, draft, part, principal) for part in ("subject", "body"))
    offer = workspace.offer if workspace else {}
    evidence = evidence_of(claims, material.facts, offer) if subject is not None else []
    numbers = {item.id: item.number for item in evidence}
    deal_value = workspace.deal_value_minor if workspace else 0
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
        person=person_of(row.Contact, sealer, principal),
        company_id=row.Company.id,
        company=row.Company.name,
        lead_id=draft.lead_id,
        tier=lead.tier if lead else None,
        tier_reason=lead.tier_reason if lead else "",
        scores=material.scores.get(draft.lead_id or draft.customer_id, []),
        why_now=material.whys.get(approval.id, []),
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
        thread=material.threads.get(draft.contact_id, []),
        expected_minor=approval.expected_minor if deal_value else None,
        chance=worth.chance_behind(approval.expected_minor, deal_value),
        due_at=approval.due_at,
        currency=workspace.currency if workspace else "",
        worth=_worth(approval, draft, lead, workspace),
        upcoming=material.upcoming.get(draft.touch_id, []),
        edited_from=_edited_from(material.before.get(draft.id), draft, sealer, principal, names),
    )


def scores_of(session: Session, subject_id: UUID | None) -> list[Score]:
    return _scores(session, [subject_id]).get(subject_id, []) if subject_id is not None else []


def _scores(session: Session, subject_ids: Sequence[UUID]) -> dict[UUID, list[Score]]:
    found: dict[UUID, list[Score]] = {}
    for row in session.execute(_SCORES, {"ids": list(subject_ids)}).scalars():
        score = Score(
            kind=row.kind, value=row.value, reasons=list(row.reasons), model_version=row.model_version, as_of=row.as_of
        )
        found.setdefault(row.subject_id, []).append(score)
    return found


def threads_of(
    session: Session, sealer: Sealer, contact_ids: Sequence[UUID], principal: Principal
) -> dict[UUID, list[ThreadMail]]:
    """What was said so far with each, oldest first, the last _THREAD_LIMIT of it."""
    if not principal.may(Permission.PEOPLE):
        return {}

    def words(row: Any, column: str) -> str:
        token = getattr(row, f"{column}_sealed")
        return sealer.open(token, context=f"message|{column}|{row.id}") if token else ""

    found: dict[UUID, list[ThreadMail]] = {}
    for row in session.execute(_THREAD, {"ids": list(contact_ids)}):
        mail = ThreadMail(
            direction=row.direction, kind=row.kind, subject=words(row, "subject"), body=words(row, "body"), at=row.at
        )
        if row.contact_id is not None:
            found.setdefault(row.contact_id, []).append(mail)
    return found


def opened(sealer: Sealer, draft: Any, column: str, principal: Principal) -> str | None:
    """None: the caller may not read it. "": erased. `draft`: a Draft, or a row with its id and this column."""
    if not principal.may(Permission.PEOPLE):
        return None
    token = getattr(draft, f"{column}_sealed")
    return sealer.open(token, context=f"draft|{column}|{draft.id}") if token else ""


def _worth(approval: Approval, draft: Draft, lead: Lead | None, workspace: Workspace | None) -> list[Reason]:
    """Without the clock: an answer of the API changes when the draft does, and not with every minute."""
    value = workspace.deal_value_minor if workspace else 0
    action = worth.Action(draft.kind)
    priority = lead.priority if lead else None
    if lead is None:  # a customer: the churn risk of that day is in the sum already
        priority = min(1.0, worth.chance_behind(approval.expected_minor, value) / worth.chance_of(action, 1.0))
    found = worth.worth(action, priority, value, workspace.currency if workspace else "", now=draft.created_at)
    said = [Reason(code=r.code, text=r.text) for r in found.reasons if r.code in ("deal_value", "chance")]
    if value:
        return said
    unset = "Nobody has set what a won deal is worth, so this is a chance and no sum of money."
    return [Reason(code="deal_value", text=unset), *(reason for reason in said if reason.code == "chance")]


def _before(session: Session, drafts: Sequence[Draft]) -> dict[UUID, Draft]:
    """Of each draft that a person's edit made: the one that stood there before."""
    edited = {
        (draft.thread_key, draft.version - 1): draft.id
        for draft in drafts
        if draft.version > 1 and draft.created_by.startswith(("user:", "key:"))
    }
    if not edited:
        return {}
    query = select(Draft).where(
        col(Draft.thread_key).in_([key for key, _ in edited]), col(Draft.version).in_([number for _, number in edited])
    )
    return {
        edited[draft.thread_key, draft.version]: draft
        for draft in session.exec(query)
        if (draft.thread_key, draft.version) in edited
    }


def _edited_from(
    before: Draft | None, draft: Draft, sealer: Sealer, principal: Principal, names: dict[str, str]
) -> EditedFrom | None:
    if before is None:
        return None
    return EditedFrom(
        draft_id=before.id,
        by=named(draft.created_by, names),
        subject=opened(sealer, before, "subject", principal),
        body=opened(sealer, before, "body", principal),
    )


def newest_of(session: Session, draft: DraftView) -> UUID | None:
    """The approval of the draft that stands in place of a replaced one."""
    old = session.get(Draft, (workspace_of(session), draft.draft_id))
    if old is None:
        return None
    query = (
        select(Approval.id)
        .join(Draft, col(Draft.id) == col(Approval.draft_id))
        .where(Draft.thread_key == old.thread_key, Draft.version > old.version)
        .order_by(col(Draft.version).desc())
    )
    return session.exec(query).first()
