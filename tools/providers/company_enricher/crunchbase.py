"""What Crunchbase knows of a company, by its domain; a hundred a call.

Of employees it knows a range only: that stays in `raw`.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from tools.ports import CompanyRecord, CompanyRef, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.batches import ask_batches
from tools.providers.vendor.crunchbase import by_domain, connect

_BATCH = 100  # a predicate takes 200 values, and several organizations may share a domain


class CrunchbaseCompanyEnricher:
    name = "crunchbase"
    fields = frozenset(
        {"website", "industry", "tags", "country", "region", "city", "description", "founded_year", "status"}
    )
    price_micros = 0  # a plan is paid by the year, whatever is asked
    batch = _BATCH

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = connect(account, wire)

    def enrich(self, companies: Sequence[CompanyRef]) -> Mapping[UUID, CompanyRecord | Unknown]:
        nameless = Unknown("Crunchbase is asked by domain, and this company's is not known.")
        subjects = [(c.company_id, c) for c in companies if c.domain]
        answers = ask_batches(subjects, _BATCH, self._batch, "Crunchbase knows no organization of this domain.")
        return {c.company_id: answers.get(c.company_id, nameless) for c in companies}

    def _batch(self, subjects: Sequence[tuple[UUID, CompanyRef]]) -> Mapping[UUID, CompanyRecord | Unknown]:
        found = by_domain(self._api, {c.domain: c.name for _, c in subjects})
        return {key: found[company.domain].record() for key, company in subjects if company.domain in found}
