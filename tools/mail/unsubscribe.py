"""Unsubscribe tokens: opaque, hard to forge (RFC 8058 §3.1), the same every time, and never out of date.

AES-SIV (RFC 5297) rather than a signature, because a signed token shows the ids it names; and rather than AES-GCM,
because it needs no nonce, so that one mail composed twice is the same bytes. No expiry: an opt-out must keep working
long after the mail (CAN-SPAM: 30 days; people: years).
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import FixConfiguration, NotFound

_CONTEXT = [b"salesos unsubscribe token 1"]
_UUID_BYTES = 16
_TOKEN_BYTES = 16 + 3 * _UUID_BYTES  # the tag, then workspace, contact, draft
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
        if not keys or any(len(key) < 32 for key in keys):
            raise FixConfiguration(
                "Unsubscribe links need at least one secret of 32 bytes or more.",
                hint="Run `salesos init`, which makes one.",
            )
        self._ciphers = [
            AESSIV(HKDF(algorithm=SHA256(), length=64, salt=None, info=_CONTEXT[0]).derive(key)) for key in keys
        ]

    def make(self, workspace_id: UUID, contact_id: UUID, draft_id: UUID | None = None) -> str:
        """86 characters of base64url."""
        plain = workspace_id.bytes + contact_id.bytes + (draft_id or _NO_DRAFT).bytes
        return base64.urlsafe_b64encode(self._ciphers[0].encrypt(plain, _CONTEXT)).rstrip(b"=").decode("ascii")

    def verify(self, token: str) -> tuple[UUID, UUID]:
        """(workspace id, contact id). Raises NotFound for anything that was not made here."""
        subject = self.read(token)
        return subject.workspace_id, subject.contact_id

    def read(self, token: str) -> UnsubscribeSubject:
        """Raises NotFound for anything that was not made here, without saying why."""
        raw = _decoded(token)
        for cipher in self._ciphers if raw is not None else ():
            try:
                plain = cipher.decrypt(raw or b"", _CONTEXT)
            except InvalidTag:
                continue
            workspace, contact, draft = (UUID(bytes=plain[at : at + _UUID_BYTES]) for at in (0, 16, 32))
            return UnsubscribeSubject(workspace, contact, None if draft == _NO_DRAFT else draft)
        raise NotFound(
            "This unsubscribe link is not one of ours, or was cut short.",
            hint="Copy the whole link from the mail, or answer the mail with the word: unsubscribe.",
        )


def unsubscribe_url(public_url: str, token: str) -> str:
    """The page and the one-click target of RFC 8058 at once: GET shows, POST unsubscribes."""
    return f"{public_url.rstrip('/')}/u/{token}"


def _decoded(token: str) -> bytes | None:
    if len(token) != (_TOKEN_BYTES * 4 + 2) // 3 or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    # Bits that base64 does not use could be changed unseen: one spelling a token.
    return raw if base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") == token else None
