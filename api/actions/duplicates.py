"""Deciding whether two rows are one, merging by hand, splitting, and taking a no back."""

from uuid import UUID

from sqlmodel import Session, select

from agents import identity, merge_decisions
from agents.merging import Split
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from core.errors import NotFound, Rejected
from store.models import Merge, MergeKind, MergeProposal


def decide(
    deps: Dependencies, principal: Principal, proposal_id: UUID, *, merge: bool, keep: UUID | None = None
) -> UUID | None:
    """The merge's id; None for a no, which is remembered. `keep`: which of the two stays, else the one proposed.

    Raises Forbidden, NotFound, Conflict (decided before), Rejected.
    """
    principal.require(Permission.RECORDS)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        found = _proposal(session, proposal_id)
        _may_see(principal, found.kind)
        if keep is not None and keep not in (found.first_id, found.second_id):
            raise Rejected("The one to keep is neither of the two.", hint="Give the id of one side of the proposal.")
        swap = keep is not None and str(keep) != found.evidence.get("kept_id")
        merge_id = identity.decide(
            session, context, proposal_id, accept=merge, by=principal.actor, swap=swap and merge
        )  # fmt: skip
        if not merge:
            merge_decisions.audit_decision(session, context, found, principal.actor, "identity.rejected")
        return merge_id


def reconsider(deps: Dependencies, principal: Principal, proposal_id: UUID) -> None:
    """A no is taken back. Raises Forbidden, NotFound, Conflict."""
    principal.require(Permission.RECORDS)
    with deps.database.write(principal.workspace_id) as session:
        _may_see(principal, _proposal(session, proposal_id).kind)
        context = deps.context_for(principal.workspace_id)
        merge_decisions.reconsider(session, context, proposal_id, by=principal.actor)


def merge(deps: Dependencies, principal: Principal, kept_id: UUID, absorbed_id: UUID) -> UUID:
    """By hand. Raises Forbidden, NotFound, Conflict, Rejected."""
    principal.require(Permission.RECORDS)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        _may_see(principal, merge_decisions.kind_of(session, context, kept_id))
        return merge_decisions.merge_by_hand(session, context, kept_id, absorbed_id, by=principal.actor)


def split(deps: Dependencies, principal: Principal, merge_id: UUID, *, ask_again: bool = False) -> Split:
    """Raises Forbidden, NotFound, Conflict (a later merge rests on it)."""
    principal.require(Permission.RECORDS)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        found = session.exec(select(Merge).where(Merge.id == merge_id)).one_or_none()
        if found is None:
            raise NotFound("There is no such merge.")
        _may_see(principal, found.kind)
        return merge_decisions.part(session, context, merge_id, by=principal.actor, ask_again=ask_again)


def _proposal(session: Session, proposal_id: UUID) -> MergeProposal:
    found = session.exec(select(MergeProposal).where(MergeProposal.id == proposal_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such proposal.")
    return found


def _may_see(principal: Principal, kind: MergeKind) -> None:
    """Nobody says of two people unseen whether they are one."""
    if kind is MergeKind.CONTACT:
        principal.require(Permission.PEOPLE)
