"""An address is checked by its syntax, by lists, by whether its domain takes mail, and, where switched on, by asking.

No mail is sent to find out. Asking the mail server (smtp_probe) is off unless a setting turns it on.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from tools.ports import EmailStatus, EmailVerdict, MailDomains, Unknown
from tools.providers.email_verifier.lists import DISPOSABLE, is_free_mail
from tools.providers.email_verifier.roles import is_role
from tools.providers.email_verifier.smtp_probe import Asked, MailboxProbe, ProbeAnswer
from tools.providers.email_verifier.syntax import mixes_alphabets, parse_address, tag_of


class ChecksVerifier:
    """`extra_disposable`: more domains, in lower case; they and all names under them count.

    `probe`: asks mail servers for the mailboxes that passed all else; None, the default, asks nobody.
    """

    name = "checks"
    price_micros = 0

    def __init__(
        self,
        mail_domains: MailDomains,
        *,
        extra_disposable: Collection[str] = frozenset(),
        probe: MailboxProbe | None = None,
    ) -> None:
        self._mail_domains = mail_domains
        self._disposable = DISPOSABLE | frozenset(extra_disposable)
        self._probe = probe

    def verify(self, addresses: Sequence[str]) -> Sequence[EmailVerdict]:
        hosts: dict[str, Sequence[str] | Unknown] = {}
        verdicts = [self._verdict(address, hosts) for address in addresses]
        return verdicts if self._probe is None else self._with_answers(self._probe, verdicts, hosts)

    def _verdict(self, text: str, asked: dict[str, Sequence[str] | Unknown]) -> EmailVerdict:
        address = parse_address(text)
        if isinstance(address, Unknown):
            return EmailVerdict(text, EmailStatus.INVALID, (f"not an e-mail address: {address.reason}",))
        local, _, domain = address.rpartition("@")
        role, free = is_role(local), is_free_mail(domain)
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
                ("the domain mixes alphabets to look like another", mixes_alphabets(domain)),
            )
            if holds
        )
        if isinstance(hosts, Unknown):
            return EmailVerdict(address, EmailStatus.UNKNOWN, (hosts.reason, *reasons), "", role, free)
        status = EmailStatus.RISKY if reasons else EmailStatus.VALID
        passed = ["syntax valid", f"{domain} takes mail at {hosts[0]}"]
        if tag := tag_of(local):
            passed.append(f"carries the tag +{tag}, which its owner made for one sender")
        return EmailVerdict(address, status, reasons or tuple(passed), hosts[0], role, free)

    def _with_answers(
        self, probe: MailboxProbe, verdicts: Sequence[EmailVerdict], hosts: Mapping[str, Sequence[str] | Unknown]
    ) -> Sequence[EmailVerdict]:
        """The verdicts, sharpened by what the mail servers say; one call of the probe a domain."""
        wanted: dict[str, list[str]] = {}
        for verdict in verdicts:
            # Free-mail providers answer everybody alike, or block who asks: nothing is learned there.
            if verdict.status in (EmailStatus.VALID, EmailStatus.RISKY) and not verdict.is_free_mail:
                wanted.setdefault(verdict.address.rpartition("@")[2], []).append(verdict.address)
        answers: dict[str, Asked] = {}
        for domain, addresses in wanted.items():
            at = hosts[domain]
            if not isinstance(at, Unknown):
                answers.update(probe.ask(domain, at, tuple(dict.fromkeys(addresses))))
        return [_sharpened(verdict, answers.get(verdict.address)) for verdict in verdicts]

    def _is_disposable(self, domain: str) -> bool:
        while "." in domain:
            if domain in self._disposable:
                return True
            domain = domain.partition(".")[2]
        return False


def _sharpened(verdict: EmailVerdict, asked: Asked | None) -> EmailVerdict:
    if asked is None:
        return verdict
    if asked.answer is ProbeAnswer.REFUSED:
        return replace(verdict, status=EmailStatus.INVALID, reasons=(asked.reason,))
    if asked.answer is ProbeAnswer.NOT_ASKED:
        return replace(verdict, reasons=(*verdict.reasons, asked.reason))
    reasons = (asked.reason, *verdict.reasons)
    if asked.answer is ProbeAnswer.CATCH_ALL:
        return replace(verdict, status=EmailStatus.RISKY, reasons=reasons, is_catch_all=True)
    if asked.answer is ProbeAnswer.UNKNOWN:
        return replace(verdict, status=EmailStatus.UNKNOWN, reasons=reasons)
    return replace(verdict, reasons=reasons, mailbox_confirmed=True)
