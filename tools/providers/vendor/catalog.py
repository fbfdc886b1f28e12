"""The vendors of data there are, a flat list. Adding a capability of one is a file and a line here.

Nothing is asked by being listed: a workspace adds an account, and a keyless vendor is switched on.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from tools.ports import (
    CompanyEnricher,
    CompanyQuery,
    CompanySource,
    EmailFinder,
    EmailVerifier,
    PersonFinder,
    SignalSource,
)
from tools.providers.company_enricher.apollo import ApolloCompanyEnricher
from tools.providers.company_enricher.builtwith import BuiltWithCompanyEnricher
from tools.providers.company_enricher.clearbit import ClearbitCompanyEnricher
from tools.providers.company_enricher.crunchbase import CrunchbaseCompanyEnricher
from tools.providers.company_enricher.github import GitHubCompanyEnricher
from tools.providers.company_enricher.peopledatalabs import PeopleDataLabsCompanyEnricher
from tools.providers.company_enricher.wappalyzer import WappalyzerCompanyEnricher
from tools.providers.company_enricher.zoominfo import ZoomInfoCompanyEnricher
from tools.providers.company_source.apollo import ApolloCompanySource
from tools.providers.company_source.crunchbase import CrunchbaseCompanySource
from tools.providers.company_source.peopledatalabs import PeopleDataLabsCompanySource
from tools.providers.company_source.zoominfo import ZoomInfoCompanySource
from tools.providers.email_finder.hunter import HunterEmailFinder
from tools.providers.email_verifier.hunter import HunterEmailVerifier
from tools.providers.email_verifier.zerobounce import ZeroBounceEmailVerifier
from tools.providers.person_finder.apollo import ApolloPersonFinder
from tools.providers.person_finder.hunter import HunterPersonFinder
from tools.providers.person_finder.peopledatalabs import PeopleDataLabsPersonFinder
from tools.providers.person_finder.zoominfo import ZoomInfoPersonFinder
from tools.providers.signal_source.adzuna import AdzunaSignalSource
from tools.providers.signal_source.builtwith import BuiltWithSignalSource
from tools.providers.signal_source.crunchbase import CrunchbaseSignalSource
from tools.providers.signal_source.g2 import G2SignalSource
from tools.providers.signal_source.github import GitHubSignalSource
from tools.providers.signal_source.greenhouse import GreenhouseSignalSource
from tools.providers.signal_source.lever import LeverSignalSource
from tools.providers.signal_source.newsapi import NewsApiSignalSource
from tools.providers.signal_source.sec import SecSignalSource
from tools.providers.signal_source.wappalyzer import WappalyzerSignalSource
from tools.providers.signal_source.wayback import WaybackSignalSource
from tools.providers.vendor import (
    adzuna,
    apollo,
    builtwith,
    clearbit,
    crunchbase,
    g2,
    github,
    greenhouse,
    hunter,
    lever,
    newsapi,
    peopledatalabs,
    sec,
    wappalyzer,
    wayback,
    zerobounce,
    zoominfo,
)
from tools.providers.vendor.account import Account, VendorSpec, Wire


@dataclass(frozen=True)
class Vendor:
    """A vendor and what may be asked of it; None: it has no such thing, or we do not use it."""

    spec: VendorSpec
    company_source: Callable[[Account, Wire, CompanyQuery], CompanySource] | None = None
    company_enricher: Callable[[Account, Wire], CompanyEnricher] | None = None
    person_finder: Callable[[Account, Wire], PersonFinder] | None = None
    email_finder: Callable[[Account, Wire], EmailFinder] | None = None
    email_verifier: Callable[[Account, Wire], EmailVerifier] | None = None
    signal_source: Callable[[Account, Wire], SignalSource] | None = None

    def presented(self) -> VendorSpec:
        """With what it gives, in words."""
        offered = (
            ("lists of companies", self.company_source),
            ("facts about companies", self.company_enricher),
            ("people", self.person_finder),
            ("addresses", self.email_finder),
            ("verdicts on addresses", self.email_verifier),
            ("signals", self.signal_source),
        )
        return replace(self.spec, gives=tuple(words for words, maker in offered if maker is not None))


# By name.
VENDORS: Final[tuple[Vendor, ...]] = (
    Vendor(adzuna.SPEC, signal_source=AdzunaSignalSource),
    Vendor(
        apollo.SPEC,
        company_source=ApolloCompanySource,
        company_enricher=ApolloCompanyEnricher,
        person_finder=ApolloPersonFinder,
    ),
    Vendor(builtwith.SPEC, company_enricher=BuiltWithCompanyEnricher, signal_source=BuiltWithSignalSource),
    Vendor(clearbit.SPEC, company_enricher=ClearbitCompanyEnricher),
    Vendor(
        crunchbase.SPEC,
        company_source=CrunchbaseCompanySource,
        company_enricher=CrunchbaseCompanyEnricher,
        signal_source=CrunchbaseSignalSource,
    ),
    Vendor(g2.SPEC, signal_source=G2SignalSource),
    Vendor(github.SPEC, company_enricher=GitHubCompanyEnricher, signal_source=GitHubSignalSource),
    Vendor(greenhouse.SPEC, signal_source=GreenhouseSignalSource),
    Vendor(
        hunter.SPEC,
        person_finder=HunterPersonFinder,
        email_finder=HunterEmailFinder,
        email_verifier=HunterEmailVerifier,
    ),
    Vendor(lever.SPEC, signal_source=LeverSignalSource),
    Vendor(newsapi.SPEC, signal_source=NewsApiSignalSource),
    Vendor(
        peopledatalabs.SPEC,
        company_source=PeopleDataLabsCompanySource,
        company_enricher=PeopleDataLabsCompanyEnricher,
        person_finder=PeopleDataLabsPersonFinder,
    ),
    Vendor(sec.SPEC, signal_source=SecSignalSource),
    Vendor(wappalyzer.SPEC, company_enricher=WappalyzerCompanyEnricher, signal_source=WappalyzerSignalSource),
    Vendor(wayback.SPEC, signal_source=WaybackSignalSource),
    Vendor(zerobounce.SPEC, email_verifier=ZeroBounceEmailVerifier),
    Vendor(
        zoominfo.SPEC,
        company_source=ZoomInfoCompanySource,
        company_enricher=ZoomInfoCompanyEnricher,
        person_finder=ZoomInfoPersonFinder,
    ),
)
