"""Prices on a page: amount, currency and what they are asked for, each with the words it was read from."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tools.site_reader.html import Block
from tools.site_reader.types import cleaned

MAX_PRICES = 200  # of one page
_MAX_BLOCK = 600  # characters of a block that is searched

_SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW", "zł": "PLN", "kč": "CZK"}
_PREFIXED = {"us$": "USD", "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "r$": "BRL", "nz$": "NZD"}
_CODES = "USD|EUR|GBP|JPY|INR|CHF|AUD|CAD|SEK|NOK|DKK|PLN|CZK|BRL|NZD|SGD|HKD|ZAR|MXN"
_AMOUNT = r"\d{1,9}(?:[.,'’  ]\d{3}){0,3}(?:[.,]\d{1,2})?(?!\d)"
_PRICE = re.compile(
    rf"(?<![\w.])(?P<before>(?:us|au?|ca?|nz|r)\$|[$€£¥₹₩]|(?:{_CODES})(?=[\s\d]))\s?(?P<first>{_AMOUNT})"
    rf"|(?<![\w.,])(?P<second>{_AMOUNT})\s?(?P<after>[$€£¥₹₩]|zł|kč|(?:{_CODES})\b)",
    re.IGNORECASE,
)
_PERIOD = re.compile(
    r"(?:per|a|pro|par|al|por|/)\s*(?:(?:user|seat|member|nutzer|utilisateur|usuario)\w*\s*(?:/|per|pro|a)?\s*)?"
    r"(?P<unit>month|mo\b|monat|mois|mes\b|year|yr\b|annum|jahr|an\b|année|año|day|tag|week)|\b(?P<word>monthly|yearly|"
    r"annually|monatlich|jährlich)",
    re.IGNORECASE,
)
_PERIODS = {
    "month": "month", "mo": "month", "monat": "month", "mois": "month", "mes": "month", "monthly": "month",
    "monatlich": "month", "year": "year", "yr": "year", "annum": "year", "jahr": "year", "an": "year",
    "année": "year", "año": "year", "yearly": "year", "annually": "year", "jährlich": "year", "day": "day",
    "tag": "day", "week": "week",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Price:
    plan: str  # the heading it stands under, cleaned; "" where there is none
    minor: int  # hundredths of the currency's unit
    currency: str  # ISO 4217
    period: str  # month, year, week, day; "" where it does not say
    quote: str


def prices(blocks: Sequence[Block]) -> list[Price]:
    """Every price in the page's order, each plan's once. A row of a table belongs to what stands in its first cell."""
    found: dict[tuple[str, int, str, str], Price] = {}
    plan, row, row_name = "", 0, ""
    for at, block in enumerate(blocks):
        if block.kind == "heading":
            plan = cleaned(block.text, 80)
        if block.kind == "cell" and block.row != row:
            row, row_name = block.row, cleaned(block.text, 80)
        after = blocks[at + 1].text[:60] if at + 1 < len(blocks) else ""
        for amount, currency, end in _amounts(block.text[:_MAX_BLOCK]):
            about = row_name if block.kind == "cell" else plan
            said = block.text[end : end + 40]
            period = _period(said) or (_period(after) if not said.strip() else "")
            price = Price("" if _PRICE.search(about) else about, amount, currency, period, cleaned(block.text))
            found.setdefault((price.plan, amount, currency, period), price)
            if len(found) >= MAX_PRICES:
                return list(found.values())
    return list(found.values())


def _amounts(text: str) -> Iterator[tuple[int, str, int]]:
    for match in _PRICE.finditer(text):
        mark = (match["before"] or match["after"]).lower()
        currency = _PREFIXED.get(mark) or _SYMBOLS.get(mark) or mark.upper()
        minor = _minor(match["first"] or match["second"])
        if minor is not None:
            yield minor, currency, match.end()


def _minor(text: str) -> int | None:
    """Hundredths. The last of . and , with one or two digits behind is the decimal mark; all others group."""
    digits = re.sub(r"['’\s]", "", text)
    whole, mark, rest = digits.rpartition(max(".,", key=digits.rfind)) if set(digits) & set(".,") else (digits, "", "")
    if mark and len(rest) not in (1, 2):
        whole, rest = whole + rest, ""
    whole = re.sub(r"[.,]", "", whole)
    if not whole or len(whole) > 10:
        return None
    return int(whole) * 100 + int((rest + "00")[:2])


def _period(text: str) -> str:
    match = _PERIOD.search(text[:40])
    return _PERIODS.get((match["unit"] or match["word"]).lower(), "") if match else ""
