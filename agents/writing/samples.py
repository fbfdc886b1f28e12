"""Invented plans that a variant must say well before anybody gets it: short and long names, with and without what is
optional, every kind of fact that its template opens with."""

from collections.abc import Iterator
from dataclasses import replace

from agents.drafting.plan import HOOK_RULES, plan_draft
from agents.drafting.types import DraftKind, DraftPlan, FactRef, Offer, Recipient

_OFFERS = (
    Offer(
        "Ledgerline",
        "catches invoice errors before they are sent",
        "Sam Okafor",
        "Account Executive",
        "Ledgerline Ltd",
        proof_points=("Northwind cut invoice errors by 38% in 8 weeks.",),
        related_technologies=("NetSuite",),
    ),
    Offer(
        "PeopleGrid",
        "keeps shift plans and payroll in step, so that nobody has to count hours twice",
        "Ana Ruiz-Costa",
        "Head of Partnerships",
        "PeopleGrid GmbH",
        related_technologies=("NetSuite",),
        meeting_minutes=15,
    ),
)
_RECIPIENTS = (
    Recipient("a@sample.example", "Acme", "Jane", "Head of Finance", "sample.example"),
    Recipient("b@sample.example", "Ocean & Pine Logistics Holding AS", "", "", "sample.example"),
)
_VALUES = {
    "hiring": ("3 billing clerks", "Head of Data"),
    "open_roles": ("a payroll specialist", "2 warehouse leads"),
    "funding": ("$12M Series A", "a seed round of €1.2m"),
    "technology": ("NetSuite",),
    "technology_added": ("NetSuite",),
    "description": ("freight brokerage for small exporters",),
    "tagline": ("cold storage for regional grocers",),
}
_OTHER_VALUES = ("a new warehouse in Porto", "the opening of a second office in Lyon")
_MAILS = range(2, 6)


def sample_plans(template: str) -> list[DraftPlan]:
    """Of a first mail or a follow-up. Empty: no step of a sequence is written with this template."""
    made = [
        plan
        for offer in _OFFERS
        for recipient in _RECIPIENTS
        for plan in _plans(template, recipient, offer)
        if (plan.hooks[0].template if plan.hooks else plan.template) == template
    ]
    return list({repr(plan): plan for plan in made}.values())


def _plans(template: str, recipient: Recipient, offer: Offer) -> Iterator[DraftPlan]:
    kind = DraftKind.FIRST_MAIL if template.startswith("first_mail/") else DraftKind.FOLLOW_UP
    facts = [
        FactRef(f"sample:{field}:{number}", field, value)
        for field in HOOK_RULES
        for number, value in enumerate(_VALUES.get(field, _OTHER_VALUES))
    ]
    for one in ([], *([fact] for fact in facts)):
        if kind is DraftKind.FIRST_MAIL:
            yield plan_draft(kind, recipient, offer, one)
            continue
        for mail in _MAILS:
            for last in (False, True):
                plan = plan_draft(
                    kind, recipient, offer, one, touch_number=mail, last_touch=last, thread_subject="Invoices at Acme"
                )
                # Which mail it is does not matter to its words.
                yield replace(plan, touch_number=2, not_chosen={})
