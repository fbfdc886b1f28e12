"""What lists and finders tell of a contact that was merged goes to the one that stands; the other is left as it was."""

from uuid import UUID

import pytest
from sqlmodel import col, select

from agents.context import AgentContext
from agents.merging import Grounds, merge_companies, merge_contacts
from store.models import Contact
from store.queries.people import AddressInput, ContactInput, keep_addresses, upsert_contacts
from tests.integration.agents.test_identity_merges import Two, do, plant
from tests.support.crash.office import Office

SURE = Grounds(0.99, ("a test says so",), "user:ann")


@pytest.fixture
def two(office: Office, office_context: AgentContext) -> Two:
    return plant(office_context, office)


def tell(context: AgentContext, *inputs: ContactInput) -> list[UUID | None]:
    with context.database.write(context.workspace_id) as session:
        return upsert_contacts(session, context.clock, context.ids, context.sealer, inputs).ids


def contacts(context: AgentContext) -> dict[UUID, dict[str, object]]:
    with context.database.read(context.workspace_id) as session:
        return {row.id: row.model_dump() for row in session.exec(select(Contact).order_by(col(Contact.id)))}


def test_every_name_and_address_of_a_merged_contact_finds_the_one_that_stands(
    office_context: AgentContext, two: Two
) -> None:
    """Both had an address, so the absorbed one kept its own: that is by what a list would find it."""
    context = office_context
    do(context, merge_contacts, two.namesake, two.absorbed_contact, SURE)
    before = contacts(context)
    told = tell(
        context,
        ContactInput(two.absorbed, "Bob Roe", "bob roe", "file:c", "bob@acmelabs.example", profile_url="https://x/bob"),
        ContactInput(two.absorbed, "Bob Roe", "bob roe", "file:c", country="NO"),
        ContactInput(
            two.absorbed, "Robert Roe", "robert roe", "file:c", "bob@acmelabs.example", time_zone="Europe/Oslo"
        ),
    )
    assert told == [two.namesake] * 3
    after = contacts(context)
    assert after.keys() == before.keys()
    assert after[two.absorbed_contact] == before[two.absorbed_contact]
    stands = after[two.namesake]
    assert (stands["country"], stands["time_zone"]) == ("NO", "Europe/Oslo")
    assert stands["profile_url_sealed"] is not None
    assert stands["email_index"] == before[two.namesake]["email_index"], "the first address stays"


def test_people_told_of_at_a_merged_company_are_people_of_the_one_that_stands(
    office_context: AgentContext, two: Two
) -> None:
    context = office_context
    do(context, merge_companies, two.kept, two.absorbed, SURE)
    told = tell(context, ContactInput(two.absorbed, "Eve New", "eve new", "file:c", "eve@acmelabs.example"))
    assert told[0] is not None
    assert contacts(context)[told[0]]["company_id"] == two.kept
    assert tell(context, ContactInput(two.kept, "Eve New", "eve new", "file:d")) == told


def test_through_several_merges_and_back_after_a_split(office_context: AgentContext, two: Two) -> None:
    context = office_context
    do(context, merge_contacts, two.namesake, two.absorbed_contact, SURE)
    do(context, merge_contacts, two.kept_contact, two.namesake, SURE)
    bob = ContactInput(two.absorbed, "Bob Roe", "bob roe", "file:c", "bob@acmelabs.example")
    assert tell(context, bob) == [two.kept_contact]


def test_an_address_found_for_somebody_who_was_merged_meanwhile(office_context: AgentContext, two: Two) -> None:
    context, now = office_context, office_context.clock.now()
    do(context, merge_contacts, two.absorbed_contact, two.kept_contact, SURE)
    before = contacts(context)
    found = AddressInput(two.kept_contact, "bob@acmelabs.example", "valid", ("a server took it",), now)
    with context.database.write(context.workspace_id) as session:
        assert keep_addresses(session, context.clock, context.sealer, [found]) == {two.absorbed_contact}
    after = contacts(context)
    assert after[two.kept_contact] == before[two.kept_contact]
    assert after[two.absorbed_contact]["email_status"] == "valid"
