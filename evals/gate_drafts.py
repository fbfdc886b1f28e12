"""Drafts for the gate: a template's mail with one sentence of a person's in it, true to a fact or false in one way.

Companies and facts are invented and drawn from a seed. What is false is made from what is true by one small change, as
it happens to people and models: another number, another name, another company's news.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from types import MappingProxyType

from agents.drafting.claims import edited
from agents.drafting.plan import plan_draft
from agents.drafting.types import Draft, DraftKind, DraftPlan, FactRef, Offer, Recipient, Slot
from agents.drafting.writer import write
from evals.gate_phrases import DEV, Phrases

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)

_STEMS = (
    "Quarry",
    "Tidal",
    "Kestrel",
    "Larch",
    "Onyx",
    "Sable",
    "Meridian",
    "Fjord",
    "Copper",
    "Nimbus",
    "Vale",
    "Orbit",
)
_ENDINGS = ("Labs", "Freight", "Health", "Pay", "Robotics", "Systems", "Works", "Studio")
_FIRST = ("Ada", "Bo", "Clara", "Dmitri", "Esra", "Femi", "Grace", "Hiro", "Ines", "Jonas")
_LAST = ("Ruiz", "Berg", "Okafor", "Tanaka", "Moreau", "Kapoor", "Novak", "Silva")
_ROLES = ("Account Executive", "Engineering Manager", "Operations Analyst", "Office Manager", "Enterprise Seller")
_CITIES = ("Boston", "Leeds", "Utrecht", "Lyon", "Austin", "Cork", "Oslo")
_TECHNOLOGIES = ("HubSpot", "Salesforce", "Zendesk", "Shopify", "Segment", "Marketo")
_INVESTORS = ("Northgate Capital", "Elm Partners", "Harbor Ventures", "Bluefin Equity")
_LINES = (
    "Freight planning for carriers",
    "Scheduling for private clinics",
    "Payments for marketplaces",
    "Precision parts for machine builders",
)
_TITLES = ("Chief Revenue Officer", "Chief Financial Officer", "Head of Operations", "VP of Marketing")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July")
_OFFER = Offer(
    product="Callcraft",
    value_line="shows sales managers which moments of a call decide a deal",
    sender_name="Mara Vidal",
    sender_title="Account Executive",
    sender_company="Callcraft Ltd",
    proof_points=("Northwind cut the ramp time of new sellers by 38% in 8 weeks.",),
    prices=("Callcraft is 40 euros a seller and month.",),
    allowed_hosts=("callcraft.example",),
    related_technologies=_TECHNOLOGIES,
    meeting_minutes=30,
)


@dataclass(frozen=True, slots=True)
class Case:
    """A plan, and the mail that a person made of its template."""

    plan: DraftPlan
    draft: Draft


_Make = Callable[[int, Random, Phrases], Case]


@dataclass(frozen=True, slots=True)
class _Firm:
    name: str
    first_name: str
    facts: Mapping[str, FactRef]  # by field


def true_case(field: str, phrase: int, random: Random, phrases: Phrases = DEV) -> Case:
    """A sentence that says what the fact says. `field` "template": the agent's own mail, whatever its kind."""
    if field == "template":
        return _template(random)
    firm = _firm(random)
    return _with(firm, _filled(_nth(phrases.true[field], phrase), firm, firm.facts[field].value))


def false_case(kind: str, phrase: int, random: Random, phrases: Phrases = DEV) -> Case:
    """A mail that is false in exactly this way. Raises KeyError for a kind that there is not."""
    return FALSE[kind](phrase, random, phrases)


def _nth(sentences: Sequence[str], phrase: int) -> str:
    return sentences[phrase % len(sentences)]


def _firm(random: Random, apart: str = "") -> _Firm:
    names = [name for stem in _STEMS for ending in _ENDINGS if (name := f"{stem} {ending}") != apart]
    name = random.choice(names)
    city, role, month = random.choice(_CITIES), random.choice(_ROLES), random.choice(_MONTHS)
    person = f"{random.choice(_FIRST)} {random.choice(_LAST)}"
    amount, series = random.randrange(2, 90), random.choice("ABC")
    values = {
        "hiring": f"{role} in {city}",
        "employees": str(random.randrange(20, 900)),
        "funding": f"${amount} million Series {series} led by {random.choice(_INVESTORS)}",
        "founded_year": str(random.randrange(1990, 2024)),
        "technology": random.choice(_TECHNOLOGIES),
        "news": f"{name} opens an office in {city}",
        "description": random.choice(_LINES),
        "leadership_change": f"{person} joined as {random.choice(_TITLES)} in {month} 2025",
    }
    seen = datetime(2026, 2, random.randrange(1, 28), tzinfo=UTC)
    facts = {field: FactRef(f"f:{field}", field, value, observed_at=seen) for field, value in values.items()}
    return _Firm(name, random.choice(_FIRST), MappingProxyType(facts))


def _plan(firm: _Firm, kind: DraftKind = DraftKind.FIRST_MAIL, **more: object) -> DraftPlan:
    recipient = Recipient("someone@their.example", firm.name, firm.first_name, "VP Sales")
    return plan_draft(kind, recipient, _OFFER, tuple(firm.facts.values()), now=NOW, **more)  # type: ignore[arg-type]


def _template(random: Random) -> Case:
    firm = _firm(random)
    kind = random.choice((DraftKind.FIRST_MAIL, DraftKind.FOLLOW_UP, DraftKind.MEETING_PROPOSAL, DraftKind.REPLY))
    more: dict[str, object] = {} if kind is DraftKind.FIRST_MAIL else {"thread_subject": "Hiring"}
    if kind is DraftKind.FOLLOW_UP:
        more |= {"touch_number": random.choice((2, 3, 4)), "last_touch": random.random() < 0.3}
    if kind is DraftKind.MEETING_PROPOSAL:
        more["slots"] = _slots(random)
    if kind is DraftKind.REPLY:
        more["reason"] = random.choice(("question", "interested"))
    plan = _plan(firm, kind, **more)
    draft = write(plan, None)
    return Case(plan, edited(plan, draft.subject, draft.body, "person:eval"))


def _slots(random: Random) -> tuple[Slot, ...]:
    days = random.sample(range(3, 28), 3)
    return tuple(
        Slot(f"slot:{n}", datetime(2026, 3, day, random.randrange(8, 17), tzinfo=UTC), "UTC", _link(n))
        for n, day in enumerate(days)
    )


def _link(number: int) -> str:
    return f"https://callcraft.example/b/{number}"


def _with(firm: _Firm, sentence: str, swap: Callable[[str], str] = str, **more: object) -> Case:
    """The template's mail with its opening replaced; `swap` changes the rest of it."""
    plan = _plan(firm, **more)  # type: ignore[arg-type]
    draft = write(replace(plan, hooks=(), template="first_mail/role"), None)
    opening = f"I am writing because of this role at {firm.name}: VP Sales."
    if opening not in draft.body:
        raise ValueError("The template of a mail without a hook has another opening now: correct `opening`.")
    return Case(plan, edited(plan, draft.subject, swap(draft.body.replace(opening, sentence)), "person:eval"))


def _filled(phrase: str, firm: _Firm, fact: str) -> str:
    return phrase.format(company=firm.name, fact=fact)


def _other(values: Sequence[str], not_this: str, random: Random) -> str:
    return random.choice([value for value in values if value not in not_this])


def _changed(field: str, change: Callable[[str, Random], str]) -> _Make:
    def make(phrase: int, random: Random, phrases: Phrases) -> Case:
        firm = _firm(random)
        false = change(firm.facts[field].value, random)
        return _with(firm, _filled(_nth(phrases.true[field], phrase), firm, false))

    return make


def _number(value: str, random: Random) -> str:
    return str(int(value) + random.choice((-9, -3, 4, 10, 100)))


def _amount(value: str, random: Random) -> str:
    digits = value[1:].split(" ")[0]
    return value.replace(f"${digits} ", f"${int(digits) + random.choice((1, 5, 10))} ")


def _swapped(pool: Sequence[str]) -> Callable[[str, Random], str]:
    def change(value: str, random: Random) -> str:
        there = next(one for one in pool if one in value)
        return value.replace(there, _other(pool, there, random))

    return change


def _others_fact(phrase: int, random: Random, phrases: Phrases) -> Case:
    firm = _firm(random)
    other = _firm(random, apart=firm.name)
    return _with(firm, _filled(_nth(phrases.true["news"], phrase), firm, other.facts["news"].value))


def _said(of: Callable[[Phrases], Sequence[str]]) -> _Make:
    def make(phrase: int, random: Random, phrases: Phrases) -> Case:
        firm = _firm(random)
        employees = firm.facts["employees"].value
        sentence = _nth(of(phrases), phrase).format(
            company=firm.name,
            role=firm.facts["hiring"].value,
            technology=firm.facts["technology"].value,
            employees=employees,
            more=int(employees) + 200,
            city=random.choice(_CITIES),
        )
        return _with(firm, sentence)

    return make


def _dated(phrase: int, random: Random, phrases: Phrases) -> Case:
    firm = _firm(random)
    sentence = _filled(phrases.true["funding"][0], firm, firm.facts["funding"].value)
    return _with(firm, f"{sentence.rstrip('.')} {_nth(phrases.when, phrase)}.")


def _proof(phrase: int, random: Random, phrases: Phrases) -> Case:
    false = ("by 60%", "by 38 days", "by $38", "by 83%")[phrase % 4]
    return _kept(random, phrases, "by 38%", false)


def _customer(phrase: int, random: Random, phrases: Phrases) -> Case:
    return _kept(random, phrases, "Northwind", ("Southwind", "Acme", "Contoso", "Globex")[phrase % 4])


def _kept(random: Random, phrases: Phrases, there: str, false: str) -> Case:
    firm = _firm(random)
    true = _filled(phrases.true["hiring"][0], firm, firm.facts["hiring"].value)
    return _with(firm, true, lambda body: body.replace(there, false))


def _price(phrase: int, random: Random, phrases: Phrases) -> Case:
    said = (
        "Callcraft is 30 euros a seller and month.",
        "Callcraft is 40 dollars a seller and month.",
        "It costs 400 euros.",
        "A seat is 4 euros.",
    )
    return _kept(random, phrases, "Northwind cut", f"{said[phrase % len(said)]} Northwind cut")


def _greeted(_: int, random: Random, phrases: Phrases) -> Case:
    firm = _firm(random)
    true = _filled(phrases.true["hiring"][0], firm, firm.facts["hiring"].value)
    wrong = _other(_FIRST, firm.first_name, random)
    return _with(firm, true, lambda body: body.replace(f"Hi {firm.first_name},", f"Hi {wrong},"))


def _linked(phrase: int, random: Random, phrases: Phrases) -> Case:
    hosts = ("https://callcraft.example.evil.example/x", "http://bit.ly/3x", "www.other.example", "rival.io/compare")
    return _kept(random, phrases, "Northwind cut", f"More at {hosts[phrase % len(hosts)]} today. Northwind cut")


def _quoted(phrase: int, random: Random, phrases: Phrases) -> Case:
    firm = _firm(random)
    words = ("We need help with calls", "Sales is our bottleneck", "Looking for better tools", "Growth at any cost")
    return _with(firm, f"Your page says “{words[phrase % len(words)]}”.")


def _misnamed(phrase: int, random: Random, phrases: Phrases) -> Case:
    """A true fact, told of another company."""
    firm = _firm(random)
    other = _firm(random, apart=firm.name)
    field = "hiring" if phrase % 2 else "founded_year"
    told = next(each for each in phrases.true[field] if "{company}" in each)
    return _with(firm, _filled(told, other, firm.facts[field].value))


def _slot(phrase: int, random: Random, phrases: Phrases) -> Case:
    plan = _plan(_firm(random), DraftKind.MEETING_PROPOSAL, thread_subject="Hiring", slots=_slots(random))
    draft = write(plan, None)
    clock = f"{plan.slots[0].start:%H:%M}"
    wrong = f"{(plan.slots[0].start.hour + 1 + phrase % 3) % 24:02}:{15 if phrase % 2 else 0:02}"
    free = {f"{slot.start:%H:%M}" for slot in plan.slots}
    while wrong in free:
        wrong = f"{wrong[:2]}:45"
        free.discard(wrong)
    return Case(plan, edited(plan, draft.subject, draft.body.replace(clock, wrong, 1), "person:eval"))


FALSE: Mapping[str, _Make] = MappingProxyType(
    {
        "another_headcount": _changed("employees", _number),
        "another_year": _changed("founded_year", lambda value, random: str(int(value) + random.choice((-7, 1, 3)))),
        "another_amount": _changed("funding", _amount),
        "another_currency": _changed("funding", lambda value, _: value.replace("$", "€")),
        "another_round": _changed("funding", _swapped(("Series A", "Series B", "Series C"))),
        "another_investor": _changed("funding", _swapped(_INVESTORS)),
        "another_role": _changed("hiring", _swapped(_ROLES)),
        "another_city": _changed("hiring", _swapped(_CITIES)),
        "another_technology": _changed("technology", _swapped(_TECHNOLOGIES)),
        "another_person": _changed("leadership_change", _swapped(_LAST)),
        "another_title": _changed("leadership_change", _swapped(_TITLES)),
        "another_month": _changed("leadership_change", _swapped(_MONTHS)),
        "another_description": _changed("description", _swapped(_LINES)),
        "anothers_news": _others_fact,
        "of_another_company": _misnamed,
        "invented_statement": _said(lambda phrases: phrases.invented),
        "pretended_contact": _said(lambda phrases: phrases.pretended),
        "invented_quote": _quoted,
        "when_it_was": _dated,
        "negated": _said(lambda phrases: phrases.denied),
        "exaggerated": _said(lambda phrases: phrases.stretched),
        "promised": _said(lambda phrases: phrases.promised),
        "another_proof": _proof,
        "another_customer": _customer,
        "another_price": _price,
        "wrong_name": _greeted,
        "foreign_link": _linked,
        "another_slot": _slot,
    }
)
