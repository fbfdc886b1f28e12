"""Ids in links: opaque, hard to forge, and the same every time.

AES-SIV (RFC 5297) rather than a signature, because a signed token shows the ids it names; and rather than AES-GCM,
because it needs no nonce, so that one mail composed twice is the same bytes.
"""

import base64
import binascii
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import FixConfiguration

_UUID_BYTES = 16
_TAG_BYTES = 16
_MIN_KEY_BYTES = 32


class IdTokens:
    """Tokens of `count` ids for one purpose: made with the first key, read with all, so a rotation breaks no link."""

    def __init__(self, keys: Sequence[bytes], *, purpose: bytes, count: int) -> None:
        """`keys`: secrets of at least 32 bytes, the current one first. Raises FixConfiguration."""
        if not keys or any(len(key) < _MIN_KEY_BYTES for key in keys):
            raise FixConfiguration(
                "Links in mails need at least one secret of 32 bytes or more.",
                hint="Run `salesos init`, which makes one.",
            )
        self._purpose = [purpose]
        self._bytes = _TAG_BYTES + count * _UUID_BYTES
        self._ciphers = [
            AESSIV(HKDF(algorithm=SHA256(), length=64, salt=None, info=purpose).derive(key)) for key in keys
        ]

    def make(self, *ids: UUID) -> str:
        """base64url without padding."""
        plain = b"".join(one.bytes for one in ids)
        return base64.urlsafe_b64encode(self._ciphers[0].encrypt(plain, self._purpose)).rstrip(b"=").decode("ascii")

    def read(self, token: str) -> tuple[UUID, ...] | None:
        """The ids; None for anything that was not made here for this purpose."""
        raw = self._decoded(token)
        if raw is None:
            return None
        for cipher in self._ciphers:
            try:
                plain = cipher.decrypt(raw, self._purpose)
            except InvalidTag:
                continue
            return tuple(UUID(bytes=plain[at : at + _UUID_BYTES]) for at in range(0, len(plain), _UUID_BYTES))
        return None

    def _decoded(self, token: str) -> bytes | None:
        if len(token) != (self._bytes * 4 + 2) // 3 or not token.isascii():
            return None
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        # Bits that base64 does not use could be changed unseen: one spelling a token.
        return raw if base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") == token else None
