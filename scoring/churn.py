"""Churn risk (high is bad) and health (high is good) of a customer, with the drivers ranked.

Each account is its own yardstick: the last 14 days against the 28 before them. A day without a row is unknown,
not zero, so a collector that stopped never looks like a customer that left. Weights are judgement, not learned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from statistics import fmean
from typing import NamedTuple

from scoring.types import NO_FACTS, Reason, Scored, UsageSeries, clamp

CHURN_VERSION = "churn-rules-1"

RECENT_DAYS = 14  # long enough to hold two of every weekday
BASELINE_DAYS = 28  # whole weeks, so weekends weigh the same as in the recent window
MIN_BASELINE_ROWS = 12  # fewer days than about half of the baseline's working days say nothing
MIN_RECENT_ROWS = 5  # a working week
DROP_FROM, DROP_TO = 0.10, 0.60  # a tenth is noise; three fifths gone is all of the driver
GROWTH_FULL = 0.30  # growth of 30 % earns the whole bonus

# Metrics that count people coming rather than work done.
LOGIN_METRICS = frozenset({"logins", "active_users", "daily_active_users", "weekly_active_users", "sessions"})

# What each driver adds to the risk at its worst. Points add up and are clamped to 0–1.
BASE_RISK = 0.05  # some leave whom no sign announced
WEIGHT_USAGE = 0.45  # who stops using stops paying
WEIGHT_LOGINS = 0.30  # people staying away come before work staying away
WEIGHT_CHAMPION = 0.25  # the one who bought it is gone
WEIGHT_OVERDUE = 0.20  # not paying is leaving quietly
WEIGHT_SUPPORT = 0.20  # trouble that nobody solves
WEIGHT_NPS = 0.15  # they said so
WEIGHT_SEATS = 0.15  # unused seats are cut at renewal
WEIGHT_RENEWAL = 0.10  # the date on which the rest is decided
BONUS_USAGE, BONUS_NPS = -0.10, -0.05  # growing or recommending lowers it

OVERDUE_FULL_DAYS = 60  # two reminders unanswered
SUPPORT_FULL = 4.0  # open tickets, an urgent one counting twice
RENEWAL_WINDOW_DAYS = 90  # notice periods end about here
NPS_DETRACTOR, NPS_PROMOTER = 6, 9  # Reichheld's classes on 0–10
SEATS_HEALTHY = 0.7  # above this share of used seats nobody cuts

# Without usage, fewer kinds of evidence than this give no score.
MIN_EVIDENCE = 2
HIGH_FROM, MEDIUM_FROM = 0.60, 0.35  # bands, half-open


class RiskBand(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class AccountState:
    """A customer as of a day. None: not known. `fact_ids` maps a field name to the facts behind it."""

    usage: tuple[UsageSeries, ...] = ()
    open_tickets: int | None = None
    urgent_tickets: int | None = None  # of the open ones
    overdue_days: int | None = None  # of the oldest unpaid invoice; 0: all paid
    nps: int | None = None  # latest answer, 0–10
    seats: int | None = None  # contracted
    active_seats: int | None = None
    champion_left: bool | None = None
    renewal_on: date | None = None
    fact_ids: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NO_FACTS, hash=False)


class ChurnAssessment(NamedTuple):
    risk: Scored
    health: Scored
    band: RiskBand | None
    drivers: tuple[Reason, ...]  # what raises the risk, worst first; the first chooses the play


class Trend(NamedTuple):
    """Change of the daily mean, recent against baseline: -1 (gone) upward. None: too few days."""

    change: float | None
    recent_rows: int
    baseline_rows: int


def usage_trend(series: UsageSeries, as_of: date) -> Trend:
    """Days run from `as_of` - 41 to `as_of`, both included; rows after `as_of` are not looked at."""
    recent_from = as_of - timedelta(days=RECENT_DAYS - 1)
    baseline_from = recent_from - timedelta(days=BASELINE_DAYS)
    recent = [p.value for p in series.points if recent_from <= p.day <= as_of]
    baseline = [p.value for p in series.points if baseline_from <= p.day < recent_from]
    if len(recent) < MIN_RECENT_ROWS or len(baseline) < MIN_BASELINE_ROWS or fmean(baseline) <= 0.0:
        return Trend(None, len(recent), len(baseline))
    return Trend(fmean(recent) / fmean(baseline) - 1.0, len(recent), len(baseline))


def assess_churn(account: AccountState, as_of: date) -> ChurnAssessment:
    """Risk and health 0–1 as of a day (a UTC date). Too little data gives None for both, with what is missing."""
    reasons: list[Reason] = []
    health: list[tuple[float, float, str]] = []  # weight, 0–1, label
    evidence = 0
    families = (
        (WEIGHT_USAGE, "usage_drop", "Usage", [s for s in account.usage if s.metric not in LOGIN_METRICS]),
        (WEIGHT_LOGINS, "logins_drop", "Logins", [s for s in account.usage if s.metric in LOGIN_METRICS]),
    )
    usage_known = False
    for weight, code, label, series in families:
        change, reason = _usage_reason(weight, code, label, series, as_of)
        reasons.append(reason)
        if change is not None:
            usage_known = True
            evidence += 1
            health.append((weight, clamp(1.0 + change), label))
    for weight, known, reason, good in _other_reasons(account, as_of):
        reasons.append(reason)
        if known:
            evidence += 1
            health.append((weight, good, reason.code))
    reasons.append(_renewal_reason(account, as_of))
    if not usage_known and evidence < MIN_EVIDENCE:
        text = (
            f"Too little is known: it takes {BASELINE_DAYS + RECENT_DAYS} days of usage, or {MIN_EVIDENCE} other kinds."
        )
        unknown = (Reason("churn_unknown", text), *(reason._replace(points=0.0) for reason in reasons))
        return ChurnAssessment(Scored(None, unknown, CHURN_VERSION), Scored(None, unknown, CHURN_VERSION), None, ())
    reasons.append(Reason("base_risk", "Some customers leave without a sign.", BASE_RISK))
    risk = clamp(sum(reason.points for reason in reasons))
    drivers = sorted(
        (r for r in reasons if r.points > 0.0 and r.code != "base_risk"), key=lambda r: (-r.points, r.code)
    )
    total = sum(weight for weight, _, _ in health)
    parts = tuple(Reason(f"health_{_code(k)}", f"{_name(k)}: {v:.0%} healthy.", w * v / total) for w, v, k in health)
    value = min(1.0, sum(part.points for part in parts))
    scored = Scored(risk, tuple(sorted(reasons, key=lambda r: -abs(r.points))), CHURN_VERSION)
    return ChurnAssessment(scored, Scored(value, parts, CHURN_VERSION), risk_band(risk), tuple(drivers))


def risk_band(risk: float) -> RiskBand:
    return RiskBand.HIGH if risk >= HIGH_FROM else RiskBand.MEDIUM if risk >= MEDIUM_FROM else RiskBand.LOW


def _usage_reason(
    weight: float, code: str, label: str, series: Sequence[UsageSeries], as_of: date
) -> tuple[float | None, Reason]:
    trends = [(usage_trend(s, as_of), s) for s in series]
    known = [(trend.change, s) for trend, s in trends if trend.change is not None]
    if not known:
        rows = max((trend.recent_rows for trend, _ in trends), default=0)
        text = f"{label}: only {rows} of the last {RECENT_DAYS} days are recorded, or no baseline to compare with."
        return None, Reason(f"{code}_unknown", text if series else f"{label}: nothing is recorded.")
    change = fmean(c for c, _ in known)
    facts = tuple(fact for _, s in known for fact in s.fact_ids)
    said = f"{label} {'fell' if change < 0 else 'grew'} by {abs(change):.0%} against the account's own 4 weeks before."
    if change < -DROP_FROM:
        return change, Reason(code, said, weight * _ramp(-change, DROP_FROM, DROP_TO), facts)
    bonus = BONUS_USAGE * _ramp(change, 0.0, GROWTH_FULL) if code == "usage_drop" else 0.0
    return change, Reason(code.replace("drop", "steady" if change <= DROP_FROM else "growth"), said, bonus, facts)


def _other_reasons(account: AccountState, as_of: date) -> list[tuple[float, bool, Reason, float]]:
    """(health weight, known, reason with risk points, 0–1 good) of each kind of evidence that is not usage."""
    found: list[tuple[float, bool, Reason, float]] = []

    def add(weight: float, code: str, bad: float | None, text: str, fact_field: str, bonus: float = 0.0) -> None:
        if bad is None:
            found.append((weight, False, Reason(f"{code}_unknown", text), 0.0))
            return
        facts = account.fact_ids.get(fact_field, ())
        found.append((weight, True, Reason(code, text, weight * bad + bonus, facts), 1.0 - bad))

    tickets = account.open_tickets
    if tickets is None:
        add(WEIGHT_SUPPORT, "support", None, "Support tickets are unknown.", "open_tickets")
    else:
        urgent = account.urgent_tickets or 0
        text = f"{tickets} open support tickets, {urgent} of them urgent."
        add(WEIGHT_SUPPORT, "support", clamp((tickets + urgent) / SUPPORT_FULL), text, "open_tickets")
    overdue = account.overdue_days
    if overdue is None:
        add(WEIGHT_OVERDUE, "invoices_overdue", None, "Payments are unknown.", "overdue_days")
    else:
        text = f"An invoice is {overdue} days overdue." if overdue > 0 else "All invoices are paid."
        add(WEIGHT_OVERDUE, "invoices_overdue", clamp(overdue / OVERDUE_FULL_DAYS), text, "overdue_days")
    if account.nps is None:
        add(WEIGHT_NPS, "nps", None, "Nobody answered how likely they are to recommend us.", "nps")
    else:
        bad = clamp((NPS_PROMOTER - account.nps) / (NPS_PROMOTER - NPS_DETRACTOR))
        bonus = BONUS_NPS if account.nps >= NPS_PROMOTER else 0.0
        add(WEIGHT_NPS, "nps", bad, f"Their latest recommendation is {account.nps} of 10.", "nps", bonus)
    if not account.seats or account.active_seats is None:
        add(WEIGHT_SEATS, "seats_unused", None, "Seats in use are unknown.", "seats")
    else:
        used = account.active_seats / account.seats
        text = f"{account.active_seats} of {account.seats} seats are used."
        add(WEIGHT_SEATS, "seats_unused", clamp(1.0 - used / SEATS_HEALTHY), text, "seats")
    if account.champion_left is None:
        add(WEIGHT_CHAMPION, "champion_left", None, "Whether the champion is still there is unknown.", "champion_left")
    else:
        text = "The champion has left." if account.champion_left else "The champion is still there."
        add(WEIGHT_CHAMPION, "champion_left", 1.0 if account.champion_left else 0.0, text, "champion_left")
    return found


def _renewal_reason(account: AccountState, as_of: date) -> Reason:
    """The nearer the renewal, the less time to change a mind. It is a date, not evidence, and never counts as such."""
    if account.renewal_on is None:
        return Reason("renewal_unknown", "The renewal date is unknown.")
    days = (account.renewal_on - as_of).days
    facts = account.fact_ids.get("renewal_on", ())
    if days < 0:
        return Reason("renewal_past", f"The renewal date passed {-days} days ago.", WEIGHT_RENEWAL, facts)
    near = clamp(1.0 - days / RENEWAL_WINDOW_DAYS)
    return Reason(
        "renewal_near" if near > 0 else "renewal_far", f"Renews in {days} days.", WEIGHT_RENEWAL * near, facts
    )


def _ramp(value: float, low: float, high: float) -> float:
    return clamp((value - low) / (high - low))


def _code(label: str) -> str:
    return label.casefold()


def _name(label: str) -> str:
    return label.replace("_", " ").capitalize()
