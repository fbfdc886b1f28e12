"""A person's edits of one company, contact or lead. What they say wins over agents, and can be undone: every change is
a FieldEdit row with what stood there before."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel
from sqlmodel import Session

from agents import by_hand, stopping
from agents.context import AgentContext
from api import etags
from api.actions import company_edits
from api.actions.merged import refuse_lead_of_merged, refuse_merged
from api.actions.selections import STOP_REASONS
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from core.errors import Conflict, NotFound, Rejected
from store import audit, feed
from store.models import Company, Contact, FieldEdit, Lead, LeadStage, Mailbox, MailboxState
from store.queries import approvals, suppression

BY_HAND_STAGES: Final = ("scored", "nurture", "replied", "lost", "stopped")
_REOPENED_FROM: Final = (LeadStage.LOST, LeadStage.STOPPED, LeadStage.NURTURE)
_PASSED_OVER: Final = {
    "written_to": "Somebody wrote to them already, and the thread keeps its sender.",
    "no_sequence": "No sequence was started for this lead, so nobody owns it yet.",
    "no_open_sequence": "Its sequence has ended, so there is nobody to write on.",
}

Shown = Callable[[Session], BaseModel]  # what a GET answers, for If-Match


def edit_company(
    deps: Dependencies,
    principal: Principal,
    company_id: UUID,
    values: Mapping[str, Any],
    *,
    release: tuple[str, ...] = (),
    if_match: str | None = None,
    shown: Shown | None = None,
) -> list[str]:
    """The names of the fields that changed. Raises Forbidden, NotFound, PreconditionFailed, Conflict (it was merged
    into another), Rejected."""
    principal.require(Permission.RECORDS)
    values = company_edits.tidy(values)
    with deps.database.write(principal.workspace_id) as session:
        company = session.get(Company, (principal.workspace_id, company_id), with_for_update=True)
        if company is None:
            raise NotFound("There is no such company.")
        refuse_merged(session, company_id, "company")
        _check(session, if_match, shown)
        changed = company_edits.apply(deps, principal, session, company, values)
        if release:
            company_edits.release(deps, session, company, release)
        if changed or release:
            details = {"fields": sorted(changed), "released": sorted(release)}
            _audit(deps, principal, session, "company", company_id, "edited", details)
    return changed


def edit_lead(
    deps: Dependencies,
    principal: Principal,
    lead_id: UUID,
    *,
    stage: LeadStage | None = None,
    reason: str = "",
    mailbox_id: UUID | None = None,
    if_match: str | None = None,
    shown: Shown | None = None,
) -> list[str]:
    """Raises Forbidden, NotFound, PreconditionFailed, Conflict, Rejected (a stage that is not given by hand)."""
    principal.require(Permission.RECORDS)
    context = deps.context_for(principal.workspace_id)
    if stage is not None and stage.value not in BY_HAND_STAGES:
        raise Rejected(
            f"The stage “{stage.value.replace('_', ' ')}” is not given by hand.",
            hint="Meetings and deals set it: record there how it went.",
            code="stage_by_event",
        )
    with deps.database.write(principal.workspace_id) as session:
        lead = session.get(Lead, (principal.workspace_id, lead_id), with_for_update=True)
        if lead is None:
            raise NotFound("There is no such lead.")
        refuse_lead_of_merged(session, lead)
        _check(session, if_match, shown)
        changed = []
        if mailbox_id is not None and _hand_over(session, context, principal, lead, mailbox_id):
            changed.append("mailbox_id")
        if stage is not None and stage is not lead.stage:
            before = lead.stage.value
            _set_stage(session, context, lead, stage, reason)
            _kept(deps, principal, session, "lead", lead_id, lead.company_id, "stage", before, stage.value)
            changed.append("stage")
        if changed:
            session.flush()
            _audit(deps, principal, session, "lead", lead_id, "edited", {"fields": changed, "stage": lead.stage.value})
    return changed


def _hand_over(session: Session, context: AgentContext, principal: Principal, lead: Lead, mailbox_id: UUID) -> bool:
    mailbox = session.get(Mailbox, (principal.workspace_id, mailbox_id))
    if mailbox is None:
        raise NotFound("There is no such mailbox.")
    if mailbox.state is not MailboxState.ACTIVE:
        raise Conflict("This mailbox is paused, and sends nothing.", hint="Choose another, or resume it first.")
    done = by_hand.change_mailbox(session, context, [lead], mailbox_id, actor=principal.actor)
    why = done.skipped.get(lead.id, "")
    if why in _PASSED_OVER:
        raise Conflict(_PASSED_OVER[why], code=why)
    return bool(done.changed)


def _set_stage(session: Session, context: AgentContext, lead: Lead, stage: LeadStage, reason: str) -> None:
    if stage in (LeadStage.LOST, LeadStage.STOPPED):
        if lead.stage in stopping.FINAL:
            raise Conflict(f"The lead is {lead.stage.value} already.", hint="Open it again first, if that was wrong.")
        stopping.stop_lead(session, context, lead, stage, STOP_REASONS.get(reason, STOP_REASONS["other"]))
        return
    if lead.stage is LeadStage.WON:
        raise Conflict("The lead is won: its deal says so.", hint="Change the deal instead.")
    if stage is LeadStage.SCORED:
        _reopen(session, context, lead)
    else:
        if lead.stage in stopping.FINAL:
            raise Conflict(f"The lead is {lead.stage.value}.", hint="Open it again first: give it the stage scored.")
        words = {"replied": "A person says they answered.", "nurture": "A person put it aside."}[stage.value]
        stopping.stop_sequence(session, lead.id, words)
        approvals.void_for_lead(session, context.clock, context.ids, lead.id, words)
        stopping.release_proposals(session, context, [lead.id])
    feed.publish(session, context.clock, [feed.lead_moved(lead, stage)])
    lead.stage, lead.stop_reason, lead.updated_at = stage, "", context.clock.now()
    session.add(lead)


def _reopen(session: Session, context: AgentContext, lead: Lead) -> None:
    if lead.stage not in _REOPENED_FROM:
        raise Conflict(
            f"The lead is {lead.stage.value.replace('_', ' ')}: there is nothing to open again.", code="not_ended"
        )
    contact = session.get(Contact, (context.workspace_id, lead.contact_id))
    if contact is None or contact.erased_at is not None:
        raise Conflict("This person was erased.")
    if contact.email_sealed:
        address = context.sealer.open(contact.email_sealed, context=f"contact|email|{contact.id}")
        if suppression.is_suppressed(session, context.sealer, address):
            raise Conflict("This person is never written to again, so the lead stays closed.", code="suppressed")


def _kept(
    deps: Dependencies,
    principal: Principal,
    session: Session,
    kind: str,
    subject_id: UUID,
    company_id: UUID,
    field: str,
    before: Any,
    after: Any,
) -> None:
    session.add(
        FieldEdit(
            workspace_id=principal.workspace_id,
            id=deps.ids.new(),
            subject_kind=kind,
            subject_id=subject_id,
            company_id=company_id,
            field=field,
            before=before,
            after=after,
            by=principal.actor,
            at=deps.clock.now(),
        )
    )


def _check(session: Session, if_match: str | None, shown: Shown | None) -> None:
    if if_match and shown is not None:
        etags.check(if_match, shown(session))


def _audit(
    deps: Dependencies,
    principal: Principal,
    session: Session,
    kind: str,
    subject_id: UUID,
    what: str,
    details: Mapping[str, Any],
) -> None:
    audit.append(
        session,
        deps.clock,
        deps.ids,
        actor=principal.actor,
        action=f"{kind}.{what}",
        subject_kind=kind,
        subject_id=subject_id,
        details=details,
    )
