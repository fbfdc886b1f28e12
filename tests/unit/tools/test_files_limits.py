"""Memory and size limits, and that nothing but a refusal is ever raised."""

import gzip
import io
import tempfile
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Rejected
from tools.files.reading import open_table
from tools.files.rows import Position, RawRow
from tools.ports import RowProblem

HUGE = 200 << 20


class Sparse(io.RawIOBase):
    """A head, one line of `size` bytes that are made as they are read, and a tail."""

    def __init__(self, head: bytes, fill: bytes, size: int, tail: bytes) -> None:
        self._pending = memoryview(head)
        self._fill = fill * (1 << 16)
        self._left = size
        self._tail = tail

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        if not self._pending and self._left:
            self._pending = memoryview(self._fill)[: self._left]
            self._left -= len(self._pending)
        if not self._pending:
            self._pending, self._tail = memoryview(self._tail), b""
        part, self._pending = self._pending[: len(buffer)], self._pending[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


@pytest.mark.parametrize(
    ("head", "fill", "tail", "after"),
    [
        (b"name,city\nA,B\n", b"x", b"\nC,D\n", 4),
        (b'name,city\nA,B\n"', b"x", b'",y\nC,D\n', 4),
        (b'{"name": "A"}\n{"name": "', b"x", b'"}\n{"name": "C"}\n', 3),
    ],
)
def test_a_gigantic_line_is_passed_over_in_flat_memory(head: bytes, fill: bytes, tail: bytes, after: int) -> None:
    tracemalloc.start()
    try:
        table = open_table(Sparse(head, fill, HUGE, tail), name="huge")  # type: ignore[arg-type]
        items = [item for item, _ in table.read()]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20
    assert isinstance(items[-1], RawRow)
    assert items[-1].line == after
    assert next(iter(items[-1].cells.values())) == "C"
    assert any(isinstance(i, RowProblem) and "longer than" in i.reason for i in items)


def test_a_gigantic_element_of_a_json_array() -> None:
    tracemalloc.start()
    try:
        source = Sparse(b'[{"name": "A"}, {"name": "', b"x", HUGE // 4, b'"}, {"name": "C"}]')
        items = [item for item, _ in open_table(source, name="huge").read()]  # type: ignore[arg-type]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20
    assert [type(i).__name__ for i in items] == ["RawRow", "RowProblem", "RawRow"]


def test_a_decompression_bomb_is_refused_while_it_unpacks(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(b"name,city\n")
        for _ in range(80):
            file.write(b"0" * (1 << 20))
    with pytest.raises(Rejected, match="bomb"):
        for _ in open_table(path).read():
            pass


@pytest.mark.parametrize("cell", [b"1" * 250_000 + b"x", b"@" * 250_000 + b" ", b"a." * 125_000, b'"' * 250_001])
def test_a_cell_made_to_be_searched_for_ever_is_not(cell: bytes) -> None:
    start = time.perf_counter()
    _read(b"name,2020,x\nA," + cell + b",y\nB,2,3\n")
    assert time.perf_counter() - start < 5  # a quadratic search of one of these takes minutes


def _read(data: bytes) -> list:
    return list(open_table(io.BytesIO(data), name="fuzz").read())


_PIECES = st.sampled_from(
    [b"name,site\n", b'"', b",", b";", b"\n", b"\r", b"\r\n", b"\0", b"\xff\xfe", b"{", b"}", b"[", b"]", b'{"a": 1}',
     b"\\", b"\x1f\x8b\x08", b"a,b,c\n", b"1|2|3\n", "é".encode("latin-1"), "漢字".encode(), b"\xef\xbb\xbf",
     b"NaN", b"sep=;\n"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.binary(max_size=400), st.lists(_PIECES, max_size=40).map(b"".join)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for sent in (data, gzip.compress(data), gzip.compress(data)[:-5]):
        try:
            items = _read(sent)
        except Rejected:
            continue
        for item, position in items:
            assert isinstance(item, (RawRow, RowProblem))
            assert len(getattr(item, "excerpt", "")) <= 200
            assert Position.parse(str(position)) is not None


_LINES = st.lists(
    st.sampled_from(['A,"b', "C,d", '"E\ne",f', 'g"h,"i', "", 'J,"k""l"', "m,n,o", 'x,"y"', '"', "pé,q"]),
    min_size=1,
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(_LINES, st.booleans())
def test_going_on_at_any_position_gives_the_same_remaining_rows(lines: list[str], packed: bool) -> None:
    data = "\n".join(["name,city", "First,Row", *lines, "Last,Row"]).encode()
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write(gzip.compress(data) if packed else data)
        file.flush()
        items = list(open_table(file.name).read())
        for index, (_, position) in enumerate(items):
            again = open_table(file.name)  # as another process would
            assert list(again.read(Position.parse(str(position)))) == items[index + 1 :]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(['{"a": 1}', '{"a": [1}', "7", '"x', '{"a": {"b": "}, {"}}', "{"]), max_size=12))
def test_going_on_in_a_json_array(elements: list[str]) -> None:
    data = ("[" + ", ".join(['{"first": 0}', *elements]) + "]").encode()
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(data)
        file.flush()
        items = list(open_table(file.name).read())
        for index, (_, position) in enumerate(items):
            assert list(open_table(file.name).read(position)) == items[index + 1 :]
