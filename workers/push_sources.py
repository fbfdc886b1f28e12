"""Inboxes whose services post that something changed: they are asked to again before the last asking ends, and when
they say that they want to be.

When this process asked last is not kept in the store: asking again changes nothing at the service, so a process that
starts asks at once, and what is missed in between is found by the reading on a timer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from agents.context import AgentContext
from core.errors import FixConfiguration, SalesOSError
from core.logging import get_logger
from core.redaction import redact_text
from store.models import Mailbox, MailboxState
from store.queries import inbox_subscriptions

_log = get_logger(__name__)
DAILY: Final = timedelta(days=1)  # as Google recommends, though it holds for seven days
_SHARE: Final = 2  # and never later than half of what is left
SOON, LATER = timedelta(minutes=10), timedelta(hours=6)  # after a fault that passes, and one that a person must mend


@dataclass(frozen=True, slots=True)
class _Asked:
    connection_number: int
    at: datetime
    due_at: datetime


class PushSources:
    """`renew` of one workspace by one thread at a time."""

    def __init__(self) -> None:
        self._asked: dict[UUID, _Asked] = {}

    def renew(self, context: AgentContext) -> int:
        """Those that are due. Returns how many were asked."""
        with context.database.read(context.workspace_id) as session:
            query = select(Mailbox).where(Mailbox.state == MailboxState.ACTIVE).order_by(col(Mailbox.id))
            mailboxes = list(session.exec(query))
            wanted = inbox_subscriptions.asked_for(session)
        due = [mailbox for mailbox in mailboxes if self._is_due(context, mailbox, wanted.get(mailbox.id))]
        return sum(self._renew(context, mailbox) for mailbox in due)

    def _is_due(self, context: AgentContext, mailbox: Mailbox, wanted_since: datetime | None) -> bool:
        """`wanted_since`: the service's own wish is answered once at once; after a fault as any other."""
        asked = self._asked.get(mailbox.id)
        if asked is None or asked.connection_number != mailbox.connection_number:
            return True
        return asked.due_at <= context.clock.now() or (wanted_since is not None and wanted_since > asked.at)

    def _renew(self, context: AgentContext, mailbox: Mailbox) -> bool:
        now = context.clock.now()
        try:
            source = context.tools.push_source(mailbox)
            if source is None:
                return False
            wait = min(DAILY, max(SOON, (source.renew() - now) / _SHARE))
        except SalesOSError as error:
            wait = LATER if isinstance(error, FixConfiguration) else SOON
            reason = redact_text(str(error))
            _log.warning("a service was not asked to post changes", mailbox=str(mailbox.id), reason=reason)
        self._asked[mailbox.id] = _Asked(mailbox.connection_number, now, context.clock.now() + wait)
        return True
