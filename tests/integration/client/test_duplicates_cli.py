"""Deciding on duplicates from a shell, on a server elsewhere."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from cli.main import app
from store import bulk
from store.models import MergeProposal
from store.queries.companies import CompanyInput, upsert_companies
from tests.integration.client.test_client import secret
from tests.support.api_office import ApiOffice


@pytest.fixture
def ends(office: ApiOffice) -> tuple[UUID, UUID, UUID]:
    """The proposal and the two companies."""
    proposal = uuid4()
    with office.deps.database.write(office.workspace_id) as session:
        inputs = [CompanyInput(name, name.lower(), "file", city="Oslo") for name in ("Tern", "Tern Inc")]
        kept, absorbed = upsert_companies(session, office.deps.clock, inputs).ids
        first, second = sorted((kept, absorbed))
        row = {
            "id": proposal,
            "kind": "company",
            "first_id": first,
            "second_id": second,
            "probability": 0.7,
            "reasons": ["the names are alike"],
            "evidence": {"kept_id": str(kept)},
            "created_at": office.deps.clock.now(),
        }
        bulk.insert(session, MergeProposal, [row])
    return proposal, kept, absorbed


def test_from_list_to_split(
    server: str, office: ApiOffice, ends: tuple[UUID, UUID, UUID], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal, kept, absorbed = ends
    monkeypatch.setenv("SALESOS_API_KEY", secret(office, "read", "people:read", "records:write"))
    monkeypatch.setenv("SALESOS_DATA_DIR", str(tmp_path / "nothing here"))

    def call(*arguments: object, code: int = 0) -> Any:
        result = CliRunner().invoke(app, ["--server", server, "duplicates", *map(str, arguments)])
        assert result.exit_code == code, f"{arguments}: {result.output}\n{result.exception!r}"
        return result

    assert [one["id"] for one in json.loads(call("list", "--json").stdout)] == [str(proposal)]
    assert "Tern Inc" in call("list").stdout
    shown = call("show", proposal).stdout
    assert "Oslo" in shown
    assert "equal" in shown
    assert "--same or --different" in call("decide", proposal, code=1).stderr
    merge_id = json.loads(call("decide", proposal, "--same", "--keep", absorbed, "--json").stdout)["merge_id"]
    assert json.loads(call("list", "--merged", "--json").stdout)[0]["kept_id"] == str(absorbed)
    assert "already" in call("decide", proposal, "--different", code=1).stderr
    assert "two again" in call("split", merge_id, "--ask-again").stdout
    assert "not proposed again" in call("decide", proposal, "--different").stdout
    by_hand = json.loads(call("merge", kept, absorbed, "--json").stdout)
    assert (by_hand["kept_id"], by_hand["may_split"]) == (str(kept), True)
