"""Everybody who may be asked about a company, in one shape: enrichers and signal sources, free and paid."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from agents.context import AgentContext
from scoring.rule_model import RULE_FIELDS
from store.queries.facts import FactInput
from tools.ports import CompanyEnricher, CompanyRecord, CompanyRef, SignalRecord, SignalReport, SignalSource, Unknown

ENRICH, SIGNALS = "enrich", "signals"
SIGNALS_LOOK_BACK = timedelta(days=365)  # the slowest half-life of intent is shorter than that
_CONFIDENCE = 0.9  # a vendor's structured record: wrong or stale about one time in ten

# What a field of a record tells of: the components of priority (scoring.evidence_value).
_COMPONENT_OF = {
    "industry": "industry",
    "tags": "industry",
    "description": "industry",
    "employees": "employees",
    "revenue_minor": "revenue",
    "country": "location",
    "region": "location",
    "technologies": "technologies",
}
# What rules may look at beside, by the name of the field (scoring.rule_model).
_RULE_FIELDS = frozenset(RULE_FIELDS)
_SIGNAL_COMPONENTS = frozenset({"growth", "intent", "signals"})
_RECORD_FIELDS = (
    *("description", "industry", "employees", "revenue_minor", "currency", "country", "region", "city"),
    *("founded_year", "status", "website"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one provider said of one company."""

    facts: tuple[FactInput, ...]
    signals: tuple[SignalRecord, ...]
    components: frozenset[str]  # of priority, and fields that rules look at: what it says something of
    cost_micros: int


@dataclass(frozen=True, slots=True)
class Seller:
    provider: str
    capability: str  # ENRICH, SIGNALS
    components: frozenset[str]  # of priority, and fields that rules look at: what it can tell
    price_micros: int  # of one company, at most; 0: free
    ask: Callable[[Sequence[CompanyRef]], Mapping[UUID, Answer | Unknown]]


def sellers_of(context: AgentContext) -> list[Seller]:
    """The workspace's providers, the free ones first, in a stable order."""
    found = [_enricher(context, each) for each in context.tools.company_enrichers(context.workspace_id)]
    found += [_signals(context, each) for each in context.tools.signal_sources(context.workspace_id)]
    return sorted(found, key=lambda seller: (seller.price_micros, seller.provider, seller.capability))


def _enricher(context: AgentContext, provider: CompanyEnricher) -> Seller:
    def ask(companies: Sequence[CompanyRef]) -> Mapping[UUID, Answer | Unknown]:
        answers = provider.enrich(companies)
        now = context.clock.now()
        return {
            ref.company_id: answer if isinstance(answer, Unknown) else _of_record(ref.company_id, answer, now)
            for ref in companies
            for answer in [answers.get(ref.company_id, Unknown(f"{provider.name} did not answer."))]
        }

    return Seller(provider.name, ENRICH, _told_by(provider.fields), provider.price_micros, ask)


def _of_record(company_id: UUID, record: CompanyRecord, now: datetime) -> Answer:
    said = [(name, value) for name in _RECORD_FIELDS if (value := getattr(record, name)) not in (None, "")]
    # An amount without its currency, or the other way round, says nothing.
    if record.revenue_minor is None or not record.currency:
        said = [(name, value) for name, value in said if name not in ("revenue_minor", "currency")]
    names = {name for name, _ in said}
    said += [("technology", each) for each in record.technologies] + [("tag", each) for each in record.tags]
    names |= {name for name in ("technologies", "tags") if getattr(record, name)}
    source, method = record.source, "vendor"
    facts = tuple(
        FactInput("company", company_id, name, value, source, method, now, _CONFIDENCE) for name, value in said
    )
    components = _told_by(names) | (_SIGNAL_COMPONENTS if record.signals else frozenset())
    return Answer(facts, record.signals, components, record.cost_micros)


def _told_by(fields: Iterable[str]) -> frozenset[str]:
    found = set(fields)
    return frozenset({_COMPONENT_OF[name] for name in found & _COMPONENT_OF.keys()} | (found & _RULE_FIELDS))


def _signals(context: AgentContext, provider: SignalSource) -> Seller:
    def ask(companies: Sequence[CompanyRef]) -> Mapping[UUID, Answer | Unknown]:
        answers = provider.signals(companies, context.clock.now() - SIGNALS_LOOK_BACK)
        return {
            ref.company_id: _of_report(answers.get(ref.company_id, Unknown(f"{provider.name} did not answer.")))
            for ref in companies
        }

    return Seller(provider.name, SIGNALS, _SIGNAL_COMPONENTS, provider.price_micros, ask)


def _of_report(answer: SignalReport | Unknown) -> Answer | Unknown:
    if isinstance(answer, Unknown):
        return answer
    components = _SIGNAL_COMPONENTS if answer.signals else frozenset[str]()
    return Answer((), answer.signals, components, answer.cost_micros)
