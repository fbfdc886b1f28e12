"""Reps' calendars: connected accounts, what each calendar is for, when a person can be met, and their free times."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from agents.booking.connecting import Login
from api import etags, paging
from api.actions import calendar_connect
from api.actions import calendars as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.openapi import repeated
from api.permissions import Permission
from api.views import calendars as views
from api.views.calendars import AvailabilityOut, CalendarConnectionOut, CalendarOut

router = APIRouter(route_class=ControlRoute, tags=["calendars"])

Windows = list[tuple[Annotated[str, Field(max_length=8)], Annotated[str, Field(max_length=8)]]]
Hours = dict[Annotated[str, Field(max_length=16)], Annotated[Windows, Field(max_length=12)]]
Minutes = Annotated[int, Field(ge=0, le=240)]
WhoseUser = Annotated[UUID | None, Query(description="Another person's; needs `users:write`.")]


class CalDavInput(BaseModel):
    """An account at a CalDAV server. The password is sealed, and never shown again: use one made for this program."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "url": "https://caldav.company.example/",
                    "username": "ann@company.example",
                    "password": "made for this program",
                }
            ]
        },
    )

    url: str = Field(min_length=1, max_length=1_000, description="Of the server, the account or one calendar.")
    username: str = Field(min_length=1, max_length=254)
    password: str = Field(min_length=1, max_length=1_000)
    address: str = Field(
        default="", max_length=254, description="What its invitations come from, where that is not the user name."
    )
    user_id: UUID | None = Field(default=None, description="Whose it is; whoever asks, if left out.")


class CalendarChoice(BaseModel):
    """What is left out stays. Choosing another calendar for events takes them from the one before."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"counts_busy": True}]})

    counts_busy: bool | None = None
    gets_events: bool | None = None
    makes_rooms: bool | None = None


class CalendarChecked(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ok": True, "problem": "", "at": "2026-06-02T14:00:00Z"}]}
    )

    ok: bool
    problem: str
    at: datetime


class CalendarService(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "google",
                    "label": "Google Calendar",
                    "connect_url": "https://sales.company.example/calendars/connect/google",
                    "problem": "",
                }
            ]
        }
    )

    name: str
    label: str
    connect_url: str = Field(description="The page that the person opens, signed in, to let us in.")
    problem: str = Field(description="Why it cannot be connected on this server; empty: it can.")


class CalendarServices(BaseModel):
    items: list[CalendarService]


class AwayInput(BaseModel):
    model_config = ConfigDict(extra="forbid")

    starts_at: AwareDatetime
    ends_at: AwareDatetime


class AvailabilityInput(BaseModel):
    """When a person can be met, whole: a rule that is left out is as if nobody had set it. Working hours and zone that
    are left out stay."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "time_zone": "Europe/Berlin",
                    "working_hours": {"mon": [["09:00", "12:00"], ["13:00", "17:00"]], "tue": [["09:00", "17:00"]]},
                    "buffer_after": 10,
                    "per_day": 5,
                    "country": "DE",
                    "days_off": ["2026-12-28"],
                    "overrides": {"2026-12-23": [["09:00", "12:00"]]},
                }
            ]
        },
    )

    time_zone: str | None = Field(default=None, min_length=1, max_length=64)
    working_hours: Hours | None = Field(default=None, description="By mon … sun; a day that is left out is free.")
    buffer_before: Minutes = Field(default=0, description="Minutes kept free before a meeting.")
    buffer_after: Minutes = 0
    grid: int = Field(default=30, ge=5, le=240, description="Minutes between two starts.")
    notice_hours: int = Field(default=20, ge=0, le=720)
    horizon_days: int = Field(default=14, ge=1, le=90)
    per_day: int | None = Field(default=None, ge=1, le=50)
    per_week: int | None = Field(default=None, ge=1, le=200)
    country: str = Field(default="", max_length=2, description="Whose public holidays are free; empty: none.")
    region: str = Field(default="", max_length=32)
    days_off: list[date] = Field(default=[], max_length=400)
    overrides: Hours = Field(default={}, max_length=400, description="By date, instead of the weekday's hours.")
    out_of_office: list[AwayInput] = Field(default=[], max_length=100)


class FreeTime(BaseModel):
    starts_at: datetime
    ends_at: datetime


class FreeTimesOut(BaseModel):
    """As a prospect would see them now. `unknown`: what calendars did not say; then there may be more free time."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "minutes": 30,
                    "time_zone": "Europe/Berlin",
                    "items": [{"starts_at": "2026-06-03T09:00:00Z", "ends_at": "2026-06-03T09:30:00Z"}],
                    "unknown": [],
                }
            ]
        }
    )

    minutes: int
    time_zone: str  # the person's
    items: list[FreeTime]
    unknown: list[str]


@router.get("/calendar-services", summary="Where calendars can be connected by signing in there")
def list_calendar_services(deps: Deps, caller: Caller) -> CalendarServices:
    base = deps.settings.public_url
    return CalendarServices(
        items=[
            CalendarService(
                name=name,
                label=views.LABELS[service],
                connect_url=f"{base}/calendars/connect/{name}",
                problem=calendar_connect.problem_of(deps, caller, service),
            )
            for name, service in calendar_connect.SERVICES.items()
        ]
    )


@router.get("/calendar-connections", summary="Connected calendar accounts, by account")
def list_calendar_connections(
    deps: Deps, caller: Caller, limit: paging.Limit = 50, cursor: paging.Cursor = None, user_id: WhoseUser = None
) -> paging.Page[CalendarConnectionOut]:
    """One's own; with `users:write` everybody's."""
    everybody = user_id is None and caller.may(Permission.USERS)
    owner = None if everybody else acts.owner_of(caller, user_id)
    with deps.database.read(caller.workspace_id) as session:
        return views.connections(session, deps.settings, deps.clock.now(), user_id=owner, limit=limit, cursor=cursor)


@router.get("/calendar-connections/{connection_id}", summary="One account with its calendars")
def get_calendar_connection(connection_id: UUID, deps: Deps, caller: Caller) -> CalendarConnectionOut:
    acts.connection_of(deps, caller, connection_id)
    with deps.database.read(caller.workspace_id) as session:
        return views.connection(session, deps.settings, deps.clock.now(), connection_id)


@router.post(
    "/calendar-connections",
    status_code=201,
    responses=repeated(CalendarConnectionOut),
    summary="Connect an account at a CalDAV server, or connect it again",
)
def connect_calendar(body: CalDavInput, deps: Deps, caller: Caller, response: Response) -> CalendarConnectionOut:
    """The server is asked: up to a minute. Nothing is kept where it does not let us in. Google and Microsoft are
    connected by the person, in a browser: see `list_calendar_services`."""
    login = Login(body.url, body.username, body.password, body.address)
    made, new = acts.connect_caldav(deps, caller, login, user_id=body.user_id)
    if not new:
        response.status_code = 200
    return made


@router.post("/calendar-connections/{connection_id}/check", summary="Ask an account now for what is taken")
def check_calendar_connection(connection_id: UUID, deps: Deps, caller: Caller) -> CalendarChecked:
    """Takes up to a minute. An account that was closed and is taken again goes on."""
    problem = acts.check(deps, caller, connection_id)
    return CalendarChecked(ok=not problem, problem=problem, at=deps.clock.now())


@router.delete("/calendar-connections/{connection_id}", status_code=204, summary="Disconnect an account")
def disconnect_calendar(connection_id: UUID, deps: Deps, caller: Caller) -> None:
    """What lets us in is forgotten, and nothing of it is read any more. What was booked stays, here and there."""
    acts.disconnect(deps, caller, connection_id)


@router.patch("/calendars/{calendar_id}", summary="Choose what a calendar is for")
def change_calendar(calendar_id: UUID, body: CalendarChoice, deps: Deps, caller: Caller) -> CalendarOut:
    return acts.change(deps, caller, calendar_id, **body.model_dump())


@router.get("/users/{user_id}/availability", summary="When a person can be met")
def get_availability(user_id: UUID, deps: Deps, caller: Caller) -> AvailabilityOut:
    with deps.database.read(caller.workspace_id) as session:
        return views.availability(session, acts.user_of(session, caller, user_id))


@router.put("/users/{user_id}/availability", summary="Set when a person can be met")
def set_availability(
    user_id: UUID, body: AvailabilityInput, deps: Deps, caller: Caller, if_match: etags.IfMatch = None
) -> AvailabilityOut:
    rules: dict[str, Any] = body.model_dump(mode="json", exclude={"time_zone", "working_hours"})
    return acts.set_availability(
        deps, caller, user_id, rules, hours=body.working_hours, zone=body.time_zone, if_match=if_match
    )


@router.get("/users/{user_id}/free-times", summary="A person's next free times, as prospects would see them")
def list_free_times(
    user_id: UUID,
    deps: Deps,
    caller: Caller,
    limit: Annotated[int, Query(ge=1, le=2_000, description="The next so many.")] = 50,
) -> FreeTimesOut:
    """Calendars that were not asked within a minute are asked: up to a minute."""
    found = acts.free_times(deps, caller, user_id)
    return FreeTimesOut(
        minutes=found.minutes,
        time_zone=found.zone,
        items=[FreeTime(starts_at=each.starts_at, ends_at=each.ends_at) for each in found.slots[:limit]],
        unknown=list(found.unknown),
    )
