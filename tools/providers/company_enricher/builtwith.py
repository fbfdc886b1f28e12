"""The technologies that a company's site is live with, by BuiltWith."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from tools.ports import CompanyRecord, CompanyRef, Gap, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.batches import ask_batches
from tools.providers.vendor.builtwith import BATCH, Site, connect, look_up


class BuiltWithCompanyEnricher:
    name = "builtwith"
    fields = frozenset({"technologies"})
    batch = BATCH

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = connect(account, wire)
        self.price_micros = account.credit_micros

    def enrich(self, companies: Sequence[CompanyRef]) -> Mapping[UUID, CompanyRecord | Unknown]:
        nameless = Unknown("BuiltWith looks sites up by domain, and this company's is not known.")
        subjects = [(c.company_id, c) for c in companies if c.domain]
        answers = ask_batches(subjects, BATCH, self._batch, "BuiltWith says nothing of this domain.")
        return {c.company_id: answers.get(c.company_id, nameless) for c in companies}

    def _batch(self, subjects: Sequence[tuple[UUID, CompanyRef]]) -> Mapping[UUID, CompanyRecord | Unknown]:
        sites = look_up(self._api, list(dict.fromkeys(c.domain for _, c in subjects)), live_only=True)
        paid: set[str] = set()
        found: dict[UUID, CompanyRecord | Unknown] = {}
        for key, company in subjects:
            site = sites.get(company.domain)
            if site is not None:
                cost = 0 if company.domain in paid else self.price_micros
                found[key] = site if isinstance(site, Unknown) else self._record(company, site, cost)
                paid.add(company.domain)
        return found

    def _record(self, company: CompanyRef, site: Site, cost: int) -> CompanyRecord | Unknown:
        if not site.technologies:
            return Unknown("BuiltWith has seen no technology on this domain.", Gap.NO_DATA, cost)
        return CompanyRecord(
            name=company.name,
            source=self.name,
            source_id=company.domain,
            website=company.domain,
            technologies=tuple(technology.name for technology in site.technologies),
            cost_micros=cost,
            raw={"last_indexed": site.last.isoformat() if site.last else None},
        )
