"""Changes of a company's pricing, product and demo pages, by what the Wayback Machine kept of them.

Two captures are compared: the last from before the days asked for, and the latest. Where they differ, captures between
them are read by bisection, so that a change is dated by the first capture that shows it. That is the latest day that it
can have been made, not the day it was.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from pydantic import RootModel

from tools.ports import CompanyRef, Gap, SignalRecord, SignalReport, Unknown, WebFetch, WebPage
from tools.providers.signal_source.page_difference import Difference, difference
from tools.providers.signal_source.recognition import is_of
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.api import Unreadable, VendorApi
from tools.providers.vendor.asking import ask_each
from tools.providers.vendor.wayback import ARCHIVE, SPEC, connect
from tools.providers.web_fetch.guarded import USER_AGENT

Compare = Callable[[WebPage, WebPage], Difference]

# Kind of signal → paths where such a page usually stands; the first that was captured is looked at.
PAGES: Mapping[str, Sequence[str]] = {
    "pricing_page_changed": ("pricing", "plans"),
    "demo_page_changed": ("demo", "request-demo"),
    "product_page_changed": ("product", "products"),
}
_BEFORE = timedelta(days=365)  # how old the capture may be that the latest is compared with
_MOST_CAPTURES = 300
_MOST_READ = 6  # pages read for one signal: two, and four halvings
_SIDE_BY_SIDE = 2  # 24 calls a minute are soon made
_AT_ONCE = 40  # companies of one question: about eight minutes
_FIELDS = ["timestamp", "original", "digest"]
_TIME = re.compile(r"\d{14}")


class _Rows(RootModel[list[list[str]]]):
    pass


class Capture(NamedTuple):
    at: datetime
    timestamp: str
    original: str  # the address as it was captured

    @property
    def shown(self) -> str:
        """For people: within the archive's frame."""
        return f"{ARCHIVE}/{self.timestamp}/{self.original}"

    @property
    def bare(self) -> str:
        """The bytes as they were captured."""
        return f"{ARCHIVE}/{self.timestamp}id_/{self.original}"


class WaybackSignalSource:
    """`fetch`: reads captured pages; None: the wire's reader, without which nothing can be compared."""

    name = "wayback"
    kinds = frozenset(PAGES)
    price_micros = 0

    def __init__(
        self, account: Account, wire: Wire, fetch: WebFetch | None = None, compare: Compare = difference
    ) -> None:
        self._api = connect(account, wire)
        self._fetch = fetch or wire.fetch(USER_AGENT)
        self._compare = compare

    def signals(self, companies: Sequence[CompanyRef], since: datetime) -> Mapping[UUID, SignalReport | Unknown]:
        if self._fetch is None:
            off = Unknown("Captured pages cannot be read: fetching is off.", Gap.REFUSED)
            return {company.company_id: off for company in companies}
        fetch = self._fetch
        found = ask_each(
            [(company.company_id, company) for company in companies[:_AT_ONCE]],
            lambda company: self._of(company, fetch, since),
            side_by_side=_SIDE_BY_SIDE,
        )
        later = Unknown(f"The archive answers slowly: it is asked of {_AT_ONCE} companies at a time.", Gap.DOWN)
        return {**dict.fromkeys((company.company_id for company in companies[_AT_ONCE:]), later), **found}

    def _of(self, company: CompanyRef, fetch: WebFetch, since: datetime) -> SignalReport | Unknown:
        if not company.domain:
            return Unknown("Captures are looked up by domain, and this company's is not known.")
        found: list[SignalRecord] = []
        unread: Unknown | None = None
        captured = False
        for kind, paths in PAGES.items():
            captures = next((c for path in paths if (c := captures_of(self._api, company.domain, path, since))), ())
            captured = captured or bool(captures)
            changed = _Comparison(fetch, self._compare, captures).changed(since)
            if isinstance(changed, Unknown):
                unread = changed
            elif changed is not None:
                capture, what = changed
                found.append(SignalRecord(kind, capture.at, what.quote, capture.shown, what.strength))
        if unread is not None and not found:
            return unread
        if not captured:
            return Unknown("The archive holds no pricing, product or demo page of this company.")
        return SignalReport(tuple(found))


def captures_of(api: VendorApi, domain: str, path: str, since: datetime) -> Sequence[Capture]:
    """Captures of a page that differ from the one before, the oldest first, from a year before `since` on."""
    question = [
        ("url", f"{domain}/{path}"),
        ("output", "json"),
        ("fl", ",".join(_FIELDS)),
        ("filter", "statuscode:200"),
        ("filter", "mimetype:text/html"),
        ("collapse", "digest"),
        ("from", (since - _BEFORE).strftime("%Y%m%d")),
        ("limit", str(-_MOST_CAPTURES)),
    ]
    rows = api.get("/cdx/search/cdx", question).read(_Rows).root
    if not rows:
        return ()
    if rows[0] != _FIELDS or any(len(row) != len(_FIELDS) for row in rows):
        raise Unreadable(f"{SPEC.label} answers in another shape than it describes.")
    found = []
    for timestamp, original, _ in rows[1:]:
        if _TIME.fullmatch(timestamp) and is_of(original, domain):
            try:
                at = datetime.strptime(timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
            except ValueError:
                continue
            found.append(Capture(at, timestamp, original))
    return sorted(found)


class _Comparison:
    """Reads each capture once, and no more than are needed to date a change."""

    def __init__(self, fetch: WebFetch, compare: Compare, captures: Sequence[Capture]) -> None:
        self._fetch = fetch
        self._compare = compare
        self._captures = captures
        self._left = _MOST_READ

    def changed(self, since: datetime) -> tuple[Capture, Difference] | Unknown | None:
        """The first capture known to differ from the last one before `since`, and how the latest differs."""
        before = [capture for capture in self._captures if capture.at < since]
        after = [capture for capture in self._captures if capture.at >= since]
        if not before:
            before, after = after[:1], after[1:]
        if not before or not after:
            return None
        old = self._read(before[-1])
        if isinstance(old, Unknown):
            return old
        new = self._read(after[-1])
        if isinstance(new, Unknown):
            return new
        what = self._compare(old, new)
        if not what:
            return None
        unchanged, changed = -1, len(after) - 1  # positions: the change lies between them
        while changed - unchanged > 1 and self._left > 0:
            middle = (unchanged + changed) // 2
            page = self._read(after[middle])
            if isinstance(page, Unknown):
                break
            if self._compare(old, page):
                changed = middle
            else:
                unchanged = middle
        return after[changed], what

    def _read(self, capture: Capture) -> WebPage | Unknown:
        self._left -= 1
        page = self._fetch.get(capture.bare)
        if isinstance(page, Unknown):
            return Unknown(f"A captured page could not be read: {page.reason}", Gap.DOWN)
        if page.status != 200:
            return Unknown(f"The archive answered with status {page.status} for a captured page.", Gap.DOWN)
        return page
