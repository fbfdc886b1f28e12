"""Rounds of questions about a cohort, until the tiers are settled, nothing is worth its price, or the money is spent.

Money goes to the best ratio of value to price over the whole cohort, so that a budget cuts off the worst. Providers are
asked side by side; what they said is kept in one transaction a round, so that a crash repeats one round at most.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from agents.buying.choosing import Choice, Key, choose, value_of
from agents.buying.sellers import Answer, Seller, sellers_of
from agents.buying.standing import Standing, load_standing
from agents.context import AgentContext
from agents.intake import add_signals
from agents.policy import load_policy
from core.errors import ModelMustStop
from core.ids import stable_id
from scoring.criteria import CompiledIcp
from scoring.evidence_value import Value, components_of
from store import bulk
from store.ledger import BudgetMetering, provider_scope
from store.models import Alert, Purchase, PurchaseOutcome, VendorAccount
from store.queries import facts, purchases
from tools.ports import Gap, Unknown

CALL = 100  # companies a reservation: what a crash asks again at most, a provider
MAX_ROUNDS = 60  # each provider, with a share that doubles: far more than a cohort needs
DOWN_AFTER = 2  # calls in a row without one answer: the provider is left alone for the rest of the cohort


@dataclass
class Bought:
    """What came of it, for a decision row: nothing personal."""

    asked: int = 0
    filled: int = 0
    cost_micros: int = 0
    stops: dict[str, int] = field(default_factory=dict)  # reason → companies
    gaps: dict[str, int] = field(default_factory=dict)  # "apollo: down" → companies

    def told(self) -> str:
        if not self.asked and not self.stops:
            return ""
        stops = sorted(self.stops.items(), key=lambda stop: (-stop[1], stop[0]))
        why = "; ".join(f"{count} companies: {reason}" for reason, count in stops)
        return f"Asked providers {self.asked} times, {self.filled} answers were new. No more is asked: {why}."


@dataclass(frozen=True, slots=True)
class _Reply:
    choice: Choice
    answer: Answer | Unknown


def buy(context: AgentContext, run_id: UUID | None, company_ids: Sequence[UUID], icp: CompiledIcp) -> Bought:
    """Asks, pays and keeps. `company_ids`: at most a cohort. Never raises for what a provider says or does."""
    bought, components, sellers = Bought(), components_of(icp), sellers_of(context)
    if not sellers or not components or not company_ids:
        return bought
    purse = _Purse(context, run_id)
    tried: set[Key] = set()
    last: list[tuple[UUID, UUID]] = []  # (purchase, company) of the round before
    for _ in range(MAX_ROUNDS):
        now = context.clock.now()
        with context.database.read(context.workspace_id) as session:
            policy = load_policy(session)
            standing = load_standing(session, company_ids, icp, components, sellers, now)
            rates = purchases.rates(session)
        value = value_of(standing, icp, components, sellers, rates)
        _note_tiers(context, standing, value, last)
        found = choose(
            standing,
            value,
            components,
            sellers,
            policy,
            rates=rates,
            now=now,
            tried=tried,
            able=purse.able(sellers),
            broke=purse.broke,
        )
        bought.stops = dict(found.stops)
        if not found.chosen:
            break
        replies = purse.ask(standing, found.chosen)
        tried |= {_key(standing, reply.choice) for reply in replies}
        with context.database.write(context.workspace_id) as session:
            last = _keep(session, context, run_id, standing, replies)
        _count(bought, replies)
    return bought


def _key(standing: Standing, choice: Choice) -> Key:
    return (choice.seller.provider, choice.seller.capability, standing.refs[choice.row].company_id)


class _Purse:
    """Who answers and who can still be paid, for one cohort."""

    def __init__(self, context: AgentContext, run_id: UUID | None) -> None:
        self._context = context
        self._run_id = run_id
        self._failures: dict[str, int] = {}
        self.broke: set[str] = set()

    def able(self, sellers: Sequence[Seller]) -> set[str]:
        return {s.provider for s in sellers if self._failures.get(s.provider, 0) < DOWN_AFTER}

    def ask(self, standing: Standing, choices: Sequence[Choice]) -> list[_Reply]:
        """The providers side by side; answers in the order of the choices, without those that could not be paid."""
        by_seller: dict[int, list[Choice]] = {}
        sellers: dict[int, Seller] = {}
        for choice in choices:
            by_seller.setdefault(id(choice.seller), []).append(choice)
            sellers[id(choice.seller)] = choice.seller
        with ThreadPoolExecutor(max_workers=len(sellers)) as pool:
            asked = pool.map(lambda key: self._ask(standing, sellers[key], by_seller[key]), by_seller)
            return [reply for replies in asked for reply in replies]

    def _ask(self, standing: Standing, seller: Seller, choices: Sequence[Choice]) -> list[_Reply]:
        replies: list[_Reply] = []
        start, size = 0, CALL
        while start < len(choices) and self._failures.get(seller.provider, 0) < DOWN_AFTER:
            chunk = choices[start : start + size]
            try:
                answers = self._paid(seller, [standing.refs[choice.row] for choice in chunk])
            except ModelMustStop:  # over budget: fewer may still fit
                if len(chunk) == 1:
                    self.broke.add(seller.provider)
                    break
                size = len(chunk) // 2
                continue
            got = [_Reply(choice, answers[standing.refs[choice.row].company_id]) for choice in chunk]
            gaps = {reply.answer.gap for reply in got if isinstance(reply.answer, Unknown)}
            dumb = all(isinstance(r.answer, Unknown) and r.answer.gap is not Gap.NO_DATA for r in got)
            failures = self._failures.get(seller.provider, 0)
            self._failures[seller.provider] = (DOWN_AFTER if Gap.REFUSED in gaps else failures + 1) if dumb else 0
            replies += got
            start += len(chunk)
        return replies

    def _paid(self, seller: Seller, refs: Sequence[Any]) -> Mapping[UUID, Answer | Unknown]:
        """Reserved before, settled after. Raises ModelMustStop where it does not fit under a ceiling."""
        if not seller.price_micros:
            return seller.ask(refs)
        context, month = self._context, f"{self._context.clock.now():%Y-%m}"
        metering = BudgetMetering(
            context.database,
            context.workspace_id,
            context.clock,
            context.ids,
            scopes=[f"workspace:{month}"],
            ceilings=[provider_scope(seller.provider, month)],
            run_id=self._run_id,
        )
        entries = metering.reserve(
            provider=seller.provider, purpose=seller.capability, max_micros=seller.price_micros * len(refs)
        )
        started = perf_counter()
        answers = seller.ask(refs)
        cost = sum(answer.cost_micros for answer in answers.values())
        latency = int((perf_counter() - started) * 1000)
        metering.settle(entries, cost_micros=cost, latency_ms=latency, outcome="ok")
        return answers


def _keep(
    session: Session, context: AgentContext, run_id: UUID | None, standing: Standing, replies: Sequence[_Reply]
) -> list[tuple[UUID, UUID]]:
    """Facts, signals, purchases and rates of one round. Returns (purchase, company) of each."""
    now = context.clock.now()
    rows: list[dict[str, Any]] = []
    for reply in replies:
        choice, answer = reply.choice, reply.answer
        filled = () if isinstance(answer, Unknown) else tuple(sorted(answer.components & set(choice.asked)))
        rows.append(
            {
                "id": context.ids.new(),
                "run_id": run_id,
                "company_id": standing.refs[choice.row].company_id,
                "provider": choice.seller.provider,
                "capability": choice.seller.capability,
                "asked": list(choice.asked),
                "filled": list(filled),
                "outcome": _outcome(answer, filled),
                "reason": answer.reason if isinstance(answer, Unknown) else choice.reason,
                "cost_micros": answer.cost_micros,
                "tier_before": choice.tier,
                "at": now,
            }
        )
    answered = [(r.choice, r.answer) for r in replies if isinstance(r.answer, Answer)]
    facts.add_facts(session, [fact for _, answer in answered for fact in answer.facts])
    for provider in sorted({choice.seller.provider for choice, answer in answered if answer.signals}):
        told = [
            (standing.refs[choice.row].company_id, signal)
            for choice, answer in answered
            if choice.seller.provider == provider
            for signal in answer.signals
        ]
        add_signals(session, context, told, source=provider)
    changed = sorted({standing.refs[choice.row].company_id for choice, answer in answered if answer.facts})
    facts.apply_winners(session, context.clock, changed)
    purchases.keep(session, rows, standing.segments)
    for provider, reason in sorted(
        {(r["provider"], r["reason"]) for r in rows if r["outcome"] == PurchaseOutcome.REFUSED}
    ):
        tell_refusal(session, context, provider, reason)
    return [(row["id"], row["company_id"]) for row in rows]


def _outcome(answer: Answer | Unknown, filled: Sequence[str]) -> PurchaseOutcome:
    if isinstance(answer, Unknown):
        return {
            Gap.NO_DATA: PurchaseOutcome.NOTHING,
            Gap.DOWN: PurchaseOutcome.DOWN,
            Gap.REFUSED: PurchaseOutcome.REFUSED,
        }[answer.gap]
    return PurchaseOutcome.FILLED if filled else PurchaseOutcome.NOTHING


def _note_tiers(context: AgentContext, standing: Standing, value: Value, last: Sequence[tuple[UUID, UUID]]) -> None:
    """What the round before has changed, so that a provider's worth can be told."""
    if not last:
        return
    likeliest = {ref.company_id: int(tier) for ref, tier in zip(standing.refs, value.likeliest, strict=True)}
    rows = [{"id": purchase, "tier_after": likeliest.get(company)} for purchase, company in last]
    with context.database.write(context.workspace_id) as session:
        bulk.update(session, Purchase, rows, columns=["tier_after"])


def tell_refusal(session: Session, context: AgentContext, provider: str, reason: str) -> None:
    """A person must act: said once a day, and beside the account, where there is one."""
    now = context.clock.now()
    key = f"vendor:{provider}:{now:%Y-%m-%d}"
    alert = {
        "id": stable_id("alert", context.workspace_id, key),
        "source_key": key,
        "subject_kind": "vendor",
        "subject_id": stable_id("vendor", context.workspace_id, provider),
        "level": "warning",
        "text": f"{provider} was not used: {reason}",
        "created_at": now,
    }
    bulk.insert_ignore(session, Alert, [alert])
    account = session.exec(select(VendorAccount).where(VendorAccount.vendor == provider)).one_or_none()
    if account is not None:
        account.refused_at, account.refusal = account.refused_at or now, reason
        session.add(account)


def _count(bought: Bought, replies: Sequence[_Reply]) -> None:
    for reply in replies:
        bought.asked += 1
        bought.cost_micros += reply.answer.cost_micros
        if isinstance(reply.answer, Unknown):
            gap = f"{reply.choice.seller.provider}: {reply.answer.gap.value}"
            bought.gaps[gap] = bought.gaps.get(gap, 0) + 1
        elif reply.answer.components & set(reply.choice.asked):
            bought.filled += 1
