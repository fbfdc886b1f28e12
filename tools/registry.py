"""The hands, as one object. Agents ask it for a capability by the port's type and never learn the vendor.

Adding a provider is one file under tools/providers/<capability>/ and one line in `tools.providers.catalog`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from core.errors import FixConfiguration, NotFound
from store.models import CalendarConnection, Mailbox, RoomSetting, SeedAddress, TelephonyAccount
from tools.ports import (
    CompanyEnricher,
    CompanyQuery,
    CompanySource,
    Crm,
    DomainRecords,
    EmailFinder,
    EmailVerifier,
    Inbox,
    LanguageModel,
    MailTransport,
    NoticeAnswer,
    NoticeOutcome,
    NoticeService,
    NoticeText,
    Notifier,
    PersonFinder,
    SignalSource,
    Unknown,
    UsageSource,
    VendorSpec,
    WebFetch,
    WebhookSender,
)
from tools.ports.calendar import CalendarAccount, CalendarInfo, VideoService
from tools.ports.domain_records import DomainRecords as PublishedRecords
from tools.ports.domain_records import RecordType
from tools.ports.inbox_watch import InboxWatch, PushSource
from tools.ports.placement import SeedReader
from tools.ports.telephony import Telephony
from tools.ports.told import Told


def _none(_workspace_id: UUID) -> tuple[()]:
    return ()


def _not_listened_to(_mailbox: Mailbox) -> None:
    return None


def _no_account(connection: CalendarConnection) -> CalendarAccount:
    raise FixConfiguration(f"Calendars at {connection.service} are not reached from here.")


def _no_link(_workspace_id: UUID, _id: UUID) -> str:
    return ""


class MailConnections(Protocol):
    """Mailboxes at services that are reached by API: how a person lets us in, and whether we are let in."""

    def begin(self, mailbox: Mailbox, *, redirect_uri: str, state: str, verifier: str) -> str:
        """The address at the service where the person goes. Raises FixConfiguration where no application is set."""
        ...

    def redeem(self, mailbox: Mailbox, *, code: str, redirect_uri: str, verifier: str) -> str:
        """The refresh token that the code stands for, once the account is known to be the mailbox's.

        Raises Rejected (not granted, another account), FixConfiguration, RetryAt.
        """
        ...

    def problem(self, mailbox: Mailbox) -> str:
        """Why a service does not let us in, asked afresh; "": it does, or there is none. Nothing is sent or read."""
        ...


@dataclass(frozen=True, slots=True)
class LetIn:
    """`account`: whose it is, by the service's word. `calendars`: those that it has now."""

    account: str
    refresh_token: str = field(repr=False)
    calendars: tuple[CalendarInfo, ...] = ()


class CalendarConnections(Protocol):
    """Calendars at Google and Microsoft: how a person lets us in; of any service, whether we are let in."""

    def begin(self, connection: CalendarConnection, *, redirect_uri: str, state: str, verifier: str) -> str:
        """The address at the service where the person goes; an `account` of "" lets them choose. Raises Rejected (no
        sign-in at this service), FixConfiguration where no application is set."""
        ...

    def redeem(self, connection: CalendarConnection, *, code: str, redirect_uri: str, verifier: str) -> LetIn:
        """Raises Rejected (not granted, another account), FixConfiguration, RetryAt."""
        ...

    def calendars(self, connection: CalendarConnection) -> Sequence[CalendarInfo] | Unknown:
        """Asked afresh, whatever was heard before. Nothing is written there."""
        ...


def _no_vendor(vendor: str, _raw: bytes) -> Sequence[Told]:
    raise NotFound(f"Events of {vendor} are not read here.")


class _NoRecords:
    """Of a world without a DNS."""

    def look_up(self, name: str, kind: RecordType) -> Unknown:
        return Unknown(f"nothing here can ask for {kind.value} of {name}")


_NO_RECORDS = _NoRecords()


class _NobodyIsTold:
    """Of a process that tells no team: in the demo nothing leaves."""

    def notify(self, text: NoticeText) -> NoticeAnswer:
        return NoticeAnswer(NoticeOutcome.REFUSED, "Nothing is sent from here.")


def _no_seed_reader(_seed: SeedAddress, _password: str) -> SeedReader:
    raise FixConfiguration("The folders of seeds are not read from here.")


def _no_notifier(_service: NoticeService, _secret: str, _destination: str) -> Notifier:
    return _NobodyIsTold()


def _no_rooms(_setting: RoomSetting) -> VideoService:
    raise FixConfiguration("Rooms for video calls are not made from here.")


def _no_telephony(_account: TelephonyAccount) -> Telephony:
    raise FixConfiguration("Nothing is texted or called from here.")


@dataclass(frozen=True)
class Toolbox:
    """Factories where a capability needs options or a workspace; instances where one serves all."""

    # (workspace, name, query, options): options are of "file" alone, its path and mapping
    company_source: Callable[[UUID, str, CompanyQuery, Mapping[str, Any]], CompanySource]
    person_finders: Callable[[UUID], Sequence[PersonFinder]]  # of a workspace, the cheapest first
    usage_source: Callable[[str, Mapping[str, Any]], UsageSource]
    web_fetch: WebFetch
    webhook_sender: WebhookSender
    mail_domains: DomainRecords
    email_verifier: EmailVerifier
    transport: Callable[[Mailbox], MailTransport]  # cached a mailbox: one connection carries many mails
    inbox: Callable[[Mailbox], Inbox]
    crm: Callable[[UUID], Crm]  # of a workspace
    booking_url: Callable[[UUID, UUID], str]  # (workspace, hold) → the link that picks this time
    language_model: Callable[[UUID, UUID | None], LanguageModel | None]  # (workspace, run): metered against its budget
    # Vendors of data of a workspace, as far as it has accounts at them or they ask for none.
    company_enrichers: Callable[[UUID], Sequence[CompanyEnricher]] = _none
    signal_sources: Callable[[UUID], Sequence[SignalSource]] = _none
    email_finders: Callable[[UUID], Sequence[EmailFinder]] = _none
    paid_verifiers: Callable[[UUID], Sequence[EmailVerifier]] = _none  # asked what email_verifier leaves open
    # None: the server does not say by itself that mail came. Raises FixConfiguration.
    inbox_watch: Callable[[Mailbox], InboxWatch | None] = _not_listened_to
    # None: nobody posts that it changed. Raises FixConfiguration.
    push_source: Callable[[Mailbox], PushSource | None] = _not_listened_to
    mail_connections: MailConnections | None = None  # None: this process reaches no service
    # (vendor, the bytes of one event that its webhook told) → what they say. Raises Rejected.
    read_event: Callable[[str, bytes], Sequence[Told]] = _no_vendor
    domain_records: PublishedRecords = _NO_RECORDS  # of any name and type, for what a sending domain publishes
    # Cached a connection, in memory: access tokens are shared. Raises FixConfiguration, DeadGrant.
    calendar_account: Callable[[CalendarConnection], CalendarAccount] = _no_account
    calendar_connections: CalendarConnections | None = None  # None: this process reaches no calendar service
    meeting_url: Callable[[UUID, UUID], str] = _no_link  # (workspace, meeting) → its page: all times, move, cancel
    # (a seed, its password) → its folders. Raises FixConfiguration.
    seed_reader: Callable[[SeedAddress, str], SeedReader] = _no_seed_reader
    notifier: Callable[[NoticeService, str, str], Notifier] = _no_notifier  # (service, secret, destination)
    telephony: Callable[[TelephonyAccount], Telephony] = _no_telephony  # raises FixConfiguration, Tampered
    video_service: Callable[[RoomSetting], VideoService] = _no_rooms  # raises FixConfiguration, Tampered
    vendors: Sequence[VendorSpec] = ()  # those that accounts can be made at
