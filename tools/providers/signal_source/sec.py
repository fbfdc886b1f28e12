"""Filings with the SEC as signals: money raised (Form D), leaders, acquisitions and material agreements (Form 8-K).

Listed companies are found in the register of tickers. Others file Form D alone, and are found by the full-text search
for their name. Amounts stand in the filing itself, which is read through the web reader.
"""

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

from pydantic import BaseModel, Field, RootModel

from core.errors import NotFound, SalesOSError
from tools.ports import CompanyRef, Gap, SignalRecord, SignalReport, Unknown, WebFetch
from tools.providers.signal_source.recognition import is_distinctive, same_name, written_name
from tools.providers.signal_source.sec_register import Register, websites_agree
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.api import unknown_of
from tools.providers.vendor.asking import ask_each
from tools.providers.vendor.sec import ARCHIVE, FULL_TEXT, REGISTER, connect, contact, pace

_MAX_SIGNALS = 20  # of one company, the newest
_MAX_READ = 3  # notices of offerings whose amounts are read, of one company
_TURN_SECONDS = 30.0
# Items of Form 8-K (17 CFR 249.308) that say something of a purchase to come, with how plainly they do: 5.02 reports
# who leaves as well, 2.01 what is sold as well, and 1.01 may be a lease or a loan.
_ITEMS: Mapping[str, tuple[str, float, str]] = {
    "1.01": ("news", 0.5, "Entry into a Material Definitive Agreement"),
    "2.01": ("acquisition", 0.6, "Completion of Acquisition or Disposition of Assets"),
    "5.02": ("leadership_change", 0.8, "Departure, Election or Appointment of Directors or Certain Officers"),
}
_FUND = re.compile(r"(?i)<industryGroupType>\s*Pooled Investment Fund")
_VALUE = r"(?i)<%s>\s*(?:<value>\s*)?([\d.,-]{1,30})\s*<"
_SOLD, _OFFERED, _FIRST_SALE = (
    re.compile(_VALUE % name) for name in ("totalAmountSold", "totalOfferingAmount", "dateOfFirstSale")
)


class _Ticker(BaseModel):
    cik_str: int
    ticker: str
    title: str


class _Tickers(RootModel[dict[str, _Ticker]]):
    pass


class _Columns(BaseModel):
    """Filings as parallel arrays, the newest first."""

    accessionNumber: list[str | None]  # noqa: N815 - EDGAR's names
    form: list[str | None]
    filingDate: list[str | None]  # noqa: N815
    items: list[str | None] = []
    primaryDocument: list[str | None] = []  # noqa: N815


class _Older(BaseModel):
    name: str
    filingTo: date  # noqa: N815


class _Filings(BaseModel):
    recent: _Columns
    files: list[_Older] = []


class _Submissions(BaseModel):
    name: str | None
    website: str | None = None
    investorWebsite: str | None = None  # noqa: N815
    filings: _Filings


class _Source(BaseModel):
    ciks: list[str]
    display_names: list[str]
    form: str
    file_date: date
    adsh: str


class _Hit(BaseModel):
    source: _Source = Field(alias="_source")


class _Hits(BaseModel):
    hits: list[_Hit]


class _Search(BaseModel):
    hits: _Hits


class _Filing(NamedTuple):
    cik: int
    number: str  # accession number, with hyphens
    form: str
    filed: datetime  # the day, at midnight UTC
    items: str
    document: str

    @property
    def folder(self) -> str:
        return f"{ARCHIVE}/{self.cik}/{self.number.replace('-', '')}"

    @property
    def url(self) -> str:
        return f"{self.folder}/{self.document or f'{self.number}-index.htm'}"


class SecSignalSource:
    """`fetch`: reads the amounts of offerings; None: the wire's reader, in the name of the contact, else they stay
    unknown."""

    name = "sec"
    kinds = frozenset({"funding", "leadership_change", "acquisition", "news"})
    price_micros = 0

    def __init__(self, account: Account, wire: Wire, fetch: WebFetch | None = None) -> None:
        self._pace = pace(wire)
        self._api = connect(account, wire, self._pace)
        self._contact = contact(account)
        self._clock = wire.clock
        self._fetch = fetch or wire.fetch(self._contact)
        self._known: Register | None = None
        self._lock = threading.Lock()

    def signals(self, companies: Sequence[CompanyRef], since: datetime) -> Mapping[UUID, SignalReport | Unknown]:
        if not self._contact:
            asks = Unknown("The SEC answers only who names a contact: set its option contact.", Gap.REFUSED)
            return {company.company_id: asks for company in companies}
        try:
            register = self._register()
        except SalesOSError as error:
            return dict.fromkeys((company.company_id for company in companies), unknown_of(error))
        return ask_each([(c.company_id, c) for c in companies], lambda company: self._of(company, register, since))

    def _register(self) -> Register:
        with self._lock:
            if self._known is None:
                listed = self._api.get(REGISTER).read(_Tickers).root.values()
                self._known = Register((one.cik_str, one.ticker, one.title) for one in listed)
            return self._known

    def _of(self, company: CompanyRef, register: Register, since: datetime) -> SignalReport | Unknown:
        registrant = register.find(company)
        if registrant is not None:
            filings = self._filed(company, registrant.cik, since)
        elif is_distinctive(company.name):
            filings = self._offered(company, since)
        else:
            return Unknown("No registrant of the SEC is known to be this company: its name is one word, or shared.")
        if isinstance(filings, Unknown):
            return filings
        filings.sort(key=lambda filing: (filing.filed, filing.number), reverse=True)
        return SignalReport(tuple(self._told(filings))[:_MAX_SIGNALS])

    # -- which filings

    def _filed(self, company: CompanyRef, cik: int, since: datetime) -> list[_Filing] | Unknown:
        found = self._api.get(f"/submissions/CIK{cik:010d}.json").read(_Submissions)
        if not websites_agree(company, found.website, found.investorWebsite):
            return Unknown("The registrant of this name at the SEC has another web site: it is a namesake.")
        columns = [found.filings.recent]
        for older in found.filings.files:  # busy registrants: what does not fit stands in further files
            if older.filingTo >= since.date() and re.fullmatch(r"CIK\d{10}-submissions-\d{3}\.json", older.name):
                columns.append(self._api.get(f"/submissions/{older.name}").read(_Columns))
        return [filing for each in columns for filing in _rows(cik, each) if filing.filed.date() >= since.date()]

    def _offered(self, company: CompanyRef, since: datetime) -> list[_Filing] | Unknown:
        question = {
            "q": f'"{written_name(company.name)}"',
            "forms": "D",
            "dateRange": "custom",
            "startdt": since.date().isoformat(),
            "enddt": self._clock.now().date().isoformat(),
        }
        try:
            hits = [hit.source for hit in self._api.get(FULL_TEXT, question).read(_Search).hits.hits]
        except NotFound:
            hits = []
        named = [hit for hit in hits if hit.ciks and _names(hit, company)]
        ciks = {hit.ciks[0] for hit in named}
        if not named:
            return Unknown("No filing with the SEC names this company as the one that files.")
        if len(ciks) > 1 or not all(cik.isdecimal() and len(cik) <= 10 for cik in ciks):
            return Unknown("Several registrants of the SEC bear this company's name.")
        return [
            _Filing(int(hit.ciks[0]), hit.adsh, hit.form, _midnight(hit.file_date), "", "xslFormDX01/primary_doc.xml")
            for hit in named
            if hit.file_date >= since.date() and _NUMBER.fullmatch(hit.adsh)
        ]

    # -- what they say

    def _told(self, filings: Sequence[_Filing]) -> Iterator[SignalRecord]:
        read = 0
        for filing in filings:
            if filing.form == "8-K":
                for item in (each.strip() for each in filing.items.split(",")):
                    if item in _ITEMS:
                        kind, strength, title = _ITEMS[item]
                        yield SignalRecord(kind, filing.filed, f"Form 8-K, item {item}: {title}", filing.url, strength)
            elif filing.form == "D":  # an amendment (D/A) tells of the same round again
                notice = self._notice(filing) if read < _MAX_READ else ""
                read += 1
                if not _FUND.search(notice):
                    yield SignalRecord("funding", filing.filed, _offering(notice), filing.url)

    def _notice(self, filing: _Filing) -> str:
        """The notice of an offering, as XML; "" where it cannot be read."""
        if self._fetch is None or self._pace.turn(_TURN_SECONDS) is None:
            return ""
        page = self._fetch.get(f"{filing.folder}/primary_doc.xml")
        return page.text if not isinstance(page, Unknown) and page.status == 200 else ""


_NUMBER = re.compile(r"\d{10}-\d{2}-\d{6}")
_DOCUMENT = re.compile(r"[\w./-]{1,200}")


def _rows(cik: int, columns: _Columns) -> Iterator[_Filing]:
    """A row that lacks its number, form or day is left out."""
    for at, (number, form, day) in enumerate(
        zip(columns.accessionNumber, columns.form, columns.filingDate, strict=False)
    ):
        try:
            filed = _midnight(date.fromisoformat(day or ""))
        except ValueError:
            continue
        if number and form and _NUMBER.fullmatch(number):
            document = _at(columns.primaryDocument, at)
            safe = document if _DOCUMENT.fullmatch(document) and ".." not in document else ""
            yield _Filing(cik, number, form, filed, _at(columns.items, at), safe)


def _at(column: Sequence[str | None], at: int) -> str:
    return (column[at] or "") if at < len(column) else ""


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _names(hit: _Source, company: CompanyRef) -> bool:
    """Whether the first filer is of the company's name: "Norra Logistik Inc  (NRRA)  (CIK 0001234567)"."""
    return bool(hit.display_names) and same_name(hit.display_names[0].split("  (")[0], company.name)


def _offering(notice: str) -> str:
    """ "Form D, notice of an offering: $13,992,757 sold of $13,992,757 offered, first sale on 2026-06-26"."""
    sold, offered, first = (
        found[1] if (found := each.search(notice)) else "" for each in (_SOLD, _OFFERED, _FIRST_SALE)
    )
    said = []
    if sold.isdecimal():
        of = f" of ${int(offered):,} offered" if offered.isdecimal() else ""
        said.append(f"${int(sold):,} sold{of}")
    elif offered.isdecimal():
        said.append(f"${int(offered):,} offered")
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", first):
        said.append(f"first sale on {first}")
    return "Form D, notice of an offering" + (f": {', '.join(said)}" if said else "")
