"""What a company newly does in the open, by GitHub: what it published, and languages that are new to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from tools.ports import CompanyRef, SignalRecord, SignalReport, Unknown
from tools.providers.signal_source.recognition import is_web
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.asking import ask_each
from tools.providers.vendor.github import connect
from tools.providers.vendor.github_organisation import Repository, organisation_of, repositories_of
from tools.site_reader.types import cleaned

_MAX_NEWS = 3  # a company that publishes daily has not more news than one that publishes monthly
_PUBLISHED, _NEW_LANGUAGE = 0.5, 0.5  # strengths: a repository is no product, and a first one no adoption


class GitHubSignalSource:
    name = "github"
    kinds = frozenset({"news", "technology_added"})
    price_micros = 0

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = connect(account, wire)

    def signals(self, companies: Sequence[CompanyRef], since: datetime) -> Mapping[UUID, SignalReport | Unknown]:
        return ask_each([(c.company_id, c) for c in companies], lambda company: self._of(company, since))

    def _of(self, company: CompanyRef, since: datetime) -> SignalReport | Unknown:
        if not company.domain:
            return Unknown("A GitHub organisation is proved by the company's domain, which is not known.")
        organisation = organisation_of(self._api, company)
        if organisation is None:
            return Unknown("No GitHub organisation leads to this company's domain.")
        repositories, all_read = repositories_of(self._api, organisation.login)
        languages = _new_languages(repositories, since) if all_read else ()
        return SignalReport((*languages, *_published(repositories, since)))


def _published(repositories: Sequence[Repository], since: datetime) -> tuple[SignalRecord, ...]:
    found = []
    for each in repositories:
        if each.created_at is not None and each.created_at >= since and not each.archived and is_web(each.html_url):
            quote = f"{each.name}: {each.description}" if each.description else each.name
            found.append(SignalRecord("news", each.created_at, cleaned(quote), each.html_url, _PUBLISHED))
    return tuple(found[:_MAX_NEWS])


def _new_languages(repositories: Sequence[Repository], since: datetime) -> tuple[SignalRecord, ...]:
    """The first repository in each language that none from before then is written in.

    Nothing where there is no older repository to compare with, or one that does not say its day.
    """
    dated = [(each.created_at, each) for each in repositories if each.created_at is not None]
    held = {each.language for at, each in dated if at < since}
    if not held or len(dated) < len(repositories):
        return ()
    first: dict[str, SignalRecord] = {}
    for at, each in sorted(dated, key=lambda pair: pair[0]):
        if each.language and each.language not in held | first.keys() and is_web(each.html_url):
            quote = cleaned(f"First public repository in {each.language}: {each.name}")
            first[each.language] = SignalRecord("technology_added", at, quote, each.html_url, _NEW_LANGUAGE)
    return tuple(first.values())
