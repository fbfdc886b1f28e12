"""What agents may ask of the outside: one Protocol a capability, in our own normalised types.

Providers (tools/providers/<capability>/<vendor>.py) and the world (world/) implement these. A provider that is
down, empty or over budget returns `Unknown` with the reason: silence is not zero.
"""

from tools.ports.companies import (
    CompanyEnricher,
    CompanyPage,
    CompanyQuery,
    CompanyRecord,
    CompanyRef,
    CompanySource,
    RowProblem,
    SignalRecord,
    SignalReport,
    SignalSource,
)
from tools.ports.crm import Crm, CrmActivity
from tools.ports.language_model import LanguageModel, ModelReply
from tools.ports.mail import (
    DeliveryEvent,
    DeliveryKind,
    Envelope,
    FindsByContent,
    InboundMail,
    Inbox,
    LookupResult,
    LostMail,
    MailTransport,
    SendOutcome,
    SendResult,
    SendsMeanwhile,
)
from tools.ports.notices import NoticeAnswer, NoticeOutcome, NoticeService, NoticeText, Notifier
from tools.ports.people import (
    ANYBODY,
    DomainRecords,
    EmailFinder,
    EmailFound,
    EmailStatus,
    EmailVerdict,
    EmailVerifier,
    MailDomains,
    PeopleWanted,
    PersonFinder,
    PersonRecord,
    PersonRef,
)
from tools.ports.unknown import Gap, Unknown
from tools.ports.usage import UsageRecord, UsageSource
from tools.ports.vendors import Option, VendorSpec
from tools.ports.web import WebFetch, WebPage
from tools.ports.webhooks import WebhookAnswer, WebhookSender

__all__ = [
    "ANYBODY",
    "CompanyEnricher",
    "CompanyPage",
    "CompanyQuery",
    "CompanyRecord",
    "CompanyRef",
    "CompanySource",
    "Crm",
    "CrmActivity",
    "DeliveryEvent",
    "DeliveryKind",
    "DomainRecords",
    "EmailFinder",
    "EmailFound",
    "EmailStatus",
    "EmailVerdict",
    "EmailVerifier",
    "Envelope",
    "FindsByContent",
    "Gap",
    "InboundMail",
    "Inbox",
    "LanguageModel",
    "LookupResult",
    "LostMail",
    "MailDomains",
    "MailTransport",
    "ModelReply",
    "NoticeAnswer",
    "NoticeOutcome",
    "NoticeService",
    "NoticeText",
    "Notifier",
    "Option",
    "PeopleWanted",
    "PersonFinder",
    "PersonRecord",
    "PersonRef",
    "RowProblem",
    "SendOutcome",
    "SendResult",
    "SendsMeanwhile",
    "SignalRecord",
    "SignalReport",
    "SignalSource",
    "Unknown",
    "UsageRecord",
    "UsageSource",
    "VendorSpec",
    "WebFetch",
    "WebPage",
    "WebhookAnswer",
    "WebhookSender",
]
