"""The hands, as one object. Agents ask it for a capability by the port's type and never learn the vendor.

Adding a provider is one file under tools/providers/<capability>/ and one line in `tools.providers.catalog`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from store.models import Mailbox
from tools.ports import (
    CompanySource,
    Crm,
    EmailVerifier,
    Inbox,
    LanguageModel,
    MailDomains,
    MailTransport,
    PersonFinder,
    UsageSource,
    WebFetch,
)


@dataclass(frozen=True)
class Toolbox:
    """Factories where a capability needs options or a workspace; instances where one serves all."""

    company_source: Callable[[str, Mapping[str, Any]], CompanySource]  # (name, options) – "file": path, mapping
    person_finders: Callable[[UUID], Sequence[PersonFinder]]  # of a workspace, the cheapest first
    usage_source: Callable[[str, Mapping[str, Any]], UsageSource]
    web_fetch: WebFetch
    mail_domains: MailDomains
    email_verifier: EmailVerifier
    transport: Callable[[Mailbox], MailTransport]  # cached a mailbox: one connection carries many mails
    inbox: Callable[[Mailbox], Inbox]
    crm: Callable[[UUID], Crm]  # of a workspace
    booking_url: Callable[[UUID, UUID], str]  # (workspace, hold) → the link that picks this time
    language_model: Callable[[UUID, UUID | None], LanguageModel | None]  # (workspace, run): metered against its budget
