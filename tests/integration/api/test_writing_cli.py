"""Rules that people's edits teach, from a shell that drives a server elsewhere; on both databases."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from api.app import create_app
from cli.main import app
from tests.integration.api.test_writing import edit_all, shop, text_of, write
from tests.integration.client.test_client import secret
from tests.support.api_office import ApiOffice
from tests.support.served import served

__all__ = ["shop"]  # the fixture: twelve people at twelve companies that hire


def run(server: str, *arguments: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["--server", server, "writing", "rules", *map(str, arguments)])
    assert result.exit_code == code, f"{arguments}: {result.output}\n{result.exception!r}"
    return result


def test_from_a_proposal_to_an_undone_rule(shop: ApiOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALESOS_API_KEY", secret(shop, "read", "people:read", "policies:write"))
    monkeypatch.setenv("SALESOS_DATA_DIR", str(tmp_path / "nothing here"))
    with served(create_app(shop.deps)) as server:
        assert json.loads(run(server, "list", "--json").stdout) == []
        assert "often enough" in run(server, "list").stdout
        edit_all(shop, range(9))
        (proposed,) = json.loads(run(server, "list", "--state", "proposed", "--json").stdout)
        assert (proposed["find"], proposed["put"], proposed["would_change"]) == ("saw", "noticed", 9)
        assert "noticed" in run(server, "list").stdout
        adopted = json.loads(run(server, "adopt", proposed["id"], "--json").stdout)
        assert adopted["state"] == "adopted"
        assert "I noticed that" in text_of(shop, write(shop, 9))[1]
        assert "in force already" in run(server, "adopt", proposed["id"], code=1).stderr
        assert "is undone" in run(server, "undo", proposed["id"]).stdout
        assert "I saw that" in text_of(shop, write(shop, 10))[1]
        assert [rule["state"] for rule in json.loads(run(server, "list", "--json").stdout)] == ["undone"]
        assert "No such rule" in run(server, "adopt", uuid4(), code=1).stderr
        assert "no state" in run(server, "list", "--state", "new", code=1).stderr
        assert "is no id" in run(server, "undo", "nonsense", code=1).stderr
        monkeypatch.setenv("SALESOS_API_KEY", secret(shop, "read"))
        assert run(server, "list", code=1).stderr
