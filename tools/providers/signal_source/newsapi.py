"""Headlines that name a company, by NewsAPI, read by rules of ours (tools/news_reader.py).

Many companies are asked for in one question, because plans count questions. The article has to name the company in its
headline and must not be a namesake's.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from core.errors import FixConfiguration, SalesOSError
from tools.news_reader import read_headline
from tools.ports import CompanyRef, SignalRecord, SignalReport, Unknown
from tools.providers.signal_source.recognition import is_named, is_web, name_words, says_name, written_name
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.api import unknown_of
from tools.providers.vendor.newsapi import PastTheEnd, connect
from tools.site_reader.types import cleaned

_PAGE = 100
_MAX_PAGES = 5  # of one company's headlines
_MAX_QUESTION = 500  # characters of a question, encoded for a URL: the vendor's limit
_MAX_SIGNALS = 20  # of one company, the newest


class _Source(BaseModel):
    name: str | None = None


class _Article(BaseModel):
    source: _Source
    title: str | None
    url: str
    publishedAt: AwareDatetime  # noqa: N815 - NewsAPI's name
    description: str | None = None
    content: str | None = None


class _Answer(BaseModel):
    totalResults: int  # noqa: N815
    articles: list[_Article]


class NewsApiSignalSource:
    name = "newsapi"
    kinds = frozenset(
        {"funding", "acquisition", "leadership_change", "partnership", "expansion", "product_launch", "news"}
    )
    price_micros = 0  # a plan is paid by the month, whatever is asked

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = connect(account, wire)

    def signals(self, companies: Sequence[CompanyRef], since: datetime) -> Mapping[UUID, SignalReport | Unknown]:
        found: dict[UUID, SignalReport | Unknown] = {}
        refused: Unknown | None = None
        batches: list[Sequence[CompanyRef]] = []
        batch: list[CompanyRef] = []
        for company in companies:
            if not name_words(company.name):
                found[company.company_id] = Unknown("NewsAPI looks companies up by name, and this one has none.")
                continue
            if batch and len(quote_plus(_question([*batch, company]))) > _MAX_QUESTION:
                batches.append(batch)
                batch = []
            batch.append(company)
        if batch:
            batches.append(batch)
        while batches:
            asked = batches.pop(0)
            if refused is not None:
                found |= dict.fromkeys((c.company_id for c in asked), refused)
                continue
            try:
                articles = self._articles(asked, since)
            except SalesOSError as error:
                answer = unknown_of(error)
                found |= dict.fromkeys((c.company_id for c in asked), answer)
                refused = answer if isinstance(error, FixConfiguration) else None
                continue
            if articles is None:  # too many headlines to tell who was left out
                half = len(asked) // 2
                batches[:0] = [asked[:half], asked[half:]]
                continue
            found |= {c.company_id: SignalReport(_signals(c, articles, since)) for c in asked}
        return found

    def _articles(self, companies: Sequence[CompanyRef], since: datetime) -> Sequence[_Article] | None:
        """All that the question finds; None where several companies share more than a page."""
        question: dict[str, Any] = {
            "q": _question(companies),
            "searchIn": "title",
            "from": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "sortBy": "publishedAt",
            "pageSize": str(_PAGE),
        }
        found: dict[str, _Article] = {}
        received = 0
        for page in range(1, _MAX_PAGES + 1):
            try:
                answer = self._api.get("/everything", question | {"page": str(page)}).read(_Answer)
            except PastTheEnd:
                break
            if len(companies) > 1 and answer.totalResults > _PAGE:
                return None
            received += len(answer.articles)
            found |= {article.url: article for article in answer.articles}
            if not answer.articles or received >= answer.totalResults:
                break
        return list(found.values())


def _question(companies: Sequence[CompanyRef]) -> str:
    """ "Norra Logistik" OR "Borealis": names without their legal form, as headlines write them."""
    names = dict.fromkeys(written_name(company.name)[:100] for company in companies)
    return " OR ".join(f'"{name}"' for name in names)


def _signals(company: CompanyRef, articles: Sequence[_Article], since: datetime) -> tuple[SignalRecord, ...]:
    found: list[SignalRecord] = []
    for article in sorted(articles, key=lambda a: a.publishedAt, reverse=True):
        headline = cleaned(article.title or "")
        text = "\n".join(filter(None, (headline, article.description, article.content, article.url)))
        if article.publishedAt < since or not is_web(article.url):
            continue
        if not is_named(headline, text, company.name, company.domain):
            continue
        words = name_words(company.name)
        reading = read_headline(headline, " ".join(words) if says_name(headline, company.name) else words[0])
        if reading is None:
            continue
        if any(s.kind == reading.kind and s.quote == headline for s in found):
            continue  # an agency's text in many papers is one piece of news
        found.append(SignalRecord(reading.kind, article.publishedAt, headline, article.url, reading.strength))
    return tuple(found[:_MAX_SIGNALS])
