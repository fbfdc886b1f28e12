"""Mails that were claimed, on their way out one by one: start, send, keep the answer; and then what follows from them.

While a server makes up its mind about one mail, a later one is composed, signed and sealed: its bytes are written down
by the transaction that starts it, before any of them leaves.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import cast

from sqlmodel import Session

from agents.context import AgentContext
from core.crypto import Tampered
from core.errors import FixConfiguration, Rejected, SalesOSError
from core.logging import get_logger
from store.models import Draft, Mailbox, OutboxItem, Touch, TouchState
from store.queries import approvals, outbox, starting
from store.queries.starting import Frozen
from tools.mail.dkim import DkimKey
from tools.ports import Envelope, SendOutcome, SendResult, SendsMeanwhile
from workers import outcomes, rules
from workers.letters import freeze, open_mime

_log = get_logger(__name__)
# Hours, turns and the law were asked when a mail was claimed: what was not started by then is asked again.
_FRESH = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Ready:
    """Claimed and examined."""

    item: OutboxItem
    mailbox: Mailbox
    go: rules.Go
    keys: Sequence[DkimKey]

    @property
    def start(self) -> starting.Started:
        return starting.Started(self.item, self.go.policy_number, self.go.suppression_keys)


@dataclass(frozen=True, slots=True)
class _Bytes:
    """Of one mail. `frozen` None: they are in the store already, and `mime` is None until they are opened."""

    mime: bytes | None
    frozen: Frozen | None


class _Letters:
    """The bytes of a batch, each made once: as a rule while an earlier mail is waited for."""

    def __init__(self, context: AgentContext, batch: Sequence[Ready]) -> None:
        self._context, self._batch = context, batch
        self._made: dict[int, _Bytes] = {}

    def of(self, number: int) -> _Bytes:
        """Raises Rejected for what no mail can be made of."""
        if number not in self._made:
            self._made[number] = _bytes_of(self._context, self._batch[number])
        return self._made[number]

    def forget(self, number: int) -> None:
        self._made.pop(number, None)

    def make(self, number: int) -> None:
        """What cannot be made says so in its own turn."""
        if number < len(self._batch):
            with suppress(Exception):
                self.of(number)

    def envelope(self, number: int) -> Envelope | None:
        """None where it is not made, or was frozen before: that one is opened in its own turn."""
        made = self._made.get(number)
        if made is None or made.mime is None:
            return None
        ready = self._batch[number]
        return Envelope(ready.go.message_id, ready.mailbox.address, ready.go.recipient, made.mime)


def deliver(context: AgentContext, batch: Sequence[Ready], stopping: Callable[[], bool]) -> tuple[int, bool]:
    """(mails that a server was asked to take, whether the mailbox works). All of them are of one mailbox."""
    claimed_at = context.clock.now()
    taken: list[outcomes.Taken] = []
    kept, handled, well = 0, 0, True  # kept: how many of `taken` have their answer in the store
    letters = _Letters(context, batch)
    for number, ready in enumerate(batch):
        if not well or stopping() or context.clock.now() - claimed_at > _FRESH:
            outcomes.release(context, [left.item for left in batch[number:]])
            break
        try:
            bytes_ = letters.of(number)
        except Rejected as error:
            with context.database.write(context.workspace_id) as session:
                stop(session, context, ready.item, rules.unwritable(error))
            continue
        with context.database.brief(context.workspace_id) as connection:
            now = context.clock.now()
            for one in taken[kept:]:
                starting.taken(connection, now, one.item, one.detail)
            started = starting.start(connection, now, ready.start, bytes_.frozen)
        kept = len(taken)
        if not started:
            outcomes.release(context, [ready.item])
            continue
        _as_started(ready, bytes_.frozen)
        handled += 1
        result = _send(context, ready, bytes_.mime, letters, number)
        letters.forget(number)
        if outcomes.is_plain_yes(result):
            taken.append(outcomes.Taken(ready.item, outcomes.words_of(result), ready.go.words))
        elif not outcomes.record(context, ready.item, result):
            _log.warning("a lease was lost while sending", item=str(ready.item.id), outcome=result.outcome)
        well = not outcomes.closes(result)
    lost = outcomes.record_taken(context, taken, kept)
    for item in lost:
        _log.warning("a lease was lost while sending", item=str(item.id), outcome=SendOutcome.SENT)
    return handled, well


def stop(session: Session, context: AgentContext, item: OutboxItem, verdict: rules.Stop) -> None:
    """It will not leave, and its touch goes the way that the rule says."""
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


def _bytes_of(context: AgentContext, ready: Ready) -> _Bytes:
    """Raises Rejected for what no mail can be made of."""
    if ready.go.letter is None:
        return _Bytes(None, None)
    return _Bytes(*freeze(context.sealer, ready.item, ready.go.letter, ready.keys, ready.go.notice))


def _as_started(ready: Ready, frozen: Frozen | None) -> None:
    """The row at hand as the store has it now."""
    item = ready.item
    item.attempts += 1
    if frozen is not None:
        item.mime_sealed, item.mime_sha256 = frozen.mime_sealed, frozen.mime_sha256
        item.message_id, item.payload = frozen.message_id, dict(frozen.payload)


@lru_cache(maxsize=64)
def _sends_meanwhile(kind: type) -> bool:
    return issubclass(kind, SendsMeanwhile)  # looked up once: it takes longer than composing a mail


def _send(context: AgentContext, ready: Ready, mime: bytes | None, letters: _Letters, number: int) -> SendResult:
    """`mime` None: as it was frozen at an earlier attempt."""
    item = ready.item
    try:
        if mime is None:
            mime = open_mime(context.sealer, item)
            if rules.sha256_of(mime) != item.mime_sha256:
                return SendResult(SendOutcome.REJECTED, "The frozen bytes are not those of their hash.", "tampered")
        transport = context.tools.transport(ready.mailbox)
    except Tampered as error:
        return SendResult(SendOutcome.REJECTED, str(error), "tampered")
    except FixConfiguration as error:
        return SendResult(SendOutcome.MISCONFIGURED, str(error), error.code)
    envelope = Envelope(item.message_id, ready.mailbox.address, ready.go.recipient, mime)
    try:
        if not _sends_meanwhile(type(transport)):
            return transport.send(envelope)
        letters.make(number + 1)  # of the first alone: the others' next ones are made by then
        patient = cast(SendsMeanwhile, transport)
        return patient.send_meanwhile(envelope, lambda: letters.make(number + 2), letters.envelope(number + 1))
    except Exception as error:  # a transport that breaks its word: nobody knows what left
        detail = str(error) if isinstance(error, SalesOSError) else type(error).__name__
        return SendResult(SendOutcome.UNKNOWN, f"The transport broke: {detail}", "broken")
