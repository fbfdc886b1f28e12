"""Legal bases as records: recorded by hand, imported, withdrawn; each in the audit chain, none with its words."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session

from agents import consents
from agents.consents import Told
from api.actions.merged import refuse_merged
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from core.errors import Conflict, NotFound, Rejected
from store import audit
from store.models import Contact
from store.queries import legal_bases


def record(deps: Dependencies, principal: Principal, contact_id: UUID, told: Told) -> bool:
    """False: it was on record before. Raises Forbidden, NotFound, Conflict, Rejected."""
    principal.require(Permission.RECORDS)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        _standing(session, principal, contact_id)
        new = consents.checked(contact_id, told, deps.clock.now(), by=principal.actor, source="by hand")
        count = consents.record(session, context, [new])
        if count:
            details = {"basis": told.basis, "channel": told.channel, "until": _day(new.expires_at)}
            _audit(deps, principal, session, contact_id, "contact.basis_recorded", details)
    return bool(count)


def withdraw(deps: Dependencies, principal: Principal, contact_id: UUID, *, channel: str, basis_id: UUID | None) -> int:
    """Ends what holds: what is queued and rests on it is stopped by the dispatcher. Raises Forbidden, NotFound."""
    principal.require(Permission.RECORDS)
    with deps.database.write(principal.workspace_id) as session:
        _standing(session, principal, contact_id)
        count = legal_bases.withdraw(
            session, deps.clock, contact_id, by=principal.actor, channel=channel, record_id=basis_id
        )
        if count:
            details = {"records": count, "channel": channel or "all"}
            _audit(deps, principal, session, contact_id, "contact.basis_withdrawn", details)
    return count


def take_in(
    deps: Dependencies, principal: Principal, rows: Sequence[tuple[str, Told]], *, source: str
) -> tuple[int, list[tuple[int, str]]]:
    """Rows of a file, by address: (contacts with something new, what is wrong with which row, from 0). A row that is
    wrong is left out; the others are kept. Raises Forbidden."""
    principal.require(Permission.RECORDS)
    context, now = deps.context_for(principal.workspace_id), deps.clock.now()
    good, bad = [], []
    with deps.database.write(principal.workspace_id) as session:
        known = consents.by_address(session, context, [address for address, _ in rows])
        for number, (address, told) in enumerate(rows):
            contact_id = known.get(address)
            if contact_id is None:
                bad.append((number, "Nobody here has this address."))
                continue
            try:
                good.append(consents.checked(contact_id, told, now, by=principal.actor, source=source or "import"))
            except Rejected as error:
                bad.append((number, error.message))
        count = consents.record(session, context, good)
        details = {"rows": len(rows), "new": count, "refused": len(bad)}
        _audit(deps, principal, session, principal.workspace_id, "contact.bases_imported", details)
    return count, bad


def _standing(session: Session, principal: Principal, contact_id: UUID) -> None:
    contact = session.get(Contact, (principal.workspace_id, contact_id), with_for_update=True)
    if contact is None:
        raise NotFound("There is no such contact.")
    if contact.erased_at is not None:
        raise Conflict("This person was erased; nothing of them is kept.", code="erased")
    refuse_merged(session, contact_id, "contact")


def _audit(
    deps: Dependencies, principal: Principal, session: Session, subject_id: UUID, action: str, details: dict[str, Any]
) -> None:
    audit.append(
        session,
        deps.clock,
        deps.ids,
        actor=principal.actor,
        action=action,
        subject_kind="contact",
        subject_id=subject_id,
        details=details,
    )


def _day(at: Any) -> str:
    return at.date().isoformat() if at else ""
