"""The token in the path of an endpoint that a vendor posts to: the workspace, no secret, and 256 random bits."""

import base64
import binascii
import secrets
from typing import Final
from uuid import UUID

_LENGTH: Final = 64  # characters: 16 bytes of the workspace and 32 random ones


def new_token(workspace_id: UUID) -> str:
    return base64.urlsafe_b64encode(workspace_id.bytes + secrets.token_bytes(32)).decode()


def workspace_of_token(token: str) -> UUID | None:
    """Which workspace to look the token up in; None: it is no token of ours."""
    if len(token) != _LENGTH:
        return None
    try:
        return UUID(bytes=base64.b64decode(token, altchars=b"-_", validate=True)[:16])
    except (binascii.Error, ValueError):
        return None
