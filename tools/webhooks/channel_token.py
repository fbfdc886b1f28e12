"""What a calendar's service is given so that it can tell us of changes: an address, and a word that it repeats.

Both are keyed hashes of the channel's id, under keys of the workspace: nothing of them is kept, whoever was killed asks
for the very same again, and nobody else can say them.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core.crypto import Sealer

_PROOF: Final = 28  # bytes: 224 bits
_LENGTH: Final = 80  # characters: 16 bytes of the workspace, 16 of the channel, and the proof


@dataclass(frozen=True, slots=True)
class ChannelToken:
    workspace_id: UUID
    channel_id: UUID
    proof: bytes

    def is_ours(self, sealer: Sealer) -> bool:
        """In constant time. `sealer`: of the workspace."""
        return hmac.compare_digest(self.proof, _proof(sealer, self.channel_id))


def token_of(sealer: Sealer, channel_id: UUID) -> str:
    """Of the address's path."""
    raw = sealer.workspace_id.bytes + channel_id.bytes + _proof(sealer, channel_id)
    return base64.urlsafe_b64encode(raw).decode()


def word_of(sealer: Sealer, channel_id: UUID) -> str:
    """64 characters: Google takes 256, Microsoft 128."""
    return sealer.blind_index("calendar channel's word", str(channel_id))


def read(token: str) -> ChannelToken | None:
    """None: it is no token of ours. Whether it is of this workspace stands in its proof."""
    if len(token) != _LENGTH:
        return None
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return ChannelToken(UUID(bytes=raw[:16]), UUID(bytes=raw[16:32]), raw[32:])


def _proof(sealer: Sealer, channel_id: UUID) -> bytes:
    return bytes.fromhex(sealer.blind_index("calendar channel's address", str(channel_id)))[:_PROOF]
