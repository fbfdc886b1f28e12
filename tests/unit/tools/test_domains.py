"""The registrable domain of what lists hold in their website column."""

import re
from pathlib import Path

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.domains import host_of, registrable_domain


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("HTTP://www.Acme.com:80/x", "acme.com"),
        (" acme.com ", "acme.com"),
        ("acme.com:8080", "acme.com"),
        ("https://a.co:443/x", "a.co"),
        ("shop.acme.example", "acme.example"),
        ("acme.com.", "acme.com"),
        ("https://https://acme.co.uk/a?b#c", "acme.co.uk"),
        ("http//acme.com", "acme.com"),
        ("http:/acme.com", "acme.com"),
        ("//acme.com/x", "acme.com"),
        ("acme.com, acme.de", "acme.com"),
        ("acme.com (was foo.com)", "acme.com"),
        ("jobs.acme.com.au/careers", "acme.com.au"),
        ("user:pw@acme.com:8080", "acme.com"),
        ("jane@mail.acme.io", "acme.io"),
        ("mailto:jane@acme.io", "acme.io"),
        ("https://münchen.de", "xn--mnchen-3ya.de"),
        ("食狮.公司.cn", "xn--85x722f.xn--55qx5d.cn"),
        ("shop.acme.uk.com", "acme.uk.com"),
        ("https://calendly.com", "calendly.com"),
        ("https://www.airtable.com/careers", "airtable.com"),
    ],
)
def test_messy_addresses(text: str, domain: str) -> None:
    assert registrable_domain(text) == domain


@pytest.mark.parametrize(
    "text",
    ["", "n/a", "-", "www.acme", "acme", "co.uk", "localhost", "http://127.0.0.1/x", "http://[::1]/", "10.0.0.1", "a b",
     "acme.local", "acme..com", "-acme.com", "https://", "x" * 5000 + ".com", "1.2", "acme.notatld"],
)  # fmt: skip
def test_what_has_no_domain(text: str) -> None:
    assert registrable_domain(text) is None


@pytest.mark.parametrize(
    "text",
    ["https://linkedin.com/company/acme", "https://www.facebook.com/acme", "twitter.com/acme", "https://x.com/acme",
     "https://www.crunchbase.com/organization/acme", "https://jobs.lever.co/acme", "https://boards.greenhouse.io/acme",
     "https://bit.ly/3x", "https://grnh.se/1a2b", "http://ww1.sedoparking.com/acme.com",
     "https://sites.google.com/view/acme", "https://acme.notion.site", "https://acme.wixsite.com/home",
     "https://medium.com/@acme", "https://acme.github.io", "https://acme.herokuapp.com", "https://calendly.com/acme",
     "https://acme.webflow.io", "https://apps.apple.com/app/acme", "https://www.ycombinator.com/companies/acme",
     "jane.doe@gmail.com", "jane@web.de"],
)  # fmt: skip
def test_a_host_that_many_share_identifies_nobody(text: str) -> None:
    assert registrable_domain(text) is None


@given(st.text(max_size=200))
def test_any_text_gives_a_domain_that_is_its_own_or_nothing(text: str) -> None:
    domain = registrable_domain(text)
    if domain is not None:
        assert domain.isascii()
        assert domain == domain.lower()
        assert registrable_domain(domain) == domain
        assert registrable_domain(f"https://www.{domain}/") == domain


def test_the_public_suffix_list_s_own_cases(shared_dir: Path) -> None:
    path = shared_dir / "data/web/public_suffix/test_psl.txt"
    cases = [m.groups() for m in re.finditer(r"^checkPublicSuffix\('(.*)', (?:null|'(.*)')\);", path.read_text(), re.M)]
    assert len(cases) > 70
    for text, expected in cases:
        if text.startswith("."):
            continue  # a leading dot is a slip here, not an error
        wanted = idna.encode(expected).decode() if expected and not expected.isascii() else expected
        assert registrable_domain(text) == wanted, text


def test_the_domains_of_real_lists(shared_dir: Path) -> None:
    import csv
    import gzip

    path = shared_dir / "data/companies/gold/cross_source_records.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    right = sum(
        registrable_domain(row["website"]) == (row["regdomain"] if row["domain_usable"] == "1" else None)
        for row in rows
    )
    assert right / len(rows) > 0.995
    assert host_of("https://user@Acme.com/x") == "acme.com"
