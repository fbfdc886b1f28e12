"""The command line on PostgreSQL: from nothing to scored leads."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app

pytestmark = pytest.mark.postgres
EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture
def salesos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_postgres_database: Callable[[], str]) -> Any:
    monkeypatch.setenv("SALESOS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SALESOS_DATABASE_URL", fresh_postgres_database())
    runner = CliRunner()

    def run(*arguments: str, given: str = "") -> str:
        result = runner.invoke(app, list(arguments), input=given, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return run


def test_from_nothing_to_scored_leads(salesos: Any, tmp_path: Path) -> None:
    with (tmp_path / "companies.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Company", "Website", "Industry", "Employees", "Country"])
        writer.writerows([[f"Firm {n}", f"https://firm-{n}.example", "Software", 100 + n, "US"] for n in range(30)])
    with (tmp_path / "people.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Full name", "Job title", "E-mail", "Company website", "Country"])
        writer.writerows(
            [
                [f"Ada Berg{n}", "VP Sales", f"ada@firm-{n}.example", f"https://firm-{n}.example", "US"]
                for n in range(30)
            ]
        )
    salesos(
        "init", "--name", "Acme", "--postal-address", "1 Main Street", "--country", "US", "--offer",
        str(EXAMPLES / "offer.yaml"), "--email", "mara@acme.example", "--user-name", "Mara Vidal", "--password-stdin",
        given="correct horse battery 9\n",
    )  # fmt: skip
    salesos("icp", "add", str(EXAMPLES / "icp.yaml"))
    assert "30 rows read, 30 kept, 0 bad" in salesos("import", "companies", str(tmp_path / "companies.csv"))
    # The same file again is known, and changes nothing.
    salesos("import", "companies", str(tmp_path / "companies.csv"))
    assert "30 rows read, 30 kept" in salesos("import", "people", str(tmp_path / "people.csv"))
    done = salesos("run", "start", "--icp", "Mid-size software", "--wait")
    assert "30 companies" in done
    assert "done" in salesos("run", "list")
    assert "Ada" not in salesos("export", "leads", "--out", str(tmp_path / "leads.csv"))
    salesos("doctor")
