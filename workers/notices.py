"""Tells teams of replies, approvals that wait and trouble, in their own channels.

    feed and alerts → notices (by cursor)  →  lease, commit  →  say it, outside any transaction  →  what came of it

A notice is said once: what was surely not taken is tried again, what may have been taken is not. Its words are made
when it is said, from what is true then; no name, address or word of a mail is among them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from agents.context import AgentContext
from core.ids import stable_id
from core.logging import get_logger
from core.redaction import redact_text
from store import audit, bulk
from store.models import (
    Alert,
    Approval,
    ApprovalState,
    Company,
    Contact,
    Customer,
    Draft,
    Lead,
    Message,
    Notice,
    NoticeChannel,
    NoticeChannelState,
    NoticeKind,
    NoticeState,
)
from store.queries import team_notices
from tools.ports import NoticeAnswer, NoticeOutcome, NoticeService, NoticeText

_log = get_logger(__name__)

NoticeUrl = Callable[[UUID, UUID], str]  # (workspace, notice) → the link in it
RETRIES: Final = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 1_800, 3_600, 7_200, 14_400))
TOO_OLD: Final = timedelta(hours=24)  # what is older is no news; the console has it
_LEASE: Final = timedelta(seconds=180)  # longer than the slowest call
_MANY: Final = {
    NoticeKind.REPLY: "more replies came in",
    NoticeKind.APPROVAL: "more drafts wait for approval",
    NoticeKind.TROUBLE: "more things stand still",
}


@dataclass(frozen=True)
class Teller:
    url: NoticeUrl
    stopping: Callable[[], bool] = lambda: False

    def run(self, context: AgentContext) -> int:
        """What is due in one workspace. Returns how many events were looked at and notices said."""
        moved = _fan_out(context)
        with context.database.read(context.workspace_id) as session:
            channels = team_notices.due_channels(session, context.clock.now())
        for channel_id in channels:
            while not self.stopping() and self._tell(context, channel_id):
                moved += 1
        return moved

    def _tell(self, context: AgentContext, channel_id: UUID) -> bool:
        """One notice. False: the channel has none that is due."""
        now = context.clock.now()
        with context.database.write(context.workspace_id) as session:
            notice = team_notices.claim(session, channel_id, now, _LEASE)
            channel = team_notices.channel_row(session, channel_id)
            if notice is None or channel is None:
                return False
            text = _words(session, channel, notice, self.url(context.workspace_id, notice.id))
            if text is None or now - notice.created_at > TOO_OLD:
                said = "It was overtaken: nothing is left to tell." if text is None else "It is too old to be news."
                team_notices.complete(session, notice, state=NoticeState.CANCELLED, said=said)
                return True
            secret = context.sealer.open(channel.secret_sealed, context=team_notices.sealed_under(channel.id))
        notifier = context.tools.notifier(NoticeService(channel.service), secret, channel.destination)
        answer = notifier.notify(text)
        if not _record(context, channel_id, notice, answer):
            _log.warning("a lease was lost while a notice was said", notice=str(notice.id))
        return True


def _fan_out(context: AgentContext) -> int:
    now = context.clock.now()
    with context.database.read(context.workspace_id) as session:
        if not team_notices.behind(session, now):
            return 0
    with context.database.write(context.workspace_id) as session:
        return team_notices.fan_out(session, now)


def _words(session: Session, channel: NoticeChannel, notice: Notice, link: str) -> NoticeText | None:
    """None: what it tells of is over."""
    if notice.kind is NoticeKind.TEST:
        return NoticeText("This is a test.", "Notices of SalesOS arrive here.", link, "Open SalesOS")
    if notice.subject_id is None:
        return NoticeText(f"{notice.count} {_MANY[notice.kind]}.", "", link, "Look at them")
    named = channel.detail == "company"
    key = (notice.workspace_id, notice.subject_id)
    match notice.kind:
        case NoticeKind.REPLY:
            message = session.get(Message, key)
            if message is None:
                return None
            company = _company_of(session, message) if named else ""
            return NoticeText("A reply came in.", f"From {company}." if company else "", link, "Read it")
        case NoticeKind.APPROVAL:
            approval = session.get(Approval, key)
            if approval is None or approval.state is not ApprovalState.PENDING:
                return None
            draft = session.get_one(Draft, (notice.workspace_id, approval.draft_id))
            contact = session.get(Contact, (notice.workspace_id, draft.contact_id))
            company = _name(session, notice.workspace_id, contact.company_id) if contact and named else ""
            title = f"A {draft.kind.replace('_', ' ')} waits for approval."
            return NoticeText(title, f"To somebody at {company}." if company else "", link, "Read and decide")
        case _:
            alert = session.get(Alert, key)
            if alert is None or alert.seen_at is not None:
                return None
            line = redact_text(alert.text)[:500] if named else ""
            return NoticeText("Something stands still until somebody looks.", line, link, "Look at it")


def _company_of(session: Session, message: Message) -> str:
    subject: Lead | Customer | None = None
    if message.lead_id is not None:
        subject = session.get(Lead, (message.workspace_id, message.lead_id))
    elif message.customer_id is not None:
        subject = session.get(Customer, (message.workspace_id, message.customer_id))
    return _name(session, message.workspace_id, subject.company_id) if subject is not None else ""


def _name(session: Session, workspace_id: UUID, company_id: UUID) -> str:
    company = session.get(Company, (workspace_id, company_id))
    return company.name if company is not None else ""


def _record(context: AgentContext, channel_id: UUID, notice: Notice, answer: NoticeAnswer) -> bool:
    now = context.clock.now()
    with context.database.write(context.workspace_id) as session:
        channel = team_notices.channel_row(session, channel_id, lock=True)
        wait = _wait(notice.attempts, answer)
        values: dict[str, Any] = {"said": answer.said[:300]}
        match answer.outcome:
            case NoticeOutcome.TAKEN:
                values |= {"state": NoticeState.DELIVERED, "delivered_at": now}
            case NoticeOutcome.DEFERRED if notice.attempts <= len(RETRIES):
                values |= {"state": NoticeState.WAITING, "due_at": now + wait}
            case NoticeOutcome.UNKNOWN:
                values |= {"state": NoticeState.UNKNOWN}
            case _:
                values |= {"state": NoticeState.FAILED}
        if not team_notices.complete(session, notice, **values):
            return False
        if channel is not None:
            _channel_after(session, context, channel, answer, now, wait)
    return True


def _channel_after(
    session: Session,
    context: AgentContext,
    channel: NoticeChannel,
    answer: NoticeAnswer,
    now: datetime,
    wait: timedelta,
) -> None:
    if answer.outcome is NoticeOutcome.TAKEN:
        channel.failures, channel.not_before = 0, None
    else:
        channel.failures += 1
    if answer.outcome in (NoticeOutcome.DEFERRED, NoticeOutcome.UNKNOWN):
        channel.not_before = now + wait
    if answer.outcome is NoticeOutcome.CLOSED and channel.state is NoticeChannelState.ACTIVE:
        channel.state, channel.state_reason = NoticeChannelState.DISABLED, answer.said[:300]
        key = f"notice_channel:{channel.id}:{now.isoformat()}"
        alert = {
            "id": stable_id("alert", context.workspace_id, key),
            "source_key": key,
            "subject_kind": "notice_channel",
            "subject_id": channel.id,
            "level": "warning",
            "text": f"The team is not told any more in “{channel.name}”. {answer.said} Mend its key, then resume it.",
            "created_at": now,
        }
        bulk.insert_ignore(session, Alert, [alert])
        audit.append(
            session,
            context.clock,
            context.ids,
            actor="system",
            action="notice_channel.disabled",
            subject_kind="notice_channel",
            subject_id=channel.id,
            details={"failures": channel.failures},
        )
    session.add(channel)


def _wait(attempts: int, answer: NoticeAnswer) -> timedelta:
    base = RETRIES[min(max(attempts, 1), len(RETRIES)) - 1]
    return max(base, timedelta(seconds=answer.retry_after_seconds or 0))
