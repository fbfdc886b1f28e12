"""Changing what the workspace says of itself."""

from typing import Any

from agents import workspace_settings
from api import etags
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views.settings import WorkspaceOut, workspace_out


def change(
    deps: Dependencies, principal: Principal, wanted: dict[str, Any], *, if_match: str | None = None
) -> tuple[WorkspaceOut, list[str]]:
    """The workspace as it is now, and the fields that changed. `wanted`: checked values of
    `agents.workspace_settings.WorkspaceSettings` by name. Raises Forbidden, PreconditionFailed, Conflict."""
    principal.require(Permission.SETTINGS)
    with deps.database.write(principal.workspace_id) as session:
        etags.check(if_match, workspace_out(session, principal.workspace_id))
        changed = workspace_settings.change(session, deps.clock, deps.ids, wanted, by=principal.actor)
        return workspace_out(session, principal.workspace_id), changed
