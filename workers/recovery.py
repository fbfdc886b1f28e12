"""After a crash, or an answer that never came: ask before anything is repeated. Law 5.

A lease that ran out means a worker that died, or an outcome that is to be looked up now. Nothing frozen: no byte left,
so the item is ready again. Frozen: the server is asked for our Message-ID.
"""

from uuid import UUID

from agents.context import AgentContext
from core.errors import Conflict, FixConfiguration, NotFound, RetryAt
from store.models import Mailbox, OutboxItem, OutboxState, Task, TaskState
from store.queries import outbox
from tools.ports import LookupResult
from workers import outcomes
from workers.aftermath import after_sent

_ASK_TWICE = 2  # NOT_FOUND counts when it was said twice, a lag apart: search indexes come late
_BATCH = 50


def recover(context: AgentContext, owner: str, limit: int = _BATCH) -> int:
    """Takes over what is left behind. Returns how many items it looked at."""
    with context.database.write(context.workspace_id) as session:
        lease = context.settings.lease_seconds
        items = outbox.claim_expired(session, context.clock.now(), owner=owner, lease_seconds=lease, limit=limit)
        frozen = []
        for item in items:
            if item.kind == outbox.MAIL and item.mime_sha256:
                frozen.append(item)
            else:
                reason = "Its worker stopped before anything left."
                outcomes.ready_again(session, item, context.clock.now(), reason)
    for item in frozen:
        _look_up(context, item)
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
        task = session.get(Task, (context.workspace_id, outcomes.unknown_task_id(item)))
        if task is not None and task.state is TaskState.OPEN:
            task.state, task.done_at, task.outcome = TaskState.DONE, now, said
            session.add(task)
        if was_sent:
            after_sent(session, context, item, now, actor=by)


def _look_up(context: AgentContext, item: OutboxItem) -> None:
    with context.database.read(context.workspace_id) as session:
        mailbox = session.get(Mailbox, (context.workspace_id, item.mailbox_id)) if item.mailbox_id else None
    asked = int(item.payload.get("lookups", 0))
    found: LookupResult | None
    try:
        found = context.tools.transport(mailbox).lookup(item.message_id) if mailbox else LookupResult.UNSUPPORTED
    except RetryAt:
        found = None
    except FixConfiguration:
        found = LookupResult.UNSUPPORTED
    with context.database.write(context.workspace_id) as session:
        match found:
            case LookupResult.FOUND:
                outcomes.sent(session, context, item, "Found at the server by its Message-ID.")
            case LookupResult.NOT_FOUND if asked + 1 >= _ASK_TWICE:
                outcomes.resend(session, context, item)
            case LookupResult.NOT_FOUND:
                reason = "The server does not know the mail; asked again after a while."
                outcomes.await_lookup(session, context, item, reason, asked=asked + 1)
            case LookupResult.UNSUPPORTED:
                reason = item.state_reason or "The worker stopped while it was sending."
                outcomes.unknown(session, context, item, f"{reason} The server cannot be asked whether it took it.")
            case None:
                reason = "The server could not be asked yet."
                outcomes.await_lookup(session, context, item, reason, asked=asked)
