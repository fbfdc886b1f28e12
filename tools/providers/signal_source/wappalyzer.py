"""Technologies that a company's site no longer has, by Wappalyzer.

Wappalyzer says of each technology when it was last confirmed, and of none since when it is there: so what was dropped
has a date, and what was added has none and is not reported.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from tools.ports import CompanyRef, SignalRecord, SignalReport, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.batches import ask_batches
from tools.providers.vendor.wappalyzer import BATCH, Technology, connect, costs, look_up
from tools.site_reader.types import cleaned

_MONTHS = 12  # the longest that the vendor looks back
_GONE = timedelta(days=62)  # unconfirmed for so long, beside others that were confirmed: the vendor's own two months
_MAX_SIGNALS = 20
_MISSED = 0.6  # strength: that something was not found again is no sight of anything


class WappalyzerSignalSource:
    name = "wappalyzer"
    kinds = frozenset({"technology_removed"})

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = connect(account, wire)
        self.price_micros = account.credit_micros

    def signals(self, companies: Sequence[CompanyRef], since: datetime) -> Mapping[UUID, SignalReport | Unknown]:
        def batch(subjects: Sequence[tuple[UUID, CompanyRef]]) -> Mapping[UUID, SignalReport | Unknown]:
            look = look_up(self._api, list(dict.fromkeys(c.domain for _, c in subjects)), months=_MONTHS)
            unpaid = dict(costs(look, self.price_micros))
            found: dict[UUID, SignalReport | Unknown] = {}
            for key, company in subjects:
                site, cost = look.sites.get(company.domain), unpaid.pop(company.domain, 0)
                if isinstance(site, Unknown):
                    found[key] = replace(site, cost_micros=cost)
                elif site is not None:
                    found[key] = SignalReport(_dropped(company.domain, site, since), cost)
            return found

        nameless = Unknown("Wappalyzer looks sites up by domain, and this company's is not known.")
        subjects = [(c.company_id, c) for c in companies if c.domain]
        answers = ask_batches(subjects, BATCH, batch, "Wappalyzer says nothing of this site.")
        return {c.company_id: answers.get(c.company_id, nameless) for c in companies}


def _dropped(domain: str, site: Sequence[Technology], since: datetime) -> tuple[SignalRecord, ...]:
    confirmed = [(each.confirmed_at, each) for each in site if each.confirmed_at is not None]
    if not confirmed:
        return ()
    looked = max(at for at, _ in confirmed)
    still = {each.name for at, each in confirmed if looked - at < _GONE}
    found: dict[str, SignalRecord] = {}
    for at, each in sorted(confirmed, key=lambda pair: pair[0], reverse=True):
        if at >= since and each.name not in still and each.name not in found:
            named = f"{each.name} ({each.category})" if each.category else each.name
            quote = cleaned(f"{named} last confirmed on {domain} on {at:%Y-%m-%d}")
            url = f"https://www.wappalyzer.com/lookup/{domain}/"
            found[each.name] = SignalRecord("technology_removed", at, quote, url, _MISSED)
    return tuple(found.values())[:_MAX_SIGNALS]
