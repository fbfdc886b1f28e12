"""`salesos why`: what holds, told on the command line."""

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


@pytest.fixture
def salesos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Salesos:
    monkeypatch.setenv("SALESOS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str, stdin: str = "", code: int = 0) -> Any:
        result = CliRunner().invoke(app, list(arguments), input=stdin)
        assert result.exit_code == code, f"{arguments}: {result.output}\n{result.exception!r}"
        return result

    call(*_INIT, *_ADMIN, stdin="four odd words here\n")
    return call


def test_it_names_what_holds_the_worst_first(salesos: Salesos) -> None:
    salesos("mailbox", "pause", "ann@acme.example", "--reason", "Bounces.")
    told = salesos("why").stdout
    assert "ann@acme.example: Bounces." in told
    assert "Start `salesos serve`" in told
    found = json.loads(salesos("why", "--json").stdout)
    codes = [gate["code"] for gate in found["gates"]]
    assert {"worker_not_running", "no_offer", "mailbox_paused", "nothing_planned"} <= set(codes)
    assert codes[-1] == "delivery_folder", "a note comes last"


def test_it_asks_of_one_mailbox_and_knows_no_others(salesos: Salesos) -> None:
    assert "paused" not in salesos("why", "--mailbox", "ann@acme.example").stdout
    assert "mailbox list" in salesos("why", "--mailbox", "x@acme.example", code=1).output
    salesos("why", "--lead", "01a1fd49-ee45-741f-895f-522023a140f9", code=1)
    salesos("why", "--lead", "nonsense", code=1)
