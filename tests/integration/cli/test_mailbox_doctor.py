"""`salesos mailbox doctor` over a zone in memory: what it prints, and its exit code."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import mailbox_doctor
from cli.main import app
from tests.support.zone import FakeZone

Salesos = Callable[..., Any]
_INIT = ("init", "--name", "Acme Ltd", "--postal-address", "1 Main Street, Cork", "--country", "IE")
_ADMIN = ("--email", "ann@acme.example", "--user-name", "Ann Lee", "--password-stdin")


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Salesos:
    monkeypatch.setenv("SALESOS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str, stdin: str = "", code: int = 0) -> Any:
        result = CliRunner().invoke(app, list(arguments), input=stdin)
        assert result.exit_code == code, f"{result.output}\n{result.exception!r}"
        return result

    call(*_INIT, *_ADMIN, stdin="four odd words here\n")
    return call


def publish(monkeypatch: pytest.MonkeyPatch, records: dict[tuple[str, str], list[str]]) -> None:
    monkeypatch.setenv("SALESOS_WEB_FETCH", "true")
    monkeypatch.setattr(mailbox_doctor, "domain_records", lambda *, online: FakeZone(records))


def test_with_look_ups_off_it_says_that_it_cannot_look(office: Salesos) -> None:
    assert "SALESOS_WEB_FETCH" in office("mailbox", "doctor", "ann@acme.example", code=1).stderr


def test_what_is_wrong_is_told_with_its_record_and_an_exit_code(
    office: Salesos, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, {("acme.example", "MX"): ["10 [bold]mail.acme.example"]})
    smtp = ("--transport", "smtp", "--host", "smtp.gmail.com", "--password-stdin")
    office("mailbox", "add", "sales@acme.example", "--user", "ann@acme.example", *smtp, stdin="a secret of ours\n")
    said = office("mailbox", "doctor", "sales@acme.example", code=1).stdout
    assert "publish acme.example  TXT  v=spf1 include:_spf.google.com ~all" in said
    assert "publish _dmarc.acme.example  TXT  v=DMARC1; p=none; rua=mailto:postmaster@acme.example" in said
    assert "[bold]mail.acme.example" in said
    report = json.loads(office("mailbox", "doctor", "sales@acme.example", "--json", code=1).stdout)
    assert report["domain"] == "acme.example"
    assert {"check", "severity", "what", "source", "publish"} == set(report["findings"][0])
    assert report["findings"][0]["severity"] == "wrong"


def test_what_is_only_weak_or_unknown_is_no_failure(office: Salesos, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(
        monkeypatch,
        {
            ("acme.example", "TXT"): ["v=spf1 mx -all"],
            ("acme.example", "MX"): ["10 mail.acme.example"],
            ("mail.acme.example", "A"): ["192.0.2.25"],
            ("_dmarc.acme.example", "TXT"): ["v=DMARC1; p=none"],
        },
    )
    report = json.loads(office("mailbox", "doctor", "nobody@acme.example", "--json").stdout)
    assert {finding["severity"] for finding in report["findings"]} == {"weak", "unknown", "good"}


def test_an_address_that_is_none_is_refused(office: Salesos) -> None:
    assert "no IP address" in office("mailbox", "doctor", "a@acme.example", "--sends-from", "here", code=1).stderr
    assert "not an address" in office("mailbox", "doctor", "acme.example", code=1).stderr
