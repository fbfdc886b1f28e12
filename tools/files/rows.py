"""What reading a file gives: rows, problems, and positions to go on from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from core.errors import Rejected
from tools.ports import RowProblem

MAX_ROW_BYTES = 1 << 20  # a longer line is a broken file, and reading it whole would be its attack
MAX_RECORD_LINES = 1_000  # a quoted cell of more lines is a quote that was never closed
MAX_COLUMNS = 2_000
MAX_EXCERPT = 200  # characters of a bad row that a person is shown


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it stands: text cells by column name; from JSON also numbers, booleans, None and lists.

    `line` is 1-based: the physical line where the row begins; in a JSON array the number of the element.
    """

    line: int
    cells: Mapping[str, object]


class Position(NamedTuple):
    """After `line` physical lines (or elements of an array). Text form: "17", or "17/40".

    Until `single_until` a quote does not span lines: one before it was never closed, so none there is trusted.
    """

    line: int = 0
    single_until: int = 0

    def __str__(self) -> str:
        return f"{self.line}/{self.single_until}" if self.single_until > self.line else str(self.line)

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Raises Rejected."""
        line, _, until = text.partition("/")
        if not _is_count(line) or not (until == "" or _is_count(until)):
            raise Rejected(f"{text[:40]!r} is no position in a file.", hint="Start again from the beginning.")
        return cls(int(line), int(until or 0))


Item = tuple[RawRow | RowProblem, Position]
Items = Iterator[Item]


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def problem(line: int, reason: str, text: str | bytes = "") -> RowProblem:
    if isinstance(text, bytes):
        text = text[: MAX_EXCERPT * 4].decode("utf-8", "replace")
    excerpt = "".join(c if c.isprintable() else " " for c in text[: MAX_EXCERPT + 1]).strip()
    return RowProblem(line, reason, excerpt if len(excerpt) <= MAX_EXCERPT else excerpt[: MAX_EXCERPT - 1] + "…")
