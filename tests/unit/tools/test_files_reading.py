"""Lists in every shape that people send, and rows that are broken."""

import gzip
import io
import json
from pathlib import Path

import pytest

from core.errors import Rejected
from tools.files.reading import open_table
from tools.files.rows import MAX_RECORD_LINES, MAX_ROW_BYTES, Position, RawRow
from tools.ports import RowProblem

ROWS = [["Acme, Inc.", "https://acme.com", "Berlin"], ["Größe & Söhne", "https://groesse.de", "München"]]


def _table(data: bytes):
    return open_table(io.BytesIO(data), name="list")


def _cells(data: bytes) -> list[dict]:
    return [dict(item.cells) for item, _ in _table(data).read() if isinstance(item, RawRow)]


def _items(data: bytes) -> list:
    return [item for item, _ in _table(data).read()]


def _delimited(delimiter: str, end: str = "\n") -> str:
    lines = [["name", "website", "city"], *ROWS]
    return end.join(delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in row) for row in lines) + end


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("packed", [False, True])
def test_every_shape_gives_the_same_rows(delimiter: str, end: str, encoding: str, packed: bool) -> None:
    data = _delimited(delimiter, end).encode(encoding)
    assert [list(row.values()) for row in _cells(gzip.compress(data) if packed else data)] == ROWS


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("shift_jis", "株式会社メルカリ,東京都港区六本木\n" * 30),
        ("cp1251", "Яндекс Технологии,Москва и Санкт-Петербург\n" * 30),
        ("cp1250", "Škoda Plzeň čeří,Žluťoučký kůň příšerně\n" * 30),
        ("cp1250", "Zakład Produkcyjny,Wrocław\nPrzedsiębiorstwo Usługowe,Gdańsk\nSpółdzielnia Mleczarska,Łódź\n" * 9),
        ("gb18030", "阿里巴巴集团控股有限公司,杭州市余杭区文一西路\n" * 30),
        ("cp1252", "Société Générale,Besançon où l'été naît\n" * 30),
    ],
)
def test_old_encodings_are_found_by_their_letters(encoding: str, text: str) -> None:
    data = ("name,city\n" + text).encode(encoding)
    assert list(_cells(data)[0].values()) == text.splitlines()[0].split(",")


def test_json_in_its_four_shapes() -> None:
    rows = [{"name": "Acme", "hq": {"city": "Oslo"}, "tags": ["a", "b"]}, {"name": "Beta", "size": 3}]
    expected = [{"name": "Acme", "hq.city": "Oslo", "tags": ["a", "b"]}, {"name": "Beta", "size": 3}]
    lines = "\n".join(map(json.dumps, rows)).encode()
    assert _cells(lines) == expected
    assert _cells(gzip.compress(lines)) == expected
    assert _cells(json.dumps(rows).encode()) == expected
    assert _cells(json.dumps(rows, indent=2).encode("utf-16")) == expected
    wrapped = {"meta": {"page": 1}, "data": rows, "next": None}
    assert _cells(json.dumps(wrapped).encode()) == expected
    assert _cells(json.dumps(wrapped, indent=1).encode()) == expected


def test_one_bad_element_of_a_json_array_costs_one_row() -> None:
    data = b'[{"name": "a"}, {"name": [1, 2}, {"name": "b"}, {"name": "c"}]'
    items = _items(data)
    assert [i.cells["name"] for i in items if isinstance(i, RawRow)] == ["a", "b", "c"]
    assert [i.line for i in items if isinstance(i, RowProblem)] == [2]


def test_not_a_number_is_null_and_a_bare_value_is_a_problem() -> None:
    items = _items(b'{"name": "a", "size": NaN}\n7\n{"name": \n{"name": "b"}\n')
    assert items[0].cells == {"name": "a", "size": None}
    assert [(i.line, isinstance(i, RowProblem)) for i in items] == [(1, False), (2, True), (3, True), (4, False)]


def test_rows_of_the_wrong_width_are_reported_with_their_line() -> None:
    data = b"name,site,city\nA,a.com,X\nB,b.com\nC,c.com,Z,more\nD,d.com,Y,,\nE,e.com,V\nF,f.com,W\nG,g.com,U\n"
    items = _items(data)
    bad = [(i.line, i.reason) for i in items if isinstance(i, RowProblem)]
    assert [line for line, _ in bad] == [3, 4]
    assert "too few" in bad[0][1]
    assert "4 where the header has 3" in bad[1][1]
    assert [i.cells["name"] for i in items if isinstance(i, RawRow)] == ["A", "D", "E", "F", "G"]


def test_a_file_that_leaves_empty_cells_away_is_filled() -> None:
    table = _table(b"name,site,city\nA,a.com\nB\n" + b"C,c.com,Z\n" * 5)
    assert [list(row.cells.values()) for row in table.rows()][1] == ["B", "", ""]
    assert "leaves them away" in table.shape.notes[0]


def test_a_quote_that_is_never_closed_costs_its_row_only() -> None:
    many = MAX_RECORD_LINES + 50
    lines = ["name,city", 'A,"open', *(f"N{i},C{i}" for i in range(many)), '"multi\nline",X', "Z,End"]
    items = _items("\n".join(lines).encode())
    bad = [i for i in items if isinstance(i, RowProblem)]
    good = [i.cells["name"] for i in items if isinstance(i, RawRow)]
    assert [b.line for b in bad] == [2]
    assert "not closed" in bad[0].reason
    assert good == [*(f"N{i}" for i in range(many)), "multi\nline", "Z"]


def test_an_open_quote_at_the_end_of_the_file() -> None:
    items = _items(b'name,city\nA,B\nC,"D\nE,F\n')
    assert [i.line for i in items if isinstance(i, RowProblem)] == [3]
    assert [i.cells["name"] for i in items if isinstance(i, RawRow)] == ["A", "E"]


def test_work_is_linear_when_every_line_opens_a_quote_that_the_next_keeps_open() -> None:
    data = b"name,city\n" + b"A,B\n" * 500 + b'a"b,"c\n' * 60_000
    items = _items(data)
    assert sum(isinstance(i, RowProblem) for i in items) == 60_000


def test_a_row_that_cannot_be_decoded_and_one_with_nul() -> None:
    rows = b"".join(b"N\xc3\xa9%d,x\n" % i for i in range(50))
    items = _items(b"name,city\n" + rows + b"bad\xff,x\nnu\0l,x\nlast,x\n")
    bad = [i for i in items if isinstance(i, RowProblem)]
    assert [b.line for b in bad] == [52, 53]
    assert "decoded" in bad[0].reason
    assert "NUL" in bad[1].reason
    assert items[-1].cells["name"] == "last"


def test_a_long_cell_is_read_quoted_or_not_and_a_carriage_return_is_named_plainly() -> None:
    long = b"x" * 300_000
    assert [len(row["site"]) for row in _cells(b'name,site\nA,"' + long + b'"\nB,' + long + b"\n")] == [300_000] * 2
    items = _items(b'name,site\n"A",b\rC,d\nB,b.com\n')
    assert isinstance(items[0], RowProblem)
    assert "carriage return" in items[0].reason
    assert items[1].cells["name"] == "B"


def test_json_escapes_that_no_database_takes_cost_their_row() -> None:
    rows = [rb'{"name": "a\u0000b"}', rb'{"name": "c\\u0000"}', rb'{"name": "\ud800", "size": NaN}', b'{"name": "d"}']
    items = _items(b"\n".join(rows))
    assert [i.cells["name"] if isinstance(i, RawRow) else i.line for i in items] == [1, "c\\u0000", 3, "d"]
    assert "NUL" in items[0].reason


def test_a_line_past_the_limit_is_passed_over() -> None:
    items = _items(b"name,city\nA,B\n" + b"x" * (MAX_ROW_BYTES + 10) + b"\nC,D\n")
    assert [i.line for i in items] == [2, 3, 4]
    assert "longer than" in items[1].reason


def test_duplicate_and_empty_headers_are_renamed_and_reported() -> None:
    table = _table(b"name,Name,,name (2)\nA,B,C,D\n")
    assert table.headers == ("name", "Name (3)", "column 3", "name (2)")
    assert "same name" in table.shape.notes[0]


def test_titles_above_the_header_and_a_file_without_one() -> None:
    assert _cells(b"Export of 2026-01-01\n\nname,site,city\nA,a.com,X\n")[0]["name"] == "A"
    assert _cells(b"sep=;\nname;site\nA, Inc;a.com\n") == [{"name": "A, Inc", "site": "a.com"}]
    assert _table(b"Acme,acme.com,1999\nBeta,beta.com,2001\nGamma,gamma.io,2002\n").headers == (
        "column 1",
        "column 2",
        "column 3",
    )
    assert _cells(b"name\nAcme\nBeta, Inc.\n") == [{"name": "Acme"}, {"name": "Beta, Inc."}]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\n \n", "empty"),
        (gzip.compress(b"", mtime=0), "empty"),
        (b"name,website\n", "no rows"),
        (b"PK\x03\x04....", "Excel"),
        (b"%PDF-1.7 ...", "PDF"),
        (gzip.compress(gzip.compress(b"a,b\n1,2\n", mtime=0), mtime=0), "twice"),
        (bytes(range(1, 32)) * 20, "no text"),
    ],
)
def test_what_is_no_list_is_refused_with_a_hint(data: bytes, says: str) -> None:
    with pytest.raises(Rejected, match=says) as refused:
        _table(data)
    assert refused.value.hint


def test_a_missing_path_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(Rejected, match="cannot be opened"):
            open_table(path)


def test_a_gzip_that_was_cut_off_gives_its_rows_and_says_where_it_ends(tmp_path: Path) -> None:
    rows = "".join(f"name {i * 7919 % 10007},{i}\n" for i in range(20_000))
    whole = gzip.compress(("name,n\n" + rows).encode())
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    items = [item for item, _ in open_table(path).read()]
    assert len(items) > 5_000
    assert "cut off" in items[-1].reason


def test_a_stream_is_read_once() -> None:
    table = _table(b"a,b\n1,x\n2,y\n")
    assert len(list(table.read())) == 2
    with pytest.raises(Rejected, match="already"):
        list(table.read())


def test_positions_have_a_text_form_and_rubbish_is_refused() -> None:
    for position in (Position(), Position(7), Position(7, 40)):
        assert Position.parse(str(position)) == position
    for text in ("", "x", "-1", "1/2/3", "9" * 40, "²"):
        with pytest.raises(Rejected):
            Position.parse(text)
