"""Booking links: only ours open, they show nothing, and those of unsubscribing are not interchangeable."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FixConfiguration, NotFound
from tools.calendar.booking import BookingTokens, booking_url
from tools.mail.unsubscribe import UnsubscribeTokens

OLD, NEW = b"an old secret of thirty-two bytes or more", b"a new secret of thirty-two bytes or more"
TOKENS = BookingTokens([NEW])


@given(st.uuids(), st.uuids())
def test_a_token_gives_back_its_ids_and_shows_none(workspace_id: UUID, hold_id: UUID) -> None:
    token = TOKENS.make(workspace_id, hold_id)
    assert TOKENS.verify(token) == (workspace_id, hold_id)
    assert token == TOKENS.make(workspace_id, hold_id)
    assert len(token) == 64
    assert hold_id.hex not in token


@given(st.integers(0, 63), st.characters(codec="ascii"))
def test_a_changed_token_opens_nothing(place: int, letter: str) -> None:
    token = TOKENS.make(UUID(int=1), UUID(int=2))
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        with pytest.raises(NotFound):
            TOKENS.verify(changed)


def test_a_rotation_breaks_no_link_and_a_short_key_is_refused() -> None:
    ids = (uuid4(), uuid4())
    assert BookingTokens([NEW, OLD]).verify(BookingTokens([OLD]).make(*ids)) == ids
    with pytest.raises(NotFound):
        TOKENS.verify(BookingTokens([OLD]).make(*ids))
    with pytest.raises(FixConfiguration):
        BookingTokens([b"short"])


@pytest.mark.parametrize("token", ["", "x", "ä" * 64, "a" * 63, "a" * 65, "=" * 64])
def test_rubbish_opens_nothing(token: str) -> None:
    with pytest.raises(NotFound):
        TOKENS.verify(token)


def test_a_token_serves_one_purpose_only() -> None:
    unsubscribe = UnsubscribeTokens([NEW]).make(uuid4(), uuid4())
    with pytest.raises(NotFound):
        TOKENS.verify(unsubscribe)
    assert booking_url("https://sales.example/", "abc") == "https://sales.example/b/abc"
