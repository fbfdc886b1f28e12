"""`salesos pool` and `salesos rooms`: from a YAML file to the pool and back; what they say when they cannot."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app

Salesos = Callable[..., Any]
_INIT = ("init", "--name", "Acme Ltd", "--postal-address", "1 Main Street, Cork", "--country", "IE")
_ADMIN = ("--email", "ann@acme.example", "--user-name", "Ann Lee", "--password-stdin")
_POOL = """
name: Introductions
everyone: true
ownership: ignore
needs:
  - {skill: german, countries: [DE]}
members:
  - {email: ann@acme.example, weight: 2, skills: [German]}
"""


@pytest.fixture
def salesos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Salesos:
    monkeypatch.setenv("SALESOS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object, stdin: str = "", code: int = 0) -> Any:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
        assert result.exit_code == code, f"{arguments}: {result.exit_code}\n{result.output}\n{result.exception!r}"
        assert "Traceback" not in result.output
        return result

    call(*_INIT, *_ADMIN, stdin="four odd words here\n")
    return call


def test_a_pool_goes_from_yaml_and_back(salesos: Salesos, tmp_path: Path) -> None:
    file = tmp_path / "pool.yaml"
    file.write_text(_POOL, encoding="utf-8")
    made = json.loads(salesos("pool", "set", file, "--json").stdout)
    assert [(m["name"], m["weight"], m["skills"]) for m in made["members"]] == [("Ann Lee", 2, ["german"])]
    file.write_text(salesos("pool", "show", "Introductions").stdout, encoding="utf-8")
    again = json.loads(salesos("pool", "set", file, "--json").stdout)
    assert {**again, "updated_at": ""} == {**made, "updated_at": ""}, "what show prints, set reads"
    assert "Ann Lee" in salesos("pool", "list").stdout
    assert json.loads(salesos("pool", "ledger", "Introductions", "--json").stdout)["items"] == []
    member = made["members"][0]["user_id"]
    assert json.loads(salesos("pool", "hand-over", "Introductions", "--from", member, "--json").stdout) == []
    salesos("pool", "remove", "Introductions")
    assert "no pool" in salesos("pool", "show", "Introductions", code=1).output


def test_what_cannot_be_says_why(salesos: Salesos, tmp_path: Path) -> None:
    file = tmp_path / "pool.yaml"
    file.write_text("name: x\nmembers: [{email: nobody@acme.example}]\n", encoding="utf-8")
    assert "Nobody signs in as" in salesos("pool", "set", file, code=1).output
    file.write_text("name: x\nicps: [Nowhere]\n", encoding="utf-8")
    assert "no ICP" in salesos("pool", "set", file, code=1).output
    file.write_text("members: []\n", encoding="utf-8")
    assert "names no pool" in salesos("pool", "set", file, code=1).output
    assert json.loads(salesos("pool", "list", "--json").stdout) == []


def test_rooms_are_chosen(salesos: Salesos) -> None:
    assert "Zoom is not connected" in salesos("rooms", "set", "zoom", code=1).output
    salesos("rooms", "set", "address", "--address", "https://meet.example/ann")
    assert json.loads(salesos("rooms", "show", "--json").stdout)["address"] == "https://meet.example/ann"
    assert "not connected" in salesos("rooms", "check", code=1).output
