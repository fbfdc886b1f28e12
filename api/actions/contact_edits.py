"""A person's edits of one contact, and the two things a contact may ask for: no more mails, and to be forgotten."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from sqlmodel import Session, col, select

from agents import by_hand, consents, stopping
from agents.context import AgentContext
from api import etags
from api.actions.merged import refuse_merged
from api.actions.records import Shown
from api.auth import normal_email
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from core.errors import Conflict, NotFound, Rejected
from store import audit
from store.erasure import Erased, erase_contact, scrub_files
from store.models import Contact, FieldEdit, TouchState
from store.queries import approvals, legal_bases, suppression
from tools.names import person_key
from tools.ports import EmailStatus
from tools.providers.catalog import SENT_FOLDER
from tools.providers.mail_transport.folder import FolderTransport

SEALED: Final = ("name", "email", "phone")
PLAIN: Final = ("title", "seniority", "department", "buying_role", "country", "time_zone", "subscriber")
LEGAL: Final = ("legal_basis", "legal_basis_evidence", "legal_basis_at")
_SAID_NO: Final = ("opt_out", "objection", "complaint")  # a new address is no way around their word


def edit_contact(
    deps: Dependencies,
    principal: Principal,
    contact_id: UUID,
    values: Mapping[str, Any],
    *,
    if_match: str | None = None,
    shown: Shown | None = None,
) -> list[str]:
    """The names of the fields that changed. Raises Forbidden, NotFound, PreconditionFailed, Conflict (erased;
    merged into another; another contact has this address or name; they said no), Rejected."""
    principal.require(Permission.RECORDS)
    context = deps.context_for(principal.workspace_id)
    wanted = _tidy(values)
    with deps.database.write(principal.workspace_id) as session:
        contact = session.get(Contact, (principal.workspace_id, contact_id), with_for_update=True)
        if contact is None:
            raise NotFound("There is no such contact.")
        if if_match and shown is not None:
            etags.check(if_match, shown(session))
        if contact.erased_at is not None:
            raise Conflict("This person was erased; nothing of them is kept.", code="erased")
        refuse_merged(session, contact_id, "contact")
        before = {name: _now(context, contact, name) for name in wanted}
        changed = [name for name in wanted if wanted[name] != before[name]]
        if any(name in LEGAL for name in changed):
            _check_basis(contact, wanted)
        for name in changed:
            if name not in LEGAL:
                _write(session, context, principal, contact, name, wanted[name])
        if changed:
            contact.updated_at = deps.clock.now()
            session.add(contact)
            session.add_all(
                _edit(deps, principal, context, contact, name, before[name], wanted[name]) for name in changed
            )
            session.flush()
            if any(name in LEGAL for name in changed):
                _keep_basis(session, context, principal, contact, wanted)
            _audit(deps, principal, session, contact_id, "edited", {"fields": sorted(changed)})
    return changed


def opt_out(deps: Dependencies, principal: Principal, contact_id: UUID, *, reason: str) -> bool:
    """Never written to again; False where it was so already. Raises Forbidden, NotFound, Conflict (no address)."""
    principal.require(Permission.SUPPRESS)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        contact = session.get(Contact, (principal.workspace_id, contact_id), with_for_update=True)
        if contact is None:
            raise NotFound("There is no such contact.")
        done = by_hand.suppress_contacts(session, context, [contact], reason=reason, actor=principal.actor)
        why = done.skipped.get(contact_id)
        if why == "no_address":
            raise Conflict("No address is known of this person, so nobody can write to them.", code=why)
        if done.changed:
            _audit(deps, principal, session, contact_id, "suppressed", {"reason": reason})
    return bool(done.changed)


def erase(deps: Dependencies, principal: Principal, contact_id: UUID) -> Erased:
    """Forget a person (GDPR Art. 17): rows, sent files. It cannot be undone. Raises Forbidden, NotFound.

    Needs the right to set policies: what is erased is gone for everybody.
    """
    principal.require(Permission.POLICIES)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        erased = erase_contact(session, deps.clock, context.sealer, contact_id)
        _audit(deps, principal, session, contact_id, "erased", {})
    folder = FolderTransport(deps.settings.data_dir / SENT_FOLDER)
    for message_id in erased.message_ids:
        folder.path(message_id).unlink(missing_ok=True)
    scrub_files(deps.database)
    return erased


def _tidy(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, str):
            value = value.strip() if name == "legal_basis_evidence" else " ".join(value.split())
        if name == "email" and value:
            value = normal_email(value)
        if name == "country" and value:
            value = value.upper()
        if name == "time_zone" and value and value not in available_timezones():
            raise Rejected(f"There is no time zone “{value}”.", hint="As in Europe/Berlin.", code="invalid")
        found[name] = ("" if name != "legal_basis_at" else None) if value is None else value
    return found


def _now(context: AgentContext, contact: Contact, name: str) -> Any:
    if name not in SEALED:
        return getattr(contact, name)
    token = getattr(contact, f"{name}_sealed")
    return context.sealer.open(token, context=f"contact|{name}|{contact.id}") if token else ""


def _write(
    session: Session, context: AgentContext, principal: Principal, contact: Contact, name: str, value: Any
) -> None:
    if name in SEALED:
        if name == "email":
            _new_address(session, context, principal, contact, value)
        elif name == "name":
            _new_name(session, context, contact, value)
        token = context.sealer.seal(value, context=f"contact|{name}|{contact.id}") if value else None
        setattr(contact, f"{name}_sealed", token)
    else:
        setattr(contact, name, value)


def _new_address(session: Session, context: AgentContext, principal: Principal, contact: Contact, address: str) -> None:
    """Refused where somebody said no, or has it; drafts to the old address are written anew."""
    old = _now(context, contact, "email")
    reasons = suppression.suppressed_among(session, context.sealer, [text for text in (old, address) if text])
    if reasons.get(old) in _SAID_NO:
        raise Conflict(
            "This person said that they want no more mail; a new address does not change that.", code="suppressed"
        )
    if address in reasons:
        raise Conflict(
            "Nobody writes to this address: it is suppressed.", hint="Look at the suppressions.", code="suppressed"
        )
    index = context.sealer.blind_index("email", address) if address else None
    if index and (other := _other(session, contact, col(Contact.email_index) == index)):
        raise Conflict("Another contact has this address.", hint=f"See /contacts/{other}.", code="address_taken")
    contact.email_index = index
    contact.email_status, contact.email_reasons = EmailStatus.UNKNOWN.value, ["changed by hand, not checked yet"]
    contact.email_checked_at = None
    why = "Their address changed."
    approvals.void_for_contacts(
        session, context.clock, context.ids, [contact.id], why, actor=principal.actor, touch_state=TouchState.PLANNED
    )
    stopping.cancel_mails_without_draft(session, contact.id, why)


def _new_name(session: Session, context: AgentContext, contact: Contact, name: str) -> None:
    key = person_key(name)
    index = context.sealer.blind_index("person", key) if key else None
    same = (col(Contact.company_id) == contact.company_id) & (col(Contact.person_index) == index)
    if index and (other := _other(session, contact, same)):
        raise Conflict(
            "Another contact at this company has this name.", hint=f"See /contacts/{other}.", code="name_taken"
        )
    contact.person_index = index


def _other(session: Session, contact: Contact, where: Any) -> UUID | None:
    return session.exec(select(Contact.id).where(where, Contact.id != contact.id)).first()


def _keep_basis(
    session: Session, context: AgentContext, principal: Principal, contact: Contact, wanted: Mapping[str, Any]
) -> None:
    """As a record; without a basis, everything that holds is taken back. Raises Rejected."""
    basis, evidence, at = (wanted.get(name, getattr(contact, name)) for name in LEGAL)
    if not basis:
        legal_bases.withdraw(session, context.clock, contact.id, by=principal.actor, channel=legal_bases.MAIL)
        contact.legal_basis, contact.legal_basis_evidence = "", ""
        contact.legal_basis_at = contact.legal_basis_until = None
        session.add(contact)
        return
    told = consents.Told(basis, evidence, at)
    new = consents.checked(contact.id, told, context.clock.now(), by=principal.actor, source="edit")
    consents.record(session, context, [new])


def _check_basis(contact: Contact, wanted: Mapping[str, Any]) -> None:
    basis, evidence, at = (wanted.get(name, getattr(contact, name)) for name in LEGAL)
    if basis and not (evidence and at):
        raise Rejected(
            "A legal basis needs its evidence and the day it is from.",
            hint="Say where it is written, so that you can show it when asked.",
            code="evidence_missing",
        )


def _edit(
    deps: Dependencies,
    principal: Principal,
    context: AgentContext,
    contact: Contact,
    name: str,
    before: Any,
    after: Any,
) -> FieldEdit:
    """Personal values sealed, as "field_edit|before|<id>" and "field_edit|after|<id>"."""
    edit = FieldEdit(
        workspace_id=principal.workspace_id,
        id=deps.ids.new(),
        subject_kind="contact",
        subject_id=contact.id,
        company_id=contact.company_id,
        field=name,
        by=principal.actor,
        at=deps.clock.now(),
    )
    if name in (*SEALED, "legal_basis_evidence"):
        edit.before_sealed = context.sealer.seal(before or "", context=f"field_edit|before|{edit.id}")
        edit.after_sealed = context.sealer.seal(after or "", context=f"field_edit|after|{edit.id}")
    else:
        edit.before, edit.after = _json(before), _json(after)
    return edit


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _audit(
    deps: Dependencies, principal: Principal, session: Session, contact_id: UUID, what: str, details: Mapping[str, Any]
) -> None:
    audit.append(
        session,
        deps.clock,
        deps.ids,
        actor=principal.actor,
        action=f"contact.{what}",
        subject_kind="contact",
        subject_id=contact_id,
        details=details,
    )


def midnight(day: str, zone: str) -> datetime | None:
    """A form's day as an instant. Raises Rejected."""
    if not day.strip():
        return None
    try:
        return datetime.fromisoformat(day.strip()[:10]).replace(tzinfo=ZoneInfo(zone or "UTC"))
    except ValueError:
        raise Rejected("This is not a day.", hint="As in 2026-06-02.", code="invalid") from None
