"""Where a page of a vendor begins that counts pages, for a reader that counts records."""

from collections.abc import Mapping
from typing import NamedTuple

from core.errors import Rejected


class Slice(NamedTuple):
    page: int  # 1-based
    size: int


def slice_after(offset: int, limit: int, most: int) -> Slice:
    """The largest page that begins right after `offset` records and holds no more than `limit` or `most`.

    A reader that asks for the same number each time gets pages of that number; one that changes it, smaller ones, so
    that no record is skipped or bought twice.
    """
    size = max(1, min(limit, most))
    while offset % size:
        size -= 1
    return Slice(offset // size + 1, size)


def offset_of(cursor: str | None, label: str) -> int:
    """The records already read. Raises Rejected: a cursor that is none of ours."""
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdigit():
        raise Rejected(f"This is no place in a list of {label}.", hint="Begin from the start.")
    return int(cursor)


def without_empty(raw: Mapping[str, object], leave_out: frozenset[str] = frozenset()) -> dict[str, object]:
    """What a vendor said, without the fields it left empty."""
    return {name: value for name, value in raw.items() if value not in (None, "", [], {}) and name not in leave_out}
