"""Links in notices to a team: one for each notice. Opening one shows a page and does nothing, for scanners open links.

The token names the notice and cannot be made by others; when it ends, and that it decides once, stands in the notice's
row. It gives nobody a right: whoever opens it must be signed in, and may do what their role may.
"""

from collections.abc import Sequence
from uuid import UUID

from core.errors import NotFound
from tools.tokens import IdTokens


class NoticeLinks:
    """Makes tokens with the first key and reads those of every key, so that a rotation breaks no link."""

    def __init__(self, keys: Sequence[bytes], public_url: str) -> None:
        """`keys`: secrets of at least 32 bytes, the current one first. Raises FixConfiguration."""
        self._tokens = IdTokens(keys, purpose=b"salesos notice link 1", count=2)
        self._base = public_url.rstrip("/")

    def url(self, workspace_id: UUID, notice_id: UUID) -> str:
        return f"{self._base}/n/{self._tokens.make(workspace_id, notice_id)}"

    def read(self, token: str) -> tuple[UUID, UUID]:
        """(workspace id, notice id). Raises NotFound for anything that was not made here, without saying why."""
        found = self._tokens.read(token)
        if found is None:
            raise NotFound(
                "This link is not one of ours, or was cut short.", hint="What waits for you stands on Today."
            )
        workspace_id, notice_id = found
        return workspace_id, notice_id
