"""Where meetings take place, as people see it: by workspace, by calendar, and Zoom's application without its secret."""

from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col

from agents.booking.room_choice import chosen
from store.models import CalendarConnection, ConnectedCalendar, ConnectionState, RoomKind, User
from store.queries import rooms


class ZoomOut(BaseModel):
    account_id: str
    client_id: str
    host: str = Field(description="Whose rooms they are at Zoom; “me”: whoever made the application.")
    problem: str = Field(description="Why Zoom lets us in no more, in its words; empty: nothing is known to be wrong.")


class CalendarRooms(BaseModel):
    calendar_id: UUID
    calendar: str
    user_id: UUID
    name: str
    own: RoomKind | None = Field(description="What was chosen for this calendar; null: as the workspace says.")
    kind: RoomKind = Field(description="What holds.")
    address: str


class RoomsOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "zoom", "address": "", "zoom": None, "calendars": []}]}
    )

    kind: RoomKind
    address: str = Field(description="Of the kind address: the link that stands in every invitation.")
    zoom: ZoomOut | None = Field(description="Null: not connected. Its secret is never shown.")
    calendars: list[CalendarRooms] = Field(description="Those that get our events.")


def rooms_out(session: Session) -> RoomsOut:
    setting = rooms.setting_of(session)
    zoom = None
    if setting is not None and setting.zoom_secret_sealed:
        zoom = ZoomOut(
            account_id=setting.zoom_account_id,
            client_id=setting.zoom_client_id,
            host=setting.zoom_host,
            problem=setting.problem,
        )
    return RoomsOut(
        kind=setting.kind if setting is not None else RoomKind.NONE,
        address=setting.address if setting is not None else "",
        zoom=zoom,
        calendars=_calendars(session),
    )


def _calendars(session: Session) -> list[CalendarRooms]:
    query = (
        sa.select(ConnectedCalendar, User)
        .join(CalendarConnection, col(CalendarConnection.id) == col(ConnectedCalendar.connection_id))
        .join(User, col(User.id) == col(ConnectedCalendar.user_id))
        .where(col(ConnectedCalendar.gets_events), col(CalendarConnection.state) != ConnectionState.OFF)
        .order_by(col(User.name), col(User.id))
    )
    found = []
    for calendar, user in session.execute(query):
        choice = chosen(session, calendar)
        own = RoomKind(calendar.room_kind) if calendar.room_kind else None
        found.append(
            CalendarRooms(
                calendar_id=calendar.id,
                calendar=calendar.name,
                user_id=user.id,
                name=user.name,
                own=RoomKind.CALENDAR if own is None and calendar.makes_rooms else own,
                kind=choice.kind,
                address=choice.address,
            )
        )
    return found
