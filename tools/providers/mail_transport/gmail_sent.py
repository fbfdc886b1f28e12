"""What Gmail sent: the Message-ID that recipients see, and whether a mail whose answer was lost is among it.

Where Gmail writes its own Message-ID over ours, a search for ours finds nothing although the mail left. So what was
sent since is compared by recipient, subject and Date as well. No own header is of use here: Gmail searches none.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from core.errors import NotFound, RetryAt, SalesOSError
from tools.ports import LookupResult, LostMail
from tools.providers.oauth import SignedIn
from tools.providers.vendor.google_mail import LABEL

_MESSAGES: Final = "/gmail/v1/users/me/messages"
_MOST: Final = 100  # mails of an account since; with more nobody can say quickly, and a person looks
_EARLIER: Final = timedelta(minutes=15)  # as far as its clock and ours may differ
_OUR_ID: Final = "x-google-original-message-id"  # where Gmail keeps the Message-ID that it wrote over
_HEADERS: Final = ("Message-ID", "X-Google-Original-Message-ID", "To", "Subject", "Date")


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _Header(_Body):
    name: str
    value: str = ""


class _Payload(_Body):
    headers: list[_Header] = []


class _Mail(_Body):
    payload: _Payload


class _Named(_Body):
    id: str = Field(min_length=1)


class _Page(_Body):
    result_size_estimate: int | None = None
    messages: list[_Named] = []
    next_page_token: str | None = None


def seen_as(reading: SignedIn, name: str) -> str:
    """The Message-ID of a mail that was sent; "" where Gmail does not say: the mail is sent all the same."""
    try:
        seen = _headers(reading, name).get("message-id", "")
    except SalesOSError:
        return ""
    fits = seen.startswith("<") and seen.endswith(">") and len(seen) <= 255 and seen.isprintable()
    return seen if fits and " " not in seen else ""


def find_sent(reading: SignedIn, mail: LostMail) -> LookupResult:
    """FOUND: it is there, whatever its Message-ID. DOUBTFUL: something is there that may be it. Raises RetryAt,
    FixConfiguration."""
    ours = _of_bytes(mail.mime)
    # Frozen bytes may have been tried hours before: their Date is the first that any of them can have been sent at.
    since = min(mail.tried_at, _instant(ours) or mail.tried_at) - _EARLIER
    query = {
        "q": f"after:{int(since.timestamp())}",
        "labelIds": "SENT",
        "includeSpamTrash": "true",  # a person may have thrown it away meanwhile
        "maxResults": _MOST,
    }
    reply = reading.get(_MESSAGES, query)
    page = reply.read(_Page)
    if not page.messages and page.result_size_estimate is None:
        raise RetryAt(f"{LABEL} answers a search in another shape than it describes.")
    answers = set()
    for named in page.messages:
        try:
            answers.add(_compared(ours, mail.message_id, _headers(reading, named.id)))
        except NotFound:  # thrown away for good between the list and now
            answers.add(LookupResult.DOUBTFUL)
    if page.next_page_token:
        answers.add(LookupResult.DOUBTFUL)
    for answer in (LookupResult.FOUND, LookupResult.DOUBTFUL):
        if answer in answers:
            return answer
    return LookupResult.NOT_FOUND


def _compared(ours: Mapping[str, str], message_id: str, theirs: Mapping[str, str]) -> LookupResult:
    if message_id in (theirs.get("message-id"), theirs.get(_OUR_ID)):
        return LookupResult.FOUND
    to = _addresses(theirs)
    if to and not to & _addresses(ours):
        return LookupResult.NOT_FOUND
    if "subject" in theirs and _subject(theirs) != _subject(ours):
        return LookupResult.NOT_FOUND
    same_instant = _instant(ours) is not None and _instant(ours) == _instant(theirs)
    return LookupResult.FOUND if to and "subject" in theirs and same_instant else LookupResult.DOUBTFUL


def _headers(reading: SignedIn, name: str) -> dict[str, str]:
    query = [("format", "metadata"), *(("metadataHeaders", header) for header in _HEADERS)]
    mail = reading.get(f"{_MESSAGES}/{quote(name, safe='')}", query).read(_Mail)
    return {header.name.lower(): header.value.strip() for header in mail.payload.headers}


def _of_bytes(mime: bytes) -> dict[str, str]:
    parsed = BytesHeaderParser(policy=compat32).parsebytes(mime)
    return {name.lower(): str(value) for name, value in parsed.items()}


def _addresses(headers: Mapping[str, str]) -> set[str]:
    return {address.strip().lower() for _, address in getaddresses([headers.get("to", "")]) if address}


def _subject(headers: Mapping[str, str]) -> str:
    """As people read it: whether a service gives it encoded or decoded is all the same."""
    value = headers.get("subject", "")
    with suppress(HeaderParseError, LookupError, UnicodeError, ValueError):  # then it is compared as it stands
        value = str(make_header(decode_header(value)))
    return " ".join(value.split())


def _instant(headers: Mapping[str, str]) -> datetime | None:
    try:
        found = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
