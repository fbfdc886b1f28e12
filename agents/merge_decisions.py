"""What a person says of who is the same, beyond a proposal: made one by hand, parted again, a no taken back.

A no and a split are remembered as the pair's proposal: agents.identity never merges nor proposes that pair again.
"""

from typing import Final
from uuid import UUID

from sqlmodel import Session, select

from agents import merging
from agents.context import AgentContext
from agents.merging import Grounds, Split, merge_companies, merge_contacts
from core.errors import Conflict, NotFound, Rejected
from core.ids import stable_id
from store import audit, bulk
from store.models import Company, Contact, Merge, MergeKind, MergeProposal, ProposalState

BY_HAND: Final = "a person said so"


def kind_of(session: Session, context: AgentContext, row_id: UUID) -> MergeKind:
    """Raises NotFound."""
    if session.get(Company, (context.workspace_id, row_id)) is not None:
        return MergeKind.COMPANY
    if session.get(Contact, (context.workspace_id, row_id)) is not None:
        return MergeKind.CONTACT
    raise NotFound("There is no such company or contact.")


def merge_by_hand(session: Session, context: AgentContext, kept_id: UUID, absorbed_id: UUID, *, by: str) -> UUID:
    """Two rows that nobody proposed, or that a person rejected before. Returns the merge's id.

    Raises NotFound, Rejected (a company and a contact), and what merging raises.
    """
    kind = kind_of(session, context, kept_id)
    if kind_of(session, context, absorbed_id) is not kind:
        raise Rejected("A company and a contact cannot be one.", hint="Give two companies, or two contacts.")
    merge = merge_companies if kind is MergeKind.COMPANY else merge_contacts
    merge_id = merge(session, context, kept_id, absorbed_id, Grounds(1.0, [BY_HAND], by))
    if (proposal := _of_pair(session, context, kept_id, absorbed_id)) is not None:
        _settle(session, context, proposal, ProposalState.ACCEPTED, by)
    return merge_id


def part(session: Session, context: AgentContext, merge_id: UUID, *, by: str, ask_again: bool = False) -> Split:
    """Splits, and remembers it: the pair is left alone for good, or with `ask_again` waits for a decision once more.

    Again: changes nothing. Raises what agents.merging.split raises.
    """
    merge = session.exec(select(Merge).where(Merge.id == merge_id)).one_or_none()
    before = merge is not None and merge.split_at is not None
    done = merging.split(session, context, merge_id, by=by)
    if merge is None or before:
        return done
    state = ProposalState.WAITING if ask_again else ProposalState.REJECTED
    proposal = _of_pair(session, context, merge.kept_id, merge.absorbed_id)
    if proposal is not None:
        _settle(session, context, proposal, state, by)
        return done
    first, second = sorted((merge.kept_id, merge.absorbed_id))
    decided = {"decided_by": by, "decided_at": context.clock.now()} if state is ProposalState.REJECTED else {}
    row = {
        "id": stable_id("merge_proposal", context.workspace_id, first, second),
        "kind": merge.kind,
        "first_id": first,
        "second_id": second,
        "probability": merge.probability,
        "reasons": list(merge.reasons),
        "evidence": {"kept_id": str(merge.kept_id)},
        "state": state,
        "created_at": context.clock.now(),
        **decided,
    }
    bulk.insert(session, MergeProposal, [row])
    return done


def reconsider(session: Session, context: AgentContext, proposal_id: UUID, *, by: str) -> None:
    """Takes a no back: the pair waits for a decision again. Where it waits already nothing changes.

    Raises NotFound; Conflict where the pair was merged (that is split instead).
    """
    query = select(MergeProposal).where(MergeProposal.id == proposal_id).with_for_update()
    proposal = session.exec(query).one_or_none()
    if proposal is None:
        raise NotFound("There is no such proposal.")
    if proposal.state is ProposalState.ACCEPTED:
        raise Conflict("These two were merged.", hint="Split the merge instead.")
    if proposal.state is ProposalState.REJECTED:
        _settle(session, context, proposal, ProposalState.WAITING, by)
        audit_decision(session, context, proposal, by, "identity.reconsidered")


def audit_decision(session: Session, context: AgentContext, proposal: MergeProposal, by: str, action: str) -> None:
    """A no leaves no merge behind, so it has a line of its own. Ids only."""
    details = {"kind": proposal.kind.value, "first_id": str(proposal.first_id), "second_id": str(proposal.second_id)}
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=by,
        action=action,
        subject_kind="merge_proposal",
        subject_id=proposal.id,
        details=details,
    )


def _of_pair(session: Session, context: AgentContext, one: UUID, other: UUID) -> MergeProposal | None:
    first, second = sorted((one, other))
    query = select(MergeProposal).where(MergeProposal.first_id == first, MergeProposal.second_id == second)
    return session.exec(query.with_for_update()).one_or_none()


def _settle(session: Session, context: AgentContext, proposal: MergeProposal, state: ProposalState, by: str) -> None:
    proposal.state = state
    waits = state is ProposalState.WAITING
    proposal.decided_by, proposal.decided_at = ("", None) if waits else (by, context.clock.now())
    session.add(proposal)
    session.flush()
