"""Amounts in cells: "1,234", "1.234,5", "$180B", "€ 1,2 Mio.", "51-200". Empty cells give None."""

import re
from decimal import Decimal, InvalidOperation

from tools.mapping.cells import Unreadable, text_of

_UNITS: dict[str, int] = {
    "k": 3, "tsd": 3, "thousand": 3, "mille": 3, "mil": 3, "m": 6, "mm": 6, "mn": 6, "mio": 6, "million": 6,
    "millions": 6, "millionen": 6, "millones": 6, "b": 9, "bn": 9, "md": 9, "mrd": 9, "milliarden": 9, "milliards": 9,
    "billion": 9, "billions": 9, "g": 9, "t": 12, "tn": 12, "trillion": 12,
}  # fmt: skip
_SYMBOLS: dict[str, str] = {
    "us$": "USD", "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "nz$": "NZD", "hk$": "HKD", "s$": "SGD",
    "r$": "BRL", "mx$": "MXN", "nt$": "TWD", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW",
    "₽": "RUB", "₺": "TRY", "₪": "ILS", "₫": "VND", "฿": "THB", "zł": "PLN", "kč": "CZK", "ft": "HUF", "chf": "CHF",
    "fr.": "CHF", "rs": "INR", "rmb": "CNY", "元": "CNY", "円": "JPY", "원": "KRW", "euro": "EUR", "euros": "EUR",
    "dollars": "USD", "dollar": "USD",
}  # fmt: skip
_CODE_LIST = """
    USD EUR GBP JPY CHF CAD AUD NZD CNY HKD SGD INR KRW BRL MXN ZAR SEK NOK DKK PLN CZK HUF RON BGN TRY RUB UAH ILS
    AED SAR QAR KWD BHD OMR JOD EGP NGN KES GHS MAD TND THB IDR MYR PHP VND TWD PKR BDT LKR ARS CLP COP PEN UYU ISK
"""
_CODES = frozenset(_CODE_LIST.split())
# ISO 4217 minor units that are not 2.
_MINOR_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "KWD": 3, "BHD": 3, "OMR": 3, "JOD": 3, "TND": 3}
_NUMBER = re.compile(r"[-+]?\d[\d.,\s'’_]*")
_RANGE = re.compile(
    r"^\D{0,20}?([\d.,\s]*\d)\s*(k)?\s*(?:-|–|—|to|bis|à|a|\.\.)\s*([\d.,\s]*\d)\s*(k)?\b", re.IGNORECASE
)
_LONGEST = 120  # characters; a longer cell is prose, and patterns need not search it
_MAX_NUMBER = Decimal(10) ** 18  # past it a cell is an id or a mistake, and no column holds it


def number_of(value: object, *, decimal: str = ".", scale: float = 1.0) -> float | None:
    amount = _amount(value, decimal)
    return None if amount is None else float(amount[0] * Decimal(str(scale)))


def money_of(value: object, *, currency: str, decimal: str = ".", scale: float = 1.0) -> tuple[int, str] | None:
    """Minor units and the currency. Raises Unreadable also where neither the cell nor the mapping names a currency."""
    amount = _amount(value, decimal)
    if amount is None:
        return None
    number, rest, unit = amount
    found = currency_in(rest) or currency
    if not found:
        raise Unreadable("no currency is named; give one in the mapping")
    # A cell that says "M" itself is not scaled by its header's unit again.
    factor = Decimal(1) if unit else Decimal(str(scale))
    minor = number * factor * (Decimal(10) ** _MINOR_DIGITS.get(found, 2))
    return int(_bounded(minor).to_integral_value()), found


def employees_of(value: object) -> int | None:
    text = text_of(value)
    if not text:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _whole(Decimal(str(value)))
    if len(text) > _LONGEST:
        raise Unreadable("too long for a number")
    bounds = _RANGE.search(text)
    if bounds:
        low, low_k, high, high_k = bounds.groups()
        thousand = (low_k or high_k) is not None
        lowest = _plain_integer(low) * (
            1_000 if low_k or (thousand and not low_k and _plain_integer(low) < 1_000) else 1
        )
        highest = _plain_integer(high) * (1_000 if high_k else 1)
        if highest < lowest:
            raise Unreadable("a range that runs backwards")
        return (lowest + highest) // 2
    amount = _amount(re.sub(r"(?<=\d)[.,](?=\d{3}\b)", "", text), ".")
    if amount is None:
        return None
    count = _whole(amount[0])
    if re.match(r"\s*(?:<|under|less than|bis zu|moins de|menos de|unter)", text, re.IGNORECASE):
        return max(count // 2, 1)
    return count


def _amount(value: object, decimal: str) -> tuple[Decimal, str, bool] | None:
    """The number, what stands around it, and whether it had a unit such as "k" or "Mio."."""
    text = text_of(value)
    if not text:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _bounded(Decimal(str(value))), "", False
    if len(text) > _LONGEST:
        raise Unreadable("too long for a number")
    match = _NUMBER.search(text)
    if match is None:
        raise Unreadable("no number")
    number = _decimal(match.group().strip(), decimal)
    before, after = text[: match.start()].strip(), text[match.end() :].strip()
    negative = before.endswith(("(", "-", "−")) or match.group().startswith("-")
    word = re.match(r"([^\W\d_]+)", after)
    unit = _UNITS.get(word.group(1).casefold().rstrip(".")) if word else None
    if word and unit is None and len(word.group(1)) > 1 and word.group(1)[0] in "kKmMbB":
        unit = _UNITS[word.group(1)[0].casefold()] if word.group(1)[1:].upper() in _CODES else None
    if _NUMBER.search(after):
        raise Unreadable("more than one number")
    number = abs(number) * (Decimal(10) ** (unit or 0))
    return _bounded(-number if negative else number), f"{before} {after}", unit is not None


def _bounded(number: Decimal) -> Decimal:
    if not number.is_finite() or abs(number) > _MAX_NUMBER:
        raise Unreadable("a number out of range")
    return number


def _decimal(digits: str, decimal: str) -> Decimal:
    digits = re.sub(r"[\s'’_]", "", digits).rstrip(".,")
    dots, commas = digits.count("."), digits.count(",")
    if dots and commas:
        point = "." if digits.rfind(".") > digits.rfind(",") else ","
    elif dots + commas == 0:
        point = decimal
    elif dots + commas > 1:
        point = ""  # the one kind of sign comes more than once: it groups thousands
    else:
        sign = "." if dots else ","
        groups = re.fullmatch(r"[-+]?[1-9]\d{0,2}[.,]\d{3}", digits) is not None
        point = sign if sign == decimal or not groups else ""
    other = "," if point == "." else "." if point == "," else ".,"
    plain = "".join(c for c in digits if c not in other)
    try:
        return Decimal(plain.replace(",", "."))
    except InvalidOperation:
        raise Unreadable("no number") from None


def currency_in(text: str) -> str:
    for word in re.findall(r"[A-Za-z]{3}", text):
        if word.upper() in _CODES:
            return str(word).upper()
    folded = text.casefold()
    for symbol, code in _SYMBOLS.items():
        if symbol.isalpha() and symbol.isascii():
            if re.search(rf"\b{symbol}\b", folded):
                return code
        elif symbol in folded:
            return code
    return ""


def _plain_integer(text: str) -> int:
    digits = re.sub(r"\D", "", text)
    if len(digits) > 12:
        raise Unreadable("a number out of range")
    return int(digits)


def _whole(number: Decimal) -> int:
    if number < 0 or number > 100_000_000:
        raise Unreadable("no number of people")
    return int(number)
