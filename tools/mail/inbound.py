"""Raw bytes that arrived → what they are and what they say. Never raises: rubbish is a reading too.

Everything textual in a reading is tainted: it may be shown and quoted, and never becomes an address to write to, a
link, an instruction or a template (DESIGN: tainted text stays text).
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from email.message import Message
from enum import StrEnum

from tools.calendar.itip import ItipMessage, read_messages
from tools.mail import auto_replies, mime
from tools.mail.bounce_severity import BounceClass
from tools.mail.bounces import FailedRecipient, Report, ReportKind, read_report
from tools.mail.intents import Intent, IntentHit, read_intents
from tools.mail.quotes import new_text
from tools.mail.reply_details import ReplyDetails, details_of
from tools.ports.unknown import Unknown

_CALENDARS = ("text/calendar", "application/ics")
_MAX_BYTES = 40 * 1024 * 1024  # larger than any mailbox provider takes


class InboundKind(StrEnum):
    REPLY = "reply"  # a person wrote it
    BOUNCE = "bounce"  # a mail of ours failed for good, or for now (see `bounce`)
    DELAYED = "delayed"  # still being tried: not a bounce
    DELIVERED = "delivered"
    AUTO_REPLY = "auto_reply"  # a program answered, for whatever reason
    OUT_OF_OFFICE = "out_of_office"  # a program answered: nobody is there
    COMPLAINT = "complaint"  # somebody pressed "spam"
    REPORT = "report"  # other machine mail about mail: authentication failures, "not spam"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class InboundReading:
    """What one inbound mail says. Ids have their angle brackets; text is tainted; empty means it does not say."""

    kind: InboundKind
    reason: str  # the rule that decided the kind; holds no words of the mail beyond header names
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    about: tuple[str, ...] = ()  # ids of ours that a bounce, delay or complaint is about, from the returned headers
    sender: str = ""  # lower case
    sender_name: str = ""
    recipients: tuple[str, ...] = ()  # To and Cc, lower case
    subject: str = ""
    sent_at: datetime | None = None  # as the Date header claims
    utc_offset: str = ""  # of the Date header, "+HH:MM": the writer's clock on that day; empty where it tells nothing
    text: str = ""  # of a reply: what is new in it; of other kinds: the body
    bounce: BounceClass | None = None
    failed: tuple[FailedRecipient, ...] = ()
    feedback_type: str = ""  # of a complaint: abuse, fraud, opt-out …
    return_on: date | None = None  # of an absence: when they are back
    has_left: bool = False  # the answer says that they do not work there any more
    intents: tuple[IntentHit, ...] = ()  # of a reply, in order of precedence
    details: ReplyDetails = field(default_factory=ReplyDetails)  # of a reply: its language, objections, times and names
    calendar: tuple[ItipMessage, ...] = ()  # what a calendar program says of events: declined, another time …

    @property
    def thread_ids(self) -> tuple[str, ...]:
        """Every id by which the mail of ours that this answers may be found, the likeliest first."""
        candidates = (*self.about, self.in_reply_to, *reversed(self.references))
        return tuple(dict.fromkeys(found for found in candidates if found))

    def has(self, intent: Intent) -> bool:
        return any(hit.intent is intent for hit in self.intents)


def read_mail(raw: bytes, received_at: datetime) -> InboundReading:
    """The reading of one mail. `received_at` stands in for a Date header that is missing, for "back on Monday"."""
    if not raw.strip():
        return InboundReading(InboundKind.UNREADABLE, "The mail is empty.")
    if len(raw) > _MAX_BYTES:
        return InboundReading(InboundKind.UNREADABLE, f"The mail is larger than {_MAX_BYTES // 2**20} MiB.")
    try:
        return _read(mime.parse(raw), received_at)
    except Exception as error:  # whatever strangers send, one mail must not stop the inbox
        return InboundReading(InboundKind.UNREADABLE, f"The mail could not be taken apart ({type(error).__name__}).")


def _read(message: Message, received_at: datetime) -> InboundReading:
    senders = mime.addresses(message, "From") or mime.addresses(message, "Sender", "Return-Path")
    if not senders and not any(message.get(name) for name in ("Subject", "Date", "Message-ID", "To", "Content-Type")):
        return InboundReading(InboundKind.UNREADABLE, "The bytes have no header of a mail.")
    name, sender = senders[0] if senders else ("", "")
    subject = mime.header(message, "Subject")
    ids = mime.message_ids(mime.header(message, "Message-ID"))
    replied = mime.message_ids(mime.header(message, "In-Reply-To"))
    common = InboundReading(
        kind=InboundKind.REPLY,
        reason="",
        message_id=ids[0] if ids else "",
        in_reply_to=replied[0] if replied else "",
        references=mime.message_ids(mime.header(message, "References")),
        sender=sender,
        sender_name=name,
        recipients=tuple(dict.fromkeys(address for _, address in mime.addresses(message, "To", "Cc"))),
        subject=subject,
        sent_at=mime.date_of(message),
        utc_offset=mime.offset_of(message),
        calendar=_calendar(message),
    )
    if _unsubscribes(message, subject):
        return _reply(common, message, "The mail program's own unsubscribe button.", received_at)
    report = read_report(message)
    if report is not None:
        return _about_our_mail(common, message, report)
    automatic = auto_replies.is_automatic(message)
    if automatic:
        return _automatic(common, message, automatic, received_at)
    return _reply(common, message, "Nothing says that a program wrote it.", received_at)


def _calendar(message: Message) -> tuple[ItipMessage, ...]:
    """Of the first part that can be read: programs send the same thing twice, in the body and attached."""
    for part in mime.parts(message):
        if part.get_content_type() in _CALENDARS and isinstance(raw := part.get_payload(decode=True), bytes):
            found = read_messages(raw)
            if not isinstance(found, Unknown):
                return found
    return ()


def _about_our_mail(common: InboundReading, message: Message, report: Report) -> InboundReading:
    kinds = {
        ReportKind.FAILED: (InboundKind.BOUNCE, "A delivery report says failed."),
        ReportKind.DELAYED: (InboundKind.DELAYED, "A delivery report says delayed."),
        ReportKind.DELIVERED: (InboundKind.DELIVERED, "A delivery report says delivered."),
        ReportKind.COMPLAINT: (InboundKind.COMPLAINT, "A feedback report (ARF)."),
        ReportKind.OTHER: (InboundKind.REPORT, "A report that is neither a failure nor a complaint."),
    }
    kind, reason = kinds[report.kind]
    return replace(
        common,
        kind=kind,
        reason=reason,
        about=report.about,
        text=mime.body(message),
        bounce=_overall(report.recipients) if kind is InboundKind.BOUNCE else None,
        failed=report.recipients,
        feedback_type=report.feedback_type,
    )


def _overall(recipients: tuple[FailedRecipient, ...]) -> BounceClass:
    """Of several recipients the mildest: a report must not suppress somebody for what another address did."""
    severities = {recipient.severity for recipient in recipients}
    for severity in (BounceClass.SOFT, BounceClass.BLOCKED, BounceClass.HARD):
        if severity in severities:
            return severity
    return BounceClass.SOFT


def _automatic(common: InboundReading, message: Message, why: str, received_at: datetime) -> InboundReading:
    text = new_text(mime.body(message)) or mime.body(message)
    away = auto_replies.is_out_of_office(common.subject, text)
    sent_on = (common.sent_at or received_at).astimezone(UTC).date()
    left = auto_replies.has_left(text)
    return replace(
        common,
        kind=InboundKind.OUT_OF_OFFICE if away and not left else InboundKind.AUTO_REPLY,
        reason=why,
        text=text,
        return_on=auto_replies.return_date(f"{common.subject}\n{text}", sent_on) if away and not left else None,
        has_left=left,
    )


def _reply(common: InboundReading, message: Message, why: str, received_at: datetime) -> InboundReading:
    text = new_text(mime.body(message))
    hits = read_intents(text, common.subject)
    found = {hit.intent for hit in hits}
    details = details_of(
        text,
        (common.sent_at or received_at).date(),
        wants_meeting=bool(found & {Intent.WANTS_MEETING, Intent.INTERESTED}),
        refers=bool(found & {Intent.REFERRAL, Intent.WRONG_PERSON}),
    )
    return replace(common, kind=InboundKind.REPLY, reason=why, text=text, intents=hits, details=details)


def _unsubscribes(message: Message, subject: str) -> bool:
    """Mail programs answer a List-Unsubscribe address with mail that says Auto-Submitted, and a person pressed it."""
    return message.get("X-Apple-Unsubscribe") is not None or read_intents("", subject)[0].intent is Intent.OPT_OUT
