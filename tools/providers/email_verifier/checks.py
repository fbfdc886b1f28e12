"""An address is checked by its syntax, by lists, and by whether its domain takes mail. No mail is sent to find out."""

import re
from collections.abc import Collection, Sequence

from email_validator import EmailNotValidError, validate_email

from tools.domains import FREE_MAIL
from tools.ports import EmailStatus, EmailVerdict, MailDomains, Unknown
from tools.providers.email_verifier.lists import DISPOSABLE, ROLES

MAX_ADDRESS = 254  # octets (RFC 5321 §4.5.3.1.3, less the brackets); the local part has 64
_DIGITS = re.compile(r"[\d._-]+$")  # info2, sales-3


def normalise_address(text: str) -> str | None:
    """The one spelling of an address, for comparing and for blind indexes; None where it has no valid syntax.

    White space around is dropped, all is lower case, the domain in A-labels (RFC 5890). A tag ("+news") stays: it may
    be another mailbox. A local part beyond ASCII needs SMTPUTF8, which few servers take, and is not valid here.
    """
    parsed = _parsed(text)
    return parsed if isinstance(parsed, str) else None


def _parsed(text: str) -> str | Unknown:
    text = text.strip(" \t\r\n")
    if len(text) > 2 * MAX_ADDRESS:
        return Unknown("it is longer than an address can be")
    try:
        found = validate_email(
            text,
            strict=True,  # a local part over 64 octets is refused too
            allow_smtputf8=False,
            check_deliverability=False,  # our own look-up decides, once a domain
            test_environment=True,  # lets .test through: whether it takes mail is for the look-up to say
        )
    except (EmailNotValidError, UnicodeError) as error:
        # Only the library's own sentences: an error of Unicode quotes the address.
        return Unknown(str(error).rstrip(".") if isinstance(error, EmailNotValidError) else "it is not readable text")
    address = (found.ascii_email or "").lower()
    domain = address.rpartition("@")[2]
    if "." not in domain or domain.startswith("["):
        return Unknown("its domain is not a full name")
    return address if len(address) <= MAX_ADDRESS else Unknown("it is longer than an address can be")


class ChecksVerifier:
    """`extra_disposable`: more domains, in lower case; they and all names under them count."""

    def __init__(self, mail_domains: MailDomains, *, extra_disposable: Collection[str] = frozenset()) -> None:
        self._mail_domains = mail_domains
        self._disposable = DISPOSABLE | frozenset(extra_disposable)

    def verify(self, addresses: Sequence[str]) -> Sequence[EmailVerdict]:
        asked: dict[str, Sequence[str] | Unknown] = {}
        return [self._verdict(address, asked) for address in addresses]

    def _verdict(self, text: str, asked: dict[str, Sequence[str] | Unknown]) -> EmailVerdict:
        address = _parsed(text)
        if isinstance(address, Unknown):
            return EmailVerdict(text, EmailStatus.INVALID, (f"not an e-mail address: {address.reason}",))
        local, _, domain = address.rpartition("@")
        role, free = is_role(local), domain in FREE_MAIL
        if self._is_disposable(domain):
            thrown_away = (f"{domain} gives addresses that are thrown away",)
            return EmailVerdict(address, EmailStatus.INVALID, thrown_away, "", role, free, is_disposable=True)
        if domain not in asked:
            asked[domain] = self._mail_domains.mx(domain)
        hosts = asked[domain]
        if not isinstance(hosts, Unknown) and not hosts:
            return EmailVerdict(address, EmailStatus.INVALID, (f"{domain} takes no mail",), "", role, free)
        reasons = tuple(
            reason
            for reason, holds in (
                ("the mailbox stands for a role, not a person", role),
                (f"{domain} is a free-mail provider, not an employer", free),
            )
            if holds
        )
        if isinstance(hosts, Unknown):
            return EmailVerdict(address, EmailStatus.UNKNOWN, (hosts.reason, *reasons), "", role, free)
        status = EmailStatus.RISKY if reasons else EmailStatus.VALID
        passed = ("syntax valid", f"{domain} takes mail at {hosts[0]}")
        return EmailVerdict(address, status, reasons or passed, hosts[0], role, free)

    def _is_disposable(self, domain: str) -> bool:
        while "." in domain:
            if domain in self._disposable:
                return True
            domain = domain.partition(".")[2]
        return False


def is_role(local: str) -> bool:
    """Whether a local part in lower case names a role: "info", "sales+eu", "support2", "jobs.berlin"."""
    name = local.partition("+")[0]
    if name in ROLES or _DIGITS.sub("", name) in ROLES:
        return True
    first, dot, _ = name.partition(".")
    return bool(dot) and first in _WITH_PLACE


# Followed by a place or a product they are still a role. A first name that is also a role ("ads.", "ar.") is not here.
_WITH_PLACE = frozenset({"info", "contact", "sales", "support", "jobs", "careers", "office", "press", "billing", "hr"})
