"""The command line as people use it: a data directory that starts empty, files with faults, what is said of them."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app

Salesos = Callable[..., Any]
_EXAMPLES = Path(__file__).parents[3] / "examples"
_INIT = ("init", "--name", "Acme Ltd", "--postal-address", "1 Main Street, Cork", "--country", "IE")
_ADMIN = ("--email", "ann@acme.example", "--user-name", "Ann Lee", "--password-stdin")
COMPANIES = (
    "Company,Website,Industry,Employees,Country\n"
    "Northwind,https://northwind-example.com,Software,120,US\n"
    "Contoso,https://contoso-example.com,Software,abc,GB\n"
    ",https://nameless-example.com,Software,80,US\n"
    "Fabrikam,https://fabrikam-example.com,Mining,9000,AU\n"
)
PEOPLE = (
    "Full Name,Title,Email,Company Domain,Country\n"
    "Mia Berg,Chief Executive Officer,mia@northwind-example.com,northwind-example.com,US\n"
    "Jon Park,Head of Sales,jon@northwind-example.com,northwind-example.com,US\n"
    "Eve Stone,VP Sales,eve@stranger-example.com,stranger-example.com,US\n"
)


@pytest.fixture
def salesos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Salesos]:
    monkeypatch.setenv("SALESOS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object, stdin: str = "", code: int = 0) -> Any:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
        assert result.exit_code == code, f"{arguments}: {result.exit_code}\n{result.output}\n{result.exception!r}"
        assert "Traceback" not in result.output
        return result

    return call


@pytest.fixture
def office(salesos: Salesos) -> Salesos:
    salesos(*_INIT, "--offer", _EXAMPLES / "offer.yaml", *_ADMIN, stdin="four odd words here\n")
    return salesos


@pytest.fixture
def lists(tmp_path: Path) -> tuple[Path, Path]:
    companies, people = tmp_path / "companies.csv", tmp_path / "people.csv"
    companies.write_text(COMPANIES, encoding="utf-8")
    people.write_text(PEOPLE, encoding="utf-8")
    return companies, people


def said(result: Any) -> Any:
    return json.loads(result.stdout)


def test_init_makes_what_is_missing_and_nothing_twice(salesos: Salesos, tmp_path: Path) -> None:
    first = salesos(*_INIT, *_ADMIN, stdin="four odd words here\n")
    assert "safe place" in first.stderr
    key = (tmp_path / "data" / "master.key").read_text()
    again = said(salesos(*_INIT, *_ADMIN, "--json"))
    assert again["workspace"] == "acme-ltd"
    assert not any(line.startswith("Made") for line in again["done"])
    assert (tmp_path / "data" / "master.key").read_text() == key
    assert len(said(salesos("mailbox", "list", "--json"))) == 1


def test_init_refuses_what_it_cannot_use(salesos: Salesos) -> None:
    assert "postal address" in salesos("init", "--name", "Acme", code=1).stderr
    assert "time zone" in salesos(*_INIT, "--time-zone", "Mars/Base", code=1).stderr
    assert "12 to 256" in salesos(*_INIT, *_ADMIN, stdin="short\n", code=1).stderr


def test_before_init_every_command_says_what_to_do(salesos: Salesos) -> None:
    assert "salesos init" in salesos("icp", "list", code=1).stderr
    assert "salesos init" in salesos("doctor", code=1).stdout
    error = json.loads(salesos("run", "list", "--json", code=1).stderr)["error"]
    assert error["code"] == "fix_configuration"
    assert "salesos init" in error["hint"]


def test_several_workspaces_must_be_told_apart(office: Salesos) -> None:
    office("init", "--name", "Second", "--slug", "second", "--postal-address", "2 Side Street")
    assert "--workspace" in office("icp", "list", code=1).stderr
    office("--workspace", "second", "icp", "list")
    assert "no workspace" in office("--workspace", "third", "icp", "list", code=1).stderr


def test_doctor_finds_nothing_failing_and_a_tampered_chain(office: Salesos, tmp_path: Path) -> None:
    import sqlite3

    found = said(office("doctor", "--json"))
    assert {finding["level"] for finding in found} <= {"ok", "warn"}
    assert any("templates and rules serve" in finding["what"] for finding in found)
    with sqlite3.connect(tmp_path / "data" / "salesos.db") as connection:
        connection.execute("UPDATE audit_entry SET actor = 'nobody'")
    connection.close()
    assert "audit chain is broken" in office("doctor", code=1).stdout


def test_an_icp_is_checked_whole_and_versioned_when_it_changes(office: Salesos, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("name: X\nindustrys: [Software]\nemployees: {min: 500, max: 20}\n", encoding="utf-8")
    error = office("icp", "check", wrong, code=1).stderr
    assert "industrys" in error
    assert "employees" in error
    example = _EXAMPLES / "icp.yaml"
    assert said(office("icp", "add", example, "--json")) == {"name": "Mid-size software", "version": 1, "added": True}
    assert said(office("icp", "add", example, "--json"))["added"] is False
    changed = tmp_path / "changed.yaml"
    changed.write_text(example.read_text("utf-8").replace("max: 1000", "max: 2000"), encoding="utf-8")
    assert said(office("icp", "add", changed, "--json"))["version"] == 2
    assert said(office("icp", "list", "--json"))[0]["version"] == 2
    first = said(office("icp", "show", "Mid-size software", "--version", 1, "--json"))
    assert first["definition"]["employees"]["max"] == 1000
    back = said(office("icp", "rollback", "Mid-size software", 1, "--json"))
    assert (back["number"], back["restored"], back["run_id"]) == (3, 1, None)
    assert "says the same" in office("icp", "rollback", "Mid-size software", 1).stdout
    assert "There are: Mid-size software" in office("icp", "show", "Nobody", code=1).stderr


def test_yaml_that_is_none_names_the_line(office: Salesos, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("name: [a\nb: c: d\n", encoding="utf-8")
    assert "line 2" in office("icp", "check", broken, code=1).stderr


def test_a_proposal_can_be_saved_and_used_as_the_mapping(
    office: Salesos, lists: tuple[Path, Path], tmp_path: Path
) -> None:
    companies, people = lists
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(office("import", "companies", companies, "--propose").stdout, encoding="utf-8")
    done = said(office("import", "companies", companies, "--mapping", mapping, "--json"))
    assert (done["rows_read"], done["rows_kept"], done["rows_bad"]) == (4, 3, 1)
    assert "of kind company" in office("import", "people", people, "--mapping", mapping, code=1).stderr
    mapping.write_text("version: 1\nkind: company\nfields: {name: {column: Nope}}\n", encoding="utf-8")
    assert "'Nope'" in office("import", "companies", companies, "--mapping", mapping, code=1).stderr


def test_bad_rows_stop_nothing_and_are_named_and_a_file_is_taken_once(
    office: Salesos, lists: tuple[Path, Path]
) -> None:
    companies, people = lists
    done = said(office("import", "companies", companies, "--json"))
    assert [problem["line"] for problem in done["problems"]] == [3, 4]
    assert said(office("import", "companies", companies, "--json"))["already_done"] is True
    done = said(office("import", "people", people, "--json"))
    assert (done["rows_read"], done["rows_kept"], done["rows_bad"]) == (3, 2, 1)
    assert "no company" in done["problems"][0]["reason"]


def test_what_is_no_list_is_refused(office: Salesos, tmp_path: Path) -> None:
    workbook = tmp_path / "companies.xlsx"
    workbook.write_bytes(b"PK\x03\x04 not a list")
    assert "Excel" in office("import", "companies", workbook, code=1).stderr
    assert "cannot be" in office("import", "companies", tmp_path / "absent.csv", code=1).stderr


def test_from_lists_to_leads_to_files_and_forgotten(office: Salesos, lists: tuple[Path, Path], tmp_path: Path) -> None:
    companies, people = lists
    office("import", "companies", companies)
    office("import", "people", people)
    office("icp", "add", _EXAMPLES / "icp.yaml")
    policy = tmp_path / "policy.yaml"
    policy.write_text("legitimate_interest_assessment: On file.\n", encoding="utf-8")
    assert said(office("policy", "set", policy, "--json")) == {"number": 1}
    assert said(office("policy", "show", "--json"))["legitimate_interest_assessment"] == "On file."
    assert "no ICP" in office("run", "start", "--icp", "Nobody", code=1).stderr
    run = said(office("run", "start", "--icp", "Mid-size software", "--wait", "--json"))
    assert run["state"] == "done"
    assert run["companies_kept"] == 2  # Fabrikam is too large
    listed = said(office("run", "list", "--json"))[0]
    assert listed.items() <= said(office("run", "show", run["id"], "--json")).items()
    assert "cannot become" in office("run", "pause", run["id"], code=1).stderr
    told = said(office("explain", "northwind-example.com", "--json"))
    assert told[0]["kind"] == "company"
    lead = said(office("explain", "mia@northwind-example.com", "--json"))[0]
    assert lead["kind"] == "lead"
    assert lead["scores"]
    assert lead["decisions"]
    for told_of in (lead, told[0]):
        (seats,) = [score for score in told_of["scores"] if score["kind"] == "committee"]
        assert any("nobody known fills it. It takes" in line for line in seats["reasons"])
    office("explain", lead["id"])
    left_out = said(office("explain", "fabrikam-example.com", "--json"))[0]
    assert any("left it out" in line for line in left_out["blocks"])
    out = tmp_path / "leads.csv"
    assert said(office("export", "leads", "--out", out, "--json"))["rows"] == sum(run["tiers"].values())
    assert "Mia Berg" in out.read_text("utf-8-sig")
    assert len(list(csv.reader(out.open(encoding="utf-8-sig")))) == 1 + sum(run["tiers"].values())
    assert "already" in office("export", "leads", "--out", out, code=1).stderr
    office("export", "crm", "--out", tmp_path / "book.csv")
    erased = said(office("erase", "--email", "mia@northwind-example.com", "--yes", "--json"))
    assert erased["rows"] > 0
    assert str(people) in erased["files"]
    office("erase", "--email", "mia@northwind-example.com", "--yes", code=1)
    assert "Mia Berg" not in office("explain", lead["id"]).stdout


def test_an_icp_with_rules_is_previewed_compared_and_gone_back_from(
    office: Salesos, lists: tuple[Path, Path], tmp_path: Path
) -> None:
    ruled = _EXAMPLES / "icp-rules.yaml"
    assert "no ICP" in office("icp", "preview", ruled, code=1).stderr
    office("import", "companies", lists[0])
    office("import", "people", lists[1])
    office("icp", "add", _EXAMPLES / "icp.yaml")
    office("run", "start", "--icp", "Mid-size software", "--wait")
    found = said(office("icp", "preview", ruled, "--json"))
    assert found["leads"] == 2
    assert found["changed"] == sum(one["leads"] for one in found["changes"])
    assert f"{found['changed']} of 2 leads would change tier" in office("icp", "preview", ruled).stdout
    assert said(office("icp", "list", "--json"))[0]["version"] == 1, "nothing is saved"
    office("icp", "add", ruled)
    compared = said(office("icp", "outcomes", "Mid-size software", "--against", 1, "--json"))
    assert [one["version"] for one in compared["versions"]] == [2, 1]
    assert "cannot be judged yet" in office("icp", "outcomes", "Mid-size software").stdout
    back = said(office("icp", "rollback", "Mid-size software", 1, "--json"))
    assert (back["number"], back["restored"]) == (3, 1)
    assert said(office("run", "show", back["run_id"], "--json"))["companies_kept"] == 1
    lead = said(office("explain", "mia@northwind-example.com", "--json"))[0]
    assert any("needs intent of" in line and "can be bought" in line for line in lead["next_tier"])
    assert "→ Tier" in office("explain", "mia@northwind-example.com").stdout


def test_what_is_approved_is_what_was_shown(office: Salesos, lists: tuple[Path, Path], tmp_path: Path) -> None:
    office("import", "companies", lists[0])
    office("import", "people", lists[1])
    office("icp", "add", _EXAMPLES / "icp.yaml")
    policy = tmp_path / "policy.yaml"
    policy.write_text("legitimate_interest_assessment: On file.\n", encoding="utf-8")
    office("policy", "set", policy)
    office("run", "start", "--icp", "Mid-size software", "--wait")
    _let_touches_be_due(tmp_path / "data")
    waiting = said(office("approvals", "list", "--json"))
    assert waiting, office("explain", "northwind-example.com").stdout
    first = said(office("approvals", "show", waiting[0]["approval_id"], "--json"))
    printed = office("approvals", "approve", first["approval_id"], stdin="n\n", code=1)
    assert first["body"].splitlines()[0] in printed.stdout
    assert "you said no" in printed.stderr
    office("approvals", "approve", first["approval_id"], "--hash", "0" * 64, code=1)
    office("approvals", "approve", first["approval_id"], "--hash", first["content_hash"], "--json")
    office("approvals", "undo", first["approval_id"])
    assert said(office("approvals", "show", first["approval_id"], "--json"))["state"] == "pending"
    body = tmp_path / "body.txt"
    body.write_text(first["body"].replace("Hi ", "Hello "), encoding="utf-8")
    new = said(office("approvals", "edit", first["approval_id"], "--body-file", body, "--json"))
    assert new["approval_id"] != first["approval_id"]
    office("approvals", "reject", new["approval_id"], "--reason", " ", code=1)
    office("approvals", "reject", new["approval_id"], "--reason", "Not now.")
    assert new["approval_id"] not in {row["approval_id"] for row in said(office("approvals", "list", "--json"))}


def _let_touches_be_due(data_dir: Path) -> None:
    """Time cannot be moved from the command line: the first touches are moved instead, and a worker looks."""
    from sqlmodel import select

    from cli.composition import compose
    from core.settings import Settings
    from store.models import Touch
    from store.queries import workspaces

    with compose(Settings(data_dir=data_dir)) as application:
        (workspace_id,) = workspaces.list_ids(application.database)
        with application.database.write(workspace_id) as session:
            for touch in session.exec(select(Touch).where(Touch.number == 1)):
                touch.due_at = application.clock.now()
                session.add(touch)
        application.worker.drain()


def test_runs_pause_resume_and_cancel(office: Salesos) -> None:
    office("icp", "add", _EXAMPLES / "icp.yaml")
    run = said(office("run", "start", "--icp", "Mid-size software", "--json"))["id"]
    assert said(office("run", "pause", run, "--json"))["state"] == "paused"
    assert said(office("run", "resume", run, "--json"))["state"] == "running"
    assert said(office("run", "cancel", run, "--json"))["state"] == "cancelled"
    office("run", "start", "--icp", "Mid-size software", "--source", "elsewhere", code=1)


def test_mailboxes_keep_their_password_sealed(office: Salesos, tmp_path: Path) -> None:
    smtp = ("--user", "ann@acme.example", "--transport", "smtp", "--host", "smtp.acme.example", "--password-stdin")
    office("mailbox", "add", "sales@acme.example", *smtp, stdin="a secret of ours\n")
    for file in (tmp_path / "data").glob("salesos.db*"):
        assert b"a secret of ours" not in file.read_bytes()
    office("mailbox", "pause", "sales@acme.example", "--reason", "too many bounces")
    states = {row["address"]: row["pause_reason"] for row in said(office("mailbox", "list", "--json"))}
    assert states["sales@acme.example"] == "too many bounces"
    office("mailbox", "resume", "sales@acme.example")
    office("mailbox", "test", "ann@acme.example")
    assert "already" in office("mailbox", "add", "ann@acme.example", code=1).stderr


def test_mailboxes_at_services_take_their_keys_from_stdin_or_the_environment(
    office: Salesos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ses = ("--user", "ann@acme.example", "--transport", "ses", "--region", "eu-central-1", "--secrets-stdin", "--json")
    keys = "access_key_id=AKIDEXAMPLE\nSECRET_ACCESS_KEY=a secret of ours=\n"
    assert "cannot be used" in office("mailbox", "add", "ses@acme.example", *ses, stdin=keys, code=1).stderr
    keys = keys.replace(" ", "-")
    assert said(office("mailbox", "add", "ses@acme.example", *ses, stdin=keys))["problem"] == ""
    unknown = office("mailbox", "set", "ses@acme.example", "--secrets-stdin", stdin="api_key=x\n", code=1)
    assert "none of what this mailbox takes" in unknown.stderr
    google = ("--user", "ann@acme.example", "--transport", "gmail", "--inbox", "gmail", "--json")
    made = said(office("mailbox", "add", "gmail@acme.example", *google))
    assert "not connected with Google yet" in made["problem"]
    assert made["page"].endswith(f"/mailboxes/{made['id']}")
    assert "not connected" in office("mailbox", "resume", "gmail@acme.example", code=1).stderr
    monkeypatch.setenv("SALESOS_MAILBOX_REFRESH_TOKEN", "another-secret-of-ours")
    connected = said(office("mailbox", "set", "gmail@acme.example", "--client-id", "app", "--json"))
    assert (connected["state"], connected["changed"], connected["problem"]) == ("active", ["connection"], "")
    for file in (tmp_path / "data").glob("salesos.db*"):
        assert b"secret-of-ours" not in file.read_bytes()


def test_keys_change_and_everything_still_opens(office: Salesos, lists: tuple[Path, Path], tmp_path: Path) -> None:
    office("import", "companies", lists[0])
    office("import", "people", lists[1])
    office("keys", "rotate")
    changed = said(office("keys", "reseal", "--json"))
    assert changed["contact.email_sealed"] == 2
    assert said(office("keys", "reseal", "--json"))["contact.email_sealed"] == 0
    assert said(office("keys", "rewrap", "--json")) == {"rewrapped": 0}


def test_the_rest_answers_too(office: Salesos, tmp_path: Path) -> None:
    assert said(office("approvals", "list", "--json")) == []
    office("approvals", "show", "not-an-id", code=1)
    assert said(office("outbox", "list", "--json")) == []
    office("outbox", "resolve", "0192c1a0-0000-7000-8000-000000000000", code=1)
    office("outbox", "resolve", "0192c1a0-0000-7000-8000-000000000000", "--arrived", code=1)
    key = said(office("api-key", "create", "ci", "--scope", "read", "--json"))["key"]
    assert key.startswith("sk_")
    (listed,) = said(office("api-key", "list", "--json"))
    assert key not in json.dumps(listed)
    office("api-key", "revoke", listed["id"])
    office("api-key", "create", "ci", "--scope", "everything", code=1)
    policy = tmp_path / "policy.yaml"
    policy.write_text("kill_swich: true\n", encoding="utf-8")
    assert "kill_swich" in office("policy", "set", policy, code=1).stderr
    assert "Nobody" in office("--as", "eve@acme.example", "icp", "list", code=1).stderr


def test_evals_name_their_suites_and_refuse_others(salesos: Salesos) -> None:
    names = {row["suite"] for row in said(salesos("eval", "list", "--json"))}
    assert "routing" in names
    (report,) = said(salesos("eval", "run", "routing", "--json"))
    assert report["suite"] == "routing"
    assert "routing" in salesos("eval", "run", "nothing", code=1).stderr
