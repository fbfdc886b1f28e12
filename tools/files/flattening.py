"""A JSON object as a row: nested objects by dotted path, lists kept."""

from collections.abc import Mapping

from tools.files.rows import MAX_COLUMNS

_MAX_DEPTH = 8  # deeper objects stay as they are, under the path that leads to them


class TooWide(Exception):
    """More columns than a row may have."""


def flatten(record: Mapping[str, object]) -> dict[str, object]:
    """{"hq": {"city": "Oslo"}, "tags": ["a"]} → {"hq.city": "Oslo", "tags": ["a"]}. Raises TooWide."""
    cells: dict[str, object] = {}
    _into(cells, record, "", 0)
    return cells


def _into(cells: dict[str, object], record: Mapping[str, object], prefix: str, depth: int) -> None:
    for key, value in record.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict) and value and depth < _MAX_DEPTH:
            _into(cells, value, f"{path}.", depth + 1)
            continue
        if path in cells:  # a key "a.b" beside {"a": {"b": …}}
            count = 2
            while f"{path} ({count})" in cells:
                count += 1
            path = f"{path} ({count})"
        if len(cells) >= MAX_COLUMNS:
            raise TooWide
        cells[path] = value.strip() if isinstance(value, str) else value
