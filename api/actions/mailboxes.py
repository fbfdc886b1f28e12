"""Mailboxes added, changed, paused and tried: the right, the transaction, and which hosts may be named."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from agents import mailboxes
from agents.mailboxes import MailboxSettings
from api import etags
from api.auth import normal_email
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views.mailboxes import MailboxOut, mailbox_out
from core.errors import Rejected
from core.redaction import redact_text
from store.models import Mailbox
from tools.providers.catalog import mailbox_servers
from tools.providers.mail_transport.check import problem_of_host, problem_of_servers


def add(
    deps: Dependencies,
    principal: Principal,
    mailbox_id: UUID,
    settings: MailboxSettings,
    *,
    address: str,
    user_id: UUID | None,
    password: str,
    connection: Mapping[str, str] | None = None,
) -> tuple[MailboxOut, bool]:
    """The mailbox, and whether it is new: with an id that is there already, nothing is done.

    `user_id` None: whoever asks owns it. Raises Forbidden, Rejected, NotFound, Conflict.
    """
    principal.require(Permission.MAILBOXES)
    owner = user_id or principal.user_id
    if owner is None:
        raise Rejected("A mailbox belongs to a person.", hint="Give `user_id`.")
    _check_hosts(deps, settings)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        if new := session.get(Mailbox, (principal.workspace_id, mailbox_id)) is None:
            mailboxes.add(
                session,
                context,
                mailbox_id,
                settings,
                address=normal_email(address),
                user_id=owner,
                password=password,
                connection=connection,
                by=principal.actor,
            )
        return mailbox_out(session, mailbox_id), new


def change(
    deps: Dependencies,
    principal: Principal,
    mailbox_id: UUID,
    values: dict[str, Any],
    *,
    password: str | None,
    connection: Mapping[str, str] | None = None,
    if_match: str | None = None,
) -> MailboxOut:
    """`values`: settings by name, each within its bounds. Raises Forbidden, NotFound, PreconditionFailed, Rejected."""
    principal.require(Permission.MAILBOXES)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        row = mailboxes.mailbox(session, context, mailbox_id)
        etags.check(if_match, mailbox_out(session, mailbox_id))
        before = mailboxes.settings_of(row)
        settings = before.model_copy(update=values)
        if (settings.host, settings.inbox_host) != (before.host, before.inbox_host):
            _check_hosts(deps, settings)
        mailboxes.change(session, context, row, settings, password=password, connection=connection, by=principal.actor)
        return mailbox_out(session, mailbox_id)


def pause(deps: Dependencies, principal: Principal, mailbox_id: UUID, *, reason: str) -> MailboxOut:
    """Raises Forbidden, NotFound."""
    principal.require(Permission.MAILBOXES)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        row = mailboxes.mailbox(session, context, mailbox_id)
        mailboxes.pause(session, context, row, reason, by=principal.actor)
        return mailbox_out(session, mailbox_id)


def resume(deps: Dependencies, principal: Principal, mailbox_id: UUID) -> MailboxOut:
    """Raises Forbidden, NotFound."""
    principal.require(Permission.MAILBOXES)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        mailboxes.resume(session, context, mailboxes.mailbox(session, context, mailbox_id), by=principal.actor)
        return mailbox_out(session, mailbox_id)


def check(deps: Dependencies, principal: Principal, mailbox_id: UUID) -> str:
    """Why its servers or services do not let us in; empty: they do, or it has none. Takes seconds, outside of any
    transaction. A connection that was closed and is taken again goes on.

    Raises Forbidden, NotFound, RetryAt.
    """
    principal.require(Permission.MAILBOXES)
    context = deps.context_for(principal.workspace_id)
    with deps.database.read(principal.workspace_id) as session:
        mailbox_out(session, mailbox_id)
        row = session.get_one(Mailbox, (principal.workspace_id, mailbox_id))
    smtp, imap = mailbox_servers(context.sealer, row)
    said = problem_of_servers(smtp, imap, private_hosts=deps.settings.mail_private_hosts)
    services = context.tools.mail_connections
    if not said and services is not None:
        said = services.problem(row)
    problem = redact_text(said)[:1_000]
    with deps.database.write(principal.workspace_id) as session:
        now_there = session.get(Mailbox, (principal.workspace_id, mailbox_id))
        # Settings that changed meanwhile were not the ones that were tried.
        if now_there is not None and _tried(now_there) == _tried(row):
            now_there.checked_at, now_there.check_problem = deps.clock.now(), problem
            session.add(now_there)
            if not problem:
                mailboxes.lets_in_again(session, context, now_there, by=principal.actor)
    return problem


def _tried(row: Mailbox) -> tuple[Any, ...]:
    return (
        row.transport,
        row.host,
        row.port,
        row.security,
        row.username,
        row.password_sealed,
        row.inbox,
        row.inbox_host,
        row.connection_number,
    )


def _check_hosts(deps: Dependencies, settings: MailboxSettings) -> None:
    for host in (settings.host, settings.inbox_host):
        if problem := problem_of_host(host, private_hosts=deps.settings.mail_private_hosts):
            raise Rejected(
                problem, hint="Name a public mail server, or ask whoever runs this server.", code="private_host"
            )
