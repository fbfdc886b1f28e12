"""Many sources, one row a company and one a person; what is known is never lost to a second list."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlmodel import col, select

from core.clock import VirtualClock
from core.crypto import Sealer
from core.ids import SystemIds
from store.models import Company, CompanySource, Contact
from store.queries import people, suppression
from store.queries.companies import CompanyInput, upsert_companies
from store.queries.people import ContactInput, upsert_contacts
from store.session import Database


def company(name: str, domain: str | None = None, **more: object) -> CompanyInput:
    values = {"source": "file:a.csv", "source_id": f"{name}|{domain}", "name_key": name.lower(), **more}
    return CompanyInput(name=name, domain=domain, **values)  # type: ignore[arg-type]


def person(company_id: UUID, name: str, email: str = "", **more: object) -> ContactInput:
    values = {"source": "file:p.csv", "person_key": name.lower(), **more}
    return ContactInput(company_id=company_id, full_name=name, email=email, **values)  # type: ignore[arg-type]


def test_one_domain_is_one_company_and_fills_what_was_empty(
    database: Database, workspace_id: UUID, clock: VirtualClock
) -> None:
    with database.write(workspace_id) as session:
        first = upsert_companies(
            session,
            clock,
            [
                company("Acme", "acme.example", employees=10, tags=["a"]),
                company("ACME Inc", "acme.example", employees=99, city="Oslo", tags=["A", "b"], source="file:b.csv"),
                company("Other", "other.example"),
            ],
        )
        second = upsert_companies(
            session,
            clock,
            [company("Acme", "acme.example", city="Rome", revenue_minor=5, currency="EUR", industry="x" * 999)],
        )
    assert first.ids[0] == first.ids[1] == second.ids[0] != first.ids[2]
    assert (first.created, second.created) == ({first.ids[0], first.ids[2]}, set())
    with database.read(workspace_id) as session:
        row = session.exec(select(Company).where(Company.id == first.ids[0])).one()
        sources = session.exec(select(CompanySource.source).where(CompanySource.company_id == row.id)).all()
    assert (row.name, row.employees, row.city, row.tags) == ("Acme", 10, "Oslo", ["a", "b"])
    assert (row.revenue_minor, row.currency, len(row.industry)) == (5, "EUR", 200)
    assert sorted(sources) == ["file:a.csv", "file:b.csv"]


def test_without_a_domain_name_and_country_say_who_it_is(
    database: Database, workspace_id: UUID, clock: VirtualClock
) -> None:
    with database.write(workspace_id) as session:
        (nameless_domain,) = upsert_companies(session, clock, [company("Beta", country="DE")]).ids
        abroad, again, adopted = upsert_companies(
            session,
            clock,
            [
                company("Beta", country="FR"),
                company("Beta", country="DE"),
                company("Beta", "beta.example", country="DE"),
            ],
        ).ids
        later = upsert_companies(session, clock, [company("Beta", country="DE")]).ids
        twin = upsert_companies(session, clock, [company("Beta", "beta2.example", country="DE")]).ids[0]
        unsure = upsert_companies(session, clock, [company("Beta", country="DE")] * 2).ids
    assert abroad != nameless_domain
    assert [again, adopted, *later] == [nameless_domain] * 3
    assert twin != nameless_domain
    assert set(unsure) == {nameless_domain}  # the one that was made from this very name


def test_records_of_no_name_are_known_again_by_their_source(
    database: Database, workspace_id: UUID, clock: VirtualClock
) -> None:
    with database.write(workspace_id) as session:
        first = upsert_companies(session, clock, [company("", name_key="", source_id="1")])
        again = upsert_companies(session, clock, [company("", name_key="", source_id="1")])
    assert first.ids == again.ids
    assert again.created == set()


def test_imports_at_once_make_no_twins(database: Database, workspace_id: UUID, clock: VirtualClock) -> None:
    def load(shift: int) -> list[UUID]:
        inputs = [company(f"C{n}", f"{n}.example" if n % 2 else None, source=f"s{shift}") for n in range(60)]
        with database.write(workspace_id) as session:
            return upsert_companies(session, clock, inputs[shift:] + inputs[:shift]).ids

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(load, [0, 15, 30, 45]))
    assert len({row_id for ids in found for row_id in ids}) == 60
    with database.read(workspace_id) as session:
        assert session.exec(select(sa.func.count()).select_from(Company)).one() == 60
        assert session.exec(select(sa.func.count()).select_from(CompanySource)).one() == 240


def test_statements_do_not_grow_with_rows(
    database: Database, workspace_id: UUID, clock: VirtualClock, ids: SystemIds, sealer: Sealer
) -> None:
    counts = []
    for size in (5, 20, 400):  # the first meets no name that is known already, and asks once less
        statements: list[str] = []

        def count(_c: object, _cur: object, statement: str, *_rest: object, into: list[str] = statements) -> None:
            into.append(statement)

        event.listen(database.engine, "before_cursor_execute", count)
        with database.write(workspace_id) as session:
            found = upsert_companies(
                session, clock, [company(f"S{size}-{n}", f"s{size}-{n}.example") for n in range(size)]
            )
            batch = [person(i, f"P{n}", f"p{n}@s{size}.example") for n, i in enumerate(found.ids)]
            upsert_contacts(session, clock, ids, sealer, batch)
        event.remove(database.engine, "before_cursor_execute", count)
        counts.append(len(statements))
    assert counts[2] <= counts[1] <= counts[0] + 1


@pytest.fixture
def acme(database: Database, workspace_id: UUID, clock: VirtualClock) -> UUID:
    with database.write(workspace_id) as session:
        return upsert_companies(session, clock, [company("Acme", "acme.example")]).ids[0]


def test_people_are_known_by_address_then_by_name_at_their_company(
    database: Database, workspace_id: UUID, clock: VirtualClock, ids: SystemIds, sealer: Sealer, acme: UUID
) -> None:
    with database.write(workspace_id) as session:
        first = upsert_contacts(
            session,
            clock,
            ids,
            sealer,
            [
                person(acme, "Jane Doe", title="CTO"),
                person(acme, "Jane Doe", "jane@acme.example", title="Chief", country="DE"),
                person(acme, "J. Doe", "jane@acme.example", phone="+1 555 0100"),
                person(acme, "Max Roe", "max@acme.example"),
                person(acme, "", ""),
            ],
        )
        again = upsert_contacts(session, clock, ids, sealer, [person(acme, "Jane Doe", "other@acme.example")])
        row = session.exec(
            select(Contact).where(Contact.id == first.ids[0]).execution_options(populate_existing=True)
        ).one()
    assert first.ids[0] == first.ids[1] == first.ids[2] == again.ids[0]
    assert first.ids[4] is None
    assert len(first.created) == 2
    assert (row.title, row.country) == ("CTO", "DE")
    opened = {
        column: sealer.open(getattr(row, f"{column}_sealed"), context=f"contact|{column}|{row.id}")
        for column in ("name", "email", "phone")
    }
    assert opened == {"name": "Jane Doe", "email": "jane@acme.example", "phone": "+1 555 0100"}
    assert row.email_index == sealer.blind_index("email", "jane@acme.example")


def test_nothing_personal_stands_in_clear(
    database: Database, workspace_id: UUID, clock: VirtualClock, ids: SystemIds, sealer: Sealer, acme: UUID
) -> None:
    with database.write(workspace_id) as session:
        upsert_contacts(
            session, clock, ids, sealer, [person(acme, "Jane Doe", "jane@acme.example", phone="+1 555 0100")]
        )
        values = " ".join(str(value) for value in session.exec(select(Contact)).one().model_dump().values())
    assert not any(word in values for word in ("Jane", "jane@", "555 0100"))


def test_a_newer_check_of_the_address_replaces_the_older_one(
    database: Database, workspace_id: UUID, clock: VirtualClock, ids: SystemIds, sealer: Sealer, acme: UUID
) -> None:
    def check(status: str, **more: object) -> ContactInput:
        return person(acme, "Jane Doe", "jane@acme.example", email_status=status, **more)

    with database.write(workspace_id) as session:
        upsert_contacts(session, clock, ids, sealer, [check("unknown"), check("valid", email_checked_at=clock.now())])
        upsert_contacts(session, clock, ids, sealer, [check("unknown")])
        assert session.exec(select(Contact.email_status)).one() == "valid"


def test_contacts_imported_at_once_make_no_twins(
    database: Database, workspace_id: UUID, clock: VirtualClock, ids: SystemIds, sealer: Sealer, acme: UUID
) -> None:
    batch = [person(acme, f"P{n}", f"p{n}@acme.example" if n % 2 else "") for n in range(40)]

    def load(_: int) -> int:
        with database.write(workspace_id) as session:
            return len(upsert_contacts(session, clock, ids, sealer, batch).created)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(load, range(4))) == 40
    with database.read(workspace_id) as session:
        assert session.exec(select(sa.func.count(col(Contact.id)))).one() == 40


def test_an_erased_person_is_not_imported_again(
    database: Database, workspace_id: UUID, clock: VirtualClock, ids: SystemIds, sealer: Sealer, acme: UUID
) -> None:
    key = suppression.person_key(sealer, acme, sealer.blind_index("person", "jane doe"))
    with database.write(workspace_id) as session:
        keys = [(suppression.PERSON, key)]
        suppression.suppress_keys(session, clock, keys, reason=suppression.ERASED)
        suppression.suppress(session, clock, sealer, address="max@acme.example", reason="opt_out")
        inputs = [person(acme, "Jane Doe", "new@acme.example"), person(acme, "Max Roe", "max@acme.example")]
        found = people.upsert_contacts(session, clock, ids, sealer, inputs)
    assert found.ids[0] is None
    assert found.ids[1] is not None  # an opt-out is known by name still; it is only never written to


@pytest.mark.parametrize(
    ("suppressed", "asked", "expected"),
    [
        ("jane@acme.example", " Jane@ACME.example", True),
        ("jane@acme.example", "jane+news@acme.example", True),
        ("jane+news@acme.example", "jane@acme.example", True),
        ("jane@acme.example", "jane@mail.acme.example", False),
        ("jane@acme.example", "janet@acme.example", False),
    ],
)
def test_suppressed_addresses_match_their_variants(
    database: Database,
    workspace_id: UUID,
    clock: VirtualClock,
    sealer: Sealer,
    suppressed: str,
    asked: str,
    expected: bool,
) -> None:
    with database.write(workspace_id) as session:
        assert suppression.suppress(session, clock, sealer, address=suppressed, reason="opt_out") >= 1
        assert suppression.suppress(session, clock, sealer, address=suppressed, reason="complaint") == 0
        assert suppression.is_suppressed(session, sealer, asked) is expected


def test_a_domain_covers_those_below_it(
    database: Database, workspace_id: UUID, clock: VirtualClock, sealer: Sealer
) -> None:
    with database.write(workspace_id) as session:
        suppression.suppress(session, clock, sealer, domain="Acme.example.", reason="objection")
        asked = ["a@acme.example", "b@mail.acme.example", "c@notacme.example", "d@example"]
        found = suppression.suppressed_among(session, sealer, asked)
    assert found == {"a@acme.example": "objection", "b@mail.acme.example": "objection"}
