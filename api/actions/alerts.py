"""Alerts that somebody has seen."""

from uuid import UUID

from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from core.errors import NotFound
from store.models import Alert


def see(deps: Dependencies, principal: Principal, alert_id: UUID) -> Alert:
    """A second time changes nothing. Raises Forbidden, NotFound."""
    principal.require(Permission.WORK)
    with deps.database.write(principal.workspace_id) as session:
        alert = session.get(Alert, (principal.workspace_id, alert_id), with_for_update=True)
        if alert is None:
            raise NotFound("There is no such alert.")
        if alert.seen_at is None:
            alert.seen_at = deps.clock.now()
            session.add(alert)
    return alert
