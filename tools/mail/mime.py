"""Whatever arrived, taken apart without trust: any charset, any shape, never an exception out of a broken part.

The standard parser of the older policy is used, because it keeps what it cannot understand instead of failing.
"""

import email
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from charset_normalizer import from_bytes
from selectolax.lexbor import LexborHTMLParser

MAX_TEXT = 200_000  # characters read of a mail: nobody writes more, and every rule below is at worst linear in it
MAX_FIELD = 20_000  # characters read of a header field
_MAX_DEPTH = 20
_MAX_REMOVALS = 200
_GUESSABLE = 200  # bytes
_EBCDIC = ["cp037", "cp1026", "cp1140", "cp273", "cp424", "cp500", "cp875"]
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,990}>")
_BLOCK_END = re.compile(r"(?i)<(?:br|hr)\b[^>]{0,500}>|</(?:p|div|tr|li|h[1-6]|blockquote|pre|table|ul|ol)>")
_PREFORMATTED = re.compile(r"(?i)<pre[\s>]")
# How mail programs mark what they quote in HTML: Gmail, Apple and Thunderbird, Outlook, Yahoo, Proton, Zoho.
_QUOTES = (
    "blockquote",
    "div.gmail_quote",
    "div.gmail_quote_container",
    "div.moz-cite-prefix",
    "div#appendonsend",
    "div#divRplyFwdMsg",
    "div#mail-editor-reference-message-container",
    "div.OutlookMessageHeader",
    "div.yahoo_quoted",
    "div.protonmail_quote",
    "div.zmail_extra",
    "div.gmail_signature",
)


def parse(raw: bytes) -> Message:
    return email.message_from_bytes(raw.lstrip())  # blank lines before the fields are somebody's spool, not a body


def header(message: Message, name: str) -> str:
    """The first such field, decoded, on one line; empty when there is none."""
    values = _fields(message, name)
    return _decoded_header(values[0]) if values else ""


def _fields(message: Message, name: str) -> list[str]:
    """The values as they stand, unfolded. Raw 8-bit text, which no standard allows, is decoded and not lost."""
    found = [str(value) for key, value in message.raw_items() if key.lower() == name.lower()]
    whole = [value if value.isascii() else decode(value.encode("utf-8", "surrogateescape"), "") for value in found]
    return [re.sub(r"\r?\n[ \t]*", " ", value)[:MAX_FIELD] for value in whole]


def _decoded_header(text: str) -> str:
    try:
        pieces = decode_header(text)
    except Exception:  # malformed base64 in an encoded-word
        pieces = [(text, None)]
    decoded = "".join(piece if isinstance(piece, str) else decode(piece, charset or "") for piece, charset in pieces)
    return " ".join(decoded.split())


def addresses(message: Message, *names: str) -> tuple[tuple[str, str], ...]:
    """(display name, address) of all the fields named, addresses in lower case."""
    values = [value for name in names for value in _fields(message, name)]
    try:
        found = getaddresses(values)
    except Exception:  # the parser of old Pythons fails on some malformed groups
        return ()
    return tuple((_decoded_header(name), address.strip().lower()) for name, address in found if "@" in address)


def message_ids(text: str) -> tuple[str, ...]:
    """Every <id> in order, each once."""
    return tuple(dict.fromkeys(_MESSAGE_ID.findall(text)))


def date_of(message: Message) -> datetime | None:
    """The Date field, aware and in UTC; None when there is none or it cannot be read."""
    try:
        found = parsedate_to_datetime(header(message, "Date"))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def offset_of(message: Message) -> str:
    """The Date field's offset, "+HH:MM"; empty where it tells nothing: none, -0000, and +0000, which servers write."""
    try:
        offset = parsedate_to_datetime(header(message, "Date")).utcoffset()
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
    minutes = int(offset.total_seconds()) // 60 if offset else 0
    if not minutes or abs(minutes) > 14 * 60:
        return ""
    return f"{'+' if minutes > 0 else '-'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def decode(raw: bytes, charset: str) -> str:
    """Text of bytes that may not be in the charset they claim. Never fails, and never returns NUL."""
    text: str | None = None
    for name in (charset.strip("\"' ").lower(), "utf-8"):
        if not name:
            continue
        try:
            text = raw.decode(name)
            break
        except (LookupError, ValueError):
            continue
    if text is None:
        # A guess needs something to go by: below that, what most mail without a charset is written in.
        best = from_bytes(raw[:20_000], cp_exclusion=_EBCDIC).best() if len(raw) >= _GUESSABLE else None
        text = raw.decode(best.encoding if best is not None else "windows-1252", "replace")
    return text.replace("\x00", "")


def payload(part: Message) -> str:
    """The text of one leaf part, with LF line ends."""
    try:
        raw = part.get_payload(decode=True)
    except Exception:  # an unknown transfer encoding, broken uuencode
        raw = str(part.get_payload()).encode("utf-8", "replace")
    if not isinstance(raw, bytes):
        return ""
    try:
        charset = str(part.get_content_charset() or "")
    except Exception:  # a malformed RFC 2231 parameter
        charset = ""
    return decode(raw, charset).replace("\r\n", "\n").replace("\r", "\n")[:MAX_TEXT]


def parts(message: Message, depth: int = 0) -> Iterator[Message]:
    """Every part, containers first, down to a depth that no honest mail has."""
    yield message
    if message.is_multipart() and depth < _MAX_DEPTH:
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from parts(part, depth + 1)


def body(message: Message) -> str:
    """What a person reads: the plain parts, else the HTML without what it quotes. Attachments are left out."""
    plain: list[str] = []
    html: list[str] = []
    _collect(message, plain, html, 0)
    text = "\n".join(piece for piece in plain if piece.strip())
    if not text.strip() and html:
        text = "\n".join(filter(None, (html_text(piece) for piece in html)))
    return text[:MAX_TEXT]


def _collect(part: Message, plain: list[str], html: list[str], depth: int) -> None:
    if depth > _MAX_DEPTH or part.get_content_maintype() == "message":
        return
    if part.is_multipart():
        for child in part.get_payload():
            if isinstance(child, Message):
                _collect(child, plain, html, depth + 1)
        return
    if "attachment" in str(part.get("Content-Disposition", "")).lower():
        return
    kind = part.get_content_type()
    if kind == "text/html":
        html.append(payload(part))
    elif kind == "text/plain":
        plain.append(payload(part))


def html_text(html: str) -> str:
    """The words of an HTML part; without its quotes, unless then nothing is left."""
    marked = html if _PREFORMATTED.search(html) else re.sub(r"\s+", " ", html)
    tree = LexborHTMLParser(_BLOCK_END.sub(lambda match: match.group() + "\n", marked))
    _remove(tree, ("script", "style", "head", "title"))
    whole = _tidy(tree)
    _remove(tree, _QUOTES)
    return _tidy(tree) or whole


def _remove(tree: LexborHTMLParser, selectors: Sequence[str]) -> None:
    for selector in selectors:
        for _ in range(_MAX_REMOVALS):
            # Asked anew each time: quotes nest, and a node inside one that was removed must not be touched.
            node = tree.css_first(selector)
            if node is None:
                break
            node.decompose()


def _tidy(tree: LexborHTMLParser) -> str:
    root = tree.body or tree.root
    text = root.text() if root is not None else ""
    lines = [" ".join(line.split()) for line in text.replace("\xa0", " ").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
