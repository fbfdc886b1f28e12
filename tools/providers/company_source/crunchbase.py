"""Companies by Crunchbase's search.

Where, in which industry and how large is asked of Crunchbase; the rest of a query the lead source looks at. Countries
and industries go by Crunchbase's own ids, which are looked up first: a name it does not know would match nothing,
without a word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from core.errors import Rejected, SalesOSError
from tools.mapping.places import country_code
from tools.names import plain
from tools.ports import CompanyPage, CompanyQuery, Gap, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.api import unknown_of
from tools.providers.vendor.countries import country_name
from tools.providers.vendor.crunchbase import (
    FIELDS,
    ORGANIZATIONS,
    PAGE,
    Identifier,
    Organization,
    connect,
    predicate,
    search,
)
from tools.providers.vendor.loose import Loose

_SUGGESTIONS = 25  # a look-up of a name, at most
_SIZES = {
    "c_00001_00010": (1, 10),
    "c_00011_00050": (11, 50),
    "c_00051_00100": (51, 100),
    "c_00101_00250": (101, 250),
    "c_00251_00500": (251, 500),
    "c_00501_01000": (501, 1_000),
    "c_01001_05000": (1_001, 5_000),
    "c_05001_10000": (5_001, 10_000),
    "c_10001_max": (10_001, None),
}


class _Suggested(Loose):
    identifier: Identifier


class _Suggestions(Loose):
    entities: list[_Suggested]


class CrunchbaseCompanySource:
    """The cursor is the id of the last company read."""

    name = "crunchbase"
    price_micros = 0  # a plan is paid by the year, whatever is asked

    def __init__(self, account: Account, wire: Wire, query: CompanyQuery) -> None:
        self._api = connect(account, wire)
        self._wanted = query
        self._query: Sequence[Mapping[str, Any]] | None = None

    def page(self, cursor: str | None, limit: int) -> CompanyPage | Unknown:
        size = max(1, min(limit, PAGE))
        if cursor is not None and not _is_id(cursor):
            return Unknown("This is no place in a list of Crunchbase: begin from the start.", Gap.REFUSED)
        try:
            if self._query is None:
                self._query = self._predicates()
            found = search(self._api, ORGANIZATIONS, FIELDS, self._query, Organization, limit=size, after=cursor)
        except Rejected as error:
            answer = unknown_of(error)
            hint = " It may have forgotten the company that the last page ended with: begin from the start."
            return replace(answer, reason=answer.reason + hint) if cursor else answer
        except SalesOSError as error:
            return unknown_of(error)
        records = {uuid: organization.record() for uuid, organization in found if uuid != cursor}
        named = [record for record in records.values() if record.name]
        return CompanyPage(named, (), found[-1][0] if len(found) >= size and found[-1][0] != cursor else None)

    def _predicates(self) -> Sequence[Mapping[str, Any]]:
        """Raises Rejected where Crunchbase has a word for none of the industries."""
        wanted = self._wanted
        found = [predicate("facet_ids", "includes", "company"), predicate("operating_status", "eq", "active")]
        if wanted.countries:
            ids = [one for code in wanted.countries for one in self._country(code)]
            if ids:
                found.append(predicate("location_identifiers", "includes", *dict.fromkeys(ids)))
        if wanted.industries:
            found.append(self._industries(wanted.industries))
        least, most = wanted.employees_min, wanted.employees_max
        if least is not None or most is not None:
            sizes = [
                code
                for code, (first, last) in _SIZES.items()
                if (most is None or first <= most) and (least is None or last is None or last >= least)
            ]
            if 0 < len(sizes) < len(_SIZES):
                found.append(predicate("num_employees_enum", "includes", *sizes))
        return found

    def _country(self, code: str) -> list[str]:
        """Places of the country's name: Georgia is two, and the lead source sees which a company is in."""
        name = country_name(code)
        suggested = self._suggestions(name, "locations") if name else ()
        return [each.uuid for each in suggested if country_code(each.value or "") == code]

    def _industries(self, names: Sequence[str]) -> Mapping[str, Any]:
        """By category or by group of categories, whichever knows more of them: a search cannot ask for either."""
        ids: dict[str, dict[str, str]] = {"category": {}, "category_group": {}}
        for name in names:
            for each in self._suggestions(name, "categories,category_groups"):
                if each.entity_def_id in ids and plain(each.value or "") == plain(name):
                    ids[each.entity_def_id][name] = each.uuid
        groups = len(ids["category_group"]) > len(ids["category"])
        chosen = ids["category_group" if groups else "category"]
        if not chosen:
            raise Rejected(f"Crunchbase has no category that is called {', '.join(names)[:200]}.")
        return predicate("category_groups" if groups else "categories", "includes", *chosen.values())

    def _suggestions(self, name: str, collections: str) -> list[Identifier]:
        question = {"query": name, "collection_ids": collections, "limit": str(_SUGGESTIONS)}
        return [each.identifier for each in self._api.get("/autocompletes", question).read(_Suggestions).entities]


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
