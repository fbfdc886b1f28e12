"""What may not stand in a log: secrets and personal data, by the name of a field and by the look of a text.

A name of a person in the middle of a sentence looks like any word: do not log sentences about people, log ids.
"""

import dataclasses
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from itertools import pairwise
from pathlib import PurePath
from typing import Any
from uuid import UUID

REDACTED = "<redacted>"


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


_LONGEST_TEXT = 20_000  # a long traceback fits; a mail with attachments does not
_DEEPEST = 6

# A field is redacted when one of the words of its name is here: `contact_email`, `X-Api-Key`, `smtpPassword`.
_SECRET_WORDS = _words(
    "password passwd pwd passphrase token secret authorization cookie credential apikey dsn",
)
_PERSONAL_WORDS = _words(
    "email mail phone mobile fax name forename surname subject body mime html snippet quote address recipient sender",
    "cc bcc street postcode zip birthday birthdate ip",
)
_SENSITIVE = _SECRET_WORDS | _PERSONAL_WORDS
# A plural is as personal; but `tokens` counts what a model read, and `names` are as often of columns.
_PLURALS = {f"{word}s" for word in _SENSITIVE - {"token", "name"}} | {"addresses"}
# "key" alone is a dedupe key or a row's key; with one of these before it, it is a secret.
_KEYS = {f"{kind}{key}" for kind in _words("api private master signing access data") for key in ("key", "keys")}
# Names of things, not of people; and parts of a field that are not the field itself.
_NAMES_OF_THINGS = _words(
    "logger queue job task node tool provider agent host server file path function func module table column metric",
    "sequence playbook policy process thread event model index field package template entrypoint",
)
_ABOUT_A_FIELD = _words(
    "id ids kind type count hash digest length bytes chars seconds ms at state status version field"
)

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_LONG_RUN = re.compile(r"[A-Za-z0-9+/_-]{32,}={0,2}")
_HEX_KEY = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{32,}(?![0-9A-Za-z])")
_NOT_IN_ADDRESS = r"\s@<>\"'(),;:\[\]\\{}|=&?/"

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # What libraries quote of a row in their messages: SQLAlchemy, PostgreSQL, pydantic.
    (re.compile(r"\[parameters: .*"), f"[parameters: {REDACTED}]"),
    (re.compile(r"(Key \([^)\n]*\)=)\(.*\)"), rf"\1({REDACTED})"),
    (re.compile(r"(Failing row contains ).*"), rf"\1({REDACTED})"),
    (re.compile(r"(input_value=).*?(, input_type=)"), rf"\1{REDACTED}\2"),
    # Credentials in a URL; a password may itself hold an @.
    (re.compile(r"://[^\s/]{1,256}@"), "://<credentials>@"),
    (re.compile(r"\b(bearer|basic|digest)\s+[\w.~+/=-]{6,}", re.IGNORECASE), r"\1 <secret>"),
    (
        re.compile(
            r"((?:password|passwd|pwd|passphrase|secret|token|api[-_ ]?key|authorization|cookie)[\"']?\s*[=:]\s*)"
            r"(\"[^\"\n]*\"|'[^'\n]*'|[^\s\"'&,;<][^\s\"'&,;]*)",
            re.IGNORECASE,
        ),
        r"\1<secret>",
    ),
    # Keys that vendors mark by a prefix, and JSON web tokens.
    (re.compile(r"\b(?:sk|pk|rk|whsec|xox[a-z]|gh[pousr]|github_pat|glpat|shpat|pat)[-_][\w-]{8,}"), "<secret>"),
    (re.compile(r"\b(?:AKIA[0-9A-Z]{12,}|AIza[\w-]{20,}|SG\.[\w-]{8,}\.[\w-]{8,})"), "<secret>"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"), "<secret>"),
    (
        re.compile(rf"(?:\"[^\"\n]{{1,64}}\"|[^{_NOT_IN_ADDRESS}]{{1,64}})(?:@|%40)[^{_NOT_IN_ADDRESS}]{{1,255}}"),
        "<email>",
    ),
    # +49 30 1234567, 0049…, (555) 010-9999: international, or grouped as a person writes it.
    (re.compile(r"(?<![\w.])(?:\+|00)[1-9](?:[\s().-]{0,2}\d){6,14}(?!\d)"), "<phone>"),
    (re.compile(r"(?<![\w.-])\(?\d{3}\)?[\s.-]\d{3}[\s.-]\d{4}(?![\w-])"), "<phone>"),
)


def redact_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The same keys; values that are safe to print, and can be written as JSON."""
    return {str(key): _value(str(key), value, 0) for key, value in fields.items()}


def redact_text(text: str) -> str:
    """`text` with addresses, numbers and secrets replaced, and cut at 20,000 characters."""
    if len(text) > _LONGEST_TEXT:
        text = f"{text[:_LONGEST_TEXT]} … ({len(text) - _LONGEST_TEXT} more characters)"
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return _HEX_KEY.sub("<secret>", _LONG_RUN.sub(_hide_if_random, text))


def is_sensitive(key: str) -> bool:
    """Whether a field of this name is redacted whatever it holds."""
    words = [word.lower() for word in _WORD.findall(key)]
    if not words or (len(words) > 1 and words[-1] in _ABOUT_A_FIELD):
        return False
    if "".join(words[-2:]) in _KEYS or words[-1] in _KEYS:
        return True
    found = [word for word in words if word in _SENSITIVE or word in _PLURALS]
    return bool(found) and not (found == ["name"] and bool(_NAMES_OF_THINGS.intersection(words)))


def _value(key: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if is_sensitive(key):
        return REDACTED
    return _safe(value, depth)


def _safe(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Enum):
        return _safe(value.value, depth)
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, UUID | datetime | date | time | timedelta | Decimal):
        return str(value)
    if isinstance(value, PurePath):
        return redact_text(str(value))
    if isinstance(value, BaseException):
        return redact_text(f"{type(value).__name__}: {value}")
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if depth < _DEEPEST:
        if isinstance(value, Mapping):
            return {redact_text(str(key)): _value(str(key), item, depth + 1) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [_safe(item, depth + 1) for item in value]
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {f.name: _value(f.name, getattr(value, f.name), depth + 1) for f in dataclasses.fields(value)}
    # Anything else would be printed by its repr, and rows print all their columns.
    return f"<{type(value).__name__}>"


def _hide_if_random(match: re.Match[str]) -> str:
    """Paths and identifiers are words; keys change between upper case, lower case and digits at two steps in three."""
    rest = _UUID.sub("", match[0])
    letters = re.sub(r"[^A-Za-z0-9]", "", rest)
    if len(letters) < 28:  # 32 characters, less what base64 has besides letters and digits
        return match[0]
    kinds = ["d" if c.isdigit() else "u" if c.isupper() else "l" for c in letters]
    changes = sum(one != other for one, other in pairwise(kinds))
    return "<secret>" if changes >= 0.35 * (len(letters) - 1) else match[0]
