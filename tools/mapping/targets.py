"""What each field is called in the lists of the world, and what its values look like.

Header words are in English, German, French and Spanish, the likeliest first, as `header_words` leaves them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tools.mapping import transforms as t
from tools.mapping.amounts import currency_in
from tools.mapping.document import Kind
from tools.mapping.shapes import Column
from tools.names import plain


@dataclass(frozen=True, slots=True)
class Target:
    """`shape` gives the share of values that fit; under `least` a column is not this, whatever it is called.

    `alone`: from this share on the values tell the field without a known header; over 1 they never do.
    """

    field: str
    headers: tuple[str, ...]
    looks_like: str  # "… % of its values look like <this>"
    shape: Callable[[Column], float]
    least: float
    transform: Callable[[Column], t.Transform]
    alone: float = 2.0
    alternatives: bool = False  # further columns that fit stand in where the first is empty


_FILLERS = {"company", "account", "organization", "organisation", "org", "business", "firm", "the", "primary", "main"}
_PERSON_FILLERS = {"contact", "person", "lead", "employee", "the", "primary", "main", "work", "business"}


# "Price/Sales", "revenue growth %": made of the number that is meant, and another one.
_OTHER_NUMBER = re.compile(r"(?i)\w\s*/\s*\w|growth|margin|ratio|\bper\b|change|rank|multiple|forecast|%")


def header_words(header: str) -> str:
    """ "companyName", "Company_Name ", "company.name" → "company name"."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", header)
    return " ".join(re.findall(r"[^\W_]+", plain(spaced)))


def header_match(target: Target, header: str, kind: Kind) -> float:
    """0–1: how plainly a header names the field."""
    words = header_words(header)
    if _OTHER_NUMBER.search(header) and target.field in ("revenue_minor", "employees"):
        return 0.0
    if (index := _index(target, words)) is not None:
        return 1.0 - 0.01 * min(index, 30)
    fillers = _PERSON_FILLERS if kind is Kind.PERSON else _FILLERS
    tokens = words.split()
    stripped = " ".join(token for token in tokens if token not in fillers)
    if stripped and (index := _index(target, stripped)) is not None:
        return 0.9 - 0.01 * min(index, 30)
    for place, name in enumerate(target.headers):
        if len(name) > 3 and re.search(rf"\b{re.escape(name)}\b", words):
            return max(0.3, 0.6 - 0.01 * place - 0.03 * (len(tokens) - len(name.split())))
    return 0.0


def _index(target: Target, words: str) -> int | None:
    """Spaces do not count: "LinkedIn URL" and "linkedinUrl" are one header."""
    compact = words.replace(" ", "")
    return next((i for i, name in enumerate(target.headers) if name.replace(" ", "") == compact), None)


def scale_of(header: str) -> float:
    """1,000,000 for "Revenue (M)", "Umsatz in Mio. EUR", "sales_usd_mm"; 1 where the header names no unit."""
    words = header_words(header).split()
    for names, factor in ((("m", "mm", "mn", "mio", "million", "millions", "millionen", "millones"), 1e6),
                          (("b", "bn", "mrd", "billion", "billions", "milliarden", "milliards"), 1e9),
                          (("k", "tsd", "thousand", "thousands", "milliers", "000s"), 1e3)):  # fmt: skip
        if any(word in names for word in words[1:]):
            return factor
    return 1.0


def currency_of(column: Column) -> str:
    """The currency that the header names, else that most values do not contradict; "" where nothing does."""
    return currency_in(column.name) or next((c for text in column.texts if (c := currency_in(text))), "")


def header_names(text: str) -> tuple[str, ...]:
    """Header words, one an entry, parted by bars."""
    return tuple(" ".join(plain(name).split()) for name in text.split("|"))


def as_text(_: Column) -> t.Transform:
    return t.Text()
