"""A company's name in its compared form: what two writers do differently goes, what tells two firms apart stays."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.identity.name_index import NameIndex, name_similarity, same_token
from tools.identity.normal_forms import company_name

WORDS = ["Acme", "Müller", "GmbH", "&", "Co.", "KG", "(Foo)", "Inc", "the", "Группа", "株式会社", "of", "Labs", "Intl"]
NAMES = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Acme, Inc.", "ACME Incorporated"),
        ("The Acme Company", "Acme"),
        ("Müller Maschinenbau GmbH & Co. KG", "Muller Maschinenbau"),
        ("ООО Ромашка", "Romashka"),
        ("トヨタ自動車株式会社", "トヨタ自動車"),
        ("Intl. Business Mach. Corp", "International Business Machines"),
        ("U-Haul Holding Co /NV/", "U Haul Holding Co"),
        ("Alphabet Inc. (Class A)", "Alphabet Inc."),
        ("Zealth (formerly Zealth-AI)", "Zealth"),
        ("BigCo LLC d/b/a Small Shop", "Small Shop"),
        ("Kowalski Sp. z o.o.", "Kowalski"),
        ("Air Products & Chemicals, Inc.", "Air Products and Chemicals"),
        ("Smith Bros. Mfg.", "Smith Brothers Manufacturing"),
    ],
)
def test_the_same_firm_has_the_same_key(first: str, second: str) -> None:
    assert company_name(first).key == company_name(second).key != ""


@pytest.mark.parametrize(
    ("first", "second"), [("Apollo", "Apollo Kids"), ("Acme", "Acne"), ("Group", "Holding"), ("42", "43")]
)
def test_other_firms_keep_other_keys(first: str, second: str) -> None:
    assert company_name(first).key != company_name(second).key


def test_other_names_are_kept_as_aliases() -> None:
    assert company_name("TrillionSale (formerly Zealth-AI)").aliases == {"zealthai"}
    assert company_name("BigCo LLC d/b/a Small Shop").aliases == {"bigco"}
    assert company_name("Sendwave (International Remittance)").aliases == {"internationalremittance"}
    assert company_name("Flair Labs").core == company_name("Flair").core == ("flair",)


@given(st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join))
def test_normalising_again_changes_nothing(name: str) -> None:
    once = company_name(name)
    assert company_name(once.text).core == once.core or company_name(once.text).tokens == once.tokens


@given(NAMES, NAMES)
def test_similarity_is_symmetric_and_between_0_and_1(first: str, second: str) -> None:
    index = NameIndex(map(company_name, ["Acme Labs", "Acme", "Foo Group", first]))
    a, b = company_name(first), company_name(second)
    there, back = index.similarity(a, b), index.similarity(b, a)
    assert there == pytest.approx(back)
    assert 0 <= there <= 1
    assert index.similarity(a, a) == (1.0 if a.key else 0.0)


def test_an_everyday_word_counts_less_than_a_rare_one() -> None:
    index = NameIndex(map(company_name, [f"Global {word} Systems" for word in ("Alpha", "Beta", "Gamma", "Delta")]))
    rare = index.similarity(company_name("Alpha Works"), company_name("Global Alpha Systems"))
    common = index.similarity(company_name("Global Works"), company_name("Global Alpha Systems"))
    assert rare > common


def test_cut_and_mistyped_words_are_the_same_word() -> None:
    assert same_token("inter", "international") == same_token("international", "inter") > 0.8
    assert same_token("chesapeake", "chesapaeke") > 0.9
    assert same_token("acme", "apex") == 0


def test_the_best_of_a_register_is_found() -> None:
    index = NameIndex(map(company_name, ["Moodys Corp /De/", "Moog Inc.", "Loews Corp", "Lowes Companies Inc"]))
    assert [index.best(company_name(name), 1)[0].position for name in ("Moody's Corporation", "Lowe's", "Loews")] == [
        0,
        3,
        2,
    ]


@pytest.mark.parametrize("text", ["a" * 100_000, "(" * 100_000, "formerly " * 12_000, "a/" * 50_000, " - " * 33_000])
def test_a_name_of_100_kb_takes_no_time(text: str) -> None:
    start = time.perf_counter()
    company_name(text)
    name_similarity(company_name(text), company_name(text + "x"), lambda _: 1.0)
    assert time.perf_counter() - start < 0.5
