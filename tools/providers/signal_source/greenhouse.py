"""Vacancies on a company's Greenhouse board, once it is known that the board is this company's."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import unescape
from urllib.parse import quote
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from core.errors import NotFound
from tools.ports import CompanyRef, SignalReport, Unknown, WebFetch
from tools.providers.signal_source.boards import (
    Posting,
    guessed_boards,
    leads_elsewhere,
    linked_boards,
    posting_signals,
)
from tools.providers.signal_source.recognition import is_distinctive, is_of, label_of, same_name, says_domain
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.asking import ask_each
from tools.providers.vendor.greenhouse import connect
from tools.providers.web_fetch.guarded import USER_AGENT

_BOARD = re.compile(
    r"(?i)\b(?:job-)?boards(?:\.eu)?\.greenhouse\.io/(?:embed/job_(?:board|app)(?:/js)?\?(?:[^\s\"'#]*&)?for=)?"
    r"(?P<token>(?!embed\b)[a-z0-9_-]{2,80})"
)


class _Board(BaseModel):
    name: str
    content: str | None = None


class _Place(BaseModel):
    name: str | None = None


class _Job(BaseModel):
    id: int
    title: str
    absolute_url: str
    updated_at: AwareDatetime
    first_published: AwareDatetime | None = None
    location: _Place


class _Jobs(BaseModel):
    jobs: list[_Job]


class _Text(BaseModel):
    content: str = ""


class GreenhouseSignalSource:
    """`fetch`: finds the board by the company's own pages; None: the wire's reader; without one by name alone."""

    name = "greenhouse"
    kinds = frozenset({"hiring"})
    price_micros = 0

    def __init__(self, account: Account, wire: Wire, fetch: WebFetch | None = None) -> None:
        self._api = connect(account, wire)
        self._fetch = fetch or wire.fetch(USER_AGENT)

    def signals(self, companies: Sequence[CompanyRef], since: datetime) -> Mapping[UUID, SignalReport | Unknown]:
        return ask_each([(c.company_id, c) for c in companies], lambda company: self._of(company, since))

    def _of(self, company: CompanyRef, since: datetime) -> SignalReport | Unknown:
        if not company.domain:
            return Unknown("A job board is proved by the company's domain, which is not known.")
        linked = linked_boards(self._fetch, company.domain, _BOARD)
        for token in dict.fromkeys((*linked, *guessed_boards(company.name, company.domain))):
            jobs = self._board(token, company, linked=token in linked)
            if jobs is not None:
                found = {job.id: self._posting(job) for job in jobs}
                return SignalReport(posting_signals(found.values(), since))
        return Unknown("No Greenhouse board is known to be this company's.")

    def _board(self, token: str, company: CompanyRef, *, linked: bool) -> Sequence[_Job] | None:
        """The postings of the board, or None where there is no such board or it is not proved to be this company's."""
        path = f"/boards/{quote(token, safe='')}"
        try:
            board = self._api.get(path).read(_Board)
        except NotFound:
            return None
        named = same_name(board.name, company.name)
        if not linked and not named:
            return None
        jobs = self._api.get(f"{path}/jobs").read(_Jobs).jobs
        if says_domain(unescape(board.content or ""), company.domain):
            return jobs
        urls = [job.absolute_url for job in jobs]
        if any(is_of(url, company.domain) for url in urls):
            return jobs
        if leads_elsewhere(urls, company.domain):
            return None
        if linked:  # a page may link to the board of a customer or a parent: the name has to fit
            return jobs if named or token == label_of(company.domain) else None
        if is_distinctive(company.name):
            return jobs
        # One word as a name: a posting has to speak of the company's domain.
        if not jobs:
            return None
        text = self._api.get(f"{path}/jobs/{jobs[0].id}").read(_Text).content
        return jobs if says_domain(unescape(text), company.domain) else None

    def _posting(self, job: _Job) -> Posting:
        # Older postings carry no day of publication; they were open on the day that they were last changed.
        return Posting(job.title, job.location.name or "", job.absolute_url, job.first_published or job.updated_at)
