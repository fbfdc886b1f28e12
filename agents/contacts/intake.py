"""People that a source tells of, made ready for the store: judged addresses, read titles, nobody who was erased."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from agents.contacts.standing import CompanyAt
from agents.context import AgentContext
from agents.jurisdiction import Basis
from agents.policy import Policy
from scoring.titles import read_title
from store.queries import people
from tools.domains import registrable_domain
from tools.names import person_key
from tools.ports import EmailVerdict, PersonRecord

NO_ADDRESS = "no address known"
ELSEWHERE = "an address under another domain than the company's was not taken"
PRIVATE = "a private address was not taken for a business one"


def contact_inputs(
    context: AgentContext,
    policy: Policy,
    found: Sequence[tuple[UUID, PersonRecord]],
    *,
    companies: Mapping[UUID, CompanyAt] | None = None,
    seen: dict[str, EmailVerdict] | None = None,
) -> list[people.ContactInput]:
    """One a person, in order, without those who were erased: of them no server and no vendor is asked.

    `companies`: the people come from a vendor, not from a list of our own. Then those who asked for no mail are left
    out too, and addresses that are not their employer's are not taken. `seen` keeps the verdicts, by address.
    May ask DNS: outside of a transaction.
    """
    bare = [_bare(company_id, person) for company_id, person in found]
    with context.database.read(context.workspace_id) as session:
        gone = people.forgotten(session, context.sealer, bare, opted_out=companies is not None)
    kept = [
        one if companies is None else _at_work(one, person, companies[one.company_id])
        for one, (_, person), forgotten in zip(bare, found, gone, strict=True)
        if not forgotten
    ]
    addressed = sorted({one.email for one in kept if one.email})
    verdicts = dict(zip(addressed, context.tools.email_verifier.verify(addressed), strict=True))
    if seen is not None:
        seen |= {verdict.address: verdict for verdict in verdicts.values()}
    now = context.clock.now()
    basis = Basis.LEGITIMATE_INTEREST.value if policy.legitimate_interest_assessment else ""
    return [
        replace(
            one,
            email=verdict.address if verdict else "",
            email_status=verdict.status.value if verdict else "unknown",
            email_reasons=verdict.reasons if verdict else (one.email_reasons or (NO_ADDRESS,)),
            email_checked_at=now if verdict else None,
            legal_basis=basis,
            legal_basis_evidence=policy.legitimate_interest_assessment,
            legal_basis_at=now if basis else None,
        )
        for one in kept
        for verdict in [verdicts.get(one.email)]
    ]


def _at_work(one: people.ContactInput, person: PersonRecord, company: CompanyAt) -> people.ContactInput:
    if not person.email:
        return one
    said = registrable_domain(person.company_domain) if person.company_domain else None
    # Of a company whose domain nobody knows, the source's own word for it has to do.
    allowed = company.domains or frozenset(filter(None, [said]))
    why = refused_domain(person.email, allowed)
    return replace(one, email="", email_reasons=(why,)) if why else one


def refused_domain(address: str, allowed: frozenset[str]) -> str:
    """Why an address is not under one of these registrable domains; "" where it is."""
    domain = registrable_domain(address)
    if domain is None:
        return PRIVATE
    return "" if domain in allowed else ELSEWHERE


def _bare(company_id: UUID, person: PersonRecord) -> people.ContactInput:
    seniority, department = _title(person.title)
    return people.ContactInput(
        company_id=company_id,
        full_name=person.full_name,
        person_key=person_key(person.full_name),
        source=person.source,
        email=person.email,
        phone=person.phone,
        profile_url=person.profile_url,
        title=person.title,
        seniority=seniority,
        department=department,
        country=person.country,
        time_zone=person.time_zone,
        cost_micros=person.cost_micros,
    )


def _title(title: str) -> tuple[str, str]:
    if not title:
        return "", ""
    reading = read_title(title)
    return (
        reading.seniority.value if reading.seniority else "",
        reading.department.value if reading.department else "",
    )
