"""Pages that are made from code, so that they cannot fall behind it.

python docs/generate.py            writes them
python docs/generate.py --check    exits 1 and names the ones that are not current
"""

import io
import re
import sys
import tokenize
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import SecretStr

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from core.settings import Settings  # noqa: E402 (the checkout's own, wherever this is run from)
from docs.client_operations import client_operations  # noqa: E402


@dataclass
class _Group:
    """Settings that stand together in core/settings.py, under the comment above the first of them."""

    heading: str
    text: str
    names: list[str] = field(default_factory=list)


def settings_page() -> str:
    groups, notes = _read_comments((REPOSITORY / "core" / "settings.py").read_text(encoding="utf-8"))
    lines = [
        "# Settings",
        "",
        "Read from the environment or from a `.env` file in the working directory. Every default is safe: nothing",
        "leaves the machine. This page is made from `core/settings.py` by `make docs`.",
    ]
    for group in groups:
        lines += ["", f"## {group.heading}", ""]
        if group.text:
            lines += [group.text, ""]
        lines += ["| Setting | Default | Meaning |", "|---|---|---|"]
        for name in group.names:
            default = f"`{_default(name)}`" if _default(name) else "empty"
            lines.append(f"| `SALESOS_{name.upper()}` | {default} | {_meaning(name, notes[name])} |")
    lines += [
        "",
        "## The command line, driving a server",
        "",
        "| Setting | Meaning |",
        "|---|---|",
        "| `SALESOS_SERVER` | The address of a server, as `--server`; empty: this machine's own database |",
        "| `SALESOS_API_KEY` | The key for it, from the console or `salesos api-key create` there |",
        "",
        "## Secrets for `salesos mailbox add`, `mailbox set`, `notices add`, `telephony connect` and `rooms zoom`",
        "",
        "| Setting | Meaning |",
        "|---|---|",
        "| `SALESOS_MAILBOX_REFRESH_TOKEN` | Google, Microsoft: of an account that was connected elsewhere |",
        "| `SALESOS_MAILBOX_CLIENT_SECRET` | Google, Microsoft: of the mailbox's own client |",
        "| `SALESOS_MAILBOX_ACCESS_KEY_ID`, `SALESOS_MAILBOX_SECRET_ACCESS_KEY` | Amazon SES |",
        "| `SALESOS_MAILBOX_API_KEY` | SendGrid |",
        "| `SALESOS_NOTICE_SECRET` | Of a channel of Slack or Teams, for `salesos notices add` |",
        "| `SALESOS_TELEPHONY_SECRET` | Twilio: of the API key, or the auth token itself |",
        "| `SALESOS_ZOOM_SECRET` | Zoom: of the application that makes rooms (`rooms zoom`) |",
        "| `SALESOS_TELEPHONY_TOKEN` | Twilio, beside an API key: the auth token, by which its webhooks are signed |",
    ]
    return "\n".join(lines) + "\n"


def env_example() -> str:
    groups, _ = _read_comments((REPOSITORY / "core" / "settings.py").read_text(encoding="utf-8"))
    lines = ["# Copy to .env and uncomment what should differ. What each means: docs/settings.md. Made by `make docs`."]
    for group in groups:
        lines += ["", f"# {group.heading}"]
        lines += [f"# SALESOS_{name.upper()}={_default(name)}" for name in group.names]
    return "\n".join(lines) + "\n"


def _read_comments(source: str) -> tuple[list[_Group], dict[str, str]]:
    """Groups of the Settings class and a note on each field.

    A comment after a blank line heads a group; a comment above a field within a group, or behind it, is its note.
    """
    comments = {
        token.start[0]: (token.string.removeprefix("#").strip(), token.line.strip().startswith("#"))
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    rows = source.splitlines()
    groups: list[_Group] = []
    notes: dict[str, str] = {}
    above: list[str] = []
    after_blank = True
    for number in range(1 + next(i for i, row in enumerate(rows) if row.startswith("class Settings")), len(rows)):
        row, (comment, alone) = rows[number], comments.get(number + 1, ("", False))
        name = row.strip().partition(":")[0]
        if not row.strip():
            after_blank = True
        elif alone:
            above.append(comment)
        elif name in Settings.model_fields:
            if after_blank or not groups:
                heading, *text = re.split(r"[.:] ", " ".join(above), maxsplit=1)
                groups.append(_Group(heading.rstrip(".") or "Other", _sentence("".join(text))))
                above = []
            groups[-1].names.append(name)
            notes[name] = " ".join([*above, comment]).strip()
            above, after_blank = [], False
        elif row.startswith("    @"):
            break
    return groups, notes


def _default(name: str) -> str:
    """As it would be written in the environment; empty for none."""
    value = Settings.model_fields[name].get_default()
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return str(value).lower() if isinstance(value, bool) else str(value)


def _meaning(name: str, note: str) -> str:
    field_info = Settings.model_fields[name]
    kind = field_info.annotation
    words = [_sentence(note)]
    if isinstance(kind, type) and issubclass(kind, Enum):
        words.append(f"One of {', '.join(f'`{member.value}`' for member in kind)}.")
    bounds = [
        f"{word} {getattr(bound, attribute)}"
        for bound in field_info.metadata
        for attribute, word in (("gt", "more than"), ("ge", "at least"), ("le", "at most"))
        if hasattr(bound, attribute)
    ]
    words.append(_sentence(" and ".join(bounds)))
    return " ".join(filter(None, words)).replace("|", "\\|")


def _sentence(text: str) -> str:
    return text and text[:1].upper() + text[1:].rstrip(".") + "."


# Adding a page is one line.
def supervisor_page() -> str:
    """The graph as LangGraph draws it, and the table that moves it."""
    from graphs.drawing import drawing, table

    return (
        "# The supervisor\n\n"
        "Ten agents, the approval gate and the outbox. There is no model in the routing: every node asks the table\n"
        "below where to go, and each choice is a row with its reason (`salesos explain`). This page is made from\n"
        f"`graphs/routing.py` by `make docs`.\n\n```mermaid\n{drawing()}```\n\n{table()}"
    )


def cli_page() -> str:
    """Every command with its arguments and options, from the Typer app itself."""
    from typer.main import get_command

    from cli.main import app

    lines = [
        "# The command line",
        "",
        "Made from `cli/` by `make docs`. Every command answers `--help`; `--json` prints JSON instead of tables; the",
        "exit code is 0 only when what was asked for happened.",
    ]
    _describe(get_command(app), ["salesos"], lines)
    return "\n".join(lines) + "\n"


def _describe(command: Any, path: list[str], lines: list[str]) -> None:
    shown = [p for p in command.params if p.name not in ("help", "install_completion", "show_completion")]
    arguments = [
        p.name.upper() if p.required else f"[{p.name.upper()}]" for p in shown if p.param_type_name == "argument"
    ]
    lines += ["", f"{'#' * min(len(path) + 1, 4)} `{' '.join([*path, *arguments])}`", "", command.help or ""]
    options = [p for p in shown if p.param_type_name == "option"]
    if options:
        lines += ["", "| Option | Meaning |", "|---|---|"]
        for option in options:
            names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
            words = [option.help or "", "Required." if option.required else ""]
            lines.append(f"| {names} | {' '.join(filter(None, words))} |".replace("|  |", "| |"))
    for name, child in getattr(command, "commands", {}).items():
        _describe(child, [*path, name], lines)


PAGES: dict[str, Callable[[], str]] = {
    "docs/supervisor.md": supervisor_page,
    "docs/settings.md": settings_page,
    "docs/cli.md": cli_page,
    "client/operations.py": client_operations,
    ".env.example": env_example,
}


def main(arguments: list[str]) -> int:
    stale = []
    for name, make in PAGES.items():
        path, text = REPOSITORY / name, make()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
    if stale and "--check" in arguments:
        sys.stderr.write(f"Not current: {', '.join(stale)}. Run: make docs\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
