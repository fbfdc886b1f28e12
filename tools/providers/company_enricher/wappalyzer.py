"""The technologies of a company's site that were confirmed in the last two months, by Wappalyzer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from tools.ports import CompanyRecord, CompanyRef, Gap, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.batches import ask_batches
from tools.providers.vendor.wappalyzer import BATCH, Technology, connect, costs, look_up

_MONTHS = 2  # the vendor's own bound of what a site has now


class WappalyzerCompanyEnricher:
    name = "wappalyzer"
    fields = frozenset({"technologies"})
    batch = BATCH

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = connect(account, wire)
        self.price_micros = account.credit_micros

    def enrich(self, companies: Sequence[CompanyRef]) -> Mapping[UUID, CompanyRecord | Unknown]:
        nameless = Unknown("Wappalyzer looks sites up by domain, and this company's is not known.")
        subjects = [(c.company_id, c) for c in companies if c.domain]
        answers = ask_batches(subjects, BATCH, self._batch, "Wappalyzer says nothing of this site.")
        return {c.company_id: answers.get(c.company_id, nameless) for c in companies}

    def _batch(self, subjects: Sequence[tuple[UUID, CompanyRef]]) -> Mapping[UUID, CompanyRecord | Unknown]:
        look = look_up(self._api, list(dict.fromkeys(c.domain for _, c in subjects)), months=_MONTHS)
        unpaid = dict(costs(look, self.price_micros))
        found: dict[UUID, CompanyRecord | Unknown] = {}
        for key, company in subjects:
            site = look.sites.get(company.domain)
            if site is not None:
                found[key] = self._record(company, site, unpaid.pop(company.domain, 0))
        return found

    def _record(self, company: CompanyRef, site: Sequence[Technology] | Unknown, cost: int) -> CompanyRecord | Unknown:
        if isinstance(site, Unknown):
            return replace(site, cost_micros=cost)
        if not site:
            return Unknown("Wappalyzer has seen no technology on this site.", Gap.NO_DATA, cost)
        confirmed = [each.confirmed_at for each in site if each.confirmed_at]
        return CompanyRecord(
            name=company.name,
            source=self.name,
            source_id=company.domain,
            website=company.domain,
            technologies=tuple(dict.fromkeys(each.name for each in site)),
            cost_micros=cost,
            raw={"confirmed_at": max(confirmed).isoformat() if confirmed else None},
        )
