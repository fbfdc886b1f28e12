"""What arrives is kept once, finds its thread, and takes back what it overtakes."""

import dataclasses
from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from agents.context import AgentContext
from core.errors import FixConfiguration
from store.models import Alert, Approval, ApprovalState, Mailbox, Message, OutboxItem, OutboxState, ThreadTrigger
from tests.support.crash.office import Office, context_of, unsubscribe
from tools.ports import InboundMail, Unknown
from workers import inbound
from workers.dispatcher import Dispatcher


class Inbox:
    """Hands out what stands in it, in order; its uid counts."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.down = False

    def fetch(self, after_uid: str | None, limit: int) -> Any:
        if self.down:
            return Unknown("The server does not answer.")
        start = int(after_uid or 0)
        page = self.mails[start : start + limit]
        return [InboundMail(str(start + n + 1), raw, self.at) for n, raw in enumerate(page)]


def connect(office: Office, inbox: Inbox) -> AgentContext:
    context = office.context
    inbox.at = context.clock.now()  # type: ignore[attr-defined]
    return context_of(
        context.database,
        context.workspace_id,
        context.clock,
        context.ids,
        context.tools.transport,
        data_dir=context.settings.data_dir,
        inbox=lambda _mailbox: inbox,
    )


def reply(sender: str, answers: str, words: str = "Yes, let us talk.", extra: str = "") -> bytes:
    return (
        f"From: Pat <{sender}>\r\nTo: rep@sender.example\r\nSubject: Re: Invoices\r\n"
        f"Message-ID: <{abs(hash((sender, words)))}@x.example>\r\nIn-Reply-To: {answers}\r\n{extra}"
        f"Date: Tue, 02 Jun 2026 15:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n"
    ).encode()


def bounce(recipient: str, about: str) -> bytes:
    return (
        "From: MAILER-DAEMON@mx.example\r\nTo: rep@sender.example\r\nSubject: Undelivered\r\n"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nno such user\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {about}\r\n--b--\r\n"
    ).encode()


def rows(office: Office, model: Any, **where: Any) -> list[Any]:
    with office.context.database.read(office.context.workspace_id) as session:
        query = select(model).order_by(col(model.id))
        return [row for row in session.exec(query) if all(getattr(row, k) == v for k, v in where.items())]


def sent(office: Office, number: int = 0) -> OutboxItem:
    item_id = office.approved(number)
    Dispatcher(unsubscribe, "worker:1", keep_leases=False).run(office.context)
    item: OutboxItem = office.get(OutboxItem, item_id)
    assert item.state is OutboxState.SENT
    return item


def test_a_reply_finds_its_thread_once_and_overtakes_the_next_step(office: Office) -> None:
    first, person, inbox = sent(office), office.people[0], Inbox()
    queued = office.approved(0, kind="follow_up", touch=1)
    _, pending, _ = office.draft(0, kind="reply")
    context = connect(office, inbox)
    inbox.mails = [reply("a.colleague@elsewhere.example", first.message_id)]
    assert inbound.poll(context) == 1
    inbox.mails *= 2  # the same bytes again
    assert inbound.poll(context) == 0
    (message,) = rows(office, Message, direction="in")
    assert (message.lead_id, message.kind) == (person.lead_id, "reply")
    assert "talk" not in str(message.reading)
    body = context.sealer.open(message.body_sealed, context=f"message|body|{message.id}")
    assert body.startswith("Yes, let us talk.")
    (trigger,) = rows(office, ThreadTrigger, kind="inbound")
    assert (trigger.subject_id, trigger.payload) == (person.lead_id, {"message_id": str(message.id)})
    assert office.get(OutboxItem, queued).state is OutboxState.CANCELLED
    assert office.get(Approval, pending).state is ApprovalState.VOID
    assert office.get(Mailbox, office.mailbox_id).inbox_cursor == "2"


def test_without_an_id_the_sender_s_address_decides(office: Office) -> None:
    inbox = Inbox()
    context = connect(office, inbox)
    inbox.mails = [reply(office.people[1].address.upper(), "<unknown@x.example>"), reply("stranger@x.example", "")]
    assert inbound.poll(context) == 2
    assert {message.lead_id for message in rows(office, Message)} == {office.people[1].lead_id, None}
    assert len(rows(office, ThreadTrigger, kind="inbound")) == 1


def test_a_bounce_belongs_to_whom_it_names(office: Office) -> None:
    first, inbox = sent(office, 2), Inbox()
    context = connect(office, inbox)
    inbox.mails = [bounce(office.people[2].address, first.message_id)]
    assert inbound.poll(context) == 1
    (message,) = rows(office, Message, direction="in")
    assert (message.kind, message.contact_id) == ("bounce", office.people[2].contact_id)
    assert message.reading["statuses"] == ["5.1.1"]


def test_an_absence_overtakes_nothing_here(office: Office) -> None:
    first, inbox = sent(office), Inbox()
    queued = office.approved(0, kind="follow_up", touch=1)
    context = connect(office, inbox)
    away = reply(
        office.people[0].address,
        first.message_id,
        "I am out of office until 15 June.",
        "Auto-Submitted: auto-replied\r\n",
    )
    inbox.mails = [away]
    assert inbound.poll(context) == 1
    assert office.get(OutboxItem, queued).state is OutboxState.READY
    assert rows(office, Message, direction="in")[0].kind == "out_of_office"


def test_a_page_after_page_is_read_and_an_inbox_that_is_down_loses_nothing(office: Office) -> None:
    inbox = Inbox()
    context = connect(office, inbox)
    inbox.mails = [reply(office.people[0].address, "", f"Mail {number}") for number in range(120)]
    inbox.down = True
    assert inbound.poll(context) == 0
    inbox.down = False
    assert inbound.poll(context) == 120
    assert len(rows(office, Message)) == 120
    assert timedelta(0) == context.clock.now() - inbox.at  # type: ignore[attr-defined]


def test_an_inbox_with_wrong_settings_is_shown_and_stops_nobody(office: Office) -> None:
    def broken(_mailbox: Mailbox) -> Any:
        raise FixConfiguration("The inbox has no password.", hint="Set one.")

    context = connect(office, Inbox())
    context = dataclasses.replace(context, tools=dataclasses.replace(context.tools, inbox=broken))
    assert inbound.poll(context) == inbound.poll(context) == 0
    assert ["no password" in alert.text for alert in rows(office, Alert)] == [True]


def test_rubbish_is_kept_and_stops_nobody(office: Office) -> None:
    inbox = Inbox()
    context = connect(office, inbox)
    inbox.mails = [b"", b"\xff\xfe\x00 rubbish", reply(office.people[0].address, "")]
    assert inbound.poll(context) == 3
    assert len(rows(office, ThreadTrigger, kind="inbound")) == 1
