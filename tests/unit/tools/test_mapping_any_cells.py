"""Whatever a cell holds, a mapping gives a record that the store can keep, or a problem that names the row."""

import csv
import io
import math

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Rejected
from tools.files.reading import open_table
from tools.files.rows import RawRow
from tools.mapping.amounts import money_of
from tools.mapping.apply import apply_company, apply_person, apply_usage
from tools.mapping.cells import Unreadable
from tools.mapping.document import load_mapping
from tools.mapping.places import parse_location
from tools.mapping.propose import propose_company_mapping, propose_person_mapping, propose_usage_mapping
from tools.ports import CompanyRecord, PersonRecord, RowProblem, UsageRecord

COMPANY = load_mapping("""
version: 1
kind: company
fields:
  name: {column: a}
  website: {column: b, transform: {kind: website}}
  employees: {column: c, transform: {kind: employees}}
  revenue_minor: {column: d, transform: {kind: money, currency: KWD, scale: 1000000000}}
  country: {column: e, transform: {kind: country}}
  city: {column: f, transform: {kind: location, part: city}}
  region: {column: f, transform: {kind: location, part: region}}
  founded_year: {column: g, transform: {kind: year}}
  tags: {column: h, transform: {kind: list, separator: "|"}}
  status: {column: b}
signals: [{kind: funding, column: g, date_column: g}]
""")
PERSON = load_mapping("""
version: 1
kind: person
fields:
  full_name: {columns: [a, b], transform: {kind: join}}
  email: {column: c}
  company_name: {column: d}
  company_domain: {column: e, transform: {kind: domain}}
  country: {column: f, transform: {kind: country}}
""")
USAGE = load_mapping("""
version: 1
kind: usage
fields:
  customer_ref: {column: a}
  day: {column: b, transform: {kind: date}}
metrics:
  logins: {column: c, transform: {kind: number, scale: 1000}}
""")
WORDS = """
Acme|https://acme.com:80/x|51-200|5-1k|1e400|$1.2B|-5|(5)|1.2.3,4|2020|2020-13-45|99999-99-99|12/31/99|true|n/a|#NAME?
a@b.co|=1+1|Berlin, DE|New York|NaN|Infinity|١٢٣|²|½|٢٠٢٠|0-0|€|--|Dr.|\u202e|10000000000000|999999999999999999999999
"""
WORD = st.sampled_from([word for line in WORDS.strip().splitlines() for word in line.split("|")])
NUMBER = st.one_of(
    st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False), st.sampled_from([1e308, 10**18, 1.7e9])
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
CELL = st.one_of(
    WORD,
    TEXT,
    st.text("0123456789.,-kKmM$€ %()/:", max_size=24),
    NUMBER,
    st.none(),
    st.lists(st.one_of(WORD, st.none(), NUMBER, st.lists(WORD, max_size=2)), max_size=3),
)
ROW = st.fixed_dictionaries(dict.fromkeys("abcdefgh", CELL))


@settings(max_examples=600, deadline=None)
@given(ROW)
def test_any_cells_give_a_record_that_can_be_kept_or_a_problem(cells: dict[str, object]) -> None:
    row = RawRow(7, cells)
    problems: list[RowProblem] = []
    company = apply_company(COMPANY, row, "file:x", problems=problems)
    person = apply_person(PERSON, row, "file:x", problems=problems)
    usage = apply_usage(USAGE, row, problems=problems)
    if isinstance(company, CompanyRecord):
        assert company.name
        assert company.employees is None or 0 <= company.employees < 2**31
        assert company.revenue_minor is None or abs(company.revenue_minor) < 2**63
        assert company.founded_year is None or 1000 <= company.founded_year < 2100
        assert len(company.country) in (0, 2)
        assert company.status == company.status.lower()
        orjson.dumps(company)
    if isinstance(person, PersonRecord):
        assert person.full_name
        assert person.company_name or person.company_domain
    for record in usage if isinstance(usage, tuple) else ():
        assert isinstance(record, UsageRecord)
        assert math.isfinite(record.value)
    for found in (company, person, usage, *problems):
        if isinstance(found, RowProblem):
            assert found.line == 7
            assert found.reason
            assert len(found.excerpt) <= 200


HEADER = st.sampled_from(
    ["name", "company", "website", "employees", "revenue (M)", "country", "location", "founded", "tags", "status", "id",
     "isHiring", "last_funding_at", "full name", "email", "day", "value", "customer", "", "a.b", "Umsatz", "State"]
)  # fmt: skip
PROPOSALS = (propose_company_mapping, propose_person_mapping, propose_usage_mapping)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(HEADER, st.lists(CELL, min_size=3, max_size=3)), min_size=1, max_size=8), st.booleans())
def test_any_list_is_mapped_by_its_proposal_or_refused(columns: list[tuple[str, list]], as_json: bool) -> None:
    rows = [{header: cells[i] for header, cells in columns} for i in range(3)]
    if as_json:
        data = b"\n".join(map(orjson.dumps, rows))
    else:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow([header for header, _ in columns])
        writer.writerows([cells[i] for _, cells in columns] for i in range(3))
        data = text.getvalue().encode()
    for propose in PROPOSALS:
        try:
            table = open_table(io.BytesIO(data), name="any")
            mapping = propose(table.headers, table.sample).document
        except Rejected:
            continue
        assert load_mapping(mapping.to_yaml()) == mapping
        for row in table.rows():
            if propose is propose_company_mapping:
                apply_company(mapping, row, "file:any")
            elif propose is propose_person_mapping:
                apply_person(mapping, row, "file:any")
            else:
                apply_usage(mapping, row)


def test_an_amount_that_no_column_holds_is_unreadable() -> None:
    assert money_of("1,000,000", currency="USD", scale=1e6) == (10**14, "USD")
    with pytest.raises(Unreadable, match="range"):
        money_of("1,111,111,111,111", currency="USD", scale=1e6)


def test_new_york_alone_is_the_city_and_another_state_is_no_city() -> None:
    assert tuple(parse_location("New York")) == ("New York", "New York", "US")
    assert tuple(parse_location("Ohio")) == ("", "Ohio", "US")
