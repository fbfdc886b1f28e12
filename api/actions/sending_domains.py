"""DKIM keys made and looked up: the right and the transaction."""

from uuid import UUID

from agents import sending_domains
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views.sending_domains import SigningKeyOut, keys_out
from core.errors import NotFound
from tools.mail.dkim import KeyKind


def make(deps: Dependencies, principal: Principal, domain: str, kind: KeyKind) -> SigningKeyOut:
    """Raises Forbidden, Rejected, Conflict."""
    principal.require(Permission.MAILBOXES)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        row = sending_domains.make(session, context, domain, kind=kind, by=principal.actor)
        return next(key for key in keys_out(session, context, [row.domain]) if key.id == row.id)


def check(deps: Dependencies, principal: Principal, key_id: UUID) -> SigningKeyOut:
    """Takes seconds. Raises Forbidden, NotFound, FixConfiguration."""
    principal.require(Permission.MAILBOXES)
    context = deps.context_for(principal.workspace_id)
    row = sending_domains.check(context, key_id, by=principal.actor)
    with deps.database.read(principal.workspace_id) as session:
        found = next((key for key in keys_out(session, context, [row.domain]) if key.id == key_id), None)
    if found is None:
        raise NotFound("There is no such key.")
    return found
