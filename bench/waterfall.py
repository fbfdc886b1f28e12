"""What the evidence buyer is raced against: vendors in a fixed order, as most tools ask them."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from agents.buying.sellers import Answer, Seller, sellers_of
from agents.buying.standing import load_standing
from agents.intake import add_signals
from bench.market import MarketOffice
from scoring.evidence_value import components_of
from store.queries import facts

ORDERS: Final = {
    "dear first": ["jobboards", "atlas", "newswire", "euroreg", "stacklens", "oldlist"],
    "cheap first": ["jobboards", "oldlist", "stacklens", "euroreg", "newswire", "atlas"],
    "by field": ["jobboards", "atlas", "euroreg", "stacklens", "newswire", "oldlist"],
}


def waterfall(office: MarketOffice, order: Sequence[str], budget: int, *, by_row: bool) -> int:
    """What most tools do: vendors in a fixed order, the next one for whatever is missing, until the money is spent;
    a company after the other, or a vendor after the other. Returns micros spent."""
    spent = 0
    context, components = office.context, components_of(office.icp)
    sellers = {seller.provider: seller for seller in sellers_of(context)}
    with context.database.read(context.workspace_id) as session:
        now = context.clock.now()
        standing = load_standing(session, office.company_ids, office.icp, components, list(sellers.values()), now)
    names = [component.name for component in components]
    missing = {
        ref.company_id: {name for name, value in zip(names, standing.known[row], strict=True) if value != value}
        for row, ref in enumerate(standing.refs)
    }
    steps = [(ref, name) for ref in standing.refs for name in order]
    if not by_row:
        steps = [(ref, name) for name in order for ref in standing.refs]
    answers: list[tuple[str, UUID, Answer]] = []
    for ref, name in steps:
        seller: Seller = sellers[name]
        if missing[ref.company_id] & seller.components and budget >= seller.price_micros:
            answer = seller.ask([ref])[ref.company_id]
            budget -= answer.cost_micros
            spent += answer.cost_micros
            if isinstance(answer, Answer):
                missing[ref.company_id] -= answer.components
                answers.append((name, ref.company_id, answer))
    with context.database.write(context.workspace_id) as session:
        facts.add_facts(session, [fact for _, _, answer in answers for fact in answer.facts])
        for name in order:
            told = [(key, signal) for source, key, a in answers if source == name for signal in a.signals]
            add_signals(session, context, told, source=name)
        facts.apply_winners(session, context.clock, office.company_ids)
    return spent
