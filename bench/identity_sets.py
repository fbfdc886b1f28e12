"""The labelled lists that identity is measured on, read from ../shared, each in a dev and a held-out part.

A part is decided by a hash of the entity (SHA-256, 70 % dev), so that what is one never straddles. Thresholds and
coefficients were chosen on dev. Nothing of the data is kept in this project.
"""

import csv
import gzip
import os
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

from tools.identity.corpus import Mention
from tools.identity.evidence import Field, Kind, column
from tools.identity.normal_forms import company_name

SHARED = Path(os.environ.get("SALESOS_SHARED_DIR") or Path(__file__).resolve().parents[2] / "shared")
DEV_SHARE = 70  # of a hundred entities

Pair = frozenset[Hashable]


@dataclass(frozen=True, slots=True)
class Measured:
    precision: float
    recall: float
    found: int
    right: int
    true: int

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall) if self.right else 0.0

    def __str__(self) -> str:
        return f"P {self.precision:.3f} R {self.recall:.3f} F1 {self.f1:.3f} ({self.right} of {self.true})"


def measured(found: Iterable[Pair], true: Iterable[Pair]) -> Measured:
    found, true = set(found), set(true)
    right = len(found & true)
    return Measured(right / max(1, len(found)), right / max(1, len(true)), len(found), right, len(true))


def groups_measured(groups: Sequence[Hashable], truth: Sequence[Hashable]) -> Measured:
    """Pairwise precision and recall of groups, counted without listing the pairs."""

    def pairs(counts: Iterable[int]) -> int:
        return sum(n * (n - 1) // 2 for n in counts)

    right = pairs(Counter(zip(groups, truth, strict=True)).values())
    found, true = pairs(Counter(groups).values()), pairs(Counter(truth).values())
    return Measured(right / max(1, found), right / max(1, true), found, right, true)


def is_dev(entity: str) -> bool:
    return int(sha256(f"identity:{entity}".encode()).hexdigest(), 16) % 100 < DEV_SHARE


def _rows(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()
    read = csv.DictReader(StringIO(text, newline=""), delimiter=delimiter)
    return [{key.strip(): (value or "").strip() for key, value in row.items() if key} for row in read]


@dataclass(frozen=True, slots=True)
class Companies:
    mentions: list[Mention]  # without their domains
    gold: set[Pair]  # of (source, key)
    labelled: set[Hashable]  # mentions whose domain says who they are: only pairs of these can be judged
    dev: set[Hashable]

    def judged(self, pairs: Iterable[Pair], *, dev: bool | None = None) -> set[Pair]:
        """Those that the labels can judge, of one part or of both."""
        return {p for p in pairs if p <= self.labelled and (dev is None or (min(p) in self.dev) == dev)}


def companies(shared: Path = SHARED) -> Companies:
    """Mentions that share a name or a domain are one entity of the split."""
    folder = shared / "data/companies/gold"
    rows = _rows(folder / "cross_source_records.csv.gz")
    mentions = [Mention(r["source"], r["source_id"], r["name"], r["location"], r["desc"]) for r in rows]
    gold = {
        frozenset([(r["a_source"], r["a_id"]), (r["b_source"], r["b_id"])])
        for r in _rows(folder / "cross_source_gold_pairs.csv")
    }
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    keys = []
    for row, mention in zip(rows, mentions, strict=True):
        key = "name:" + "".join(company_name(mention.name).core)
        keys.append(key)
        domain = "domain:" + row["regdomain"] if row["domain_usable"] == "1" else key
        parent[root(key)] = root(domain)
    lowest: dict[str, str] = {}
    for key in keys:
        lowest[root(key)] = min(key, lowest.get(root(key), key))
    ids = [(m.source, m.key) for m in mentions]
    dev = {i for i, key in zip(ids, keys, strict=True) if is_dev(lowest[root(key)])}
    labelled = {i for i, row in zip(ids, rows, strict=True) if row["domain_usable"] == "1"}
    return Companies(mentions, gold, set(labelled), set(dev))


def registrants(shared: Path = SHARED) -> tuple[list[str], list[int], list[tuple[str, int]]]:
    """Names of SEC registrants, their CIKs, and (S&P name, CIK) to be found among them."""
    names: dict[int, str] = {}
    for row in _rows(shared / "data/companies/sec_cik_ticker_mapping.csv.gz"):
        names.setdefault(int(row["CIK"]), row["Name"])
    wanted = _rows(shared / "data/companies/gold/sp500_sec_gold_by_cik.csv")
    return list(names.values()), list(names), [(row["sp500_name"], int(row["cik"])) for row in wanted]


@dataclass(frozen=True, slots=True)
class Records:
    """A table with its fields, blocking rules, and the truth: an entity a record, or pairs of positions."""

    name: str
    table: dict[str, Any]
    fields: tuple[Field, ...]
    rules: tuple[tuple[str, ...], ...]
    truth: list[str] | None  # entity of each record
    pairs: set[Pair]  # true pairs across sources, where there is no truth
    sources: list[str] | None
    raw: list[dict[str, str]]  # as the peer gets it


PERSON_FIELDS = (
    Field("first", Kind.FIRST_NAME, frequent=True),
    Field("last", Kind.NAME, frequent=True),
    Field("birth", Kind.NAME, frequent=True),
    Field("job", Kind.EXACT),
    Field("dob", Kind.DATE),
    Field("post", Kind.CODE),
)
PERSON_RULES = (
    ("last", "birth"), ("post",), ("last4", "year"), ("first", "birth"), ("birth", "year"), ("begin",), ("post5",),
    ("end4", "year"), ("last5",), ("first", "dob"), ("last",),
)  # fmt: skip


def historical(shared: Path = SHARED) -> Records:
    """Persons of Wikidata with errors put in: many records a person."""
    rows = _rows(shared / "data/identity/splink/historical_figures_with_errors_40pct_clusters.csv.gz")
    values: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        words = row["full_name"].split()
        first, last = (words[0] if words else ""), (words[-1] if len(words) > 1 else "")
        post, dob = row["postcode_fake"], row["dob"]
        for name, value in {
            "first": first, "last": last, "birth": row["birth_place"], "job": row["occupation"], "dob": dob,
            "post": post, "year": dob[:4], "last4": last[:4], "last5": last[:5], "end4": last[-4:], "post5": post[:5],
            "begin": first[:3] + last[:3] if first and last else "",
        }.items():  # fmt: skip
            values[name].append(value)
    table = {name: column(found) for name, found in values.items()}
    return Records(
        "persons, historical", table, PERSON_FIELDS, PERSON_RULES, [r["cluster"] for r in rows], set(), None, rows
    )


def febrl4(shared: Path = SHARED) -> Records:
    """Two files of synthetic persons, one record of each person in each."""
    folder = shared / "data/identity/febrl"
    rows = [{**r, "file": f} for f in ("4a", "4b") for r in _rows(folder / f"dataset{f}.csv")]
    table = {
        "first": column([r["given_name"] for r in rows]), "last": column([r["surname"] for r in rows]),
        "street": column([r["address_1"] for r in rows]), "suburb": column([r["suburb"] for r in rows]),
        "post": column([r["postcode"] for r in rows]), "dob": column([r["date_of_birth"] for r in rows]),
        "number": column([r["soc_sec_id"] for r in rows]),
    }  # fmt: skip
    fields = (
        Field("first", Kind.FIRST_NAME, frequent=True), Field("last", Kind.NAME, frequent=True),
        Field("street", Kind.NAME), Field("suburb", Kind.NAME), Field("post", Kind.DATE), Field("dob", Kind.DATE),
        Field("number", Kind.DATE),
    )  # fmt: skip
    rules = (("number",), ("dob",), ("first", "last"), ("street",), ("last", "post"), ("first", "suburb"))
    truth = [r["rec_id"].split("-")[1] for r in rows]
    return Records("persons, FEBRL 4", table, fields, rules, truth, set(), [r["file"] for r in rows], rows)


@dataclass(frozen=True, slots=True)
class ProductSet:
    name: str
    left: list[dict[str, str]]
    right: list[dict[str, str]]
    gold: set[Pair]  # of ("l", position) and ("r", position)


_PRODUCTS = {
    "abt_buy": ("abt.csv", "buy.csv", "|", "name"),
    "amazon_google": ("amazon.csv.gz", "gp.csv.gz", "#", "title"),
    "dblp_acm": ("dblp.csv", "acm.csv", "%", "title"),
    "restaurants": ("rest1.csv", "rest2.csv", "|", "name"),
}


def products(name: str, shared: Path = SHARED) -> ProductSet:
    """Two catalogues, each thing once in each."""
    folder = shared / "data/identity/er_benchmarks" / name
    first, second, delimiter, title = _PRODUCTS[name]

    def rows(file: str) -> list[dict[str, str]]:
        found = []
        for row in _rows(folder / file, delimiter):
            short = {key.rpartition("#")[2]: value for key, value in row.items()}
            found.append({"title": short.get(title, ""), **{k: v for k, v in short.items() if k != title}})
        return found

    left, right = rows(first), rows(second)
    at = [{row["id"]: position for position, row in enumerate(side)} for side in (left, right)]
    gold = {
        frozenset([("l", at[0][row["D1"]]), ("r", at[1][row["D2"]])])
        for row in _rows(folder / "gt.csv", delimiter)
        if row["D1"] in at[0] and row["D2"] in at[1]
    }
    return ProductSet(name, left, right, gold)
