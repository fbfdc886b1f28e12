"""Pages of a vendor that counts pages, for a reader that counts records."""

from hypothesis import given
from hypothesis import strategies as st

from tools.providers.vendor.paging import slice_after


@given(st.integers(0, 5_000), st.integers(1, 300), st.sampled_from([25, 100]))
def test_a_page_begins_where_the_reader_stopped_and_is_no_larger_than_asked(offset: int, limit: int, most: int) -> None:
    page, size = slice_after(offset, limit, most)
    assert (page - 1) * size == offset
    assert 1 <= size <= min(limit, most)


@given(st.integers(0, 50), st.integers(1, 100))
def test_a_steady_reader_gets_pages_of_what_it_asks(pages: int, limit: int) -> None:
    assert slice_after(pages * limit, limit, 100) == (pages + 1, limit)
