"""A workspace's own scoring rules as data: what a company must be, and what follows for its priority.

`scoring.rule_reading` parses them, `scoring.rules` evaluates them, `scoring.columns` does so for millions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

# A signal older than a year speaks of another budget; a rule may look at a shorter time.
WITHIN_DAYS = 365


class Op(StrEnum):
    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    MORE_THAN = "more_than"
    LESS_THAN = "less_than"
    HAS = "has"
    HAS_NOT = "has_not"
    KNOWN = "known"
    UNKNOWN = "unknown"


class Sort(StrEnum):
    """What sort of value a field holds: it decides which operators make sense."""

    NUMBER = "number"
    TEXT = "text"
    SET = "set"


_ALWAYS = (Op.KNOWN, Op.UNKNOWN)
OPS: Mapping[Sort, tuple[Op, ...]] = MappingProxyType(
    {
        Sort.NUMBER: (Op.IS, Op.IS_NOT, Op.AT_LEAST, Op.AT_MOST, Op.MORE_THAN, Op.LESS_THAN, *_ALWAYS),
        Sort.TEXT: (Op.IS, Op.IS_NOT, Op.CONTAINS, *_ALWAYS),
        Sort.SET: (Op.HAS, Op.HAS_NOT, *_ALWAYS),
    }
)
# The fields of a company that a rule may look at.
RULE_FIELDS: Mapping[str, Sort] = MappingProxyType(
    {
        "employees": Sort.NUMBER,
        "revenue_minor": Sort.NUMBER,
        "founded_year": Sort.NUMBER,
        "name": Sort.TEXT,
        "domain": Sort.TEXT,
        "industry": Sort.TEXT,
        "country": Sort.TEXT,
        "region": Sort.TEXT,
        "status": Sort.TEXT,
        "tags": Sort.SET,
        "description": Sort.SET,
        "technologies": Sort.SET,
        "signals": Sort.SET,
    }
)


@dataclass(frozen=True, slots=True)
class Condition:
    """`values`: any of them is enough. One number for numbers; none for known and unknown."""

    field: str
    op: Op
    values: tuple[str | float, ...] = ()
    currency: str = ""  # of revenue_minor; money in another one is unknown
    within_days: float = WITHIN_DAYS  # of signals


class EffectKind(StrEnum):
    ADD = "add"
    SUBTRACT = "subtract"
    CAP = "cap"
    DISQUALIFY = "disqualify"


@dataclass(frozen=True, slots=True)
class Effect:
    """On the priority. `amount` 0–1; a disqualification has none."""

    kind: EffectKind
    amount: float = 0.0


@dataclass(frozen=True, slots=True)
class ScoringRule:
    """All conditions must hold; one that is unknown holds the rule back."""

    when: tuple[Condition, ...]
    then: Effect
    reason: str


def as_mapping(rule: ScoringRule) -> dict[str, Any]:
    """As it is written in an ICP: `scoring.icp.parse_icp` reads it back to the same rule."""
    conditions = []
    for one in rule.when:
        written: dict[str, Any] = {"field": one.field, "op": str(one.op)}
        if one.values:
            written["value"] = one.values[0] if len(one.values) == 1 else list(one.values)
        if one.field == "revenue_minor" and one.op not in _ALWAYS:
            written["currency"] = one.currency
        if one.field == "signals" and one.within_days != WITHIN_DAYS:
            written["within_days"] = one.within_days
        conditions.append(written)
    effect = True if rule.then.kind is EffectKind.DISQUALIFY else rule.then.amount
    when: Any = conditions[0] if len(conditions) == 1 else conditions
    return {"when": when, "then": {str(rule.then.kind): effect}, "reason": rule.reason}


def in_words(rule: ScoringRule) -> str:
    """A line for people: "country is DE or AT, and signals has funding: add 0.1 (reason)"."""
    asked = []
    for one in rule.when:
        values = " or ".join(f"{v:g}" if isinstance(v, float) else v for v in one.values)
        parts = [one.field.replace("_minor", "").replace("_", " "), one.op.replace("_", " "), values]
        if one.field == "revenue_minor" and one.values:
            parts.append(f"minor units {one.currency}")
        if one.field == "signals" and one.within_days != WITHIN_DAYS:
            parts.append(f"within {one.within_days:g} days")
        asked.append(" ".join(part for part in parts if part))
    effect = "disqualify" if rule.then.kind is EffectKind.DISQUALIFY else f"{rule.then.kind} {rule.then.amount:g}"
    return f"{', and '.join(asked)}: {effect} ({rule.reason})"
