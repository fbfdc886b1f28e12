"""Mailboxes at services that are reached by API: what sends, what reads, and how a person lets us in.

Access tokens are kept in memory, one `AccessTokens` a mailbox and process, shared by what sends and what reads; refresh
tokens and keys are sealed in the mailbox's row. A mailbox's connection has a number: everything that is made here is of
one number, and what an old one hears (that it is dead, that its token was replaced) changes nothing of a newer one.
"""

from collections.abc import Callable
from typing import Final, TypeVar
from uuid import UUID

import httpx2
from sqlmodel import Session

from core.clock import Clock
from core.crypto import Sealer
from core.errors import FixConfiguration, Rejected, SalesOSError
from core.ids import Ids
from core.settings import Settings
from store.models import Mailbox
from store.queries import connections
from store.session import Database
from tools.mail.service import GOOGLE, MICROSOFT, SENDGRID, SES, Service, services_of, signed_in_to
from tools.ports import Inbox, MailTransport
from tools.ports.inbox_watch import PushSource
from tools.providers.grants import OncePerConnection, google_client, kept_tokens, microsoft_client
from tools.providers.inbox.gmail import GmailInbox
from tools.providers.inbox.gmail_push import GmailPush
from tools.providers.inbox.graph import GraphInbox
from tools.providers.inbox.graph_push import GraphPush
from tools.providers.inbox.subscriptions import StoredSubscription
from tools.providers.mail_transport.gmail import GmailTransport
from tools.providers.mail_transport.graph import GraphTransport
from tools.providers.mail_transport.sendgrid import EUROPE, GLOBAL, SendGridSettings, SendGridTransport
from tools.providers.mail_transport.service_check import problem_of_sendgrid, problem_of_ses
from tools.providers.mail_transport.ses import SesSettings, SesTransport
from tools.providers.oauth import AccessTokens, DeadGrant, OAuthClient
from tools.providers.oauth_grant import GOOGLE_SIGN_IN, MICROSOFT_SIGN_IN, begin, redeem
from tools.providers.vendor import google_mail, microsoft_graph
from tools.providers.vendor.account import Wire
from tools.providers.vendor.aws_signature import AwsKey

T = TypeVar("T")
_DOORS: Final = {GOOGLE.name: GOOGLE_SIGN_IN, MICROSOFT.name: MICROSOFT_SIGN_IN}
_ALIASES: Final = "/gmail/v1/users/me/settings/sendAs"
_OR_ITS_OWN: Final = ", or give the mailbox its own"
_OWN: Final = {"$select": "mail,userPrincipalName,proxyAddresses"}


class MailAccounts:
    """Safe to share between threads."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        ids: Ids,
        sealer_of: Callable[[UUID], Sealer],
        wire: Wire | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._ids = ids
        self._sealer_of = sealer_of
        self._wire = wire or Wire(httpx2.Client(trust_env=False), clock)
        self._kept = OncePerConnection()

    # ---- what sends and what reads

    def transport(self, mailbox: Mailbox) -> MailTransport:
        """Raises FixConfiguration, DeadGrant where the service let us in no longer: it is not asked again."""
        _refuse_dead(mailbox)
        return self._once(mailbox, f"transport:{mailbox.transport}", self._transport)

    def inbox(self, mailbox: Mailbox) -> Inbox:
        """As `transport`."""
        _refuse_dead(mailbox)
        return self._once(mailbox, f"inbox:{mailbox.inbox}", self._inbox)

    def push_source(self, mailbox: Mailbox) -> PushSource | None:
        """As `transport`; None where its service was not set up to post, or cannot."""
        make = {"gmail": self._gmail_push, "graph": self._graph_push}.get(mailbox.inbox)
        wanted = {"gmail": bool(self._settings.google_push_topic), "graph": self._settings.microsoft_push}
        if make is None or not wanted[mailbox.inbox]:
            return None
        _refuse_dead(mailbox)
        return self._once(mailbox, f"push:{mailbox.inbox}", make)

    def _gmail_push(self, mailbox: Mailbox) -> PushSource:
        return GmailPush(self._tokens(mailbox), self._wire, self._settings.google_push_topic)

    def _graph_push(self, mailbox: Mailbox) -> PushSource:
        url = self._settings.public_url
        if not url.startswith("https://"):
            raise FixConfiguration(
                "Microsoft posts by https alone.", hint="Set SALESOS_PUBLIC_URL to an https address, and start again."
            )
        book = StoredSubscription(self._database, self._sealer_of(mailbox.workspace_id), self._clock, mailbox)
        return GraphPush(self._tokens(mailbox), self._wire, book, url)

    def _transport(self, mailbox: Mailbox) -> MailTransport:
        match mailbox.transport:
            case "gmail":
                return GmailTransport(self._tokens(mailbox), self._wire)
            case "graph":
                return GraphTransport(self._tokens(mailbox), self._wire)
            case "ses":
                return SesTransport(self._ses(mailbox), self._wire)
            case _:
                return SendGridTransport(self._sendgrid(mailbox), self._wire)

    def _inbox(self, mailbox: Mailbox) -> Inbox:
        kind = GmailInbox if mailbox.inbox == "gmail" else GraphInbox
        return kind(self._tokens(mailbox), self._wire)

    def _ses(self, mailbox: Mailbox) -> SesSettings:
        secret = connections.credentials(self._sealer_of(mailbox.workspace_id), mailbox)
        return SesSettings(
            mailbox.connection.get("region", ""),
            AwsKey(secret.get("access_key_id", ""), secret.get("secret_access_key", "")),
            mailbox.connection.get("configuration_set", ""),
        )

    def _sendgrid(self, mailbox: Mailbox) -> SendGridSettings:
        secret = connections.credentials(self._sealer_of(mailbox.workspace_id), mailbox)
        base = EUROPE if mailbox.connection.get("data_region") == "eu" else GLOBAL
        return SendGridSettings(secret.get("api_key", ""), base)

    def _once(self, mailbox: Mailbox, what: str, make: Callable[[Mailbox], T]) -> T:
        key = (mailbox.workspace_id, mailbox.id, what)
        return self._kept.get(key, mailbox.connection_number, lambda: make(mailbox))

    # ---- tokens

    def _tokens(self, mailbox: Mailbox) -> AccessTokens:
        return self._once(mailbox, "tokens", self._fresh_tokens)

    def _fresh_tokens(self, mailbox: Mailbox) -> AccessTokens:
        workspace_id, mailbox_id, number = mailbox.workspace_id, mailbox.id, mailbox.connection_number
        sealer = self._sealer_of(workspace_id)

        def newest(session: Session) -> str:
            row = session.get(Mailbox, (workspace_id, mailbox_id))
            if row is None or row.connection_number != number:
                return ""
            return connections.credentials(sealer, row).get("refresh_token", "")

        service = _service(mailbox)
        client = self._client(mailbox, service)
        kept = connections.credentials(sealer, mailbox).get("refresh_token", "")
        if not kept or mailbox.connection.get("service") != service.name:
            raise DeadGrant(f"{mailbox.address} is not connected with {service.label}.", hint="Connect it on its page.")
        return kept_tokens(
            self._database, workspace_id, client, kept, self._wire,
            close=lambda session, said: connections.close(
                session, self._clock, self._ids, mailbox_id, number, said
            ),
            rotate=lambda session, token: connections.rotate(session, sealer, mailbox_id, number, token),
            newest=newest,
        )  # fmt: skip

    def _client(self, mailbox: Mailbox, service: Service) -> OAuthClient:
        """The mailbox's own application, else the one of the settings. Raises FixConfiguration where there is none."""
        secret = connections.credentials(self._sealer_of(mailbox.workspace_id), mailbox).get("client_secret", "")
        own = {"client_id": mailbox.connection.get("client_id", ""), "secret": secret, "hint": _OR_ITS_OWN}
        if service is GOOGLE:
            return google_client(self._settings, **own)
        return microsoft_client(self._settings, tenant=self._tenant(mailbox), **own)

    def _tenant(self, mailbox: Mailbox) -> str:
        return mailbox.connection.get("tenant") or self._settings.microsoft_tenant

    # ---- how a person lets us in (tools.registry.MailConnections)

    def begin(self, mailbox: Mailbox, *, redirect_uri: str, state: str, verifier: str) -> str:
        service = _service(mailbox)
        return begin(
            _DOORS[service.name],
            self._client(mailbox, service),
            sends=mailbox.transport == service.transport,
            tenant=self._tenant(mailbox),
            redirect_uri=redirect_uri,
            state=state,
            verifier=verifier,
            address=mailbox.address,
        )

    def redeem(self, mailbox: Mailbox, *, code: str, redirect_uri: str, verifier: str) -> str:
        service = _service(mailbox)
        client = self._client(mailbox, service)
        granted = redeem(
            _DOORS[service.name],
            client,
            self._wire,
            code=code,
            verifier=verifier,
            redirect_uri=redirect_uri,
            sends=mailbox.transport == service.transport,
        )
        tokens = AccessTokens(client, granted.refresh_token, self._wire, given=granted.access_token)
        addresses = self._addresses(service, tokens)
        if mailbox.address.lower() not in addresses:
            raise Rejected(
                f"That account does not send as {mailbox.address}.",
                hint=f"Choose the account of this address at {service.label}, or make it an alias there.",
            )
        return granted.refresh_token

    def _addresses(self, service: Service, tokens: AccessTokens) -> set[str]:
        """Every address that the account may send as."""
        if service is GOOGLE:
            body = google_mail.connect(tokens, self._wire).get(_ALIASES).body
            listed = body.get("sendAs") if isinstance(body, dict) else None
            found = [each.get("sendAsEmail") for each in listed or () if isinstance(each, dict)]
        else:
            body = microsoft_graph.connect(tokens, self._wire).get("/me", _OWN).body
            own = body if isinstance(body, dict) else {}
            proxies = own.get("proxyAddresses")
            aliases = [str(each)[5:] for each in proxies or () if str(each)[:5].lower() == "smtp:"]
            found = [own.get("mail"), own.get("userPrincipalName"), *aliases]
        return {str(address).strip().lower() for address in found if address}

    # ---- whether we are let in

    def problem(self, mailbox: Mailbox) -> str:
        try:
            for service in services_of(mailbox.transport, mailbox.inbox):
                if said := self._problem_of(service, mailbox):
                    return said
        except SalesOSError as error:
            return str(error)
        return ""

    def _problem_of(self, service: Service, mailbox: Mailbox) -> str:
        if service is SES:
            return problem_of_ses(self._ses(mailbox), self._wire)
        if service is SENDGRID:
            return problem_of_sendgrid(self._sendgrid(mailbox), self._wire)
        tokens = self._fresh_tokens(mailbox)  # asked afresh, whatever was heard before
        if service is GOOGLE:
            google_mail.connect(tokens, self._wire).get("/gmail/v1/users/me/profile")
        else:
            microsoft_graph.connect(tokens, self._wire).get("/me/messages", {"$top": 1, "$select": "id"})
        return ""


def _service(mailbox: Mailbox) -> Service:
    """Raises Rejected."""
    found = signed_in_to(mailbox.transport, mailbox.inbox)
    if found is None:
        raise Rejected(
            f"{mailbox.address} does not go through Google or Microsoft.", hint="Choose how it sends or is read first."
        )
    return found


def _refuse_dead(mailbox: Mailbox) -> None:
    if mailbox.connection_problem:
        raise DeadGrant(mailbox.connection_problem)
