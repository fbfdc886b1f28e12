"""Whose fault is it that a mail was not taken? One verdict of what a server, or a report, says.

A status alone does not say it: Gmail answers 4.7.0 to a sender it distrusts and 4.7.0 to one that is too fast. So the
words of the large providers come first, each with where it is documented, and the status decides what they leave open.
What to do about a verdict stands in agents.delivery_policy.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    DEFERRED = "deferred"  # not now, and no fault of anybody: greylisting, a busy server
    FULL = "full"  # their mailbox holds no more
    QUOTA = "quota"  # we send more, or faster, than we may
    BLOCKED = "blocked"  # they refuse us: reputation, a list, what mails of ours hold
    UNPROVEN = "unproven"  # our domain does not prove itself: SPF, DKIM, DMARC, the name of the address
    AUTH = "auth"  # our own server does not let us in: sign-in, encryption, settings
    TRANSPORT = "transport"  # no server could be reached, or it broke off
    NO_SUCH_PERSON = "no_such_person"  # the address or its domain does not exist
    REFUSED = "refused"  # this one mail alone: too large, not to be read
    COMPLAINT = "complaint"  # they called it spam


@dataclass(frozen=True, slots=True)
class Phrase:
    """`means`: in words for the person who has to do something."""

    provider: str
    pattern: re.Pattern[str]
    verdict: Verdict
    means: str
    source: str


_GOOGLE = "support.google.com/a/answer/3726730 (Gmail SMTP errors and codes)"
_OUTLOOK = "sendersupport.olc.protection.outlook.com/pm/troubleshooting"
_EXCHANGE = "learn.microsoft.com: Email non-delivery reports in Exchange Online"
_YAHOO = "senders.yahooinc.com/smtp-error-codes"
_APPLE = "support.apple.com/102322 (Postmaster information for iCloud Mail)"


def _phrase(provider: str, pattern: str, verdict: Verdict, means: str, source: str) -> Phrase:
    return Phrase(provider, re.compile(pattern, re.IGNORECASE | re.DOTALL), verdict, means, source)


# The first that fits decides: the narrow before the wide.
PHRASES = (
    _phrase(
        "Gmail",
        r"5\.4\.5.{0,60}(?:daily|sending).{0,20}(?:quota|limit)|daily user sending (?:quota|limit)",
        Verdict.QUOTA,
        "The account has sent what Google lets it send in 24 hours.",
        _GOOGLE,
    ),
    _phrase(
        "Gmail",
        r"[45]\.7\.(?:26|27|29|30|31|32|40)\b.{0,400}(?:auth|DMARC|DKIM|SPF|TLS|aligned|unauthenticated)",
        Verdict.UNPROVEN,
        "Google cannot verify the sender: SPF, DKIM or DMARC does not pass or is not aligned.",
        _GOOGLE,
    ),
    _phrase(
        "Gmail",
        r"[45]\.7\.(?:1|23|25)\b.{0,300}(?:\bPTR\b|reverse DNS|forward and reverse|forward DNS)",
        Verdict.UNPROVEN,
        "The sending address has no name that leads back to it (PTR).",
        _GOOGLE,
    ),
    _phrase(
        "Gmail",
        r"4\.7\.(?:0|28)\b.{0,200}unusual rate|4\.2\.1\b.{0,200}rate that prevents|4\.7\.28\b",
        Verdict.QUOTA,
        "Google slows mail down that comes at an unusual rate, from this address, domain or DKIM key.",
        _GOOGLE,
    ),
    _phrase(
        "Gmail",
        r"(?:5\.7\.1|4\.7\.0|5\.7\.0)\b.{0,300}(?:likely (?:unsolicited|suspicious)|low reputation|unsolicited mail"
        r"|very low reputation)",
        Verdict.BLOCKED,
        "Google takes the mail for spam because of the reputation of the domain, the address or the words.",
        _GOOGLE,
    ),
    _phrase(
        "Outlook.com",
        r"\bS(?:3140|3150|3113|77719|844)\b|block list \(S\d{4,}\)|4\.7\.650\b|\bOU-00[12]\b",
        Verdict.BLOCKED,
        "Outlook.com blocks the sending address or its network for its reputation. Ask there to be taken off.",
        _OUTLOOK,
    ),
    _phrase(
        "Outlook.com",
        r"\bRP-00[123]\b|\bS(?:775|77714)\b|4\.7\.651\b",
        Verdict.QUOTA,
        "Outlook.com limits how much it takes from an address of this reputation.",
        _OUTLOOK,
    ),
    _phrase(
        "Microsoft 365",
        r"5\.7\.(?:60[6-9]|6[1-4]\d|51[123])\b",
        Verdict.BLOCKED,
        "Microsoft blocks the sending address. Ask for removal at sender.office.com.",
        _EXCHANGE,
    ),
    _phrase(
        "Microsoft 365",
        r"5\.7\.(?:515|509|23)\b",
        Verdict.UNPROVEN,
        "The sender's domain does not pass SPF, DKIM or DMARC as Microsoft asks of it.",
        _EXCHANGE,
    ),
    _phrase(
        "Microsoft 365",
        r"5\.7\.5(?:0[1-3]|708)?\b.{0,120}(?:spam|banned|suspicious|traffic not accepted)|5\.7\.70[58]\b"
        r"|5\.1\.8\b.{0,80}bad outbound sender",
        Verdict.BLOCKED,
        "Microsoft suspects the account of sending spam, and refuses what it sends.",
        _EXCHANGE,
    ),
    _phrase(
        "Microsoft 365",
        r"[45]\.7\.500\b|4\.5\.3\b.{0,80}too many recipients|5\.2\.2\b.{0,60}submission quota|submissionquotaexceeded"
        r"|4\.3\.2\b.{0,60}(?:STOREDRV|concurrent connections)",
        Verdict.QUOTA,
        "The mailbox has sent what Microsoft lets it send in this time.",
        _EXCHANGE,
    ),
    _phrase(
        "Microsoft 365",
        r"5\.7\.(?:57|139)\b|SmtpClientAuthentication is disabled",
        Verdict.AUTH,
        "Microsoft does not let this account sign in to send by SMTP.",
        _EXCHANGE,
    ),
    _phrase(
        "Yahoo",
        r"\[TSS?0?4\]|\[TSS?0?5\]|\[TSS04\]|\[TSS05\]",
        Verdict.QUOTA,
        "Yahoo puts mail off because of its volume or because people complained. It takes it later, and slower.",
        _YAHOO,
    ),
    _phrase(
        "Yahoo",
        r"\[TSS?(?:0?[1-3]|0?7|0?9|11)\]|\[BL\d\d\]|\[PH\d\d\]|\[GL01\]",
        Verdict.BLOCKED,
        "Yahoo refuses the sending address for its reputation or because it stands on a list.",
        _YAHOO,
    ),
    _phrase(
        "Yahoo",
        r"5\.7\.9\b.{0,120}(?:policy reasons|not authenticated)|554 5\.7\.9",
        Verdict.UNPROVEN,
        "Yahoo could not authenticate the mail under the domain's own DMARC policy.",
        _YAHOO,
    ),
    _phrase(
        "iCloud",
        r"\[(?:HM08|CS01|CS02|PR01)\]|5\.7\.1 \[(?:HM|CS)",
        Verdict.BLOCKED,
        "iCloud refuses the mail for what it holds or for the sender's reputation.",
        _APPLE,
    ),
    _phrase(
        "blocklists",
        r"(?:listed|blocked|found).{0,60}(?:spamhaus|spamcop|barracuda|sorbs|uceprotect|\bRBL\b|\bDNSBL\b)"
        r"|(?:spamhaus|spamcop|barracudacentral|sorbs|uceprotect)\.[a-z]+",
        Verdict.BLOCKED,
        "The sending address stands on a blocklist that they ask.",
        "RFC 5782; the list that is named",
    ),
    _phrase(
        "any",
        r"DMARC[- ](?:policy|reject)|(?:fail\w*|per|due to) .{0,60}\bDMARC\b|\bbad SPF records?|SPF .{0,40}fail"
        r"|unauthenticated e-?mail",
        Verdict.UNPROVEN,
        "They cannot verify the sender: SPF, DKIM or DMARC does not pass or is not aligned.",
        "RFC 7372 X.7.20 to X.7.24; RFC 9989",
    ),
    _phrase(
        "any",
        r"cannot find your (?:reverse )?hostname|(?:IP )?name lookup failed|no (?:valid )?(?:PTR|reverse DNS|rDNS)"
        r"|\bPTR\b.{0,40}(?:missing|required|not (?:found|exist|match))|reverse DNS .{0,40}(?:fail|missing|requir)",
        Verdict.UNPROVEN,
        "The sending address has no name that leads back to it (PTR).",
        "RFC 7372 X.7.25",
    ),
    _phrase(
        "any",
        r"4\.7\.1\b.{0,80}grey-?list|grey-?listed|greylist",
        Verdict.DEFERRED,
        "They take mail of an unknown sender at the second try (greylisting).",
        "RFC 6647",
    ),
    _phrase(
        "any",
        r"too many (?:messages|emails|mails|connections)|rate limit|sending (?:limit|quota) (?:exceeded|reached)"
        r"|throttl|maximum sending rate",
        Verdict.QUOTA,
        "They take no more from us for now.",
        "RFC 3463 X.4.5, X.7.0; Amazon SES “Maximum sending rate exceeded”",
    ),
)

_AT_THE_DOOR = re.compile(r"^(?:timeout|eof|dns|refused|tls|network|protocol)\b")
_FULL_STATUS = re.compile(r"[45]\.2\.2$")
_SIGN_IN = frozenset({"530", "534", "535", "538", "5.7.0", "5.7.8", "5.7.9", "5.7.11", "5.7.14", "5.5.1", "5.5.0"})
_BLOCK_STATUS = re.compile(r"[45]\.7\.\d+$")
_OURS = frozenset({Verdict.QUOTA, Verdict.BLOCKED, Verdict.UNPROVEN, Verdict.AUTH})
_NO_SUCH = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10")  # RFC 3463, 7505: the address, and not our mail


def phrase_of(words: str) -> Phrase | None:
    """What a provider documents about these words; None: nobody does, or it is not known here."""
    return next((phrase for phrase in PHRASES if phrase.pattern.search(words[:2_000])), None)


def put_off(code: str, words: str) -> Verdict:
    """Of a mail that may be tried again."""
    if _AT_THE_DOOR.match(code):
        return Verdict.TRANSPORT
    if _FULL_STATUS.fullmatch(code):
        found = phrase_of(words)
        return Verdict.QUOTA if found is not None and found.verdict is Verdict.QUOTA else Verdict.FULL
    found = phrase_of(words)
    return found.verdict if found is not None else Verdict.DEFERRED


def rejected(code: str, words: str) -> Verdict:
    """Of a mail that was refused for good, as its transport reads it. Nobody is lost for a fault of ours: where the
    words say that it is about us, they win over a status that says it is about them."""
    found = phrase_of(words)
    if found is not None:
        return found.verdict
    return Verdict.NO_SUCH_PERSON if code in _NO_SUCH else Verdict.REFUSED


def about_us(code: str, words: str) -> Verdict:
    """Of a refusal that its transport calls ours to mend."""
    found = phrase_of(words)
    if found is not None and found.verdict is not Verdict.DEFERRED:
        return found.verdict
    if re.search(r"^AUTH\b", words) or code in _SIGN_IN:
        return Verdict.AUTH
    return Verdict.BLOCKED if _BLOCK_STATUS.fullmatch(code) else Verdict.AUTH


def reported(severity: str, status: str, words: str) -> Verdict:
    """Of a report about a mail that had been accepted. `severity`: tools.mail.bounce_severity.BounceClass."""
    if severity == "hard":
        return Verdict.NO_SUCH_PERSON
    found = phrase_of(f"{status} {words}")
    if found is not None and found.verdict in _OURS:
        return found.verdict
    if severity == "blocked":
        return Verdict.BLOCKED
    return Verdict.FULL if _FULL_STATUS.fullmatch(status) else Verdict.DEFERRED
