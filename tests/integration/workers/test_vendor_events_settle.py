"""What a sending service tells of a mail proves that it has it, though its answer to us was lost."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from core.clock import VirtualClock
from core.errors import Conflict
from store.models import AuditEntry, Message, OutboxItem, OutboxState, Task, TaskState
from tests.integration.workers.test_vendor_events import GONE, event, rows, stands, suppressed, tell
from tests.support.crash.office import Office, unsubscribe
from tools.ports import Envelope, LookupResult, SendOutcome, SendResult
from workers.dispatcher import Dispatcher
from workers.recovery import resolve_unknown


@pytest.mark.parametrize("kind", ["delivered", "bounce", "spamreport"])
def test_what_is_told_of_a_mail_settles_that_it_left(office: Office, kind: str) -> None:
    context = office.context
    of_ours, of_another = unsettled(office, 0), unsettled(office, 1)
    told = event(office, kind, of_ours.message_id, minutes=90, **(GONE if kind == "bounce" else {}))
    tell(office, told, told | {"sg_event_id": "again"})
    item = office.get(OutboxItem, of_ours.id)
    assert (item.state, item.sent_at) == (OutboxState.SENT, context.clock.now()), "never later than now"
    assert office.get(OutboxItem, of_another.id).state is OutboxState.UNKNOWN
    (message,) = rows(context, Message, Message.message_id == of_ours.message_id)
    assert (message.source_key, message.provider_message_id) == (f"outbox:{item.id}", "m1")
    tasks = {task.source_key: task.state for task in rows(context, Task, Task.kind == "resolve_unknown")}
    assert tasks == {
        f"resolve_unknown:{of_ours.id}": TaskState.DONE,
        f"resolve_unknown:{of_another.id}": TaskState.OPEN,
    }
    (record,) = rows(context, AuditEntry, AuditEntry.action == "outbox.sent")
    assert (record.actor, record.subject_id) == ("webhook:sendgrid", str(of_ours.id))
    assert {state for state, _ in stands(office)} <= {"applied", "superseded"}
    with pytest.raises(Conflict):
        resolve_unknown(context, of_ours.id, was_sent=False, by="user:ann")
    assert (suppressed(office) is not None) == (kind != "delivered")


def test_what_is_told_of_a_mail_that_never_left_here_settles_nothing(office: Office) -> None:
    kept = unsettled(office, 0)
    tell(office, event(office, "delivered", "<of-another-program@sender.example>"), event(office, "delivered", ""))
    assert office.get(OutboxItem, kept.id).state is OutboxState.UNKNOWN
    assert {state for state, _ in stands(office)} == {"received"}


def unsettled(office: Office, number: int) -> OutboxItem:
    """A mail whose server gave no answer and cannot be asked."""
    lost = SendResult(SendOutcome.UNKNOWN, "The connection ended.", "eof")
    item_id = office.approved(number)
    tools = replace(office.context.tools, transport=lambda _: Silent(lost))
    context = replace(office.context, tools=tools)
    for _ in range(2):
        Dispatcher(unsubscribe, "worker:1", keep_leases=False).run(context)
        assert isinstance(context.clock, VirtualClock)
        context.clock.advance(timedelta(minutes=5))
    item: OutboxItem = office.get(OutboxItem, item_id)
    assert item.state is OutboxState.UNKNOWN
    return item


@dataclass
class Silent:
    answer: SendResult
    name: str = "silent"

    def send(self, _envelope: Envelope) -> SendResult:
        return self.answer

    def lookup(self, _message_id: str) -> LookupResult:
        return LookupResult.UNSUPPORTED

    def close(self) -> None:
        return
