"""When a reply says that later would be better ("write again in three months"): English, German, French and Spanish
rules, else unknown."""

import re
from datetime import date, datetime, timedelta

_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "a couple of": 2, "couple of": 2, "a few": 3,
    "einem": 1, "einer": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "zwölf": 12, "ein paar": 3,
    "einigen": 3, "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "quelques": 3,
    "una": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "unos": 3, "unas": 3, "algunos": 3,
}  # fmt: skip
_DAYS = {
    "day": 1, "tag": 1, "jour": 1, "día": 1, "week": 7, "woche": 7, "semaine": 7, "semana": 7, "month": 30, "monat": 30,
    "mois": 30, "mes": 30, "quarter": 91, "quartal": 91, "trimestre": 91, "year": 365, "jahr": 365, "an": 365,
    "ans": 365, "année": 365, "año": 365,
}  # fmt: skip
# English, German, French, Spanish: a place in a list is the month.
_MONTHS = (
    ("january", "januar", "janvier", "enero"), ("february", "februar", "février", "febrero"),
    ("march", "märz", "mars", "marzo"), ("april", "avril", "abril"), ("may", "mai", "mayo"),
    ("june", "juni", "juin", "junio"), ("july", "juli", "juillet", "julio"), ("august", "août", "agosto"),
    ("september", "septembre", "septiembre"), ("october", "oktober", "octobre", "octubre"),
    ("november", "novembre", "noviembre"), ("december", "dezember", "décembre", "diciembre"),
)  # fmt: skip
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names}
_UNIT_OF = {"month": "month", "monat": "month", "mois": "month", "mes": "month", "quarter": "quarter",
            "quartal": "quarter", "trimestre": "quarter", "year": "year", "jahr": "year", "année": "year",
            "an": "year", "año": "year"}  # fmt: skip
_WORDS = "|".join(sorted(map(re.escape, _NUMBERS), key=len, reverse=True))
_UNITS = "|".join(sorted(_DAYS, key=len, reverse=True))
_SPAN = re.compile(
    rf"\b(?:in|after|within|nach|dans|d'ici|après|en|dentro de|tras)\s+(?:about\s+|etwa\s+|environ\s+)?"
    rf"(\d{{1,2}}|{_WORDS})\s+({_UNITS})(?:s|es|e|en|n)?\b"
)
_NEXT = re.compile(
    r"\b(?:next|nächste[nsrm]?|kommende[nsrm]?|próximo|próxima)\s+(month|quarter|year|monat|quartal|jahr|mes|trimestre|año)\b"
    r"|\b(?:le\s+|l['’])(mois|trimestre|année|an)\s+prochaine?\b|\bel\s+(mes|trimestre|año)\s+que\s+viene\b"
)
_MONTH = re.compile(
    r"\b(?:in|from|after|until|by|im|ab|nach|bis|en|à partir de|après|jusqu'en|courant|a partir de|desde|hasta)\s+"
    r"(?:early\s+|mid\s+|late\s+|anfang\s+|mitte\s+|ende\s+|début\s+|fin\s+)?"
    rf"({'|'.join(_MONTH_OF)})\b(?!\s+\d)"
)
_QUARTER = re.compile(r"\b(?:in|until|for|im|au|en)\s+(?:q|t)([1-4])\b")
_LONGEST = timedelta(days=2 * 365)  # beyond it somebody was joking


def stated_later(text: str, at: datetime) -> date | None:
    """The day a reply names for another try, counted from when it was written; None: none, or no sane one."""
    words, today = " ".join(text.casefold().split())[:20_000], at.date()
    found: date | None = None
    if match := _SPAN.search(words):
        number = int(match[1]) if match[1].isdigit() else _NUMBERS[match[1]]
        found = today + timedelta(days=number * _DAYS[match[2]])
    elif match := _NEXT.search(words):
        found = _start_of_next(_UNIT_OF[next(filter(None, match.groups()))], today)
    elif match := _MONTH.search(words):
        found = _first_of(_MONTH_OF[match[1]], today)
    elif match := _QUARTER.search(words):
        found = _first_of(3 * int(match[1]) - 2, today)
    return found if found is not None and today < found <= today + _LONGEST else None


def _start_of_next(unit: str, today: date) -> date:
    if unit == "year":
        return date(today.year + 1, 1, 8)  # nobody reads mail on the first
    month = today.month + 1 if unit == "month" else 3 * ((today.month - 1) // 3) + 4
    return date(today.year + (month > 12), (month - 1) % 12 + 1, 1)


def _first_of(month: int, today: date) -> date:
    return date(today.year + (month <= today.month), month, 1)
