"""How a bench prints: what was run, the figure, the ratio to the first line, and what to know about it."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Line:
    what: str
    figure: str
    ratio: str = ""
    note: str = ""


def print_lines(title: str, lines: Sequence[Line]) -> None:
    table = Table(title=title, title_justify="left")
    for column, justify in (("run", "left"), ("figure", "right"), ("ratio", "right"), ("note", "left")):
        table.add_column(column, justify="right" if justify == "right" else "left")
    for line in lines:
        table.add_row(line.what, line.figure, line.ratio, line.note)
    Console(width=150).print(table)
