"""Companies of ZoomInfo that an ICP asks for. Searching is free: what it shows is a preview."""

from typing import Any

from pydantic import BaseModel

from core.errors import SalesOSError
from tools.ports import CompanyPage, CompanyQuery, CompanyRecord, RowProblem, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.api import unknown_of
from tools.providers.vendor.countries import country_name
from tools.providers.vendor.paging import offset_of, slice_after
from tools.providers.vendor.zoominfo import PAGE, SPEC, Company, ZoomInfoApi


class _Resource(BaseModel):
    id: str
    attributes: Company


class _Page(BaseModel):
    total: int


class _Meta(BaseModel):
    page: _Page


class _Found(BaseModel):
    data: list[_Resource]
    meta: _Meta


class ZoomInfoCompanySource:
    """A cursor counts records, so it lives on in another process; ZoomInfo's own order may move under it meanwhile."""

    name = SPEC.name
    price_micros = 0

    def __init__(self, account: Account, wire: Wire, query: CompanyQuery) -> None:
        self._api = ZoomInfoApi(account, wire)
        self._question = _question(query)
        self._seen: set[str] = set()

    def page(self, cursor: str | None, limit: int) -> CompanyPage | Unknown:
        try:
            return self._after(offset_of(cursor, SPEC.label), limit)
        except SalesOSError as error:
            return unknown_of(error)

    def _after(self, offset: int, limit: int) -> CompanyPage:
        asked = slice_after(offset, limit, PAGE)
        window = [("page[number]", str(asked.page)), ("page[size]", str(asked.size)), ("sort", "name")]
        found = self._api.ask("/data/v1/companies/search", "CompanySearch", self._question, window).read(_Found)
        if not offset:
            self._seen.clear()
        records: list[CompanyRecord] = []
        problems: list[RowProblem] = []
        for number, resource in enumerate(found.data, offset + 1):
            if resource.id in self._seen:
                continue
            self._seen.add(resource.id)
            record = resource.attributes.record(resource.id, 0)
            if record.name:
                records.append(record)
            else:
                problems.append(RowProblem(number, "A company without a name.", resource.id))
        there_is_more = bool(found.data) and asked.page < found.meta.page.total
        return CompanyPage(records, problems, str(offset + asked.size) if there_is_more else None)


def _question(query: CompanyQuery) -> dict[str, Any]:
    """Technologies are not asked for: they are ids of its own, which a text does not find."""
    asked: dict[str, Any] = {"excludeDefunctCompanies": True}
    if words := [*query.industries, *query.keywords]:
        asked["industryKeywords"] = " OR ".join(words)
    if len(query.countries) == 1:  # the field takes one; several are narrowed by whoever looks at what comes
        asked["country"] = country_name(query.countries[0])
    if query.employees_min is not None:
        asked["employeeRangeMin"] = str(query.employees_min)
    if query.employees_max is not None:
        asked["employeeRangeMax"] = str(query.employees_max)
    if query.currency == "USD":  # in thousands of dollars; another currency would need a rate of the day
        if query.revenue_min_minor is not None:
            asked["revenueMin"] = query.revenue_min_minor // 100_000
        if query.revenue_max_minor is not None:
            asked["revenueMax"] = -(-query.revenue_max_minor // 100_000)
    return asked
