"""Companies of Apollo that an ICP asks for, a page a credit."""

from pydantic import BaseModel

from core.errors import Rejected, SalesOSError
from tools.ports import CompanyPage, CompanyQuery, CompanyRecord, RowProblem, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.api import unknown_of
from tools.providers.vendor.apollo import PAGE, SEARCH_LIMITS, SPEC, Organization, connect
from tools.providers.vendor.countries import country_name
from tools.providers.vendor.paging import offset_of, slice_after

_LAST_PAGE = 500  # "up to 500 pages": what lies behind needs a narrower question
_MOST_EMPLOYEES = 10_000_000  # the upper end of a range that has none


class _Pagination(BaseModel):
    total_pages: int


class _Found(BaseModel):
    organizations: list[Organization]
    pagination: _Pagination


class ApolloCompanySource:
    """Names, sites and founding years: the search tells no more. What else is asked for, the enricher knows.

    A cursor counts records, so it lives on in another process; Apollo's own order may move under it meanwhile.
    """

    name = SPEC.name

    def __init__(self, account: Account, wire: Wire, query: CompanyQuery) -> None:
        self._api = connect(account, wire, SEARCH_LIMITS)
        self._credit = account.credit_micros
        # A page is charged, full or not: one record costs a whole credit where it is the page's only one.
        self.price_micros = account.credit_micros
        self._question = _question(query)
        self._seen: set[str] = set()

    def page(self, cursor: str | None, limit: int) -> CompanyPage | Unknown:
        try:
            return self._after(offset_of(cursor, SPEC.label), limit)
        except SalesOSError as error:
            return unknown_of(error)

    def _after(self, offset: int, limit: int) -> CompanyPage:
        asked = slice_after(offset, limit, PAGE)
        if asked.page > _LAST_PAGE:
            raise Rejected(
                "Apollo shows the first 500 pages of a search and no more.", hint="Narrow what the ICP asks for."
            )
        if not offset:
            self._seen.clear()
        window = [("page", str(asked.page)), ("per_page", str(asked.size))]
        found = self._api.post("/mixed_companies/search", params=[*self._question, *window]).read(_Found)
        records: list[CompanyRecord] = []
        problems: list[RowProblem] = []
        for number, organization in enumerate(found.organizations, offset + 1):
            if organization.id in self._seen:
                continue
            self._seen.add(organization.id)
            if not (organization.name or organization.domain):
                problems.append(RowProblem(number, "A company without a name.", organization.id))
            else:  # the page's price stands at its first record, so that the sum is what was paid
                records.append(organization.record(0 if records else self._credit))
        there_is_more = bool(found.organizations) and asked.page < found.pagination.total_pages
        return CompanyPage(records, problems, str(offset + asked.size) if there_is_more else None)


def _question(query: CompanyQuery) -> list[tuple[str, str]]:
    """Arguments of a POST travel in Apollo's query string, lists as repeated `name[]`."""
    asked = [("organization_locations[]", name) for code in query.countries if (name := country_name(code))]
    asked += [("q_organization_keyword_tags[]", word) for word in (*query.industries, *query.keywords)]
    if query.employees_min is not None or query.employees_max is not None:
        ends = (query.employees_min or 1, query.employees_max or _MOST_EMPLOYEES)
        asked.append(("organization_num_employees_ranges[]", f"{ends[0]},{ends[1]}"))
    if query.currency == "USD":  # the filter is in whole dollars; another currency would need a rate of the day
        for end, minor in (("min", query.revenue_min_minor), ("max", query.revenue_max_minor)):
            if minor is not None:
                asked.append((f"revenue_range[{end}]", str(minor // 100)))
    # "Use underscores to replace spaces and periods": Google Analytics is google_analytics.
    uids = (technology.lower().replace(" ", "_").replace(".", "_") for technology in query.technologies)
    asked += [("currently_using_any_of_technology_uids[]", uid) for uid in uids]
    return asked
