"""What a text or call that really left changes in the rows around it, and what its price was."""

from uuid import UUID

from sqlmodel import Session

from agents.by_phone import claiming
from agents.by_phone.words import PhoneWords, words_of
from agents.context import AgentContext
from core.crypto import Tampered
from core.ids import stable_id
from store import audit, bulk, feed, ledger
from store.feed_kinds import Kind
from store.models import Message, OutboxItem, Task, TaskState
from store.queries import outbox, telephony


def follow(session: Session, context: AgentContext, item: OutboxItem, provider_id: str, actor: str = "system") -> None:
    """The message, the task, the CRM and the chain; the item is SENT already."""
    settle(session, context, item, "ok")
    _keep_message(session, context, item, provider_id)
    if item.kind == outbox.TEXT:
        _task_done(session, context, item, actor)
    outbox.insert_crm(session, context.clock, context.sealer, [_crm_step(context, item)])
    details = {"digest": item.mime_sha256, "attempts": item.attempts}
    note(session, context, item, f"{item.kind}.sent", details, actor)


def settle(session: Session, context: AgentContext, item: OutboxItem, outcome: str) -> None:
    """Books what was set aside: the price of what left, nothing of what did not."""
    entries = [UUID(str(entry)) for entry in item.payload.get("spend", ())]
    if not entries:
        return
    if outcome != "ok":
        ledger.release(session, context.clock, entries, outcome=outcome)
        return
    account = telephony.account_row(session, item.telephony_account_id) if item.telephony_account_id else None
    cost = claiming.cost_of(item, account) if account is not None else 0
    ledger.settle(session, context.clock, entries, cost_micros=cost, outcome=outcome)


def words_at_hand(context: AgentContext, item: OutboxItem) -> PhoneWords | None:
    try:
        return words_of(context.sealer, item)
    except Tampered:
        return None


def _keep_message(session: Session, context: AgentContext, item: OutboxItem, provider_id: str) -> None:
    source_key = f"outbox:{item.id}"
    message_id = stable_id("message", item.workspace_id, source_key)
    words = words_at_hand(context, item)
    body = words.body if words is not None and item.kind == outbox.TEXT else ""
    row = {
        "id": message_id,
        "direction": "out",
        "source_key": source_key,
        "lead_id": item.subject_id if item.subject_kind == "lead" else None,
        "customer_id": item.subject_id if item.subject_kind == "customer" else None,
        "contact_id": item.contact_id,
        "provider_message_id": provider_id[:255],
        "subject_sealed": context.sealer.seal("", context=f"message|subject|{message_id}"),
        "body_sealed": context.sealer.seal(body, context=f"message|body|{message_id}"),
        "kind": item.kind,
        "reading": {"channel": "sms" if item.kind == outbox.TEXT else "phone"},
        "at": context.clock.now(),
    }
    bulk.insert_ignore(session, Message, [row])


def _task_done(session: Session, context: AgentContext, item: OutboxItem, actor: str) -> None:
    task_id = item.payload.get("task_id")
    task = session.get(Task, (item.workspace_id, UUID(str(task_id))), with_for_update=True) if task_id else None
    if task is not None and task.state is TaskState.OPEN:
        task.state, task.done_at, task.result = TaskState.DONE, context.clock.now(), "texted"
        session.add(task)
        feed.publish(session, context.clock, [feed.task(Kind.TASK_DONE, task.model_dump(), actor)])


def _crm_step(context: AgentContext, item: OutboxItem) -> outbox.CrmStep:
    kind = "sms_sent" if item.kind == outbox.TEXT else "call_placed"
    return outbox.CrmStep(
        key=f"crm:{item.subject_id}:{kind}:{item.id}",
        subject_kind=item.subject_kind,
        subject_id=item.subject_id,
        record_kind="contact" if item.contact_id else item.subject_kind,
        record_id=item.contact_id or item.subject_id,
        kind=kind,
        occurred_at=context.clock.now(),
        summary="Text message sent" if item.kind == outbox.TEXT else "Call placed",
        fields={"outbox_item_id": str(item.id)},
    )


def note(
    session: Session,
    context: AgentContext,
    item: OutboxItem,
    action: str,
    details: dict[str, object],
    actor: str = "system",
) -> None:
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=actor,
        action=action,
        subject_kind="outbox_item",
        subject_id=item.id,
        details=details,
    )
