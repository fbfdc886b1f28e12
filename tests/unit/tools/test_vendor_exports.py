"""What vendors give as files instead of an interface: the mapping that is proposed for them is the right one."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from core.errors import Rejected
from tests.support.vendors import FIXTURES
from tools.files.reading import open_table
from tools.files.rows import RawRow
from tools.mapping.apply import apply_company, apply_person
from tools.mapping.propose import propose_company_mapping, propose_person_mapping
from tools.ports import CompanyRecord, CompanyRef, PersonRecord, RowProblem
from tools.providers.company_source.files import FileCompanySource
from tools.providers.person_finder.files import FilePersonFinder

EXPORTS = FIXTURES / "exports"
NORRA = CompanyRef(UUID(int=1), "Norra Logistik AB", "")


def people(path: Path) -> list[PersonRecord | RowProblem]:
    table = open_table(path)
    mapping = propose_person_mapping(table.headers, table.sample).document
    return [apply_person(mapping, row, "file") for row in table.sample]


def test_own_connections_of_linkedin_below_their_introduction() -> None:
    astrid, jonas, mei, omar, *rest = people(EXPORTS / "linkedin_connections.csv")
    assert isinstance(astrid, PersonRecord)
    assert (astrid.full_name, astrid.title, astrid.company_name, astrid.email) == (
        "Astrid Ek", "Head of Sales", "Norra Logistik", "",
    )  # fmt: skip
    assert astrid.profile_url == "https://www.linkedin.com/in/astrid-ek-example"
    assert isinstance(jonas, PersonRecord)
    assert (jonas.email, jonas.company_domain) == ("jonas.berg@norra.example", "norra.example")
    assert isinstance(mei, PersonRecord)
    assert mei.company_name == "Kustfrakt, Inc."
    assert isinstance(omar, RowProblem)  # who names no company is nobody's contact
    assert omar.line == 8
    assert not any(isinstance(row, PersonRecord) for row in rest)


def test_connections_that_show_no_address_at_all(tmp_path: Path) -> None:
    text = (EXPORTS / "linkedin_connections.csv").read_text(encoding="utf-8")
    path = tmp_path / "Connections.csv"
    path.write_text(text.replace("jonas.berg@norra.example", ""), encoding="utf-8")
    mapping = propose_person_mapping(open_table(path).headers, open_table(path).sample).document
    assert mapping.fields["email"].origins == ("Email Address",)  # later rows may have one


def test_connections_are_found_by_the_name_of_their_company() -> None:
    finder = FilePersonFinder(EXPORTS / "linkedin_connections.csv")
    found = finder.people([NORRA])[NORRA.company_id]
    assert [person.full_name for person in found] == ["Astrid Ek", "Jonas Berg"]  # type: ignore[union-attr]
    finder.close()


def test_saved_leads_with_the_page_of_their_company_and_their_place() -> None:
    astrid, mei = people(EXPORTS / "sales_navigator_leads.csv")
    assert isinstance(astrid, PersonRecord)
    assert isinstance(mei, PersonRecord)
    assert (astrid.profile_url, astrid.country) == ("https://www.linkedin.com/in/astrid-ek-example", "SE")
    assert mei.country == "FR"


@pytest.mark.parametrize("header", ["LinkedIn URL", "Company LinkedIn URL", "Profile"])
def test_the_page_of_a_company_is_nobody_s_profile(header: str) -> None:
    rows = [
        RawRow(n, {"Name": name, "Company": "Norra", header: "https://www.linkedin.com/company/norra-example"})
        for n, name in enumerate(("Astrid Ek", "Jonas Berg"), start=2)
    ]
    assert "profile_url" not in propose_person_mapping(("Name", "Company", header), rows).document.fields


def test_saved_accounts() -> None:
    source = FileCompanySource(EXPORTS / "sales_navigator_accounts.csv")
    norra, kust = source.page(None, 10).records
    assert (norra.name, norra.website, norra.employees, norra.country, norra.city) == (
        "Norra Logistik", "https://norra.example", 240, "SE", "Luleå",
    )  # fmt: skip
    assert (kust.source_id, kust.industry) == ("1234568", "Maritime Transportation")
    source.close()


def test_the_followers_of_a_page_are_counted_and_name_no_company() -> None:
    table = open_table(EXPORTS / "linkedin_page_followers.csv")
    with pytest.raises(Rejected, match="company's name"):
        propose_company_mapping(table.headers, table.sample)


def test_buyer_intent_becomes_dated_signals_and_the_product_s_category_no_industry() -> None:
    source = FileCompanySource(EXPORTS / "g2_buyer_intent.csv")
    records = source.page(None, 10).records
    assert [(r.name, r.website, r.country, r.industry) for r in records] == [
        ("Norra Logistik", "https://norra.example", "SE", ""),
        ("Kustfrakt", "https://kustfrakt.example", "SE", ""),
        ("Norra Logistik", "https://norra.example", "SE", ""),
    ]
    assert [(s.kind, s.quote, s.observed_at) for r in records for s in r.signals] == [
        ("review_site_visit", "Signal Type: Pricing", datetime(2026, 5, 14, tzinfo=UTC)),
        ("review_site_visit", "Signal Type: Compare", datetime(2026, 5, 20, tzinfo=UTC)),
        ("review_site_visit", "Signal Type: Alternatives", datetime(2026, 5, 21, tzinfo=UTC)),
    ]
    source.close()


def test_a_column_called_signal_that_says_something_else_is_no_visit() -> None:
    rows = [RawRow(n, {"Company": name, "Signal Type": "hiring"}) for n, name in enumerate(("Norra", "Kust"), start=2)]
    mapping = propose_company_mapping(("Company", "Signal Type"), rows).document
    assert mapping.signals == ()
    assert isinstance(apply_company(mapping, rows[0], "file"), CompanyRecord)
