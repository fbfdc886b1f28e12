"""After a crash, or an answer that never came: ask before anything is repeated. Law 5.

A lease that ran out means a worker that died, or an outcome that is to be looked up now. Not started: no byte left, so
the item is ready again. Taken: only what follows from it is missing. Else the server is asked for our Message-ID; and
one that may write its own over ours, for what it sent since.
"""

from uuid import UUID

from sqlmodel import Session

from agents.context import AgentContext
from core.crypto import Tampered
from core.errors import Conflict, FixConfiguration, NotFound, RetryAt
from store.models import Mailbox, OutboxItem, OutboxState, Task, TaskState
from store.queries import outbox
from tools.ports import DeliveryEvent, FindsByContent, LookupResult, LostMail
from workers import by_phone_aftermath, by_phone_lookup, outcomes
from workers.aftermath import MailNames, after_sent
from workers.letters import open_mime

_ASK_TWICE = 2  # NOT_FOUND counts when it was said twice, a lag apart: search indexes come late
_BATCH = 50


def recover(context: AgentContext, owner: str, limit: int = _BATCH) -> int:
    """Takes over what is left behind. Returns how many items it looked at."""
    with context.database.write(context.workspace_id) as session:
        lease = context.settings.lease_seconds
        items = outbox.claim_expired(session, context.clock.now(), owner=owner, lease_seconds=lease, limit=limit)
        started, rung = [], []
        for item in items:
            if item.kind == outbox.MAIL and item.taken_at is not None:
                outcomes.sent(session, context, item, item.state_reason)
            elif item.kind == outbox.MAIL and item.started_at is not None:
                started.append(item)
            elif item.kind in outbox.BY_PHONE and item.started_at is not None:
                rung.append(item)
            else:
                reason = "Its worker stopped before anything left."
                outcomes.ready_again(session, item, context.clock.now(), reason)
    for item in started:
        _look_up(context, item)
    for item in rung:
        by_phone_lookup.look_up(context, item)
    return len(items)


def resolve_unknown(context: AgentContext, outbox_item_id: UUID, *, was_sent: bool, by: str) -> None:
    """A person says whether the mail arrived. Not: the same bytes are sent again. Raises NotFound, Conflict."""
    now = context.clock.now()
    with context.database.write(context.workspace_id) as session:
        item = session.get(OutboxItem, (context.workspace_id, outbox_item_id), with_for_update=True)
        if item is None:
            raise NotFound("There is no such outbox item.")
        said = f"{by} said that it {'arrived' if was_sent else 'did not arrive'}."
        if was_sent:
            changed = outbox.resolve(session, item.id, OutboxState.SENT, sent_at=now, state_reason=said)
        else:
            payload = {key: value for key, value in item.payload.items() if key != "lookups"}
            changed = outbox.resolve(
                session, item.id, OutboxState.READY, not_before=now, state_reason=said, payload=payload
            )
        if not changed:
            raise Conflict(f"The item is {item.state.value}, not unknown.", hint="Reload: somebody was faster.")
        _task_done(session, context, item, said)
        if was_sent and item.kind in outbox.BY_PHONE:
            by_phone_aftermath.follow(session, context, item, "", by)
        elif was_sent:
            after_sent(session, context, item, now, actor=by)


def settle_by_event(session: Session, context: AgentContext, event: DeliveryEvent, vendor: str) -> bool:
    """What a sending service tells of a mail proves that it has it, though its answer to us was lost."""
    item = outbox.unknown_of(session, event.message_id or "")
    if item is None:
        return False
    now = context.clock.now()
    at = min(max(event.occurred_at, item.created_at), now)  # a clock of others moves nothing out of its order
    said = f"{vendor} told what became of it ({event.kind.value}): it had left."
    if not outbox.resolve(session, item.id, OutboxState.SENT, sent_at=at, state_reason=said):
        return False
    _task_done(session, context, item, said)
    after_sent(session, context, item, at, names=MailNames(event.provider_id), actor=f"webhook:{vendor}")
    return True


def _task_done(session: Session, context: AgentContext, item: OutboxItem, said: str) -> None:
    task = session.get(Task, (context.workspace_id, outcomes.unknown_task_id(item)))
    if task is not None and task.state is TaskState.OPEN:
        task.state, task.done_at, task.outcome = TaskState.DONE, context.clock.now(), said
        session.add(task)


def _ask(context: AgentContext, mailbox: Mailbox, item: OutboxItem) -> LookupResult:
    """Raises RetryAt, FixConfiguration, Tampered."""
    transport = context.tools.transport(mailbox)
    if not isinstance(transport, FindsByContent):
        return transport.lookup(item.message_id)
    tried_at = item.started_at or context.clock.now()
    return transport.find(LostMail(item.message_id, open_mime(context.sealer, item), tried_at))


def _look_up(context: AgentContext, item: OutboxItem) -> None:
    with context.database.read(context.workspace_id) as session:
        mailbox = session.get(Mailbox, (context.workspace_id, item.mailbox_id)) if item.mailbox_id else None
    asked = int(item.payload.get("lookups", 0))
    found: LookupResult | None
    try:
        found = _ask(context, mailbox, item) if mailbox else LookupResult.UNSUPPORTED
    except RetryAt:
        found = None
    except (FixConfiguration, Tampered):
        found = LookupResult.UNSUPPORTED
    with context.database.write(context.workspace_id) as session:
        match found:
            case LookupResult.FOUND:
                outcomes.sent(session, context, item, "Found at the server.")
            case LookupResult.REPEATABLE:
                outcomes.resend(session, context, item, "The service takes a mail once, however often it is sent.")
            case LookupResult.NOT_FOUND if asked + 1 >= _ASK_TWICE:
                outcomes.resend(session, context, item, "The server does not have it.")
            case LookupResult.NOT_FOUND:
                reason = "The server does not know the mail; asked again after a while."
                outcomes.await_lookup(session, context, item, reason, asked=asked + 1)
            case LookupResult.DOUBTFUL:
                reason = item.state_reason or "The worker stopped while it was sending."
                outcomes.unknown(session, context, item, f"{reason} The server has a mail that may be this one.")
            case LookupResult.UNSUPPORTED:
                reason = item.state_reason or "The worker stopped while it was sending."
                outcomes.unknown(session, context, item, f"{reason} The server cannot be asked whether it took it.")
            case None:
                reason = "The server could not be asked yet."
                outcomes.await_lookup(session, context, item, reason, asked=asked)
