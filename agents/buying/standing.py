"""Where companies stand before the next question: what is known of each component, what was asked, what was spent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from agents.buying.sellers import ENRICH, SIGNALS, Seller
from agents.company_view import CompanyView, load_views
from scoring.bounds import priority_bounds, tier_is_settled, tiers_between
from scoring.criteria import CompiledIcp
from scoring.evidence_rules import Answers, answer, answers_of, rulebook
from scoring.evidence_value import INTENT, Component
from scoring.fit import match_criteria
from scoring.intent import score_intent
from scoring.priority import LOWEST_TIER, UNKNOWN_INTENT
from scoring.types import Signal
from store.models import PurchaseOutcome
from store.queries import purchases
from tools.ports import CompanyRef

# Asked again sooner, a provider would say the same and charge again. Signals are news; the rest changes by the quarter.
SAME_ANSWER_FOR = {ENRICH: timedelta(days=90), SIGNALS: timedelta(days=7)}
NOTHING_FOR = {ENRICH: timedelta(days=60), SIGNALS: timedelta(days=7)}  # the negative cache
CEILING_PERIOD = timedelta(days=365)  # what the ceiling of one company counts

_SIZES = ((10, "1-10"), (50, "11-50"), (200, "51-200"), (1_000, "201-1000"), (10_000, "1001-10000"))


@dataclass(frozen=True)
class Standing:
    """Companies in the order of `refs`; arrays have a row each."""

    refs: tuple[CompanyRef, ...]
    segments: dict[UUID, str]
    known: NDArray[np.float64]  # (companies, components), 0–1, NaN where unknown
    answers: Answers  # to the questions of the ICP's rules and exclusions
    settled: NDArray[np.bool_]  # no answer can change the tier
    asked: dict[tuple[UUID, str, str], purchases.Asked]
    spent: dict[UUID, int]  # micros, in the last CEILING_PERIOD

    def may_ask(self, seller: Seller, company_id: UUID, now: datetime) -> bool:
        """Whether the seller could say something new: it was not asked lately, or was down when it was."""
        last = self.asked.get((company_id, seller.provider, seller.capability))
        if last is None or last.outcome in (PurchaseOutcome.DOWN, PurchaseOutcome.REFUSED):
            return True
        wait = SAME_ANSWER_FOR if last.outcome is PurchaseOutcome.FILLED else NOTHING_FOR
        return now - last.at >= wait[seller.capability]


def load_standing(
    session: Session,
    company_ids: Sequence[UUID],
    icp: CompiledIcp,
    components: Sequence[Component],
    sellers: Sequence[Seller],
    now: datetime,
) -> Standing:
    """Five queries for up to a cohort of companies."""
    views = load_views(session, company_ids, with_facts=False)
    asked = purchases.latest(session, company_ids, [ENRICH, SIGNALS], now - max(SAME_ANSWER_FOR.values()))
    # One source without news says little; when all of them have none, there is none to be had.
    watchers = {seller.provider for seller in sellers if seller.capability == SIGNALS}
    looks: dict[UUID, set[str]] = {}
    for company_id, provider, capability in asked:
        if capability == SIGNALS:
            looks.setdefault(company_id, set()).add(provider)
    looked = {company_id for company_id, providers in looks.items() if providers >= watchers}
    known = np.full((len(views), len(components)), np.nan)
    settled = np.zeros(len(views), dtype=np.bool_)
    book = rulebook(icp)
    said = np.full((len(views), len(book.questions)), np.nan)
    for row, (company_id, view) in enumerate(views.items()):
        signals = view.signals or (() if company_id in looked else None)
        known[row] = _known(view, icp, components, now, signals, looked=company_id in looked)
        said[row] = answer(book, view.traits, signals, icp, now)
        settled[row] = tier_is_settled(priority_bounds(view.traits, view.signals or None, icp, now), icp)
    return Standing(
        tuple(_ref(view) for view in views.values()),
        {company_id: segment_of(view.row.country, view.row.employees) for company_id, view in views.items()},
        known,
        answers_of(book, said),
        settled,
        asked,
        purchases.spent_on(session, company_ids, now - CEILING_PERIOD),
    )


def settled_last(session: Session, company_ids: Sequence[UUID], icp: CompiledIcp, now: datetime) -> frozenset[UUID]:
    """Of up to a cohort of companies, those that no answer lifts out of the last tier."""
    views = load_views(session, company_ids, with_facts=False)
    bounds = {key: priority_bounds(view.traits, view.signals or None, icp, now) for key, view in views.items()}
    return frozenset(key for key, of in bounds.items() if tiers_between(of, icp)[0] == LOWEST_TIER)


def segment_of(country: str, employees: int | None) -> str:
    """ "US:51-200": what fill rates are learned by. Unknown parts are empty."""
    size = ""
    if employees is not None:
        size = next((name for most, name in _SIZES if employees <= most), "10001+")
    return f"{country}:{size}"


def _known(
    view: CompanyView,
    icp: CompiledIcp,
    components: Sequence[Component],
    now: datetime,
    signals: Sequence[Signal] | None,
    *,
    looked: bool,
) -> list[Any]:
    """`looked`: every source of signals was asked."""
    values = {name: match.value for name, _, match in match_criteria(icp, view.traits, now, signals)}
    intent = score_intent(view.signals or None, now, icp.half_lives).value
    values[INTENT] = UNKNOWN_INTENT if intent is None and looked else intent
    found = (values.get(component.name) for component in components)
    return [np.nan if value is None else value for value in found]


def _ref(view: CompanyView) -> CompanyRef:
    return CompanyRef(view.row.id, view.row.name, view.row.domain or "", view.row.country)
