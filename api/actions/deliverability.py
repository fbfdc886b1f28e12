"""Domains looked at and brakes lifted: the right, the transaction, the look at the DNS outside of it."""

from collections.abc import Sequence
from uuid import UUID

from agents import brakes, mail_domains
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views import deliverability as views
from api.views.deliverability import BrakeOut, MailDomainOut


def change_domain(
    deps: Dependencies,
    principal: Principal,
    domain: str,
    *,
    selectors: Sequence[str] | None = None,
    sends_from: Sequence[str] | None = None,
    blocklists: Sequence[str] | None = None,
    ramp: str | None = None,
) -> MailDomainOut:
    """What is left out stays. Raises Forbidden, NotFound, Rejected."""
    principal.require(Permission.MAILBOXES)
    context = deps.context_for(principal.workspace_id)
    name = domain.strip().strip(".").lower()
    with deps.database.write(principal.workspace_id) as session:
        mail_domains.change(
            session,
            context,
            name,
            selectors=selectors,
            sends_from=sends_from,
            blocklists=blocklists,
            ramp=ramp,
            by=principal.actor,
        )
        return views.mail_domain(session, name)


def check_domain(deps: Dependencies, principal: Principal, domain: str) -> MailDomainOut:
    """Asks the DNS now; takes seconds. Raises Forbidden, NotFound, Conflict (look-ups are off)."""
    principal.require(Permission.MAILBOXES)
    name = domain.strip().strip(".").lower()
    mail_domains.look(deps.context_for(principal.workspace_id), name)
    with deps.database.read(principal.workspace_id) as session:
        return views.mail_domain(session, name)


def lift_brake(deps: Dependencies, principal: Principal, brake_id: UUID, reason: str) -> BrakeOut:
    """Raises Forbidden, NotFound, Rejected, Conflict."""
    principal.require(Permission.MAILBOXES)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        return views.brake_out(brakes.lift(session, context, brake_id, reason, by=principal.actor))
