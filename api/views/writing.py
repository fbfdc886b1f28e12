"""Variants with what their tests say, and rules learned from edits with what they would have done."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlmodel import Session, col, select

from agents.context import AgentContext
from agents.drafting.wording import Rule
from agents.writing import rules, variants
from agents.writing.wording import reference
from api.views.people import names_of_actors
from core.errors import NotFound
from scoring.variant_test import ALPHA, Tally, compare
from store.models import TemplateVariant

_SHOWN = 200


class ArmOut(BaseModel):
    companies: int = Field(description="Written to. Each counts once, however many of its people.")
    answered: int = Field(description="By a person, within 30 days; wishes to be left alone do not count.")
    positive: int


class VariantItem(BaseModel):
    id: UUID
    template: str
    reference: str = Field(description="What drafts that were written with it record.")
    name: str
    against: str = Field(description="What the other half of the companies gets.")
    state: str = Field(description="testing, adopted or stopped.")
    control: ArmOut
    variant: ArmOut
    verdict: str | None = Field(description="better, worse or no_difference; null: not known, `reason` says why.")
    reason: str
    evidence: float = Field(description="That it is better: at `needed` it is shown, however often you looked.")
    needed: float
    positive_evidence: float = Field(description="The same of positive answers alone. It decides nothing.")
    ratio: float | None = Field(description="Answers with the new words for one with the old.")
    ratio_low: float | None = Field(description="An interval that holds at all times together; null: no bound.")
    ratio_high: float | None
    max_companies: int
    created_by: str
    created_at: datetime
    decided_by: str
    decided_at: datetime | None


class VariantList(BaseModel):
    items: list[VariantItem]


class VariantOut(VariantItem):
    source: str


class RuleSample(BaseModel):
    before: str
    after: str


class EditRuleItem(BaseModel):
    id: UUID
    state: str = Field(description="proposed, adopted or undone.")
    kind: str = Field(description="What kind of edit people made: greeting, tone, removed_phrase …")
    find: str
    put: str = Field(description="Empty: it is left out.")
    template: str = Field(description="Where; empty: in all templates.")
    field: Literal["subject", "body"]
    edits: int = Field(description="How often people made it.")
    companies: int
    would_change: int = Field(description="Of the last `of` drafts that a person decided on.")
    of: int
    helped: int = Field(description="Newest drafts, not learned from, that it brings nearer to what a person sent.")
    harmed: int
    samples: list[RuleSample] = Field(description="Of a proposal: lines before and after.")
    decided_by: str
    decided_at: datetime | None


class EditRuleList(BaseModel):
    items: list[EditRuleItem]


def variant_list(session: Session, template: str = "") -> VariantList:
    """The newest first. Three statements and the names of people."""
    query = select(TemplateVariant).order_by(col(TemplateVariant.created_at).desc(), col(TemplateVariant.id))
    if template:
        query = query.where(TemplateVariant.template == template)
    rows = list(session.exec(query.limit(_SHOWN)))
    return VariantList(items=[VariantItem(**one) for one in _described(session, rows)])


def variant_view(session: Session, context: AgentContext, variant_id: UUID) -> VariantOut:
    """Raises NotFound."""
    row = session.get(TemplateVariant, (context.workspace_id, variant_id))
    if row is None:
        raise NotFound("There is no such variant.", hint="List the variants.")
    return VariantOut(**_described(session, [row])[0], source=row.source)


def rule_list(session: Session, context: AgentContext) -> EditRuleList:
    """What is proposed first, then what was decided, the newest first."""
    names = names_of_actors(session)
    found = [
        _rule(one.rule, "proposed", one.kind.value, one.figures(), one.samples)
        for one in rules.current_proposals(session, context)
    ]
    for row, rule in rules.decided(session, context):
        by = names.get(row.decided_by, row.decided_by)
        found.append(_rule(rule, row.state.value, row.kind, row.figures, (), by, row.decided_at))
    return EditRuleList(items=found)


def _described(session: Session, rows: list[TemplateVariant]) -> list[dict[str, Any]]:
    names = names_of_actors(session)
    counted = variants.tallies(session, rows)
    return [_variant(row, *counted[row.id], names) for row in rows]


def _variant(row: TemplateVariant, control: Tally, variant: Tally, names: Mapping[str, str]) -> dict[str, Any]:
    told = compare(control, variant, max_companies=row.max_companies)
    arms = {
        arm: ArmOut(companies=tally.mailed, answered=tally.answered, positive=tally.positive)
        for arm, tally in (("control", control), ("variant", variant))
    }
    return {
        **arms,
        "id": row.id,
        "template": row.template,
        "reference": reference(row),
        "name": row.name,
        "against": row.against,
        "state": row.state.value,
        "verdict": told.verdict.value if told.verdict else None,
        "reason": told.reason,
        "evidence": _short(told.evidence_better),
        "needed": 1 / ALPHA,
        "positive_evidence": _short(told.evidence_positive),
        "ratio": _short(told.ratio),
        "ratio_low": _short(told.ratio_low),
        "ratio_high": _short(told.ratio_high),
        "max_companies": row.max_companies,
        "created_by": names.get(row.created_by, row.created_by),
        "created_at": row.created_at,
        "decided_by": names.get(row.decided_by, row.decided_by),
        "decided_at": row.decided_at,
    }


def _short(value: float | None) -> float | None:
    return None if value is None else round(min(value, 1e6), 2)


def _rule(
    rule: Rule,
    state: str,
    kind: str,
    figures: dict[str, int],
    samples: tuple[tuple[str, str], ...],
    decided_by: str = "",
    decided_at: datetime | None = None,
) -> EditRuleItem:
    return EditRuleItem(
        id=UUID(rule.id),
        state=state,
        kind=kind,
        find=rule.find,
        put=rule.put,
        template=rule.template,
        field=rule.field,
        samples=[RuleSample(before=before, after=after) for before, after in samples],
        decided_by=decided_by,
        decided_at=decided_at,
        **figures,
    )
