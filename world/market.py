"""Makes the market: companies, their people and their hidden truth, from one seed."""

import math
from datetime import date, timedelta

from world.chance import Chance, logistic
from world.truth import Company, CustomerTruth, Person, ReplyStyle
from world.vocabulary import FIRST_NAMES, LAST_NAMES, NAME_ENDINGS, NAME_STEMS, PLACES, TITLES, TRADES

# How many of the people a company has are to be found by a finder.
_PEOPLE = (3, 6)
# The share of addresses that a finder gives and that nobody reads: what list vendors are known for.
_DEAD_MAILBOXES = 0.04
_SITE_DOWN = 0.05
# Each kind of signal: the chance that a company without any need shows it, and with full need.
_SIGNALS = {"hiring": (0.03, 0.85), "funding": (0.02, 0.6), "news": (0.12, 0.35), "pricing_page_changed": (0.05, 0.3)}

_STYLES = (
    (ReplyStyle.DIRECT, 0.22),
    (ReplyStyle.CURIOUS, 0.28),
    (ReplyStyle.BUSY, 0.24),
    (ReplyStyle.COLD, 0.18),
    (ReplyStyle.ALLERGIC, 0.08),
)


def make_market(seed: int, size: int, quarter_start: date) -> tuple[Company, ...]:
    """`size` companies in a stable order, with unique names and domains."""
    chance = Chance(seed)
    names = [f"{stem} {ending}" for stem in NAME_STEMS for ending in NAME_ENDINGS]
    chance.rng("names").shuffle(names)
    # A market larger than its names has second and third companies of a name, as markets have.
    first = tuple(names)
    names += [f"{name} {number}" for number in range(2, 2 + size // len(first)) for name in first]
    return tuple(_company(chance, name, quarter_start) for name in names[:size])


def _company(chance: Chance, name: str, start: date) -> Company:
    rng = chance.rng("company", name)
    trade = rng.choice(TRADES)
    (country, zone, city), _ = rng.choices(PLACES, [weight for _, weight in PLACES])[0]
    employees = max(3, round(math.exp(rng.gauss(4.3, 1.2))))
    size_suits = 1 - abs(math.log(employees / 150)) / 3  # the offer is made for about 150 people
    suits = max(-1.0, min(1.0, 0.7 * trade.suits + 0.5 * size_suits + rng.gauss(0, 0.15) - 0.1))
    need = logistic(rng.gauss(-0.9 + 1.1 * suits, 1.1))
    signals = tuple(
        (kind, rng.randint(-40, 60))
        for kind, (low, high) in _SIGNALS.items()
        if rng.random() < low + (high - low) * need
    )
    domain = f"{name.lower().replace(' ', '-')}.example"
    return Company(
        name=name,
        domain=domain,
        industry=trade.industry,
        line=rng.choice(trade.lines),
        employees=employees,
        revenue_minor=round(employees * rng.uniform(90_000, 240_000)) * 100,
        country=country,
        time_zone=zone,
        city=city,
        technologies=tuple(sorted(rng.sample(trade.technologies, rng.randint(1, len(trade.technologies))))),
        founded_year=rng.randint(1988, 2023),
        suits=suits,
        need=need,
        signals=signals,
        site_up=rng.random() >= _SITE_DOWN,
        people=_people(chance, name, domain, start),
    )


def _people(chance: Chance, company: str, domain: str, start: date) -> tuple[Person, ...]:
    rng = chance.rng("people", company)
    titles = list(TITLES)
    people: list[Person] = []
    for _ in range(rng.randint(*_PEOPLE)):
        title, decides, _weight = titles.pop(rng.choices(range(len(titles)), [weight for _, _, weight in titles])[0])
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        away_from = start + timedelta(days=rng.randint(0, 80))
        people.append(
            Person(
                full_name=f"{first} {last}",
                email=f"{first}.{last}@{domain}".lower(),
                title=title,
                decides=decides,
                responsiveness=rng.betavariate(2, 5),
                style=rng.choices([s for s, _ in _STYLES], [w for _, w in _STYLES])[0],
                mailbox_exists=rng.random() >= _DEAD_MAILBOXES,
                away=(away_from, away_from + timedelta(days=rng.randint(3, 12))) if rng.random() < 0.15 else None,
                shows_up=rng.uniform(0.7, 0.97),
            )
        )
    unique = {person.email: person for person in people}
    return tuple(unique.values())


def customer_truth(chance: Chance, domain: str, since: date, propensity: float) -> CustomerTruth:
    """How a customer fares. One whom the offer never suited declines more often."""
    rng = chance.rng("customer", domain)
    declines = rng.random() < 0.45 - 0.3 * propensity
    return CustomerTruth(
        domain=domain,
        declines_on=since + timedelta(days=rng.randint(20, 70)) if declines else None,
        cause=rng.choice(("usage", "champion_left", "tickets")) if declines else "none",
        persuadable=rng.random() < 0.6,
        leaves_after_days=rng.randint(28, 45),
    )
