"""What lets us into a person's calendars: opened, replaced where the service rotates it, and closed where the service
no longer takes it. Each by the connection's number: what is said of an old one changes nothing.
"""

import json
from collections.abc import Mapping
from uuid import UUID

from sqlmodel import Session

from core.clock import Clock
from core.crypto import Sealer
from core.ids import Ids, stable_id
from store import audit, bulk
from store.models import Alert, CalendarConnection, ConnectionState
from store.session import workspace_of

_LONGEST = 1_000  # of a reason


def credentials(sealer: Sealer, row: CalendarConnection) -> dict[str, str]:
    """In clear, for a connection and nothing else."""
    if not row.credentials_sealed:
        return {}
    found: dict[str, str] = json.loads(sealer.open(row.credentials_sealed, context=_place(row.id)))
    return found


def sealed(sealer: Sealer, connection_id: UUID, values: Mapping[str, str]) -> str:
    if not values:
        return ""
    return sealer.seal(json.dumps(dict(values), sort_keys=True), context=_place(connection_id))


def rotate(session: Session, sealer: Sealer, connection_id: UUID, number: int, refresh_token: str) -> bool:
    """The service gave another refresh token for the same connection. False: that connection is over."""
    row = _of(session, connection_id, number)
    if row is None:
        return False
    row.credentials_sealed = sealed(sealer, connection_id, {**credentials(sealer, row), "refresh_token": refresh_token})
    session.add(row)
    return True


def close(session: Session, clock: Clock, ids: Ids, connection_id: UUID, number: int, problem: str) -> bool:
    """The service no longer lets us in: nothing of its owner is free until a person acts, who is told once, however
    many processes find out. False: it was known, or the connection is another one by now."""
    row = _of(session, connection_id, number)
    if row is None or row.state is not ConnectionState.ACTIVE:
        return False
    row.state, row.problem = ConnectionState.BROKEN, problem[:_LONGEST]
    session.add(row)
    key = f"calendar_connection:{connection_id}:{number}"
    alert = {
        "id": stable_id("alert", row.workspace_id, key),
        "source_key": key,
        "subject_kind": "user",
        "subject_id": row.user_id,
        "level": "critical",
        "text": f"A calendar can no longer be read, so that no time of its owner is offered: {problem}"[:_LONGEST],
        "created_at": clock.now(),
    }
    bulk.insert_ignore(session, Alert, [alert])
    audit.append(
        session,
        clock,
        ids,
        actor="system",
        action="calendar.disconnected",
        subject_kind="user",
        subject_id=row.user_id,
    )
    return True


def _of(session: Session, connection_id: UUID, number: int) -> CalendarConnection | None:
    key = (workspace_of(session), connection_id)
    row = session.get(CalendarConnection, key, with_for_update=True, populate_existing=True)
    return row if row is not None and row.connection_number == number else None


def _place(connection_id: UUID) -> str:
    return f"calendar_connection|credentials|{connection_id}"
