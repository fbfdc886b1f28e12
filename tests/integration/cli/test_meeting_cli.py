"""`salesos meeting`: a transcript is kept and read, its findings listed and decided; what it says when it cannot."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.opening import Cli
from store.models import Company, Contact, Icp, IcpVersion, Lead, Meeting, MeetingState

Salesos = Callable[..., Any]
_INIT = ("init", "--name", "Acme Ltd", "--postal-address", "1 Main Street, Cork", "--country", "IE")
_ADMIN = ("--email", "ann@acme.example", "--user-name", "Ann Lee", "--password-stdin")
SAID = "Ann Lee: Hello.\nPat: We need a way to check invoices.\nAnn Lee: I'll send you the offer by Friday.\n"


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


def a_meeting() -> UUID:
    """Held an hour ago, with somebody whose name is not known."""
    with Cli(workspace="", user="", server="", key="").open() as opened:
        context, now = opened.context, opened.context.clock.now()
        common, made = (
            {"workspace_id": opened.workspace.id},
            {name: uuid4() for name in ("icp", "v", "co", "ct", "l", "m")},
        )
        dated = {**common, "created_at": now}
        whom = {"contact_id": made["ct"], "company_id": made["co"]}
        with context.database.write(opened.workspace.id) as session:
            for row in (
                Icp(**dated, id=made["icp"], name="I"),
                IcpVersion(**dated, id=made["v"], icp_id=made["icp"], number=1),
                Company(**dated, id=made["co"], name="Nord", name_key="nord", updated_at=now),
                Contact(**dated, id=made["ct"], company_id=made["co"], source="s", updated_at=now),
                Lead(
                    **dated, **whom, id=made["l"], icp_id=made["icp"], icp_version_id=made["v"], run_id=uuid4(),
                    updated_at=now,
                ),
                Meeting(
                    **dated, **whom, id=made["m"], lead_id=made["l"], user_id=uuid4(), purpose_key="p",
                    state=MeetingState.HELD, starts_at=now - timedelta(hours=1), ends_at=now,
                ),
            ):  # fmt: skip
                session.add(row)
                session.flush()
    return made["m"]


def test_a_file_is_kept_read_and_decided_on(salesos: Salesos, tmp_path: Path) -> None:
    meeting, file = a_meeting(), tmp_path / "call.txt"
    file.write_text(SAID, encoding="utf-16")
    kept = json.loads(salesos("meeting", "transcript", file, "--meeting", meeting, "--json").stdout)
    assert (kept["new"], kept["found"], kept["unknown"]) == (True, 2, [])
    again = json.loads(salesos("meeting", "transcript", file, "--meeting", meeting, "--json").stdout)
    assert (again["new"], again["transcript_id"]) == (False, kept["transcript_id"])
    shown = json.loads(salesos("meeting", "findings", "--meeting", meeting, "--json").stdout)["findings"]
    assert {one["kind"]: one["who"] for one in shown} == {"need": "prospect", "commitment": "us"}
    for one, verdict in zip(shown, ("confirm", "dismiss"), strict=True):
        salesos("meeting", "decide", one["id"], verdict)
    salesos("meeting", "decide", shown[0]["id"], "dismiss", code=1)
    assert "need" in salesos("meeting", "findings", "--meeting", meeting).stdout


def test_it_says_what_it_cannot(salesos: Salesos, tmp_path: Path) -> None:
    meeting, bad = a_meeting(), tmp_path / "bad.vtt"
    bad.write_text("WEBVTT\n\nhello\n", encoding="utf-8")
    assert "Line 3" in salesos("meeting", "transcript", bad, "--meeting", meeting, code=1).output
    assert "cannot be read" in salesos("meeting", "transcript", tmp_path / "none", "--meeting", meeting, code=1).output
    good = tmp_path / "good.txt"
    good.write_text(SAID, encoding="utf-8")
    assert "no such meeting" in salesos("meeting", "transcript", good, "--meeting", uuid4(), code=1).output
    assert "no transcript" in salesos("meeting", "findings", "--meeting", meeting, code=1).output
