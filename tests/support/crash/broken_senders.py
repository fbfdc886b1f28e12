"""Two senders as they are often written, broken on purpose: a harness that does not catch them proves nothing.

`mark_after` sends, then marks: a crash in between sends again. `mark_before` marks, then sends: a crash loses a mail.
"""

from sqlmodel import col, select

from agents.context import AgentContext
from store.models import OutboxItem, OutboxState
from tests.support.crash.harness import mailbox_of
from tools.ports import Envelope, SendOutcome


def mark_after(context: AgentContext) -> bool:
    item = _next(context)
    if item is None:
        return True
    _send(context, item)
    _mark(context, item)
    return False


def mark_before(context: AgentContext) -> bool:
    item = _next(context)
    if item is None:
        return True
    _mark(context, item)
    _send(context, item)
    return False


def _next(context: AgentContext) -> OutboxItem | None:
    with context.database.read(context.workspace_id) as session:
        query = select(OutboxItem).where(OutboxItem.kind == "mail", OutboxItem.state == OutboxState.READY)
        return session.exec(query.order_by(col(OutboxItem.id)).limit(1)).first()


def _mark(context: AgentContext, item: OutboxItem) -> None:
    with context.database.write(context.workspace_id) as session:
        row = session.get(OutboxItem, (context.workspace_id, item.id))
        assert row is not None
        row.state = OutboxState.SENT


def _send(context: AgentContext, item: OutboxItem) -> None:
    mailbox = mailbox_of(context)
    mime = f"From: {mailbox.address}\r\nMessage-ID: {item.message_id}\r\nSubject: x\r\n\r\nx\r\n".encode()
    envelope = Envelope(item.message_id, mailbox.address, "somebody@prospect.example", mime)
    assert context.tools.transport(mailbox).send(envelope).outcome is SendOutcome.SENT
