"""Cursors: opaque to the caller, to us the sort key of the last row, so that a page costs the same at any depth."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Query
from pydantic import BaseModel

from core.errors import Rejected

Row = TypeVar("Row")

Limit = Annotated[int, Query(ge=1, le=200, description="Rows a page.")]
Cursor = Annotated[str | None, Query(description="`next` of the page before.")]


class Page(BaseModel, Generic[Row]):
    items: list[Row]
    next: str | None = None  # None: there is no more


def encode(*key: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(key)).rstrip(b"=").decode()


def decode(cursor: str | None, length: int) -> list[Any] | None:
    """The key; None where there is no cursor. Raises Rejected for anything that `encode` did not make."""
    if not cursor:
        return None
    try:
        key = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        key = None
    if not isinstance(key, list) or len(key) != length:
        raise not_ours()
    return key


def not_ours() -> Rejected:
    return Rejected("This cursor is not one of ours.", hint="Start again without a cursor.", code="bad_cursor")


def moment_and_id(key: list[Any]) -> tuple[datetime, UUID]:
    """Of a cursor over (instant, id). Raises Rejected for one that somebody made up."""
    try:
        at, last = datetime.fromisoformat(key[0]), UUID(key[1])
    except (TypeError, ValueError, AttributeError, IndexError):
        at, last = None, None
    if at is None or last is None or at.tzinfo is None:
        raise Rejected("This cursor is not one of ours.", hint="Start again without a cursor.", code="bad_cursor")
    return at, last
