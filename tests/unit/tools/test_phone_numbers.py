"""Numbers as people write them become one number, or none with the reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Rejected
from tools.phone_numbers import is_e164, normalise


@pytest.mark.parametrize(
    ("written", "country", "e164", "of", "texts"),
    [
        ("(212) 555-0123", "US", "+12125550123", "US", True),
        ("+1 212 555 0123", "", "+12125550123", "US", True),
        ("0151 12345678", "de", "+4915112345678", "DE", True),
        ("+49 (0)30 901820", "", "+4930901820", "DE", False),
        ("06 12 34 56 78", "FR", "+33612345678", "FR", True),
        ("416 555 0123", "US", "+14165550123", "CA", True),  # dialled alike, under another law
        ("+7 701 123 4567", "RU", "+77011234567", "KZ", True),
    ],
)
def test_each_spelling_is_the_number_and_its_country(
    written: str, country: str, e164: str, of: str, texts: bool
) -> None:
    found = normalise(written, country)
    assert (found.e164, found.country, found.takes_texts) == (e164, of, texts)
    assert normalise(found.e164).e164 == e164


@pytest.mark.parametrize(
    ("written", "country", "code"),
    [
        ("", "US", "bad_number"),
        ("not a number", "US", "bad_number"),
        ("212 555 0123", "", "bad_number"),  # of which country?
        ("911", "US", "bad_number"),
        ("+1 212 555 0123 ext. 4", "US", "bad_number"),
        ("+1 900 555 0123", "US", "paid_number"),
        ("+44 909 8790 000", "GB", "paid_number"),
        ("+12125550123\r\nTo: +1", "US", "bad_number"),
        ("+1212555\x000123", "US", "bad_number"),
        ("+" + "9" * 60, "US", "bad_number"),
        ("+12125550123", "nowhere", None),
        ("2125550123", "nowhere", "bad_number"),
    ],
)
def test_what_is_no_number_or_is_never_dialled_is_said(written: str, country: str, code: str | None) -> None:
    if code is None:
        assert normalise(written, country).e164 == "+12125550123"
        return
    with pytest.raises(Rejected) as refused:
        normalise(written, country)
    assert refused.value.code == code


@given(st.text(max_size=60), st.sampled_from(["", "US", "DE", "??"]))
def test_whatever_is_typed_is_a_number_or_refused(written: str, country: str) -> None:
    try:
        assert is_e164(normalise(written, country).e164)
    except Rejected:
        return
