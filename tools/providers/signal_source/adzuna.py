"""Job advertisements of a company by Adzuna.

Adzuna knows companies by name only, and only the country tells two of one name apart. So a name of one word counts for
less, unless an advertisement says the company's domain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from math import ceil
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from tools.ports import CompanyRef, Gap, SignalReport, Unknown
from tools.providers.signal_source.boards import Posting, posting_signals
from tools.providers.signal_source.recognition import is_distinctive, same_name, says_domain
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.adzuna import connect
from tools.providers.vendor.asking import ask_each

_PAGE = 50
_MAX_PAGES = 4  # of one company: 250 calls a day are what an account is given
_NAMESAKE = 0.6  # what an advertisement of a one-word name is worth
COUNTRIES = frozenset(
    ["AT", "AU", "BE", "BR", "CA", "CH", "DE", "ES", "FR", "GB", "IN", "IT", "MX", "NL", "NZ", "PL", "SG", "US", "ZA"]
)


class _Company(BaseModel):
    display_name: str = ""


class _Location(BaseModel):
    display_name: str = ""


class _Advert(BaseModel):
    id: str | int
    title: str
    created: AwareDatetime
    redirect_url: str
    description: str = ""
    company: _Company = _Company()
    location: _Location = _Location()


class _Page(BaseModel):
    results: list[_Advert]
    count: int


class AdzunaSignalSource:
    name = "adzuna"
    kinds = frozenset({"hiring"})
    price_micros = 0

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = connect(account, wire)
        self._clock = wire.clock
        self._has_id = bool(account.options.get("app_id"))

    def signals(self, companies: Sequence[CompanyRef], since: datetime) -> Mapping[UUID, SignalReport | Unknown]:
        return ask_each([(c.company_id, c) for c in companies], lambda company: self._of(company, since))

    def _of(self, company: CompanyRef, since: datetime) -> SignalReport | Unknown:
        if not self._has_id:
            return Unknown("Adzuna needs the application id beside the key: set its option app_id.", Gap.REFUSED)
        if company.country not in COUNTRIES:
            where = "this company's country is not known" if not company.country else f"not in {company.country}"
            return Unknown(f"Adzuna lists advertisements by country, and {where}.")
        adverts = [a for a in self._adverts(company, since) if same_name(a.company.display_name, company.name)]
        sure = is_distinctive(company.name) or any(says_domain(a.description, company.domain) for a in adverts)
        found = posting_signals(
            (Posting(a.title, a.location.display_name, a.redirect_url, a.created) for a in adverts), since
        )
        return SignalReport(found if sure else tuple(replace(s, strength=s.strength * _NAMESAKE) for s in found))

    def _adverts(self, company: CompanyRef, since: datetime) -> Sequence[_Advert]:
        days = max(1, ceil((self._clock.now() - since).total_seconds() / 86_400))
        question = {"company": company.name, "results_per_page": str(_PAGE), "sort_by": "date"}
        question |= {"max_days_old": str(days)}
        found: dict[str, _Advert] = {}
        received = 0
        for page in range(1, _MAX_PAGES + 1):
            answer = self._api.get(f"/jobs/{company.country.lower()}/search/{page}", question).read(_Page)
            received += len(answer.results)
            found |= {str(advert.id): advert for advert in answer.results}
            if not answer.results or received >= answer.count:
                break
        return list(found.values())
