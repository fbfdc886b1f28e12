"""The only place from which anything leaves. Laws 2, 3 and 5.

    claim some, ask every rule again, commit
    for each:  freeze its bytes and start it, if nothing overtook it, commit  →  send, outside any transaction  →  keep
               the answer, commit                                                              (workers.delivery)
    write down what follows from those that were taken, commit

A crash before a mail's start leaves one of which nothing left; after it, one whose server is asked before anything is
repeated; after its answer, one that only needs to be written down. The answer is kept in the transaction that starts
the next mail, so that a mail costs one commit and at most one mail of a mailbox is ever in doubt.
Mails of one mailbox go one after the other over one connection; several mailboxes go side by side.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from agents.context import AgentContext
from agents.mailbox_limits import mailbox_gate, standings
from core.crypto import Tampered
from store.models import Mailbox, OutboxItem, OutboxState
from store.queries import outbox
from workers import by_phone, calendar_effects, crm_mirror, outcomes, room_effects, rules
from workers.around import Around, look
from workers.delivery import Ready, deliver, stop
from workers.leases import LeaseKeeper
from workers.letters import Track, UnsubscribeUrl
from workers.recovery import recover


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Dispatcher:
    unsubscribe_url: UnsubscribeUrl
    owner: str  # unique a process
    parallel: int = 1  # mailboxes side by side; 1: in the calling thread, in a fixed order
    batch: int = 100  # mails that are claimed, and written down, at once
    keep_leases: bool = True  # False where time is virtual: nothing is in flight between two instants
    stopping: Callable[[], bool] = _never
    track: Track | None = None  # None: no link is ever led through ours

    def run(self, context: AgentContext, *, limit: int | None = None) -> int:
        """Carries out what is due in one workspace. Returns how many items moved (mails, CRM steps, recoveries).

        `limit`: mails a mailbox.
        """
        moved = recover(context, self.owner)
        while not self.stopping() and (done := calendar_effects.carry_out(context, self.owner)):
            moved += done  # before the mails: an invitation waits for its event
        while not self.stopping() and (done := room_effects.carry_out(context, self.owner)):
            moved += done  # and for its room, whose link goes into the event
        while not self.stopping() and (done := calendar_effects.carry_out(context, self.owner)):
            moved += done
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
        moved += by_phone.carry_out(context, self.owner, self.stopping)
        while not self.stopping() and (mirrored := crm_mirror.mirror(context, self.owner)):
            moved += mirrored
        return moved

    def _mailbox(self, context: AgentContext, mailbox_id: UUID, limit: int | None, leases: LeaseKeeper | None) -> int:
        moved = sent = 0
        while not self.stopping() and (limit is None or sent < limit):
            passed, batch = self._claim(
                context, mailbox_id, self.batch if limit is None else min(self.batch, limit - sent)
            )
            moved += passed
            if not batch:
                if not passed:
                    break
                continue
            for ready in batch:
                if leases is not None:
                    leases.hold(ready.item.id, ready.item.lease_token)
            try:
                handled, well = deliver(context, batch, self.stopping)
            finally:
                if leases is not None:
                    for ready in batch:
                        leases.let_go(ready.item.id)
            moved, sent = moved + handled, sent + handled
            if not well:
                break
        return moved

    def _claim(self, context: AgentContext, mailbox_id: UUID, most: int) -> tuple[int, list[Ready]]:
        """(items that were looked at and may not leave now, those that may)."""
        now, lease = context.clock.now(), context.settings.lease_seconds
        with context.database.write(context.workspace_id) as session:
            # One claim a mailbox at a time: two workers must not both see the cap's last place as free.
            mailbox = session.get(Mailbox, (context.workspace_id, mailbox_id), with_for_update=True)
            closed = mailbox_gate(session, context, mailbox)
            if closed is not None:
                only = rules.cold_drafts() if closed.cold_only else None
                outbox.push_back(session, now, mailbox_id, closed.until, closed.reason, only)
                if not closed.cold_only:
                    return 0, []  # all of them, in one statement: nothing is left to claim
            if mailbox is None:
                return 0, []
            if closed is None:
                standing = standings(session, [mailbox], now)[mailbox.id]
                most = min(most, standing.limit - standing.sent)
            items = outbox.claim(
                session,
                now,
                owner=self.owner,
                lease_seconds=lease,
                limit=most,
                kinds=[outbox.MAIL],
                mailbox_id=mailbox_id,
            )
            if not items:
                return 0, []
            around = look(session, context, items, mailbox)
            batch = [ready for item in items if (ready := self._examine(session, context, around, item, mailbox))]
            return len(items) - len(batch), batch

    def _examine(
        self, session: Session, context: AgentContext, around: Around, item: OutboxItem, mailbox: Mailbox
    ) -> Ready | None:
        try:
            verdict = rules.examine(around, context, item, mailbox, self.unsubscribe_url, self.track)
        except Tampered as error:
            verdict = rules.Stop(OutboxState.FAILED, str(error))
        match verdict:
            case rules.Wait(until, reason):
                outcomes.ready_again(session, item, until, reason)
                return None
            case rules.Stop():
                stop(session, context, item, verdict)
                return None
            case rules.Go():
                if item.contact_id is not None:
                    around.started.add(item.contact_id)
                return Ready(item, mailbox, verdict, around.keys)
