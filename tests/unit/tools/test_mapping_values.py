"""Cells into numbers, money, people counts, dates and places."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.mapping.amounts import employees_of, money_of, number_of
from tools.mapping.cells import Unreadable, items_of, name_of, text_of
from tools.mapping.dates import date_of, year_of
from tools.mapping.places import country_code, parse_location


@pytest.mark.parametrize(
    ("cell", "number"),
    [("1,234", 1234), ("1.5", 1.5), ("1.5k", 1500), ("1 234,5", 1234.5), ("(5)", -5), ("-3", -3), (7, 7), ("12%", 12),
     ("1.234.567", 1234567), ("1.234,56", 1234.56), ("1,234.56", 1234.56), ("0.125", 0.125), ("", None), ("n/a", None)],
)  # fmt: skip
def test_numbers(cell: object, number: float | None) -> None:
    assert number_of(cell) == number


def test_a_decimal_comma_is_the_mapping_s_word() -> None:
    assert number_of("1.234", decimal=",") == 1234
    assert number_of("1,234", decimal=",") == 1.234


@pytest.mark.parametrize(
    ("cell", "money"),
    [("$180B", (180_000_000_000_00, "USD")), ("716,924,000,000", (716_924_000_000_00, "USD")),
     ("€ 1,2 Mio.", (1_200_000_00, "EUR")), ("USD 3.4 bn", (3_400_000_000_00, "USD")), ("¥1,000", (1000, "JPY")),
     ("2 KWD", (2000, "KWD")), ("3 MUSD", (3_000_000_00, "USD")), ("CHF 5", (500, "CHF")), ("", None)],
)  # fmt: skip
def test_money(cell: str, money: tuple[int, str] | None) -> None:
    assert money_of(cell, currency="USD") == money


def test_a_scale_counts_only_where_the_cell_has_no_unit_and_no_currency_is_guessed() -> None:
    assert money_of("500343.0", currency="USD", scale=1e6) == (500_343_000_000_00, "USD")
    assert money_of("$2B", currency="USD", scale=1e6) == (2_000_000_000_00, "USD")
    with pytest.raises(Unreadable, match="currency"):
        money_of("5", currency="")


@pytest.mark.parametrize(
    ("cell", "count"),
    [("51-200", 125), ("1,001-5,000 employees", 3000), ("10,000+", 10000), ("<10", 5), ("1.234", 1234), ("5-10k", 7500),
     ("11 to 50", 30), (58, 58), ("58.0", 58), ("", None)],
)  # fmt: skip
def test_employees(cell: object, count: int | None) -> None:
    assert employees_of(cell) == count


@pytest.mark.parametrize("cell", ["medium", "about fifty", "-5", "200-51", "9" * 30, "1 2 and 3"])
def test_what_is_no_number_of_people_says_so(cell: str) -> None:
    with pytest.raises(Unreadable):
        employees_of(cell)


@pytest.mark.parametrize(
    ("cell", "day"),
    [("2026-01-02T10:00:00Z", date(2026, 1, 2)), ("31.12.2026", date(2026, 12, 31)), ("07-04-2017", date(2017, 7, 4)),
     ("12/31/26", date(2026, 12, 31)), ("31/12/2026", date(2026, 12, 31)), ("Dec 31, 2026", date(2026, 12, 31)),
     ("31 décembre 2026", date(2026, 12, 31)), (1322045523, date(2011, 11, 23)), ("1322045523000", date(2011, 11, 23))],
)  # fmt: skip
def test_dates(cell: object, day: date) -> None:
    assert date_of(cell) == day


def test_day_first_and_impossible_days_and_years() -> None:
    assert date_of("07-04-2017", day_first=True) == date(2017, 4, 7)
    for cell in ("2026-02-30", "soon", "99/99/2026", 12):
        with pytest.raises(Unreadable):
            date_of(cell)
    assert year_of("2013 (1888)") == 1888
    assert year_of("0") is None


@pytest.mark.parametrize(
    ("text", "place"),
    [("Saint Paul, Minnesota", ("Saint Paul", "Minnesota", "US")), ("Lima, PE / Remote", ("Lima", "", "PE")),
     ("Bengaluru, Karnataka, India", ("Bengaluru", "Karnataka", "IN")), 
     ("Redwood City, CA, USA", ("Redwood City", "California", "US")),
     ("Denmark", ("", "", "DK")), ("Remote; Singapore", ("Singapore", "", "SG")), ("Berlin, DE", ("Berlin", "", "DE")),
     ("Wilmington, DE", ("Wilmington", "Delaware", "US")), ("Tbilisi, Georgia", ("Tbilisi", "", "GE")),
     ("Atlanta, Georgia", ("Atlanta", "Georgia", "US")), ("Toronto, ON", ("Toronto", "Ontario", "CA")),
     ("Allemagne", ("", "", "DE")), ("Remote", ("", "", "")), ("Unknown", ("", "", "")), 
     ("Seattle", ("Seattle", "", ""))],
)  # fmt: skip
def test_places(text: str, place: tuple[str, str, str]) -> None:
    assert tuple(parse_location(text)) == place


def test_countries_by_any_name() -> None:
    for name in ("Germany", "DE", "DEU", "Deutschland", "Allemagne", "Alemania", "germany "):
        assert country_code(name) == "DE"
    names = ("UK", "U.S.A.", "South Korea", "The Netherlands", "Côte d'Ivoire", "Atlantis")
    assert [country_code(name) for name in names] == ["GB", "US", "KR", "NL", "CI", ""]


def test_cells_that_mean_nothing_and_cells_that_guard_a_formula() -> None:
    assert [text_of(c) for c in (None, " n/a ", "NULL", "-", "#REF!", " a  b ")] == ["", "", "", "", "", "a b"]
    assert text_of("'=1+1") == "=1+1"
    assert text_of("'tis") == "'tis"
    assert name_of("Unknown") == "Unknown"
    with pytest.raises(Unreadable):
        name_of("#NAME?")
    assert items_of("a, b,,a", ",") == ("a", "b")
    assert items_of(["a", None, {"x": 1}, 3], ",") == ("a", "3")


@given(st.one_of(st.text(max_size=150), st.floats(), st.integers(), st.booleans(), st.none(), st.lists(st.text())))
def test_any_cell_gives_a_value_or_says_why_not(cell: object) -> None:
    for parse in (number_of, employees_of, date_of, year_of, lambda c: money_of(c, currency="USD"), text_of, name_of):
        try:
            parse(cell)
        except Unreadable:
            continue
    parse_location(text_of(cell))
