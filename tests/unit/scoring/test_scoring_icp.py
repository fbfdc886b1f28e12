import pytest

from scoring.icp import IcpError, parse_icp
from scoring.icp_model import DEAD_STATUSES, IndustryWant
from scoring.types import BuyingRole, Department, Seniority


def problems(mapping: object) -> dict[str, str]:
    with pytest.raises(IcpError) as caught:
        parse_icp(mapping)  # type: ignore[arg-type]
    return {p.path: p.message for p in caught.value.problems}


def test_a_full_icp_reads_into_types() -> None:
    icp = parse_icp(
        {
            "name": "Mid-size",
            "industries": ["software", {"name": "logistics", "synonyms": ["freight"]}],
            "employees": {"min": 10, "max": 500},
            "revenue": {"min_minor": 1_000_00, "currency": "eur"},
            "countries": ["de", "NO"],
            "growth_signals": ["hiring"],
            "roles": [{"role": "champion", "departments": ["sales"], "min_seniority": "lead", "weight": 0.8}],
            "weights": {"fit": 0.7, "intent": 0.3, "criteria": {"industry": 5}},
            "bands": {"tier_1": 0.9},
        }
    )
    assert icp.industries == (IndustryWant("software"), IndustryWant("logistics", ("freight",)))
    assert icp.countries == ("DE", "NO")
    assert icp.revenue is not None
    assert icp.revenue.currency == "EUR"
    role = icp.roles[0]
    assert (role.role, role.departments, role.min_seniority) == (
        BuyingRole.CHAMPION,
        (Department.SALES,),
        Seniority.LEAD,
    )
    assert icp.weights.criteria.industry == 5.0
    assert (icp.bands.tier_1, icp.bands.tier_2) == (0.9, 0.6)
    assert icp.exclusions.statuses == DEAD_STATUSES  # dead companies are excluded unless asked for


def test_every_problem_is_named_at_once_with_its_path_and_the_nearest_name() -> None:
    found = problems(
        {
            "nam": "x",
            "industries": ["ok", {"name": 3, "synonym": []}],
            "employees": {"min": 100, "max": 5},
            "countries": ["DE", False, "Germany"],
            "growth_signals": ["hirin"],
            "roles": [{"role": "champ", "departments": ["salse"]}],
            "weights": {"fit": -1, "criteria": {"industri": 2}},
            "bands": {"tier_1": 0.3},
        }
    )
    assert "'name'" in found["nam"]
    assert "missing" in found["name"]
    assert "'synonyms'" in found["industries[1].synonym"]
    assert "text" in found["industries[1].name"]
    assert "impossible" in found["employees"]
    assert "Norway" in found["countries[1]"]
    assert "countries[2]" in found
    assert "'hiring'" in found["growth_signals[0]"]
    assert "'champion'" in found["roles[0].role"]
    assert "'sales'" in found["roles[0].departments[0]"]
    assert "weights.fit" in found
    assert "'industry'" in found["weights.criteria.industri"]
    assert "fall strictly" in found["bands"]


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ({"employees": {}}, "employees"),
        ({"employees": {"min": True}}, "employees.min"),
        ({"employees": {"min": "10"}}, "employees.min"),
        ({"employees": {"max": -1}}, "employees.max"),
        ({"revenue": {"min_minor": 1, "currency": "EURO"}}, "revenue.currency"),
        ({"countries": "DE"}, "countries"),
        ({"weights": {"fit": 0, "intent": 0}}, "weights"),
        ({"weights": {"fit": float("nan")}}, "weights.fit"),
        ({"bands": {"tier_1": 1.5}}, "bands.tier_1"),
        ({"roles": []}, "roles"),
        ({"exclusions": {"status": ["x"]}}, "exclusions.status"),
        ({"technologies": [""]}, "technologies[0]"),
    ],
)
def test_bad_parts_are_refused_at_their_path(part: dict[str, object], path: str) -> None:
    assert path in problems({"name": "x", **part})


def test_something_that_is_no_mapping_is_refused() -> None:
    assert "mapping" in problems(["name"])["(the ICP)"]
