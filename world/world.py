"""The market as a whole: one seed, one clock, every port."""

from collections.abc import Sequence
from datetime import datetime

from core.clock import Clock
from world.chance import Chance
from world.customers import CustomerBase
from world.mail import PostOffice
from world.market import make_market
from world.rep import Rep, Selling
from world.sources import WorldCompanySource, WorldPersonFinder, WorldUsageSource
from world.truth import Company, Person
from world.web import WorldMailDomains, WorldWeb


class World:
    """`prospects` can be found and written to; `customers` bought before the quarter began."""

    def __init__(self, seed: int, clock: Clock, *, prospects: int, customers: int) -> None:
        start: datetime = clock.now()
        market = make_market(seed, prospects + customers, start.date())
        chance = Chance(seed)
        self.prospects: Sequence[Company] = market[:prospects]
        self.first_customers: Sequence[Company] = market[prospects:]
        self.customers = CustomerBase(chance)
        self.customers.add_existing(self.first_customers, start.date())
        self.company_source = WorldCompanySource(self.prospects, chance, clock, start)
        self.person_finder = WorldPersonFinder(market, chance)
        self.usage_source = WorldUsageSource(self.customers, clock)
        self.web = WorldWeb(market, clock, start)
        self.mail_domains = WorldMailDomains(market)
        self.post_office = PostOffice(market, chance, clock)
        self.rep = Rep(chance)
        self.selling = Selling(chance)
        self._by_domain = {company.domain: company for company in market}
        self._by_email = {person.email: person for company in market for person in company.people}

    def company(self, domain: str) -> Company:
        return self._by_domain[domain]

    def person(self, email: str) -> Person:
        return self._by_email[email]
