"""An ICP's own rules and exclusions as questions with a yes or no, for the value of evidence (scoring.evidence_value).

A rule follows where all its conditions hold, an exclusion where a trait is one of those excluded. Each condition is a
question: answered for the companies of which its field is known, and a belief, learned from those, for the others.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.bounds import may_disqualify
from scoring.criteria import CompiledIcp
from scoring.fit import find_disqualifiers
from scoring.rule_model import Condition, Effect, EffectKind, Op
from scoring.rules import holds
from scoring.types import CompanyTraits, Signal

Floats = NDArray[np.float64]

# Before any company was looked at: a rule is written for what happens, an exclusion for what is rare.
_PRIOR_RULE, _PRIOR_EXCLUSION = 0.5, 0.03
_PRIOR_COMPANIES = 3.0  # worth of that in every belief
# What an answer weighs beside the shares of the criteria, where the chance of an answer is averaged.
_WEIGHT_DISQUALIFY = 0.2

_DISQUALIFY = Effect(EffectKind.DISQUALIFY)
# The trait, as `scoring.bounds.may_disqualify` names it, and the code of the reason that it gives where it excludes.
_EXCLUSIONS = (
    ("industry", "excluded_industry"),
    ("country", "excluded_country"),
    ("technologies", "excluded_technology"),
    ("status", "excluded_status"),
)
_ALWAYS_KNOWN = ("excluded_domain", "excluded_name")


class Question(NamedTuple):
    field: str  # of a company, or "signals": who can tell it can answer; "": everybody knows
    condition: Condition | None = None  # None: an exclusion, by `codes`
    codes: tuple[str, ...] = ()


class Consequence(NamedTuple):
    """What follows when every one of these questions is answered with yes."""

    questions: tuple[int, ...]
    effect: Effect


class Rulebook(NamedTuple):
    questions: tuple[Question, ...]
    consequences: tuple[Consequence, ...]

    def weights(self) -> dict[str, float]:
        """By field, the most that an answer may move a priority."""
        found: dict[str, float] = {}
        for consequence in self.consequences:
            kind, amount = consequence.effect.kind, consequence.effect.amount
            weight = {EffectKind.DISQUALIFY: _WEIGHT_DISQUALIFY, EffectKind.CAP: 1.0 - amount}.get(kind, amount)
            for number in consequence.questions:
                field = self.questions[number].field
                found[field] = max(found.get(field, 0.0), weight)
        return found


class Answers(NamedTuple):
    """Of a rulebook, for many companies."""

    book: Rulebook
    known: Floats  # (companies, questions): 1 yes, 0 no, NaN unknown
    chances: Floats  # of a yes, a question each


def rulebook(icp: CompiledIcp) -> Rulebook:
    questions: dict[Question, int] = {Question("", codes=_ALWAYS_KNOWN): 0}
    consequences = [Consequence((0,), _DISQUALIFY)]
    for field, code in _EXCLUSIONS:
        number = questions.setdefault(Question(field, codes=(code,)), len(questions))
        consequences.append(Consequence((number,), _DISQUALIFY))
    for rule in icp.rules:
        asked = [questions.setdefault(Question(one.field, one), len(questions)) for one in rule.when]
        consequences.append(Consequence(tuple(dict.fromkeys(asked)), rule.then))
    return Rulebook(tuple(questions), tuple(consequences))


def answer(
    book: Rulebook, company: CompanyTraits, signals: Sequence[Signal] | None, icp: CompiledIcp, as_of: datetime
) -> list[float]:
    """One company's answers. `signals` None: nobody looked. That a field is unknown is taken as it is today."""
    excluded = {reason.code for reason in find_disqualifiers(icp, company)}
    open_ = set(may_disqualify(icp, company))
    found = []
    for question in book.questions:
        truth: bool | None
        if question.condition is not None:
            truth = holds(question.condition, company, signals, as_of)
            if question.condition.op in (Op.KNOWN, Op.UNKNOWN):
                truth = bool(truth)
        else:
            truth = None if question.field in open_ else not excluded.isdisjoint(question.codes)
        found.append(np.nan if truth is None else float(truth))
    return found


def answers_of(book: Rulebook, known: Floats) -> Answers:
    """With the chance of a yes of each question, as often as it is answered so here."""
    priors = np.asarray([_PRIOR_EXCLUSION if one.condition is None else _PRIOR_RULE for one in book.questions])
    yes, seen = np.nansum(known, axis=0), (~np.isnan(known)).sum(axis=0)
    return Answers(book, known, (yes + _PRIOR_COMPANIES * priors) / (seen + _PRIOR_COMPANIES))
