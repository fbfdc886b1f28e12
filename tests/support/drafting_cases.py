"""Seeded plans for drafting tests: many kinds of facts, names, numbers and dates, all made here."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from agents.drafting.plan import INTERVENTIONS, plan_draft
from agents.drafting.types import DraftKind, DraftPlan, FactRef, Offer, Recipient, Slot

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)

OFFERS = (
    Offer("Ledgerline", "catches invoice errors before they are sent", "Sam Okafor", "Account Executive",
          "Ledgerline Ltd", ("Northwind cut invoice errors by 38% in 8 weeks.",), ("Plans start at €49 a month.",),
          ("ledgerline.example",),
          ("NetSuite", "SAP", "Xero"), 20),
    Offer("Dockwise", "plans trucks and drivers in one place", "Mia Larsen", "Sales Director", "Dockwise",
          (), (), (), ("Samsara",), 30),
    Offer("PeopleGrid", "keeps shift plans and payroll in step", "Ana Ruiz-Costa", "Head of Partnerships",
          "PeopleGrid GmbH", ("Two hospitals in Porto plan 1,400 shifts a week with it.",), (),
          ("peoplegrid.example",), ("Workday",), 15),
)  # fmt: skip

_FIRST = ["Jane", "Omar", "Zoë", "Li", "Marta", "Søren", "Priya", "Tom", ""]
_COMPANIES = ["Acme Freight", "Brightwater", "Ocean & Pine", "NordVolt AS", "3Step IT", "Kestrel Labs", "iZettle Works",
              "Hôtel Lumière", "Mill Road Foods", "O'Brien Tools"]  # fmt: skip
_TITLES = ["Head of Finance", "COO", "VP Operations", "Director of People", "CFO and Co-founder", ""]
_ROLES = [
    "Head of Data",
    "Payroll Specialist",
    "Staff Engineer",
    "Warehouse Lead",
    "billing clerks",
    "Account Managers",
]
_ROUNDS = ["Seed", "Series A", "Series B", "Series C"]
_CITIES = ["Lyon", "Porto", "Gdansk", "Bristol", "Kyoto", "Austin"]
_PEOPLE = ["Dana Ruiz", "Paul Meyer", "Ines Duarte", "Kofi Mensah", "Hanna Lind"]
_TRADES = [
    "freight brokerage",
    "dental supplies",
    "cold storage",
    "event catering",
    "solar installation",
    "leather goods",
]
_BUYERS = ["small exporters", "family clinics", "regional grocers", "school kitchens", "boat yards", "city hotels"]
_MONTHS = ["January", "February", "March", "April", "June", "July", "August", "September", "October"]


def _day(rng: random.Random) -> str:
    return f"{rng.randint(1, 28)} {rng.choice(_MONTHS)} {rng.choice([2025, 2026])}"


def fact_of(rng: random.Random, field: str, number: int) -> FactRef:
    city, person, count = rng.choice(_CITIES), rng.choice(_PEOPLE), rng.randint(2, 400)
    value = {
        "hiring": lambda: rng.choice([f"{count} {rng.choice(_ROLES[4:])}", rng.choice(_ROLES[:4]),
                                      f"{rng.choice(_ROLES[:4])} in {city}"]),
        "funding": lambda: rng.choice([f"${rng.randint(2, 90)}M {rng.choice(_ROUNDS)}",
                                       f"{rng.choice(_ROUNDS)} on {_day(rng)}",
                                       f"€{rng.randint(1, 9)}.{rng.randint(1, 9)}m"]),
        "news": lambda: rng.choice([f"a new warehouse in {city}", f"{person} joins as {rng.choice(_TITLES[:4])}",
                                    f"{count:,} more customers by {_day(rng)}"]),
        "technology": lambda: rng.choice(["NetSuite", "SAP", "Xero", "Samsara", "Workday"]),
        "description": lambda: f"{rng.choice(_TRADES)} for {rng.choice(_BUYERS)}".capitalize(),
        "usage": lambda: rng.choice([f"active users fell from {count + 3} to {count} since {_day(rng)}",
                                     f"{count} open tickets, the oldest from {_day(rng)}", f"{person} has left",
                                     f"it renews on {_day(rng)}"]),
    }[field]()  # fmt: skip
    quote = rng.choice(["", f"As published: {value}."])
    seen = NOW - timedelta(days=rng.randint(1, 40))
    return FactRef(f"fact-{number}", field, value, quote, "https://news.example/a", seen, "web")


def plan_of(seed: int) -> DraftPlan:
    """One plan, by seed alone."""
    rng = random.Random(seed)
    offer = rng.choice(OFFERS)
    recipient = Recipient(
        "lead@prospect.example", rng.choice(_COMPANIES), rng.choice(_FIRST), rng.choice(_TITLES), "prospect.example"
    )
    fields = ["hiring", "funding", "news", "technology", "description"]
    facts = [fact_of(rng, field, i) for i, field in enumerate(rng.sample(fields, rng.randint(1, 3)))]
    kind = rng.choice(
        [*[DraftKind.FIRST_MAIL] * 4, DraftKind.FOLLOW_UP, DraftKind.INTERVENTION, DraftKind.MEETING_PROPOSAL]
    )
    subject = f"Hiring at {recipient.company}"
    if kind is DraftKind.INTERVENTION:
        return plan_draft(kind, recipient, offer, [fact_of(rng, "usage", 9)], reason=rng.choice(sorted(INTERVENTIONS)))
    if kind is DraftKind.FOLLOW_UP:
        return plan_draft(
            kind, recipient, offer, facts, now=NOW, touch_number=rng.randint(2, 5), thread_subject=subject
        )
    if kind is DraftKind.MEETING_PROPOSAL:
        slots = [
            Slot(f"slot:{i}", NOW + timedelta(days=i + 1, hours=rng.randint(0, 8)), zone)
            for i, zone in enumerate(["Europe/Berlin", "America/Chicago", "Asia/Kolkata"])
        ]  # fmt: skip
        return plan_draft(kind, recipient, offer, [], slots=slots, thread_subject=subject)
    return plan_draft(kind, recipient, offer, facts, now=NOW)


def with_fact(plan: DraftPlan, changed: FactRef) -> DraftPlan:
    """The same plan, but one fact says something else now."""
    return replace(plan, facts=tuple(changed if fact.id == changed.id else fact for fact in plan.facts))
