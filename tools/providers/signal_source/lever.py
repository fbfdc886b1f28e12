"""Vacancies on a company's Lever site, once it is known that the site is this company's.

Lever names no company in its answers, so a site is proved by the company's own link to it together with the name, or by
what its postings say.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import UUID

from pydantic import BaseModel, Field, RootModel

from core.errors import NotFound
from tools.ports import CompanyRef, SignalReport, Unknown, WebFetch
from tools.providers.signal_source.boards import Posting, guessed_boards, linked_boards, posting_signals
from tools.providers.signal_source.recognition import is_distinctive, label_of, name_words, says_domain, says_name
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.asking import ask_each
from tools.providers.vendor.lever import EU_HOST, HOST, connect
from tools.providers.web_fetch.guarded import USER_AGENT

_SITE = re.compile(r"(?i)\b(?:jobs|api)(?:\.eu)?\.lever\.co/(?:v0/postings/)?(?P<token>[a-z0-9_.-]{2,80})")
_PAGE = 100
_MAX_PAGES = 20
# Members of the European Union, the European Economic Area, Switzerland and the United Kingdom: whose sites may stand
# on Lever's European host.
_EUROPE = frozenset(
    ["AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU",
     "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"]
)  # fmt: skip


class _Categories(BaseModel):
    location: str | None = None


class _Section(BaseModel):
    content: str | None = None


class _Posting(BaseModel):
    id: str
    text: str
    hostedUrl: str  # noqa: N815 - Lever's name
    createdAt: int | None = Field(default=None, ge=0, le=4_102_444_800_000)  # noqa: N815 - milliseconds since 1970
    categories: _Categories = _Categories()
    descriptionPlain: str | None = None  # noqa: N815
    description: str | None = None
    additionalPlain: str | None = None  # noqa: N815
    additional: str | None = None
    openingPlain: str | None = None  # noqa: N815
    lists: list[_Section] = []

    def prose(self) -> str:
        parts = (self.openingPlain, self.descriptionPlain or self.description, self.additionalPlain or self.additional)
        return "\n".join(part for part in (*parts, *(section.content for section in self.lists)) if part)


class _Page(RootModel[list[_Posting]]):
    pass


class LeverSignalSource:
    """`fetch`: finds the site by the company's own pages; None: the wire's reader; without one by name alone."""

    name = "lever"
    kinds = frozenset({"hiring"})
    price_micros = 0

    def __init__(self, account: Account, wire: Wire, fetch: WebFetch | None = None) -> None:
        self._api = connect(account, wire)
        self._fetch = fetch or wire.fetch(USER_AGENT)

    def signals(self, companies: Sequence[CompanyRef], since: datetime) -> Mapping[UUID, SignalReport | Unknown]:
        return ask_each([(c.company_id, c) for c in companies], lambda company: self._of(company, since))

    def _of(self, company: CompanyRef, since: datetime) -> SignalReport | Unknown:
        if not company.domain:
            return Unknown("A Lever site is proved by the company's domain, which is not known.")
        linked = linked_boards(self._fetch, company.domain, _SITE)
        for site in dict.fromkeys((*linked, *guessed_boards(company.name, company.domain))):
            for host in (HOST, EU_HOST) if company.country in _EUROPE or site in linked else (HOST,):
                postings = self._postings(f"{host}/postings/{quote(site, safe='')}")
                if postings and self._is_of(company, site, postings, linked=site in linked):
                    return SignalReport(posting_signals(map(_posting, postings), since))
        return Unknown("No Lever site is known to be this company's.")

    def _postings(self, url: str) -> Sequence[_Posting]:
        found: dict[str, _Posting] = {}
        for page in range(_MAX_PAGES):
            question = {"mode": "json", "skip": str(page * _PAGE), "limit": str(_PAGE)}
            try:
                postings = self._api.get(url, question).read(_Page).root
            except NotFound:
                break
            found |= {posting.id: posting for posting in postings}
            if len(postings) < _PAGE:
                break
        return list(found.values())

    def _is_of(self, company: CompanyRef, site: str, postings: Sequence[_Posting], *, linked: bool) -> bool:
        prose = [posting.prose() for posting in postings]
        if any(says_domain(text, company.domain) for text in prose):
            return True
        named = any(says_name(text, company.name) for text in prose)
        if linked:
            return named or site in (label_of(company.domain), "".join(name_words(company.name)))
        return named and is_distinctive(company.name)


def _posting(posting: _Posting) -> Posting:
    at = datetime.fromtimestamp(posting.createdAt / 1000, UTC) if posting.createdAt else None
    return Posting(posting.text, posting.categories.location or "", posting.hostedUrl, at)
