"""Proposing, editing and applying mappings."""

from datetime import UTC, date, datetime

import pytest

from core.errors import Rejected
from tools.files.rows import RawRow
from tools.mapping.apply import apply_company, apply_person, apply_usage
from tools.mapping.document import MappingDocument, load_mapping
from tools.mapping.propose import propose_company_mapping, propose_person_mapping, propose_usage_mapping
from tools.ports import CompanyRecord, PersonRecord, RowProblem


def _rows(*rows: dict) -> list[RawRow]:
    return [RawRow(line, row) for line, row in enumerate(rows, start=2)]


@pytest.mark.parametrize(
    "names",
    [
        ("Company Name", "Website", "# Employees", "Annual Revenue", "HQ Country", "City", "Industry"),
        ("Firmenname", "Webseite", "Mitarbeiter", "Umsatz", "Land", "Stadt", "Branche"),
        ("Raison sociale", "Site web", "Effectif", "Chiffre d'affaires", "Pays", "Ville", "Secteur"),
        ("Razón social", "Sitio web", "Empleados", "Facturación", "País", "Ciudad", "Sector"),
        (
            "account.name",
            "account.domain",
            "account.employeeCount",
            "account_revenue",
            "country_code",
            "hq_city",
            "vertical",
        ),
    ],
)
def test_headers_in_four_languages(names: tuple[str, ...]) -> None:
    values = [
        ("Acme Inc", "https://acme.com", "51-200", "€1.5M", "Germany", "Berlin", "Software"),
        ("Beta GmbH", "beta.de", "1,001", "€300k", "France", "Paris", "Retail"),
    ]
    rows = _rows(*(dict(zip(names, v, strict=True)) for v in values))
    proposal = propose_company_mapping(names, rows)
    record = apply_company(proposal.document, rows[0], "file:x")
    assert isinstance(record, CompanyRecord)
    assert (record.name, record.website, record.employees, record.revenue_minor, record.currency) == (
        "Acme Inc", "https://acme.com", 125, 150_000_000, "EUR",
    )  # fmt: skip
    assert (record.country, record.city, record.industry, record.line) == ("DE", "Berlin", "Software", 2)
    assert all(0 < c.confidence <= 1 and c.reason for c in proposal.choices)


def test_values_veto_a_header_and_speak_without_one() -> None:
    headers = ("column 1", "column 2", "Website", "Employees")
    rows = _rows(*({"column 1": f"Firm {chr(65 + i)} Limited", "column 2": f"https://firm{i}.com", "Website": "yes",
                    "Employees": "medium"} for i in range(12)))  # fmt: skip
    with pytest.raises(Rejected, match="name"):
        propose_company_mapping(headers, rows)
    proposal = propose_company_mapping(("Firm", *headers[1:]), _rows(*({**r.cells, "Firm": "A"} for r in rows)))
    assert proposal.document.fields["website"].column == "column 2"
    assert "employees" not in proposal.document.fields
    assert set(proposal.unmapped) == {"Website", "Employees"}


def test_a_page_of_the_list_s_own_host_is_nobody_s_website() -> None:
    rows = _rows(
        *(
            {"name": f"N{i}", "url": f"https://list.example.com/{i}", "careers_url": f"https://n{i}.com/jobs"}
            for i in range(20)
        )
    )
    mapping = propose_company_mapping(("name", "url", "careers_url"), rows).document
    assert mapping.fields["website"].origins == ("careers_url",)


def test_a_cell_that_cannot_be_read_is_reported_and_the_row_kept() -> None:
    mapping = load_mapping(
        "version: 1\nkind: company\nfields:\n  name: {column: n}\n"
        "  employees: {column: e, transform: {kind: employees}}\n  country: {column: c, transform: {kind: country}}\n"
    )
    problems: list[RowProblem] = []
    record = apply_company(
        mapping, RawRow(7, {"n": "Acme", "e": "about fifty", "c": "Atlantis"}), "s", problems=problems
    )
    assert isinstance(record, CompanyRecord)
    assert record.employees is None
    assert [p.line for p in problems] == [7, 7]
    assert "'e' holds 'about fifty'" in problems[0].reason
    assert "'c' holds 'Atlantis'" in problems[1].reason
    missing = apply_company(mapping, RawRow(8, {"n": "#NAME?", "e": "5"}), "s")
    assert isinstance(missing, RowProblem)
    assert "no name" in missing.reason
    assert "#NAME?" in missing.reason


def test_signals_are_dated_or_left_out() -> None:
    headers = ("name", "isHiring", "last_funding_at")
    rows = _rows(
        *({"name": f"N{i}", "isHiring": i % 2 == 0, "last_funding_at": f"2026-01-{i + 1:02}"} for i in range(10))
    )
    mapping = propose_company_mapping(headers, rows).document
    undated = apply_company(mapping, rows[0], "s")
    dated = apply_company(mapping, rows[0], "s", as_of=datetime(2026, 3, 1, tzinfo=UTC))
    not_hiring = apply_company(mapping, rows[1], "s", as_of=datetime(2026, 3, 1, tzinfo=UTC))
    assert isinstance(undated, CompanyRecord)
    assert isinstance(dated, CompanyRecord)
    assert isinstance(not_hiring, CompanyRecord)
    assert [s.kind for s in undated.signals] == ["funding"]
    assert {s.kind: s.observed_at.date() for s in dated.signals} == {
        "funding": date(2026, 1, 1), "hiring": date(2026, 3, 1),
    }  # fmt: skip
    assert [s.kind for s in not_hiring.signals] == ["funding"]


def test_people_by_parts_of_names_and_by_their_mail() -> None:
    headers = ("First Name", "Last Name", "Job Title", "Email", "Company", "LinkedIn URL")
    rows = _rows(
        {"First Name": "Ann", "Last Name": "Lee", "Job Title": "VP Sales", "Email": "ann@mail.acme.com", "Company": "",
         "LinkedIn URL": "https://linkedin.com/in/ann"},
        {"First Name": "Bo", "Last Name": "Ek", "Job Title": "CTO", "Email": "bo@gmail.com", "Company": "Beta"},
        {"First Name": "No", "Last Name": "One", "Job Title": "CEO", "Email": "no@gmail.com", "Company": ""},
    )  # fmt: skip
    mapping = propose_person_mapping(headers, rows).document
    ann, bo, nobody = (apply_person(mapping, row, "s") for row in rows)
    assert isinstance(ann, PersonRecord)
    assert (ann.full_name, ann.title, ann.company_domain, ann.profile_url) == (
        "Ann Lee", "VP Sales", "acme.com", "https://linkedin.com/in/ann",
    )  # fmt: skip
    assert isinstance(bo, PersonRecord)
    assert (bo.company_name, bo.company_domain) == ("Beta", "")
    assert isinstance(nobody, RowProblem)


def test_usage_long_and_wide() -> None:
    long = _rows(
        *(
            {"account": f"c{i}.com", "date": f"2026-01-{i + 1:02}", "metric": "logins", "value": str(i)}
            for i in range(12)
        )
    )
    mapping = propose_usage_mapping(("account", "date", "metric", "value"), long).document
    (record,) = apply_usage(mapping, long[3])
    assert (record.customer_ref, record.day, record.metric, record.value) == ("c3.com", date(2026, 1, 4), "logins", 3.0)
    wide = _rows(
        *({"customer_id": f"c{i}", "day": f"{i + 10}/01/2026", "Active Users": str(i)} for i in range(9)),
        {"customer_id": "c", "day": "10/01/2026", "Active Users": "3", "logins": "0"},
    )
    mapping = propose_usage_mapping(("customer_id", "day", "Active Users", "logins"), wide).document
    assert [(r.metric, r.value, r.day) for r in apply_usage(mapping, wide[2])] == [
        ("active_users", 2.0, date(2026, 1, 12))
    ]
    assert [(r.metric, r.value) for r in apply_usage(mapping, wide[9])] == [("active_users", 3.0), ("logins", 0.0)]


def test_a_document_survives_yaml_and_says_what_is_wrong_with_it() -> None:
    rows = _rows({"name": "A", "site": "a.com", "rev": "$5M"}, {"name": "B", "site": "b.com", "rev": "$6M"})
    document = propose_company_mapping(("name", "site", "rev"), rows).document
    assert load_mapping(document.to_yaml()) == document
    wrong = {
        "fields: {nam: {column: a}}": "no field of a company",
        "fields: {name: {colum: a}}": "fields.name.colum",
        "fields: {name: {}}": "exactly one",
        "fields: {website: {column: a, transform: {kind: website}}}": "needs a column for name",
        "fields: {name: {column: a}, employees: {column: b, transform: {kind: date}}}": "takes the transforms",
        "fields: {name: {column: a}}\nsignals: [{kind: rumour, column: b}]": "no kind of signal",
        "fields: {name: {column: a}}\nextra: 1": "extra",
    }
    for text, says in wrong.items():
        with pytest.raises(Rejected, match=says):
            load_mapping(f"version: 1\nkind: company\n{text}\n")
    for text in ("", "- a", "{", "version: 2\nkind: company\nfields: {name: {column: a}}"):
        with pytest.raises(Rejected):
            load_mapping(text)
    with pytest.raises(Rejected, match=r"'site'.*does not have"):
        MappingDocument.model_validate(document.model_dump()).check_columns(("name", "rev"), "x.csv")
