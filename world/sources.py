"""The market behind the ports for companies, people and usage: noisy, with gaps, and priced."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from core.clock import Clock
from tools.ports import (
    ANYBODY,
    CompanyPage,
    CompanyRecord,
    CompanyRef,
    PeopleWanted,
    PersonRecord,
    RowProblem,
    SignalRecord,
    Unknown,
    UsageRecord,
)
from world.chance import Chance
from world.customers import CustomerBase
from world.truth import Company, Person

# What list vendors charge, in millionths of a cent: 2 cents a company, 5 cents a person with an address.
_COMPANY_COST = 2_000_000
_PERSON_COST = 5_000_000
_GAP = 0.12  # the share of firmographic fields that a source does not know

_NEWS = {
    "hiring": "We are hiring account executives in {city}.",
    "funding": "{name} announced a new funding round.",
    "news": "{name} opens a second office in {city}.",
    "pricing_page_changed": "New plans on the pricing page of {name}.",
}


class WorldCompanySource:
    name = "world"
    price_micros = _COMPANY_COST

    def __init__(self, companies: Sequence[Company], chance: Chance, clock: Clock, quarter_start: datetime) -> None:
        self._companies = companies
        self._chance = chance
        self._clock = clock
        self._start = quarter_start

    def page(self, cursor: str | None, limit: int) -> CompanyPage | Unknown:
        start = int(cursor or 0)
        chosen = self._companies[start : start + limit]
        end = start + len(chosen)
        more = end < len(self._companies)
        return CompanyPage([self._record(c) for c in chosen], [], str(end) if more else None)

    def _record(self, company: Company) -> CompanyRecord:
        rng = self._chance.rng("source", company.domain)

        def known() -> bool:
            return rng.random() >= _GAP

        return CompanyRecord(
            name=company.name,
            source=self.name,
            source_id=company.domain,
            website=f"https://www.{company.domain}",
            industry=company.industry if known() else "",
            # Head counts of list vendors are off by some tenths.
            employees=max(1, round(company.employees * rng.uniform(0.75, 1.3))) if known() else None,
            revenue_minor=company.revenue_minor if known() else None,
            currency="USD",
            country=company.country,
            city=company.city if known() else "",
            description=company.line,
            founded_year=company.founded_year if known() else None,
            status="active",
            technologies=company.technologies if known() else (),
            signals=tuple(self._signals(company)),
            cost_micros=_COMPANY_COST,
        )

    def _signals(self, company: Company) -> Iterator[SignalRecord]:
        for kind, day in company.signals:
            at = self._start + timedelta(days=day)
            if at <= self._clock.now():
                quote = _NEWS[kind].format(name=company.name, city=company.city)
                yield SignalRecord(kind, at, quote, f"https://www.{company.domain}/news", 1.0)


class WorldPersonFinder:
    name = "world"
    price_micros = 6 * _PERSON_COST  # nobody of the market has more than six people to be found

    def __init__(self, companies: Sequence[Company], chance: Chance) -> None:
        self._by_domain = {company.domain: company for company in companies}
        self._chance = chance

    def people(
        self, companies: Sequence[CompanyRef], wanted: PeopleWanted = ANYBODY
    ) -> Mapping[UUID, Sequence[PersonRecord] | Unknown]:
        return {ref.company_id: self._of(ref, wanted.limit) for ref in companies}

    def _of(self, ref: CompanyRef, limit: int) -> Sequence[PersonRecord] | Unknown:
        company = self._by_domain.get(ref.domain)
        if company is None:
            return Unknown(f"The finder does not know {ref.domain or ref.name}.")
        return [self._record(company, person) for person in company.people[:limit]]

    def _record(self, company: Company, person: Person) -> PersonRecord:
        knows_phone = self._chance.happens(0.4, "phone", person.email)
        return PersonRecord(
            full_name=person.full_name,
            title=person.title,
            source=self.name,
            company_name=company.name,
            company_domain=company.domain,
            email=person.email,
            # 555-01xx is reserved for fiction in the North American plan.
            phone=f"+1 202 555 01{self._chance.rng('digits', person.email).randint(0, 99):02d}" if knows_phone else "",
            profile_url=f"https://profiles.example/{person.full_name.lower().replace(' ', '-')}",
            country=company.country,
            time_zone=company.time_zone,
            cost_micros=_PERSON_COST,
        )


class WorldUsageSource:
    """Daily usage of those who are customers, up to the day before the clock's."""

    name = "world"

    def __init__(self, customers: CustomerBase, clock: Clock) -> None:
        self._customers = customers
        self._clock = clock

    def rows(self, since: date | None) -> Iterator[UsageRecord | RowProblem]:
        today = self._clock.now().date()
        for domain in self._customers.domains():
            first = self._customers.started_on(domain)
            day = max(first, since) if since else first
            while day < today:
                for metric, value in self._customers.usage(domain, day):
                    yield UsageRecord(domain, day, metric, value)
                day += timedelta(days=1)
