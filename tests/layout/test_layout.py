"""The walls of the house stand where the plan has them."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS: list[str] = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
LONGEST_FILE = 400  # lines; a longer one is two rooms


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={REPOSITORY}", "ls-files", "-z"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (REPOSITORY / name for name in listed.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def run(*command: str, cwd: Path = REPOSITORY, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=600, env={**os.environ, **env}, check=False
    )


def test_every_list_of_rooms_names_the_same_rooms() -> None:
    """A room that one list forgets is not shipped, or not type-checked, or not held to the layers."""
    folders = sorted(path.parent.name for path in REPOSITORY.glob("*/__init__.py"))
    tool = PYPROJECT["tool"]
    assert sorted(ROOMS) == folders
    assert sorted(tool["mypy"]["files"]) == folders
    assert sorted(tool["ruff"]["lint"]["isort"]["known-first-party"]) == folders
    assert sorted(tool["importlinter"]["root_packages"]) == folders
    layers = next(contract for contract in tool["importlinter"]["contracts"] if contract["id"] == "layers")
    assert sorted(name.strip() for layer in layers["layers"] for name in layer.split("|")) == folders


def test_our_names_are_ours_wherever_the_program_is_started(tmp_path: Path) -> None:
    """`agents` is also what openai-agents installs, and site-packages goes before an editable install's folder."""
    code = f"import importlib.util, json; print(json.dumps([importlib.util.find_spec(n).origin for n in {ROOMS!r}]))"
    done = run(sys.executable, "-P", "-c", code, cwd=tmp_path)
    assert done.returncode == 0, f"Not installed into this environment; run `make .venv/.installed`. {done.stderr}"
    for name, origin in zip(ROOMS, json.loads(done.stdout), strict=True):
        assert Path(origin) == REPOSITORY / name / "__init__.py"
        here = importlib.util.find_spec(name)
        assert here is not None
        assert here.origin == origin


def test_what_a_room_holds_besides_python_is_shipped() -> None:
    """The wheel leaves out what .gitignore names; templates, migrations and static files must not be among it."""
    files = [
        str(path.relative_to(REPOSITORY))
        for room in ROOMS
        for path in (REPOSITORY / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    ignored = subprocess.run(
        ["git", "-c", f"safe.directory={REPOSITORY}", "check-ignore", "--stdin"],
        cwd=REPOSITORY,
        input="\n".join(files),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ignored.stdout == ""


def test_rooms_import_only_downwards() -> None:
    done = run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache")
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_is_two_rooms() -> None:
    long = {
        str(path.relative_to(REPOSITORY)): count
        for path in tracked_files()
        if path.suffix == ".py"
        and path.relative_to(REPOSITORY).parts[0] in ROOMS
        and "Made by `make docs`" not in path.read_text(encoding="utf-8")[:300]
        and "versions" not in path.parts  # migrations are written by Alembic, a table after the other
        and (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert not long, f"More than {LONGEST_FILE} lines: {long}"


def test_no_room_is_named_for_what_did_not_fit_elsewhere() -> None:
    names = {"utils", "common", "services", "helpers"}
    found = [
        str(path.relative_to(REPOSITORY))
        for path in tracked_files()
        if names & {part.removesuffix(".py") for part in path.relative_to(REPOSITORY).parts}
    ]
    assert not found


def test_tests_are_packages_nowhere() -> None:
    """At every level or at none: a single `__init__.py` changes the names of all the modules beside it."""
    assert list((REPOSITORY / "tests").rglob("__init__.py")) == []


def test_constraints_are_exact_and_hold_no_url() -> None:
    rows = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    loose = [row for row in rows if not row.startswith("#") and not re.fullmatch(r"[a-z0-9.-]+==[\w.!+]+( ; .+)?", row)]
    assert not loose
    assert not [row for row in rows if "://" in row]


def test_every_direct_dependency_is_pinned_by_the_constraints() -> None:
    text = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8")
    pinned = {row.partition("==")[0] for row in text.splitlines() if "==" in row}
    wanted = [*PYPROJECT["project"]["dependencies"], *(d for g in PYPROJECT["dependency-groups"].values() for d in g)]
    names = {re.split(r"[\[<>=!~; ]", dependency, maxsplit=1)[0].lower().replace("_", "-") for dependency in wanted}
    assert not names - pinned, "Run `make constraints`."


def test_pages_made_from_code_are_current() -> None:
    done = run(sys.executable, "docs/generate.py", "--check")
    assert done.returncode == 0, done.stderr


def test_every_setting_that_the_code_reads_is_documented() -> None:
    page = (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8")
    used = {
        name
        for path in tracked_files()
        if path.suffix == ".py" and path.relative_to(REPOSITORY).parts[0] in ROOMS
        for name in re.findall(r"\bSALESOS_[A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8"))
    }
    assert not {name for name in used if f"`{name}`" not in page}


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a path of somebody's machine", r"(?<![\w.~-])/(?:work|root|home/[\w.-]+|Users/[\w.-]+)/"),
        ("a package index of somebody's machine", r"--(?:extra-)?index-url[ =]\S"),
    ],
)
def test_no_tracked_file_names(what: str, pattern: str) -> None:
    found = []
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if path != Path(__file__) and (match := re.search(pattern, text)):
            found.append(f"{path.relative_to(REPOSITORY)}: {match[0]}")
    assert not found, f"Found {what}: {found}"
