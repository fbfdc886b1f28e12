"""Whose a key is, remembered for a second: a program that asks often is looked up once a second, not at every request.

What is remembered is good while this process wrote neither to the keys nor to the people of the workspace, so a key
that was revoked here, and a role that was changed here, count at once; what another process changed, within two
seconds, with the read cache's time included. Keys that are not good are never remembered.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Final

from api.dependencies import Principal
from store import touched
from store.models import ApiKey, User
from store.session import Database

FOR: Final = timedelta(seconds=1)
# An answer made for a remembered key is shown until two seconds after the key was looked up, and not longer.
_SHOWN: Final = timedelta(seconds=2)
TABLES: Final = frozenset({str(ApiKey.__tablename__), str(User.__tablename__)})
_MOST: Final = 10_000  # keys, some 5 MB


@dataclass(frozen=True, slots=True)
class _Known:
    principal: Principal
    good_until: datetime  # it ends, or its use is to be noted again
    version: int
    since: datetime


class KnownKeys:
    """Thread-safe. One for a database and a process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._lock = Lock()

    def get(self, text: str, now: datetime) -> Principal | None:
        """None: it has to be looked up."""
        place = sha256(text.encode()).digest()
        known = self._known.get(place)
        if known is None or not known.since <= now < known.since + FOR:
            return None
        if known.good_until <= now:
            return None
        if not self._database.unchanged_since(known.version, known.principal.workspace_id, TABLES):
            return None
        if (made := touched.reading.get()) is not None:
            made.tables |= TABLES
            made.until = min(made.until, time.monotonic() + (known.since + _SHOWN - now).total_seconds())
        return known.principal

    def keep(self, text: str, principal: Principal, *, version: int, since: datetime, good_until: datetime) -> None:
        """`version` of the database and `since` as they were before the key was looked up."""
        place = sha256(text.encode()).digest()
        with self._lock:
            self._known[place] = _Known(principal, good_until, version, since)
            self._known.move_to_end(place)
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
