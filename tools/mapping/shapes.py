"""What the values of a column look like: shares of its filled cells, 0–1, whatever the column is called."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from tools.domains import registrable_domain
from tools.files.rows import RawRow
from tools.mapping import amounts, cells, dates
from tools.mapping.cells import Unreadable
from tools.mapping.places import country_code, parse_location, us_state
from tools.names import split_person_name

_LOOK_AT = 300  # filled cells: enough to tell a column apart
_LONGEST = 500  # characters of a cell that are looked at
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]{2,}")
_URL = re.compile(r"(?i)^(?:https?://|www\.)\S+$")
_TITLE_WORDS = re.compile(
    r"(?i)\b(?:chief|officer|ceo|cto|cfo|coo|cmo|cio|vp|vice president|president|director|head of|manager|engineer|"
    r"founder|owner|lead|analyst|consultant|partner|geschäftsführer|leiter|leiterin|directeur|gérant|responsable|"
    r"gerente|jefe|specialist|executive|developer|sales|marketing|assistant|coordinator|representative)\b"
)
_PHONE = re.compile(r"^\+?[\d\s().\-/x]{7,24}$")
_PLAIN_NUMBER = re.compile(r"^[-+]?[\d.,\s'’]*\d%?$")
_AMOUNT = re.compile(
    r"(?i)^\W{0,3}(?:[a-z]{1,3}\W{0,2})?[-+]?\d[\d.,\s'’]*(?:k|m|mm|mn|mio|b|bn|mrd|t|million|billion)?\.?\W{0,3}[a-z]{0,3}$"
)
_ZONE = re.compile(r"^[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?$|^UTC$")


@dataclass(frozen=True)
class Column:
    """A column of the sample. Shares count filled cells only, so that a sparse column is judged by what it holds."""

    name: str
    values: tuple[object, ...]  # filled cells, at most `_LOOK_AT`
    rows: int

    @classmethod
    def of(cls, name: str, rows: Sequence[RawRow]) -> "Column":
        filled = [v for row in rows if (v := row.cells.get(name)) is not None and cells.text_of(v)]
        return cls(name, tuple(filled[:_LOOK_AT]), len(rows))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        return tuple(cells.text_of(value)[:_LONGEST] for value in self.values)

    def share(self, test: object) -> float:
        if not self.texts or not callable(test):
            return 0.0
        return sum(bool(test(text)) for text in self.texts) / len(self.texts)

    @cached_property
    def own_domain(self) -> float:
        """The share of addresses with a domain of their own, times how different they are from one another."""
        domains = [d for text in self.texts if "@" not in text and (d := registrable_domain(text)) is not None]
        if not domains:
            return 0.0
        variety = 1.0 if len(domains) < 5 else min(1.0, 1.5 * len(set(domains)) / len(domains))
        return len(domains) / len(self.texts) * variety

    @cached_property
    def url(self) -> float:
        return self.share(_is_url)

    @cached_property
    def email(self) -> float:
        return self.share(_EMAIL.fullmatch)

    @cached_property
    def phone(self) -> float:
        return self.share(lambda t: _PHONE.match(t) and sum(c.isdigit() for c in t) >= 7 and not _date(t))

    @cached_property
    def number(self) -> float:
        return self.share(_PLAIN_NUMBER.match)

    @cached_property
    def amount(self) -> float:
        return self.share(_AMOUNT.match)

    @cached_property
    def employees(self) -> float:
        return self.share(_employees)

    @cached_property
    def country(self) -> float:
        return self.share(lambda t: country_code(t) and (len(t) > 3 or t.isupper()))

    @cached_property
    def us_state(self) -> float:
        return self.share(us_state)

    @cached_property
    def location(self) -> float:
        return self.share(lambda t: "," in t and parse_location(t).country)

    @cached_property
    def place(self) -> float:
        """Words that may name a place: no digits, not long."""
        return self.share(lambda t: len(t) <= 80 and not any(c.isdigit() for c in t) and any(parse_location(t)))

    @cached_property
    def year(self) -> float:
        return self.share(lambda t: re.match(r"^(?:1[6-9]|20)\d\d(?:\.0)?(?:\s*\(.*\))?$", t))

    @cached_property
    def date(self) -> float:
        return self.share(_date)

    @cached_property
    def person(self) -> float:
        return self.share(lambda t: len(t.split()) <= 5 and split_person_name(t))

    @cached_property
    def title(self) -> float:
        return self.share(lambda t: len(t) <= 100 and _TITLE_WORDS.search(t))

    @cached_property
    def zone(self) -> float:
        return self.share(_ZONE.match)

    @cached_property
    def is_list(self) -> float:
        return sum(isinstance(v, (list, tuple)) for v in self.values) / len(self.values) if self.values else 0.0

    @cached_property
    def words(self) -> float:
        """Letters, not long, no address: what a name, an industry or a status looks like."""
        return self.share(_is_words)

    @cached_property
    def long_text(self) -> float:
        return self.share(lambda t: len(t) >= 40 and " " in t and not _URL.match(t))

    @cached_property
    def variety(self) -> float:
        return len(set(self.texts)) / len(self.texts) if self.texts else 0.0

    @cached_property
    def filled(self) -> float:
        return min(1.0, len(self.values) / max(1, min(self.rows, _LOOK_AT)))

    @cached_property
    def decimal(self) -> Literal[".", ","]:
        """The sign that parts decimals in this column: a comma where cells say so and none says otherwise."""
        comma = sum(bool(re.search(r"\d,\d{1,2}\D*$|\.\d{3},\d|^\D*\d{1,3}(?:\.\d{3})+\D*$", t)) for t in self.texts)
        dot = sum(bool(re.search(r"\d\.\d{1,2}\D*$|,\d{3}\.\d|^\D*\d{1,3}(?:,\d{3}){1,}\D*$", t)) for t in self.texts)
        return "," if comma > dot else "."

    @cached_property
    def day_first(self) -> bool:
        """Whether some "a/b/yyyy" has a first number over 12 and none has a second."""
        pairs = [m for t in self.texts if (m := re.match(r"(\d{1,2})[-/.](\d{1,2})[-/.]\d{2,4}", t))]
        return any(int(m[1]) > 12 for m in pairs) and not any(int(m[2]) > 12 for m in pairs)


def _is_url(text: str) -> bool:
    return bool(_URL.match(text)) or ("." in text and " " not in text and registrable_domain(text) is not None)


def _is_words(text: str) -> bool:
    return len(text) <= 120 and any(c.isalpha() for c in text) and not _URL.match(text) and "@" not in text


def _employees(text: str) -> bool:
    try:
        count = amounts.employees_of(text)
    except Unreadable:
        return False
    return count is not None and count <= 5_000_000


def _date(text: str) -> bool:
    try:
        return dates.date_of(text) is not None
    except Unreadable:
        return False
