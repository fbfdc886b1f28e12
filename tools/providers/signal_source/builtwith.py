"""Technologies that a company's site was newly seen with, or is no longer, by BuiltWith.

What was there when BuiltWith first looked was not added that day. What is gone was last seen on a day that BuiltWith
names; it counts as dropped once BuiltWith has looked again, a month or more later, and not found it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from tools.ports import CompanyRef, SignalRecord, SignalReport, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.batches import ask_batches
from tools.providers.vendor.builtwith import BATCH, Site, Technology, connect, look_up
from tools.site_reader.types import cleaned

_GONE = timedelta(days=30)  # between the last sight of a technology and the last look at the site
_FIRST_LOOK = timedelta(days=30)  # in which BuiltWith comes to know what a site has
_MAX_SIGNALS = 20  # of one company, the newest
_MARKUP = frozenset({"docinfo", "css"})  # its tags of what a page is written in: nobody buys a document type
_SEEN, _MISSED = 0.8, 0.6  # strengths: a sight is plainer than that there was none


class BuiltWithSignalSource:
    name = "builtwith"
    kinds = frozenset({"technology_added", "technology_removed"})

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = connect(account, wire)
        self.price_micros = account.credit_micros

    def signals(self, companies: Sequence[CompanyRef], since: datetime) -> Mapping[UUID, SignalReport | Unknown]:
        def batch(subjects: Sequence[tuple[UUID, CompanyRef]]) -> Mapping[UUID, SignalReport | Unknown]:
            sites = look_up(self._api, list(dict.fromkeys(c.domain for _, c in subjects)), live_only=False)
            paid: set[str] = set()
            found: dict[UUID, SignalReport | Unknown] = {}
            for key, company in subjects:
                site = sites.get(company.domain)
                if site is not None:
                    cost = 0 if company.domain in paid else self.price_micros
                    found[key] = site if isinstance(site, Unknown) else _report(company.domain, site, since, cost)
                    paid.add(company.domain)
            return found

        nameless = Unknown("BuiltWith looks sites up by domain, and this company's is not known.")
        subjects = [(c.company_id, c) for c in companies if c.domain]
        answers = ask_batches(subjects, BATCH, batch, "BuiltWith says nothing of this domain.")
        return {c.company_id: answers.get(c.company_id, nameless) for c in companies}


def _report(domain: str, site: Site, since: datetime, cost: int) -> SignalReport:
    url = f"https://builtwith.com/{domain}"
    found: list[SignalRecord] = []
    for technology in site.technologies:
        if technology.tag in _MARKUP:
            continue
        named = f"{technology.name} ({technology.category})" if technology.category else technology.name
        if (first := _added(technology, site)) is not None and first >= since:
            quote = cleaned(f"{named} first seen on {domain} on {first:%Y-%m-%d}")
            found.append(SignalRecord("technology_added", first, quote, url, _SEEN))
        if (last := _dropped(technology, site)) is not None and last >= since:
            quote = cleaned(f"{named} last seen on {domain} on {last:%Y-%m-%d}")
            found.append(SignalRecord("technology_removed", last, quote, url, _MISSED))
    found.sort(key=lambda signal: signal.observed_at, reverse=True)
    return SignalReport(tuple(found[:_MAX_SIGNALS]), cost)


def _added(technology: Technology, site: Site) -> datetime | None:
    """The day it came; None where the site may have had it before anybody looked."""
    if technology.first is None or site.first is None or technology.first < site.first + _FIRST_LOOK:
        return None
    return technology.first


def _dropped(technology: Technology, site: Site) -> datetime | None:
    """The day it was last there; None where it may still be."""
    if technology.last is None or site.last is None or site.last - technology.last < _GONE:
        return None
    return technology.last
