"""Companies, signals and contacts as numpy columns: text dictionary-encoded, so that a distinct value is matched once.

Unknown is NaN in float columns and -1 in code columns. Encoding is paid once; any ICP is then asked of the columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.authority import SENIORITY_AUTHORITY
from scoring.criteria import stated_industries
from scoring.intent import SIGNAL_KINDS, role_factor
from scoring.titles import read_title
from scoring.types import CompanyTraits, Department, PersonTraits, Signal

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

SENIORITIES = tuple(SENIORITY_AUTHORITY)
DEPARTMENTS = tuple(Department)
KINDS = tuple(SIGNAL_KINDS)


@dataclass(frozen=True, slots=True, eq=False)
class TextColumn:
    """One group of textual traits: its distinct values, as traits with nothing else known, and n codes into them."""

    values: tuple[CompanyTraits, ...]
    code: Codes


@dataclass(frozen=True, slots=True, eq=False)
class CompanyColumns:
    """n companies. Text is held by groups that are matched together, each distinct value once."""

    industry: TextColumn  # industry, tags, description
    stated: tuple[str, ...]  # of each distinct industry: its words, normalised once whatever ICPs are asked
    location: TextColumn  # country, region
    technologies: TextColumn
    status: TextColumn
    identity: TextColumn  # name, domain
    employees: Floats
    revenue_minor: Floats
    founded_year: Floats
    currencies: tuple[str | None, ...]
    currency_code: Codes
    signals_known: npt.NDArray[np.bool_]  # False: nobody looked
    # Flat signals, in any order.
    signal_company: Codes
    signal_kind: Codes  # index into the kinds of scoring.intent; -1: a kind the rules do not know
    signal_at: Floats  # seconds since 1970; NaN: undated
    signal_strength: Floats
    signal_role: Floats  # scoring.intent.role_factor: a title is read once, whatever is asked


@dataclass(frozen=True, slots=True, eq=False)
class LeadColumns:
    """m contacts, each at a company of a `CompanyColumns`."""

    company: Codes
    seniority: Codes  # -1: unknown
    department: Codes  # -1: unknown


def encode_companies(companies: Sequence[CompanyTraits], signals: Sequence[Sequence[Signal] | None]) -> CompanyColumns:
    """Rows to columns. `signals` holds one entry a company; None: nobody looked."""
    currencies: dict[str | None, int] = {}
    codes = {kind: index for index, kind in enumerate(KINDS)}
    flat = [(index, signal) for index, held in enumerate(signals) for signal in held or ()]
    industry = _text_column(companies, "industry", "tags", "description_words")
    return CompanyColumns(
        industry=industry,
        stated=tuple(stated_industries(traits) for traits in industry.values),
        location=_text_column(companies, "country", "region"),
        technologies=_text_column(companies, "technologies"),
        status=_text_column(companies, "status"),
        identity=_text_column(companies, "name", "domain"),
        employees=np.array([np.nan if c.employees is None else c.employees for c in companies], np.float64),
        revenue_minor=np.array([np.nan if c.revenue_minor is None else c.revenue_minor for c in companies], np.float64),
        founded_year=np.array([np.nan if c.founded_year is None else c.founded_year for c in companies], np.float64),
        currency_code=np.array([currencies.setdefault(c.currency, len(currencies)) for c in companies], np.int64),
        currencies=tuple(currencies),
        signals_known=np.array([held is not None for held in signals], np.bool_),
        signal_company=np.array([index for index, _ in flat], np.int64),
        signal_kind=np.array([codes.get(signal.kind, -1) for _, signal in flat], np.int64),
        signal_at=np.array([_seconds(signal.observed_at) for _, signal in flat], np.float64),
        signal_strength=np.array([signal.strength for _, signal in flat], np.float64),
        signal_role=np.array([role_factor(signal.kind, signal.quote) for _, signal in flat], np.float64),
    )


def _seconds(instant: datetime | None) -> float:
    return np.nan if instant is None else instant.timestamp()


def _text_column(companies: Sequence[CompanyTraits], *names: str) -> TextColumn:
    seen: dict[Any, int] = {}
    read = attrgetter(*names)
    code = np.array([seen.setdefault(read(company), len(seen)) for company in companies], np.int64)
    rows = seen if len(names) > 1 else ((value,) for value in seen)
    return TextColumn(tuple(CompanyTraits(**dict(zip(names, row, strict=True))) for row in rows), code)


def encode_leads(people: Sequence[PersonTraits], company: Sequence[int]) -> LeadColumns:
    """Rows to columns; `company` is each contact's index. Seniority and department are read from titles if absent."""
    seniority, department = [], []
    for person in people:
        rank, field = person.seniority, person.department
        if (rank is None or field is None) and person.title:
            reading = read_title(person.title)
            rank, field = rank or reading.seniority, field or reading.department
        seniority.append(-1 if rank is None else SENIORITIES.index(rank))
        department.append(-1 if field is None else DEPARTMENTS.index(field))
    return LeadColumns(np.array(company, np.int64), np.array(seniority, np.int64), np.array(department, np.int64))
