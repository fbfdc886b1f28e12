"""Rows of JSON: one object a line, or the objects of one array, never more than one of them in memory."""

import json
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import orjson

from tools.files.flattening import TooWide, flatten
from tools.files.lines import Lines
from tools.files.rows import MAX_COLUMNS, MAX_ROW_BYTES, Items, Position, RawRow, problem
from tools.ports import RowProblem

_CHUNK = 1 << 16
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|"|[\[\]{},]', re.DOTALL)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # not a backslash that is itself escaped
_NEXT_OBJECT = re.compile(rb"\}\s*,\s*(?=\{)")
_KEEP = 64  # bytes kept when searching for the next object: a boundary may lie on a chunk's edge


def read_json_lines(lines: Lines) -> Items:
    """One object a line. Blank lines are passed over."""
    while (taken := lines.next()) is not None:
        number, raw = taken
        at = Position(number)
        if raw is None:
            yield problem(number, f"the line is longer than {MAX_ROW_BYTES:,} bytes"), at
        elif raw.strip():
            yield parse_row(raw, number), at


def parse_row(raw: bytes, line: int) -> RawRow | RowProblem:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        value = _lenient(raw)
        if value is None:
            return problem(line, f"this is no JSON: {str(error).split(': line')[0]}", raw)
    if not isinstance(value, dict):
        return problem(line, f"a JSON object was expected, this is {_json_kind(value)}", raw)
    if not value:
        return problem(line, "the object is empty", raw)
    if b"\\u0000" in raw and _NUL.search(raw):
        return problem(line, "the row holds NUL characters", raw)
    try:
        cells = flatten(value)
    except TooWide:
        return problem(line, f"the object has more than {MAX_COLUMNS:,} fields", raw)
    return RawRow(line, cells)


def _lenient(raw: bytes) -> object:
    """NaN and Infinity, which Python's own writer puts where there is no number, are read as null.

    By way of the strict writer, so that nothing gets in here that is refused elsewhere (half of a surrogate pair).
    """
    if b"NaN" not in raw and b"Infinity" not in raw:
        return None
    try:
        return orjson.loads(orjson.dumps(json.loads(raw.decode("utf-8"), parse_constant=lambda _: None)))
    except (ValueError, TypeError, RecursionError):
        return None


def _json_kind(value: object) -> str:
    names = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false"}
    return names.get(type(value), "null")


class _Element(NamedTuple):
    raw: bytes | None  # None: longer than the limit, or not closed
    excerpt: bytes


def read_json_array(stream: BinaryIO, key: str = "", skip: int = 0) -> Items:
    """The objects of the array that the text is, or, with `key`, of the array under that key of the outermost object.

    Positions count elements; `skip` of them are passed over.
    """
    count = 0
    for element in _elements(stream, key):
        count += 1
        if count <= skip:
            continue
        yield _read_element(element, count), Position(count)


def _read_element(element: _Element, number: int) -> RawRow | RowProblem:
    if element.raw is None:
        reason = f"the element is not closed, or longer than {MAX_ROW_BYTES:,} bytes"
        return problem(number, reason, element.excerpt)
    return parse_row(element.raw, number)


def _elements(stream: BinaryIO, key: str) -> Iterator[_Element]:
    buffer = bytearray()
    if not _find_array(stream, buffer, key):
        return
    while True:
        end, closes = _end_of_element(stream, buffer)
        if end is None:
            at_end = len(buffer) <= MAX_ROW_BYTES
            pieces = _NEXT_OBJECT.split(bytes(buffer))
            yield from _salvaged(pieces, at_end)
            if at_end or not _go_on_behind(stream, buffer, pieces):
                return
            continue
        raw = bytes(buffer[:end]).strip()
        del buffer[: end + 1]
        if raw:
            yield _Element(raw, raw[:400])
        if closes:
            return


def _salvaged(pieces: list[bytes], at_end: bool) -> Iterator[_Element]:
    """Of a stretch with an element that never closes: the first piece is it, the others may be whole.

    The stretch is cut once and not searched again, so that a file of broken elements costs no more than another.
    """
    *whole, last = pieces
    for index, piece in enumerate(whole):
        yield _Element(piece + b"}" if index else None, piece[:400])
    last = last.strip()
    if at_end and last:
        yield _Element(last.removesuffix(b"]").strip() or None if whole else None, last[:400])
    elif not whole:
        yield _Element(None, last[:400])


def _go_on_behind(stream: BinaryIO, buffer: bytearray, pieces: list[bytes]) -> bool:
    """Leaves the last piece in the buffer, or passes over everything up to the next object. False at the end."""
    if len(pieces) > 1:
        buffer[:] = pieces[-1]
        return True
    while not (found := _NEXT_OBJECT.search(buffer)):
        del buffer[:-_KEEP]
        chunk = stream.read(_CHUNK)
        if not chunk:
            return False
        buffer += chunk
    del buffer[: found.end()]
    return True


def _find_array(stream: BinaryIO, buffer: bytearray, key: str) -> bool:
    """Leaves `buffer` just behind the opening bracket."""
    opening = re.compile(rb'"' + re.escape(key.encode()) + rb'"\s*:\s*\[') if key else re.compile(rb"\[")
    while True:
        found = opening.search(buffer)
        if found:
            del buffer[: found.end()]
            return True
        chunk = stream.read(_CHUNK)
        if not chunk:
            return False
        buffer += chunk


def _end_of_element(stream: BinaryIO, buffer: bytearray) -> tuple[int | None, bool]:
    """Where the first element in the buffer ends, and whether the array does; None past the limit or at the end."""
    depth, at = 0, 0
    while True:
        for token in _TOKEN.finditer(buffer, at):
            kind = buffer[token.start()]
            if kind == 0x22:
                if token.end() - token.start() == 1:  # a quote whose other end is not here yet
                    at = token.start()
                    break
            elif kind in b"[{":
                depth += 1
            elif kind in b"]}":
                if depth == 0:
                    return token.start(), True
                depth -= 1
            elif depth == 0:
                return token.start(), False
            at = token.end()
        if len(buffer) > MAX_ROW_BYTES:
            return None, False
        chunk = stream.read(_CHUNK)
        if not chunk:
            return None, False
        buffer += chunk
