"""Ways on which calendars' services tell us of changes. Each is written here before its service is asked for it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from store.models.base import WorkspaceRow, enum_field, index, refers, text_field


class ChannelState(StrEnum):
    ASKING = "asking"  # its service is being asked, or was when a process was killed
    LIVING = "living"  # its service says that it tells
    LEAVING = "leaving"  # to be stopped there, and gone here once it is, or once it has ended by itself


class CalendarChannel(WorkspaceRow, table=True):
    """One a calendar and asking: while one is replaced there are two, and both are heard. `id` is also the id at a
    service that takes one of ours; its address and its word are keyed hashes of it (tools/webhooks/channel_token.py),
    so that the same is asked for again whatever was lost, and nothing that lets anybody in stands here."""

    __tablename__ = "calendar_channel"
    __table_args__ = (
        refers("connected_calendar_id", "connected_calendar", ondelete="CASCADE"),
        index("connected_calendar_id"),
        # However many processes ask at once, one of them asks a calendar's service.
        sa.Index(
            "uq_calendar_channel_asking",
            "workspace_id",
            "connected_calendar_id",
            unique=True,
            sqlite_where=sa.text("state = 'asking'"),
            postgresql_where=sa.text("state = 'asking'"),
        ),
    )

    connected_calendar_id: UUID
    connection_number: int  # of the grant: what is told of an older one is told to nobody
    service: str = Field(max_length=16)  # google, graph
    base_url: str = text_field()  # ours, that it was given: where that is another by now, nobody is told
    remote_id: str = Field(default="", max_length=255)  # the service's; "": not known
    resource_id: str = Field(default="", max_length=255)  # what Google calls the calendar: it stops nothing without
    state: ChannelState = enum_field(ChannelState, ChannelState.ASKING)
    asked_at: datetime
    lease_until: datetime | None = None  # while a process asks, prolongs or stops
    confirmed_at: datetime | None = None  # when the service was seen to reach us; None: never
    expires_at: datetime  # by the service; until it answered, the latest that it can be
    wishes_at: datetime | None = None  # when the service said that it wants to be asked anew; None: it did not
