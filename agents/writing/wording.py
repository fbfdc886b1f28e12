"""The words that drafts to one company are made with: what is in force, the arms it drew, the rules."""

from uuid import UUID

from sqlmodel import Session, col, select

from agents.drafting.types import Field
from agents.drafting.wording import Rule, Trial, Wording, Words
from core.crypto import Sealer
from scoring.variant_test import arm_of
from store.models import EditRule, RuleState, TemplateVariant, VariantState


def wording_for(session: Session, sealer: Sealer, company_id: UUID) -> Wording:
    """Two statements over small tables."""
    running = (VariantState.TESTING, VariantState.ADOPTED)
    in_force: dict[str, Words] = {}
    trials: dict[str, Trial] = {}
    for row in session.exec(select(TemplateVariant).where(col(TemplateVariant.state).in_(running))):
        words = Words(reference(row), row.source)
        if row.state is VariantState.ADOPTED:
            in_force[row.template] = words
        else:
            trials[row.template] = Trial(row.id, arm_of(row.id, company_id), words)
    return Wording(in_force, trials, rules_in_force(session, sealer))


def reference(variant: TemplateVariant) -> str:
    return f"{variant.template}~{variant.number}"


def rules_in_force(session: Session, sealer: Sealer) -> tuple[Rule, ...]:
    """The oldest first: a later one sees what the earlier ones made."""
    query = select(EditRule).where(EditRule.state == RuleState.ADOPTED)
    rows = session.exec(query.order_by(col(EditRule.decided_at), col(EditRule.id)))
    return tuple(opened(sealer, row) for row in rows)


def opened(sealer: Sealer, row: EditRule) -> Rule:
    find, put = (
        sealer.open(text, context=f"edit_rule|{column}|{row.id}")
        for column, text in (("find", row.find_sealed), ("put", row.put_sealed))
    )
    part: Field = "subject" if row.field == "subject" else "body"
    return Rule(str(row.id), find, put, row.template, part)
