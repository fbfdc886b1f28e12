"""Letting a mailbox into its service: a person leaves for it and comes back (api.actions.service_sign_in).

What is under way is bound to the mailbox and its connection's number too: an answer that another mailbox began, or that
comes a second time, is not taken.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from agents import mailboxes
from api.actions.service_sign_in import ConnectFailed, Leaving, Under, begun_here, code_of, returned
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from core.errors import FixConfiguration, NotFound
from store.models import Mailbox
from tools.mail.service import signed_in_to
from tools.registry import MailConnections

CALLBACK: Final = "/mailboxes/connect/back"
_SALT: Final = "mailbox connection"


def redirect_uri(deps: Dependencies) -> str:
    """What has to be registered at the service."""
    return deps.settings.public_url + CALLBACK


def leave(deps: Dependencies, principal: Principal, mailbox_id: UUID) -> Leaving:
    """Raises Forbidden, NotFound, Rejected (no such service), FixConfiguration (no application)."""
    principal.require(Permission.MAILBOXES)
    with deps.database.read(principal.workspace_id) as session:
        row = _mailbox(session, principal, mailbox_id)
    way = Under(_SALT)
    url = _services(deps, principal).begin(
        row, redirect_uri=redirect_uri(deps), state=way.state, verifier=way.verifier
    )  # fmt: skip
    what = {"mailbox": mailbox_id.hex, "number": row.connection_number, "service": _service_of(row)}
    return Leaving(url, way.cookie(deps, principal, what))


def mailbox_of(deps: Dependencies, cookie: str) -> UUID | None:
    """Whose page shows what went wrong; None: this browser began nothing."""
    found = begun_here(deps, _SALT, cookie)
    return UUID(hex=found["mailbox"]) if found else None


def arrive(deps: Dependencies, principal: Principal, cookie: str, answer: Mapping[str, str]) -> UUID:
    """`answer`: the query that the service sent the person back with. The mailbox that is connected now.

    Takes seconds, outside of any transaction. Raises Forbidden, NotFound, Rejected, FixConfiguration, RetryAt.
    """
    principal.require(Permission.MAILBOXES)
    begun = returned(deps, principal, _SALT, cookie, answer)
    mailbox_id = UUID(hex=begun["mailbox"])
    with deps.database.read(principal.workspace_id) as session:
        row = _mailbox(session, principal, mailbox_id)
    _refuse_another(row, begun)
    token = _services(deps, principal).redeem(
        row, code=code_of(answer), redirect_uri=redirect_uri(deps), verifier=begun["verifier"]
    )
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        now_there = mailboxes.mailbox(session, context, mailbox_id)
        _refuse_another(now_there, begun)  # also a second answer: connecting made the number higher
        mailboxes.connect(session, context, now_there, token, by=principal.actor)
    return mailbox_id


def _refuse_another(row: Mailbox, begun: Mapping[str, Any]) -> None:
    if (row.connection_number, _service_of(row)) != (begun["number"], begun["service"]):
        raise ConnectFailed(
            "The mailbox was changed or connected meanwhile.", hint="Look at its page; connect it again if it asks."
        )


def _service_of(row: Mailbox) -> str:
    found = signed_in_to(row.transport, row.inbox)
    return found.name if found else ""


def _mailbox(session: Session, principal: Principal, mailbox_id: UUID) -> Mailbox:
    row = session.get(Mailbox, (principal.workspace_id, mailbox_id))
    if row is None:
        raise NotFound("There is no such mailbox.")
    return row


def _services(deps: Dependencies, principal: Principal) -> MailConnections:
    found = deps.context_for(principal.workspace_id).tools.mail_connections
    if found is None:
        raise FixConfiguration("This process reaches no mail service.", hint="Connect it where the server runs.")
    return found
