"""What Apollo knows of companies that we name, ten a call."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from pydantic import BaseModel

from tools.domains import registrable_domain
from tools.ports import CompanyRecord, CompanyRef, Gap, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.apollo import BATCH, ENRICH_LIMITS, SPEC, Organization, connect
from tools.providers.vendor.batches import ask_batches


class _Answer(BaseModel):
    organizations: list[Organization | None]
    unique_enriched_records: int | None = None


class ApolloCompanyEnricher:
    name = SPEC.name
    batch = BATCH
    fields = frozenset(
        {"name", "website", "industry", "tags", "employees", "country", "region", "city", "description", "founded_year"}
    )

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = connect(account, wire, ENRICH_LIMITS)
        self.price_micros = account.credit_micros

    def enrich(self, companies: Sequence[CompanyRef]) -> Mapping[UUID, CompanyRecord | Unknown]:
        named = [(c.company_id, c) for c in companies if c.domain or c.profile_url]
        found = ask_batches(named, BATCH, self._of, "Apollo knows nothing of this company.")
        nameless = Unknown("Apollo knows companies by domain or profile, and neither is known.")
        return {c.company_id: found.get(c.company_id, nameless) for c in companies}

    def _of(self, batch: Sequence[tuple[UUID, CompanyRef]]) -> Mapping[UUID, CompanyRecord | Unknown]:
        details = [
            {"domain": c.domain} if c.domain else {"name": c.name, "linkedin_url": c.profile_url} for _, c in batch
        ]
        answer = self._api.post("/organizations/bulk_enrich", json={"details": details}).read(_Answer)
        known = [organization for organization in answer.organizations if organization]
        # An answer belongs to whom its own domain or profile names, never to a place in the list: Apollo leaves out
        # whom it does not know, and answers a moved domain with another company's record.
        by_domain = {each.domain: each for each in known if each.domain}
        by_profile = {_profile(each.linkedin_url): each for each in known if each.linkedin_url}
        found: dict[UUID, CompanyRecord | Unknown] = {}
        for key, company in batch:
            domain = registrable_domain(company.domain) or company.domain
            mine = by_domain.get(domain) if domain else by_profile.get(_profile(company.profile_url))
            if mine is not None:
                found[key] = mine.record(self.price_micros)
        charged = len(known) if answer.unique_enriched_records is None else answer.unique_enriched_records
        wasted = charged - sum(isinstance(each, CompanyRecord) for each in found.values())
        for key, _ in batch:
            if wasted > 0 and key not in found:
                reason = "Apollo answered with another company."
                found[key] = Unknown(reason, Gap.NO_DATA, self.price_micros)
                wasted -= 1
        return found


def _profile(url: str | None) -> str:
    """The path of a profile, as one key for http, https, www and a slash at the end."""
    return (url or "").lower().rstrip("/").partition("//")[2].removeprefix("www.")
