"""Mail about our mail: delivery reports (RFC 3464), complaints (ARF, RFC 5965), and the free text of older servers."""

import re
from dataclasses import dataclass
from email.message import Message
from email.utils import parseaddr
from enum import StrEnum

from tools.mail import mime
from tools.mail.bounce_severity import STATUS, BounceClass, classify, most_specific


class ReportKind(StrEnum):
    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"  # also relayed and expanded
    COMPLAINT = "complaint"
    OTHER = "other"  # a report that is about neither: DMARC failures, "not spam"


@dataclass(frozen=True, slots=True)
class FailedRecipient:
    address: str  # lower case; empty when the report does not name it
    status: str  # RFC 3463; empty when there is none
    severity: BounceClass
    diagnostic: str  # the server's words, at most 300 characters; tainted


@dataclass(frozen=True, slots=True)
class Report:
    kind: ReportKind
    recipients: tuple[FailedRecipient, ...] = ()
    about: tuple[str, ...] = ()  # message ids of the mail it is about
    feedback_type: str = ""


_BOUNCE_SENDER = re.compile(
    r"mailer-?daemon|post.?master|mail ?delivery|delivery sub ?system|mail ?er|mdaemon|mail-?system|double-bounce"
    r"|exchange"
    r"|no-?reply@|mail administrator|undeliver|bounce",
    re.IGNORECASE,
)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|un-?deliverable|returned (?:mail|to sender)|failure notice|delivery (?:status|failure|has failed"
    r"|report|problem|error"
    r"|unsuccessful|notification)|deliver(?:y|ed)? fail|mail (?:delivery|system|could not)"
    r"|could ?n.?t be delivered|not (?:be )?delivered|nondeliver"
    r"|non-deliver|unzustellbar|non remis|no se (?:pudo|ha podido) entregar|message you sent|returned e?mail"
    r"|mail error|user unknown"
    r"|dsn:|error[- ]?mail|warning: (?:message|could not)|mail failure|message status|rejected|bounce|onbestelbaar"
    r"|mancata consegna",
    re.IGNORECASE,
)
_BOUNCE_BODY = re.compile(
    r"(?:could not|couldn't|can(?:no|')t|unable to|not|failed|was undeliverable).{0,60}(?:deliver|be delivered)"
    r"|undeliver|permanent (?:fatal )?error|did not reach|transcript of session|delivery (?:to|has) .{0,80}fail"
    r"|returned to you|unsent message"
    r"|invalid user address|no such user|requested action not taken"
    r"|konnte nicht zugestellt werden|konnten nicht|n'a pas pu être|no se pudo entregar|user unknown"
    r"|the following (?:addresses|recipient|message)",
    re.IGNORECASE | re.DOTALL,
)
_DELAY = re.compile(
    r"still (?:be )?(?:being )?retried|will (?:continue to )?(?:be )?retr|do not need to resend"
    r"|don't need to resend|has not yet been delivered"
    r"|this is (?:only )?a warning|warning message only|delivery (?:is )?(?:has been )?delayed|delay(?:ed)?\)"
    r"|will keep trying",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"<?([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,250}\.[A-Za-z]{2,24})>?")
# An address that a line begins with, or that a report says a line about: "Unknown user: bob@prospect.example".
_LISTED = re.compile(
    r"^[ \t*>-]{0,20}(?:(?:unknown user|user unknown|recipient|failed recipient|invalid address"
    r"|sorry,? (?:unable to deliver )?your (?:message|mail) to|(?:\d{3} )?quota violation for)[ \t]*:?[ \t]*)?"
    r"<?(?:smtp=|smtp:|mailto:)?([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,250}\.[A-Za-z]{2,24})>?"
    r"(?=[ \t]*(?:$|[:;,(.]|on \w|\bcannot\b|\bfor\b))",
    re.IGNORECASE | re.MULTILINE,
)
_EXPANDED = re.compile(
    r"\(expanded from: ?<?([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,250}\.[A-Za-z]{2,24})>?\)"
)
_HELPERS = re.compile(
    r"(?:post.?master|mailer-daemon|abuse|support|helpdesk|hostmaster|noreply|no-reply)@", re.IGNORECASE
)
_MAX_RECIPIENTS = 50
_RETURNED = re.compile(
    r"^[ \t>]{0,20}(?:-{1,80} ?(?:original message|this is a copy|below this line is a copy"
    r"|unsent message|returned message|message header|begin message|the header of)"
    r"|(?:original )?message (?:headers|follows)|received: (?:from|by)|return-path: |the (?:header|text) of"
    r"|headers of the original)",
    re.IGNORECASE | re.MULTILINE,
)


def read_report(message: Message) -> Report | None:
    """What a report says; None when the mail is none. Never raises for what a mail contains."""
    found = list(mime.parts(message))
    for part in found:
        if part.get_content_type() == "message/feedback-report":
            return _complaint(part, found)
    for part in found:
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            report = _delivery_report(part, found)
            if report is not None:
                return report
    if _is_junk_report(found):
        return Report(ReportKind.COMPLAINT, (), _returned_ids(found), "abuse")
    if _is_inline_junk_report(message):
        # Our own mail came back itself: its id is the outer one.
        return Report(ReportKind.COMPLAINT, (), mime.message_ids(mime.header(message, "Message-ID")), "abuse")
    return _notice(message, found) or _free_text(message, found)


# ------------------------------------------------------------------------------------------------------ complaints


def _is_junk_report(found: list[Message]) -> bool:
    """Outlook.com's Junk Mail Reporting sends no ARF: the mail as it stood in the mailbox, marked with who got it."""
    inner = [part for part in found[1:] if part.get("X-HmXmrOriginalRecipient") is not None]
    return bool(inner) and found[0].get("X-HmXmrOriginalRecipient") is None


def _is_inline_junk_report(message: Message) -> bool:
    """The same where the mail itself was sent on, its headers in front: only a report names the reporter's address too,
    an Outlook.com mailbox does not write that into what it receives."""
    return message.get("X-HmXmrOriginalRecipient") is not None and message.get("X-Reporter-IP") is not None


def _complaint(part: Message, found: list[Message]) -> Report:
    fields = _field_groups(part)
    merged = {name: value for group in fields for name, value in group.items()}
    kind = merged.get("feedback-type", "abuse").lower()
    complained = kind in ("abuse", "fraud", "virus", "opt-out", "opt-out-list", "miscategorized", "other")
    return Report(ReportKind.COMPLAINT if complained else ReportKind.OTHER, (), _returned_ids(found), kind[:40])


# ------------------------------------------------------------------------------------------------ delivery reports


def _delivery_report(part: Message, found: list[Message]) -> Report | None:
    groups = [group for group in _field_groups(part) if "final-recipient" in group or "action" in group]
    if not groups:
        return None
    about = _returned_ids(found)
    actions = {
        group.get("action", "failed").lower().split()[0] if group.get("action") else "failed" for group in groups
    }
    if actions & {"failed", "failure", "fail"} or not actions & {
        "delayed",
        "delivered",
        "deliverable",
        "relayed",
        "expanded",
    }:
        words = mime.payload(next((leaf for leaf in found if leaf.get_content_maintype() == "text"), part))
        failed = [
            group for group in groups if not group.get("action", "failed").lower().startswith(("del", "rel", "exp"))
        ]
        return Report(ReportKind.FAILED, tuple(_recipient(group, words, len(failed)) for group in failed), about)
    kind = ReportKind.DELAYED if "delayed" in actions else ReportKind.DELIVERED
    return Report(kind, (), about)


def _recipient(group: dict[str, str], human: str, of: int) -> FailedRecipient:
    address = _typed(group.get("original-recipient", "")) or _typed(group.get("final-recipient", ""))
    diagnostic = _typed(group.get("diagnostic-code", ""))
    status = _first_status(group.get("status", ""))
    # The human part speaks of every recipient at once: it decides only where there is one, without words of its own.
    words = diagnostic or (human[:3000] if of == 1 else "")
    return FailedRecipient(address, most_specific(status, words), classify(status, words, human), _shown(diagnostic))


def _field_groups(part: Message) -> list[dict[str, str]]:
    """The blocks of fields of a report, names in lower case; the parser makes each block a message of its own."""
    payload = part.get_payload()
    blocks = payload if isinstance(payload, list) else None
    if blocks is None or not any(isinstance(block, Message) and block.keys() for block in blocks):
        text = (
            mime.payload(part)
            if blocks is None
            else "\n\n".join(mime.payload(b) for b in blocks if isinstance(b, Message))
        )
        return [_fields(block) for block in re.split(r"\n\s*\n", text[:100_000]) if block.strip()]
    return [
        {name.lower(): " ".join(str(value).split()) for name, value in block.items()}
        for block in blocks
        if isinstance(block, Message)
    ]


def _fields(block: str) -> dict[str, str]:
    unfolded = re.sub(r"\n[ \t]+", " ", block)
    pairs = (line.partition(":") for line in unfolded.split("\n") if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _typed(value: str) -> str:
    """The value after its type: `rfc822; bob@prospect.example`."""
    kind, mark, rest = value.partition(";")
    text = rest if mark and " " not in kind.strip() else value
    address = parseaddr(text.strip())[1] if "@" in text and " " not in text.strip() else text.strip()
    return (address or text.strip()).lower() if "@" in address and " " not in address else text.strip()


# ------------------------------------------------------------------------------------ a provider's notices, by mail

# Amazon SES says by Amazon SNS what became of a mail, and SNS may say it by mail: JSON, which some servers break into
# lines, so that it is not parsed. Its bounces are read as free text: status and words stand in it.
_NOTICE = re.compile(
    r'^\s{0,9}\{.{0,600}?\\?"(?:notificationType|eventType)\\?"\s{0,9}:\s{0,9}\\?"'
    r'(Delivery|DeliveryDelay|Complaint|Send|Open|Click)\\?"',
    re.DOTALL,
)
_NOTICES = {"Delivery": ReportKind.DELIVERED, "DeliveryDelay": ReportKind.DELAYED, "Complaint": ReportKind.COMPLAINT}


def _notice(message: Message, found: list[Message]) -> Report | None:
    if message.get("x-amz-sns-message-id") is None:
        return None
    text = next((mime.payload(part) for part in found if part.get_content_type() == "text/plain"), "")
    match = _NOTICE.match(text)
    if match is None:
        return None
    kind = _NOTICES.get(match[1], ReportKind.OTHER)
    return Report(kind, (), _ids_in_json(text), "abuse" if kind is ReportKind.COMPLAINT else "")


def _ids_in_json(text: str) -> tuple[str, ...]:
    """Of the header list that SES gives back: our own Message-ID, not the one of SES."""
    found = re.findall(r'"Message-ID\\?"\s?,\s?\\?"value\\?"\s?:\s?\\?"(<[^<>\s"\\]{1,990}>)', text, re.IGNORECASE)
    return tuple(dict.fromkeys(found))


# ------------------------------------------------------------------------------------------------------- free text


def _free_text(message: Message, found: list[Message]) -> Report | None:
    sender, subject = mime.header(message, "From"), mime.header(message, "Subject")
    text = "\n".join(mime.payload(part) for part in found if part.get_content_type() == "text/plain")
    if not text.strip():
        text = mime.body(message)
    returned = _RETURNED.search(text)
    words = text[: returned.start()] if returned and returned.start() > 40 else text
    words = words[:6000]
    named = _BOUNCE_SENDER.search(sender) is not None
    titled = _BOUNCE_SUBJECT.search(subject) is not None
    said = _BOUNCE_BODY.search(words) is not None
    failed_header = message.get("X-Failed-Recipients") is not None
    if not (failed_header or sum((named, titled, said)) >= 2):
        return None
    about = tuple(dict.fromkeys((*_returned_ids(found), *_ids_in_text(text))))
    if _DELAY.search(words) and not re.search(r"permanent|gave up|giving up|has been returned", words, re.IGNORECASE):
        return Report(ReportKind.DELAYED, (), about)
    failed = [address.strip().lower() for address in mime.header(message, "X-Failed-Recipients").split(",")]
    own = {address for _, address in mime.addresses(message, "To", "From")}
    named_in = [(address, words) for address in failed[:_MAX_RECIPIENTS] if address] or _blocks(words, own)
    known = {address for address, _ in named_in}
    named_in += [(address, words) for address in dict.fromkeys(_expanded_from(words)) if address not in known]
    return Report(ReportKind.FAILED, tuple(_named(address, around) for address, around in named_in), about)


def _named(address: str, words: str) -> FailedRecipient:
    return FailedRecipient(address, most_specific("", words), classify("", words), _shown(words))


def _blocks(words: str, own: set[str]) -> list[tuple[str, str]]:
    """(address, what is said of it): each address that a line starts with or is listed alone, else the first named.

    Each has the words from its own line to the next one's: of five recipients one may be full and four unknown.
    """
    started = [
        (match.start(), match[1].lower())
        for match in _LISTED.finditer(words)
        if match[1].lower() not in own and not _HELPERS.match(match[1])
    ]
    if not started:
        named = [found.lower() for found in _ADDRESS.findall(words) if found.lower() not in own]
        helpers = [found for found in named if not _HELPERS.match(found)]
        return [((helpers or named or [""])[0], words)]
    if len({address for _, address in started}) == 1:
        return [(started[0][1], words)]
    found: dict[str, str] = {}
    for (start, address), (end, _) in zip(started, [*started[1:], (len(words), "")], strict=True):
        found[address] = f"{found.get(address, '')}{words[start:end]}"
    return list(found.items())[:_MAX_RECIPIENTS]


def _expanded_from(words: str) -> list[str]:
    """The address that was written to, where sendmail reports the one it stood for."""
    return [match.lower() for match in _EXPANDED.findall(words)]


def _returned_ids(found: list[Message]) -> tuple[str, ...]:
    """Message ids of the mail that came back, whole or as headers."""
    ids: list[str] = []
    for part in found[1:]:
        kind = part.get_content_type()
        if kind == "text/rfc822-headers" or (kind == "message/rfc822" and not part.is_multipart()):
            ids += _ids_in_text(mime.payload(part))
        elif kind in ("message/rfc822", "message/global", "message/partial"):
            for inner in list(mime.parts(part, depth=0))[1:2]:
                ids += mime.message_ids(mime.header(inner, "Message-ID"))
    return tuple(dict.fromkeys(ids))


def _ids_in_text(text: str) -> tuple[str, ...]:
    lines = re.findall(
        r"^[> \t]{0,20}Message-ID:[ \t]*(?:\n[ \t]+)?(<[^<>\s]{1,990}>)", text, re.IGNORECASE | re.MULTILINE
    )
    return tuple(dict.fromkeys(lines))


def _first_status(text: str) -> str:
    match = STATUS.search(text)
    return match.group() if match else ""


def _shown(words: str) -> str:
    return " ".join(words.split())[:300]
