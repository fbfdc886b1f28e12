"""How bad is a bounce? From its RFC 3463 status and the server's own words.

A person is suppressed for ever only when a report says that the mailbox or its domain does not exist. Everything else
is soft (it may pass) or blocked (a server refused *us*); where words and status disagree, the milder reading wins,
because a wrong suppression is never noticed and a repeated soft bounce is.
"""

import re
from enum import StrEnum


class BounceClass(StrEnum):
    HARD = "hard"  # there is no such mailbox or domain: never again
    SOFT = "soft"  # full, slow, or not said why: strikes are counted
    BLOCKED = "blocked"  # by policy, reputation or authentication: our fault, the mailbox is paused


# The address or its domain does not exist (RFC 3463 §3.2; X.1.10: null MX, RFC 7505).
_HARD_STATUS = re.compile(r"5\.1\.(?:0?1|2|6|10)$")
STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?=[ \-:,#]|$)(?!\.\d)")

_FULL = re.compile(
    r"(?:mailbox|quota|inbox|storage|account|user|disk)\b.{0,40}\b(?:full|exceed|over ?quota|exhaust|too large)"
    r"|over ?quota|quota (?:exceed|violation)|out of (?:storage|disk)|insufficient (?:disk|system) (?:space|storage)"
    r"|not enough (?:storage|disk|space)|disk quota|too large for|size of the box|mail ?box (?:is )?full"
    r"|mailfolder is full"
    r"|out of email storage|exceeded storage",
    re.IGNORECASE | re.DOTALL,
)
_BLOCKED = re.compile(
    r"spam|\bblock(?:ed|list|ing)|black ?list|reputation|\bDNSBL\b|\bRBL\b|spamhaus|policy|polic(?:y|ies)|\bSPF\b"
    r"|\bDKIM\b"
    r"|\bDMARC\b|not authenticated|authentic|relay(?:ing)? (?:denied|not|access)|relaying|unable to relay"
    r"|not permitted"
    r"|not allowed|access denied|rejected due to|content (?:rejected|restriction)|virus|malware|sender (?:rejected"
    r"|denied|verify)|\bPTR\b|reverse (?:dns|mapping)|banned|(?<!not )(?:black|block)?listed (?:at|on|by)"
    r"|unsolicited|bulk mail"
    r"|too many (?:connections|messages|emails)|rate limit|refused your|security (?:policy|reason|restrict"
    r"|violation)|prohibited|recipient preferences|has sent to too many|too many recipients|suspicious|dns check"
    r"|your (?:e-?mail|message|mail|ip) .{0,30}(?:rejected|refused|looks like)",
    re.IGNORECASE,
)
_NO_SUCH = re.compile(
    r"(?:user|mailbox|recipient|address|account|alias|addressee|e-?mail address|local part|username|inbox|person"
    r"|destinatario|empfänger)\b.{0,80}?\b(?:unknown|not (?:be )?found|does(?:n't| not) exist|not exist|invalid"
    r"|not listed"
    r"|not known|no(?:t a)? valid|nonexist|non-exist|no longer|unavailable\. ?$|not a known|not recognized"
    r"|doesn't have|rejected)"
    r"|no such (?:user|mailbox|recipient|person|address|account|local user|alias|email|name|directory entry|domain"
    r"|host)"
    r"|(?:unknown|invalid|unrecognized|nonexistent|non-existent|undeliverable|bad destination|unrouteable|unroutable)"
    r" (?:local[- ]?(?:part|user)|user|mailbox|recipient|address|account|alias|host|domain|destination|mail domain)"
    r"|(?:host|domain|server|site|name service)\b.{0,60}?\b(?:not (?:be )?found|unknown|does(?:n't| not) exist"
    r"|nxdomain"
    r"|not exist|not resolve)|unknown host|host unknown|nxdomain|no (?:mx|a) record|not our customer"
    r"|no mailbox (?:here )?by that name"
    r"|couldn't be found|not recognized|invalid final delivery userid"
    r"|isn't (?:in my|a valid)|is not (?:a (?:valid|known)|our)|not listed in|couldn't find any host|address rejected"
    r"|sorry, (?:no mailbox|i couldn't find)|this user doesn't have|has moved|no account by|nombre no"
    r"|unknown to address"
    r"|account .{0,40}(?:has been )?(?:closed|deleted|terminated)|recipient'?s? .{0,30}no longer",
    re.IGNORECASE,
)
_PASSING = re.compile(
    r"timed? ?out|on hold|retry time|try again|temporar|delayed|expired|connection (?:refused|reset|lost|dropped)"
    r"|greylist"
    r"|could not be delivered (?:for|within)|not yet been delivered|in queue too long|too long in queue|loop"
    r"|too many hops"
    r"|suspend|disabled|inactive|locked|over(?:load|limit)|message (?:is )?too (?:big|large)|size limit"
    r"|lost connection"
    r"|system (?:error|problem)|i/o error|configuration|could ?n.t (?:connect|reach)|unreachable|no route",
    re.IGNORECASE,
)

# The address that is refused is the sender's.
_SENDER = re.compile(r"sender address|domain of sender|mail from:?.{0,80}(?:not exist|unknown|reject)", re.IGNORECASE)
# "User unknown" after the recipient was accepted: a filter's way to say no, of no use about the mailbox.
_AFTER_DATA = re.compile(
    r"(?:reply to|response to|after) (?:the )?(?:end of )?(?:message )?(?:DATA|body)|>>> \.\s", re.IGNORECASE
)


# Microsoft 365 refuses at its edge who is not in the directory (directory-based edge blocking), with 5.4.1.
_EDGE_BLOCKED = re.compile(r"recipient address rejected: access denied", re.IGNORECASE)
# That the domain is gone needs no server's word about a mailbox. "No SMTP service": a null MX (RFC 7505).
_NO_DOMAIN = re.compile(
    r"(?:host|domain|name service)\b.{0,60}?\b(?:not (?:be )?found|unknown|does(?:n't| not) exist|nxdomain|not resolve)"
    r"|(?:unknown|invalid|no such|unrouteable|unroutable|bad destination) (?:host|domain|mail domain|destination)"
    # Exim before it asked anybody: no router takes the address.
    r"|^\s*unroute?able address|\n\s*unroute?able address"
    r"|nxdomain|no (?:mx|a) record|couldn't find any host|no smtp service|does not accept mail|non-existent hosts?\b",
    re.IGNORECASE,
)
# The server said it in answer to the recipient's name, before it saw a mail, or out of its own directory: it speaks of
# the mailbox. Postfix names the recipient so ("550 <bob@prospect.example>: …") in answers to RCPT alone.
# Sendmail's way ("550 <bob@…>... User unknown") is no such sign: filters write it too, after they have seen the mail.
_AT_RECIPIENT = re.compile(
    r"(?:reply to|response to|after|in reply to|not like our) \(?(?:the )?rcpt\b|(?:>>> ?|command )?rcpt to\b"
    r"|\b55\d:? (?:5\.\d\.\d{1,2} )?<[^<>\s]{3,320}>: |does not exist at the organi[sz]ation"
    r"|recipient name is not recognized|invalid final delivery userid",
    re.IGNORECASE,
)
# RFC 5321 §4.2.2 gives 550 these words; in answer to the recipient's name they mean that there is no such mailbox.
_UNAVAILABLE = re.compile(r"requested action not taken: mailbox unavailable", re.IGNORECASE)


def classify(status: str, words: str, around: str = "") -> BounceClass:
    """Of one failed recipient: its status (may be empty), the diagnostic words, and what stands around them."""
    detailed = most_specific(status, words)
    if detailed == "5.4.1" and _EDGE_BLOCKED.search(words):
        return BounceClass.HARD
    if detailed.startswith("4.") or (not detailed and _first_code(words).startswith("4")):
        return BounceClass.SOFT
    if detailed.endswith(".2.2") or detailed.startswith(("5.2.", "5.3.", "5.4.", "5.6.")):
        # 5.2.1 (disabled) and 5.4.x (routing) may come back; 5.4.4 and 5.4.0 are a missing host only when words say so.
        gone = detailed in ("5.4.4", "5.4.0", "5.4.14") and _NO_SUCH.search(words) and not _FULL.search(words)
        return (
            BounceClass.HARD if gone and not _BLOCKED.search(words) and not _PASSING.search(words) else BounceClass.SOFT
        )
    if _FULL.search(words):
        return BounceClass.SOFT
    if detailed.startswith("5.7.") or detailed in ("5.1.7", "5.1.8") or _SENDER.search(words):
        return BounceClass.BLOCKED
    if _HARD_STATUS.fullmatch(detailed):
        return BounceClass.BLOCKED if _BLOCKED.search(words) and not _NO_SUCH.search(words) else BounceClass.HARD
    if _BLOCKED.search(words):
        return BounceClass.BLOCKED
    if _PASSING.search(words):
        return BounceClass.SOFT
    if _NO_DOMAIN.search(words):
        return BounceClass.HARD
    # Words alone do not suppress: filters say "user unknown" too. It takes the moment at which it was said.
    said = f"{words}\n{around}"
    no_such = _NO_SUCH.search(words) or _UNAVAILABLE.search(words)
    if no_such and _AT_RECIPIENT.search(said) and not _AFTER_DATA.search(said):
        return BounceClass.HARD
    return BounceClass.SOFT


def most_specific(status: str, words: str) -> str:
    """The status; or the one in the words where the field only says "something went wrong" (X.0.0)."""
    if status and not status.endswith(".0.0"):
        return status
    in_words = [match.group() for match in STATUS.finditer(words) if match.group(1) != "2"]
    specific = [found for found in in_words if not found.endswith(".0.0")]
    return (specific or [status] if status else specific or in_words or [""])[0]


def _first_code(words: str) -> str:
    match = _CODE.search(words)
    return match.group(1) if match else ""
