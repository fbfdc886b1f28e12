"""What in a sentence must be true: links, addresses, dates, times, numbers and names, each in a comparable form."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache

import tldextract

from agents.drafting.text import Piece, scripts, sentences, words
from agents.drafting.words import MONTHS, NUMBER_WORDS, PLAIN_CAPITALS, STARTERS, WEEKDAYS


class TokenKind(StrEnum):
    ADDRESS = "address"
    LINK = "link"
    DATE = "date"
    TIME = "time"
    NUMBER = "number"
    NAME = "name"
    RELATIVE_DATE = "relative_date"


@dataclass(frozen=True, slots=True)
class Amount:
    value: Decimal
    unit: str = ""  # "%", an ISO 4217 code, or nothing


@dataclass(frozen=True, slots=True)
class DateParts:
    """As much of a date as the text says. weekday: Monday is 0. `clock`: minutes since midnight."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    quarter: int | None = None
    clock: int | None = None


@dataclass(frozen=True, slots=True)
class Token:
    kind: TokenKind
    text: str
    start: int
    end: int
    amount: Amount | None = None
    dates: tuple[DateParts, ...] = ()  # more than one reading: 3/4/2026


_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_DAY_NAME = "|".join(sorted(WEEKDAYS, key=len, reverse=True))
_CURRENCY = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "us$": "USD", "usd": "USD", "eur": "EUR",
             "gbp": "GBP", "chf": "CHF", "cad": "CAD", "aud": "AUD", "jpy": "JPY", "inr": "INR", "sek": "SEK",
             "dollars": "USD", "dollar": "USD", "euros": "EUR", "euro": "EUR", "pounds": "GBP"}  # fmt: skip
_SCALE = {"k": 10**3, "thousand": 10**3, "m": 10**6, "mn": 10**6, "mm": 10**6, "million": 10**6, "b": 10**9,
          "bn": 10**9, "billion": 10**9}  # fmt: skip

_ADDRESS = re.compile(r"[^\s@<>“”\"()]+@[^\s@<>“”\"(),]+")
_LINK = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://|www\.|mailto:|javascript:|data:)[^\s<>“”\"]*"
    # A bare host: mail programs make a link of it. A single-letter or numeric end is an abbreviation or a decimal.
    r"|(?<![\w@.])(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_]{2,24}(?![\w@])(?:/[^\s<>“”\"]*)?"
    r"|(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])",
    re.IGNORECASE,
)
_DATES = (
    re.compile(r"(?<!\d)(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?!\d)"),
    re.compile(
        rf"(?<!\w)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<name>{_MONTH})\b\.?(?:,? (?P<year>\d{{4}})\b)?", re.I
    ),
    re.compile(
        rf"(?<!\w)(?P<name>{_MONTH})\b\.? (?P<day>\d{{1,2}})(?!\d)(?:st|nd|rd|th)?(?:,? (?P<year>\d{{4}})\b)?", re.I
    ),
    re.compile(rf"(?<!\w)(?P<name>{_MONTH})\b\.?,? (?:of )?(?P<year>\d{{4}})\b", re.I),
    re.compile(r"(?<!\w)(?P<a>\d{1,2})[/.](?P<b>\d{1,2})[/.](?P<year>\d{4})(?!\d)"),
    re.compile(r"(?<!\w)[Qq](?P<quarter>[1-4])(?:[ /-]?(?P<year>\d{4}))?(?!\w)"),
    re.compile(rf"(?<!\w)(?P<weekday>{_DAY_NAME})s?(?!\w)", re.I),
    re.compile(rf"(?<!\w)(?P<name>{_MONTH})(?!\w)", re.I),
)
_TIME = re.compile(r"(?<![\w:.])(?P<h>\d{1,2})(?:[:.](?P<m>\d{2}))?\s?(?P<half>[ap]\.?m\.?)(?!\w)"
                   r"|(?<![\w:.])(?P<h24>\d{1,2}):(?P<m24>\d{2})(?![\w:])", re.I)  # fmt: skip
_NUMBER = re.compile(
    r"(?P<cur>US\$|[$€£¥₹]|(?<!\w)(?:USD|EUR|GBP|CHF|CAD|AUD|JPY|INR|SEK)(?= ?\d)) ?"
    r"(?P<n1>\d[\d,]*(?:\.\d+)?)(?:\s?(?P<s1>thousand|million|billion|bn|mn|mm|k|m|b)(?!\w))?"
    r"|(?<![\w.,])(?P<n2>\d[\d,]*(?:\.\d+)?)(?:st|nd|rd|th)?(?:\s?(?P<s2>thousand|million|billion|bn|mn|mm|k|m|b)(?!\w))?"
    r"(?:\s?(?P<unit>%|percent\b|per cent\b|€|£|(?:USD|EUR|GBP|CHF|CAD|AUD|JPY|INR|SEK|dollars?|euros?|pounds)\b))?"
    r"(?![^\W\d_])",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"(?<!\w)(?:yesterday|today|tomorrow|last (?:week|month|quarter|year)|this (?:morning|week|month|quarter|year)|"
    r"(?:a few|several|\w+) (?:days|weeks|months|years) ago|just (?:raised|hired|announced|launched|closed))(?!\w)",
    re.IGNORECASE,
)
_NUMBER_WORD = re.compile(
    rf"(?<![\w-])(?:{'|'.join(sorted(NUMBER_WORDS, key=len, reverse=True))})(?!\w)", re.IGNORECASE
)
_AMBIGUOUS_MONTHS = frozenset(
    {"may", "march", "mar", "jan", "sun", "sat", "wed", "mon", "dec", "fri", "thu", "tue", "sep"}
)


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[Token, ...]:
    """Everything checkable in the text, in order; each character belongs to one token at most."""
    taken = [False] * len(text)
    found: list[Token] = []

    def add(token: Token | None) -> None:
        if token is not None and token.end > token.start and not any(taken[token.start : token.end]):
            taken[token.start : token.end] = [True] * (token.end - token.start)
            found.append(token)

    for match in _ADDRESS.finditer(text):
        add(_plain(TokenKind.ADDRESS, match))
    for match in _LINK.finditer(text):
        if _is_link(match.group()):
            add(_plain(TokenKind.LINK, match))
    for pattern in _DATES:
        for match in pattern.finditer(text):
            add(_date(text, match))
    for match in _TIME.finditer(text):
        add(_time(match))
    for match in _NUMBER.finditer(text):
        add(_number(match))
    for match in _RELATIVE.finditer(text):
        add(_plain(TokenKind.RELATIVE_DATE, match))
    for match in _NUMBER_WORD.finditer(text):
        amount = Amount(Decimal(NUMBER_WORDS[match.group().lower()]))
        add(Token(TokenKind.NUMBER, match.group(), match.start(), match.end(), amount))
    for token in _names(text, taken):
        add(token)
    return tuple(sorted(found, key=lambda token: token.start))


# The list that ships with the package: no download, the same answer everywhere.
_SUFFIXES = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def _is_link(text: str) -> bool:
    """A bare host counts where it ends in a public suffix: 'Node.js' is a name, 'asp.net' becomes a link."""
    if ":" in text or text.lower().startswith("www.") or text[0].isdigit():
        return True
    return bool(_SUFFIXES(text.split("/")[0]).suffix)


def _plain(kind: TokenKind, match: re.Match[str]) -> Token | None:
    raw = match.group().rstrip(".,;:!?)’'\"”")
    return Token(kind, raw, match.start(), match.start() + len(raw))


def _date(text: str, match: re.Match[str]) -> Token | None:
    groups = {name: value for name, value in match.groupdict().items() if value}
    year = int(groups["year"]) if "year" in groups else None
    readings: tuple[DateParts, ...]
    if "a" in groups:
        a, b = int(groups["a"]), int(groups["b"])
        readings = tuple(
            DateParts(year, month, day) for month, day in ((a, b), (b, a)) if 1 <= month <= 12 and 1 <= day <= 31
        )
    elif "quarter" in groups:
        readings = (DateParts(year, quarter=int(groups["quarter"])),)
    elif "weekday" in groups or set(groups) == {"name"}:
        word = (groups.get("weekday") or groups["name"]).lower()
        # "may", "sat", "march" are words of their own: a month or day only when written with a capital, "May I" never.
        starts = any(piece.start == match.start() for piece in sentences(text))
        if match.group()[0].islower() or (word in _AMBIGUOUS_MONTHS and starts):
            return None
        readings = (DateParts(weekday=WEEKDAYS[word]) if "weekday" in groups else DateParts(month=MONTHS[word]),)
    else:
        month = MONTHS[groups["name"].lower()] if "name" in groups else int(groups["month"])
        day = int(groups["day"]) if "day" in groups else None
        readings = (DateParts(year, month, day),)
    end = match.end() - (1 if match.group().endswith((".", ",")) else 0)
    return Token(TokenKind.DATE, text[match.start() : end], match.start(), end, dates=readings) if readings else None


def _time(match: re.Match[str]) -> Token | None:
    hour, minute = int(match["h"] or match["h24"]), int(match["m"] or match["m24"] or 0)
    half = (match["half"] or "").lower()
    if half.startswith("p") and hour < 12:
        hour += 12
    elif half.startswith("a") and hour == 12:
        hour = 0
    if hour > 24 or minute > 59:
        return None
    parts = (DateParts(clock=hour * 60 + minute),)
    return Token(TokenKind.TIME, match.group(), match.start(), match.end(), dates=parts)


def _number(match: re.Match[str]) -> Token | None:
    raw = match["n1"] or match["n2"]
    digits = raw.rstrip(",")
    try:
        value = Decimal(digits.replace(",", ""))
    except InvalidOperation:
        return None
    scale = (match["s1"] or match["s2"] or "").lower()
    sign = (match["cur"] or match["unit"] or "").lower()
    unit = "%" if sign in ("%", "percent", "per cent") else _CURRENCY.get(sign, "")
    end = match.end() - (len(raw) - len(digits)) if match.group().endswith(raw) else match.end()
    return Token(
        TokenKind.NUMBER,
        match.string[match.start() : end],
        match.start(),
        end,
        Amount(value * _SCALE.get(scale, 1), unit),
    )


def _names(text: str, taken: list[bool]) -> list[Token]:
    """Runs of words that are written like names. A run is one name: 'Dana Ruiz' is not supported by 'Dana' alone."""
    starts = {_first_word(piece) for piece in sentences(text)}
    runs: list[list[Piece]] = []
    for word in words(text):
        if any(taken[word.start : word.end]) or not _is_name(word, starts):
            continue
        joined = runs and text[runs[-1][-1].end : word.start] in (" ", " & ")
        if joined and not runs[-1][-1].text.endswith(("'s", "’s")):
            runs[-1].append(word)
        else:
            runs.append([word])
    found = []
    for run in runs:
        start, end = run[0].start, run[-1].end
        if run[-1].text.endswith(("'s", "’s")):
            end -= 2
        found.append(Token(TokenKind.NAME, text[start:end], start, end))
    return found


def _first_word(sentence: Piece) -> int:
    inner = words(sentence.text)
    return sentence.start + inner[0].start if inner else -1


def _is_name(word: Piece, starts: set[int]) -> bool:
    text = word.text
    bare = text.replace("’", "'")
    if bare in PLAIN_CAPITALS or text.isdigit():
        return False
    # Letters without case (Han, Hebrew, Arabic) cannot show that they are no name, so they must be supported too.
    if text == text.lower() and not any(c.isdigit() for c in text) and scripts(text) <= {"LATIN", "CYRILLIC", "GREEK"}:
        return False
    return not (word.start in starts and bare.lower() in STARTERS and text[1:] == text[1:].lower())
