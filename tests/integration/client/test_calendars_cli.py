"""`salesos calendar` driving a server elsewhere: with a rep's own key their own, with an admin's anybody's."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from cli.main import app
from store.models import Role, User
from tests.support.api_office import ApiOffice


def secret(office: ApiOffice, *scopes: str, user_id: UUID | None = None) -> str:
    return office.key(*scopes, user_id=user_id)["Authorization"].removeprefix("Bearer ")


def user_of(office: ApiOffice, email: str) -> UUID:
    with office.deps.database.read(office.workspace_id) as session:
        return session.exec(select(User.id).where(User.email == email)).one()


@pytest.fixture
def remote(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("SALESOS_DATA_DIR", str(tmp_path / "nothing here"))
    monkeypatch.chdir(tmp_path)

    def call(key: str, *arguments: object, code: int = 0, stdin: str = "") -> Any:
        monkeypatch.setenv("SALESOS_API_KEY", key)
        result = CliRunner().invoke(app, ["--server", server, *map(str, arguments)], input=stdin)
        assert result.exit_code == code, f"{arguments}: {result.output}\n{result.exception!r}"
        return result

    return call


def test_a_rep_sets_when_they_can_be_met_from_afar(remote: Any, office: ApiOffice, tmp_path: Path) -> None:
    email = office.user(Role.REP, "far@sender.example")
    key = secret(office, "read", "work:write", user_id=user_of(office, email))
    written = tmp_path / "hours.yaml"
    written.write_text(
        'time_zone: Europe/Berlin\nworking_hours: {wed: ["13:00", "14:00"]}\nnotice_hours: 0\n'
        'days_off: [2026-12-24]\noverrides: {2026-12-23: ["09:00", "12:00"]}\n'
        "out_of_office: [{starts_at: 2026-07-01T08:00:00Z, ends_at: 2026-07-02T08:00:00Z}]\n",
        encoding="utf-8",
    )
    kept = json.loads(remote(key, "calendar", "hours", written, "--json").stdout)
    assert kept["working_hours"]["wed"] == [["13:00", "14:00"]]
    assert kept["overrides"] == {"2026-12-23": [["09:00", "12:00"]]}
    assert json.loads(remote(key, "calendar", "hours", "--json").stdout) == kept
    found = json.loads(remote(key, "calendar", "times", "--json").stdout)
    assert found["unknown"] == []
    assert {each["starts_at"][11:16] for each in found["items"]} <= {"11:00", "11:30", "12:00", "12:30"}
    assert found["items"]
    written.write_text("per_dya: 4\n", encoding="utf-8")
    assert "per_dya" in remote(key, "calendar", "hours", written, code=1).stderr
    written.write_text('working_hours: {wed: ["14:00", "13:00"]}\n', encoding="utf-8")
    assert "working_hours.wed" in remote(key, "calendar", "hours", written, code=1).stderr
    assert json.loads(remote(key, "calendar", "list", "--json").stdout) == {"items": []}


def test_others_need_the_right_over_people(remote: Any, office: ApiOffice) -> None:
    rep, other = office.user(Role.REP, "near@sender.example"), office.user(Role.REP, "next@sender.example")
    own = secret(office, "read", "work:write", user_id=user_of(office, rep))
    assert "users:write" in remote(own, "calendar", "hours", "--user", other, code=1).stderr
    service = secret(office, "read", "work:write", "users:write")
    assert json.loads(remote(service, "calendar", "hours", "--user", other, "--json").stdout)["user_id"] == str(
        user_of(office, other)
    )
    assert "several users" in remote(service, "calendar", "hours", code=1).stderr


def test_google_is_connected_in_a_browser_and_the_page_is_said(remote: Any, office: ApiOffice) -> None:
    key = secret(office, "read", "work:write")
    assert "reaches no calendar service" in remote(key, "calendar", "connect", "google", code=1).stderr
    assert "--username" in remote(key, "calendar", "connect", "https://caldav.example.com/", code=1).stderr
