"""What commands print: tables and sentences for people, JSON for programs, errors that say what to do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from client import ApiError
from core.errors import SalesOSError

_PLAIN_WIDTH = 160  # where nobody looks (a pipe, a log): cells are not folded into columns of ten characters


def console(*, stderr: bool = False) -> Console:
    """Made when it is used: its stream may have been redirected since the program started."""
    found = Console(stderr=stderr, highlight=False)
    return found if found.is_terminal else Console(stderr=stderr, highlight=False, width=_PLAIN_WIDTH)


def _remember(context: typer.Context, value: bool) -> bool:
    if value and context.obj is not None:
        context.obj.as_json = True
    return value


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.", callback=_remember)]


def say(text: str, *, style: str = "") -> None:
    """A sentence. Text of others is shown as it is: it is never markup."""
    console().print(escape(text), style=style or None, soft_wrap=True)


def warn(text: str) -> None:
    console(stderr=True).print(escape(text), style="yellow", soft_wrap=True)


def print_json(data: object) -> None:
    typer.echo(orjson.dumps(_plain(data), option=orjson.OPT_INDENT_2).decode())


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    listed = [[shown(cell) for cell in row] for row in rows]
    if not listed:
        say(empty, style="dim")
        return
    table = Table(title=escape(title), title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in listed:
        table.add_row(*(escape(cell) for cell in row))
    console().print(table)


def shown(value: object) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value.value) if isinstance(value, Enum) else str(value)


def print_error(error: SalesOSError | ApiError, *, as_json: bool) -> None:
    """On stderr, so that what a pipe reads stays clean."""
    if as_json:
        fields = {"code": error.code, "message": error.message, "hint": error.hint}
        typer.echo(orjson.dumps({"error": fields}).decode(), err=True)
        return
    out = console(stderr=True)
    out.print(escape(error.message), style="bold red", soft_wrap=True)
    for problem in getattr(error, "problems", None) or ():
        out.print(escape(f"  {problem.get('path', '')}: {problem.get('message', '')}"), soft_wrap=True)
    if error.hint:
        out.print(escape(error.hint), soft_wrap=True)


def progress() -> Progress:
    """On stderr, and gone when it is over; where nobody looks, nothing is drawn."""
    out = console(stderr=True)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=out,
        transient=True,
        disable=not out.is_terminal,
    )


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, (UUID, Path)):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value
