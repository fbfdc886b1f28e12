"""One mail as frozen bytes: the same OutboundMail gives the same bytes, so an approval can be bound to them.

RFC 5322 (format), 2045–2047 (MIME), 2369 and 8058 (List-Unsubscribe, one click), 3834 (Auto-Submitted), 6047 (iMIP).
"""

import binascii
import hashlib
import ipaddress
import json
import re
from base64 import encodebytes
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import urlsplit
from uuid import UUID

from core.errors import Rejected
from tools.mail.body import Footer, html_body, text_body
from tools.mail.headers import (
    ascii_address,
    ascii_domain,
    field,
    foreign_message_id,
    mailbox_value,
    message_id_of,
    refuse_controls,
    subject_value,
)
from tools.mail.tracking import TrackedLinks

_URI = re.compile(r"[!#-;=?-\[\]_a-z~%A-Z0-9]+")  # printable ASCII without space, quotes and angle brackets
_MAX_URI = 900  # so that <…>, and the name of the field fit a line of 998
_ITIP_METHODS = frozenset({"PUBLISH", "REQUEST", "REPLY", "ADD", "CANCEL", "REFRESH", "COUNTER", "DECLINECOUNTER"})
_MAX_REFERENCES = 20  # of a long thread the first and the latest are kept: RFC 5537 §3.4.4 does the same


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMail:
    """Everything a mail is made of. Addresses, links and dates come from the store, never from a model."""

    message_id: str  # with its angle brackets: see `message_id`
    date: datetime  # aware
    sender_address: str
    recipient_address: str
    subject: str
    text: str  # the words a person approved; no footer, no markup
    unsubscribe_url: str  # https; http for this machine only
    postal_address: str
    sender_name: str = ""
    sender_organisation: str = ""
    recipient_name: str = ""
    reply_to: str = ""
    unsubscribe_mailto: str | None = None  # an address; its subject line is the token of the URL
    links: Sequence[str] = ()  # the only URLs of `text` that become anchors
    tracked: TrackedLinks | None = None  # where the anchors of the HTML part lead through; None: straight on
    notice: str = ""  # a line of the footer: why this person is written to (GDPR Art. 14)
    language: str = "en"
    in_reply_to: str = ""
    references: Sequence[str] = ()  # oldest first
    auto_submitted: bool = False
    ics: bytes | None = None
    ics_method: str = "REQUEST"
    internal: bool = False  # to a colleague: plain text, and nothing that only mail to others must have


def message_id(workspace_id: UUID, draft_id: UUID, version: int, domain: str) -> str:
    """Always the same for one version of one draft, so that a lost answer can be looked up. Raises Rejected."""
    digest = hashlib.sha256(f"message-id|{workspace_id}|{draft_id}|{version}".encode()).hexdigest()
    return f"<{digest[:40]}@{ascii_domain(domain)}>"


def content_hash(
    *, recipient: str, sender: str, subject: str, body: str, links: Sequence[str], policy_version: int
) -> str:
    """What an approval binds: 64 hex digits of SHA-256. Any change of any part, also the order of links, changes it."""
    parts = ["salesos-content-1", recipient, sender, subject, body, list(links), policy_version]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode("ascii")).hexdigest()


def compose(mail: OutboundMail) -> bytes:
    """The mail, CRLF, 7-bit, no line over 998 octets. Raises Rejected for what cannot be sent without harm."""
    _check_words(mail)
    if mail.internal:
        return _internal(mail)
    url = _uri(mail.unsubscribe_url)
    footer = Footer(
        name=mail.sender_name,
        organisation=mail.sender_organisation,
        postal_address=mail.postal_address.strip(),
        unsubscribe_url=url,
        notice=mail.notice.strip(),
        language=mail.language,
    )
    boundary = "=_" + hashlib.sha256(f"boundary|{mail.message_id}".encode()).hexdigest()[:32]
    parts = [
        _quoted_printable_part("text/plain", text_body(mail.text, footer)),
        _quoted_printable_part("text/html", html_body(mail.text, mail.links, footer, mail.tracked)),
    ]
    if mail.ics is not None:
        parts.append(_calendar_part(mail.ics, mail.ics_method))
    marker = f"--{boundary}".encode("ascii")
    body = b"".join(marker + b"\r\n" + part for part in parts) + marker + b"--\r\n"
    return _headers(mail, url, boundary) + b"\r\n" + body


def _headers(mail: OutboundMail, url: str, boundary: str) -> bytes:
    if mail.date.tzinfo is None:
        raise Rejected("The date of a mail has no zone.", hint="Pass an aware instant.")
    sender = ascii_address("The sender", mail.sender_address)
    recipient = ascii_address("The recipient", mail.recipient_address)
    fields = [
        field("Date", [format_datetime(mail.date.astimezone(UTC))]),
        field("From", mailbox_value(mail.sender_name, sender)),
        field("To", mailbox_value(mail.recipient_name, recipient)),
    ]
    if mail.reply_to:
        fields.append(field("Reply-To", [ascii_address("Reply-To", mail.reply_to)]))
    fields.append(field("Subject", subject_value(mail.subject)))
    fields.append(field("Message-ID", [message_id_of("Message-ID", mail.message_id)]))
    if mail.in_reply_to and foreign_message_id("In-Reply-To", mail.in_reply_to):
        fields.append(field("In-Reply-To", [mail.in_reply_to]))
    references = _references(mail)
    if references:
        fields.append(field("References", references))
    if url:
        unsubscribe = [f"<{url}>"]
        if mail.unsubscribe_mailto:
            address = ascii_address("The unsubscribe address", mail.unsubscribe_mailto)
            unsubscribe = [f"<{url}>,", f"<mailto:{address}?subject=unsubscribe%20{url.rpartition('/')[2]}>"]
        fields.append(field("List-Unsubscribe", unsubscribe))
        fields.append(field("List-Unsubscribe-Post", ["List-Unsubscribe=One-Click"]))
    if mail.auto_submitted or mail.internal:
        fields.append(field("Auto-Submitted", ["auto-generated"]))
    fields.append(field("MIME-Version", ["1.0"]))
    if boundary:
        fields.append(field("Content-Type", ["multipart/alternative;", f'boundary="{boundary}"']))
    return b"".join(fields)


def _internal(mail: OutboundMail) -> bytes:
    return _headers(mail, "", "") + _quoted_printable_part("text/plain", mail.text)


def _check_words(mail: OutboundMail) -> None:
    if not mail.text.strip():
        raise Rejected("The mail has no words.", hint="Write a body.")
    if not mail.subject.strip():
        raise Rejected("The mail has no subject.", hint="Write one.")
    if not mail.internal and not mail.postal_address.strip():
        raise Rejected(
            "The mail has no postal address, which the law of several countries asks for.",
            hint="Set the postal address of the workspace.",
            code="no_postal_address",
        )
    refuse_controls("The sender's organisation", mail.sender_organisation)


def _uri(url: str) -> str:
    """An https URI that a header can hold as it is; http only for this machine. Raises Rejected."""
    refuse_controls("The unsubscribe link", url)
    parts = urlsplit(url)
    host = parts.hostname or ""
    safe = parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))
    if not safe or not host or len(url) > _MAX_URI or not _URI.fullmatch(url):
        raise Rejected(
            f"The unsubscribe link cannot stand in a header: {url[:80]!r}.",
            hint=f"It must be https (RFC 8058), ASCII, and at most {_MAX_URI} characters. Set SALESOS_PUBLIC_URL.",
            code="bad_unsubscribe_url",
        )
    return url


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _references(mail: OutboundMail) -> list[str]:
    found: list[str] = []
    for reference in (*mail.references, mail.in_reply_to):
        if foreign_message_id("References", reference) and reference not in found:
            found.append(reference)
    return found if len(found) <= _MAX_REFERENCES else [found[0], *found[-(_MAX_REFERENCES - 1) :]]


def _quoted_printable_part(content_type: str, text: str) -> bytes:
    # Quoted-printable also for pure ASCII: nothing on the way may fold a long line or strip a trailing blank.
    # With LF alone in the input, b2a_qp breaks soft lines with LF; CRLF is put in afterwards, once for all.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    encoded = binascii.b2a_qp(lines, quotetabs=False, istext=True, header=False).replace(b"\n", b"\r\n")
    head = field("Content-Type", [f"{content_type};", "charset=utf-8"])
    return head + field("Content-Transfer-Encoding", ["quoted-printable"]) + b"\r\n" + encoded + b"\r\n"


def _calendar_part(ics: bytes, method: str) -> bytes:
    # RFC 6047 §2.4: the parameter and the METHOD inside must be the same, or clients show a dead attachment.
    inside = re.search(rb"^METHOD(?:;[^:\r\n]*)?:([A-Z]+)\r?$", ics, re.MULTILINE)
    if method not in _ITIP_METHODS or inside is None or inside.group(1).decode("ascii") != method:
        raise Rejected(
            f"The invitation says METHOD {inside.group(1).decode('ascii') if inside else 'nothing'}, not {method}.",
            hint="Pass the method that stands in the calendar object.",
        )
    head = field("Content-Type", ["text/calendar;", "charset=utf-8;", f"method={method};", "component=VEVENT"])
    encoded = encodebytes(ics).replace(b"\n", b"\r\n")
    return head + field("Content-Transfer-Encoding", ["base64"]) + b"\r\n" + encoded
