"""Asking vendors about people: in batches, under every ceiling, and leaving alone who does not answer.

Money is reserved before a batch and settled after it, as the evidence buyer does it. Nothing that a vendor says or
does ends a run; what went wrong is counted, for the decision's reason.
"""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from threading import Lock
from time import perf_counter
from typing import Final, Protocol, TypeVar
from uuid import UUID

from agents.context import AgentContext
from agents.policy import Policy
from core.errors import ModelMustStop, SalesOSError
from store.ledger import BudgetMetering, provider_scope
from tools.ports import Gap, Unknown

MICROS: Final = 1_000_000  # of one minor unit
BATCH: Final = 100  # subjects a reservation: what a crash asks again at most, a provider
DOWN_AFTER: Final = 2  # batches in a row without one answer: the provider is left alone for the rest of the cohort

SWITCHED_OFF: Final = "buying is switched off"
CEILING: Final = "the ceiling of one company is reached"
NO_MONEY: Final = "the budget is spent"
LAST_TIER: Final = "it stays in tier 4, whatever else is learned"

S = TypeVar("S")
K = TypeVar("K", bound=Hashable)
A = TypeVar("A")


class Priced(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def price_micros(self) -> int: ...


class Purse:
    """For one cohort. `spent`: micros that each company cost already, in the ceiling's period. `last_tier`: companies
    that nobody is paid for, because nothing lifts them out of it."""

    def __init__(
        self,
        context: AgentContext,
        run_id: UUID | None,
        policy: Policy,
        spent: Mapping[UUID, int],
        last_tier: Collection[UUID] = (),
    ) -> None:
        self._context = context
        self._run_id = run_id
        self._policy = policy
        self._failures: Counter[str] = Counter()
        self._spent = Counter(dict(spent))
        self._last_tier = frozenset(last_tier)
        self.broke: set[str] = set()  # providers whose next subject does not fit under a ceiling
        self.gaps: Counter[str] = Counter()  # "apollo: why" → subjects
        self.asked = 0
        self.cost_micros = 0
        self._lock = Lock()  # several providers are asked side by side
        self.worth_micros = policy.right_tier_worth_minor * MICROS

    def refusal(self, provider: Priced, company_id: UUID) -> str:
        """Why the provider cannot be asked about one more subject of the company; "" where it can."""
        if self._failures[provider.name] >= DOWN_AFTER:
            return f"{provider.name} does not answer"
        if not provider.price_micros:
            return ""
        if company_id in self._last_tier:
            return LAST_TIER
        if not self._policy.buy_data:
            return SWITCHED_OFF
        if self._spent[company_id] + provider.price_micros > self._policy.company_data_ceiling_minor * MICROS:
            return CEILING
        return NO_MONEY if provider.name in self.broke else ""

    def set_aside(self, provider: Priced, company_id: UUID) -> bool:
        """Counts one subject against the company's ceiling before it is asked; False where it no longer fits."""
        if self.refusal(provider, company_id):
            return False
        self._spent[company_id] += provider.price_micros
        return True

    def give_back(self, provider: Priced, company_id: UUID, cost_micros: int) -> None:
        """What a subject that was set aside really cost."""
        self._spent[company_id] += cost_micros - provider.price_micros

    def ask(
        self,
        provider: Priced,
        purpose: str,
        subjects: Sequence[S],
        call: Callable[[Sequence[S]], Mapping[K, A]],
        cost_of: Callable[[A], int],
    ) -> dict[K, A]:
        """Answers by the provider's key; subjects that could not be paid, or came after it fell silent, have none."""
        answers: dict[K, A] = {}
        start, size = 0, BATCH
        while start < len(subjects) and self._failures[provider.name] < DOWN_AFTER:
            batch = subjects[start : start + size]
            try:
                got = self._paid(provider, purpose, batch, call, cost_of)
            except ModelMustStop:  # over budget: fewer may still fit
                if len(batch) == 1:
                    self.broke.add(provider.name)
                    break
                size = len(batch) // 2
                continue
            self._note(provider, got)
            answers.update(got)
            start += len(batch)
        return answers

    def _paid(
        self,
        provider: Priced,
        purpose: str,
        batch: Sequence[S],
        call: Callable[[Sequence[S]], Mapping[K, A]],
        cost_of: Callable[[A], int],
    ) -> Mapping[K, A]:
        """Raises ModelMustStop where it does not fit under a ceiling: nothing was asked then."""
        if not provider.price_micros:
            return _answers(call, batch)
        context, month = self._context, f"{self._context.clock.now():%Y-%m}"
        metering = BudgetMetering(
            context.database,
            context.workspace_id,
            context.clock,
            context.ids,
            scopes=[f"workspace:{month}"],
            ceilings=[provider_scope(provider.name, month)],
            run_id=self._run_id,
        )
        entries = metering.reserve(
            provider=provider.name, purpose=purpose, max_micros=provider.price_micros * len(batch)
        )
        started = perf_counter()
        got = _answers(call, batch)
        cost = sum(cost_of(answer) for answer in got.values())
        latency = int((perf_counter() - started) * 1000)
        metering.settle(entries, cost_micros=cost, latency_ms=latency, outcome="ok" if got else "failed")
        with self._lock:
            self.cost_micros += cost
        return got

    def _note(self, provider: Priced, got: Mapping[K, A]) -> None:
        gaps = [answer for answer in got.values() if isinstance(answer, Unknown)]
        with self._lock:
            self.asked += len(got)
            self.gaps.update(f"{provider.name} is {gap.gap.value}" for gap in gaps if gap.gap is not Gap.NO_DATA)
            self.gaps.update([] if got else [f"{provider.name} is down"])
        dumb = not got or (len(gaps) == len(got) and all(gap.gap is not Gap.NO_DATA for gap in gaps))
        if not dumb:
            self._failures[provider.name] = 0
        elif any(gap.gap is Gap.REFUSED for gap in gaps):
            self._failures[provider.name] = DOWN_AFTER  # a person must act: asking on helps nobody
        else:
            self._failures[provider.name] += 1


def _answers(call: Callable[[Sequence[S]], Mapping[K, A]], batch: Sequence[S]) -> Mapping[K, A]:
    """A provider says what is wrong by `Unknown`; one that raises all the same has answered nobody."""
    try:
        return call(batch)
    except (SalesOSError, OSError):
        return {}
