"""What sources say, kept side by side, and the rule by which one of them is believed.

1. What a person said wins, the newest of it.
2. Else the greatest weight: confidence × trust in the method × freshness, freshness halving with the field's
   half-life. Only the facts' ages against each other matter, so the winner does not depend on when it is asked.
3. Else the newest; else by source and id, so that the answer is always the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlmodel import Session, col

from core.clock import Clock
from core.ids import stable_id
from store import bulk
from store.models import Company, Fact
from store.queries.companies import CHUNK, fitted
from store.session import workspace_of

HUMAN_METHODS = frozenset({"human", "person"})

# How far a method is believed beside the others: an order first, the steps between chosen, not measured.
METHOD_TRUST: Mapping[str, float] = {
    "dns": 1.0,  # the domain's own records
    "header": 1.0,  # what the server really answered
    "vendor": 0.95,  # a data vendor's structured record
    "json_ld": 0.9,  # the company's own structured words
    "import": 0.8,  # a list, whose age nobody knows
    "meta": 0.7,  # the company's own words, written for search engines
    "page": 0.6,  # read from running text by rules
    "model": 0.5,  # read from running text by a language model
}
_OTHER_TRUST = 0.5

# Days after which a fact is half as fresh, by how fast the thing itself changes.
HALF_LIFE_DAYS: Mapping[str, float] = {
    "employees": 365,
    "revenue_minor": 365,
    "technologies": 180,
    "status": 365,
    "description": 730,
}
_OTHER_HALF_LIFE = 1_825

# The columns of a company that its facts decide, with what a value must be to stand in one.
_TEXT, _INT, _LIST = "text", "int", "list"
COMPANY_FIELDS: Mapping[str, str] = {
    "website": _TEXT,
    "industry": _TEXT,
    "employees": _INT,
    "revenue_minor": _INT,
    "currency": _TEXT,
    "country": _TEXT,
    "region": _TEXT,
    "city": _TEXT,
    "description": _TEXT,
    "founded_year": _INT,
    "status": _TEXT,
    "tags": _LIST,
    "technologies": _LIST,
}
_NOTHING: Mapping[str, Any] = {_TEXT: "", _INT: None, _LIST: []}
_UNION = {"technology": "technologies", "tag": "tags"}  # one fact an element: all of them are true together


@dataclass(frozen=True, slots=True)
class FactInput:
    subject_kind: str  # company, contact
    subject_id: UUID
    field: str
    value: Any  # JSON
    source: str
    method: str
    observed_at: datetime
    confidence: float = 1.0  # 0–1
    quote: str = ""
    url: str = ""
    tainted: bool = True


@dataclass(frozen=True, slots=True)
class Winner:
    fact: Fact
    reason: str


def add_facts(session: Session, inputs: Sequence[FactInput]) -> list[UUID]:
    """Keep them all, in one statement; returns the id of each, in order. The same finding of the same source again is
    one row, seen later. Raises ValueError for a confidence outside 0–1."""
    workspace_id = workspace_of(session)
    rows: dict[UUID, dict[str, Any]] = {}
    ids = []
    for fact in inputs:
        if not 0 <= fact.confidence <= 1:
            raise ValueError(f"A confidence is between 0 and 1; got {fact.confidence} for {fact.field}.")
        key = value_key(fact.value, fact.quote)
        row_id = stable_id("fact", workspace_id, fact.subject_id, fact.field, fact.source, key)
        ids.append(row_id)
        earlier = rows.get(row_id)
        if earlier is None or earlier["observed_at"] <= fact.observed_at:
            rows[row_id] = {
                "id": row_id,
                "subject_kind": fact.subject_kind,
                "subject_id": fact.subject_id,
                "field": fact.field,
                "value": fact.value,
                "value_key": key,
                "source": fact.source,
                "quote": fact.quote,
                "url": fact.url,
                "observed_at": fact.observed_at,
                "method": fact.method,
                "confidence": fact.confidence,
                "tainted": fact.tainted,
            }
    bulk.upsert(
        session,
        Fact,
        list(rows.values()),
        key=["subject_id", "field", "source", "value_key"],
        update=["observed_at", "confidence", "method", "url"],
    )
    return ids


def value_key(value: Any, quote: str) -> str:
    return sha256(orjson.dumps([value, quote], option=orjson.OPT_SORT_KEYS)).hexdigest()


def winner(facts: Sequence[Fact]) -> Winner | None:
    """The fact to believe, of those that speak of one field of one subject, and why. None: there is none."""
    if not facts:
        return None
    newest = max(fact.observed_at for fact in facts)
    said = [fact for fact in facts if fact.method in HUMAN_METHODS]
    if said:
        return Winner(max(said, key=lambda fact: (fact.observed_at, *_tie(fact))), "A person said so.")
    ranked = sorted(facts, key=lambda fact: (weight(fact, newest), fact.observed_at, *_tie(fact)), reverse=True)
    best = ranked[0]
    others = [fact for fact in ranked[1:] if fact.value != best.value]
    if not others:
        return Winner(best, "Nothing speaks against it." if len(facts) > 1 else "It is the only one.")
    first, second = weight(best, newest), weight(others[0], newest)
    why = f"{best.method or 'unknown method'}, {best.observed_at:%Y-%m-%d}, weighs {first:.2f}"
    return Winner(best, f"{why}; {others[0].source} says otherwise and weighs {second:.2f}.")


def weight(fact: Fact, newest: datetime) -> float:
    """confidence × trust × freshness, 0–1; `newest` is the instant from which ages count."""
    days = (newest - fact.observed_at).total_seconds() / 86_400
    freshness: float = 0.5 ** (days / HALF_LIFE_DAYS.get(fact.field, _OTHER_HALF_LIFE))
    return fact.confidence * METHOD_TRUST.get(fact.method, _OTHER_TRUST) * freshness


def facts_of(session: Session, subject_ids: Iterable[UUID]) -> dict[UUID, dict[str, list[Fact]]]:
    """Every fact of these subjects, by subject and field, in a stable order. A query per 5,000 subjects."""
    grouped: dict[UUID, dict[str, list[Fact]]] = {}
    wanted = sorted(set(subject_ids))
    for start in range(0, len(wanted), CHUNK):
        query = sa.select(Fact).where(col(Fact.subject_id).in_(wanted[start : start + CHUNK])).order_by(col(Fact.id))
        for fact in session.execute(query).scalars():
            grouped.setdefault(fact.subject_id, {}).setdefault(fact.field, []).append(fact)
    return grouped


def apply_winners(session: Session, clock: Clock, company_ids: Sequence[UUID]) -> int:
    """Put the winners of their facts into the companies' columns, all in one batch. Returns how many companies changed.

    A field without a fact, or whose winner has no fitting value, keeps what it has.
    """
    grouped = facts_of(session, company_ids)
    columns = [getattr(Company, name) for name in ("id", *COMPANY_FIELDS)]
    changed = []
    wanted = sorted(grouped)
    for start in range(0, len(wanted), CHUNK):
        query = sa.select(*columns).where(col(Company.id).in_(wanted[start : start + CHUNK])).order_by(col(Company.id))
        for found in session.execute(query.with_for_update()):
            before = dict(found._mapping)
            after = {**before, **_decided(grouped[before["id"]])}
            if after != before:
                changed.append({**after, "updated_at": clock.now()})
    bulk.update(session, Company, changed, columns=[*COMPANY_FIELDS, "updated_at"])
    return len(changed)


def _decided(fields: Mapping[str, list[Fact]]) -> dict[str, Any]:
    decided: dict[str, Any] = {}
    said: set[str] = set()  # by a person: "nothing" is their word too, and a list of theirs is the whole list
    for name, kind in COMPANY_FIELDS.items():
        if by_person := [fact for fact in fields.get(name, []) if fact.method in HUMAN_METHODS]:
            word = max(by_person, key=lambda fact: (fact.observed_at, *_tie(fact))).value
            decided[name] = fitted(Company, name, word) if _fits(word, kind) else _NOTHING[kind]
            said.add(name)
            continue
        fitting = [fact for fact in fields.get(name, []) if _fits(fact.value, kind)]
        if best := winner(fitting):
            decided[name] = fitted(Company, name, best.fact.value)
    for single, column in _UNION.items():
        elements = {str(fact.value) for fact in fields.get(single, []) if isinstance(fact.value, str) and fact.value}
        if elements and column not in said:
            decided[column] = sorted(elements.union(decided.get(column, [])), key=str.casefold)
    return decided


def _fits(value: Any, kind: str) -> bool:
    if kind == _INT:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == _LIST:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, str) and value != ""


def _tie(fact: Fact) -> tuple[str, str]:
    return fact.source, str(fact.id)
