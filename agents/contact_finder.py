"""The contact finder: people of a cohort's companies, verified and read, the best few of each made leads.

The best few are spread over the buying committee: an economic buyer, a champion and a user say more than three of one.
"""

from collections.abc import Mapping, Sequence
from time import perf_counter
from uuid import UUID

from sqlmodel import Session, col, select

from agents.company_view import icp_of
from agents.context import AgentContext
from agents.jurisdiction import Basis
from agents.policy import Policy, load_policy
from agents.step import Outcome, Step, Trigger
from core.errors import ModelMustStop
from core.ids import stable_id
from scoring.authority import score_authority
from scoring.committee import Candidate, choose_contacts
from scoring.icp import IcpDefinition, parse_icp
from scoring.titles import read_title
from scoring.types import Department, PersonTraits, Seniority
from store import bulk
from store.ledger import BudgetMetering
from store.models import Cohort, CohortStage, Company, Contact, Lead, Run, RunCompany
from store.queries import people
from tools.names import person_key
from tools.ports import CompanyRef, PersonFinder, PersonRecord, Unknown


def contact_finder(context: AgentContext, step: Step) -> Outcome:
    with context.database.read(context.workspace_id) as session:
        cohort = session.get(Cohort, (context.workspace_id, step.subject_id))
        if cohort is None or cohort.stage is not CohortStage.ENRICHED:
            return Outcome(cohort.stage.value if cohort else step.stage, Trigger.NOTHING, "Contacts were found before.")
        run = session.get(Run, (context.workspace_id, cohort.run_id))
        assert run is not None
        version = icp_of(session, run)
        policy = load_policy(session)
        companies = _companies(session, cohort.id)
        have = _counts(session, list(companies))
    wanted = policy.contacts_per_company
    missing = [ref for ref in companies.values() if have.get(ref.company_id, 0) < wanted]
    found, gaps = _ask(context, run.id, missing, wanted)
    inputs = contact_inputs(context, policy, found)
    with context.database.write(context.workspace_id) as session:
        people.upsert_contacts(session, context.clock, context.ids, context.sealer, inputs)
        session.flush()
        leads, empty = _choose(session, context, run, version.icp_id, parse_icp(version.definition), companies, wanted)
        current = session.get(Cohort, (context.workspace_id, cohort.id))
        assert current is not None
        current.stage = CohortStage.CONTACTS_FOUND
        session.add(current)
    reason = (
        f"Found {len(inputs)} people at {len(missing)} companies; {leads} leads. "
        f"{empty} companies have nobody to write to."
    )
    counts = {
        "people": len(inputs),
        "leads": leads,
        "companies_without": empty,
        "gaps": dict(sorted(gaps.items())[:20]),
    }
    return Outcome("contacts_found", Trigger.READY, reason, inputs=counts)


def _companies(session: Session, cohort_id: UUID) -> dict[UUID, CompanyRef]:
    query = (
        select(Company.id, Company.name, Company.domain)
        .join(RunCompany, col(RunCompany.id) == Company.id)
        .where(RunCompany.cohort_id == cohort_id)
        .order_by(col(Company.id))
    )
    return {company_id: CompanyRef(company_id, name, domain or "") for company_id, name, domain in session.exec(query)}


def _counts(session: Session, company_ids: Sequence[UUID]) -> dict[UUID, int]:
    counts: dict[UUID, int] = {}
    for company_id in session.exec(select(Contact.company_id).where(col(Contact.company_id).in_(company_ids))):
        counts[company_id] = counts.get(company_id, 0) + 1
    return counts


def _ask(
    context: AgentContext, run_id: UUID, missing: Sequence[CompanyRef], wanted: int
) -> tuple[list[tuple[UUID, PersonRecord]], dict[str, int]]:
    """Finders in order, the next one only for companies that still lack people. Gaps: reason → how many companies."""
    found: dict[UUID, list[PersonRecord]] = {ref.company_id: [] for ref in missing}
    gaps: dict[str, int] = {}
    for finder in context.tools.person_finders(context.workspace_id):
        lacking = [ref for ref in missing if len(found[ref.company_id]) < wanted]
        if not lacking:
            break
        try:
            answers = _paid(context, run_id, finder, lacking)
        except ModelMustStop as over_budget:
            gaps[over_budget.message] = len(lacking)
            break
        for ref in lacking:
            answer = answers.get(ref.company_id, Unknown(f"{finder.name} did not answer for it."))
            if isinstance(answer, Unknown):
                gaps[f"{finder.name} knows nobody"] = gaps.get(f"{finder.name} knows nobody", 0) + 1
            else:
                found[ref.company_id] += answer
    return [(company_id, person) for company_id, listed in found.items() for person in listed], gaps


def _paid(
    context: AgentContext, run_id: UUID, finder: PersonFinder, refs: Sequence[CompanyRef]
) -> Mapping[UUID, Sequence[PersonRecord] | Unknown]:
    if finder.price_micros == 0:
        return finder.people(refs)
    scopes = [f"workspace:{context.clock.now():%Y-%m}"]
    metering = BudgetMetering(
        context.database, context.workspace_id, context.clock, context.ids, scopes=scopes, run_id=run_id
    )
    entries = metering.reserve(
        provider=finder.name, purpose="person_finder", max_micros=finder.price_micros * len(refs)
    )
    started = perf_counter()
    answers = finder.people(refs)
    cost = sum(p.cost_micros for a in answers.values() if not isinstance(a, Unknown) for p in a)
    latency = int((perf_counter() - started) * 1000)
    metering.settle(entries, cost_micros=cost, latency_ms=latency, outcome="ok")
    return answers


def contact_inputs(
    context: AgentContext, policy: Policy, found: Sequence[tuple[UUID, PersonRecord]]
) -> list[people.ContactInput]:
    now = context.clock.now()
    addressed = sorted({person.email for _, person in found if person.email})
    verdicts = dict(zip(addressed, context.tools.email_verifier.verify(addressed), strict=True))
    basis = Basis.LEGITIMATE_INTEREST.value if policy.legitimate_interest_assessment else ""
    inputs: list[people.ContactInput] = []
    for company_id, person in found:
        verdict = verdicts.get(person.email)
        seniority, department = _title(person.title)
        inputs.append(
            people.ContactInput(
                company_id=company_id,
                full_name=person.full_name,
                person_key=person_key(person.full_name),
                source=person.source,
                email=verdict.address if verdict else "",
                phone=person.phone,
                profile_url=person.profile_url,
                title=person.title,
                seniority=seniority,
                department=department,
                country=person.country,
                time_zone=person.time_zone,
                email_status=verdict.status.value if verdict else "unknown",
                email_reasons=verdict.reasons if verdict else ("no address known",),
                email_checked_at=now if verdict else None,
                legal_basis=basis,
                legal_basis_evidence=policy.legitimate_interest_assessment,
                legal_basis_at=now if basis else None,
                cost_micros=person.cost_micros,
            )
        )
    return inputs


def _title(title: str) -> tuple[str, str]:
    if not title:
        return "", ""
    reading = read_title(title)
    return (
        reading.seniority.value if reading.seniority else "",
        reading.department.value if reading.department else "",
    )


def _choose(
    session: Session,
    context: AgentContext,
    run: Run,
    icp_id: UUID,
    icp: IcpDefinition,
    companies: Mapping[UUID, CompanyRef],
    wanted: int,
) -> tuple[int, int]:
    """Makes leads of the best few of each company. (leads chosen, companies with nobody)."""
    sizes = dict(session.exec(select(Company.id, Company.employees).where(col(Company.id).in_(list(companies)))).all())
    query = select(Contact).where(col(Contact.company_id).in_(list(companies)), col(Contact.erased_at).is_(None))
    at: dict[UUID, list[Contact]] = {}
    for contact in session.exec(query.order_by(col(Contact.id))):
        at.setdefault(contact.company_id, []).append(contact)
    now, rows, roles = context.clock.now(), [], []
    for company_id in companies:
        candidates = []
        seats: dict[str, str] = {}
        for contact in at.get(company_id, []):
            authority = score_authority(traits_of(contact), sizes.get(company_id), icp)
            seats[str(contact.id)] = authority.role.value if authority.role else ""
            candidates.append(
                Candidate(
                    str(contact.id),
                    authority.scored.value,
                    authority.role,
                    contact.email_status if contact.email_sealed else None,
                    bool(contact.phone_sealed or contact.profile_url_sealed),
                )
            )
        for chosen in choose_contacts(candidates, icp.roles, wanted).chosen:
            contact_id = UUID(chosen.contact_id)
            rows.append(
                {
                    "id": stable_id("lead", context.workspace_id, icp_id, contact_id),
                    "icp_id": icp_id,
                    "icp_version_id": run.icp_version_id,
                    "run_id": run.id,
                    "contact_id": contact_id,
                    "company_id": company_id,
                    "created_at": now,
                    "updated_at": now,
                }
            )
            roles.append({"id": contact_id, "buying_role": seats[chosen.contact_id]})
    bulk.insert_ignore(session, Lead, rows)
    bulk.update(session, Contact, roles, columns=["buying_role"])
    return len(rows), len(companies) - len({row["company_id"] for row in rows})


def traits_of(contact: Contact) -> PersonTraits:
    """A contact as the authority rules read it."""
    return PersonTraits(
        title=contact.title or None,
        seniority=Seniority(contact.seniority) if contact.seniority else None,
        department=Department(contact.department) if contact.department else None,
        email_status=contact.email_status,
        has_phone=contact.phone_sealed is not None,
        has_profile=contact.profile_url_sealed is not None,
        fact_ids=(),
    )
