"""`salesos calendar` against a real CalDAV server: connecting, choosing, asking, hours; what it says when it cannot."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.support.radicale import PASSWORD, USER, Radicale, running

Salesos = Callable[..., Any]
_INIT = ("init", "--name", "Acme Ltd", "--postal-address", "1 Main Street, Cork", "--country", "IE")
_ADMIN = ("--email", "ann@acme.example", "--user-name", "Ann Lee", "--password-stdin")


@pytest.fixture(scope="module")
def server() -> Iterator[Radicale]:
    with running() as found:
        yield found


@pytest.fixture
def salesos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Salesos:
    monkeypatch.setenv("SALESOS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SALESOS_CALENDAR_PRIVATE_HOSTS", "true")
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object, stdin: str = "", code: int = 0) -> Any:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
        assert result.exit_code == code, f"{arguments}: {result.exit_code}\n{result.output}\n{result.exception!r}"
        assert "Traceback" not in result.output
        return result

    call(*_INIT, *_ADMIN, stdin="four odd words here\n")
    return call


def test_a_reps_calendar_is_connected_chosen_asked_and_taken_away(
    salesos: Salesos, server: Radicale, tmp_path: Path
) -> None:
    server.make("work")
    connect = ("calendar", "connect", server.url, "--username", USER, "--password-stdin", "--json")
    wrong = salesos(*connect, stdin="wrong\n", code=1)
    assert PASSWORD not in wrong.output
    assert json.loads(salesos("calendar", "list", "--json").stdout)["items"] == []
    (calendar,) = json.loads(salesos(*connect, stdin=f"{PASSWORD}\n").stdout)["items"]
    assert (calendar["state"], calendar["counts_busy"], calendar["gets_events"]) == ("active", True, True)
    assert calendar["busy_read_at"]
    assert calendar["told_until"] is None
    assert calendar["changes"] == "read every minute because its server tells nobody of changes"
    again = json.loads(salesos(*connect, stdin=f"{PASSWORD}\n").stdout)["items"]
    assert [each["id"] for each in again] == [calendar["id"]], "the same account anew"
    assert json.loads(salesos("calendar", "check", "--json").stdout)["problem"] == ""
    chosen = json.loads(salesos("calendar", "use", calendar["id"], "--no-events", "--json").stdout)["items"]
    assert chosen[0]["gets_events"] is False
    rules = tmp_path / "hours.yaml"
    rules.write_text("buffer_after: 15\ncountry: IE\nper_day: 4\n", encoding="utf-8")
    assert json.loads(salesos("calendar", "hours", rules, "--json").stdout)["per_day"] == 4
    rules.write_text("per_day: none at all\n", encoding="utf-8")
    assert "per_day" in salesos("calendar", "hours", rules, code=1).stderr
    salesos("calendar", "disconnect", calendar["connection_id"])
    assert json.loads(salesos("calendar", "list", "--json").stdout)["items"] == []
