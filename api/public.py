"""The page for people who have no account to stop what we send them. GET shows and never acts.

Scanners and link previews follow every link in a mail; only a POST does something. The token in the path is the right
to do it, so there is no cookie and no CSRF token, and mail programs may POST by themselves (RFC 8058).
"""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from api.actions import public as acts
from api.console.render import page
from api.dependencies import Deps
from core.errors import NotFound
from store.models import Contact, Workspace
from store.queries import workspaces

router = APIRouter(include_in_schema=False)


@router.get("/u/{token}")
def unsubscribe_page(token: str, deps: Deps) -> HTMLResponse:
    workspace_id, contact_id = deps.unsubscribe.verify(token)
    with deps.database.read(workspace_id) as session:
        workspace = _workspace(session, workspace_id, contact_id)
    return page("unsubscribe.html", workspace=workspace.name, done=False)


@router.post("/u/{token}")
def unsubscribe(token: str, deps: Deps) -> HTMLResponse:
    """One click, of a person or of their mail program; the body is not read. Answers 200 and never redirects."""
    workspace_id, contact_id = deps.unsubscribe.verify(token)
    with deps.database.read(workspace_id) as session:
        workspace = _workspace(session, workspace_id, contact_id)
    acts.opt_out(deps, workspace_id, contact_id)
    return page("unsubscribe.html", workspace=workspace.name, done=True)


def _workspace(session: Session, workspace_id: UUID, contact_id: UUID) -> Workspace:
    """Raises NotFound where the token is ours but what it names is not here."""
    if session.get(Contact, (workspace_id, contact_id)) is None:
        raise NotFound("This unsubscribe link names nobody here.", hint="Answer the mail with the word: unsubscribe.")
    return workspaces.get(session, workspace_id)
