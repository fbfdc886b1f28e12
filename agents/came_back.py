"""From a bounce or a complaint, heard of by mail or from a sending service, to the mail of ours that it is about.

It counts once, for the mailbox that sent that mail (agents.brakes).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, or_, select

from agents import brakes
from agents.context import AgentContext
from store.models import Mailbox, Message
from tools.mail.verdicts import Verdict, reported

# A report that names no mail of ours is about the last one to this person; an older one is not what it speaks of.
_STILL_ABOUT = timedelta(days=14)


def count(
    session: Session,
    context: AgentContext,
    *,
    complaint: bool,
    contact_id: UUID,
    message_id: UUID | None,
    raw: Mapping[str, Any],
) -> None:
    """`message_id`: of the report, or of our own mail. A report about no mail of ours (a forged one) counts nothing."""
    told = session.get(Message, (context.workspace_id, message_id)) if message_id is not None else None
    ours = told if told is not None and told.direction == "out" else _our_mail(session, context, told, contact_id)
    mailbox = session.get(Mailbox, (context.workspace_id, ours.mailbox_id)) if ours and ours.mailbox_id else None
    if ours is None or mailbox is None:
        return
    reading = told.reading if told is not None and told.direction == "in" else {}
    status = str(raw.get("status") or next(iter(reading.get("statuses") or []), ""))
    if complaint:
        verdict = Verdict.COMPLAINT
    elif known := reading.get("verdict"):
        verdict = Verdict(known)
    else:
        verdict = reported(str(raw.get("bounce") or "soft"), status, "")
    brakes.note(session, context, mailbox, verdict, source=ours.source_key, accepted=True, code=status)


def _our_mail(session: Session, context: AgentContext, told: Message | None, contact_id: UUID) -> Message | None:
    newest = (
        select(Message).where(Message.direction == "out").order_by(col(Message.at).desc(), col(Message.id)).limit(1)
    )
    if told is not None and told.in_reply_to:
        named = or_(Message.message_id == told.in_reply_to, Message.wire_message_id == told.in_reply_to)
        if (found := session.exec(newest.where(named)).first()) is not None:
            return found
    since = context.clock.now() - _STILL_ABOUT
    return session.exec(newest.where(Message.contact_id == contact_id, col(Message.at) > since)).first()
