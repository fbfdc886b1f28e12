"""What lets a mailbox in at a service that is reached by API: opened, replaced where the service rotates it, and closed
where the service no longer takes it. Each by the connection's number: what is said of an old one changes nothing.
"""

import json
from collections.abc import Mapping
from uuid import UUID

from sqlmodel import Session

from core.clock import Clock
from core.crypto import Sealer
from core.ids import Ids, stable_id
from store import audit, bulk, feed
from store.feed_kinds import Kind, MailboxData
from store.models import Alert, Mailbox, MailboxState
from store.session import workspace_of

_LONGEST = 1_000  # of a reason


def credentials(sealer: Sealer, row: Mailbox) -> dict[str, str]:
    """In clear, for a connection and nothing else."""
    if not row.credentials_sealed:
        return {}
    found: dict[str, str] = json.loads(sealer.open(row.credentials_sealed, context=_place(row.id)))
    return found


def sealed(sealer: Sealer, mailbox_id: UUID, values: Mapping[str, str]) -> str:
    if not values:
        return ""
    return sealer.seal(json.dumps(dict(values), sort_keys=True), context=_place(mailbox_id))


def rotate(session: Session, sealer: Sealer, mailbox_id: UUID, number: int, refresh_token: str) -> bool:
    """The service gave another refresh token for the same connection. False: that connection is over."""
    row = _of(session, mailbox_id, number)
    if row is None:
        return False
    row.credentials_sealed = sealed(sealer, mailbox_id, {**credentials(sealer, row), "refresh_token": refresh_token})
    session.add(row)
    return True


def close(session: Session, clock: Clock, ids: Ids, mailbox_id: UUID, number: int, problem: str) -> bool:
    """The service no longer lets us in: nothing more is sent or read until a person acts, who is told once, however
    many processes find out. False: it was known, or the connection is another one by now."""
    row = _of(session, mailbox_id, number)
    if row is None or row.connection_problem:
        return False
    row.connection_problem = problem[:_LONGEST]
    was_active = row.state is MailboxState.ACTIVE
    if was_active:
        row.state, row.pause_reason = MailboxState.PAUSED, row.connection_problem
    session.add(row)
    session.flush()
    key = f"connection:{mailbox_id}:{number}"
    alert = {
        "id": stable_id("alert", row.workspace_id, key),
        "source_key": key,
        "subject_kind": "mailbox",
        "subject_id": mailbox_id,
        "level": "critical",
        "text": f"A mailbox neither sends nor is read, so that replies and opt-outs are not seen: {problem}"[:_LONGEST],
        "created_at": clock.now(),
    }
    bulk.insert_ignore(session, Alert, [alert])
    audit.append(
        session,
        clock,
        ids,
        actor="system",
        action="mailbox.disconnected",
        subject_kind="mailbox",
        subject_id=mailbox_id,
    )
    if was_active:
        feed.publish(session, clock, [feed.Event(Kind.MAILBOX_PAUSED, mailbox_id, MailboxData(by_us=True))])
    return True


def _of(session: Session, mailbox_id: UUID, number: int) -> Mailbox | None:
    row = session.get(Mailbox, (workspace_of(session), mailbox_id), with_for_update=True, populate_existing=True)
    return row if row is not None and row.connection_number == number else None


def _place(mailbox_id: UUID) -> str:
    return f"mailbox|credentials|{mailbox_id}"
