"""Unsubscribe tokens: opaque, hard to forge (RFC 8058 §3.1), the same every time, and never out of date.

No expiry: an opt-out must keep working long after the mail (CAN-SPAM: 30 days; people: years).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from core.errors import NotFound
from tools.tokens import IdTokens

_NO_DRAFT = UUID(int=0)


@dataclass(frozen=True, slots=True)
class UnsubscribeSubject:
    """Whom a token speaks for, and the draft whose mail carried it (None: it was made without one)."""

    workspace_id: UUID
    contact_id: UUID
    draft_id: UUID | None


class UnsubscribeTokens:
    """Makes tokens with the first key and reads those of every key, so that a rotation breaks no link."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """`keys`: secrets of at least 32 bytes, the current one first. Raises FixConfiguration."""
        self._tokens = IdTokens(keys, purpose=b"salesos unsubscribe token 1", count=3)

    def make(self, workspace_id: UUID, contact_id: UUID, draft_id: UUID | None = None) -> str:
        """86 characters of base64url."""
        return self._tokens.make(workspace_id, contact_id, draft_id or _NO_DRAFT)

    def verify(self, token: str) -> tuple[UUID, UUID]:
        """(workspace id, contact id). Raises NotFound for anything that was not made here."""
        subject = self.read(token)
        return subject.workspace_id, subject.contact_id

    def read(self, token: str) -> UnsubscribeSubject:
        """Raises NotFound for anything that was not made here, without saying why."""
        found = self._tokens.read(token)
        if found is None:
            raise NotFound(
                "This unsubscribe link is not one of ours, or was cut short.",
                hint="Copy the whole link from the mail, or answer the mail with the word: unsubscribe.",
            )
        workspace, contact, draft = found
        return UnsubscribeSubject(workspace, contact, None if draft == _NO_DRAFT else draft)


def unsubscribe_url(public_url: str, token: str) -> str:
    """The page and the one-click target of RFC 8058 at once: GET shows, POST unsubscribes."""
    return f"{public_url.rstrip('/')}/u/{token}"
