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
from store.models import Mailbox, SeedAddress
from store.session import Database
from tools.mail.service import SERVICES, services_of
from tools.mapping.document import load_mapping
from tools.ports import CompanyQuery, CompanySource, Inbox, LanguageModel, MailTransport, UsageSource
from tools.providers.calendar_accounts import CalendarAccounts
from tools.providers.company_source.files import FileCompanySource
from tools.providers.crm.book import CrmBook
from tools.providers.email_verifier.checks import ChecksVerifier
from tools.providers.email_verifier.smtp_probe import smtp_probe
from tools.providers.inbox.folder import FolderInbox
from tools.providers.inbox.imap import ImapInbox
from tools.providers.inbox.imap_idle import ImapIdle
from tools.providers.inbox.imap_session import ImapSettings
from tools.providers.language_model.fallback import language_models
from tools.providers.mail_accounts import MailAccounts
from tools.providers.mail_domains.dns import DnsMailDomains, OfflineMailDomains
from tools.providers.mail_domains.records import domain_records
from tools.providers.mail_transport.folder import FolderTransport
from tools.providers.mail_transport.imap_lookup import ImapSentLookup
from tools.providers.mail_transport.smtp import SmtpSecurity, SmtpSettings, SmtpTransport
from tools.providers.notifier.known import notifiers
from tools.providers.placement.imap_seed import ImapSeed
from tools.providers.telephony.accounts import telephony_accounts
from tools.providers.usage.files import FileUsageSource
from tools.providers.vendor.account import Wire
from tools.providers.vendor.catalog import VENDORS
from tools.providers.vendor.desk import VendorDesk
from tools.providers.video.accounts import video_services
from tools.providers.web_fetch.guarded import GuardedFetch, NoFetch
from tools.providers.webhook_sender.http import HttpWebhookSender
from tools.registry import Toolbox
from tools.webhooks.doors import read_event

SENT_FOLDER, INBOX_FOLDER = "sent", "inbox"  # in the data directory: where the default keeps its .eml files


def build_toolbox(
    settings: Settings,
    database: Database,
    clock: Clock,
    ids: Ids,
    sealer_of: Callable[[UUID], Sealer],
    booking_url: Callable[[UUID, UUID], str],
    *,
    meeting_url: Callable[[UUID, UUID], str],
    wire: Wire | None = None,
) -> Toolbox:
    """Real providers, as far as the settings allow them to leave the machine. `wire`: what mail services by API are
    reached through; a test gives its own."""
    domains = DnsMailDomains(clock=clock) if settings.web_fetch else OfflineMailDomains()
    accounts = MailAccounts(settings, database, clock, ids, sealer_of, wire)
    calendars = CalendarAccounts(settings, database, clock, ids, sealer_of, wire)
    transports = _Transports(settings, sealer_of, accounts)
    models = language_models(settings, clock)

    def language_model(workspace_id: UUID, run_id: UUID | None) -> LanguageModel | None:
        scopes = [f"workspace:{clock.now():%Y-%m}"]
        return models(BudgetMetering(database, workspace_id, clock, ids, scopes=scopes, run_id=run_id))

    desk = VendorDesk(database, clock, sealer_of, online=settings.web_fetch, defaults=_keyless_options(settings))

    def company_source(workspace_id: UUID, name: str, query: CompanyQuery, options: Mapping[str, Any]) -> CompanySource:
        if name != "file":
            return desk.company_source(workspace_id, name, query)
        return FileCompanySource(Path(options["path"]), load_mapping(options["mapping"]), as_of=clock.now())

    def usage_source(name: str, options: Mapping[str, Any]) -> UsageSource:
        if name != "file":
            raise FixConfiguration(f"There is no usage source {name!r}.", hint="Import usage from a file.")
        return FileUsageSource(Path(options["path"]), load_mapping(options["mapping"]))

    return Toolbox(
        company_source=company_source,
        # People of files are imported into the store, where the contact finder finds them.
        person_finders=desk.person_finders,
        company_enrichers=desk.company_enrichers,
        signal_sources=desk.signal_sources,
        email_finders=desk.email_finders,
        paid_verifiers=desk.email_verifiers,
        vendors=[vendor.presented() for vendor in VENDORS],
        read_event=read_event,
        usage_source=usage_source,
        web_fetch=GuardedFetch(clock=clock) if settings.web_fetch else NoFetch(),
        webhook_sender=HttpWebhookSender(allow_private=settings.webhook_private),
        mail_domains=domains,
        domain_records=domain_records(online=settings.web_fetch),
        email_verifier=ChecksVerifier(domains, probe=smtp_probe(settings, clock)),
        transport=transports.of,
        inbox=lambda mailbox: _inbox(settings, clock, sealer_of, accounts, mailbox),
        inbox_watch=lambda mailbox: _inbox_watch(sealer_of, mailbox),
        push_source=accounts.push_source,
        crm=lambda workspace_id: CrmBook(database, workspace_id, clock, sealer_of(workspace_id)),
        booking_url=booking_url,
        meeting_url=meeting_url,
        language_model=language_model,
        mail_connections=accounts,
        calendar_account=calendars.account,
        calendar_connections=calendars,
        notifier=notifiers(clock, wire),
        seed_reader=_seed_reader,
        telephony=telephony_accounts(settings, database, clock, sealer_of, wire),
        video_service=video_services(clock, sealer_of, wire),
    )


def _keyless_options(settings: Settings) -> dict[str, str]:
    """What vendors without keys want to know of who asks: the SEC refuses whoever names no contact."""
    return {"contact": settings.web_contact} if settings.web_contact else {}


class _Transports:
    """One transport a mailbox and configuration: a connection carries many mails."""

    def __init__(self, settings: Settings, sealer_of: Callable[[UUID], Sealer], accounts: MailAccounts) -> None:
        self._accounts = accounts
        self._settings = settings
        self._sealer_of = sealer_of
        self._made: dict[tuple[Any, ...], MailTransport] = {}
        self._lock = threading.Lock()

    def of(self, mailbox: Mailbox) -> MailTransport:
        if self._settings.delivery is DeliveryMode.SMTP and services_of(mailbox.transport, ""):
            return self._accounts.transport(mailbox)
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
                hint=f"Transports are: folder, smtp, {', '.join(each.transport for each in SERVICES)}.",
            )
        password = mailbox_password(self._sealer_of(mailbox.workspace_id), mailbox)
        smtp = _smtp(mailbox, password)
        lookup = ImapSentLookup(_imap(mailbox, password)) if mailbox.inbox == "imap" else None
        return SmtpTransport(smtp, lookup)


def mailbox_password(sealer: Sealer, mailbox: Mailbox) -> str:
    """In clear, for a connection and nothing else."""
    if not mailbox.password_sealed:
        return ""
    return sealer.open(mailbox.password_sealed, context=f"mailbox|password|{mailbox.id}")


def mailbox_servers(sealer: Sealer, mailbox: Mailbox) -> tuple[SmtpSettings | None, ImapSettings | None]:
    """What a mailbox's servers are asked with; None where it has none, because it is a folder."""
    password = mailbox_password(sealer, mailbox)
    return (
        _smtp(mailbox, password) if mailbox.transport == "smtp" else None,
        _imap(mailbox, password) if mailbox.inbox == "imap" else None,
    )


def _smtp(mailbox: Mailbox, password: str) -> SmtpSettings:
    return SmtpSettings(
        host=mailbox.host,
        port=mailbox.port,
        security=SmtpSecurity(mailbox.security),
        username=mailbox.username,
        password=password,
        ehlo_name=mailbox.address.rpartition("@")[2],
    )


def _imap(mailbox: Mailbox, password: str) -> ImapSettings:
    return ImapSettings(host=mailbox.inbox_host, port=mailbox.inbox_port, username=mailbox.username, password=password)


def _inbox(
    settings: Settings, clock: Clock, sealer_of: Callable[[UUID], Sealer], accounts: MailAccounts, mailbox: Mailbox
) -> Inbox:
    if services_of("", mailbox.inbox):
        return accounts.inbox(mailbox)
    if mailbox.inbox == "imap":
        return ImapInbox(_imap(mailbox, mailbox_password(sealer_of(mailbox.workspace_id), mailbox)), clock)
    if mailbox.inbox == "folder":
        return FolderInbox(settings.data_dir / INBOX_FOLDER / mailbox.address)
    raise FixConfiguration(
        f"Mailbox {mailbox.address} has the inbox {mailbox.inbox!r}, which does not exist.",
        hint=f"Inboxes are: folder, imap, {', '.join(each.inbox for each in SERVICES if each.inbox)}.",
    )


def _seed_reader(seed: SeedAddress, password: str) -> ImapSeed:
    return ImapSeed(ImapSettings(host=seed.host, port=seed.port, username=seed.username, password=password))


def _inbox_watch(sealer_of: Callable[[UUID], Sealer], mailbox: Mailbox) -> ImapIdle | None:
    if mailbox.inbox != "imap":
        return None
    return ImapIdle(_imap(mailbox, mailbox_password(sealer_of(mailbox.workspace_id), mailbox)))
