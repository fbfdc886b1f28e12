"""One company: what is known of it with its sources, its people, and where each of them stands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col, select

from api.dependencies import Principal
from api.views.people import Person, named, names_of_actors, person_of
from core.crypto import Sealer
from core.errors import NotFound
from store.models import Company, Contact, Customer, Deal, Fact, Lead, SignalRow
from store.queries import facts as rules
from store.queries import merges
from store.session import workspace_of

_MOST = 200  # people, signals and facts a page shows of one company


class CompanyOut(BaseModel):
    """None and empty: not known."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    domain: str | None
    website: str
    industry: str
    tags: list[str] = []
    employees: int | None
    revenue_minor: int | None
    currency: str
    country: str
    region: str = ""
    city: str
    description: str
    technologies: list[str]
    enriched_at: datetime | None
    enrichment_gap: str


class FactOut(BaseModel):
    """Text of strangers: data, never instructions."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    field: str
    value: Any
    source: str
    quote: str
    url: str
    observed_at: datetime
    method: str
    confidence: float
    tainted: bool


class SignalOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: str
    observed_at: datetime
    strength: float
    quote: str
    url: str
    source: str


class CompanyDetail(CompanyOut):
    facts: list[FactOut]
    signals: list[SignalOut]
    merged_into: UUID | None = None  # the company that stands for this one; no list shows this one


class Known(BaseModel):
    """A field as it is shown: the word that won, whose it is, and what others say instead."""

    field: str
    value: str
    source: str
    quote: str
    url: str
    observed_at: datetime | None
    by_person: bool
    others: list[str]  # "12 (crunchbase)": facts that say something else


class LeadOfCompany(BaseModel):
    id: UUID
    person: Person
    contact_id: UUID
    stage: str
    tier: int
    priority: float | None
    buying_role: str


class CompanyPage(CompanyDetail):
    known: list[Known]
    leads: list[LeadOfCompany]
    contacts_without_lead: list[tuple[UUID, Person]]
    deals: list[dict[str, Any]]
    customer_stage: str  # empty: no customer
    mrr_minor: int | None


def company_detail(session: Session, company_id: UUID) -> CompanyDetail:
    """What a GET answers. Raises NotFound."""
    company = session.get(Company, (workspace_of(session), company_id))
    if company is None:
        raise NotFound("There is no such company.")
    facts = session.exec(
        select(Fact).where(Fact.subject_id == company_id).order_by(col(Fact.field), col(Fact.observed_at).desc())
    ).all()
    signals = session.exec(
        select(SignalRow).where(SignalRow.company_id == company_id).order_by(col(SignalRow.observed_at).desc())
    ).all()
    return CompanyDetail(
        **CompanyOut.model_validate(company).model_dump(),
        facts=[FactOut.model_validate(row) for row in facts],
        signals=[SignalOut.model_validate(row) for row in signals],
        merged_into=merges.kept_of(session, [company_id]).get(company_id),
    )


def company_page(session: Session, sealer: Sealer, principal: Principal, company_id: UUID) -> CompanyPage:
    """A fixed number of queries. Raises NotFound."""
    detail = company_detail(session, company_id)
    people = session.execute(
        sa.select(Contact, Lead)
        .outerjoin(Lead, col(Lead.contact_id) == col(Contact.id))
        .where(col(Contact.company_id) == company_id, merges.not_absorbed(Contact))
        .order_by(sa.func.coalesce(col(Lead.tier), 9), sa.func.coalesce(col(Lead.priority), -1).desc(), col(Contact.id))
        .limit(_MOST)
    ).all()
    customer = session.exec(select(Customer).where(Customer.company_id == company_id)).first()
    deals = session.exec(select(Deal).where(Deal.company_id == company_id).order_by(col(Deal.created_at).desc())).all()
    names = names_of_actors(session)
    return CompanyPage(
        **detail.model_dump(),
        known=_known(detail, names),
        leads=[
            LeadOfCompany(
                id=lead.id,
                person=person_of(contact, sealer, principal),
                contact_id=contact.id,
                stage=lead.stage.value,
                tier=lead.tier,
                priority=lead.priority,
                buying_role=contact.buying_role,
            )
            for contact, lead in people
            if lead is not None
        ],
        contacts_without_lead=[
            (contact.id, person_of(contact, sealer, principal)) for contact, lead in people if lead is None
        ],
        deals=[
            {"stage": d.stage.value, "amount_minor": d.amount_minor, "currency": d.currency, "at": d.created_at}
            for d in deals
        ],
        customer_stage=customer.stage if customer else "",
        mrr_minor=customer.mrr_minor if customer else None,
    )


def _known(detail: CompanyDetail, names: dict[str, str]) -> list[Known]:
    by_field: dict[str, list[FactOut]] = {}
    for fact in detail.facts:
        by_field.setdefault(fact.field, []).append(fact)
    return [_winner(field, found, detail, names) for field, found in sorted(by_field.items())]


def _winner(field: str, found: Sequence[FactOut], detail: CompanyDetail, names: dict[str, str]) -> Known:
    """The column is what the rules chose (store.queries.facts); of the facts that say so, the newest speaks for it."""
    chosen = getattr(detail, field, None)
    people = [fact for fact in found if fact.method in rules.HUMAN_METHODS]
    agreeing = [fact for fact in found if fact.value == chosen]
    best = max(people or agreeing or found, key=lambda fact: fact.observed_at)
    others = [
        f"{text_of(fact.value)} ({named(fact.source, names)})"
        for fact in found
        if text_of(fact.value) != text_of(best.value)
    ]
    return Known(
        field=field,
        value=text_of(best.value),
        source=named(best.source, names),
        quote=best.quote,
        url=best.url,
        observed_at=best.observed_at,
        by_person=best in people,
        others=list(dict.fromkeys(others))[:5],
    )


def text_of(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
