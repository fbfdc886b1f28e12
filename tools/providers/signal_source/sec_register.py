"""Which registrant of the SEC a company is: by its name, and never by its name alone where that is one word.

A filing of a namesake is worse than none. So a name has to be equal (legal form, accents and abbreviations aside) and
borne by one registrant; what the register says of web sites must not speak against it.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from tools.domains import registrable_domain
from tools.identity.normal_forms import company_name
from tools.ports import CompanyRef
from tools.providers.signal_source.recognition import is_distinctive, words_of


class Registrant(NamedTuple):
    cik: int  # Central Index Key
    name: str
    tickers: frozenset[str] = frozenset()  # lower case


class Register:
    """The listed registrants, looked up by name in constant time."""

    def __init__(self, listed: Iterable[tuple[int, str, str]]) -> None:
        """`listed`: CIK, ticker, name; a registrant stands there once for each of its shares."""
        names: dict[int, str] = {}
        tickers: dict[int, set[str]] = defaultdict(set)
        for cik, ticker, name in listed:
            names.setdefault(cik, name)
            tickers[cik].add(ticker.lower())
        self._by_key: dict[str, list[Registrant]] = defaultdict(list)
        for cik, name in names.items():
            self._by_key[company_name(name).key].append(Registrant(cik, name, frozenset(tickers[cik])))

    def find(self, company: CompanyRef) -> Registrant | None:
        """The one registrant of this name that nothing speaks against; None where there is none, or are several."""
        key = company_name(company.name).key
        found = self._by_key.get(key, []) if key else []
        if len(found) != 1:
            return None
        return found[0] if is_distinctive(company.name) or _is_at_home(company, found[0]) else None


def _is_at_home(company: CompanyRef, registrant: Registrant) -> bool:
    """For a name of one word: whether the company's domain is the one that a listed company of that name would have.

    That is the name or the ticker under .com; under younger endings (.ai, .io) sit namesakes. "Tilt Holdings" is not
    Tilt: a listed holding company has a reason for its name.
    """
    label, _, ending = company.domain.partition(".")
    holding = {"holding", "holdings"} & ({*words_of(registrant.name)} - {*words_of(company.name)})
    return ending == "com" and not holding and label in {company_name(company.name).key, *registrant.tickers}


def websites_agree(company: CompanyRef, *websites: str | None) -> bool:
    """False where the register knows a web site, and it is another company's."""
    known = {domain for website in websites if website and (domain := registrable_domain(website))}
    return not known or company.domain in known
