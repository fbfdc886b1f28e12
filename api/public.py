"""Pages for people who have no account: unsubscribing and picking a time. GET shows and never acts.

Scanners and link previews follow every link in a mail; only a POST does something. The token in the path is the right
to do it, so there is no cookie and no CSRF token, and mail programs may POST by themselves (RFC 8058).
"""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from api import actions
from api.console.render import page
from api.dependencies import Dependencies, Deps
from core.errors import Conflict, NotFound
from store.models import Contact, Hold, HoldState, Meeting, MeetingState, User, Workspace
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
    actions.opt_out(deps, workspace_id, contact_id)
    return page("unsubscribe.html", workspace=workspace.name, done=True)


@router.get("/b/{token}")
def booking_page(token: str, deps: Deps) -> HTMLResponse:
    return _booking(deps, *deps.booking.verify(token))


@router.post("/b/{token}")
def book(token: str, deps: Deps) -> HTMLResponse:
    """Takes the held time. A second time shows that it is booked."""
    workspace_id, hold_id = deps.booking.verify(token)
    try:
        actions.pick_slot(deps, workspace_id, hold_id)
    except Conflict as error:
        return _booking(deps, workspace_id, hold_id, error=error)
    return _booking(deps, workspace_id, hold_id)


def _booking(deps: Dependencies, workspace_id: UUID, hold_id: UUID, error: Conflict | None = None) -> HTMLResponse:
    now: datetime = deps.clock.now()
    with deps.database.read(workspace_id) as session:
        hold = session.get(Hold, (workspace_id, hold_id))
        meeting = session.get(Meeting, (workspace_id, hold.meeting_id)) if hold else None
        if hold is None or meeting is None:
            raise NotFound("This time is no longer known here.", hint="Answer the mail, and we find another one.")
        user = session.get(User, (workspace_id, hold.user_id))
        workspace = workspaces.get(session, workspace_id)
        names = (user.name if user else workspace.name, workspace.name)
    over = hold.state is not HoldState.HELD or hold.expires_at <= now or hold.starts_at <= now
    if hold.state is HoldState.TAKEN and meeting.state is not MeetingState.CANCELLED:
        state, error = "booked", None
    elif meeting.state is MeetingState.BOOKED and meeting.starts_at is not None:
        state = "other"
    else:
        state = "gone" if over or error is not None else "open"
    return page(
        "booking.html",
        status=409 if error is not None else 200,
        state=state,
        starts_at=hold.starts_at if state != "other" or meeting.starts_at is None else meeting.starts_at,
        minutes=int((hold.ends_at - hold.starts_at).total_seconds() // 60),
        zone=meeting.time_zone or "UTC",
        host=names[0],
        workspace=names[1],
    )


def _workspace(session: Session, workspace_id: UUID, contact_id: UUID) -> Workspace:
    """Raises NotFound where the token is ours but what it names is not here."""
    if session.get(Contact, (workspace_id, contact_id)) is None:
        raise NotFound("This unsubscribe link names nobody here.", hint="Answer the mail with the word: unsubscribe.")
    return workspaces.get(session, workspace_id)
