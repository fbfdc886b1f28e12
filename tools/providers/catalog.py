"""The providers there are, a flat list a capability, and the toolbox made of them from the settings.

Adding one is a file under tools/providers/<capability>/ and a line here.
"""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from core.clock import Clock
from core.crypto import Sealer
from core.errors import FixConfiguration
from core.ids import Ids
from core.settings import DeliveryMode, Settings
from store.ledger import BudgetMetering
from store.models import Mailbox
from store.session import Database
from tools.mapping.document import load_mapping
from tools.ports import CompanySource, Inbox, LanguageModel, MailTransport, UsageSource
from tools.providers.company_source.files import FileCompanySource
from tools.providers.crm.book import CrmBook
from tools.providers.email_verifier.checks import ChecksVerifier
from tools.providers.inbox.folder import FolderInbox
from tools.providers.inbox.imap import ImapInbox
from tools.providers.inbox.imap_session import ImapSettings
from tools.providers.language_model.fallback import language_models
from tools.providers.mail_domains.dns import DnsMailDomains, OfflineMailDomains
from tools.providers.mail_transport.folder import FolderTransport
from tools.providers.mail_transport.imap_lookup import ImapSentLookup
from tools.providers.mail_transport.smtp import SmtpSecurity, SmtpSettings, SmtpTransport
from tools.providers.usage.files import FileUsageSource
from tools.providers.web_fetch.guarded import GuardedFetch, NoFetch
from tools.registry import Toolbox

SENT_FOLDER, INBOX_FOLDER = "sent", "inbox"  # in the data directory: where the default keeps its .eml files


def build_toolbox(
    settings: Settings,
    database: Database,
    clock: Clock,
    ids: Ids,
    sealer_of: Callable[[UUID], Sealer],
    booking_url: Callable[[UUID, UUID], str],
) -> Toolbox:
    """Real providers, as far as the settings allow them to leave the machine."""
    domains = DnsMailDomains(clock=clock) if settings.web_fetch else OfflineMailDomains()
    transports = _Transports(settings, sealer_of)
    models = language_models(settings, clock)

    def language_model(workspace_id: UUID, run_id: UUID | None) -> LanguageModel | None:
        scopes = [f"workspace:{clock.now():%Y-%m}"]
        return models(BudgetMetering(database, workspace_id, clock, ids, scopes=scopes, run_id=run_id))

    def company_source(name: str, options: Mapping[str, Any]) -> CompanySource:
        if name != "file":
            hint = "Sources are: store (companies that are here already), import:<id>."
            raise FixConfiguration(f"There is no company source {name!r}.", hint=hint)
        return FileCompanySource(Path(options["path"]), load_mapping(options["mapping"]), as_of=clock.now())

    def usage_source(name: str, options: Mapping[str, Any]) -> UsageSource:
        if name != "file":
            raise FixConfiguration(f"There is no usage source {name!r}.", hint="Import usage from a file.")
        return FileUsageSource(Path(options["path"]), load_mapping(options["mapping"]))

    return Toolbox(
        company_source=company_source,
        # People of files are imported into the store, where the contact finder finds them; vendors come later.
        person_finders=lambda _workspace_id: (),
        usage_source=usage_source,
        web_fetch=GuardedFetch(clock=clock) if settings.web_fetch else NoFetch(),
        mail_domains=domains,
        email_verifier=ChecksVerifier(domains),
        transport=transports.of,
        inbox=lambda mailbox: _inbox(settings, sealer_of, mailbox),
        crm=lambda workspace_id: CrmBook(database, workspace_id, clock, sealer_of(workspace_id)),
        booking_url=booking_url,
        language_model=language_model,
    )


class _Transports:
    """One transport a mailbox and configuration: a connection carries many mails."""

    def __init__(self, settings: Settings, sealer_of: Callable[[UUID], Sealer]) -> None:
        self._settings = settings
        self._sealer_of = sealer_of
        self._made: dict[tuple[Any, ...], MailTransport] = {}
        self._lock = threading.Lock()

    def of(self, mailbox: Mailbox) -> MailTransport:
        key = (
            mailbox.workspace_id,
            mailbox.id,
            mailbox.transport,
            mailbox.host,
            mailbox.port,
            mailbox.security,
            mailbox.username,
            mailbox.password_sealed,
        )
        with self._lock:
            if key not in self._made:
                self._made[key] = self._make(mailbox)
            return self._made[key]

    def _make(self, mailbox: Mailbox) -> MailTransport:
        if self._settings.delivery is not DeliveryMode.SMTP or mailbox.transport == "folder":
            return FolderTransport(self._settings.data_dir / SENT_FOLDER)
        if mailbox.transport != "smtp":
            raise FixConfiguration(
                f"Mailbox {mailbox.address} has the transport {mailbox.transport!r}, which does not exist.",
                hint="Transports are: folder, smtp.",
            )
        password = mailbox_password(self._sealer_of(mailbox.workspace_id), mailbox)
        smtp = SmtpSettings(
            host=mailbox.host,
            port=mailbox.port,
            security=SmtpSecurity(mailbox.security),
            username=mailbox.username,
            password=password,
            ehlo_name=mailbox.address.rpartition("@")[2],
        )
        lookup = ImapSentLookup(_imap(mailbox, password)) if mailbox.inbox == "imap" else None
        return SmtpTransport(smtp, lookup)


def mailbox_password(sealer: Sealer, mailbox: Mailbox) -> str:
    """In clear, for a connection and nothing else."""
    if not mailbox.password_sealed:
        return ""
    return sealer.open(mailbox.password_sealed, context=f"mailbox|password|{mailbox.id}")


def _imap(mailbox: Mailbox, password: str) -> ImapSettings:
    return ImapSettings(host=mailbox.inbox_host, port=mailbox.inbox_port, username=mailbox.username, password=password)


def _inbox(settings: Settings, sealer_of: Callable[[UUID], Sealer], mailbox: Mailbox) -> Inbox:
    if mailbox.inbox == "imap":
        return ImapInbox(_imap(mailbox, mailbox_password(sealer_of(mailbox.workspace_id), mailbox)))
    if mailbox.inbox == "folder":
        return FolderInbox(settings.data_dir / INBOX_FOLDER / mailbox.address)
    raise FixConfiguration(
        f"Mailbox {mailbox.address} has the inbox {mailbox.inbox!r}, which does not exist.",
        hint="Inboxes are: folder, imap.",
    )
