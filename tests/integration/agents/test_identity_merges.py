"""Merges are evidence: everything follows, a split puts back exactly that, and nobody who said no is written to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import SQLModel, col, select

from agents import identity, merging
from agents.context import AgentContext
from agents.intake import take_in_companies
from agents.merging import Grounds, merge_companies, merge_contacts
from core.errors import Conflict, NotFound, Rejected
from core.ids import stable_id
from store import bulk, erasure, models
from store.models import (
    Cohort,
    Company,
    CompanySource,
    Contact,
    Customer,
    Enrollment,
    EnrollmentState,
    Fact,
    Lead,
    Merge,
    MergeProposal,
    Message,
    OutboxItem,
    SignalRow,
    Suppression,
    ThreadTrigger,
)
from store.queries import facts, merges, suppression
from store.queries.companies import CompanyInput, upsert_companies
from store.queries.facts import FactInput, add_facts
from store.queries.people import ContactInput, upsert_contacts
from tests.support.crash.office import Office, context_of, open_office
from tools.ports import CompanyRecord

SURE = Grounds(0.99, ("a test says so",), "user:ann")
# What a merge and a split write about themselves, and the trigger to score again.
BOOKS = {"merge", "merge_move", "merge_proposal", "audit_entry", "cohort", "thread_trigger", "run_company"}


@dataclass(frozen=True)
class Two:
    """Two companies that are one, with people, facts, signals and leads of their own."""

    kept: UUID
    absorbed: UUID
    kept_contact: UUID
    absorbed_contact: UUID
    namesake: UUID  # of kept_contact, at the absorbed company


def everything(context: AgentContext, *, but: set[str] = BOOKS) -> dict[str, list[dict[str, Any]]]:
    """Every row of the workspace, by table."""
    found: dict[str, list[dict[str, Any]]] = {}
    with context.database.read(context.workspace_id) as session:
        for name in models.__all__:
            model = getattr(models, name)
            if not (isinstance(model, type) and issubclass(model, SQLModel) and hasattr(model, "workspace_id")):
                continue
            if str(model.__tablename__) in but:
                continue
            rows = [dict(row.model_dump()) for row in session.exec(select(model))]
            found[str(model.__tablename__)] = sorted(rows, key=lambda row: str(sorted(row.items(), key=str)))
    return found


def plant(context: AgentContext, office: Office) -> Two:
    now = context.clock.now()
    with context.database.write(context.workspace_id) as session:
        kept, absorbed = upsert_companies(
            session,
            context.clock,
            [
                CompanyInput("Acme", "acme", "file:a", domain="acme.example", source_id="1", employees=10),
                CompanyInput("Acme Labs", "acmelabs", "file:b", source_id="2", city="Oslo", tags=("robots",)),
            ],
        ).ids
        add_facts(
            session,
            [
                FactInput("company", kept, "employees", 10, "file:a", "import", now - timedelta(days=300), 0.8),
                FactInput("company", absorbed, "employees", 50, "vendor", "vendor", now, 0.9),
                FactInput("company", absorbed, "description", "Builds robots", "file:b", "import", now, 0.8),
                FactInput("company", kept, "industry", "Robots", "same", "import", now, 0.8),
                FactInput("company", absorbed, "industry", "Robots", "same", "import", now, 0.8),
            ],
        )
        facts.apply_winners(session, context.clock, [kept, absorbed])
        signals = [
            (kept, "hiring", "one"), (absorbed, "hiring", "one"), (absorbed, "funding", "two"),
        ]  # fmt: skip
        bulk.insert(
            session,
            SignalRow,
            [
                {"id": uuid4(), "company_id": c, "kind": k, "observed_at": now, "content_key": q, "quote": q}
                for c, k, q in signals
            ],
        )
        people = upsert_contacts(
            session,
            context.clock,
            context.ids,
            context.sealer,
            [
                ContactInput(kept, "Jane Doe", "jane doe", "file:a"),
                ContactInput(absorbed, "Bob Roe", "bob roe", "file:b", "bob@acmelabs.example", title="CTO"),
                ContactInput(absorbed, "Jane Doe", "jane doe", "file:b", "jane@acmelabs.example", phone="+1 555 0100"),
            ],
        ).ids
        some: Lead = session.exec(select(Lead)).first()  # type: ignore[assignment]
        for contact_id, company_id in zip(people, (kept, absorbed, absorbed), strict=True):
            assert contact_id
            session.add(
                Lead(
                    workspace_id=context.workspace_id,
                    id=stable_id("lead", contact_id),
                    icp_id=some.icp_id,
                    icp_version_id=some.icp_version_id,
                    run_id=some.run_id,
                    contact_id=contact_id,
                    company_id=company_id,
                    created_at=now,
                    updated_at=now,
                )
            )
        session.flush()
        session.add(
            Message(
                workspace_id=context.workspace_id,
                id=uuid4(),
                direction="in",
                source_key=f"inbox:{people[2]}",
                contact_id=people[2],
                lead_id=stable_id("lead", people[2]),
                at=now,
            )
        )
    assert people[0]
    assert people[1]
    assert people[2]
    return Two(kept, absorbed, people[0], people[1], people[2])


def do(context: AgentContext, what: Callable[..., Any], *args: Any, **more: Any) -> Any:
    with context.database.write(context.workspace_id) as session:
        return what(session, context, *args, **more)


@pytest.fixture
def two(office: Office, office_context: AgentContext) -> Two:
    return plant(office_context, office)


def company_of(context: AgentContext, row_id: UUID) -> Company:
    with context.database.read(context.workspace_id) as session:
        return session.exec(select(Company).where(Company.id == row_id)).one()


def test_everything_follows_to_the_kept_company(office_context: AgentContext, two: Two) -> None:
    do(office_context, merge_companies, two.kept, two.absorbed, SURE)
    with office_context.database.read(office_context.workspace_id) as session:
        assert merges.kept_of(session, [two.absorbed, two.kept]) == {two.absorbed: two.kept}
        assert {c.id for c in session.exec(select(Contact).where(Contact.company_id == two.kept))} == {
            two.kept_contact,
            two.absorbed_contact,
            two.namesake,
        }
        for model in (Lead, Contact, CompanySource):
            at = list(session.exec(select(model.company_id)))  # type: ignore[attr-defined]
            assert two.absorbed not in at
        kinds = list(session.exec(select(SignalRow.kind).where(SignalRow.company_id == two.kept)))
        assert sorted(kinds) == ["funding", "hiring"]  # the same one twice is no second signal
        rows = list(session.exec(select(Company.id).where(merges.not_absorbed(Company))))
        assert two.kept in rows
        assert two.absorbed not in rows
        cohort = session.exec(select(Cohort).where(Cohort.stage == "contacts_found")).one()
        assert session.exec(select(ThreadTrigger).where(ThreadTrigger.subject_id == cohort.id)).one().kind == "run_step"
    kept = company_of(office_context, two.kept)
    assert (kept.employees, kept.city, kept.description, kept.tags) == (50, "Oslo", "Builds robots", ["robots"])


@pytest.mark.parametrize("swapped", [False, True], ids=["domain-kept", "other-kept"])
def test_merge_then_split_leaves_every_table_as_it_was(office_context: AgentContext, two: Two, swapped: bool) -> None:
    before = everything(office_context)
    pair = (two.absorbed, two.kept) if swapped else (two.kept, two.absorbed)
    merge_id = do(office_context, merge_companies, *pair, SURE)
    assert everything(office_context) != before
    office_context.clock.advance(timedelta(days=3))  # type: ignore[attr-defined]
    done = do(office_context, merging.split, merge_id, by="user:ann")
    assert done.left == 0
    assert everything(office_context) == before
    assert do(office_context, merging.split, merge_id, by="user:ann") == merging.Split(0, 0)


def test_merging_people_and_splitting_them_leaves_every_table_as_it_was(office_context: AgentContext, two: Two) -> None:
    before = everything(office_context)
    merge_id = do(office_context, merge_contacts, two.kept_contact, two.absorbed_contact, SURE)
    with office_context.database.read(office_context.workspace_id) as session:
        kept = session.exec(select(Contact).where(Contact.id == two.kept_contact)).one()
        opened = office_context.sealer.open(kept.email_sealed or "", context=f"contact|email|{kept.id}")
    assert (opened, kept.title) == ("bob@acmelabs.example", "CTO")
    do(office_context, merging.split, merge_id, by="user:ann")
    after = everything(office_context)
    assert after == before


def test_what_changed_since_stays_with_who_changed_it(office_context: AgentContext, two: Two) -> None:
    merge_id = do(office_context, merge_companies, two.kept, two.absorbed, SURE)
    with office_context.database.write(office_context.workspace_id) as session:
        contact = session.exec(select(Contact).where(Contact.id == two.absorbed_contact)).one()
        other = session.exec(select(Company.id).where(col(Company.id).not_in([two.kept, two.absorbed]))).first()
        assert other
        contact.company_id = other  # somebody moved them to a new employer
        session.add(contact)
    done = do(office_context, merging.split, merge_id, by="user:ann")
    assert done.left == 1
    with office_context.database.read(office_context.workspace_id) as session:
        assert session.exec(select(Contact.company_id).where(Contact.id == two.absorbed_contact)).one() == other


def test_other_workspaces_are_untouched(
    office_context: AgentContext, two: Two, office_clock: Any, agents_database: Any, tmp_path: Any
) -> None:
    def no_transport(_: Any) -> Any:
        raise AssertionError("No agent sends.")

    other = context_of(agents_database, uuid4(), office_clock, office_context.ids, no_transport, data_dir=tmp_path)
    theirs = plant(other, open_office(other, people=1))
    before = everything(other, but=set())
    merge_id = do(office_context, merge_companies, two.kept, two.absorbed, SURE)
    with pytest.raises(NotFound):
        do(office_context, merge_companies, theirs.kept, theirs.absorbed, SURE)
    with pytest.raises(NotFound):
        do(other, merging.split, merge_id, by="user:eve")
    assert everything(other, but=set()) == before


@pytest.mark.parametrize("order", ["before", "between", "after-split"])
@pytest.mark.parametrize("who", ["kept", "absorbed"])
def test_an_opt_out_of_one_person_holds_for_both_in_every_order(
    office_context: AgentContext, two: Two, order: str, who: str
) -> None:
    addresses = {"kept": "jane@acmelabs.example", "absorbed": "bob@acmelabs.example"}

    def opt_out() -> None:
        with office_context.database.write(office_context.workspace_id) as session:
            suppression.suppress(
                session, office_context.clock, office_context.sealer, address=addresses[who], reason="opt_out"
            )

    if order == "before":
        opt_out()
    merge_id = do(office_context, merge_contacts, two.namesake, two.absorbed_contact, SURE)
    if order == "between":
        opt_out()
    do(office_context, merging.split, merge_id, by="user:ann")
    if order == "after-split":
        opt_out()
    with office_context.database.read(office_context.workspace_id) as session:
        found = suppression.suppressed_among(session, office_context.sealer, addresses.values())
    expected = {addresses[who]} if order == "after-split" else set(addresses.values())
    assert set(found) == expected


def test_a_bounce_of_one_address_says_nothing_of_the_other(office_context: AgentContext, two: Two) -> None:
    with office_context.database.write(office_context.workspace_id) as session:
        suppression.suppress(
            session, office_context.clock, office_context.sealer, address="bob@acmelabs.example", reason="hard_bounce"
        )
    do(office_context, merge_contacts, two.namesake, two.absorbed_contact, SURE)
    with office_context.database.read(office_context.workspace_id) as session:
        assert not suppression.is_suppressed(session, office_context.sealer, "jane@acmelabs.example")


def test_an_objection_of_one_company_holds_for_both_and_outlives_the_split(
    office_context: AgentContext, two: Two
) -> None:
    with office_context.database.write(office_context.workspace_id) as session:
        third = upsert_companies(
            session,
            office_context.clock,
            [CompanyInput("Acme Inc", "acme", "file:c", domain="acme-inc.example", country="US")],
        ).ids[0]
        suppression.suppress(
            session, office_context.clock, office_context.sealer, domain="acme-inc.example", reason="objection"
        )
    merge_id = do(office_context, merge_companies, two.kept, third, SURE)
    rows = set(keys(office_context))
    assert company_of(office_context, two.kept).excluded_at is not None
    do(office_context, merging.split, merge_id, by="user:ann")
    assert set(keys(office_context)) >= rows
    with office_context.database.read(office_context.workspace_id) as session:
        assert suppression.is_suppressed(session, office_context.sealer, "any@acme.example")


def keys(context: AgentContext) -> list[str]:
    with context.database.read(context.workspace_id) as session:
        return list(session.exec(select(Suppression.key_index)))


@pytest.mark.parametrize("order", ["kept", "absorbed"])
def test_erasing_one_erases_the_person_and_a_split_brings_nothing_back(
    office_context: AgentContext, two: Two, order: str
) -> None:
    company_merge = do(office_context, merge_companies, two.kept, two.absorbed, SURE)
    merge_id = do(office_context, merge_contacts, two.kept_contact, two.namesake, SURE)
    erased = two.kept_contact if order == "kept" else two.namesake
    with office_context.database.write(office_context.workspace_id) as session:
        erasure.erase_contact(session, office_context.clock, office_context.sealer, erased)
    do(office_context, merging.split, merge_id, by="user:ann")
    do(office_context, merging.split, company_merge, by="user:ann")
    with office_context.database.read(office_context.workspace_id) as session:
        for row in session.exec(select(Contact).where(col(Contact.id).in_([two.kept_contact, two.namesake]))):
            assert row.erased_at is not None
            assert (row.name_sealed, row.email_sealed, row.phone_sealed) == (None, None, None)
            assert (row.email_index, row.person_index) == (None, None)
        assert suppression.is_suppressed(session, office_context.sealer, "jane@acmelabs.example")
    with pytest.raises(Rejected):
        do(office_context, merge_contacts, two.absorbed_contact, erased, SURE)


def test_nobody_is_written_to_twice(office_context: AgentContext, two: Two) -> None:
    lead_id = stable_id("lead", two.absorbed_contact)
    with office_context.database.write(office_context.workspace_id) as session:
        session.add(
            Enrollment(
                workspace_id=office_context.workspace_id,
                id=uuid4(),
                lead_id=lead_id,
                sequence="s1",
                mailbox_id=uuid4(),
                created_at=office_context.clock.now(),
            )
        )
    merge_id = do(office_context, merge_contacts, two.kept_contact, two.absorbed_contact, SURE)

    def state() -> EnrollmentState:
        with office_context.database.read(office_context.workspace_id) as session:
            return session.exec(select(Enrollment.state).where(Enrollment.lead_id == lead_id)).one()

    assert state() is EnrollmentState.STOPPED
    do(office_context, merging.split, merge_id, by="user:ann")
    assert state() is EnrollmentState.ACTIVE


def test_a_mail_on_its_way_comes_first(office_context: AgentContext, office: Office, two: Two) -> None:
    office.approved(0)
    with office_context.database.read(office_context.workspace_id) as session:
        assert session.exec(select(OutboxItem.contact_id)).first() == office.people[0].contact_id
    with pytest.raises(Rejected, match="on its way"):
        do(office_context, merge_contacts, two.kept_contact, office.people[0].contact_id, SURE)


def test_two_contracts_are_not_made_one(office_context: AgentContext, two: Two) -> None:
    now: datetime = office_context.clock.now()
    with office_context.database.write(office_context.workspace_id) as session:
        for company_id in (two.kept, two.absorbed):
            session.add(
                Customer(
                    workspace_id=office_context.workspace_id,
                    id=uuid4(),
                    company_id=company_id,
                    started_on=now.date(),
                    created_at=now,
                )
            )
    with pytest.raises(Rejected, match="contract"):
        do(office_context, merge_companies, two.kept, two.absorbed, SURE)


def test_a_chain_is_split_from_its_end(office_context: AgentContext, two: Two) -> None:
    with office_context.database.write(office_context.workspace_id) as session:
        third = upsert_companies(
            session, office_context.clock, [CompanyInput("Acme AG", "acme", "file:c", domain="acme-ag.example")]
        ).ids[0]
    before = everything(office_context)
    first = do(office_context, merge_companies, two.kept, two.absorbed, SURE)
    second = do(office_context, merge_companies, third, two.kept, SURE)
    with office_context.database.read(office_context.workspace_id) as session:
        assert merges.standing_for(session, [two.absorbed, two.kept, third]) == [third] * 3
        assert merges.group_of(session, two.kept) == {two.absorbed, two.kept, third}
    with pytest.raises(Conflict, match="later merge"):
        do(office_context, merging.split, first, by="user:ann")
    with pytest.raises(Conflict, match="already"):
        do(office_context, merge_companies, third, two.absorbed, SURE)
    do(office_context, merging.split, second, by="user:ann")
    do(office_context, merging.split, first, by="user:ann")
    assert everything(office_context) == before


# ---------------------------------------------------------------------------------------------------- finding them


def record(name: str, source_id: str, **more: Any) -> CompanyRecord:
    return CompanyRecord(name=name, source="file:list.csv", source_id=source_id, **more)


ROBOTS = "Autonomous forklifts and pallet robots for cold storage warehouses in Scandinavia"


def test_a_newcomer_without_a_domain_is_merged_where_it_is_sure(office_context: AgentContext, office: Office) -> None:
    first = do(
        office_context,
        take_in_companies,
        [record("Nordlift Robotics AS", "1", website="https://nordlift.example", city="Bergen", description=ROBOTS)],
    )
    again = do(
        office_context,
        take_in_companies,
        [record("Nordlift Robotics (formerly Liftnord)", "2", city="Bergen", country="NO", description=ROBOTS)],
    )
    assert again == first
    with office_context.database.read(office_context.workspace_id) as session:
        merge = session.exec(select(Merge)).one()
        assert merge.decided_by == "rule"
        assert merge.probability >= identity.AUTO_MERGE_COMPANIES
        assert merge.reasons
        assert session.exec(select(Company.name).where(Company.id == first[0])).one() == "Nordlift Robotics AS"


def test_another_site_is_for_a_person_to_decide_and_a_no_is_remembered(
    office_context: AgentContext, office: Office
) -> None:
    for number, domain in enumerate(("nordlift.example", "liftnord.example")):
        do(
            office_context,
            take_in_companies,
            [record("Nordlift Robotics", str(number), website=f"https://{domain}", city="Bergen", description=ROBOTS)],
        )
    with office_context.database.read(office_context.workspace_id) as session:
        assert session.exec(select(Merge)).all() == []
        (proposal,) = identity.waiting(session)
        assert "their domains differ" in proposal.reasons
    assert do(office_context, identity.decide, proposal.id, accept=False, by="user:ann") is None
    with pytest.raises(Conflict):
        do(office_context, identity.decide, proposal.id, accept=True, by="user:ann")
    assert do(office_context, identity.propose).waiting == []
    with office_context.database.read(office_context.workspace_id) as session:
        assert identity.waiting(session) == []
        assert len(session.exec(select(MergeProposal)).all()) == 1


def test_an_accepted_proposal_is_a_merge_of_that_person(office_context: AgentContext, two: Two) -> None:
    do(office_context, merge_companies, two.kept, two.absorbed, SURE)
    found = do(office_context, identity.propose)
    with office_context.database.read(office_context.workspace_id) as session:
        (proposal,) = [
            p for p in identity.waiting(session) if {p.first_id, p.second_id} == {two.kept_contact, two.namesake}
        ]
    assert proposal.id in found.waiting
    merge_id = do(office_context, identity.decide, proposal.id, accept=True, by="user:ann")
    with office_context.database.read(office_context.workspace_id) as session:
        merge = session.exec(select(Merge).where(Merge.id == merge_id)).one()
        assert (merge.decided_by, merge.kept_id) == ("user:ann", two.namesake)  # the one with an address stays
        assert session.exec(select(MergeProposal.state).where(MergeProposal.id == proposal.id)).one() == "accepted"


def test_a_branch_of_a_country_gets_a_parent_and_is_never_merged(office_context: AgentContext, office: Office) -> None:
    ids = [
        do(office_context, take_in_companies, [record(name, str(n), website=f"https://{domain}", description=ROBOTS)])[
            0
        ]
        for n, (name, domain) in enumerate([("Nordlift", "nordlift.com"), ("Nordlift Deutschland GmbH", "nordlift.de")])
    ]
    with office_context.database.read(office_context.workspace_id) as session:
        assert identity.parents_of(session, ids) == {ids[1]: ids[0]}
        assert session.exec(select(Merge)).all() == []
        assert identity.waiting(session) == []
        assert session.exec(select(Fact.subject_id).where(Fact.field == "parent")).all() == [ids[1]]
