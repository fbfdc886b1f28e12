"""The labelled lists: what was measured once is not lost again. Floors a little below the figures of decision 17."""

from pathlib import Path

import pytest

from bench import identity_sets as sets
from tools.identity import companies, texts
from tools.identity.linking import link


@pytest.fixture(scope="module")
def found(shared_dir: Path) -> tuple[sets.Companies, set[sets.Pair]]:
    data = sets.companies(shared_dir)
    ids = [(m.source, m.key) for m in data.mentions]
    return data, {frozenset([ids[m.first], ids[m.second]]) for m in companies.match(data.mentions)}


@pytest.mark.parametrize(
    ("dev", "precision", "recall"),
    [(False, 0.90, 0.88), (True, 0.88, 0.81), (None, 0.89, 0.84)],
    ids=["held-out", "dev", "all"],
)
def test_companies_with_the_domain_hidden(
    found: tuple[sets.Companies, set[sets.Pair]], dev: bool | None, precision: float, recall: float
) -> None:
    data, pairs = found
    measured = sets.measured(data.judged(pairs, dev=dev), data.judged(data.gold, dev=dev))
    assert measured.precision >= precision
    assert measured.recall >= recall


def test_names_of_an_index_in_a_register(shared_dir: Path) -> None:
    names, ciks, wanted = sets.registrants(shared_dir)
    places = companies.best_names(names, [name for name, _ in wanted])
    right = sum(at is not None and ciks[at] == cik for at, (_, cik) in zip(places, wanted, strict=True))
    assert right / len(wanted) >= 0.99


def test_persons_with_errors_are_grouped(shared_dir: Path) -> None:
    records = sets.historical(shared_dir)
    linked = link(records.table, records.fields, records.rules)
    assert records.truth is not None
    assert sets.groups_measured(linked.groups(threshold=0.9), records.truth).f1 >= 0.93


def test_two_files_of_persons_are_linked(shared_dir: Path) -> None:
    records = sets.febrl4(shared_dir)
    linked = link(records.table, records.fields, records.rules, sources=records.sources)
    assert records.sources is not None
    assert records.truth is not None
    kept = linked.partners(records.sources, threshold=0.9)
    right = sum(records.truth[one.first] == records.truth[one.second] for one in kept)
    assert right / len(kept) >= 0.999
    assert right >= 0.997 * len(records.truth) / 2


@pytest.mark.parametrize(("name", "recall"), [("abt_buy", 0.92), ("restaurants", 0.90)])
def test_products_meet(shared_dir: Path, name: str, recall: float) -> None:
    data = sets.products(name, shared_dir)

    def text(row: dict[str, str]) -> texts.Text:
        return texts.Text(row["title"], " ".join(v for k, v in row.items() if k not in ("id", "price", "title")))

    kept = texts.partners([text(r) for r in data.left], [text(r) for r in data.right], threshold=0.1)
    pairs = {frozenset([("l", one.first), ("r", one.second)]) for one in kept}
    assert len(pairs & data.gold) / len(data.gold) >= recall
