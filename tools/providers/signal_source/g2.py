"""Companies that compare products at G2, by its buyer intent: what they looked at on which day, never who.

Reviews are no source of ours: what G2 describes of them does not say which company a reviewer is of.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from tools.domains import registrable_domain
from tools.ports import CompanyRef, Gap, SignalRecord, SignalReport, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.asking import ask_each
from tools.providers.vendor.g2 import buyer_intent_path, connect
from tools.providers.vendor.loose import Loose, Whole
from tools.site_reader.types import cleaned

_PAGE = 250  # rows a call, at most
_MAX_PAGES = 8  # of one company
_MAX_SIGNALS = 20  # of one company, the newest
_LOOKED: Mapping[str, tuple[str, str, float]] = {  # G2's word: our kind, what it means, how plainly it says so
    "pricing": ("pricing_page_visit", "looked at the prices of {product}", 1.0),
    "compare": ("review_site_visit", "compared {product} with others", 1.0),
    "alternatives": ("review_site_visit", "looked at alternatives to {product}", 1.0),
    "competitors": ("review_site_visit", "looked at competitors of {product}", 1.0),
    "profile": ("review_site_visit", "looked at {product}", 0.8),
    "category": ("review_site_visit", "looked at the category of {product}", 0.5),
}
_OTHER = ("review_site_visit", "was active around {product}", 0.5)


class _Attributes(Loose):
    company_domain: str | None = None
    signal_type: str | None = None
    day: date | None = None
    total_activity: Whole = None
    subject_product_slug: str | None = None


class _Row(Loose):
    id: str
    attributes: _Attributes


class _Links(Loose):
    next: str | None = None


class _Answer(Loose):
    data: list[_Row]
    links: _Links


class G2SignalSource:
    name = "g2"
    kinds = frozenset({"review_site_visit", "pricing_page_visit"})
    price_micros = 0  # a licence is paid by the year, whatever is asked

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = connect(account, wire)
        self._path = buyer_intent_path(account)
        self._has_product = bool(account.options.get("product_id"))

    def signals(self, companies: Sequence[CompanyRef], since: datetime) -> Mapping[UUID, SignalReport | Unknown]:
        return ask_each([(c.company_id, c) for c in companies], lambda company: self._of(company, since))

    def _of(self, company: CompanyRef, since: datetime) -> SignalReport | Unknown:
        if not self._has_product:
            return Unknown("G2 needs the id of your product there: set its option product_id.", Gap.REFUSED)
        if not company.domain:
            return Unknown("G2 knows companies by domain, and this company's is not known.")
        found = [signal for row in self._rows(company, since) if (signal := _signal(row.attributes, since))]
        found.sort(key=lambda signal: signal.observed_at, reverse=True)
        return SignalReport(tuple(found[:_MAX_SIGNALS]))

    def _rows(self, company: CompanyRef, since: datetime) -> Sequence[_Row]:
        question = {
            "dimensions": "company_domain,signal_type,day",
            "measures": "total_activity",
            "sort": "-day",
            "dimension_filters[company_domain_eq]": company.domain,
            "dimension_filters[day_gteq]": f"{since.astimezone(UTC):%Y-%m-%d}",
            "page[size]": str(_PAGE),
        }
        found: dict[str, _Row] = {}
        for _ in range(_MAX_PAGES):
            answer = self._api.get(self._path, question).read(_Answer)
            found |= {row.id: row for row in answer.data if _is_of(row, company.domain)}
            after = _cursor(answer.links.next)
            if not answer.data or after is None or after == question.get("page[after]"):
                break
            question["page[after]"] = after
        return list(found.values())


def _is_of(row: _Row, domain: str) -> bool:
    return registrable_domain(row.attributes.company_domain or "") == domain


def _cursor(link: str | None) -> str | None:
    """Of the link to the next page only the place is taken: where we ask is not for an answer to say."""
    return next(iter(parse_qs(urlsplit(link or "").query).get("page[after]", ())), None)


def _signal(row: _Attributes, since: datetime) -> SignalRecord | None:
    if row.day is None or row.day < since.astimezone(UTC).date():
        return None
    word = (row.signal_type or "").lower()
    kind, meaning, strength = _LOOKED.get(word, _OTHER)
    product = row.subject_product_slug or "the product"
    views = f", {row.total_activity} times" if row.total_activity else ""
    quote = cleaned(f"{meaning.format(product=product)} at G2 on {row.day:%Y-%m-%d}{views} ({word or 'no type'})")
    url = (
        f"https://www.g2.com/products/{row.subject_product_slug}" if row.subject_product_slug else "https://www.g2.com"
    )
    return SignalRecord(
        kind, max(since, datetime.combine(row.day, time(), UTC)), quote[:1].upper() + quote[1:], url, strength
    )
