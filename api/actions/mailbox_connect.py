"""Letting a mailbox into its service: a person leaves for it and comes back (OAuth 2.0 code with PKCE).

What is under way stands in a signed cookie of ten minutes, bound to the session, the mailbox and its connection's
number: an answer that another browser, person or mailbox began is not taken.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer
from sqlmodel import Session

from agents import mailboxes
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from core.errors import FixConfiguration, NotFound, Rejected
from store.models import Mailbox
from tools.mail.service import signed_in_to
from tools.registry import MailConnections

CALLBACK: Final = "/mailboxes/connect/back"
SECONDS: Final = 600  # from leaving for the service to coming back


class ConnectFailed(Rejected):
    code = "connect_failed"


@dataclass(frozen=True, slots=True)
class Leaving:
    url: str  # the service's
    cookie: str


def redirect_uri(deps: Dependencies) -> str:
    """What has to be registered at the service."""
    return deps.settings.public_url + CALLBACK


def leave(deps: Dependencies, principal: Principal, mailbox_id: UUID) -> Leaving:
    """Raises Forbidden, NotFound, Rejected (no such service), FixConfiguration (no application)."""
    principal.require(Permission.MAILBOXES)
    with deps.database.read(principal.workspace_id) as session:
        row = _mailbox(session, principal, mailbox_id)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    url = _services(deps, principal).begin(row, redirect_uri=redirect_uri(deps), state=state, verifier=verifier)
    begun = {
        "session": _session_of(principal),
        "workspace": principal.workspace_id.hex,
        "mailbox": mailbox_id.hex,
        "number": row.connection_number,
        "service": _service_of(row),
        "state": state,
        "verifier": verifier,
        "at": int(deps.clock.now().timestamp()),
    }
    return Leaving(url, str(_serializer(deps).dumps(begun)))


def mailbox_of(deps: Dependencies, cookie: str) -> UUID | None:
    """Whose page shows what went wrong; None: this browser began nothing."""
    try:
        return UUID(hex=_serializer(deps).loads(cookie)["mailbox"])
    except (BadSignature, KeyError, ValueError):
        return None


def arrive(deps: Dependencies, principal: Principal, cookie: str, answer: Mapping[str, str]) -> UUID:
    """`answer`: the query that the service sent the person back with. The mailbox that is connected now.

    Takes seconds, outside of any transaction. Raises Forbidden, NotFound, Rejected, FixConfiguration, RetryAt.
    """
    principal.require(Permission.MAILBOXES)
    begun = _begun(deps, principal, cookie)
    if not hmac.compare_digest(begun["state"].encode(), answer.get("state", "").encode()):
        raise ConnectFailed(
            "The answer does not belong to what this browser began.", hint="Connect it again from its page."
        )
    mailbox_id = UUID(hex=begun["mailbox"])
    with deps.database.read(principal.workspace_id) as session:
        row = _mailbox(session, principal, mailbox_id)
    _refuse_another(row, begun)
    if answer.get("error"):
        denied = answer["error"] in ("access_denied", "consent_required")
        why = "Access was not allowed there." if denied else "The service could not let us in."
        raise ConnectFailed(why, hint="Connect it again, or ask whoever administers the account there.")
    if not answer.get("code"):
        raise ConnectFailed("The service's answer has no code.", hint="Connect it again from its page.")
    token = _services(deps, principal).redeem(
        row, code=answer["code"], redirect_uri=redirect_uri(deps), verifier=begun["verifier"]
    )
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        now_there = mailboxes.mailbox(session, context, mailbox_id)
        _refuse_another(now_there, begun)  # also a second answer: connecting made the number higher
        mailboxes.connect(session, context, now_there, token, by=principal.actor)
    return mailbox_id


def _begun(deps: Dependencies, principal: Principal, cookie: str) -> Mapping[str, Any]:
    again = "Connect it again from its page."
    try:
        found = dict(_serializer(deps).loads(cookie))
    except BadSignature:
        raise ConnectFailed("This browser began no connection, or it was too long ago.", hint=again) from None
    if not 0 <= deps.clock.now().timestamp() - found["at"] <= SECONDS:
        raise ConnectFailed("Connecting took longer than ten minutes.", hint=again)
    if (found["session"], found["workspace"]) != (_session_of(principal), principal.workspace_id.hex):
        raise ConnectFailed("Another sign-in began this connection.", hint=again)
    return found


def _refuse_another(row: Mailbox, begun: Mapping[str, Any]) -> None:
    if (row.connection_number, _service_of(row)) != (begun["number"], begun["service"]):
        raise ConnectFailed(
            "The mailbox was changed or connected meanwhile.", hint="Look at its page; connect it again if it asks."
        )


def _service_of(row: Mailbox) -> str:
    found = signed_in_to(row.transport, row.inbox)
    return found.name if found else ""


def _session_of(principal: Principal) -> str:
    return principal.session_id.hex if principal.session_id else ""


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


def _serializer(deps: Dependencies) -> URLSafeSerializer:
    return URLSafeSerializer(list(reversed(deps.sso_keys)), salt="mailbox connection")  # the last one signs
