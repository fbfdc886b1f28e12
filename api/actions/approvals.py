"""A person's word on a draft, for the API and the console alike: the right, the transaction, names for ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from agents import content_notes, revision
from api.dependencies import Dependencies, Principal
from api.etags import PreconditionFailed
from api.permissions import Permission
from api.views import readers
from api.views.people import named, names_of_actors
from core.errors import Conflict, NotFound, Rejected, SalesOSError
from store import bulk
from store.models import Approval, DraftReader
from store.queries import approvals
from store.queries.approvals import Action, Decided


@dataclass(frozen=True, slots=True)
class Wanted:
    approval_id: UUID
    content_hash: str  # of the draft that was read
    action: Action = Action.APPROVE
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    approval_id: UUID
    decided: Decided | None
    error: SalesOSError | None  # why not, where it was not


def decide(
    deps: Dependencies, principal: Principal, approval_id: UUID, *, action: Action, content_hash: str, reason: str = ""
) -> Decided:
    """Raises Forbidden, NotFound, Conflict (it names who was first), Rejected (a rejection without its reason, a draft
    that the gate or the policy holds back)."""
    principal.require(Permission.DECIDE)
    reason = reason.strip()
    if action is Action.REJECT and not reason:
        raise Rejected(
            "A rejection needs a reason.", hint="A few words are enough: they say what to do better next time."
        )
    try:
        with deps.database.write(principal.workspace_id) as session:
            if action is Action.APPROVE:
                content_notes.refuse_blocked(session, deps.context_for(principal.workspace_id), approval_id)
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


def decide_many(deps: Dependencies, principal: Principal, wanted: Sequence[Wanted]) -> list[Result]:
    """Each for itself, in a transaction of its own: what one refuses, the others do not suffer. Raises Forbidden."""
    principal.require(Permission.DECIDE)
    found = []
    for item in wanted:
        try:
            decided = decide(
                deps,
                principal,
                item.approval_id,
                action=item.action,
                content_hash=item.content_hash,
                reason=item.reason,
            )
        except SalesOSError as error:
            found.append(Result(item.approval_id, None, error))
        else:
            found.append(Result(item.approval_id, decided, None))
    return found


def revise(
    deps: Dependencies,
    principal: Principal,
    approval_id: UUID,
    *,
    subject: str,
    body: str,
    made_from: str | None = None,
) -> revision.Revised:
    """A person's edit: a new draft in place of the old. `made_from`: the hash of the words that were edited.

    Raises Forbidden, NotFound, PreconditionFailed (not of that hash), Conflict (it left, or another edit stands).
    """
    principal.require(Permission.DECIDE)
    context = deps.context_for(principal.workspace_id)
    approval = _approval(deps, principal, approval_id)
    if made_from and made_from != approval.content_hash:
        raise PreconditionFailed(
            "These words were not made from this draft.", hint="Reload it, and edit what is there."
        )
    try:
        return revision.revise(context, approval.draft_id, subject, body, principal.actor)
    except Conflict as error:
        raise _with_names(deps, principal, error) from error


def preview(
    deps: Dependencies, principal: Principal, approval_id: UUID, *, subject: str, body: str
) -> list[dict[str, Any]]:
    """What the gate would say. Nothing is written. Raises Forbidden, NotFound, Conflict."""
    principal.require(Permission.DECIDE)
    approval = _approval(deps, principal, approval_id)
    context = deps.context_for(principal.workspace_id)
    return revision.preview(context, approval.draft_id, subject, body, principal.actor)


def read_by(deps: Dependencies, principal: Principal, approval_id: UUID, *, editing: bool) -> list[readers.Reader]:
    """A beat of an open page: this person has it open. Returns who else has. Raises NotFound."""
    now = deps.clock.now()
    with deps.database.write(principal.workspace_id) as session:
        if session.get(Approval, (principal.workspace_id, approval_id)) is None:
            raise NotFound("There is no such approval.")
        if principal.user_id is not None and principal.may(Permission.DECIDE):  # others are in nobody's way
            session.execute(sa.delete(DraftReader).where(col(DraftReader.seen_at) <= now - readers.GONE_AFTER))
            row = {"id": approval_id, "user_id": principal.user_id, "editing": editing, "since": now, "seen_at": now}
            bulk.upsert(session, DraftReader, [row], key=("id", "user_id"), update=("editing", "seen_at"))
        return readers.readers(session, principal, approval_id, now)


def left_by(deps: Dependencies, principal: Principal, approval_id: UUID) -> None:
    """The page was closed."""
    with deps.database.write(principal.workspace_id) as session:
        session.execute(
            sa.delete(DraftReader).where(
                col(DraftReader.id) == approval_id, col(DraftReader.user_id) == principal.user_id
            )
        )


def _approval(deps: Dependencies, principal: Principal, approval_id: UUID) -> Approval:
    with deps.database.read(principal.workspace_id) as session:
        approval = session.get(Approval, (principal.workspace_id, approval_id))
    if approval is None:
        raise NotFound("There is no such approval.")
    return approval


def _with_names(deps: Dependencies, principal: Principal, error: Conflict) -> Conflict:
    with deps.database.read(principal.workspace_id) as session:
        names = names_of_actors(session)
    return Conflict(named(error.message, names), hint=error.hint, code=error.code)
