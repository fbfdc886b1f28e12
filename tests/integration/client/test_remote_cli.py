"""The command line drives a server elsewhere with nothing but its address and a key."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.integration.client.test_client import secret
from tests.support.api_office import ApiOffice, tell_a_story

_EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture
def remote(server: str, office: ApiOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    scopes = ("read", "people:read", "icps:write", "runs:write", "approvals:decide", "outbox:write")
    monkeypatch.setenv("SALESOS_API_KEY", secret(office, *scopes))
    monkeypatch.setenv("SALESOS_DATA_DIR", str(tmp_path / "nothing here"))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object, code: int = 0, stdin: str = "") -> Any:
        result = CliRunner().invoke(app, ["--server", server, *map(str, arguments)], input=stdin)
        assert result.exit_code == code, f"{arguments}: {result.output}\n{result.exception!r}"
        return result

    return call


def test_icps_and_runs_on_a_server(remote: Any) -> None:
    remote("icp", "add", _EXAMPLES / "icp.yaml")
    again = json.loads(remote("icp", "add", _EXAMPLES / "icp.yaml", "--json").stdout)
    assert again == {"name": "Mid-size software", "version": 1, "added": False}
    run = json.loads(remote("run", "start", "--icp", "Mid-size software", "--json").stdout)
    assert json.loads(remote("run", "pause", run["id"], "--json").stdout)["state"] == "paused"
    assert json.loads(remote("run", "list", "--json").stdout)[0]["id"] == run["id"]
    assert "no ICP" in remote("run", "start", "--icp", "Nobody", code=1).stderr


def test_a_morning_of_drafts_on_a_server(remote: Any, office: ApiOffice) -> None:
    (first, _), (second, _), (third, _) = tell_a_story(office)
    assert "3 billing clerks" in remote("approvals", "show", first).stdout
    remote("approvals", "approve", first, "--yes")
    remote("approvals", "undo", first)
    remote("approvals", "reject", second, "--reason", "Too long.")
    assert "gate" in remote("approvals", "approve", third, "--yes", code=1).stderr
    waiting = json.loads(remote("approvals", "list", "--json").stdout)
    assert {item["approval_id"] for item in waiting} == {str(first), str(third)}


def test_any_operation_by_its_name(remote: Any, office: ApiOffice) -> None:
    tell_a_story(office)
    assert len(json.loads(remote("call", "list_leads", "limit=1", "--all").stdout)) == 3
    assert "list_leads" in remote("call").stdout
    assert "no argument" in remote("call", "list_leads", "nonsense=1", code=1).stderr
    assert "no operation" in remote("call", "rule_the_world", code=1).stderr


def test_what_needs_the_machine_itself_says_so(remote: Any) -> None:
    assert "not through --server" in remote("keys", "rotate", code=1).stderr


def test_a_key_is_needed(remote: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SALESOS_API_KEY")
    assert "SALESOS_API_KEY" in remote("icp", "list", code=1).stderr
