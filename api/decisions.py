"""A person's word on a draft, for the API and the console alike: the right, the transaction, names for ids."""

from uuid import UUID

from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views.people import named, names_of_actors
from core.errors import Conflict, Rejected
from store.queries import approvals
from store.queries.approvals import Action, Decided


def decide(
    deps: Dependencies, principal: Principal, approval_id: UUID, *, action: Action, content_hash: str, reason: str = ""
) -> Decided:
    """Raises Forbidden, NotFound, Conflict (it names who was first), Rejected (a rejection without its reason)."""
    principal.require(Permission.DECIDE)
    reason = reason.strip()
    if action is Action.REJECT and not reason:
        raise Rejected(
            "A rejection needs a reason.", hint="A few words are enough: they say what to do better next time."
        )
    try:
        with deps.database.write(principal.workspace_id) as session:
            return approvals.decide(
                session,
                deps.clock,
                deps.ids,
                approval_id,
                expected_hash=content_hash,
                action=action,
                by=principal.actor,
                reason=reason[:1_000],
            )
    except Conflict as error:
        raise _with_names(deps, principal, error) from error


def undo(deps: Dependencies, principal: Principal, approval_id: UUID) -> UUID:
    """The draft's id, which waits again. Raises Forbidden, NotFound, Conflict (it left)."""
    principal.require(Permission.DECIDE)
    with deps.database.write(principal.workspace_id) as session:
        return approvals.undo(session, deps.clock, deps.ids, approval_id, by=principal.actor)


def _with_names(deps: Dependencies, principal: Principal, error: Conflict) -> Conflict:
    with deps.database.read(principal.workspace_id) as session:
        names = names_of_actors(session)
    return Conflict(named(error.message, names), hint=error.hint, code=error.code)
