"""Company, signals and an ICP in; fit, intent, priority and lead tier out, with the reasons that must be told."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from evals.case import Case
from evals.graders import Grade, equals, none_of, within
from evals.suite import Result
from scoring.criteria import CompiledIcp
from scoring.fit import score_fit
from scoring.icp import parse_icp
from scoring.intent import score_intent
from scoring.priority import score_priority
from scoring.types import CompanyTraits, Signal, words

# The values are worked out by hand in the case files, to two places.
_TOLERANCE = 0.006


class TiersSuite:
    name = "tiers"

    def run(self, case: Case) -> Result:
        given, expected = case.input, case.expected
        as_of = _instant(given["as_of"])
        icp = CompiledIcp(parse_icp(given["icp"]))
        signals = [Signal(s["kind"], _instant(s["date"]), s.get("strength", 1.0)) for s in given.get("signals", [])]
        fit = score_fit(_company(given["company"]), icp, as_of, signals)
        intent = score_intent(signals, as_of)
        priority = score_priority(fit.scored, intent, icp, fit.disqualifiers)
        values = {"fit": fit.scored.value, "intent": intent.value, "priority": priority.scored.value}
        reasons = (*fit.disqualifiers, *fit.scored.reasons, *intent.reasons, *priority.scored.reasons)
        codes = sorted({reason.code for reason in reasons})
        grades: list[Grade] = [equals("tier", priority.tier, expected["tier"])]
        grades += [within(name, values[name], expected[name], _TOLERANCE) for name in values if name in expected]
        grades.append(none_of("missing_reasons", set(expected.get("reasons", [])) - set(codes)))
        rounded = {name: None if value is None else round(value, 4) for name, value in values.items()}
        return Result(case, {**rounded, "tier": priority.tier, "reasons": codes}, grades)

    def figures(self, results: Sequence[Result]) -> Mapping[str, float]:
        return {}


def _company(given: Mapping[str, Any]) -> CompanyTraits:
    known = dict(given)
    description = known.pop("description", "")
    for name in ("tags", "technologies"):
        known[name] = tuple(known.get(name, ()))
    return CompanyTraits(**known, description_words=words(description))


def _instant(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
