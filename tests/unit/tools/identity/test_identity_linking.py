"""Weights learned without labels find planted twins; the resolver agrees with the batch; namesakes are told apart."""

import random

import numpy as np
import pytest

from tools.identity import companies
from tools.identity.corpus import Corpus, Mention
from tools.identity.evidence import Field, Kind, blocks, column, compare
from tools.identity.fellegi_sunter import fit
from tools.identity.linking import Resolver, link
from tools.identity.places import closeness, places
from tools.identity.texts import Text, partners

FIELDS = (
    Field("first", Kind.FIRST_NAME, frequent=True),
    Field("last", Kind.NAME, frequent=True),
    Field("dob", Kind.DATE),
)
RULES = (("last",), ("dob",), ("first", "dob"))


def planted(twins: int = 400) -> tuple[dict[str, object], list[int]]:
    """Each person twice, the second time with one slip."""
    draw = random.Random(3)
    rows, truth = [], []
    for person in range(twins):
        first = draw.choice(["jane", "john", "mary", "omar", "lena", "igor", "paul", "nina"])
        last = "".join(draw.choices("abcdefghijklmnoprst", k=7))
        dob = f"{draw.randint(1950, 2000)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
        slip = draw.randrange(3)
        wrong = (first if slip else first[::-1], last if slip != 1 else last[1:] + "x", dob if slip != 2 else "")
        rows += [(first, last, dob), wrong]
        truth += [person, person]
    return {name: column([row[i] for row in rows]) for i, name in enumerate(("first", "last", "dob"))}, truth


def test_twins_are_found_without_labels() -> None:
    table, truth = planted()
    found = link(table, FIELDS, RULES)  # type: ignore[arg-type]
    groups = found.groups(threshold=0.5)
    right = sum(groups[i] == groups[i + 1] for i in range(0, len(truth), 2))
    assert right >= 0.95 * len(truth) / 2
    assert len(set(groups)) >= 0.97 * len(truth) / 2  # and strangers are not joined
    assert 0.2 < found.model.prior * (len(truth) - 1) < 2  # about one match a record
    assert link(table, FIELDS, RULES).probability.tolist() == found.probability.tolist()  # type: ignore[arg-type]


def test_one_record_is_resolved_as_the_batch_would() -> None:
    table, _ = planted()
    found = link(table, FIELDS, RULES)  # type: ignore[arg-type]
    resolver = Resolver(table, FIELDS, RULES, found.model)  # type: ignore[arg-type]
    batch = {
        (a, b): p for a, b, p in zip(found.left.tolist(), found.right.tolist(), found.probability.tolist(), strict=True)
    }
    for a in range(0, 60, 2):
        answers = dict(resolver.resolve({name: values[a] for name, values in table.items()}, limit=50))  # type: ignore[index]
        for (left, right), probability in batch.items():
            if left == a and right in answers:
                assert answers[right] == pytest.approx(probability, abs=1e-6)
        assert a in answers
    assert resolver.resolve({"first": "", "last": "", "dob": ""}) == []


def test_missing_says_nothing_and_a_swap_is_a_slip() -> None:
    table = {
        "dob": column(["1980-01-02", "1980-10-02", "", "1980-01-20"]),
        "first": column(["bob", "robert", "b", "jane"]),
    }
    left, right = np.array([0, 0, 0]), np.array([1, 2, 3])
    dates = compare(table, [Field("dob", Kind.DATE)], left, right)[:, 0].tolist()
    assert dates == [2, -1, 2]
    names = compare(table, [Field("first", Kind.FIRST_NAME)], left, right)[:, 0].tolist()
    assert names == [2, 2, 0]


def test_a_block_that_is_too_large_is_passed_over() -> None:
    table = {"last": column(["doe"] * 6 + ["roe"] * 2)}
    left, right = blocks(table, [("last",)], largest=5)
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(6, 7)]


def test_nothing_to_learn_from_is_said() -> None:
    with pytest.raises(ValueError, match="no pair"):
        fit(np.zeros((0, 1), dtype=np.int8), np.zeros((1, 1), dtype=np.int8), [2], all_pairs=1)


def test_places() -> None:
    assert closeness(places("San Francisco, CA, USA; Remote"), places("SF")) == "city"
    assert closeness(places("Berlin, Germany"), places("Munich, Deutschland")) == "region"
    assert closeness(places("Oslo, Norway"), places("Rome, Italy")) == "apart"
    assert closeness(places("worldwide"), places("Oslo")) == "unknown"


ROBOTS = "Autonomous forklifts for cold storage warehouses"
ONE = Mention("a", "1", "Nordlift Robotics AS", "Bergen, Norway", ROBOTS)
SAME = Mention("b", "1", "Nordlift", "Bergen", "Cold storage forklifts, autonomous")
OTHER = Mention("b", "2", "Nordlift", "Austin, TX, USA", "Gym equipment and protein shakes")
CROWD = [Mention(source, f"x{i}", f"Firm {i} {source}") for i in range(20) for source in "ab"]


def test_descriptions_and_places_tell_namesakes_apart() -> None:
    corpus = Corpus([ONE, SAME, OTHER, *CROWD])
    same = companies.judge(corpus, corpus.reads[0], corpus.reads[1])
    other = companies.judge(corpus, corpus.reads[0], corpus.reads[2])
    assert same.probability > companies.LIKELY > companies.GREY > other.probability
    assert "the descriptions share rare words" in same.reasons
    assert "they are in different places" in other.reasons
    assert companies.judge(corpus, corpus.reads[1], corpus.reads[0]) == same


def test_matching_does_not_depend_on_the_order() -> None:
    mentions = [ONE, SAME, OTHER, *CROWD]

    def found(order: list[Mention]) -> set[frozenset[tuple[str, str]]]:
        def of(i: int) -> tuple[str, str]:
            return order[i].source, order[i].key

        return {frozenset([of(m.first), of(m.second)]) for m in companies.match(order)}

    once = found(mentions)
    assert frozenset([("a", "1"), ("b", "1")]) in once
    for seed in range(5):
        shuffled = list(mentions)
        random.Random(seed).shuffle(shuffled)
        assert found(shuffled) == once


@pytest.mark.parametrize(
    ("domain", "other", "aliases", "least", "most"),
    [
        ("acme.com", "acme.com", (), 0.99, 1.0),
        ("acme.com", "old.com", ("acme.com",), 0.99, 1.0),  # a redirect that was followed
        ("acme.com", "acme.io", (), 0.0, companies.OTHER_DOMAIN_AT_MOST),
        ("acme.com", "other.com", (), 0.0, companies.OTHER_DOMAIN_AT_MOST),
    ],
    ids=["same", "alias", "ending", "other"],
)
def test_what_domains_prove(domain: str, other: str, aliases: tuple[str, ...], least: float, most: float) -> None:
    first = Mention("a", "1", "Acme", "Bergen", ROBOTS, domain=domain)
    second = Mention("b", "1", "Acme", "Bergen", ROBOTS, domain=other, aliases=aliases)
    corpus = Corpus([first, second, *CROWD])
    judgement = companies.judge(corpus, corpus.reads[0], corpus.reads[1])
    assert least <= judgement.probability <= most
    assert "domain" in judgement.reasons[0]


def test_a_founding_year_speaks_for_and_against() -> None:
    def at(year: int | None) -> float:
        mentions = [Mention("a", "1", "Acme", founded_year=2010), Mention("b", "1", "Acme", founded_year=year), *CROWD]
        corpus = Corpus(mentions)
        return companies.judge(corpus, corpus.reads[0], corpus.reads[1]).probability

    assert at(2010) > at(None) == at(2011) > at(1950)


def test_products_meet_by_their_model_numbers() -> None:
    shop = [
        Text("Sony Turntable - PSLX350H"),
        Text("Bose Acoustimass 5 Speaker System"),
        Text("Linksys EtherFast Switch"),
    ]
    other = [Text("Linksys EtherFast EZXS55W Switch"), Text("Sony PS-LX350H Belt Drive Turntable"), Text("Garden hose")]
    assert {(one.first, one.second) for one in partners(shop, other, threshold=0.2)} == {(0, 1), (2, 0)}
