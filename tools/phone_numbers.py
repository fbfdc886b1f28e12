"""Phone numbers as people write them, in E.164. Google's metadata says what is a number, of which country and kind."""

import re
from dataclasses import dataclass
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

from core.errors import Rejected

_LONGEST: Final = 40  # characters: an international number with spaces, brackets and a country's prefix
_E164: Final = re.compile(r"\+[1-9]\d{6,14}")
_TEXTED: Final = frozenset(
    {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.PERSONAL_NUMBER}
)
# Somebody is paid for a call to these: never rung, whoever typed them.
_PAID: Final = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.UAN})


@dataclass(frozen=True, slots=True)
class Number:
    e164: str
    country: str  # ISO 3166-1 alpha-2 of the number's own plan; empty: of none (satellite, international toll-free)
    takes_texts: bool  # of a kind that may be a mobile phone
    shown: str  # as people read it


def normalise(text: str, country: str = "") -> Number:
    """`country`: of its owner, for a number without a country's prefix. Raises Rejected: it is none, or not dialled."""
    written = text.strip()
    if not written or len(written) > _LONGEST or not written.isprintable():
        raise _no_number(country)
    try:
        found = phonenumbers.parse(written, country.strip().upper() or None)
    except phonenumbers.NumberParseException:
        raise _no_number(country) from None
    if found.extension:
        raise Rejected(
            "The number has an extension, which no text reaches and nobody dials by itself.",
            hint="Keep the direct number instead.",
            code="bad_number",
        )
    if not phonenumbers.is_valid_number(found):
        raise _no_number(country)
    kind = phonenumbers.number_type(found)
    if kind in _PAID:
        raise Rejected("Numbers that cost their caller extra are not dialled.", code="paid_number")
    region = phonenumbers.region_code_for_number(found) or ""
    return Number(
        phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164),
        region if len(region) == 2 and region.isalpha() else "",
        kind in _TEXTED,
        phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.INTERNATIONAL),
    )


def is_e164(text: str) -> bool:
    return _E164.fullmatch(text) is not None


def _no_number(country: str) -> Rejected:
    where = f" of {country.strip().upper()[:2]}" if country.strip() else ""
    return Rejected(
        f"That is no phone number{where}.",
        hint="Write it with its country's prefix: +1 212 555 0123.",
        code="bad_number",
    )
