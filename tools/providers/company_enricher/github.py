"""What a company's GitHub organisation says of it: the languages it writes in, its own line, where it is."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from tools.mapping.places import parse_location
from tools.ports import CompanyRecord, CompanyRef, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.asking import ask_each
from tools.providers.vendor.github import connect
from tools.providers.vendor.github_organisation import Repository, organisation_of, repositories_of
from tools.site_reader.types import cleaned

_LEAST = 2  # repositories in a language before it counts as the company's: one may be an experiment


class GitHubCompanyEnricher:
    name = "github"
    fields = frozenset({"technologies", "description", "country", "city"})
    price_micros = 0
    batch = 1

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = connect(account, wire)

    def enrich(self, companies: Sequence[CompanyRef]) -> Mapping[UUID, CompanyRecord | Unknown]:
        return ask_each([(c.company_id, c) for c in companies], self._of)

    def _of(self, company: CompanyRef) -> CompanyRecord | Unknown:
        if not company.domain:
            return Unknown("A GitHub organisation is proved by the company's domain, which is not known.")
        found = organisation_of(self._api, company)
        if found is None:
            return Unknown("No GitHub organisation leads to this company's domain.")
        repositories, _ = repositories_of(self._api, found.login)
        place = parse_location(found.location or "")
        return CompanyRecord(
            name=cleaned(found.name or found.login),
            source=self.name,
            source_id=found.login,
            website=found.blog or "",
            country=place.country,
            region=place.region,
            city=place.city,
            description=cleaned(found.description or "", 1_000),
            technologies=_languages(repositories),
            raw={"html_url": found.html_url, "is_verified": found.is_verified, "repositories": len(repositories)},
        )


def _languages(repositories: Sequence[Repository]) -> tuple[str, ...]:
    """Languages of its own repositories that are still worked on, the commonest first."""
    counted = Counter(each.language for each in repositories if each.language and not each.archived)
    return tuple(language for language, times in counted.most_common() if times >= _LEAST)
