"""Addresses that are taken as they are must be those that the library gives back as they are."""

import pytest
from email_validator import validate_email
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Rejected
from tools.mail.headers import _PLAIN, _is_plain, ascii_address


@given(st.from_regex(_PLAIN, fullmatch=True) | st.emails().map(str.lower))
def test_a_plain_address_is_what_the_library_makes_of_it(address: str) -> None:
    if _is_plain(address):
        checked = validate_email(
            address, check_deliverability=False, allow_smtputf8=False, strict=True, test_environment=True
        )
        assert checked.ascii_email == address == ascii_address("x", address)


@pytest.mark.parametrize(
    "address",
    ["a@localhost", "a@x.local", "a@x.invalid", "a@x.onion", "a@x", "a@-x.example", "a@x..example", "a@x.e\n"],
)
def test_what_the_library_refuses_is_not_plain(address: str) -> None:
    assert not _is_plain(address)
    with pytest.raises(Rejected):
        ascii_address("The recipient", address)
