"""Two wordings compared by the companies that answer, looked at as often as anybody likes.

Each company is given its wording by a coin (a hash of test and company), and counts once, however many of its people
were written to: by its first human answer. If the wordings are alike, an answering company had the new one with
probability ½, whatever it is like, whenever it was written to and however slowly it answers. So the answering
companies, in the order of their answers, are fair coins, and betting against that is an e-process: a wealth that
starts at 1 and reaches 1/α with probability at most α, ever, at any time of looking (Ville's inequality).

The bet is Robbins' mixture: the mean of the likelihood ratios for a few true ratios of answers. For counts of arms see
Lindon and Malek, "Anytime-Valid Inference for Multinomial Count Data", NeurIPS 2022; for mixtures Robbins, "Statistical
Methods Related to the Law of the Iterated Logarithm", Ann. Math. Statist. 41(5), 1970; for why stopping rules cost
nothing Ramdas, Grünwald, Vovk and Shafer, "Game-Theoretic Statistics and Safe Anytime-Valid Inference", Statist. Sci.
38(4), 2023.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import exp, lgamma, log
from uuid import UUID

ALPHA = 0.05  # the chance that a wording which is no better is ever called better
RATIOS = (1.5, 2.0, 3.0)  # times as many answers, which the bets are on: few, because each costs stake
HOPE = 2.0  # where even so much better answers from now on would not decide a test, it ends
JUDGED_FROM = 0.5  # of the most companies: earlier, late answers make hope look smaller than it is
MIN_COMPANIES = 20  # mailed, in each arm: fewer, and one large customer decides
MIN_ANSWERS = 10  # companies that answered, in both arms together
MAX_COMPANIES = 2_000  # by then a gain worth having would have shown (docs/writing.md has the figures)
UNEVEN = 1_000.0  # evidence that the arms were not mailed alike: somebody chose


class Arm(StrEnum):
    CONTROL = "control"
    VARIANT = "variant"


class Verdict(StrEnum):
    BETTER = "better"  # a person may adopt it
    WORSE = "worse"
    NO_DIFFERENCE = "no_difference"  # the stop rule: more mails would not show one


@dataclass(frozen=True, slots=True)
class Tally:
    """Companies of one arm, each once."""

    mailed: int = 0
    answered: int = 0
    positive: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    verdict: Verdict | None  # None: not known, `reason` says why
    reason: str
    evidence_better: float  # the wealth of who bets on the new wording; 1/ALPHA decides
    evidence_worse: float
    evidence_positive: float  # the same, of positive answers alone: shown, and decides nothing
    ratio: float | None  # answers with the new wording for one with the old
    ratio_low: float | None  # holds at all times together with probability 1 - ALPHA
    ratio_high: float | None


def arm_of(test_id: UUID, company_id: UUID) -> Arm:
    """The company's coin in this test: the same for all of its people, and always."""
    drawn = hashlib.sha256(test_id.bytes + company_id.bytes).digest()[0]
    return Arm.VARIANT if drawn & 1 else Arm.CONTROL


def compare(control: Tally, variant: Tally, *, max_companies: int = MAX_COMPANIES) -> Comparison:
    """What the answers say so far. May be asked after every single mail."""
    answers = control.answered + variant.answered
    mailed = control.mailed + variant.mailed
    better = evidence(variant.answered, answers)
    worse = evidence(control.answered, answers)
    low, high = _ratio_bounds(variant.answered, answers)
    verdict, reason = _verdict(control, variant, better, worse, max_companies)
    ratio = variant.answered * control.mailed / (control.answered * variant.mailed) if _both(control, variant) else None
    if not mailed:
        reason = "No mail of this test was sent yet."
    positive = evidence(variant.positive, control.positive + variant.positive)
    return Comparison(verdict, reason, better, worse, positive, ratio, low, high)


def evidence(successes: int, trials: int) -> float:
    """The e-value for "more than half of the trials fall here" against "half or fewer do"."""
    logs = []
    for ratio in RATIOS:
        share = ratio / (1 + ratio)
        logs.append(trials * log(2) + successes * log(share) + (trials - successes) * log(1 - share))
    most = max(logs)
    # A wealth beyond e^500 is said as that: it decides nothing more.
    return exp(min(500.0, most + log(sum(exp(one - most) for one in logs) / len(logs))))


def _both(control: Tally, variant: Tally) -> bool:
    return bool(control.answered and variant.mailed)


def _verdict(
    control: Tally, variant: Tally, better: float, worse: float, max_companies: int
) -> tuple[Verdict | None, str]:
    answers, mailed = control.answered + variant.answered, control.mailed + variant.mailed
    if _log_beta_evidence(variant.mailed, mailed, 0.5) >= log(UNEVEN):
        return None, (
            f"The arms were not mailed alike ({control.mailed} and {variant.mailed} companies): drafts of one were "
            "rejected or held more often, so their answers cannot be compared."
        )
    full = mailed >= max_companies
    fewest = min(control.mailed, variant.mailed)
    if (fewest < MIN_COMPANIES or answers < MIN_ANSWERS) and not full:
        return None, (
            f"Too few: {control.mailed} and {variant.mailed} companies were written to and {answers} answered; "
            f"it takes {MIN_COMPANIES} each and {MIN_ANSWERS} answers."
        )
    if better >= 1 / ALPHA:
        return Verdict.BETTER, f"{variant.answered} companies answered the new wording, {control.answered} the old."
    if worse >= 1 / ALPHA:
        return Verdict.WORSE, f"{control.answered} companies answered the old wording, {variant.answered} the new."
    if full:
        return Verdict.NO_DIFFERENCE, f"{mailed} companies were written to, the most for a test, and none is ahead."
    if _futile(variant.answered, answers, mailed, max_companies):
        return Verdict.NO_DIFFERENCE, (
            f"Even if the new wording brought {HOPE:g} times the answers from now on, the remaining "
            f"{max_companies - mailed} companies would not show it."
        )
    return None, "Neither is ahead yet: go on."


def _futile(successes: int, answers: int, mailed: int, max_companies: int) -> bool:
    """Stopping early for want of hope adopts nothing, so it costs nothing of ALPHA."""
    if mailed < max_companies * JUDGED_FROM:
        return False
    more = round((max_companies - mailed) * answers / mailed)
    hoped = round(more * HOPE / (1 + HOPE))
    return evidence(successes + hoped, answers + more) < 1 / ALPHA


def _log_beta_evidence(successes: int, trials: int, share: float) -> float:
    """Robbins' two-sided mixture, uniform over all shares, against one share: log of the e-value."""
    mixed = lgamma(successes + 1) + lgamma(trials - successes + 1) - lgamma(trials + 2)
    return mixed - successes * log(share) - (trials - successes) * log(1 - share)


def _ratio_bounds(successes: int, answers: int) -> tuple[float | None, float | None]:
    """All ratios that the answers do not speak against: a confidence sequence."""
    if answers < MIN_ANSWERS:
        return None, None

    def refused(share: float) -> bool:
        return _log_beta_evidence(successes, answers, share) >= log(1 / ALPHA)

    return _edge(1e-9, successes / answers, refused), _edge(1 - 1e-9, successes / answers, refused)


def _edge(outside: float, inside: float, refused: Callable[[float], bool]) -> float | None:
    """The share at which refusing ends, as a ratio; None: there is no bound on this side."""
    if not 0 < inside < 1 and not refused(outside):
        return None
    for _ in range(60):
        middle = (outside + inside) / 2
        if refused(middle):
            outside = middle
        else:
            inside = middle
    return inside / (1 - inside)
