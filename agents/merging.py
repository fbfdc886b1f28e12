"""Two companies or two people made one, and made two again.

A merge moves what refers to the absorbed row to the kept one and writes down every move; a split puts back what still
stands as the merge left it. The absorbed row itself stays. Two things go one way only:

- Suppressions grow. Who objected under one name or address is not written to under the other, and a split takes no
  suppression away: whether it was meant for both is not known any more.
- Drafts that wait for somebody who is written to twice now are taken back, and are written anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from agents import merged_contacts
from agents.context import AgentContext
from agents.step import Trigger
from core.errors import Conflict, NotFound, Rejected
from core.ids import stable_id
from store import audit, bulk
from store.models import (
    Cohort,
    CohortStage,
    Company,
    Contact,
    Customer,
    Lead,
    Meeting,
    Merge,
    MergeKind,
    OutboxItem,
    OutboxState,
    RunCompany,
    Suppression,
)
from store.queries import facts, legal_bases, merges, suppression, triggers
from store.queries.merges import Change

_COMPANY_COLUMNS = ("domain", *facts.COMPANY_FIELDS, "updated_at")


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why two rows are one, and who says so."""

    probability: float
    reasons: Sequence[str]
    decided_by: str = "rule"  # "user:<id>", "key:<id>"


@dataclass(frozen=True, slots=True)
class Split:
    put_back: int  # columns of rows
    left: int  # columns that were changed since, and stay


def merge_companies(
    session: Session, context: AgentContext, kept_id: UUID, absorbed_id: UUID, grounds: Grounds
) -> UUID:
    """Everything of the absorbed company becomes the kept one's. Returns the merge's id.

    Raises NotFound; Conflict where one of them is absorbed already; Rejected where both have a contract.
    """
    kept, absorbed = _locked(session, Company, kept_id, absorbed_id)
    contracts = list(session.exec(select(Customer.id).where(col(Customer.company_id).in_([kept_id, absorbed_id]))))
    if len(contracts) > 1:
        raise Rejected("Both companies have a contract.", hint="End one of the contracts first; two cannot become one.")
    before = merges.values_of(session, Company, kept_id, _COMPANY_COLUMNS)
    domains = (kept.domain, absorbed.domain)
    merge_id = _begin(session, context, MergeKind.COMPANY, kept_id, absorbed_id, grounds, {})
    namesakes = _namesakes(session, kept_id, absorbed_id)
    merges.apply(session, merge_id, [Change(Contact, "person_index", c.id, c.person_index, None) for c in namesakes])
    moves = [
        change
        for reference in merges.COMPANY_REFERENCES
        for change in merges.references_to(session, reference, absorbed_id, kept_id)
    ]
    merges.apply(session, merge_id, moves)
    _fill_company(session, context, kept_id, absorbed_id)
    after = merges.values_of(session, Company, kept_id, _COMPANY_COLUMNS)
    changed = [
        Change(Company, name, kept_id, before[name], after[name]) for name in before if before[name] != after[name]
    ]
    merges.note(session, merge_id, changed)
    _suppress_both_domains(session, context, domains, merge_id)
    rescore(session, context, [kept_id], key=f"merge:{merge_id}")
    _audit(session, context, "identity.merged", MergeKind.COMPANY, merge_id, kept_id, absorbed_id, grounds.decided_by)
    return merge_id


def merge_contacts(session: Session, context: AgentContext, kept_id: UUID, absorbed_id: UUID, grounds: Grounds) -> UUID:
    """Everything of the absorbed person becomes the kept one's. Returns the merge's id.

    Where both are leads of one ICP the absorbed one's sequence ends: nobody is written to twice. Raises NotFound;
    Conflict where one is absorbed already; Rejected where one was erased, or a mail to the absorbed is on its way.
    """
    kept, absorbed = _locked(session, Contact, kept_id, absorbed_id)
    if kept.erased_at or absorbed.erased_at:
        raise Rejected("One of the two was erased.", hint="Nothing is known of them any more that could be merged.")
    on_its_way = select(OutboxItem.id).where(
        OutboxItem.contact_id == absorbed_id, col(OutboxItem.state).in_([OutboxState.READY, OutboxState.SENDING])
    )
    if session.exec(on_its_way).first() is not None:
        raise Rejected("A mail to them is on its way.", hint="Wait until it was sent, or cancel it first.")
    merged_contacts.suppress_both_addresses(session, context, kept, absorbed)
    moves = [
        change
        for reference in merges.CONTACT_REFERENCES
        for change in merges.references_to(session, reference, absorbed_id, kept_id)
    ]
    if kept.company_id != absorbed.company_id:
        for model in (Lead, Meeting):
            gone = [c.row_id for c in moves if c.model is model and c.column == "contact_id"]
            moves += [Change(model, "company_id", one, absorbed.company_id, kept.company_id) for one in gone]
    filled = merged_contacts.fillable(context, kept, absorbed)
    merge_id = _begin(session, context, MergeKind.CONTACT, kept_id, absorbed_id, grounds, {"filled": filled})
    merged_contacts.fill(session, context, kept, absorbed, filled)
    merges.apply(
        session, merge_id, [*moves, *merged_contacts.end_second_sequences(session, context, absorbed_id, moves)]
    )
    legal_bases.derive(session, [kept_id], context.clock.now())
    rescore(session, context, [kept.company_id], key=f"merge:{merge_id}")
    _audit(session, context, "identity.merged", MergeKind.CONTACT, merge_id, kept_id, absorbed_id, grounds.decided_by)
    return merge_id


def split(session: Session, context: AgentContext, merge_id: UUID, *, by: str) -> Split:
    """Put back what the merge moved and nobody changed since. Again: changes nothing.

    Raises NotFound; Conflict where a later merge rests on this one and must be split first.
    """
    merge = session.exec(select(Merge).where(Merge.id == merge_id).with_for_update()).one_or_none()
    if merge is None:
        raise NotFound("There is no such merge.")
    if merge.split_at is not None:
        return Split(0, 0)
    if merges.kept_of(session, [merge.kept_id]):
        raise Conflict("What was kept was merged into another since.", hint="Split the later merge first.")
    kind, kept_id, absorbed_id, evidence = merge.kind, merge.kept_id, merge.absorbed_id, dict(merge.evidence)
    merge.split_at, merge.split_by = context.clock.now(), by
    session.add(merge)
    session.flush()
    moves = merges.moves_of(session, merge_id)
    if kind is MergeKind.COMPANY:
        # Contacts go home before they get back the name that their namesake at the kept company has.
        moves = sorted(moves, key=lambda c: c.column == "person_index")
        left = merges.undo(session, moves)
        if any(change.model is Company for change in left):
            facts.apply_winners(session, context.clock, [kept_id])
        pair = _locked(session, Company, kept_id, absorbed_id, standing=False)
        _suppress_both_domains(session, context, (pair[0].domain, pair[1].domain), merge_id)
        rescored = [kept_id, absorbed_id]
    else:
        kept, absorbed = _locked(session, Contact, kept_id, absorbed_id, standing=False)
        merged_contacts.suppress_both_addresses(session, context, kept, absorbed)
        merged_contacts.empty(session, context, kept, absorbed, evidence.get("filled", []))
        left = merges.undo(session, moves)
        legal_bases.derive(session, [kept_id, absorbed_id], context.clock.now())
        rescored = sorted({kept.company_id, absorbed.company_id})
    rescore(session, context, rescored, key=f"split:{merge_id}")
    _audit(session, context, "identity.split", kind, merge_id, kept_id, absorbed_id, by)
    return Split(len(moves) - len(left), len(left))


def rescore(session: Session, context: AgentContext, company_ids: Sequence[UUID], *, key: str) -> int:
    """A trigger for the leads of these companies: a cohort of them, in each of their runs, that waits for the scorer.
    Returns how many cohorts were started."""
    query = select(Lead.run_id, Lead.company_id).where(col(Lead.company_id).in_(company_ids)).distinct()
    runs: dict[UUID, list[UUID]] = {}
    for run_id, company_id in session.exec(query.order_by(col(Lead.run_id), col(Lead.company_id))):
        runs.setdefault(run_id, []).append(company_id)
    for run_id, of in runs.items():
        last = select(Cohort.number).where(Cohort.run_id == run_id).order_by(col(Cohort.number).desc()).limit(1)
        cohort_id = stable_id("cohort", context.workspace_id, run_id, key)
        cohort = {
            "id": cohort_id,
            "run_id": run_id,
            "number": (session.exec(last).first() or 0) + 1,
            "stage": CohortStage.CONTACTS_FOUND,
            "companies": len(of),
            "created_at": context.clock.now(),
        }
        bulk.insert_ignore(session, Cohort, [cohort])
        rows = [
            {"id": one, "run_id": run_id, "cohort_id": cohort_id, "kept": True, "reason": "Scored again after a merge."}
            for one in of
        ]
        bulk.upsert(session, RunCompany, rows, key=["id", "run_id"], update=["cohort_id"])
        triggers.add_trigger(
            session,
            context.clock,
            subject_kind="cohort",
            subject_id=cohort_id,
            kind=Trigger.RUN_STEP,
            key=f"cohort:{cohort_id}:{key}",
        )
    return len(runs)


# ---------------------------------------------------------------------------------------------------- both


def _locked(
    session: Session, model: Any, kept_id: UUID, absorbed_id: UUID, *, standing: bool = True
) -> tuple[Any, Any]:
    """Both rows, locked in one order, so that two merges wait for each other instead of deadlocking."""
    if kept_id == absorbed_id:
        raise Conflict("That is one and the same already.")
    query = select(model).where(model.id.in_([kept_id, absorbed_id])).order_by(model.id)
    found = {row.id: row for row in session.exec(query.with_for_update().execution_options(populate_existing=True))}
    if len(found) < 2:
        raise NotFound("There is no such " + ("company." if model is Company else "contact."))
    if standing and merges.kept_of(session, found):
        raise Conflict("One of them was merged into another already.", hint="Merge the one that stands for it.")
    return found[kept_id], found[absorbed_id]


def _begin(
    session: Session,
    context: AgentContext,
    kind: MergeKind,
    kept_id: UUID,
    absorbed_id: UUID,
    grounds: Grounds,
    evidence: dict[str, Any],
) -> UUID:
    merge_id = context.ids.new()
    row = {
        "id": merge_id,
        "kind": kind,
        "kept_id": kept_id,
        "absorbed_id": absorbed_id,
        "probability": grounds.probability,
        "reasons": list(grounds.reasons),
        "evidence": evidence,
        "decided_by": grounds.decided_by,
        "created_at": context.clock.now(),
    }
    bulk.insert(session, Merge, [row])
    return merge_id


def _audit(
    session: Session,
    context: AgentContext,
    action: str,
    kind: MergeKind,
    merge_id: UUID,
    kept_id: UUID,
    absorbed_id: UUID,
    by: str,
) -> None:
    actor = "agent:identity" if by == "rule" else by
    details = {"kind": kind.value, "kept_id": str(kept_id), "absorbed_id": str(absorbed_id)}
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=actor,
        action=action,
        subject_kind="merge",
        subject_id=merge_id,
        details=details,
    )


# ---------------------------------------------------------------------------------------------------- companies


def _namesakes(session: Session, kept_id: UUID, absorbed_id: UUID) -> list[Contact]:
    """Contacts of the absorbed company whose name the kept one has too: two rows may not have one name there."""
    theirs = select(Contact.person_index).where(Contact.company_id == kept_id, col(Contact.person_index).is_not(None))
    query = select(Contact).where(Contact.company_id == absorbed_id, col(Contact.person_index).in_(theirs))
    return list(session.exec(query.order_by(col(Contact.id))))


def _fill_company(session: Session, context: AgentContext, kept_id: UUID, absorbed_id: UUID) -> None:
    """What the kept one does not say is taken over; then its facts, which are of both now, decide."""
    ours = merges.values_of(session, Company, kept_id, tuple(facts.COMPANY_FIELDS))
    theirs = merges.values_of(session, Company, absorbed_id, tuple(facts.COMPANY_FIELDS))
    taken = {name: theirs[name] for name in ours if ours[name] in (None, "", []) and theirs[name] not in (None, "", [])}
    if "revenue_minor" not in taken:
        taken.pop("currency", None)  # it goes with the amount
    if taken:
        row = {"id": kept_id, **taken, "updated_at": context.clock.now()}
        bulk.update(session, Company, [row], columns=[*taken, "updated_at"])
    session.expire_all()
    facts.apply_winners(session, context.clock, [kept_id])


def _suppress_both_domains(
    session: Session, context: AgentContext, domains: tuple[str | None, str | None], merge_id: UUID
) -> None:
    known = [domain for domain in domains if domain]
    keys = {suppression.domain_key(context.sealer, domain): domain for domain in known}
    query = select(Suppression).where(
        Suppression.kind == suppression.DOMAIN, col(Suppression.key_index).in_(sorted(keys))
    )
    found = list(session.exec(query))
    if not found:
        return
    for domain in known:
        suppression.suppress(
            session, context.clock, context.sealer, domain=domain, reason=found[0].reason, source=f"merge:{merge_id}"
        )
