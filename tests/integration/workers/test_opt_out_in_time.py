"""An opt-out that was written in an answer reaches what is queued within a minute, in the languages that we read.

The clock is virtual: the mail arrives just after an inbox was looked into, and every later step takes as long as the
worker lets it take.
"""

from datetime import timedelta
from typing import Any

import pytest

from agents.engagement import engagement
from agents.step import Step, SubjectKind, Trigger
from store.models import Message, OutboxItem, OutboxState
from store.queries import suppression
from tests.support.agent_office import rows_of
from tests.support.crash.office import Office, context_of, unsubscribe
from tools.ports import InboundMail
from workers import inbound, runtime
from workers.dispatcher import Dispatcher

LIMIT = timedelta(seconds=60)
WORDS = {
    "en": "Please remove me from your list.",
    "de": "Ich widerspreche der Nutzung meiner Daten zu Werbezwecken.",
    "fr": "Merci de me désinscrire.",
    "es": "Por favor, denme de baja.",
    "erasure": "Delete all the personal data that you hold about me.",
    "legal": "One more mail and you will hear from my lawyer. We take legal action.",
}


class Inbox:
    def __init__(self, raw: bytes, at: Any) -> None:
        self.raw, self.at = raw, at

    def fetch(self, after_uid: str | None, _limit: int) -> list[InboundMail]:
        return [] if after_uid else [InboundMail("1", self.raw, self.at)]


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_nothing_leaves_after_a_minute(office: Office, words: str) -> None:
    context, clock = office.context, office.context.clock
    person = office.people[0]
    queued, other = office.approved(0), office.approved(1)
    raw = f"From: Pat <{person.address}>\r\nTo: rep@sender.example\r\nSubject: Re: Invoices\r\n"
    inbox = Inbox(f"{raw}Content-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n".encode(), clock.now())
    seeing = context_of(
        context.database,
        context.workspace_id,
        clock,
        context.ids,
        context.tools.transport,
        data_dir=context.settings.data_dir,
        inbox=lambda _mailbox: inbox,
    )
    arrived = clock.now()
    clock.advance(timedelta(seconds=runtime._INBOX_SECONDS))  # type: ignore[attr-defined]
    assert inbound.poll(seeing) == 1
    clock.advance(timedelta(seconds=2 * context.settings.sweep_seconds))  # type: ignore[attr-defined]
    (message,) = rows_of(context, Message, Message.direction == "in")
    step = Step(SubjectKind.LEAD, person.lead_id, "in_sequence", Trigger.INBOUND, {"message_id": str(message.id)})
    assert engagement(seeing, step).trigger is Trigger.OPTED_OUT
    assert clock.now() - arrived <= LIMIT
    Dispatcher(unsubscribe, "worker:1", keep_leases=False).run(context)
    assert office.get(OutboxItem, queued).state is OutboxState.CANCELLED
    assert office.get(OutboxItem, other).state is OutboxState.SENT, "nobody else is silenced"
    with context.database.read(context.workspace_id) as session:
        assert suppression.is_suppressed(session, context.sealer, person.address)
