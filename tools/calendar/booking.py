"""Booking links: one for each held time, and one for a meeting as a whole.

Opening one shows the time; only pressing the button on it books.

The token never runs out: the hold does, and its page then says so instead of pretending that the link is wrong.
"""

from collections.abc import Sequence
from uuid import UUID

from core.errors import NotFound
from tools.tokens import IdTokens


class BookingTokens:
    """Makes tokens with the first key and reads those of every key, so that a rotation breaks no link."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """`keys`: secrets of at least 32 bytes, the current one first. Raises FixConfiguration."""
        self._tokens = IdTokens(keys, purpose=b"salesos booking token 1", count=2)
        self._meetings = IdTokens(keys, purpose=b"salesos meeting token 1", count=2)

    def make(self, workspace_id: UUID, hold_id: UUID) -> str:
        """64 characters of base64url."""
        return self._tokens.make(workspace_id, hold_id)

    def verify(self, token: str) -> tuple[UUID, UUID]:
        """(workspace id, hold id). Raises NotFound for anything that was not made here, without saying why."""
        return _ids(self._tokens.read(token))

    def make_meeting(self, workspace_id: UUID, meeting_id: UUID) -> str:
        """Of the page on which the meeting is booked at any free time, moved, or called off. 64 characters."""
        return self._meetings.make(workspace_id, meeting_id)

    def verify_meeting(self, token: str) -> tuple[UUID, UUID]:
        """(workspace id, meeting id). Raises as `verify`."""
        return _ids(self._meetings.read(token))


def booking_url(public_url: str, token: str) -> str:
    """The page of one held time."""
    return f"{public_url.rstrip('/')}/b/{token}"


def meeting_url(public_url: str, token: str) -> str:
    """The page of a meeting: all times, moving it, calling it off."""
    return f"{public_url.rstrip('/')}/m/{token}"


def _ids(found: tuple[UUID, ...] | None) -> tuple[UUID, UUID]:
    if found is None:
        raise NotFound(
            "This booking link is not one of ours, or was cut short.",
            hint="Copy the whole link from the mail, or answer the mail with a time that suits you.",
        )
    workspace_id, row_id = found
    return workspace_id, row_id
