"""Everything that is scored of one company under one ICP, by the row rules with their reasons."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from scoring.criteria import CompiledIcp
from scoring.fit import Fit, score_fit
from scoring.intent import score_intent
from scoring.priority import Priority, score_priority
from scoring.rules import apply_rules
from scoring.types import CompanyTraits, Scored, Signal


class CompanyScore(NamedTuple):
    fit: Fit  # its disqualifiers are those of the exclusions and of the ICP's own rules
    intent: Scored
    priority: Priority


def score_company(
    company: CompanyTraits, signals: Sequence[Signal] | None, icp: CompiledIcp, as_of: datetime
) -> CompanyScore:
    """`signals` None: nobody looked; empty: looked, and found nothing. Raises ValueError for a naive `as_of`."""
    fit = score_fit(company, icp, as_of, signals)
    intent = score_intent(signals, as_of, icp.half_lives)
    effects = apply_rules(icp.rules, company, signals, as_of)
    priority = score_priority(fit.scored, intent, icp, fit.disqualifiers, effects)
    return CompanyScore(fit._replace(disqualifiers=(*fit.disqualifiers, *effects.disqualifiers)), intent, priority)
