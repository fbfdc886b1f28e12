"""Evaluates a workspace's own rules on one company: three-valued, because unknown is neither yes nor no (Kleene 1952).

Effects do not depend on the order of the rules: what is added and subtracted is summed, then the lowest cap holds.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import eq, ge, gt, le, lt, ne
from types import MappingProxyType
from typing import NamedTuple

from scoring.rule_model import RULE_FIELDS, Condition, EffectKind, Op, ScoringRule, Sort
from scoring.types import CompanyTraits, Reason, Signal, clamp, tokens

SECONDS_PER_DAY = 86_400.0

# The same functions compare one number and a numpy array of them.
COMPARE: Mapping[Op, Callable[[float, float], bool]] = MappingProxyType(
    {Op.IS: eq, Op.IS_NOT: ne, Op.AT_LEAST: ge, Op.AT_MOST: le, Op.MORE_THAN: gt, Op.LESS_THAN: lt}
)


class Effects(NamedTuple):
    """What the rules that apply do to a priority: `points` are summed, then `cap` bounds it."""

    points: float = 0.0
    cap: float | None = None  # the lowest of those that apply
    reasons: tuple[Reason, ...] = ()
    disqualifiers: tuple[Reason, ...] = ()


def apply_rules(
    rules: Sequence[ScoringRule], company: CompanyTraits, signals: Sequence[Signal] | None, as_of: datetime
) -> Effects:
    """`signals` None: nobody looked, so a condition on them is unknown; empty: looked, and found nothing."""
    points, cap = 0.0, None
    reasons: list[Reason] = []
    disqualifiers: list[Reason] = []
    for rule in rules:
        if not rule_holds(rule, company, signals, as_of):
            continue
        facts = _facts(rule, company, signals)
        kind, amount = rule.then.kind, rule.then.amount
        if kind is EffectKind.DISQUALIFY:
            disqualifiers.append(Reason("rule_disqualified", rule.reason, 0.0, facts))
        elif kind is EffectKind.CAP:
            cap = amount if cap is None else min(cap, amount)
            reasons.append(Reason("rule_cap", f"{rule.reason} (at most {amount:g})", 0.0, facts))
        else:
            signed = amount if kind is EffectKind.ADD else -amount
            points += signed
            reasons.append(Reason("rule", f"{rule.reason} ({signed:+g})", signed, facts))
    return Effects(points, cap, tuple(reasons), tuple(disqualifiers))


def adjusted(value: float, points: float, cap: float | None) -> float:
    """clamp(value + points) to 0–1, then the cap."""
    moved = clamp(value + points)
    return moved if cap is None else min(moved, cap)


def rule_holds(
    rule: ScoringRule, company: CompanyTraits, signals: Sequence[Signal] | None, as_of: datetime
) -> bool | None:
    """False where one condition is known not to hold, else None where one is unknown, else True."""
    found = [holds(condition, company, signals, as_of) for condition in rule.when]
    if False in found:
        return False
    return None if None in found else True


def holds(
    condition: Condition, company: CompanyTraits, signals: Sequence[Signal] | None, as_of: datetime
) -> bool | None:
    """One condition; None: not known."""
    if condition.field == "signals":
        return _of_signals(condition, signals, as_of)
    if RULE_FIELDS[condition.field] is Sort.NUMBER:
        return _of_number(condition, company)
    return of_traits(condition, company)


def _of_number(condition: Condition, company: CompanyTraits) -> bool | None:
    value = getattr(company, condition.field)
    if condition.field == "revenue_minor" and condition.currency and company.currency != condition.currency:
        value = None
    if condition.op in (Op.KNOWN, Op.UNKNOWN):
        return (value is None) is (condition.op is Op.UNKNOWN)
    return None if value is None else COMPARE[condition.op](float(value), float(condition.values[0]))


def of_traits(condition: Condition, company: CompanyTraits) -> bool | None:
    """A condition on a textual trait. Letters' case and punctuation count for nothing."""
    held = _held(condition.field, company)
    if condition.op in (Op.KNOWN, Op.UNKNOWN):
        return (not held) is (condition.op is Op.UNKNOWN)
    if not held:
        return None
    wanted = [tokens(str(value)) for value in condition.values]
    if condition.field == "description":
        found = any(set(phrase) <= company.description_words for phrase in wanted)
    elif condition.op is Op.CONTAINS:
        text = f" {' '.join(tokens(held[0]))} "
        found = any(f" {' '.join(phrase)} " in text for phrase in wanted)
    else:
        found = not {tokens(text) for text in held}.isdisjoint(wanted)
    return not found if condition.op in (Op.IS_NOT, Op.HAS_NOT) else found


def _held(field: str, company: CompanyTraits) -> tuple[str, ...]:
    if field == "description":
        return tuple(company.description_words)
    value = getattr(company, field)
    return (value,) if isinstance(value, str) and value else tuple(value or ())


def _of_signals(condition: Condition, signals: Sequence[Signal] | None, as_of: datetime) -> bool | None:
    if condition.op in (Op.KNOWN, Op.UNKNOWN):
        return (signals is None) is (condition.op is Op.UNKNOWN)
    if signals is None:
        return None
    found = any(
        signal.kind in condition.values
        and signal.observed_at is not None
        and 0.0 <= (as_of - signal.observed_at).total_seconds() <= condition.within_days * SECONDS_PER_DAY
        for signal in signals
    )
    return found if condition.op is Op.HAS else not found


def _facts(rule: ScoringRule, company: CompanyTraits, signals: Sequence[Signal] | None) -> tuple[str, ...]:
    """Of the fields that the rule looked at."""
    found: list[str] = []
    for one in rule.when:
        if one.field == "signals":
            found += [s.fact_id for s in signals or () if s.fact_id and s.kind in one.values]
        else:
            found += company.fact_ids.get(one.field, ())
    return tuple(dict.fromkeys(found))
