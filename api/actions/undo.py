"""Taking back what a person did: an approval until it leaves, a task, an edit that nobody edited since."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlmodel import Session, col, select

from api.actions import approvals, company_edits, contact_edits, records, work
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from core.errors import Conflict, NotFound, Rejected
from store import audit
from store.models import Company, FieldEdit, LeadStage


class _Nothing(BaseModel):
    """No version to compare with: only the moment to ask is wanted."""


def undo(deps: Dependencies, principal: Principal, kind: str, item_id: UUID) -> None:
    """`kind`: approval, task or edit. Raises Forbidden, NotFound, Conflict (too late, or overtaken), Rejected."""
    if kind == "approval":
        approvals.undo(deps, principal, item_id)
    elif kind == "task":
        work.reopen_task(deps, principal, item_id)
    elif kind == "edit":
        undo_edit(deps, principal, item_id)
    else:
        raise Rejected("This cannot be undone.", hint="Approvals, done tasks and edits can.", code="not_undoable")


def undo_edit(deps: Dependencies, principal: Principal, edit_id: UUID) -> None:
    """A second time changes nothing. Raises Forbidden, NotFound, Conflict (it was edited again since)."""
    principal.require(Permission.RECORDS)
    with deps.database.read(principal.workspace_id) as session:
        edit = session.get(FieldEdit, (principal.workspace_id, edit_id))
        if edit is None:
            raise NotFound("There is no such edit.")
        if edit.undone_at is not None:
            return
        before = _value(deps, principal, edit, "before")

    def unless_overtaken(session: Session) -> _Nothing:
        """Asked in the transaction that puts it back, with its row locked."""
        _refuse_overtaken(session, edit)
        return _Nothing()

    guard: dict[str, Any] = {"if_match": "*", "shown": unless_overtaken}
    if edit.subject_kind == "company":
        _undo_company(deps, principal, edit)
    elif edit.subject_kind == "contact":
        contact_edits.edit_contact(deps, principal, edit.subject_id, {edit.field: before}, **guard)
    else:
        records.edit_lead(deps, principal, edit.subject_id, stage=LeadStage(str(before)), **guard)
    with deps.database.write(principal.workspace_id) as session:
        # Putting it back wrote an edit of its own, which would offer to undo the undoing.
        own = select(FieldEdit).where(
            FieldEdit.subject_id == edit.subject_id,
            FieldEdit.field == edit.field,
            col(FieldEdit.undone_at).is_(None),
            col(FieldEdit.id) >= edit.id,
        )
        for row in session.exec(own.with_for_update()):
            row.undone_at, row.undone_by = deps.clock.now(), principal.actor
            session.add(row)
        audit.append(
            session,
            deps.clock,
            deps.ids,
            actor=principal.actor,
            action=f"{edit.subject_kind}.edit_undone",
            subject_kind=edit.subject_kind,
            subject_id=edit.subject_id,
            details={"field": edit.field},
        )


def _refuse_overtaken(session: Session, edit: FieldEdit) -> None:
    later = select(FieldEdit.id).where(
        FieldEdit.subject_id == edit.subject_id,
        FieldEdit.field == edit.field,
        col(FieldEdit.undone_at).is_(None),
        col(FieldEdit.id) > edit.id,  # ids grow with time, also within one instant
    )
    if session.exec(later).first() is not None:
        raise Conflict(
            "Somebody edited this field again since.", hint="Undo the newer edit first.", code="edited_since"
        )


def _undo_company(deps: Dependencies, principal: Principal, edit: FieldEdit) -> None:
    """What stood there before was a source's word, or an earlier one of a person's: each is put back as what it was."""
    with deps.database.write(principal.workspace_id) as session:
        company = session.get(Company, (principal.workspace_id, edit.subject_id), with_for_update=True)
        if company is None:
            raise NotFound("There is no such company.")
        _refuse_overtaken(session, edit)
        earlier = select(FieldEdit.id).where(
            FieldEdit.subject_id == edit.subject_id,
            FieldEdit.field == edit.field,
            FieldEdit.id != edit.id,
            col(FieldEdit.undone_at).is_(None),
        )
        if session.exec(earlier).first() is not None:
            company_edits.say(deps, principal, session, [(company, {edit.field: edit.before})])
            return
        company_edits.release(deps, session, company, [edit.field])
        if getattr(company, edit.field) != edit.before:
            # No source ever said it: it came with the company itself.
            setattr(company, edit.field, edit.before)
            company.updated_at = deps.clock.now()
            session.add(company)


def _value(deps: Dependencies, principal: Principal, edit: FieldEdit, side: str) -> Any:
    token = getattr(edit, f"{side}_sealed")
    if token is None:
        return getattr(edit, side)
    sealer = deps.context_for(principal.workspace_id).sealer
    return sealer.open(token, context=f"field_edit|{side}|{edit.id}")
