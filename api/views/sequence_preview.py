"""The preview of a sequence on a real lead, as API and console show it; and which leads to preview it on."""

from collections.abc import Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, Field
from sqlmodel import Session, col

from agents.drafting.types import Draft as Written
from agents.drafting.types import FactRef
from agents.drafting.writer import NO_MODEL
from agents.preview import PreviewedTouch, preview_sequence
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views.evidence import Evidence, GateProblem, Segment, evidence_of, problems_of, segments
from api.views.people import Person, person_of
from api.views.sequences import sequence_of
from core.crypto import Sealer
from core.errors import NotFound
from scoring.sequence import SequenceSpec
from store.models import Company, Contact, Lead, Workspace

_FOUND: Final = 10  # leads of a search
_BEST: Final = (col(Lead.tier), sa.func.coalesce(col(Lead.priority), -1).desc(), col(Lead.id))


class PreviewLead(BaseModel):
    id: UUID
    company_id: UUID
    company: str
    person: Person
    stage: str
    tier: int
    priority: float | None


class NotUsed(BaseModel):
    field: str
    value: str
    why: str


class PreviewStep(BaseModel):
    step: int
    channel: str
    day: int
    reason: str
    state: str = Field(description="Of this lead's own step; empty: the lead is not in this sequence.")
    due_at: datetime | None
    why_not: str = Field(description="Why nothing is written for this step; empty: something is.")
    subject: str | None
    body: str | None
    subject_segments: list[Segment]
    body_segments: list[Segment]
    script: str | None = Field(description="What the rep reads for a task.")
    evidence: list[Evidence]
    problems: list[GateProblem]
    passed: bool = Field(description="The gate finds nothing that would hold the mail back.")
    template: str = Field(description="As drafts record it: name@version.")
    fallback_reason: str = Field(description="Why a model, or a better opening, was not used.")
    not_used: list[NotUsed] = Field(description="Facts that could open a mail and were passed over.")


class SequencePreviewOut(BaseModel):
    sequence: str
    version: int = Field(description="0: not saved yet.")
    tier: int
    lead: PreviewLead
    sender: str
    as_of: datetime
    hidden: bool = Field(description="The caller may not read the words.")
    why_not: str = Field(description="Why nobody would write to this lead; empty: somebody would.")
    notes: list[str]
    steps: list[PreviewStep]


def preview(
    deps: Dependencies,
    principal: Principal,
    name: str,
    lead_id: UUID,
    *,
    with_model: bool = False,
    version: int | None = None,
    wanted: SequenceSpec | None = None,
) -> SequencePreviewOut:
    """Saves nothing. `wanted`: what is not saved yet; else a version, None: the one in force. With `with_model` the
    language model is asked as the agent would ask it, and that is metered.

    Raises Forbidden for a model without runs:write; NotFound.
    """
    if with_model:
        principal.require(Permission.RUNS)
    context = deps.context_for(principal.workspace_id)
    with deps.database.read(principal.workspace_id) as session:
        tier, spec = sequence_of(session, name, version)
        spec = wanted or spec
        rows = _rows(session, col(Lead.id) == lead_id, limit=1)
        workspace = session.get(Workspace, principal.workspace_id)
        if not rows or workspace is None:
            raise NotFound("There is no such lead.")
        shown = _lead(rows[0], context.sealer, principal)
    model = context.tools.language_model(principal.workspace_id, None) if with_model else None
    found = preview_sequence(context, spec, rows[0].Lead, model)
    mailbox = found.material.mailbox if found.material else None
    return SequencePreviewOut(
        sequence=name,
        version=0 if wanted is not None else spec.number,
        tier=tier,
        lead=shown,
        sender=f"{mailbox.display_name} <{mailbox.address}>" if mailbox else "",
        as_of=deps.clock.now(),
        hidden=not principal.may(Permission.PEOPLE),
        why_not=found.why_not,
        notes=list(found.notes),
        steps=[_step(touch, workspace, principal, asked=with_model) for touch in found.touches],
    )


def search_leads(session: Session, sealer: Sealer, principal: Principal, company: str) -> list[PreviewLead]:
    """Leads at companies whose name holds these words, the best first. One statement."""
    rows = _rows(session, col(Company.name).icontains(company, autoescape=True), limit=_FOUND)
    return [_lead(row, sealer, principal) for row in rows]


def typical_leads(session: Session, sealer: Sealer, principal: Principal, tier: int) -> list[PreviewLead]:
    """Of a tier: the best, one of the middle and the last. At most four statements."""
    here = col(Lead.tier) == tier
    count = session.execute(sa.select(sa.func.count()).select_from(Lead).where(here)).scalar_one()
    places = dict.fromkeys((0, count // 2, count - 1)) if count else {}
    rows = [row for place in places for row in _rows(session, here, limit=1, offset=place)]
    return [_lead(row, sealer, principal) for row in rows]


def _rows(session: Session, where: Any, *, limit: int, offset: int = 0) -> Sequence[Any]:
    query = (
        sa.select(Lead, Contact, Company)
        .join(Contact, col(Contact.id) == col(Lead.contact_id))
        .join(Company, col(Company.id) == col(Lead.company_id))
        .where(where)
        .order_by(*_BEST)
        .limit(limit)
        .offset(offset)
    )
    return session.execute(query).all()


def _lead(row: Any, sealer: Sealer, principal: Principal) -> PreviewLead:
    return PreviewLead(
        id=row.Lead.id,
        company_id=row.Company.id,
        company=row.Company.name,
        person=person_of(row.Contact, sealer, principal),
        stage=row.Lead.stage.value,
        tier=row.Lead.tier,
        priority=row.Lead.priority,
    )


def _step(touch: PreviewedTouch, workspace: Workspace, principal: Principal, *, asked: bool) -> PreviewStep:
    readable = principal.may(Permission.PEOPLE)
    written = touch.written or Written("", "", (), ())
    refs = {fact.id: fact for fact in touch.plan.facts} if touch.plan else {}
    # The evidence and the marks are made by what shows kept drafts: it reads these attributes of its rows.
    claims: Any = [
        SimpleNamespace(field=c.field, start=c.start, end=c.end, fact_ids=list(c.fact_ids)) for c in written.claims
    ]
    facts: Any = {fact_id: _as_fact(ref) for fact_id, ref in refs.items()}
    evidence = evidence_of(claims, facts, workspace.offer) if readable else []
    numbers = {item.id: item.number for item in evidence}
    problems = written.gate.as_rows()
    subject, body = (written.subject, written.body) if readable else ("", "")
    is_mail = touch.written is not None and readable
    return PreviewStep(
        step=touch.spec.step,
        channel=touch.spec.channel.value,
        day=touch.spec.day,
        reason=touch.spec.reason,
        state=touch.state,
        due_at=touch.due_at,
        why_not=touch.why_not,
        subject=subject if is_mail else None,
        body=body if is_mail else None,
        subject_segments=segments(subject, "subject", claims, numbers, problems) if is_mail else [],
        body_segments=segments(body, "body", claims, numbers, problems) if is_mail else [],
        script=touch.script if touch.script and readable else None,
        evidence=evidence,
        problems=problems_of(problems, subject, body),
        passed=written.gate.passed,
        template=written.template,
        fallback_reason="" if written.fallback_reason == NO_MODEL and not asked else written.fallback_reason,
        not_used=[
            NotUsed(field=refs[fact_id].field, value=refs[fact_id].value[:300], why=why)
            for fact_id, why in (touch.plan.not_chosen.items() if touch.plan else ())
            if fact_id in refs
        ],
    )


def _as_fact(ref: FactRef) -> Any:
    """As the store would give it; a signal counts as one."""
    return SimpleNamespace(
        field=ref.field, value=ref.value, quote=ref.quote, source=ref.source, url=ref.url, observed_at=ref.observed_at
    )
