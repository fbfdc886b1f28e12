"""The audit chain: what was done, by whom; verified and exported."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, StreamingResponse

from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.views import audit as views
from api.views.audit import ChainCheck

router = APIRouter(include_in_schema=False)

_KINDS = ("approval", "budget", "draft", "mailbox", "policy", "suppression", "user", "api_key", "run", "outbox")

Text = Annotated[str, Query(max_length=100)]


@router.get("/audit")
def audit_page(
    deps: Deps,
    visitor: Visitor,
    actor: Text = "",
    action: Text = "",
    subject: Text = "",
    since: Text = "",
    until: Text = "",
    cursor: str | None = None,
) -> HTMLResponse:
    visitor.require(Permission.AUDIT)
    return _show(deps, visitor, actor, action, subject, since, until, cursor)


@router.post("/audit/verify")
def verify(
    deps: Deps,
    visitor: ActingVisitor,
    after_seq: Annotated[int, Form(ge=0, le=2**53 - 1)] = 0,
    after_hash: Annotated[str, Form(max_length=64)] = "",
) -> HTMLResponse:
    """Reads only; a form, because it costs a second of work."""
    visitor.require(Permission.AUDIT)
    with deps.database.read(visitor.workspace_id) as session:
        checked = views.verify(session, after_seq=after_seq, after_hash=after_hash)
    return _show(deps, visitor, checked=checked)


@router.get("/audit.jsonl")
def export(
    deps: Deps,
    visitor: Visitor,
    actor: Text = "",
    action: Text = "",
    subject: Text = "",
    since: Text = "",
    until: Text = "",
) -> StreamingResponse:
    visitor.require(Permission.AUDIT)
    visitor.require(Permission.EXPORT)
    where = views.filtered(
        actor=actor, action=action, subject=subject, since=_day(since, visitor), until=_end(until, visitor)
    )
    return StreamingResponse(
        views.lines(deps.database, visitor.workspace_id, where),
        media_type="application/x-ndjson",
        headers={"Content-Disposition": 'attachment; filename="audit.jsonl"'},
    )


def _show(
    deps: Dependencies,
    visitor: Principal,
    actor: str = "",
    action: str = "",
    subject: str = "",
    since: str = "",
    until: str = "",
    cursor: str | None = None,
    checked: ChainCheck | None = None,
) -> HTMLResponse:
    since, until = (text if _day(text, visitor) else "" for text in (since, until))
    where = views.filtered(
        actor=actor, action=action, subject=subject, since=_day(since, visitor), until=_end(until, visitor)
    )
    with deps.database.read(visitor.workspace_id) as session:
        found = views.entries(session, where, limit=50, cursor=cursor)
        people = views.actors(session)
    chosen = {"actor": actor, "action": action, "subject": subject, "since": since, "until": until}
    query = urlencode({name: value for name, value in chosen.items() if value})
    return console(
        deps,
        visitor,
        "audit.html",
        here="audit",
        entries=found,
        people=sorted(people.items(), key=lambda pair: pair[1].lower()),
        kinds=_KINDS,
        chosen=chosen,
        query=query,
        cursor=cursor,
        checked=checked,
        may_export=visitor.may(Permission.EXPORT),
    )


def _day(text: str, visitor: Principal) -> datetime | None:
    """The beginning of a day in the visitor's zone; None for what is no day."""
    try:
        day = date.fromisoformat(text)
        return datetime.combine(day, datetime.min.time(), ZoneInfo(visitor.time_zone or "UTC")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _end(text: str, visitor: Principal) -> datetime | None:
    """The day itself is within."""
    begun = _day(text, visitor)
    return begun + timedelta(days=1) if begun is not None and begun.year < 9999 else None
