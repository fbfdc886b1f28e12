"""The only place from which anything leaves. Laws 2, 3 and 5.

    claim, ask every rule again, freeze the bytes, commit  →  send, outside any transaction  →  write down what happened

A crash before the commit leaves an item that is ready; after it, one whose server is asked before anything is repeated.
Mails of one mailbox go one after the other over one connection; several mailboxes go side by side.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from agents.context import AgentContext
from core.crypto import Tampered
from core.errors import FixConfiguration, SalesOSError
from core.logging import get_logger
from store.models import Draft, Mailbox, OutboxItem, OutboxState, Touch, TouchState
from store.queries import approvals, outbox
from tools.ports import Envelope, SendOutcome, SendResult
from workers import crm_mirror, outcomes, rules
from workers.leases import LeaseKeeper
from workers.letters import UnsubscribeUrl, open_mime, seal_mime
from workers.recovery import recover

_log = get_logger(__name__)
_LOOKED_AT = 50  # items that one transaction may pass over before it commits what it found


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class _Ready:
    """Committed: from here on this item may have left."""

    item: OutboxItem
    mailbox: Mailbox
    recipient: str


@dataclass(frozen=True, slots=True)
class Dispatcher:
    unsubscribe_url: UnsubscribeUrl
    owner: str  # unique a process
    parallel: int = 1  # mailboxes side by side; 1: in the calling thread, in a fixed order
    keep_leases: bool = True  # False where time is virtual: nothing is in flight between two instants
    stopping: Callable[[], bool] = _never

    def run(self, context: AgentContext, *, limit: int | None = None) -> int:
        """Carries out what is due in one workspace. Returns how many items moved (mails, CRM steps, recoveries).

        `limit`: mails a mailbox.
        """
        moved = recover(context, self.owner)
        with context.database.read(context.workspace_id) as session:
            mailboxes = outbox.due_mailboxes(session, context.clock.now())
        keeper = LeaseKeeper(context) if self.keep_leases and mailboxes else nullcontext()
        with keeper as leases:
            if self.parallel > 1 and len(mailboxes) > 1:
                with ThreadPoolExecutor(min(self.parallel, len(mailboxes)), "dispatch") as pool:
                    tasks = [pool.submit(self._mailbox, context, found, limit, leases) for found in mailboxes]
                    moved += sum(task.result() for task in tasks)
            else:
                moved += sum(self._mailbox(context, found, limit, leases) for found in mailboxes)
        while not self.stopping() and (mirrored := crm_mirror.mirror(context, self.owner)):
            moved += mirrored
        return moved

    def _mailbox(self, context: AgentContext, mailbox_id: UUID, limit: int | None, leases: LeaseKeeper | None) -> int:
        moved = sent = 0
        while not self.stopping() and (limit is None or sent < limit):
            passed, ready = self._claim(context, mailbox_id)
            moved += passed
            if ready is None:
                if passed < _LOOKED_AT:
                    break
                continue
            if leases is not None:
                leases.hold(ready.item.id, ready.item.lease_token)
            try:
                result = self._send(context, ready)
                if not outcomes.record(context, ready.item, result):
                    _log.warning("a lease was lost while sending", item=str(ready.item.id), outcome=result.outcome)
            finally:
                if leases is not None:
                    leases.let_go(ready.item.id)
            moved, sent = moved + 1, sent + 1
            if result.outcome is SendOutcome.MISCONFIGURED:
                break
        return moved

    def _claim(self, context: AgentContext, mailbox_id: UUID) -> tuple[int, _Ready | None]:
        """(items passed over, the next one that may leave)."""
        now, lease = context.clock.now(), context.settings.lease_seconds
        with context.database.write(context.workspace_id) as session:
            # One claim a mailbox at a time: two workers must not both see the cap's last place as free.
            mailbox = session.get(Mailbox, (context.workspace_id, mailbox_id), with_for_update=True)
            closed = rules.mailbox_gate(session, context, mailbox)
            if closed is not None:
                only = rules.cold_drafts() if closed.cold_only else None
                pushed = outbox.push_back(session, now, mailbox_id, closed.until, closed.reason, only)
                if not closed.cold_only:
                    return min(pushed, _LOOKED_AT - 1), None  # all of them, in one statement: nothing is left to claim
            if mailbox is None:
                return 0, None
            for passed in range(_LOOKED_AT):
                items = outbox.claim(
                    session,
                    now,
                    owner=self.owner,
                    lease_seconds=lease,
                    limit=1,
                    kinds=[outbox.MAIL],
                    mailbox_id=mailbox_id,
                )
                if not items:
                    return passed, None
                ready = self._examine(session, context, items[0], mailbox)
                if ready is not None:
                    return passed, ready
            return _LOOKED_AT, None

    def _examine(self, session: Session, context: AgentContext, item: OutboxItem, mailbox: Mailbox) -> _Ready | None:
        try:
            verdict = rules.examine(session, context, item, mailbox, self.unsubscribe_url)
        except Tampered as error:
            verdict = rules.Stop(OutboxState.FAILED, str(error))
        match verdict:
            case rules.Wait(until, reason):
                outcomes.ready_again(session, item, until, reason)
                return None
            case rules.Stop():
                _stop(session, context, item, verdict)
                return None
            case rules.Go(recipient, message_id, mime):
                if mime is not None:
                    item.mime_sealed = seal_mime(context.sealer, item.id, mime)
                    item.mime_sha256 = rules.sha256_of(mime)
                    item.message_id = message_id
                item.attempts += 1
                session.add(item)
                return _Ready(item, mailbox, recipient)

    def _send(self, context: AgentContext, ready: _Ready) -> SendResult:
        item = ready.item
        try:
            mime = open_mime(context.sealer, item)
            if rules.sha256_of(mime) != item.mime_sha256:
                return SendResult(SendOutcome.REJECTED, "The frozen bytes are not those of their hash.", "tampered")
            transport = context.tools.transport(ready.mailbox)
        except Tampered as error:
            return SendResult(SendOutcome.REJECTED, str(error), "tampered")
        except FixConfiguration as error:
            return SendResult(SendOutcome.MISCONFIGURED, str(error), error.code)
        try:
            return transport.send(Envelope(item.message_id, ready.mailbox.address, ready.recipient, mime))
        except Exception as error:  # a transport that breaks its word: nobody knows what left
            detail = str(error) if isinstance(error, SalesOSError) else type(error).__name__
            return SendResult(SendOutcome.UNKNOWN, f"The transport broke: {detail}", "broken")


def _stop(session: Session, context: AgentContext, item: OutboxItem, verdict: rules.Stop) -> None:
    outbox.complete(session, item.id, item.lease_token, verdict.state, state_reason=verdict.reason)
    if item.draft_id is None or verdict.touch is None:
        return
    approvals.void_draft(
        session,
        context.clock,
        context.ids,
        item.draft_id,
        verdict.reason,
        actor="system",
        touch_state=verdict.touch,
    )
    if verdict.touch is TouchState.PLANNED:
        draft = session.get(Draft, (context.workspace_id, item.draft_id))
        touch = session.get(Touch, (context.workspace_id, draft.touch_id)) if draft and draft.touch_id else None
        if touch is not None:
            touch.due_at = context.clock.now()  # a due time of its own: the old one has woken its thread already
            session.add(touch)
