"""Who is never written to again: added by hand and by lists, and let go by an admin with a reason."""

from collections.abc import Sequence

from sqlmodel import Session

from agents import suppressing
from agents.suppressing import Entry
from api.auth import normal_email
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from core.errors import Rejected
from store import audit


def add(deps: Dependencies, principal: Principal, entries: Sequence[Entry], *, source: str = "") -> int:
    """In force with this transaction: what is queued is taken back, and the dispatcher asks again before each send.
    Returns how many keys were new. Raises Forbidden, Rejected."""
    principal.require(Permission.SUPPRESS)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        new = suppressing.suppress(
            session, context, entries, source=source[:100] or principal.actor, actor=principal.actor
        )
        details = {"new": new, "entries": len(entries), "reasons": sorted({entry.reason for entry in entries})}
        _audit(deps, principal, session, "suppression.added", details)
    return new


def release(deps: Dependencies, principal: Principal, entry: Entry, *, why: str) -> int:
    """Raises Forbidden, NotFound, Conflict (they said no; erased), Rejected."""
    principal.require(Permission.UNSUPPRESS)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        count = suppressing.release(session, context, entry)
        _audit(deps, principal, session, "suppression.released", {"kind": entry.kind, "why": why, "keys": count})
    return count


def entry_of(address: str, domain: str, company_id: str, *, reason: str = "manual") -> Entry:
    """Of a form or a body that names exactly one. Raises Rejected."""
    given = [(kind, text) for kind, text in (("address", address), ("domain", domain), ("company", company_id)) if text]
    if len(given) != 1:
        raise Rejected("Give either an address, a domain or a company.")
    kind, text = given[0]
    return Entry(kind, normal_email(text) if kind == "address" else text, reason)


def _audit(deps: Dependencies, principal: Principal, session: Session, action: str, details: dict[str, object]) -> None:
    audit.append(
        session,
        deps.clock,
        deps.ids,
        actor=principal.actor,
        action=action,
        subject_kind="suppression",
        subject_id=principal.workspace_id,
        details=details,
    )
