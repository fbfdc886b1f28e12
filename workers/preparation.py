"""The mail that prepares a rep for a meeting, at the moment in which it may leave. To a colleague: no law of outreach,
no hours and no consent are asked about; the mailbox's own limits hold."""

from sqlmodel import Session

from agents import preparation
from agents.context import AgentContext
from store.models import Mailbox, OutboxItem
from tools.mail.compose import OutboundMail, message_id
from workers.letters import Words


def is_one(item: OutboxItem) -> bool:
    return item.subject_kind == preparation.SUBJECT


def letter(
    session: Session, context: AgentContext, item: OutboxItem, mailbox: Mailbox
) -> tuple[OutboundMail, Words] | str:
    """What it says, made now; or why it may not leave. Raises Tampered."""
    made = preparation.letter(session, context, item.subject_id, int(item.payload.get("version", -1)))
    if isinstance(made, str):
        return made
    words = Words(preparation.SUBJECT, made.recipient, made.subject, made.text)
    mail = OutboundMail(
        message_id=item.message_id or message_id(item.workspace_id, item.id, 1, mailbox.address.rpartition("@")[2]),
        date=context.clock.now(),
        sender_address=mailbox.address,
        recipient_address=made.recipient,
        subject=made.subject,
        text=made.text,
        unsubscribe_url="",
        postal_address="",
        sender_name="SalesOS",
        recipient_name=made.name,
        internal=True,
    )
    return mail, words
