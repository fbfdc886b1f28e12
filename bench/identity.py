"""Who is the same: companies, registrants, persons and products, ours and Splink in the same run.

    python -m bench.identity          # every figure of docs/decisions/0017-identity.md
    python -m bench.identity fit      # the coefficients of tools.identity.companies, from the dev part

Each line is a process of its own: seconds from the parsed rows to the answer, and its largest resident memory. Splink
(bench group) is asked as its own guide asks it, and gets what ours gets: the same rows, the same one-to-one rule, and
for products a threshold chosen on the dev part.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from hashlib import sha256
from statistics import median, quantiles

import numpy as np

from bench import identity_sets as sets
from bench.report import Line, print_lines
from tools.identity import companies, texts
from tools.identity.clusters import Link, one_to_one
from tools.identity.corpus import Corpus
from tools.identity.linking import Resolver, link

PERSONS_THRESHOLD = 0.9  # ours, chosen on dev
SPLINK_THRESHOLD = 0.95  # as in the measurement that set the goal
PRODUCTS = ("abt_buy", "amazon_google", "dblp_acm", "restaurants")
_GRID = [step / 100 for step in range(10, 96, 5)]
_RIDGE = 5.0


def _companies() -> str:
    data = sets.companies()
    start = time.perf_counter()
    found = companies.match(data.mentions)
    seconds = time.perf_counter() - start
    ids = [(m.source, m.key) for m in data.mentions]
    pairs = [frozenset([ids[m.first], ids[m.second]]) for m in found]
    parts = {"dev": True, "held out": False, "all": None}
    said = [
        f"{name}: {sets.measured(data.judged(pairs, dev=part), data.judged(data.gold, dev=part))}"
        for name, part in parts.items()
    ]
    return f"{'; '.join(said)} | {seconds:.1f} s"


def _registrants() -> str:
    names, ciks, wanted = sets.registrants()
    start = time.perf_counter()
    found = companies.best_names(names, [name for name, _ in wanted])
    seconds = time.perf_counter() - start
    said = []
    for part, dev in (("dev", True), ("held out", False)):
        of = [(at, cik) for at, (name, cik) in zip(found, wanted, strict=True) if sets.is_dev(str(cik)) is dev]
        said.append(
            f"{part}: top-1 {sum(at is not None and ciks[at] == cik for at, cik in of) / len(of):.3f} of {len(of)}"
        )
    return f"{'; '.join(said)} | {seconds:.2f} s"


def _by_part(groups: list[int], truth: list[str]) -> str:
    """Groups of all records, judged on the pairs of each part's entities."""
    said = []
    for name, dev in (("dev", True), ("held out", False)):
        kept = [i for i, entity in enumerate(truth) if sets.is_dev(entity) is dev]
        said.append(f"{name}: {sets.groups_measured([groups[i] for i in kept], [truth[i] for i in kept])}")
    return "; ".join(said)


def _persons(records: sets.Records) -> str:
    start = time.perf_counter()
    linked = link(records.table, records.fields, records.rules, sources=records.sources)
    groups = linked.groups(threshold=PERSONS_THRESHOLD, sources=None)
    if records.sources is not None:
        groups = _pairs_as_groups(linked.count, linked.partners(records.sources, threshold=PERSONS_THRESHOLD))
    seconds = time.perf_counter() - start
    assert records.truth is not None
    resolver = Resolver(records.table, records.fields, records.rules, linked.model)
    asked = [{name: values[i] for name, values in records.table.items()} for i in range(0, linked.count, 40)]
    taken = []
    for one in asked:
        before = time.perf_counter()
        resolver.resolve(one)
        taken.append((time.perf_counter() - before) * 1000)
    one = f"one record: median {median(taken):.2f} ms, p99 {quantiles(taken, n=100)[98]:.2f} ms"
    return f"{_by_part(groups, records.truth)}; {one} | {seconds:.1f} s"


def _pairs_as_groups(count: int, links: Iterable[Link]) -> list[int]:
    groups = list(range(count))
    for one in links:
        groups[one.second] = one.first
    return groups


def _splink_persons(records: sets.Records) -> str:
    import splink.comparison_library as compare
    from splink import block_on

    if records.sources is None:
        names = ("first_name", "surname", "first_and_surname", "dob", "birth_place", "postcode_fake", "occupation")
        rules = [
            block_on("first_name", "surname"), block_on("surname", "dob"), block_on("first_name", "dob"),
            block_on("postcode_fake", "first_name"), block_on("postcode_fake", "surname"),
            block_on("dob", "birth_place"),
        ]  # fmt: skip
        comparisons = [
            compare.ForenameSurnameComparison(
                "first_name", "surname", forename_surname_concat_col_name="first_and_surname"
            ),
            compare.DateOfBirthComparison("dob", input_is_string=True),
            compare.PostcodeComparison("postcode_fake"),
            compare.ExactMatch("birth_place").configure(term_frequency_adjustments=True),
            compare.ExactMatch("occupation").configure(term_frequency_adjustments=True),
        ]
        sure, trained = [block_on("first_name", "surname", "dob")], [block_on("first_name", "surname"), block_on("dob")]
    else:
        names = ("given_name", "surname", "date_of_birth", "soc_sec_id", "address_1", "postcode", "suburb")
        rules = [
            block_on("given_name", "surname"), block_on("date_of_birth"), block_on("soc_sec_id"), block_on("address_1"),
        ]  # fmt: skip
        comparisons = [
            compare.NameComparison("given_name"), compare.NameComparison("surname"),
            compare.LevenshteinAtThresholds("date_of_birth", [1, 2]),
            compare.LevenshteinAtThresholds("soc_sec_id", [1, 2]),
            compare.JaroWinklerAtThresholds("address_1", [0.9, 0.7]),
            compare.LevenshteinAtThresholds("postcode", [1, 2]),
        ]  # fmt: skip
        sure, trained = [block_on("soc_sec_id")], [block_on("date_of_birth"), block_on("given_name", "surname")]
    rows = [{name: row[name] or None for name in names} for row in records.raw]
    start = time.perf_counter()
    linker, sides = _linker(rows, records.sources, rules, comparisons)
    linker.training.estimate_probability_two_random_records_match(sure, recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    for rule in trained:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    predicted = linker.inference.predict(threshold_match_probability=0.05)
    if records.sources is None:
        clustered = linker.clustering.cluster_pairwise_predictions_at_threshold(
            predicted, threshold_match_probability=SPLINK_THRESHOLD
        )
        groups = [0] * len(rows)
        for row in clustered.as_record_list():
            groups[int(row["unique_id"])] = int(str(row["cluster_id"]).rpartition("-")[2])
    else:
        links = one_to_one(_links(predicted), sides, threshold=SPLINK_THRESHOLD)
        groups = _pairs_as_groups(len(rows), links)
    seconds = time.perf_counter() - start
    assert records.truth is not None
    return f"{_by_part(groups, records.truth)} | {seconds:.1f} s"


def _linker(rows: list[dict[str, object]], sources: list[str] | None, rules: list[object], comparisons: list[object]):  # type: ignore[no-untyped-def]
    import pyarrow
    from splink import Linker, SettingsCreator
    from splink.backends.duckdb import DuckDBAPI

    database = DuckDBAPI()
    settings = SettingsCreator(
        link_type="dedupe_only" if sources is None else "link_only",
        blocking_rules_to_generate_predictions=rules,
        comparisons=comparisons,
    )
    numbered = [{"unique_id": i, **row} for i, row in enumerate(rows)]
    of = [numbered]
    if sources is not None:
        of = [[r for r, s in zip(numbered, sources, strict=True) if s == one] for one in sorted(set(sources))]
    tables = [database.register(pyarrow.Table.from_pylist(part)) for part in of]
    return Linker(tables if len(tables) > 1 else tables[0], settings, log_level=40), sources or []


def _links(predicted) -> list[Link]:  # type: ignore[no-untyped-def]
    return [
        Link(*sorted((int(row["unique_id_l"]), int(row["unique_id_r"]))), probability=float(row["match_probability"]))
        for row in predicted.as_record_list()
    ]


def _texts(row: dict[str, str]) -> texts.Text:
    rest = " ".join(value for name, value in row.items() if name not in ("id", "price", "title"))
    return texts.Text(row["title"], rest)


def _products(name: str) -> str:
    data = sets.products(name)
    start = time.perf_counter()
    found = texts.partners([_texts(r) for r in data.left], [_texts(r) for r in data.right], threshold=_GRID[0])
    seconds = time.perf_counter() - start
    scored = [(frozenset([("l", one.first), ("r", one.second)]), one.probability) for one in found]
    return f"{_at_the_best_of_dev(data, scored)} | {seconds:.1f} s"


def _splink_products(name: str) -> str:
    import splink.comparison_library as compare
    from splink import block_on

    data = sets.products(name)
    rows = []
    for row in (*data.left, *data.right):
        words = texts._words(row["title"])
        rows.append(
            {"title": " ".join(words) or None, "words": words or None, "all_words": texts._all_words(_texts(row))}
        )
    sources = ["l"] * len(data.left) + ["r"] * len(data.right)
    start = time.perf_counter()
    rules = [block_on("words", arrays_to_explode=["words"]), block_on("substr(title, 1, 6)")]
    comparisons = [
        compare.JaroWinklerAtThresholds("title", [0.95, 0.88, 0.8, 0.7]),
        compare.ArrayIntersectAtSizes("words", [6, 4, 3, 2, 1]),
        compare.ArrayIntersectAtSizes("all_words", [12, 8, 5, 3]),
    ]
    linker, _ = _linker(rows, sources, rules, comparisons)
    linker.training.estimate_probability_two_random_records_match([block_on("title")], recall=0.3)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    for rule in (block_on("substr(title, 1, 6)"), block_on("all_words[2]")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    kept = one_to_one(_links(linker.inference.predict(threshold_match_probability=0.01)), sources, threshold=0.01)
    seconds = time.perf_counter() - start
    count = len(data.left)
    scored = [(frozenset([("l", one.first), ("r", one.second - count)]), one.probability) for one in kept]
    return f"{_at_the_best_of_dev(data, scored)} | {seconds:.1f} s"


def _at_the_best_of_dev(data: sets.ProductSet, scored: list[tuple[sets.Pair, float]]) -> str:
    """F1 on held out at the threshold that is best on dev. The gold here is a part of the whole, so only pairs that
    touch a thing whose partner is known can be judged."""
    parts = {True: set[sets.Pair](), False: set[sets.Pair]()}
    of = {}
    for pair in data.gold:
        dev = sets.is_dev("|".join(map(str, sorted(pair)[0])))
        parts[dev].add(pair)
        of.update(dict.fromkeys(pair, dev))

    def at(threshold: float, dev: bool) -> sets.Measured:
        judged = [p for p, value in scored if value >= threshold and dev in {of.get(thing) for thing in p}]
        return sets.measured(judged, parts[dev])

    best = max(_GRID, key=lambda threshold: (at(threshold, True).f1, threshold))
    return f"dev: {at(best, True)} at {best}; held out: {at(best, False)}"


RUNS: dict[str, Callable[[], str]] = {
    "companies, domain hidden": _companies,
    "S&P names to SEC registrants": _registrants,
    "persons, historical: ours": lambda: _persons(sets.historical()),
    "persons, historical: Splink": lambda: _splink_persons(sets.historical()),
    "persons, FEBRL 4: ours": lambda: _persons(sets.febrl4()),
    "persons, FEBRL 4: Splink": lambda: _splink_persons(sets.febrl4()),
    **{f"{name}: ours": (lambda name=name: _products(name)) for name in PRODUCTS},  # type: ignore[misc]
    **{f"{name}: Splink": (lambda name=name: _splink_products(name)) for name in PRODUCTS},  # type: ignore[misc]
}


def fit() -> None:
    """Ridge logistic regression by Newton's method over dev's candidate pairs that the labels can judge."""
    data = sets.companies()
    corpus = Corpus(data.mentions)
    ids = [(m.source, m.key) for m in data.mentions]
    rows, labels, folds = [], [], []
    for a, b in corpus.candidates():
        pair = frozenset([ids[a], ids[b]])
        if data.judged([pair], dev=True):
            rows.append(companies.features(corpus, corpus.reads[a], corpus.reads[b]))
            labels.append(pair in data.gold)
            folds.append(sha256("".join(corpus.reads[a].name.core).encode()).digest()[0] % 5)
    names = list(rows[0])
    x, y = np.array([[row[name] for name in names] for row in rows]), np.array(labels, dtype=float)
    mean, spread = x.mean(0), x.std(0) + 1e-9
    z = np.c_[(x - mean) / spread, np.ones(len(x))]
    ridge = np.eye(z.shape[1]) * _RIDGE
    ridge[-1, -1] = 0
    weights = np.zeros(z.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-z @ weights))
        step = np.linalg.solve(z.T @ (z * (p * (1 - p))[:, None]) + ridge, z.T @ (y - p) - ridge @ weights)
        weights += step
        if np.abs(step).max() < 1e-8:
            break
    coefficients = weights[:-1] / spread
    for name, value in zip(names, coefficients, strict=True):
        print(f'    "{name}": {value:.3f},')
    print(f"INTERCEPT = {weights[-1] - (coefficients * mean).sum():.3f}  # {len(y)} pairs, {int(y.sum())} of them one")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.identity", description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=["all", "fit", *RUNS])
    what = parser.parse_args().what
    if what == "fit":
        fit()
    elif what != "all":
        said = RUNS[what]()
        print(f"{said} | {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB")
    else:
        lines = []
        for name in RUNS:
            done = subprocess.run(
                [sys.executable, "-m", "bench.identity", name], capture_output=True, text=True, check=True
            )
            figure, seconds, memory = done.stdout.strip().splitlines()[-1].split(" | ")
            lines.append(Line(name, seconds, memory, figure))
        print_lines("Identity: seconds, memory, accuracy", lines)


if __name__ == "__main__":
    main()
