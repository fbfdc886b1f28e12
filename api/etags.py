"""Versions of what is shown: an edit that names the version it was made from is refused when another came between."""

from hashlib import sha256
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel

from core.errors import Conflict

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=200,
        description="The `ETag` of what was read. 412 where it changed since; without it the last edit wins.",
    ),
]


class PreconditionFailed(Conflict):
    code = "changed_since"


def etag_of(body: bytes) -> str:
    return f'"{sha256(body).hexdigest()[:32]}"'


def version_of(shown: BaseModel) -> str:
    """The ETag that a GET of this answers with."""
    return etag_of(shown.model_dump_json().encode())


def check(if_match: str | None, shown: BaseModel) -> None:
    """`shown`: what a GET would answer now, read in the transaction that writes. Raises PreconditionFailed."""
    if not if_match or if_match.strip() == "*":
        return
    if version_of(shown) not in {tag.strip().removeprefix("W/") for tag in if_match.split(",")}:
        raise PreconditionFailed(
            "Somebody changed it since you read it; nothing was written.",
            hint="Read it again, and make the change on what stands there now.",
        )
