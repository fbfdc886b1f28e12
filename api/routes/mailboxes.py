"""Mailboxes: settings, health, pausing, and whether their servers let us in."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from agents.mailboxes import MailboxSettings
from agents.ramps import COLD_A_DAY
from api import etags, paging
from api.actions import mailboxes as acts
from api.control_route import ControlRoute, IdempotencyKey, new_id
from api.dependencies import Caller, Deps
from api.openapi import repeated
from api.views import mailboxes as views
from api.views.mailboxes import DayCount, MailboxOut, MailboxRow

router = APIRouter(route_class=ControlRoute, tags=["mailboxes"])

Name = Annotated[str, Field(min_length=1, max_length=200, description="As recipients see it.")]
Host = Annotated[str, Field(max_length=255)]
Password = Annotated[str, Field(max_length=1_000, description="Sealed, and never shown again.")]


Transport = Literal["folder", "smtp", "gmail", "graph", "ses", "sendgrid"]
Reading = Literal["folder", "imap", "gmail", "graph"]
Secret = Annotated[str | None, Field(max_length=4_096, description="Sealed, and never shown again.")]


class ConnectionInput(BaseModel):
    """What a service by API wants to know. What is left out stays; empty takes it away.

    Google and Microsoft: `refresh_token`, of the application that `client_id` names (left out: the server's own).
    Without a token the mailbox is paused until a person connects it on its page. SES: `region`, `access_key_id`,
    `secret_access_key`. SendGrid: `api_key`.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"region": "eu-central-1", "access_key_id": "AKIA…", "secret_access_key": "from AWS"}]
        },
    )

    client_id: str | None = Field(default=None, max_length=255)
    client_secret: Secret = None
    refresh_token: Secret = None
    tenant: str | None = Field(default=None, max_length=100, description="Of Microsoft.")
    region: str | None = Field(default=None, max_length=40, description="Of Amazon SES: eu-central-1.")
    access_key_id: Secret = None
    secret_access_key: Secret = None
    configuration_set: str | None = Field(
        default=None, max_length=64, description="Of Amazon SES: where it publishes delivery events."
    )
    api_key: Secret = None
    data_region: Literal["global", "eu", ""] | None = Field(default=None, description="Of SendGrid.")

    def given(self) -> dict[str, str]:
        return {name: str(value) for name, value in self.model_dump(exclude_none=True).items()}


class MailboxInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "address": "ann@company.example",
                    "display_name": "Ann Miller",
                    "transport": "smtp",
                    "host": "smtp.company.example",
                    "port": 587,
                    "security": "starttls",
                    "username": "ann@company.example",
                    "password": "from the provider",
                    "inbox": "imap",
                    "inbox_host": "imap.company.example",
                    "daily_cap": 40,
                    "warm_up": True,
                }
            ]
        },
    )

    address: str = Field(min_length=3, max_length=254)
    user_id: UUID | None = Field(default=None, description="The rep it belongs to; whoever asks, if left out.")
    display_name: Name
    transport: Transport = "folder"
    host: Host = ""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = Field(default="", max_length=254)
    password: Password = ""
    inbox: Reading = "folder"
    inbox_host: Host = ""
    inbox_port: int = Field(default=993, ge=1, le=65535)
    daily_cap: int = Field(default=COLD_A_DAY, ge=1, le=COLD_A_DAY, description="Unasked mails a day, at most.")
    warm_up: bool = Field(default=False, description="Start with a few mails a day and raise it.")
    connection: ConnectionInput | None = None


class MailboxChange(BaseModel):
    """What is left out stays. Another server or user name needs the password again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"daily_cap": 30}]})

    display_name: Name | None = None
    transport: Transport | None = None
    host: Host | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] | None = None
    username: str | None = Field(default=None, max_length=254)
    password: Password | None = None
    inbox: Reading | None = None
    inbox_host: Host | None = None
    inbox_port: int | None = Field(default=None, ge=1, le=65535)
    daily_cap: int | None = Field(default=None, ge=1, le=COLD_A_DAY)
    warm_up: bool | None = None
    connection: ConnectionInput | None = None


class Pause(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "Too many bounces."}]})

    reason: str = Field(default="", max_length=500, description="For those who wonder why nothing leaves.")


class Checked(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ok": True, "problem": "", "at": "2026-06-02T14:00:00Z"}]}
    )

    ok: bool
    problem: str
    at: datetime


class MailboxHealthOut(BaseModel):
    mailbox: MailboxRow
    days: list[DayCount]  # 14 of them, the oldest first, in UTC


@router.get("/mailboxes", summary="Mailboxes with their health, by address")
def list_mailboxes(
    deps: Deps, caller: Caller, limit: paging.Limit = 50, cursor: paging.Cursor = None
) -> paging.Page[MailboxRow]:
    with deps.database.read(caller.workspace_id) as session:
        return views.mailboxes(session, deps.clock.now(), limit=limit, cursor=cursor)


@router.get("/mailboxes/{mailbox_id}", summary="The settings of a mailbox, but its password")
def get_mailbox(mailbox_id: UUID, deps: Deps, caller: Caller) -> MailboxOut:
    with deps.database.read(caller.workspace_id) as session:
        return views.mailbox_out(session, mailbox_id)


@router.get("/mailboxes/{mailbox_id}/health", summary="What a mailbox sent, what waits and what came back")
def get_mailbox_health(mailbox_id: UUID, deps: Deps, caller: Caller) -> MailboxHealthOut:
    now = deps.clock.now()
    with deps.database.read(caller.workspace_id) as session:
        row = views.mailbox_row(session, mailbox_id, now)
        return MailboxHealthOut(mailbox=row, days=views.days_of(session, mailbox_id, now, "UTC"))


@router.post("/mailboxes", status_code=201, responses=repeated(MailboxOut), summary="Add a mailbox")
def create_mailbox(
    body: MailboxInput, deps: Deps, caller: Caller, response: Response, idempotency_key: IdempotencyKey = None
) -> MailboxOut:
    fresh = new_id(deps.ids.new(), caller, "mailbox", idempotency_key)
    values = body.model_dump(exclude={"address", "user_id", "password", "connection"})
    if body.password and not body.username:
        values["username"] = body.address
    made, new = acts.add(
        deps,
        caller,
        fresh,
        MailboxSettings.model_validate(values),
        address=body.address,
        user_id=body.user_id,
        password=body.password,
        connection=body.connection.given() if body.connection else None,
    )
    if not new:
        response.status_code = 200
    return made


@router.patch("/mailboxes/{mailbox_id}", summary="Change the settings of a mailbox")
def update_mailbox(
    mailbox_id: UUID, body: MailboxChange, deps: Deps, caller: Caller, if_match: etags.IfMatch = None
) -> MailboxOut:
    values = body.model_dump(exclude={"password", "connection"}, exclude_none=True)
    connection = body.connection.given() if body.connection else None
    return acts.change(
        deps, caller, mailbox_id, values, password=body.password, connection=connection, if_match=if_match
    )


@router.post("/mailboxes/{mailbox_id}/pause", summary="Send nothing from it until it is resumed")
def pause_mailbox(mailbox_id: UUID, body: Pause, deps: Deps, caller: Caller) -> MailboxOut:
    return acts.pause(deps, caller, mailbox_id, reason=body.reason)


@router.post("/mailboxes/{mailbox_id}/resume", summary="Let it send again")
def resume_mailbox(mailbox_id: UUID, deps: Deps, caller: Caller) -> MailboxOut:
    return acts.resume(deps, caller, mailbox_id)


@router.post("/mailboxes/{mailbox_id}/check", summary="Ask its servers or services whether they let us in")
def check_mailbox(mailbox_id: UUID, deps: Deps, caller: Caller) -> Checked:
    """Nothing is sent. Takes up to 20 seconds. A connection that was closed and is taken again goes on."""
    problem = acts.check(deps, caller, mailbox_id)
    return Checked(ok=not problem, problem=problem, at=deps.clock.now())
