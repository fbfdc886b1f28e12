"""Rules learned from edits: what people change again and again is proposed, checked on drafts it was not learned from,
and adopted or undone by a person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from agents.context import AgentContext
from agents.drafting.types import Field
from agents.drafting.wording import Rule, changed_text
from agents.writing.edits import Change, EditKind, changes, refused, token_distance
from agents.writing.wording import opened
from core.errors import Conflict, NotFound
from core.ids import stable_id
from store import audit
from store.models import Draft, EditRule, RuleState
from store.queries.drafts_judged import judged

MIN_EDITS = 3  # once is a mood, twice a coincidence
MIN_COMPANIES = 2
LOOKED_AT = 300  # drafts, the newest
LAST_DRAFTS = 60  # of which "would have changed 14" is said
HELD_OUT = 3  # one in so many, the newest: no rule is learned from them
MAX_RULES = 50  # in force: more, and the templates should be written anew
SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Judged:
    """One of our drafts and what a person made of it."""

    template: str
    company_id: UUID
    before: tuple[str, str]  # subject, body
    after: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Proposal:
    rule: Rule
    kind: EditKind
    edits: int  # of people, that it was learned from
    companies: int
    would_change: int  # of the last `of` drafts
    of: int
    helped: int  # held-out drafts that it brings nearer to what the person made of them
    harmed: int  # and those that it takes further away: also of drafts that were let go as they were
    samples: tuple[tuple[str, str], ...] = ()  # sentences before and after

    def figures(self) -> dict[str, int]:
        names = ("edits", "companies", "would_change", "of", "helped", "harmed")
        return {name: int(getattr(self, name)) for name in names}


def judged_drafts(session: Session, context: AgentContext) -> list[Judged]:
    """The oldest first. Three statements, however many drafts."""
    return [
        Judged(draft.template.partition("@")[0].partition("~")[0], lead.company_id, _words(context, draft),
               _words(context, final))
        for draft, final, lead in judged(session, LOOKED_AT)
    ]  # fmt: skip


def proposals(workspace_id: UUID, drafts: Sequence[Judged]) -> list[Proposal]:
    """What the older two thirds teach and the newest third bears out, the most often wanted first."""
    split = len(drafts) - len(drafts) // HELD_OUT
    seen: dict[Change, list[Judged]] = {}
    for draft in drafts[:split]:
        for change in dict.fromkeys(changes(draft.before, draft.after)):
            if not refused(change):
                seen.setdefault(change, []).append(draft)
    found = []
    for change, taught in seen.items():
        companies = {draft.company_id for draft in taught}
        if len(taught) < MIN_EDITS or len(companies) < MIN_COMPANIES:
            continue
        rule = _rule(workspace_id, change, {draft.template for draft in taught})
        proposal = _measured(rule, change.kind, len(taught), len(companies), drafts, split)
        if proposal.helped > proposal.harmed:
            found.append(proposal)
    return sorted(found, key=lambda one: (-one.edits, one.rule.find, one.rule.put))


def current_proposals(session: Session, context: AgentContext) -> list[Proposal]:
    """Those that nobody has decided on."""
    decided = {str(row) for row in session.exec(select(EditRule.id))}
    found = proposals(context.workspace_id, judged_drafts(session, context))
    return [one for one in found if one.rule.id not in decided]


def adopt(session: Session, context: AgentContext, rule_id: UUID, *, by: str) -> None:
    """From the next draft on. Raises NotFound, Conflict (in force already, too many)."""
    row = session.get(EditRule, (context.workspace_id, rule_id), with_for_update=True)
    if row is not None and row.state is RuleState.ADOPTED:
        raise Conflict("This rule is in force already.")
    in_force = len(session.exec(select(EditRule.id).where(EditRule.state == RuleState.ADOPTED)).all())
    if in_force >= MAX_RULES:
        raise Conflict(f"{MAX_RULES} rules are in force.", hint="Write the templates anew, as variants, and undo some.")
    if row is None:
        row = _row(context, _proposed(session, context, rule_id), RuleState.ADOPTED, by)
    row.state, row.decided_by, row.decided_at = RuleState.ADOPTED, by, context.clock.now()
    session.add(row)
    _audit(session, context, row, "edit_rule.adopted", by)


def undo(session: Session, context: AgentContext, rule_id: UUID, *, by: str) -> None:
    """Takes back one that is in force, or dismisses one that is proposed. Raises NotFound, Conflict."""
    row = session.get(EditRule, (context.workspace_id, rule_id), with_for_update=True)
    if row is not None and row.state is RuleState.UNDONE:
        raise Conflict("This rule is undone already.")
    if row is None:
        row = _row(context, _proposed(session, context, rule_id), RuleState.UNDONE, by)
    row.state, row.decided_by, row.decided_at = RuleState.UNDONE, by, context.clock.now()
    session.add(row)
    _audit(session, context, row, "edit_rule.undone", by)


def decided(session: Session, context: AgentContext) -> list[tuple[EditRule, Rule]]:
    rows = session.exec(select(EditRule).order_by(col(EditRule.decided_at).desc(), col(EditRule.id)))
    return [(row, opened(context.sealer, row)) for row in rows]


def _measured(rule: Rule, kind: EditKind, edits: int, companies: int, drafts: Sequence[Judged], split: int) -> Proposal:
    last = drafts[-LAST_DRAFTS:]
    samples = [pair for draft in reversed(last) for pair in _sample(draft, rule)]
    helped, harmed = _on(drafts[split:], rule)
    return Proposal(
        rule=rule,
        kind=kind,
        edits=edits,
        companies=companies,
        would_change=sum(_applied(draft, rule) != draft.before for draft in last),
        of=len(last),
        helped=helped,
        harmed=harmed,
        samples=tuple(dict.fromkeys(samples))[:SAMPLES],
    )


def _on(held_out: Iterable[Judged], rule: Rule) -> tuple[int, int]:
    helped = harmed = 0
    for draft in held_out:
        ruled = _applied(draft, rule)
        if ruled == draft.before:
            continue
        was, would_be = (token_distance("\n".join(text), "\n".join(draft.after)) for text in (draft.before, ruled))
        helped += would_be < was
        harmed += would_be > was
    return helped, harmed


def _applied(draft: Judged, rule: Rule) -> tuple[str, str]:
    if rule.template and rule.template != draft.template:
        return draft.before
    subject, body = draft.before
    return (changed_text(subject, rule), body) if rule.field == "subject" else (subject, changed_text(body, rule))


def _sample(draft: Judged, rule: Rule) -> list[tuple[str, str]]:
    """The lines that it would change."""
    ruled = _applied(draft, rule)
    if ruled == draft.before:
        return []
    text = draft.before[rule.field == "body"]
    pairs = [(line, changed_text(line, rule)) for line in text.split("\n")]
    return [pair for pair in pairs if pair[0] != pair[1]]


def _rule(workspace_id: UUID, change: Change, templates: set[str]) -> Rule:
    template = next(iter(templates)) if len(templates) == 1 else ""
    part: Field = change.field
    key = stable_id("edit_rule", workspace_id, change.find, change.put, template, part)
    return Rule(str(key), change.find, change.put, template, part)


def _proposed(session: Session, context: AgentContext, rule_id: UUID) -> Proposal:
    found = (one for one in current_proposals(session, context) if one.rule.id == str(rule_id))
    proposal = next(found, None)
    if proposal is None:
        raise NotFound("No such rule is proposed any more.", hint="Look at the list anew.")
    return proposal


def _row(context: AgentContext, proposal: Proposal, state: RuleState, by: str) -> EditRule:
    rule = proposal.rule
    key = UUID(rule.id)
    return EditRule(
        workspace_id=context.workspace_id,
        id=key,
        kind=proposal.kind.value,
        find_sealed=context.sealer.seal(rule.find, context=f"edit_rule|find|{key}"),
        put_sealed=context.sealer.seal(rule.put, context=f"edit_rule|put|{key}"),
        template=rule.template,
        field=rule.field,
        state=state,
        figures=proposal.figures(),
        decided_by=by,
        decided_at=context.clock.now(),
    )


def _words(context: AgentContext, draft: Draft) -> tuple[str, str]:
    subject, body = (
        context.sealer.open(text, context=f"draft|{column}|{draft.id}") if text else ""
        for column, text in (("subject", draft.subject_sealed), ("body", draft.body_sealed))
    )
    return subject, body


def _audit(session: Session, context: AgentContext, row: EditRule, action: str, by: str) -> None:
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=by,
        action=action,
        subject_kind="edit_rule",
        subject_id=row.id,
        details={"kind": row.kind, **row.figures},
    )
