"""`salesos placement` against a server: seeds added and removed, a test sent, where it landed."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.app import create_app
from cli.main import app
from store.models import PlacementResult, SeedAddress
from tests.integration.client.test_client import secret
from tests.support.agent_office import rows_of
from tests.support.api_office import ApiOffice
from tests.support.crash.office import SENDER
from tests.support.served import served
from tools.ports.placement import Landed

Call = Callable[..., Any]


class Reader:
    """A seed whose folders can be read, and are empty."""

    def problem(self) -> str:
        return ""

    def find(self, _names: Sequence[str]) -> Mapping[str, Landed]:
        return {}


@pytest.fixture
def remote(office: ApiOffice, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Call]:
    def reader(_seed: SeedAddress, _password: str) -> Reader:
        return Reader()

    context = office.office.context
    known = replace(context, tools=replace(context.tools, seed_reader=reader))
    office.deps = replace(office.deps, context_for=lambda _: known)
    monkeypatch.setenv("SALESOS_API_KEY", secret(office, "read", "mailboxes:write"))
    monkeypatch.setenv("SALESOS_DATA_DIR", str(tmp_path / "nothing here"))
    monkeypatch.chdir(tmp_path)
    with served(create_app(office.deps)) as url:

        def call(*arguments: object, code: int = 0, stdin: str = "") -> Any:
            found = CliRunner().invoke(app, ["--server", url, "placement", *map(str, arguments)], input=stdin)
            assert found.exit_code == code, f"{arguments}: {found.output}\n{found.exception!r}"
            return found

        yield call


def test_a_seed_and_a_test_by_hand(remote: Call, office: ApiOffice, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("Hello Alex,\n\nshall we talk?\n")
    sending = ("send", SENDER, "--subject", "Your invoices", "--body-file", words)
    assert "no seed" in remote(*sending, code=1).stderr
    add = ("add", "ours@seeds.example", "--provider", "gmail", "--host", "imap.seeds.example", "--password-stdin")
    made = json.loads(remote(*add, "--json", stdin="an app password\n").stdout)
    assert "an app password" not in str(made)
    assert "ours@seeds.example" in remote("seeds").stdout
    test = json.loads(remote(*sending, "--json").stdout)
    assert [row.address for row in rows_of(office.office.context, PlacementResult)] == ["ours@seeds.example"]
    assert "waiting" in remote("show", test["id"]).stdout
    assert json.loads(remote("show", SENDER, "--json").stdout)["id"] == test["id"]
    assert "template" in remote("send", SENDER, code=1).stderr
    assert "no mailbox" in remote("send", "who@sender.example", "--template", "first_mail", code=1).stderr
    remote("remove", made["id"])
    assert json.loads(remote("seeds", "--json").stdout) == []
