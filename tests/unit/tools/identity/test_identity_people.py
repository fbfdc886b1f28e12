"""One person across sources: an address or a profile says so; a name at a company is for somebody to look at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.identity.nicknames import canonical
from tools.identity.people import AUTO, GREY, Person, duplicates, judge, mailbox, name_likeness, profile

TEXT = st.text(max_size=40)
PEOPLE = st.builds(
    Person,
    name=st.sampled_from(["Jane Doe", "Doe, Jane", "J. Doe", "Bob Roe", "", "Robert Roe"]) | TEXT,
    email=st.sampled_from(["", "jane@a.example", "jane+x@a.example", "bob@b.example"]),
    profile_url=st.sampled_from(["", "https://linkedin.com/in/jane", "https://www.linkedin.com/company/a"]),
    company=st.sampled_from(["", "1", "2"]),
)


@pytest.mark.parametrize(
    ("first", "second", "least"),
    [
        ("Bob Smith", "Robert Smith", 0.9),
        ("J. Smith", "John Smith", 0.7),
        ("Müller, Jörg", "Jorg Muller", 1.0),
        ("Иван Петров", "Ivan Petrov", 1.0),
        ("Dr. Jane A. Doe, PhD", "jane doe", 1.0),
        ("Katarina Johansson", "Katarina Johanson", 0.8),
        ("Nguyen Van An", "An Nguyen", 0.9),
    ],
)
def test_ways_to_write_one_name(first: str, second: str, least: float) -> None:
    assert name_likeness(first, second) >= least


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Jane Smith", "John Smith"),
        ("John Smith", "John Smythson"),
        ("Jane", "Jane Doe"),
        ("", ""),
        ("Li Wei", "Wei Chen"),
    ],
)
def test_other_names(first: str, second: str) -> None:
    assert name_likeness(first, second) < 0.5


def test_addresses_and_profiles_as_their_owners_read_them() -> None:
    assert mailbox(" Jane.Doe+news@GoogleMail.com ") == mailbox("janedoe@gmail.com") == "janedoe@gmail.com"
    assert mailbox("jane.doe@acme.example") != mailbox("janedoe@acme.example")
    assert mailbox("no address") == mailbox("@x.example") == ""
    assert profile("https://de.linkedin.com/in/Jane-Doe/?trk=x") == profile("linkedin.com/in/jane-doe") != ""
    assert profile("https://linkedin.com/company/acme") == profile("https://acme.example/jane") == ""


def test_names_alone_never_merge_by_themselves() -> None:
    at = Person("Jane Doe", company="1")
    assert GREY <= judge(at, at).probability < AUTO
    assert judge(at, Person("Jane Doe", company="2")).probability < GREY
    assert judge(Person("Jane Doe", "j@a.example"), Person("J. Doe", "J@a.example")).probability >= AUTO
    # One mailbox of two people is not one person.
    assert judge(Person("Jane Doe", "office@a.example"), Person("Bob Roe", "office@a.example")).probability < AUTO
    assert judge(Person("Jane Doe"), Person("Bob Roe")).probability == 0


@given(PEOPLE, PEOPLE)
def test_judging_is_symmetric(first: Person, second: Person) -> None:
    there, back = judge(first, second), judge(second, first)
    assert there == back
    assert 0 <= there.probability <= 1
    assert there.reasons or there.probability == 0


@given(st.lists(PEOPLE, max_size=8))
def test_looking_at_likely_pairs_only_misses_no_likely_pair(people: list[Person]) -> None:
    found = {(a, b) for a, b, _ in duplicates(people)}
    for a in range(len(people)):
        for b in range(a + 1, len(people)):
            assert ((a, b) in found) == (judge(people[a], people[b]).probability >= GREY), (people[a], people[b])


@given(TEXT)
def test_a_formal_name_is_its_own(name: str) -> None:
    assert canonical(canonical(name)) == canonical(name)
