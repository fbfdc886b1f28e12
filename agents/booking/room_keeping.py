"""Where meetings take place, set by a person; the Zoom application of a workspace. The one writer behind CLI, API and
console."""

from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlmodel import Session

from agents.context import AgentContext
from core.errors import NotFound, Rejected, SalesOSError
from store import audit
from store.models import ConnectedCalendar, RoomKind, RoomSetting
from store.queries import rooms

_LONGEST: Final = 1_000


def set_rooms(session: Session, context: AgentContext, kind: RoomKind, address: str, *, by: str) -> RoomSetting:
    """What holds where a calendar says nothing else. Raises Rejected."""
    row = _row(session, context)
    if kind is RoomKind.ZOOM and not row.zoom_secret_sealed:
        raise Rejected("Zoom is not connected.", hint="Enter its application first.", code="zoom_missing")
    row.kind, row.address = kind, checked_address(kind, address)
    _save(session, context, row, by, "rooms.chosen", {"kind": kind.value})
    return row


def connect_zoom(
    session: Session,
    context: AgentContext,
    *,
    account_id: str,
    client_id: str,
    secret: str | None,
    host: str = "me",
    by: str,
) -> RoomSetting:
    """Keeps the application; `secret` None keeps the one there is. Zoom is not asked by it. Raises Rejected."""
    row = _row(session, context)
    given = {"account id": account_id.strip(), "client id": client_id.strip(), "host": host.strip() or "me"}
    for name, value in given.items():
        if not value or len(value) > (254 if name == "host" else 100) or any(one.isspace() for one in value):
            raise Rejected(f"Zoom needs its {name}, as its marketplace shows it.", code="bad_zoom")
    if secret is not None and not 8 <= len(secret.strip()) <= 200:
        raise Rejected("This is no client secret.", hint="Paste the secret alone.", code="bad_zoom")
    if secret is None and not row.zoom_secret_sealed:
        raise Rejected("Zoom needs its client secret.", code="bad_zoom")
    row.zoom_account_id, row.zoom_client_id, row.zoom_host = given["account id"], given["client id"], given["host"]
    if secret is not None:
        row.zoom_secret_sealed = context.sealer.seal(secret.strip(), context=rooms.secret_under(row.id))
    row.connection_number, row.problem = row.connection_number + 1, ""
    _save(session, context, row, by, "rooms.zoom_connected", {})
    return row


def forget_zoom(session: Session, context: AgentContext, *, by: str) -> RoomSetting:
    """The application and its secret are gone; rooms that were made stay there. Raises NotFound."""
    row = rooms.setting_of(session, lock=True)
    if row is None or not row.zoom_secret_sealed:
        raise NotFound("Zoom is not connected.")
    row.zoom_account_id = row.zoom_client_id = row.zoom_secret_sealed = row.problem = ""
    row.zoom_host, row.connection_number = "me", row.connection_number + 1
    if row.kind is RoomKind.ZOOM:
        row.kind = RoomKind.NONE
    _save(session, context, row, by, "rooms.zoom_forgotten", {})
    return row


def problem(context: AgentContext) -> str:
    """Why Zoom does not let us in, asked now; "": it does. Nothing is made. Raises NotFound."""
    with context.database.read(context.workspace_id) as session:
        row = rooms.setting_of(session)
    if row is None or not row.zoom_secret_sealed:
        raise NotFound("Zoom is not connected.")
    try:
        said = context.tools.video_service(row).problem()
    except SalesOSError as error:
        said = str(error)
    with context.database.write(context.workspace_id) as session:
        now = rooms.setting_of(session, lock=True)
        if now is not None and now.connection_number == row.connection_number and now.problem != said:
            now.problem = said[:1_000]
            session.add(now)
    return said


def set_calendar(
    session: Session, context: AgentContext, calendar_id: UUID, kind: RoomKind | None, address: str, *, by: str
) -> ConnectedCalendar:
    """Of the meetings in one calendar; None: as the workspace says. Raises NotFound, Rejected."""
    row = session.get(ConnectedCalendar, (context.workspace_id, calendar_id), with_for_update=True)
    if row is None:
        raise NotFound("There is no such calendar.", hint="See the list of connected calendars.")
    setting = rooms.setting_of(session)
    if kind is RoomKind.ZOOM and (setting is None or not setting.zoom_secret_sealed):
        raise Rejected("Zoom is not connected.", hint="Enter its application first.", code="zoom_missing")
    row.room_kind = "" if kind is None else kind.value
    row.room_address = checked_address(kind, address)
    row.makes_rooms = kind is RoomKind.CALENDAR
    session.add(row)
    session.flush()
    details = {"kind": row.room_kind or "workspace"}
    _audit(session, context, by, "rooms.calendar_chosen", "calendar", row.id, details)
    return row


def checked_address(kind: RoomKind | None, address: str) -> str:
    """Raises Rejected."""
    if kind is not RoomKind.ADDRESS:
        return ""
    text = address.strip()
    try:
        parts = urlsplit(text)
        sound = parts.scheme == "https" and bool(parts.hostname) and parts.username is None
    except ValueError:
        sound = False
    if not sound or len(text) > _LONGEST or any(one.isspace() or ord(one) < 32 for one in text):
        raise Rejected(
            "This is no address of a room.", hint="Write it like https://meet.example/room.", code="bad_address"
        )
    return text


def _row(session: Session, context: AgentContext) -> RoomSetting:
    return rooms.setting_of(session, lock=True) or RoomSetting(
        workspace_id=context.workspace_id, id=context.workspace_id, updated_at=context.clock.now()
    )


def _save(
    session: Session, context: AgentContext, row: RoomSetting, by: str, action: str, details: dict[str, Any]
) -> None:
    row.updated_by, row.updated_at = by, context.clock.now()
    session.add(row)
    session.flush()
    _audit(session, context, by, action, "room_setting", row.id, details)


def _audit(
    session: Session, context: AgentContext, by: str, action: str, kind: str, subject_id: UUID, details: dict[str, Any]
) -> None:
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=by,
        action=action,
        subject_kind=kind,
        subject_id=subject_id,
        details=details,
    )
