"""Companies of People Data Labs that an ICP asks for, a credit each."""

import json
from typing import Any

from pydantic import BaseModel

from core.errors import NotFound, Rejected, SalesOSError
from tools.ports import CompanyPage, CompanyQuery, CompanyRecord, RowProblem, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.api import unknown_of
from tools.providers.vendor.countries import country_name
from tools.providers.vendor.peopledatalabs import PAGE, SEARCH_LIMITS, SPEC, Company, any_of, connect


class _Found(BaseModel):
    # The published description gives the company alone; the documentation's examples have this around it.
    data: list[Company]
    scroll_token: str | None = None


class PeopleDataLabsCompanySource:
    """A cursor is the vendor's scroll token: it holds for this question, and for as long as the vendor keeps it."""

    name = SPEC.name

    def __init__(self, account: Account, wire: Wire, query: CompanyQuery) -> None:
        self._api = connect(account, wire, SEARCH_LIMITS)
        self.price_micros = account.credit_micros
        self._question = json.dumps({"query": _question(query)}, ensure_ascii=False, separators=(",", ":"))
        self._seen: set[str] = set()

    def page(self, cursor: str | None, limit: int) -> CompanyPage | Unknown:
        try:
            return self._after(cursor, max(1, min(limit, PAGE)))
        except SalesOSError as error:
            return unknown_of(error)

    def _after(self, cursor: str | None, size: int) -> CompanyPage:
        asked = {"query": self._question, "size": str(size), "titlecase": "true", "scroll_token": cursor}
        try:
            found = self._api.get("/v5/company/search", asked).read(_Found)
        except NotFound:
            if cursor is None:
                raise
            return CompanyPage([], [], None)  # how it says that the page before was the last
        except Rejected as error:
            if cursor is None:
                raise
            raise Rejected(
                f"{SPEC.label} no longer knows where we stopped in its list. {error.message}",
                hint="Begin from the start.",
            ) from None
        if cursor is None:
            self._seen.clear()
        records: list[CompanyRecord] = []
        problems: list[RowProblem] = []
        for number, company in enumerate(found.data, 1):
            if company.id in self._seen:
                continue
            self._seen.add(company.id)
            if company.name or company.website:
                records.append(company.record(self.price_micros))
            else:
                problems.append(RowProblem(number, "A company without a name.", company.id))
        ended = len(found.data) < size or found.scroll_token == cursor
        return CompanyPage(records, problems, None if ended else found.scroll_token)


def _question(query: CompanyQuery) -> dict[str, Any]:
    """In its subset of Elasticsearch's language. Texts are indexed in lower case; revenue is not asked for, because
    it is known as a range guessed by the vendor."""
    must: list[dict[str, Any]] = [{"exists": {"field": "website"}}]  # without one we could not tell it from others
    if query.countries:
        must.append(any_of(**{"location.country": tuple(filter(None, map(country_name, query.countries)))}))
    if query.industries or query.keywords:
        words = (*query.industries, *query.keywords)
        must.append(any_of(industry=words, tags=words))
    ends = {"gte": query.employees_min, "lte": query.employees_max}
    if given := {name: value for name, value in ends.items() if value is not None}:
        must.append({"range": {"employee_count": given}})
    return {"bool": {"must": must}}
