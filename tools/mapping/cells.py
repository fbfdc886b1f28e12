"""Cells as text: the many ways of writing nothing are empty, and nothing is taken for a formula."""

import re
from collections.abc import Sequence

_EMPTY_WORDS = """
    - -- – — ? n/a na n.a. null none nil nan unknown undefined tbd #n/a
"""
_EMPTY = frozenset(["", *_EMPTY_WORDS.split()])
_EMPTY_NAMES = _EMPTY - {"none", "nil", "unknown", "na", "?"}  # there are firms called Nil and Unknown
_SHEET_ERROR_WORDS = "#NAME? #REF! #VALUE! #DIV/0! #NULL! #NUM! #N/A #SPILL! #CALC!"
_SHEET_ERRORS = frozenset(_SHEET_ERROR_WORDS.split())
_GUARDED = re.compile(r"^'(?=\s*[=+\-@\t])")  # the apostrophe that safe exports put before what looks like a formula


class Unreadable(ValueError):
    """The cell holds something, and not this. The message completes "Column … holds …: "."""


def text_of(value: object) -> str:
    """A cell as text; empty for the ways of writing nothing, and for a spreadsheet's error values."""
    text = raw_text(value)
    return "" if text.casefold() in _EMPTY or text in _SHEET_ERRORS else text


def name_of(value: object) -> str:
    """A name as text: fewer words mean nothing. Raises Unreadable for a spreadsheet's error value."""
    text = raw_text(value)
    if text in _SHEET_ERRORS:
        raise Unreadable("a spreadsheet's error value stands where the name was")
    return "" if text.casefold() in _EMPTY_NAMES else text


def raw_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, (list, tuple)):
        return ", ".join(filter(None, (raw_text(part) for part in value if not isinstance(part, (dict, list)))))
    return _GUARDED.sub("", " ".join(str(value).split()))


def items_of(value: object, separator: str) -> tuple[str, ...]:
    parts: Sequence[object] = value if isinstance(value, (list, tuple)) else text_of(value).split(separator)
    return tuple(
        dict.fromkeys(text for part in parts if not isinstance(part, (dict, list)) and (text := text_of(part)))
    )
