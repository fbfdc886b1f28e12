"""One thing done to many records: to those that were ticked, or to all that match a filter whose count a person saw.

In chunks, each a transaction with its audit entry, so that a long list never locks the store; what a chunk did stays
done where a later one fails, and doing the same again passes over it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from agents import by_hand
from agents.by_hand import Done
from agents.context import AgentContext
from api.actions import company_edits
from api.actions.selections import (
    STOP_REASONS,
    ChangeMailbox,
    CompanyAction,
    ContactAction,
    ExcludeCompanies,
    LeadAction,
    PauseLeads,
    ResumeLeads,
    Selection,
    StopLeads,
)
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views.lists import companies, contacts, keyset, leads
from api.views.lists.filters import CompanyFilters, ContactFilters, Filters, LeadFilters
from core.errors import Conflict, NotFound, Rejected
from store import audit
from store.models import Company, Contact, Lead, Mailbox, MailboxState

MOST: Final = keyset.COUNTED
_CHUNK: Final = 500


@dataclass(slots=True)
class Outcome:
    matched: int = 0
    changed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)  # why others stayed as they are

    def add(self, wanted: int, done: Done) -> None:
        self.matched += wanted
        self.changed += len(done.changed)
        self.reasons.update(done.skipped.values())
        if missing := wanted - len(done.changed) - len(done.skipped):
            self.reasons["not_here"] += missing


def change_leads(deps: Dependencies, principal: Principal, action: LeadAction) -> Outcome:
    """Raises Forbidden, NotFound (the mailbox), Conflict (more match than were confirmed), Rejected (too many)."""
    principal.require(Permission.RECORDS)
    context = deps.context_for(principal.workspace_id)
    actor = principal.actor
    if isinstance(action, ChangeMailbox):
        _check_mailbox(deps, principal, action.mailbox_id)

    def act(session: Session, rows: Sequence[Any]) -> Done:
        match action:
            case StopLeads():
                return by_hand.stop_leads(session, context, rows, STOP_REASONS[action.reason], actor=actor)
            case PauseLeads():
                return by_hand.pause_leads(session, context, rows, actor=actor)
            case ResumeLeads():
                return by_hand.resume_leads(session, context, rows)
            case ChangeMailbox():
                return by_hand.change_mailbox(session, context, rows, action.mailbox_id, actor=actor)

    return _each(deps, principal, "lead", Lead, action, act)


def change_contacts(deps: Dependencies, principal: Principal, action: ContactAction) -> Outcome:
    """Raises Forbidden, Conflict, Rejected."""
    principal.require(Permission.SUPPRESS)
    context = deps.context_for(principal.workspace_id)

    def act(session: Session, rows: Sequence[Any]) -> Done:
        return by_hand.suppress_contacts(session, context, rows, reason=action.reason, actor=principal.actor)

    return _each(deps, principal, "contact", Contact, action, act)


def change_companies(deps: Dependencies, principal: Principal, action: CompanyAction) -> Outcome:
    """Raises Forbidden, Conflict, Rejected."""
    excludes = isinstance(action, ExcludeCompanies)
    principal.require(Permission.SUPPRESS if excludes else Permission.RECORDS)
    context: AgentContext = deps.context_for(principal.workspace_id)

    def act(session: Session, rows: Sequence[Any]) -> Done:
        if isinstance(action, ExcludeCompanies):
            return by_hand.exclude_companies(session, context, rows, reason="manual", actor=principal.actor)
        return company_edits.retag(deps, principal, session, rows, action.tag, add=action.action == "add_tag")

    return _each(deps, principal, "company", Company, action, act)


def selected_ids(session: Session, deps: Dependencies, principal: Principal, selection: Selection) -> list[UUID]:
    """In the order of ids. Raises Conflict where more match than the person was shown, Rejected for too many."""
    if selection.ids is not None:
        return sorted(set(selection.ids))
    filters: Filters = selection.filter  # type: ignore[attr-defined]
    found = list(session.execute(matching(session, deps, principal, filters).limit(MOST + 1)).scalars())
    if len(found) > MOST:
        raise Rejected(
            f"More than {MOST:,} match; no more are changed at once.", hint="Narrow the filter.", code="too_many"
        )
    if selection.confirmed is not None and len(found) > selection.confirmed:
        raise Conflict(
            f"{len(found):,} match now, and {selection.confirmed:,} were confirmed; nothing was changed.",
            hint="Look at the list again, and confirm what stands there now.",
            code="more_than_confirmed",
        )
    return sorted(found)


def matching(session: Session, deps: Dependencies, principal: Principal, filters: Filters) -> Any:
    """The statement that gives the ids of all that match."""
    sealer = deps.context_for(principal.workspace_id).sealer
    match filters:
        case LeadFilters():
            return leads.selected(session, sealer, principal, filters)
        case ContactFilters():
            return contacts.selected(session, sealer, principal, filters)
        case CompanyFilters():
            return companies.selected(session, filters)
    raise TypeError(f"{type(filters).__name__} is of no list.")


def _each(
    deps: Dependencies,
    principal: Principal,
    kind: str,
    model: type[SQLModel],
    action: Any,
    act: Callable[[Session, Sequence[Any]], Done],
) -> Outcome:
    with deps.database.read(principal.workspace_id) as session:
        ids = selected_ids(session, deps, principal, action)
    outcome, bulk_id = Outcome(), deps.ids.new()
    for chunk in _chunks(ids):
        with deps.database.write(principal.workspace_id) as session:
            column = col(model.id)  # type: ignore[attr-defined]
            rows = session.exec(select(model).where(column.in_(chunk)).order_by(column).with_for_update()).all()
            done = act(session, rows)
            outcome.add(len(chunk), done)
            if done.changed:
                audit.append(
                    session,
                    deps.clock,
                    deps.ids,
                    actor=principal.actor,
                    action=f"{kind}.bulk_{action.action}",
                    subject_kind="bulk",
                    subject_id=bulk_id,
                    details={
                        "ids": [str(changed) for changed in done.changed],
                        "changed": len(done.changed),
                        "skipped": len(chunk) - len(done.changed),
                        **action.audited(),
                    },
                )
    return outcome


def _chunks(ids: Sequence[UUID]) -> Iterator[list[UUID]]:
    for start in range(0, len(ids), _CHUNK):
        yield list(ids[start : start + _CHUNK])


def _check_mailbox(deps: Dependencies, principal: Principal, mailbox_id: UUID) -> None:
    with deps.database.read(principal.workspace_id) as session:
        mailbox = session.get(Mailbox, (principal.workspace_id, mailbox_id))
    if mailbox is None:
        raise NotFound("There is no such mailbox.")
    if mailbox.state is not MailboxState.ACTIVE:
        raise Conflict("This mailbox is paused, and sends nothing.", hint="Choose another, or resume it first.")


def count_matching(deps: Dependencies, principal: Principal, filters: Filters) -> int:
    """At most MOST + 1."""
    with deps.database.read(principal.workspace_id) as session:
        few = matching(session, deps, principal, filters).limit(MOST + 1).subquery()
        return int(session.execute(sa.select(sa.func.count()).select_from(few)).scalar_one())
