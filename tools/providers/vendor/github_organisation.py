"""Which GitHub organisation is a company's, and its public repositories.

Anyone may register any name there. An organisation counts as the company's where its profile leads to the company's
domain, by its web site or its address.
"""

import re
from collections.abc import Sequence

from pydantic import AwareDatetime, BaseModel, RootModel

from core.errors import NotFound
from tools.ports import CompanyRef
from tools.providers.signal_source.recognition import is_distinctive, is_of, label_of, name_words
from tools.providers.vendor.api import VendorApi

_PAGE = 100
MAX_PAGES = 5  # of one organisation's repositories
_CANDIDATES = 3  # of a search
_LOGIN = re.compile(r"[a-z\d](?:[a-z\d]|-(?=[a-z\d])){0,38}")


class Organisation(BaseModel):
    login: str
    html_url: str
    name: str | None = None
    description: str | None = None
    blog: str | None = None
    email: str | None = None
    location: str | None = None
    is_verified: bool = False  # GitHub has seen that its domain is its own


class Repository(BaseModel):
    id: int
    name: str
    html_url: str
    fork: bool
    description: str | None = None
    language: str | None = None  # the one with the most bytes
    archived: bool = False
    created_at: AwareDatetime | None = None


class _Repositories(RootModel[list[Repository]]):
    pass


class _Account(BaseModel):
    login: str
    type: str


class _Search(BaseModel):
    items: list[_Account]


def organisation_of(api: VendorApi, company: CompanyRef) -> Organisation | None:
    """None where no organisation leads to the company's domain. Asks one to seven times."""
    words = name_words(company.name)
    guesses = dict.fromkeys((label_of(company.domain), "-".join(words), "".join(words)))
    tried = [login for login in guesses if _LOGIN.fullmatch(login)]
    for login in tried:
        if found := _led_to(api, login, company):
            return found
    if not is_distinctive(company.name):  # a search for one word finds its namesakes
        return None
    question = {"q": f"{' '.join(words)} in:name type:org", "per_page": str(_CANDIDATES)}
    for item in api.get("/search/users", question).read(_Search).items[:_CANDIDATES]:
        login = item.login.lower()
        if login not in tried and _LOGIN.fullmatch(login) and (found := _led_to(api, login, company)):
            return found
    return None


def _led_to(api: VendorApi, login: str, company: CompanyRef) -> Organisation | None:
    try:
        found = api.get(f"/orgs/{login}").read(Organisation)
    except NotFound:
        return None
    return found if any(is_of(said or "", company.domain) for said in (found.blog, found.email)) else None


def repositories_of(api: VendorApi, login: str) -> tuple[Sequence[Repository], bool]:
    """Its own public repositories, the newest first, and whether these are all of them."""
    found: dict[int, Repository] = {}
    for page in range(1, MAX_PAGES + 1):
        question = {"type": "sources", "sort": "created", "direction": "desc"}
        question |= {"per_page": str(_PAGE), "page": str(page)}
        repositories = api.get(f"/orgs/{login}/repos", question).read(_Repositories).root
        found |= {each.id: each for each in repositories if not each.fork}
        if len(repositories) < _PAGE:
            return list(found.values()), True
    return list(found.values()), False
