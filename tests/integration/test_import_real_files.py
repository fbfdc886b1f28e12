"""Real lists, mapped by the proposed mapping alone; paging, resuming, people and usage."""

import csv
import gzip
import json
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from core.errors import Rejected
from tools.domains import registrable_domain
from tools.files.opening import Unpacked
from tools.files.reading import open_table
from tools.mapping.document import load_mapping
from tools.ports import CompanyRecord, CompanyRef, PersonRecord, RowProblem, Unknown, UsageRecord
from tools.providers.company_source.files import FileCompanySource
from tools.providers.person_finder.files import FilePersonFinder
from tools.providers.usage.files import FileUsageSource

# The column of each list that holds company websites, read independently of the mapping; "" where it has none.
WEBSITE_COLUMNS = {
    "antler_companies.csv": "website",
    "crunchbase2013_acquisitions.csv.gz": "",
    "crunchbase2013_companies.csv.gz": "",
    "crunchbase2013_rounds.csv.gz": "",
    "easy_application.csv": "url",
    "fortune1000_2018.csv": "",
    "fortune500_2026.csv": "website",
    "hiring_without_whiteboards.csv": "url",
    "remote_jobs_companies.csv": "website",
    "sec_cik_ticker_mapping.csv.gz": "",
    "sp500_constituents.csv": "",
    "sp500_financials.csv": "",
    "techstars_companies.csv.gz": "website",
    "unicorns_2022.csv": "",
    "yc_companies.jsonl.gz": "website",
}


def _pages(source: FileCompanySource, limit: int, cursor: str | None = None) -> Iterator[CompanyRecord | RowProblem]:
    while True:
        page = source.page(cursor, limit)
        yield from page.records
        yield from page.problems
        cursor = page.cursor
        if cursor is None:
            return


def _truth(path: Path) -> list[dict]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        if ".jsonl" in path.name:
            return [json.loads(line) for line in file]
        return [row for row in csv.DictReader(file) if any(row.values())]  # one list ends in 1,534 empty rows


@pytest.mark.parametrize("name", WEBSITE_COLUMNS)
def test_a_list_imports_by_its_proposed_mapping(name: str, shared_dir: Path) -> None:
    path = shared_dir / "data/companies" / name
    truth = _truth(path)
    source = FileCompanySource(path)
    start = time.perf_counter()
    found = list(_pages(source, 500))
    seconds = time.perf_counter() - start
    records = [r for r in found if isinstance(r, CompanyRecord)]
    column = WEBSITE_COLUMNS[name]
    usable = sum(registrable_domain(row[column] or "") is not None for row in truth) if column else 0
    sites = sum(registrable_domain(r.website) is not None for r in records)
    print(
        f"{name}: {len(records)}/{len(truth)} names, {sites}/{usable} usable websites, "
        f"{len(found) - len(records)} problems, {len(truth) / seconds:,.0f} rows/s"
    )
    assert len(records) >= 0.95 * len(truth)
    assert sites >= 0.95 * usable
    if len(records) == len(truth):  # no row was passed over: each record stands beside its own row
        websites = [registrable_domain(row[column] or "") for row in truth] if column else []
        same = sum(w is None or registrable_domain(r.website) == w for w, r in zip(websites, records, strict=False))
        assert same == len(websites)
        cells = [{" ".join(str(cell).split()) for cell in row.values()} for row in truth]
        assert all(r.name in row for r, row in zip(records, cells, strict=True))
    assert source.price_micros == 0
    assert bool(usable) == ("website" in source.mapping.fields)


def test_pages_resume_in_a_fresh_process_wherever_they_stopped(shared_dir: Path) -> None:
    path = shared_dir / "data/companies/yc_companies.jsonl.gz"
    whole = [r.source_id for r in _pages(FileCompanySource(path), 1_000) if isinstance(r, CompanyRecord)]
    for limit in (7, 997):
        page = FileCompanySource(path).page(None, limit)
        rest = [
            r.source_id for r in _pages(FileCompanySource(path), 2_000, page.cursor) if isinstance(r, CompanyRecord)
        ]
        assert [r.source_id for r in page.records] + rest == whole


def test_an_earlier_cursor_goes_back_and_the_same_question_has_the_same_answer(shared_dir: Path) -> None:
    source = FileCompanySource(shared_dir / "data/companies/fortune500_2026.csv")
    first = source.page(None, 10)
    second = source.page(first.cursor, 10)
    assert source.page(None, 10) == first
    assert source.page(first.cursor, 10) == second
    assert {r.name for r in first.records}.isdisjoint(r.name for r in second.records)


def test_pages_do_not_read_the_file_again(shared_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The open file is kept: many small pages read as many bytes as one large page."""
    path = shared_dir / "data/companies/yc_companies.jsonl.gz"
    read = 0
    as_it_is = Unpacked.readinto

    def counted(self: Unpacked, buffer: object) -> int:
        nonlocal read
        count = as_it_is(self, buffer)
        read += count
        return count

    monkeypatch.setattr(Unpacked, "readinto", counted)

    def bytes_of(limit: int) -> int:
        nonlocal read
        read = 0
        list(_pages(FileCompanySource(path), limit))
        return read

    whole = bytes_of(10_000)
    assert whole > 1_000_000
    assert bytes_of(20) <= 1.1 * whole


def test_a_mapping_of_ones_own_and_a_cursor_that_is_none(shared_dir: Path) -> None:
    path = shared_dir / "data/companies/fortune500_2026.csv"
    mapping = load_mapping(
        "version: 1\nkind: company\nfields:\n  name: {column: company}\n  country: {constant: United States}\n"
        "  revenue_minor: {column: revenue, transform: {kind: money, currency: USD}}\n"
    )
    page = FileCompanySource(path, mapping).page(None, 1)
    assert [(r.name, r.country, r.revenue_minor, r.currency) for r in page.records] == [
        ("Amazon", "US", 71_692_400_000_000, "USD")
    ]
    with pytest.raises(Rejected, match="position"):
        FileCompanySource(path, mapping).page("rubbish", 1)
    with pytest.raises(Rejected, match="does not have"):
        FileCompanySource(path, load_mapping("version: 1\nkind: company\nfields: {name: {column: nope}}"))


def test_a_file_of_bad_rows_still_ends_in_pages(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("name,site\nA,a.com\nB,b.com\nC,c.com\n" + "x,y,z\n" * 500 + "Z,z.com\n")
    source, cursor, pages, names = FileCompanySource(path), None, 0, []
    while True:
        page = source.page(cursor, 10)
        pages += 1
        names += [r.name for r in page.records]
        assert len(page.problems) <= 45
        if (cursor := page.cursor) is None:
            break
    assert names == ["A", "B", "C", "Z"]
    assert pages > 10


def _ref(number: int, name: str, domain: str) -> CompanyRef:
    return CompanyRef(UUID(int=number), name, domain)


def test_people_are_found_by_domain_and_by_name_where_no_domain_is_told(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    lines = ["Full name,Job title,Email,Company", "Ann Lee,VP Sales,ann@acme.com,Acme Inc", "Bob Ray,CTO,,ACME"]
    lines += ["Cy Dow,CEO,cy@acme.io,Acme", "Di Fox,Head of IT,di@gmail.com,Beta GmbH", ",CEO,x@y.com,Y", "bad row"]
    path.write_text("\n".join(lines) + "\n")
    finder = FilePersonFinder(path)
    assert finder.price_micros == 0
    found = finder.people([_ref(1, "Acme, Inc.", "acme.com"), _ref(2, "Beta", ""), _ref(3, "Gamma", "gamma.com")])

    def names(number: int) -> list[str]:
        people = found[UUID(int=number)]
        return [p.full_name for p in people] if not isinstance(people, Unknown) else []

    assert names(1) == ["Ann Lee", "Bob Ray"]  # not Cy Dow: another domain of the same name
    assert names(2) == ["Di Fox"]
    assert isinstance(found[UUID(int=3)], Unknown)
    assert finder.problem_count == 2
    assert [p.line for p in finder.problems] == [6, 7]
    finder.close()


def test_many_people_are_indexed_once(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    with path.open("w") as file:
        file.write("name,title,email,company\n")
        file.writelines(f"Ann Lee,Sales Manager,p{i}@firm{i // 3}.com,Firm {i // 3}\n" for i in range(15_000))
    finder = FilePersonFinder(path)
    start = time.perf_counter()
    finder.people([_ref(1, "Firm 1", "firm1.com")])
    built = time.perf_counter() - start
    refs = [_ref(i + 1, f"Firm {i}", f"firm{i}.com") for i in range(5_000)]
    start = time.perf_counter()
    found = finder.people(refs)
    asked = time.perf_counter() - start
    print(f"15,000 people indexed in {built:.2f} s; 5,000 companies asked in {asked:.2f} s")
    assert all(len(people) == 3 for people in found.values() if not isinstance(people, Unknown))
    assert len(found) == 5_000
    assert all(isinstance(p, PersonRecord) for p in found[UUID(int=9)])  # type: ignore[union-attr]


def test_usage_since_a_day(tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_text(
        "customer;date;active_users;logins\n"
        + "".join(f"acme.com;2026-01-{d:02};{d};{d * 2}\n" for d in range(1, 11))
        + "acme.com;soon;1;1\n"
    )
    rows = list(FileUsageSource(path).rows(date(2026, 1, 9)))
    usage = [r for r in rows if isinstance(r, UsageRecord)]
    assert [(r.day.day, r.metric, r.value) for r in usage] == [
        (9, "active_users", 9.0), (9, "logins", 18.0), (10, "active_users", 10.0), (10, "logins", 20.0),
    ]  # fmt: skip
    assert [r.line for r in rows if isinstance(r, RowProblem)] == [12]
    assert open_table(path).shape.delimiter == "semicolon"
