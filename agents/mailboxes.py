"""Adding and changing mailboxes: the one writer behind the CLI, the API and the console."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from agents.context import AgentContext
from agents.mail_connections import set_connection
from agents.ramps import COLD_A_DAY
from core.errors import Conflict, NotFound, Rejected
from store import audit, feed
from store.feed_kinds import Kind, MailboxData
from store.models import Mailbox, MailboxState, User

TRANSPORTS = ("folder", "smtp", "gmail", "graph", "ses", "sendgrid")
INBOXES = ("folder", "imap", "gmail", "graph")
SECURITIES = ("starttls", "tls", "none")


class MailboxSettings(BaseModel):
    """Everything about a mailbox that a person sets, but its address, its owner and what lets us in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    display_name: str = Field(min_length=1, max_length=200)  # as recipients see it
    transport: str = "folder"
    host: str = Field(default="", max_length=255)
    port: int = Field(default=587, ge=0, le=65535)
    security: str = "starttls"
    username: str = Field(default="", max_length=254)
    inbox: str = "folder"
    inbox_host: str = Field(default="", max_length=255)
    inbox_port: int = Field(default=993, ge=1, le=65535)
    daily_cap: int = Field(default=COLD_A_DAY, ge=1, le=COLD_A_DAY)
    warm_up: bool = False


def check_settings(settings: MailboxSettings) -> None:
    """Raises Rejected for what cannot work together."""
    for value, allowed, name in (
        (settings.transport, TRANSPORTS, "transport"),
        (settings.inbox, INBOXES, "inbox"),
        (settings.security, SECURITIES, "security"),
    ):
        if value not in allowed:
            raise Rejected(f"There is no {name} “{value[:40]}”.", hint=f"Choose {' or '.join(allowed)}.")
    if settings.transport == "smtp" and not settings.host:
        raise Rejected("An SMTP mailbox needs its server.", hint="Give the host.")
    if settings.transport == "smtp" and not settings.port:
        raise Rejected("An SMTP mailbox needs the port of its server.", hint="587 for starttls, 465 for tls.")
    if settings.inbox == "imap" and not settings.inbox_host:
        raise Rejected("An IMAP inbox needs its server.", hint="Give the host of the inbox.")
    if any(character < " " or character == "\x7f" for character in settings.display_name + settings.username):
        raise Rejected("A name holds a control character.", hint="Type it again: a line end would break a mail's head.")


def add(
    session: Session,
    context: AgentContext,
    mailbox_id: UUID,
    settings: MailboxSettings,
    *,
    address: str,
    user_id: UUID,
    password: str = "",
    connection: Mapping[str, str] | None = None,
    by: str,
) -> Mailbox:
    """`address` is normal already; `connection`: see agents.mail_connections. One that a person has still to connect
    begins paused. Raises Rejected, NotFound (the owner), Conflict (the address is taken)."""
    check_settings(settings)
    if session.get(User, (context.workspace_id, user_id)) is None:
        raise NotFound("There is no such user to own the mailbox.")
    if session.exec(select(Mailbox.id).where(Mailbox.address == address)).first() is not None:
        raise Conflict("There is a mailbox of this address already.", hint="Change that one.")
    now = context.clock.now()
    row = Mailbox(
        workspace_id=context.workspace_id,
        id=mailbox_id,
        user_id=user_id,
        address=address,
        display_name=settings.display_name,
        created_at=now,
    )
    _apply(row, context, settings, password)
    row.connection_problem = set_connection(row, context, connection or {}).problem
    if row.connection_problem:
        row.state, row.pause_reason = MailboxState.PAUSED, row.connection_problem
    session.add(row)
    session.flush()
    _audit(session, context, row, "mailbox.added", by)
    return row


def change(
    session: Session,
    context: AgentContext,
    row: Mailbox,
    settings: MailboxSettings,
    *,
    password: str | None = None,
    connection: Mapping[str, str] | None = None,
    by: str,
) -> list[str]:
    """The names of what changed; the same again changes nothing. `password` None: it stays; "": there is none now.
    `connection`: see agents.mail_connections; what is left out stays.

    A password goes to the server it was given for: when the server changes, it must be given again. Raises Rejected.
    """
    check_settings(settings)
    before = settings_of(row)
    servers = ("host", "port", "inbox_host", "inbox_port", "security", "username")
    if password is None and row.password_sealed and any(_differ(before, settings, name) for name in servers):
        raise Rejected(
            "Another server or user name needs the password again.",
            hint="Type it once more: a password is never sent to a server that it was not given for.",
        )
    changed = sorted(name for name in MailboxSettings.model_fields if _differ(before, settings, name))
    if password is not None and password != _password(row, context):
        changed.append("credentials")
    problem = row.connection_problem
    if before.inbox != settings.inbox:
        row.inbox_cursor = None  # a place in another inbox says nothing of this one
    _apply(row, context, settings, password)
    connected = set_connection(row, context, connection or {})
    if connected.changed:
        changed.append("connection")
    if not changed:
        return []
    if set(changed) & {*servers, "credentials", "connection", "transport", "inbox"}:
        row.checked_at, row.check_problem = None, ""
    row.connection_problem = connected.problem
    session.add(row)
    session.flush()
    _audit(session, context, row, "mailbox.changed", by, {"changed": changed})
    _follow(session, context, row, problem, by)
    return changed


def connect(session: Session, context: AgentContext, row: Mailbox, refresh_token: str, *, by: str) -> None:
    """A person let us in at the service. What was paused because nobody had is lifted. Raises Rejected."""
    problem = row.connection_problem
    row.connection_problem = set_connection(row, context, {"refresh_token": refresh_token}, anew=True).problem
    row.checked_at, row.check_problem, row.inbox_problem = None, "", ""
    session.add(row)
    session.flush()
    _audit(session, context, row, "mailbox.connected", by)
    _follow(session, context, row, problem, by)


def lets_in_again(session: Session, context: AgentContext, row: Mailbox, *, by: str) -> None:
    """The service was asked, and takes what it had refused. The same again changes nothing."""
    problem = row.connection_problem
    if not problem:
        return
    row.connection_problem = set_connection(row, context, {}, anew=True).problem
    session.add(row)
    session.flush()
    _follow(session, context, row, problem, by)


def pause(session: Session, context: AgentContext, row: Mailbox, reason: str, *, by: str) -> None:
    """Nothing is sent from it until it is resumed. The same again changes nothing."""
    _move(session, context, row, MailboxState.PAUSED, reason.strip() or "by a person", by)


def resume(session: Session, context: AgentContext, row: Mailbox, *, by: str) -> None:
    """Raises Rejected where its service would not let it in."""
    if row.connection_problem:
        raise Rejected(row.connection_problem, hint="It goes on by itself once it is connected, or tried with success.")
    _move(session, context, row, MailboxState.ACTIVE, "", by)


def mailbox(session: Session, context: AgentContext, mailbox_id: UUID) -> Mailbox:
    """To be changed in this transaction. Raises NotFound."""
    query = select(Mailbox).where(col(Mailbox.id) == mailbox_id).with_for_update()
    if (row := session.exec(query).first()) is None:
        raise NotFound("There is no such mailbox.")
    return row


def settings_of(row: Mailbox) -> MailboxSettings:
    same = set(MailboxSettings.model_fields) - {"warm_up"}
    values = {name: getattr(row, name) for name in same}
    return MailboxSettings.model_construct(**values, warm_up=row.ramp_started_at is not None)


def _differ(before: MailboxSettings, after: MailboxSettings, name: str) -> bool:
    return bool(getattr(before, name) != getattr(after, name))


def _apply(row: Mailbox, context: AgentContext, settings: MailboxSettings, password: str | None) -> None:
    for name in set(MailboxSettings.model_fields) - {"warm_up"}:
        setattr(row, name, getattr(settings, name))
    if settings.warm_up != (row.ramp_started_at is not None):
        row.ramp_started_at = context.clock.now() if settings.warm_up else None
    if password is not None and password != _password(row, context):
        place = f"mailbox|password|{row.id}"
        row.password_sealed = context.sealer.seal(password, context=place) if password else ""


def _password(row: Mailbox, context: AgentContext) -> str:
    if not row.password_sealed:
        return ""
    return context.sealer.open(row.password_sealed, context=f"mailbox|password|{row.id}")


def _follow(session: Session, context: AgentContext, row: Mailbox, before: str, by: str) -> None:
    """The state after the connection: `before` is the problem that it had. A person's own pause stays."""
    ours = row.state is MailboxState.PAUSED and bool(before) and row.pause_reason == before
    if row.connection_problem and (ours or row.state is MailboxState.ACTIVE):
        _move(session, context, row, MailboxState.PAUSED, row.connection_problem, by)
    elif ours:
        _move(session, context, row, MailboxState.ACTIVE, "", by)


def _move(session: Session, context: AgentContext, row: Mailbox, state: MailboxState, reason: str, by: str) -> None:
    if row.state is state and row.pause_reason == reason:
        return
    row.state, row.pause_reason = state, reason
    session.add(row)
    session.flush()
    _audit(session, context, row, f"mailbox.{state.value}", by)
    kind = Kind.MAILBOX_RESUMED if state is MailboxState.ACTIVE else Kind.MAILBOX_PAUSED
    feed.publish(session, context.clock, [feed.Event(kind, row.id, MailboxData(by_us=by == "system"), by)])


def _audit(
    session: Session,
    context: AgentContext,
    row: Mailbox,
    action: str,
    by: str,
    details: Mapping[str, Any] | None = None,
) -> None:
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=by,
        action=action,
        subject_kind="mailbox",
        subject_id=row.id,
        details=details,
    )
