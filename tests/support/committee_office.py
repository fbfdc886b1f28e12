"""A cohort of enriched companies, with finders and verifiers that answer from what a test tells them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session, col, select

from agents.contact_finder import contact_finder
from agents.context import AgentContext
from agents.policy import Policy, set_policy
from agents.step import Outcome, Step, SubjectKind, Trigger
from graphs.threads import Threads
from store import ledger
from store.models import Cohort, CohortStage, Contact, Icp, IcpVersion, Lead, Run, RunCompany, Workspace
from store.queries import triggers
from store.queries.companies import CompanyInput, upsert_companies
from tools.ports import (
    ANYBODY,
    CompanyRef,
    EmailFound,
    EmailStatus,
    EmailVerdict,
    PeopleWanted,
    PersonRecord,
    PersonRef,
    Unknown,
)
from tools.providers.email_verifier.checks import ChecksVerifier

CENT = 1_000_000
ICP: dict[str, Any] = {
    "name": "Carriers",
    "industries": ["Logistics"],
    "roles": [
        {"role": "economic_buyer", "departments": ["finance"], "min_seniority": "director"},
        {"role": "champion", "departments": ["sales"], "min_seniority": "lead", "weight": 0.9},
        {"role": "user", "departments": ["sales"], "min_seniority": "staff", "weight": 0.5},
        {"role": "blocker", "departments": ["legal", "purchasing"], "min_seniority": "manager", "weight": 0.4},
    ],
}


@dataclass
class Finder:
    """A vendor of people. `knows`: by domain; `before`: called on every question, as a race would."""

    name: str = "peoplebook"
    price_micros: int = 0
    knows: Mapping[str, Sequence[PersonRecord] | Unknown] = field(default_factory=dict)
    asked: list[tuple[str, PeopleWanted]] = field(default_factory=list)
    after: Callable[[], None] = lambda: None

    def people(
        self, companies: Sequence[CompanyRef], wanted: PeopleWanted = ANYBODY
    ) -> Mapping[UUID, Sequence[PersonRecord] | Unknown]:
        self.asked += [(company.domain, wanted) for company in companies]
        found = {c.company_id: self._of(c) for c in companies}
        self.after()
        return found

    def _of(self, company: CompanyRef) -> Sequence[PersonRecord] | Unknown:
        known = self.knows.get(company.domain, Unknown(f"{self.name} knows nobody there."))
        if isinstance(known, Unknown) or not known:
            return known
        return [replace(known[0], cost_micros=self.price_micros), *known[1:]]


@dataclass
class Emails:
    """A vendor of addresses: by name."""

    name: str = "mailbook"
    price_micros: int = 2 * CENT
    knows: Mapping[str, str] = field(default_factory=dict)
    confidence: float = 0.95
    asked: list[str] = field(default_factory=list)

    def find(self, people: Sequence[PersonRef]) -> Mapping[UUID, EmailFound | Unknown]:
        self.asked += [person.full_name for person in people]
        return {
            p.contact_id: EmailFound(self.knows[p.full_name], self.confidence, self.name, "", self.price_micros)
            if p.full_name in self.knows
            else Unknown(f"{self.name} finds no address.")
            for p in people
        }


@dataclass
class Verifier:
    """A vendor that asks mail servers. `there`: the mailboxes that exist; domains in `catch_all` take any name."""

    name: str = "verifybook"
    price_micros: int = CENT // 2
    there: set[str] = field(default_factory=set)
    catch_all: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def verify(self, addresses: Sequence[str]) -> Sequence[EmailVerdict]:
        self.asked += addresses
        return [self._of(address) for address in addresses]

    def _of(self, address: str) -> EmailVerdict:
        caught = address.rpartition("@")[2] in self.catch_all
        status = EmailStatus.VALID if caught or address in self.there else EmailStatus.INVALID
        said = (f"{self.name} says: {status}",)
        return EmailVerdict(address, status, said, is_catch_all=caught, source=self.name, cost_micros=self.price_micros)


class MailEverywhere:
    def mx(self, domain: str) -> list[str]:
        return [] if domain.startswith("nomail") else [f"mx.{domain}"]


@dataclass
class CommitteeOffice:
    context: AgentContext
    icp_id: UUID
    version_id: UUID
    companies: dict[str, UUID] = field(default_factory=dict)  # by domain

    def with_tools(
        self, finders: Sequence[Any] = (), emails: Sequence[Any] = (), verifiers: Sequence[Any] = ()
    ) -> "CommitteeOffice":
        tools = replace(
            self.context.tools,
            person_finders=lambda _: tuple(finders),
            email_finders=lambda _: tuple(emails),
            paid_verifiers=lambda _: tuple(verifiers),
            email_verifier=ChecksVerifier(MailEverywhere()),
        )
        self.context = replace(self.context, tools=tools)
        return self

    def run(self, *domains: str) -> Outcome:
        """A new run over these companies, through the contact finder alone."""
        cohort_id = self.cohort(*domains)
        step = Step(SubjectKind.COHORT, cohort_id, CohortStage.ENRICHED.value, Trigger.RUN_STEP)
        outcome = contact_finder(self.context, step)
        assert contact_finder(self.context, step).trigger is Trigger.NOTHING
        return outcome

    def advance(self, threads: Threads, *domains: str) -> None:
        """The same through the supervisor's graph, with checkpoints, and on to the scores."""
        context, cohort_id = self.context, self.cohort(*domains)
        with context.database.write(context.workspace_id) as session:
            entry = {"subject_kind": "cohort", "subject_id": cohort_id, "kind": "run_step", "key": str(cohort_id)}
            triggers.add_trigger(session, context.clock, **entry)
        assert threads.advance(context, SubjectKind.COHORT, cohort_id, owner="test")

    def cohort(self, *domains: str) -> UUID:
        """Of a new run, its companies enriched."""
        context, now = self.context, self.context.clock.now()
        run_id, cohort_id, workspace_id = context.ids.new(), context.ids.new(), context.workspace_id
        missing = [domain for domain in domains if domain not in self.companies]
        with context.database.write(workspace_id) as session:
            inputs = [CompanyInput(name=d.partition(".")[0].title(), name_key=d, domain=d, source="s") for d in missing]
            for domain, company_id in zip(missing, upsert_companies(session, context.clock, inputs).ids, strict=True):
                self.companies[domain] = company_id
            run = {"id": run_id, "icp_version_id": self.version_id, "enroll": False, "created_at": now}
            session.add(Run(workspace_id=workspace_id, **run))
            session.flush()
            cohort = Cohort(
                workspace_id=workspace_id, id=cohort_id, run_id=run_id, number=1, stage=CohortStage.ENRICHED,
                created_at=now,
            )  # fmt: skip
            session.add(cohort)
            for domain in domains:
                visit = {"id": self.companies[domain], "run_id": run_id, "cohort_id": cohort_id, "kept": True}
                session.add(RunCompany(workspace_id=workspace_id, **visit))
        return cohort_id

    def allow(self, scope: str = "", micros: int = 10**12) -> None:
        with self.context.database.write(self.context.workspace_id) as session:
            ledger.set_budget(session, self.context.clock, scope or self.month(), micros)

    def month(self) -> str:
        return f"workspace:{self.context.clock.now():%Y-%m}"

    def policy(self, **values: Any) -> None:
        context = self.context
        with context.database.write(context.workspace_id) as session:
            set_policy(session, context.clock, context.ids, Policy(**values), by="test")

    def rows(self, model: Any) -> list[Any]:
        with self.context.database.read(self.context.workspace_id) as session:
            return list(session.exec(select(model).order_by(col(model.id))))

    def people(self, domain: str = "") -> dict[str, Contact]:
        """Contacts by name, who were not erased."""
        return {
            self.open(contact, "name"): contact
            for contact in self.rows(Contact)
            if contact.erased_at is None and (not domain or contact.company_id == self.companies[domain])
        }

    def addresses(self) -> dict[str, tuple[str, str]]:
        """(address, what is said of it) by name."""
        return {name: (self.open(c, "email"), c.email_status) for name, c in self.people().items()}

    def leads(self) -> set[str]:
        names = {contact.id: name for name, contact in self.people().items()}
        return {names[lead.contact_id] for lead in self.rows(Lead) if lead.contact_id in names}

    def open(self, contact: Contact, column: str) -> str:
        token = getattr(contact, f"{column}_sealed")
        return self.context.sealer.open(token, context=f"contact|{column}|{contact.id}") if token else ""


def committee_office(context: AgentContext) -> CommitteeOffice:
    icp_id, version_id, now = uuid4(), uuid4(), context.clock.now()
    common: dict[str, Any] = {"workspace_id": context.workspace_id, "created_at": now}
    with context.database.unscoped(writes=True) as session:
        session.add(Workspace(id=context.workspace_id, slug=str(context.workspace_id), name="W", created_at=now))
    with context.database.write(context.workspace_id) as session:
        _icp(session, icp_id, version_id, common)
    return CommitteeOffice(context, icp_id, version_id)


def _icp(session: Session, icp_id: UUID, version_id: UUID, common: dict[str, Any]) -> None:
    session.add(Icp(id=icp_id, name="Carriers", **common))
    session.flush()
    session.add(IcpVersion(id=version_id, icp_id=icp_id, number=1, definition=ICP, **common))


def person(name: str, title: str, **values: Any) -> PersonRecord:
    return PersonRecord(full_name=name, title=title, source="peoplebook", **values)
