"""A workspace's own rules over columns of companies: a distinct text is asked once, by the row rules themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scoring.encoding import KINDS, CompanyColumns, Floats, TextColumn
from scoring.rule_model import RULE_FIELDS, Condition, EffectKind, Op, ScoringRule, Sort
from scoring.rules import COMPARE, SECONDS_PER_DAY, of_traits

Truth = npt.NDArray[np.int8]  # 1: holds, 0: does not, -1: not known


class RuleColumns(NamedTuple):
    """By company: what the rules that apply do to its priority."""

    points: Floats
    cap: Floats  # infinity where none applies
    disqualified: npt.NDArray[np.bool_]


def rule_columns(rules: Sequence[ScoringRule], columns: CompanyColumns, as_of: datetime) -> RuleColumns:
    n = len(columns.employees)
    points, cap, disqualified = np.zeros(n), np.full(n, np.inf), np.zeros(n, np.bool_)
    for rule in rules:
        applies = truth_of(rule, columns, as_of) == 1
        if rule.then.kind is EffectKind.DISQUALIFY:
            disqualified |= applies
        elif rule.then.kind is EffectKind.CAP:
            cap[applies] = np.minimum(cap[applies], rule.then.amount)
        else:
            points[applies] += rule.then.amount if rule.then.kind is EffectKind.ADD else -rule.then.amount
    return RuleColumns(points, cap, disqualified)


def truth_of(rule: ScoringRule, columns: CompanyColumns, as_of: datetime) -> Truth:
    """All conditions by Kleene's and: one false is false, else one unknown is unknown."""
    found = [condition_column(condition, columns, as_of) for condition in rule.when]
    every = np.stack(found)
    return np.where((every == 0).any(axis=0), 0, np.where((every == -1).any(axis=0), -1, 1)).astype(np.int8)


def condition_column(condition: Condition, columns: CompanyColumns, as_of: datetime) -> Truth:
    if condition.field == "signals":
        return _of_signals(condition, columns, as_of)
    if RULE_FIELDS[condition.field] is Sort.NUMBER:
        return _of_numbers(condition, columns)
    column = _text_of(condition.field, columns)
    asked = (of_traits(condition, traits) for traits in column.values)
    by_value = np.array([-1 if found is None else int(found) for found in asked], np.int8)
    return by_value[column.code] if len(columns.employees) else by_value


def _text_of(field: str, columns: CompanyColumns) -> TextColumn:
    if field in ("industry", "tags", "description"):
        return columns.industry
    if field in ("country", "region"):
        return columns.location
    if field in ("name", "domain"):
        return columns.identity
    return columns.status if field == "status" else columns.technologies


def _of_numbers(condition: Condition, columns: CompanyColumns) -> Truth:
    values: Floats = getattr(columns, condition.field)
    if condition.field == "revenue_minor" and condition.currency and len(values):
        same = np.array([currency == condition.currency for currency in columns.currencies], np.bool_)
        values = np.where(same[columns.currency_code], values, np.nan)
    unknown = np.isnan(values)
    if condition.op in (Op.KNOWN, Op.UNKNOWN):
        return _as_truth(unknown, holds=condition.op is Op.UNKNOWN)
    found = np.asarray(COMPARE[condition.op](values, condition.values[0])).astype(np.int8)  # type: ignore[arg-type]
    return np.where(unknown, -1, found).astype(np.int8)


def _of_signals(condition: Condition, columns: CompanyColumns, as_of: datetime) -> Truth:
    if condition.op in (Op.KNOWN, Op.UNKNOWN):
        return _as_truth(columns.signals_known, holds=condition.op is Op.KNOWN)
    wanted = np.array([*(kind in condition.values for kind in KINDS), False], np.bool_)  # -1 points at the last
    age = as_of.timestamp() - columns.signal_at
    counts = wanted[columns.signal_kind] & (age >= 0.0) & (age <= condition.within_days * SECONDS_PER_DAY)
    has = np.zeros(len(columns.employees), np.bool_)
    has[columns.signal_company[counts]] = True
    found = _as_truth(has, holds=condition.op is Op.HAS)
    return np.where(columns.signals_known, found, -1).astype(np.int8)


def _as_truth(found: npt.NDArray[np.bool_], *, holds: bool) -> Truth:
    return np.where(found, holds, not holds).astype(np.int8)
