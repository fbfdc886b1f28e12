"""Mailboxes and their health, one mailbox with its settings, and why nothing is being sent."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ValidationError
from sqlmodel import col, select

from agents.mailboxes import INBOXES, SECURITIES, TRANSPORTS, MailboxSettings
from agents.sending_domains import SIGNED_BY_US
from api import etags
from api.actions import mailboxes as acts
from api.actions.mailbox_connect import redirect_uri
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import deliverability, placement
from api.views import mailboxes as views
from api.views.sending_domains import keys_out
from api.views.why import why_view
from core.errors import NotFound, Rejected, SalesOSError
from core.settings import DeliveryMode
from store.models import User
from tools.mail.service import SECRET, services_of, signed_in_to

router = APIRouter(include_in_schema=False)

_SAID = {
    "added": "The mailbox is added. Try its servers before the first mail leaves.",
    "saved": "The settings are saved.",
    "same": "Nothing was changed.",
    "paused": "Paused: nothing leaves from it until it is resumed.",
    "resumed": "Resumed: what is ready leaves with the next sweep.",
    "good": "Its servers and services let us in. Nothing was sent.",
    "connected": "Connected: it sends and is read from now on.",
    "to_connect": "The mailbox is added. Connect it now: until then it neither sends nor is read.",
    "looked": "The domain was looked at. From now on it is asked again each day.",
    "key": "The key is made. Publish its record, then look for it: from then on it signs.",
    "signs": "The record is there: mails are signed from now on.",
    "trying": "The test mails are on their way. Where they land stands here within minutes.",
    "lifted": "The brake is lifted. What came back before counts no more.",
    "folder": "It has no servers to ask: its mails are files in the data directory.",
}


class MailboxForm(BaseModel):
    """As a browser sends it: text, and nothing for a box that is not ticked."""

    csrf: str = ""
    address: str = ""
    user_id: str = ""
    display_name: str = ""
    transport: str = "folder"
    host: str = ""
    port: str = "587"
    security: str = "starttls"
    username: str = ""
    password: str = ""
    inbox: str = "folder"
    inbox_host: str = ""
    inbox_port: str = "993"
    daily_cap: str = "50"
    warm_up: str = ""
    client_id: str = ""
    client_secret: str = ""
    tenant: str = ""
    region: str = ""
    access_key_id: str = ""
    secret_access_key: str = ""
    configuration_set: str = ""
    api_key: str = ""
    data_region: str = ""
    etag: str = ""


Typed = Annotated[MailboxForm, Form()]


@router.get("/mailboxes")
def mailboxes_page(deps: Deps, visitor: Visitor, said: str = "", cursor: str | None = None) -> HTMLResponse:
    with deps.database.read(visitor.workspace_id) as session:
        found = views.mailboxes(session, deps.clock.now(), limit=50, cursor=cursor)
        why = why_view(session, deps.context_for(visitor.workspace_id), quick=True)
    return console(
        deps,
        visitor,
        "mailboxes.html",
        here="mailboxes",
        said=_SAID.get(said, ""),
        mailboxes=found,
        cursor=cursor,
        why=why,
        delivery=deps.settings.delivery.value,
        may_change=visitor.may(Permission.MAILBOXES),
        enough=views.ENOUGH,
    )


@router.get("/why")
def why_page(deps: Deps, visitor: Visitor, mailbox_id: UUID | None = None, lead_id: UUID | None = None) -> HTMLResponse:
    """Of the workspace, of a mailbox, or of a lead."""
    with deps.database.read(visitor.workspace_id) as session:
        why = why_view(session, deps.context_for(visitor.workspace_id), mailbox_id=mailbox_id, lead_id=lead_id)
        page = views.mailboxes(session, deps.clock.now(), limit=200)
    return console(
        deps,
        visitor,
        "why.html",
        here="mailboxes",
        why=why,
        mailboxes=page.items,
        mailbox_id=mailbox_id,
        lead_id=lead_id,
    )


@router.get("/mailboxes/new")
def new_page(deps: Deps, visitor: Visitor) -> HTMLResponse:
    visitor.require(Permission.MAILBOXES)
    return _new(deps, visitor, MailboxForm(user_id=str(visitor.user_id or "")))


@router.post("/mailboxes/new")
def add(deps: Deps, visitor: ActingVisitor, typed: Typed) -> Response:
    try:
        settings = _settings(typed)
        made, _ = acts.add(
            deps,
            visitor,
            deps.ids.new(),
            settings,
            address=typed.address,
            user_id=_uuid(typed.user_id),
            password=typed.password,
            connection=_connection(typed),
        )
    except SalesOSError as error:
        return _new(deps, visitor, typed, error=error)
    said = "to_connect" if made.connection.problem else "added"
    return RedirectResponse(f"/mailboxes/{made.id}?said={said}", status_code=303)


@router.get("/mailboxes/{mailbox_id}")
def mailbox_page(mailbox_id: UUID, deps: Deps, visitor: Visitor, said: str = "") -> HTMLResponse:
    return _show(deps, visitor, mailbox_id, said=_SAID.get(said, ""))


@router.post("/mailboxes/{mailbox_id}")
def change(mailbox_id: UUID, deps: Deps, visitor: ActingVisitor, typed: Typed) -> Response:
    try:
        settings = _settings(typed)
        acts.change(
            deps,
            visitor,
            mailbox_id,
            settings.model_dump(),
            password=typed.password or None,
            connection=_connection(typed),
            if_match=typed.etag or None,
        )
    except SalesOSError as error:
        return refused(deps, visitor, mailbox_id, error, typed)
    return RedirectResponse(f"/mailboxes/{mailbox_id}?said=saved", status_code=303)


@router.post("/mailboxes/{mailbox_id}/pause")
def pause(
    mailbox_id: UUID, deps: Deps, visitor: ActingVisitor, reason: Annotated[str, Form(max_length=500)] = ""
) -> Response:
    try:
        acts.pause(deps, visitor, mailbox_id, reason=reason)
    except SalesOSError as error:
        return refused(deps, visitor, mailbox_id, error)
    return RedirectResponse(f"/mailboxes/{mailbox_id}?said=paused", status_code=303)


@router.post("/mailboxes/{mailbox_id}/resume")
def resume(mailbox_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    try:
        acts.resume(deps, visitor, mailbox_id)
    except SalesOSError as error:
        return refused(deps, visitor, mailbox_id, error)
    return RedirectResponse(f"/mailboxes/{mailbox_id}?said=resumed", status_code=303)


@router.post("/mailboxes/{mailbox_id}/check")
def check(mailbox_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    try:
        problem = acts.check(deps, visitor, mailbox_id)
    except SalesOSError as error:
        return refused(deps, visitor, mailbox_id, error)
    if problem:
        return refused(deps, visitor, mailbox_id, Rejected(problem, hint="Check what it signs in with."))
    with deps.database.read(visitor.workspace_id) as session:
        row = views.mailbox_out(session, mailbox_id)
    said = "folder" if (row.transport, row.inbox) == ("folder", "folder") else "good"
    return RedirectResponse(f"/mailboxes/{mailbox_id}?said={said}", status_code=303)


def _settings(typed: MailboxForm) -> MailboxSettings:
    """Raises Rejected, naming the field."""
    values: dict[str, Any] = {
        name: getattr(typed, name).strip()
        for name in MailboxSettings.model_fields
        if name not in ("warm_up", "port", "inbox_port", "daily_cap")
    }
    try:
        return MailboxSettings(
            **values,
            port=typed.port.strip() or 0,
            inbox_port=typed.inbox_port.strip() or 993,
            daily_cap=typed.daily_cap.strip(),
            warm_up=bool(typed.warm_up),
        )
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0]).replace("_", " ") if first["loc"] else "a field"
        raise Rejected(f"The field “{field}” cannot be used.", hint=f"{first['msg']}.") from error


def _connection(typed: MailboxForm) -> dict[str, str]:
    """What the services of the chosen transport and inbox take; a secret that is left empty stays."""
    names = [name for service in services_of(typed.transport, typed.inbox) for name in service.names]
    given = {name: getattr(typed, name).strip() for name in names if name in MailboxForm.model_fields}
    return {name: value for name, value in given.items() if value or name not in SECRET}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _new(deps: Dependencies, visitor: Principal, typed: MailboxForm, error: SalesOSError | None = None) -> HTMLResponse:
    with deps.database.read(visitor.workspace_id) as session:
        users = session.exec(select(User).where(User.active).order_by(col(User.name), col(User.id))).all()
    return console(
        deps,
        visitor,
        "mailbox_new.html",
        here="mailboxes",
        status=problem_of(error).status if error else 200,
        error=error,
        typed=typed,
        users=users,
        **_choices(deps),
    )


def refused(
    deps: Dependencies, visitor: Principal, mailbox_id: UUID, error: SalesOSError, typed: MailboxForm | None = None
) -> HTMLResponse:
    if isinstance(error, NotFound):
        raise error
    return _show(deps, visitor, mailbox_id, error=error, typed=typed, status=problem_of(error).status)


def _show(
    deps: Dependencies,
    visitor: Principal,
    mailbox_id: UUID,
    *,
    said: str = "",
    error: SalesOSError | None = None,
    typed: MailboxForm | None = None,
    status: int = 200,
) -> HTMLResponse:
    now = deps.clock.now()
    with deps.database.read(visitor.workspace_id) as session:
        row = views.mailbox_row(session, mailbox_id, now)
        shown = views.mailbox_out(session, mailbox_id)
        days = views.days_of(session, mailbox_id, now, visitor.time_zone)
        believed = deliverability.of_mailbox(session, mailbox_id, now)
        domain = row.address.rpartition("@")[2].lower()
        landed = placement.tests_of_mailbox(session, deps.context_for(visitor.workspace_id).sealer, mailbox_id)
        seeds = placement.seeds(session)
        signing_keys = keys_out(session, deps.context_for(visitor.workspace_id), [domain])
        why = why_view(session, deps.context_for(visitor.workspace_id), mailbox_id=mailbox_id, quick=True)
    if typed is None:
        values = {name: str(getattr(row, name)) for name in MailboxSettings.model_fields if name != "warm_up"}
        values["port"] = values["port"] if row.port else "587"  # a folder has none; a server would mostly have this
        typed = MailboxForm(
            **values,
            **row.connection.model_dump(include={"client_id", "tenant", "region", "configuration_set", "data_region"}),
            warm_up="yes" if row.warm_up else "",
            address=row.address,
            etag=etags.version_of(shown),
        )
    return console(
        deps,
        visitor,
        "mailbox.html",
        here="mailboxes",
        status=status,
        said=said,
        error=error,
        mailbox=row,
        days=days,
        believed=believed,
        landed=landed,
        seeds=seeds,
        signing_domain=domain,
        signing_keys=signing_keys,
        signed_by_us=row.transport in SIGNED_BY_US,
        why=why,
        typed=typed,
        enough=views.ENOUGH,
        delivery=deps.settings.delivery.value,
        may_change=visitor.may(Permission.MAILBOXES),
        signs_in=signed_in_to(row.transport, row.inbox),
        redirect_uri=redirect_uri(deps),
        **_choices(deps),
    )


def _choices(deps: Dependencies) -> dict[str, Any]:
    return {
        "transports": TRANSPORTS,
        "inboxes": INBOXES,
        "securities": SECURITIES,
        "leaves": deps.settings.delivery is DeliveryMode.SMTP,
    }
