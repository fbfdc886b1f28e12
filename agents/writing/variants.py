"""Variants of a template: checked, tried on half of the companies, adopted or stopped by a person, never by itself."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from agents.context import AgentContext
from agents.drafting.text import reads_as_english
from agents.drafting.types import Severity
from agents.drafting.wording import Words
from agents.drafting.writer import check_words
from agents.writing.samples import sample_plans
from agents.writing.wording import reference
from core.errors import Conflict, NotFound, Rejected
from prompts.registry import TEMPLATES, spec_of
from prompts.tenant import check_tenant_source
from scoring.variant_test import MAX_COMPANIES, MIN_COMPANIES, Arm, Comparison, Tally, Verdict, compare
from store import audit
from store.models import TemplateVariant, VariantState
from store.queries import variant_answers

ANSWERED_WITHIN = timedelta(days=30)  # after the first mail of the test to a company
MOST_COMPANIES = 20_000
_SHOWN_PROBLEMS = 10

# What the steps of a sequence are written with: only there are there enough mails to compare.
TESTABLE = tuple(spec.name for spec in TEMPLATES if spec.name.startswith(("first_mail/", "follow_up/")))


class VariantRefused(Rejected):
    """`problems`: what is wrong, each with the sample it was found in."""

    code = "variant_wrong"

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems[:_SHOWN_PROBLEMS]
        listed = "; ".join(dict.fromkeys(f"{where}: {text}" for where, text in self.problems))
        super().__init__(f"These words cannot be sent: {listed}", hint="Mend what is named; nothing was saved.")


def check_variant(template: str, source: str) -> None:
    """Every sample must be written and pass the gate, as a draft does. Raises VariantRefused, Rejected."""
    if template not in TESTABLE:
        raise Rejected(f"{template} can have no variants.", hint=f"These can: {', '.join(TESTABLE)}.")
    check_tenant_source(source, frozenset(spec_of(template).variables.model_fields))
    words, problems = Words(f"{template}~0", source), []
    for plan in sample_plans(template):
        where = f"to {plan.recipient.first_name or 'somebody'} at {plan.recipient.company}"
        try:
            draft = check_words(plan, template, words)
        except Rejected as error:
            raise VariantRefused([(where, error.message)]) from error
        problems += [(where, p.message) for p in draft.gate.problems if p.severity is Severity.BLOCK]
        if not reads_as_english(draft.body):
            problems.append((where, "It does not read as English, and the gate checks English only."))
    if problems:
        raise VariantRefused(problems)


def add(
    session: Session,
    context: AgentContext,
    *,
    template: str,
    name: str,
    source: str,
    by: str,
    max_companies: int = MAX_COMPANIES,
) -> TemplateVariant:
    """Starts its test at once. Raises VariantRefused, Rejected, Conflict (another one of the template is tried)."""
    check_variant(template, source)
    if not 2 * MIN_COMPANIES <= max_companies <= MOST_COMPANIES:
        raise Rejected(f"A test takes {2 * MIN_COMPANIES} to {MOST_COMPANIES} companies, not {max_companies}.")
    rows = session.exec(
        select(TemplateVariant).where(TemplateVariant.template == template).order_by(col(TemplateVariant.number))
    ).all()
    if any(row.state is VariantState.TESTING for row in rows):
        raise Conflict(
            f"Another variant of {template} is being tried.", hint="Adopt or stop it first.", code="test_running"
        )
    adopted = next((row for row in rows if row.state is VariantState.ADOPTED), None)
    row = TemplateVariant(
        workspace_id=context.workspace_id,
        id=context.ids.new(),
        template=template,
        number=rows[-1].number + 1 if rows else 1,
        name=name.strip(),
        source=source,
        against=reference(adopted) if adopted else spec_of(template).reference,
        max_companies=max_companies,
        created_by=by,
        created_at=context.clock.now(),
    )
    session.add(row)
    session.flush()
    _audit(session, context, row, "variant.added", by, {"template": template, "number": row.number})
    return row


def adopt(session: Session, context: AgentContext, variant_id: UUID, *, by: str, anyway: bool = False) -> None:
    """In force for everybody from the next draft on. Raises NotFound, Conflict (not tried, or not shown better)."""
    row = found(session, context, variant_id)
    if row.state is not VariantState.TESTING:
        raise Conflict(f"This variant is {row.state.value}: only one that is tried can be adopted.")
    told = comparisons(session, [row])[row.id]
    if told.verdict is not Verdict.BETTER and not anyway:
        raise Conflict(
            f"It is not shown to be better. {told.reason}",
            hint="Wait, stop it, or adopt it anyway: then the test does not speak for it.",
            code="not_shown_better",
        )
    now = context.clock.now()
    before = session.exec(
        select(TemplateVariant).where(
            TemplateVariant.template == row.template, TemplateVariant.state == VariantState.ADOPTED
        )
    ).all()
    for old in before:
        old.state, old.decided_by, old.decided_at = VariantState.STOPPED, by, now
        session.add(old)
    row.state, row.decided_by, row.decided_at, row.result = VariantState.ADOPTED, by, now, _figures(told)
    session.add(row)
    details = {"verdict": row.result["verdict"], "anyway": told.verdict is not Verdict.BETTER}
    _audit(session, context, row, "variant.adopted", by, details)


def stop(session: Session, context: AgentContext, variant_id: UUID, *, by: str) -> None:
    """Nobody gets its words any more; of one that was adopted the built-in template serves again. Drafts that wait
    stay as they are. Raises NotFound, Conflict."""
    row = found(session, context, variant_id)
    if row.state is VariantState.STOPPED:
        raise Conflict("This variant is stopped already.")
    if row.state is VariantState.TESTING:
        row.result = _figures(comparisons(session, [row])[row.id])
    row.state, row.decided_by, row.decided_at = VariantState.STOPPED, by, context.clock.now()
    session.add(row)
    _audit(session, context, row, "variant.stopped", by, {"verdict": row.result.get("verdict")})


def found(session: Session, context: AgentContext, variant_id: UUID) -> TemplateVariant:
    row = session.get(TemplateVariant, (context.workspace_id, variant_id), with_for_update=True)
    if row is None:
        raise NotFound("There is no such variant.", hint="List the variants.")
    return row


def tallies(session: Session, rows: list[TemplateVariant]) -> dict[UUID, tuple[Tally, Tally]]:
    """(control, variant) of each test, companies counted once: two statements for all of them."""
    test_ids = [row.id for row in rows]
    sent = variant_answers.mailed(session, test_ids)
    answers: dict[tuple[UUID, UUID], bool] = {}
    for test_id, company_id, positive, at in variant_answers.answers(session, test_ids):
        first = sent.get((test_id, company_id))
        if first is not None and first.at <= at <= first.at + ANSWERED_WITHIN:
            answers[test_id, company_id] = answers.get((test_id, company_id), False) or positive
    told = {}
    for test_id in test_ids:
        arms = {
            arm: [key for key, first in sent.items() if key[0] == test_id and first.arm == arm.value] for arm in Arm
        }
        told[test_id] = (_tally(arms[Arm.CONTROL], answers), _tally(arms[Arm.VARIANT], answers))
    return told


def comparisons(session: Session, rows: list[TemplateVariant]) -> dict[UUID, Comparison]:
    counted = tallies(session, rows)
    return {row.id: compare(*counted[row.id], max_companies=row.max_companies) for row in rows}


def _tally(companies: list[tuple[UUID, UUID]], answers: dict[tuple[UUID, UUID], bool]) -> Tally:
    said = [answers[key] for key in companies if key in answers]
    return Tally(len(companies), len(said), sum(said))


def _figures(told: Comparison) -> dict[str, Any]:
    return {
        "verdict": told.verdict.value if told.verdict else None,
        "reason": told.reason,
        "evidence_better": round(told.evidence_better, 3),
        "ratio": round(told.ratio, 3) if told.ratio is not None else None,
    }


def _audit(
    session: Session, context: AgentContext, row: TemplateVariant, action: str, by: str, details: dict[str, Any]
) -> None:
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=by,
        action=action,
        subject_kind="variant",
        subject_id=row.id,
        details=details,
    )
