"""What would lift one lead's tier, between which tiers it may still move, and what its intent is made of: as of now."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from agents.company_view import load_views
from agents.recipient_clock import clock_of
from agents.sequences import versions
from agents.sequences.planning import reach_by_law
from agents.zone_choice import ZoneChoice
from scoring.bounds import Bounds, priority_bounds, tiers_between
from scoring.criteria import CompiledIcp
from scoring.icp import IcpError, parse_icp
from scoring.intent import Ask, Contribution, contributions, what_to_buy
from scoring.next_tier import NextTier, next_tier
from scoring.sequence import ChosenChannel, choose_channels
from store.models import Contact, IcpVersion, Lead


@dataclass(frozen=True, slots=True)
class Outlook:
    next: NextTier
    bounds: Bounds
    best_tier: int  # that learning what is unknown can still lead to
    worst_tier: int
    intent: tuple[Contribution, ...]
    ask: tuple[Ask, ...]  # sources of intent, where nothing of it is known
    clock: ZoneChoice
    channels: tuple[ChosenChannel, ...]  # of each touch of its tier, by what is known and allowed today

    @property
    def settled(self) -> bool:
        return self.best_tier == self.worst_tier


def outlook_of(session: Session, lead: Lead, as_of: datetime) -> Outlook | None:
    """By the version that scored the lead. None where today's rules cannot read that version."""
    version = session.get(IcpVersion, (lead.workspace_id, lead.icp_version_id))
    views = load_views(session, [lead.company_id])
    if version is None or lead.company_id not in views:
        return None
    try:
        icp = CompiledIcp(parse_icp(version.definition))
    except IcpError:
        return None
    traits, signals = views[lead.company_id].traits, views[lead.company_id].signals or None
    bounds = priority_bounds(traits, signals, icp, as_of)
    best, worst = tiers_between(bounds, icp)
    found = contributions(signals, as_of, icp.half_lives)
    ask = () if found else what_to_buy()
    contact = session.get_one(Contact, (lead.workspace_id, lead.contact_id))
    channels = choose_channels(versions.load(session).of_tier(lead.tier), reach_by_law(contact))
    clock = clock_of(contact, views[lead.company_id].row).choice
    return Outlook(next_tier(traits, signals, icp, as_of), bounds, best, worst, found, ask, clock, channels)
