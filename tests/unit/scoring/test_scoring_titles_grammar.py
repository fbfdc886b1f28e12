"""Who a title names, and who it only mentions; and that no text, however long or odd, stops the reading."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.title_scheme import list_labels
from scoring.title_text import MAX_TITLE_CHARS, fold
from scoring.titles import read_title
from scoring.types import Department, Seniority

S, D = Seniority, Department


@pytest.mark.parametrize(
    "title",
    [
        "Assistant to the CEO",
        "CEO Assistant",
        "PA to the CEO, CFO and COO",
        "Assistent Geschäftsführung",
        "Assistentin Vorstand und Geschäftsführung",
        "Assistenz der Vertriebs- / Geschäftsleitung",
        "Vorstandsassistentin",
        "Direktionsassistentin",
        "Referent des Vorstands",
        "Leiter des Vorstandsbüros",
        "Stabsstelle der Geschäftsführung",
        "Assistante de direction",
        "Adjointe au directeur général",
        "Asistente de dirección",
        "Chief of Staff to the CEO",
        "Chief Accountant",
        "Office of the CEO",
        "Product Owner",
        "HR Business Partner",
        "Partner Manager",
        "Founders Associate",
        "Founding Engineer",
        "Headhunter",
        "Advisory Board Member",
        "Sales Manager at Managing Partners GmbH",
        "Aspiring CEO",
        "Looking for a director role",
    ],
)
def test_naming_a_chief_is_not_being_one(title: str) -> None:
    seniority = read_title(title).seniority
    assert seniority is None or seniority.rank < S.DIRECTOR.rank


@pytest.mark.parametrize(
    ("title", "seniority", "department"),
    [
        ("Assistant Director, Marketing", S.DIRECTOR, D.MARKETING),
        ("Assistant Vice President", S.VP, D.GENERAL_MANAGEMENT),
        ("Executive Assistant to the CEO, Director of Operations", S.DIRECTOR, D.OPERATIONS),
        ("Assistent der Geschäftsführung und Leiter Marketing", S.LEAD, D.MARKETING),
        ("Marketing Manager / Personal Assistant of CEO", S.MANAGER, D.MARKETING),
        ("Secretary General", S.C_LEVEL, D.GENERAL_MANAGEMENT),
        ("Member of the Executive Committee", S.C_LEVEL, D.GENERAL_MANAGEMENT),
        ("V.P. Sales", S.VP, D.SALES),
        ("Partner", S.OWNER, D.GENERAL_MANAGEMENT),
        ("Prokuristin", S.DIRECTOR, D.OTHER),
        ("Vertriebsdirektor", S.DIRECTOR, D.SALES),
        ("Directrice commerciale", S.DIRECTOR, D.SALES),
        ("Gérante", S.OWNER, D.GENERAL_MANAGEMENT),
        ("Jefa de compras", S.LEAD, D.PURCHASING),
        ("Dueña", S.OWNER, D.GENERAL_MANAGEMENT),
        ("Administrerende direktør", S.C_LEVEL, D.GENERAL_MANAGEMENT),
        ("Właściciel", S.OWNER, D.GENERAL_MANAGEMENT),
        ("Senior Product Manager", S.MANAGER, D.PRODUCT),
        ("Hockey Coach", S.STAFF, D.OTHER),
        ("Personal Trainer", S.STAFF, D.OTHER),
        ("Personal Assistant", S.JUNIOR, D.ADMINISTRATIVE),
    ],
)
def test_the_highest_job_of_the_person_counts(title: str, seniority: Seniority, department: Department) -> None:
    reading = read_title(title)
    assert (reading.seniority, reading.department) == (seniority, department)


@pytest.mark.parametrize(
    ("title", "department", "seniority"),
    [
        # The list's keyword, not what the person may sign.
        ("Assistentin der Geschäftsführung", "Administrative", "Management"),
        ("Product Owner CRM", "Information Technology", "Management"),
        ("Managing Director", "Other", "Director"),
        ("Head of Sales Management", "Sales", "Senior"),
        ("Leitung Marketing & Vertrieb", "Marketing", "Lead"),
        ("Junior Business Analyst", "Business Development", "Junior"),
        ("Gärtner", "Other", "Senior"),
    ],
)
def test_a_list_goes_by_the_strongest_keyword(title: str, department: str, seniority: str) -> None:
    assert list_labels(title) == (department, seniority)


@given(st.text(max_size=300))
def test_any_text_is_read_and_folding_twice_is_once(text: str) -> None:
    reading = read_title(text)
    assert reading.reasons
    assert (reading.seniority is None) == (reading.department is None)
    assert list_labels(text).seniority
    assert len(fold(text)) <= MAX_TITLE_CHARS


@given(st.sampled_from(["CEO", "Leiter Einkauf", "Responsable commercial"]), st.text(max_size=20))
def test_case_and_white_space_around_change_nothing(title: str, noise: str) -> None:
    spaces = "".join(c for c in noise if c in " \t\n\xa0")
    assert read_title(f"{spaces}{title.upper()}{spaces}")[:2] == read_title(title)[:2]


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "assistent der ",
        "chief ",
        "& ",
        "- / ",
        "vorstands",
        "\ufdfa",
        "e\u0301",
        "assistant to the ceo, ",
        "( m/",
        "  ",
    ],
)
def test_a_hundred_kilobytes_cost_no_more_than_their_first_words(piece: str) -> None:
    """What is beyond the first words is never looked at: 100 kB take as long as a tenth of it."""
    text = piece * (100_000 // len(piece))
    started = time.process_time()
    read_title(text)
    list_labels(text)
    assert time.process_time() - started < 0.25  # measured: under .01 s


def test_long_titles_are_remembered_by_what_was_read_of_them() -> None:
    """Whole, 65,536 remembered titles of 100 kB would be 6 GB."""
    title = "CEO" + " and more" * 20_000
    assert read_title(title) is read_title(title[:MAX_TITLE_CHARS])
