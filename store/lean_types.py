"""Ids read from the database without the detour through uuid.UUID's argument parsing: a page of a list holds hundreds.

The result is an ordinary `uuid.UUID`. Anything but the 32 hex digits that our own binding writes goes the usual way.
"""

from typing import Any
from uuid import UUID, SafeUUID

import sqlalchemy as sa
from psycopg.types.uuid import UUIDLoader
from sqlalchemy.engine import Engine

# Slots of an immutable class are filled through their descriptors, as uuid.UUID does with object.__setattr__.
_new = UUID.__new__
_set_int: Any = vars(UUID)["int"].__set__
_set_safe: Any = vars(UUID)["is_safe"].__set__
_UNKNOWN = SafeUUID.unknown


def uuid_of(text: str) -> UUID:
    """Raises ValueError for what is no UUID."""
    if len(text) != 32:
        return UUID(text)
    found = _new(UUID)
    _set_int(found, int(text, 16))
    _set_safe(found, _UNKNOWN)
    return found


class _LeanUuid(sa.Uuid[Any]):
    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        if not self.as_uuid:
            return super().result_processor(dialect, coltype)  # type: ignore[no-untyped-call]
        return lambda value: None if value is None else uuid_of(value)


def use_lean_types(engine: Engine) -> None:
    engine.dialect.colspecs = {**engine.dialect.colspecs, sa.Uuid: _LeanUuid}


class _LeanLoader(UUIDLoader):
    def load(self, data: Any) -> UUID:
        return uuid_of(str(data, "ascii").replace("-", ""))


def use_lean_loaders(connection: Any) -> None:
    """For a psycopg connection."""
    connection.adapters.register_loader("uuid", _LeanLoader)
