import csv
import gzip
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from scoring.authority import score_authority
from scoring.icp_model import IcpDefinition, TargetRole
from scoring.titles import read_title, snapaddy_labels
from scoring.types import BuyingRole, Department, PersonTraits, Seniority, points_of

SNAPADDY = Path(__file__).parents[3].parent / "shared" / "data" / "titles" / "snapaddy"
S, D = Seniority, Department


@pytest.mark.parametrize(
    ("title", "seniority", "department"),
    [
        ("CEO", S.C_LEVEL, D.GENERAL_MANAGEMENT),
        ("CEO & Co-Founder", S.OWNER, D.GENERAL_MANAGEMENT),
        ("Geschäftsführer*in", S.C_LEVEL, D.GENERAL_MANAGEMENT),
        ("Geschäftsführerin Vertrieb", S.C_LEVEL, D.SALES),
        ("Directeur général", S.C_LEVEL, D.GENERAL_MANAGEMENT),
        ("Directora comercial", S.DIRECTOR, D.SALES),
        ("VP Sales EMEA", S.VP, D.SALES),
        ("Vice President, Marketing", S.VP, D.MARKETING),
        ("Head of Procurement (m/w/d)", S.LEAD, D.PURCHASING),
        ("Leiterin Einkauf", S.LEAD, D.PURCHASING),
        ("Jefe de ventas", S.LEAD, D.SALES),
        ("Responsable des achats", S.MANAGER, D.PURCHASING),
        ("Chief Financial Officer", S.C_LEVEL, D.FINANCE),
        ("CTO", S.C_LEVEL, D.INFORMATION_TECHNOLOGY),
        ("Senior Software Engineer", S.SENIOR, D.INFORMATION_TECHNOLOGY),
        ("Praktikant Marketing", S.INTERN, D.MARKETING),
        ("Buchhalter", S.STAFF, D.FINANCE),
        # Working for somebody is not being them.
        ("Assistentin der Geschäftsführung", S.JUNIOR, D.ADMINISTRATIVE),
        ("Executive Assistant to the CEO", S.JUNIOR, D.ADMINISTRATIVE),
        # Words that only look like a rank.
        ("Product Owner", S.STAFF, D.PRODUCT),
        ("International Account Manager", S.MANAGER, D.SALES),
        ("HR Business Partner", S.STAFF, D.HUMAN_RESOURCES),
    ],
)
def test_titles_in_four_languages(title: str, seniority: Seniority, department: Department) -> None:
    reading = read_title(title)
    assert (reading.seniority, reading.department) == (seniority, department)
    assert len(reading.reasons) == 2


@pytest.mark.parametrize("title", ["", "  ", "-", "123", "Former CEO", "ehemaliger Geschäftsführer", "Retired"])
def test_no_title_and_a_past_one_are_unknown(title: str) -> None:
    reading = read_title(title)
    assert reading.seniority is None
    assert reading.reasons


def labelled(name: str) -> list[tuple[str, str]]:
    """The half of a labelled list that the rules were not written against, by hash of the title."""
    path = SNAPADDY / name
    if not path.exists():
        pytest.skip(f"{path} is not present: the measure needs the shared data")
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(lines)]
    return [row for row in rows if hashlib.sha256(row[0].casefold().encode()).digest()[0] & 1]


def accuracy(gold: Sequence[str], said: Sequence[str]) -> float:
    return sum(a == b for a, b in zip(gold, said, strict=True)) / len(gold)


def macro_f1(gold: Sequence[str], said: Sequence[str]) -> float:
    scores = []
    for label in sorted(set(gold)):
        hits = sum(a == b == label for a, b in zip(gold, said, strict=True))
        scores.append(2 * hits / (gold.count(label) + list(said).count(label)))
    return sum(scores) / len(scores)


def decision_makers(gold: Sequence[str], said: Sequence[str]) -> tuple[float, float]:
    """Precision and recall of {Director, Management}."""
    makers = {"Director", "Management"}
    hits = sum(a in makers and b in makers for a, b in zip(gold, said, strict=True))
    return hits / max(1, sum(b in makers for b in said)), hits / max(1, sum(a in makers for a in gold))


# Floors stand a little under what was measured on this half; the other half was used to write the rules.
def test_departments_hold_their_measured_floor() -> None:
    rows = labelled("department-v2.csv")  # measured: accuracy .893, macro-F1 .624
    gold, said = [label for _, label in rows], [snapaddy_labels(read_title(title))[0] for title, _ in rows]
    assert accuracy(gold, said) >= 0.88
    assert macro_f1(gold, said) >= 0.60


def test_seniorities_hold_their_measured_floor() -> None:
    rows = labelled("seniority-v2.csv")  # measured: accuracy .823, macro-F1 .751 (five labels: no Professional)
    gold, said = [label for _, label in rows], [snapaddy_labels(read_title(title))[1] for title, _ in rows]
    assert accuracy(gold, said) >= 0.81
    assert macro_f1(gold, said) >= 0.73
    precision, recall = decision_makers(gold, said)  # measured: .810, .951
    assert precision >= 0.79
    assert recall >= 0.94


def test_real_cvs_are_read_better_than_the_published_rules() -> None:
    """Never measured here: the labelled CVs are kept apart. The bars are the published rule-based figures."""
    path = SNAPADDY / "linkedin-cvs-annotated.json.gz"
    if not path.exists():
        pytest.skip(f"{path} is not present: the labelled CVs are kept apart for acceptance")
    people = json.loads(gzip.decompress(path.read_bytes()))
    jobs = [job for jobs in people for job in jobs if job["status"] == "ACTIVE"]
    said = [snapaddy_labels(read_title(job["position"])) for job in jobs]
    departments, ranks = [job["department"] for job in jobs], [job["seniority"] for job in jobs]
    assert accuracy(departments, [d for d, _ in said]) > 0.603
    assert macro_f1(departments, [d for d, _ in said]) > 0.449
    assert accuracy(ranks, [s for _, s in said]) > 0.537
    assert macro_f1(ranks, [s for _, s in said]) > 0.426


ICP = IcpDefinition(
    "x",
    roles=(
        TargetRole(BuyingRole.ECONOMIC_BUYER, (D.GENERAL_MANAGEMENT, D.FINANCE), S.DIRECTOR),
        TargetRole(BuyingRole.CHAMPION, (D.SALES,), S.LEAD),
    ),
)


def authority(title: str, employees: int | None) -> float:
    value = score_authority(PersonTraits(title=title), employees, ICP).scored.value
    assert value is not None
    return value


def test_at_ten_people_the_ceo_buys_and_at_five_thousand_the_head_of_sales_does() -> None:
    assert authority("CEO", 10) > authority("Head of Sales", 10)
    assert authority("CEO", 5_000) < authority("Head of Sales", 5_000)


def test_authority_grows_with_rank_in_the_same_field_and_size() -> None:
    for size in (None, 5, 40, 150, 900, 9_000):
        ladder = [
            score_authority(PersonTraits(seniority=rank, department=D.SALES), size, ICP).scored.value or 0.0
            for rank in sorted(Seniority, key=lambda s: s.rank)
        ]
        assert ladder == sorted(ladder)


def test_a_wanted_department_decides_more_than_an_unwanted_one() -> None:
    assert authority("Head of Sales", 300) > authority("Head of Legal", 300)


@pytest.mark.parametrize("department", [None, *Department])
@pytest.mark.parametrize("size", [None, 5, 40, 150, 900, 9_000])
def test_authority_points_sum_and_stay_in_bounds(department: Department | None, size: int | None) -> None:
    for rank in Seniority:
        scored = score_authority(PersonTraits(seniority=rank, department=department), size, ICP).scored
        assert scored.value is not None
        assert 0.0 <= scored.value <= 1.0
        assert points_of(scored.reasons) == pytest.approx(scored.value, abs=1e-9)


def test_no_title_is_unknown_authority_with_a_reason() -> None:
    scored = score_authority(PersonTraits(), 50, ICP).scored
    assert scored.value is None
    assert scored.reasons
