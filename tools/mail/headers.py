"""Header fields as bytes, to the letter of RFC 5322 and RFC 2047: ASCII, CRLF, no line over 998 octets, no injection.

Written by hand because `email.message.EmailMessage` turns a long List-Unsubscribe into an encoded-word, which
mailbox providers then ignore (cpython issue 85725), and because the same mail must give the same bytes on every
version of Python: an approval is bound to them.
"""

import base64
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from core.errors import Rejected

MAX_LINE = 998  # RFC 5322 §2.1.1, without the CRLF
_PREFERRED_LINE = 78  # the same section: "SHOULD"
_ENCODED_WORD_BYTES = 45  # base64 of 45 is 60 characters; with =?utf-8?B?…?= 72, under the 75 of RFC 2047 §2

_SPECIAL = tuple(f"{mark}{name}" for name in SPECIAL_USE_DOMAIN_NAMES for mark in "@.")
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PHRASE = re.compile(rf"{_ATEXT}(?: {_ATEXT})*")
_FOREIGN_MESSAGE_ID = re.compile(r"<[!-;=?-~]+>")
_MESSAGE_ID = re.compile(rf"<{_ATEXT}(?:\.{_ATEXT})*@(?:{_ATEXT}(?:\.{_ATEXT})*|\[[!-Z^-~]*\])>")


# Lower-case ASCII without quotes, hyphen pairs or a name reserved for special use: what the library below gives back as
# it is, after looking at every character.
_WORDS_OF_LOCAL = r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*"
_LABEL = r"[a-z0-9](?:(?:[a-z0-9]|-(?!-)){0,61}[a-z0-9])?"
_PLAIN = re.compile(rf"(?=.{{1,64}}@)(?=.{{1,254}}$){_WORDS_OF_LOCAL}@(?:{_LABEL}\.)+[a-z]{{2,63}}")


def _is_plain(address: str) -> bool:
    found = _PLAIN.fullmatch(address)
    return found is not None and not address.endswith(_SPECIAL)


def refuse_controls(name: str, value: str) -> str:
    """`value`, unless it holds a control character: CR and LF would start another header field. Raises Rejected."""
    if value.isprintable():  # then it holds none, and most values are
        return value
    for character in value:
        if unicodedata.category(character) in {"Cc", "Zl", "Zp", "Cs"}:
            raise Rejected(
                f"{name} holds the character U+{ord(character):04X}, which has no place in a header.",
                hint="Remove line breaks and control characters from it.",
                code="header_injection",
            )
    return value


def ascii_address(name: str, address: str) -> str:
    """The address with its domain as A-labels. Raises Rejected, also for a local part that would need SMTPUTF8."""
    return _checked(name, address)


@lru_cache(maxsize=128)  # our own addresses and domains stand in every mail
def _checked(name: str, address: str) -> str:
    if _is_plain(address):
        return address
    refuse_controls(name, address)
    if not address.partition("@")[0].isascii():
        raise Rejected(
            f"The part of {name} before the @ is not ASCII, and mail servers may refuse it (SMTPUTF8, RFC 6531).",
            hint="Ask for another address of this person.",
            code="smtputf8_unsupported",
        )
    try:
        verdict = validate_email(
            address, check_deliverability=False, allow_smtputf8=False, strict=True, test_environment=True
        )
    except EmailNotValidError as error:
        raise Rejected(
            f"{name} is not an address that mail can be sent to: {error}",
            hint="Correct the address.",
            code="bad_address",
        ) from error
    if verdict.ascii_email is None:  # cannot be: SMTPUTF8 is not allowed above
        raise Rejected(f"{name} has no ASCII form.", hint="Correct the address.", code="bad_address")
    return verdict.ascii_email


def ascii_domain(domain: str) -> str:
    """A-labels of a domain of ours. Raises Rejected."""
    return ascii_address("the sending domain", f"x@{domain}").partition("@")[2]


def is_message_id(value: str) -> bool:
    """Whether `value` is one msg-id of RFC 5322 §3.6.4 (dot-atoms in angle brackets) of at most 250 octets."""
    return len(value) <= 250 and _MESSAGE_ID.fullmatch(value) is not None


def message_id_of(name: str, value: str) -> str:
    if not is_message_id(value):
        raise Rejected(
            f"{name} is not a message id of RFC 5322: {value[:80]!r}.", hint="It reads <left@right>, in ASCII."
        )
    return value


def foreign_message_id(name: str, value: str) -> bool:
    """Whether an id that somebody else's program made can be quoted in a header of ours. Many are not to the letter,
    and an answer must still find its thread; one that would harm the header is left out. Raises Rejected for controls.
    """
    refuse_controls(name, value)
    return len(value) <= 900 and _FOREIGN_MESSAGE_ID.fullmatch(value) is not None


def encoded_words(text: str) -> list[str]:
    """RFC 2047 encoded-words of at most 75 characters, each a whole number of characters."""
    chunks: list[bytes] = [b""]
    for character in text:
        encoded = character.encode("utf-8")
        if len(chunks[-1]) + len(encoded) > _ENCODED_WORD_BYTES:
            chunks.append(b"")
        chunks[-1] += encoded
    return [f"=?utf-8?B?{base64.b64encode(chunk).decode('ascii')}?=" for chunk in chunks]


def mailbox_value(display_name: str, address: str) -> list[str]:
    """`Name <address>` as words that may be folded between. The display name as atoms, quoted or encoded."""
    if not display_name:
        return [address]
    name = refuse_controls("The display name", display_name)
    if not name.isascii() or "=?" in name:
        words = encoded_words(name)
    elif _PHRASE.fullmatch(name):
        words = name.split(" ")
    else:
        words = ['"' + re.sub(r'(["\\])', r"\\\1", name) + '"']
    return [*words, f"<{address}>"]


def subject_value(subject: str) -> list[str]:
    """A subject as words that may be folded between."""
    text = refuse_controls("The subject", subject).strip()
    words = text.split(" ")
    plain = text.isascii() and "=?" not in text and all(0 < len(word) < 500 for word in words)
    return words if plain else encoded_words(text)


def field(name: str, words: Sequence[str]) -> bytes:
    """One header field, folded before a word where the line would pass 78 octets. Raises Rejected."""
    lines = [f"{name}:"]
    for word in words:
        first = lines[-1] == f"{name}:"
        # A first word is never folded away: some readers lose a field whose first line is empty.
        if first or len(lines[-1]) + 1 + len(word) <= _PREFERRED_LINE:
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    if any(len(line) > MAX_LINE for line in lines):
        raise Rejected(f"{name} does not fit into lines of {MAX_LINE} octets.", hint="Shorten it.")
    text = "\r\n".join(lines)
    for line in lines:
        refuse_controls(name, line)
    return text.encode("ascii") + b"\r\n"
