"""Whoever answers, from wherever: the mail finds its thread, and it is known who wrote."""

from typing import Any

import pytest
from sqlmodel import col, select

from store.models import Company, Contact, Mailbox, Message
from tests.integration.workers.conftest import Post
from tests.integration.workers.test_inbound import Inbox, connect, sent
from tests.support.crash.office import Office
from tools.ports import SendOutcome, SendResult
from workers import inbound


def write(
    office: Office, sender: str, subject: str = "Hello", name: str = "Somebody", answers: str = "", references: str = ""
) -> Message:
    """One mail arrives; the message it became."""
    inbox = Inbox()
    context = connect(office, inbox)
    thread = (f"In-Reply-To: {answers}\r\n" if answers else "") + (
        f"References: {references}\r\n" if references else ""
    )
    inbox.mails = [
        (
            f"From: {name} <{sender}>\r\nTo: rep@sender.example\r\nSubject: {subject}\r\n{thread}"
            f"Message-ID: <{abs(hash((sender, subject, answers, references)))}@x.example>\r\n"
            "Date: Tue, 02 Jun 2026 15:00:00 +0000\r\n\r\nYes, let us talk.\r\n"
        ).encode()
    ]
    with context.database.write(context.workspace_id) as session:
        row = session.get(Mailbox, (context.workspace_id, office.mailbox_id))
        assert row is not None
        row.inbox_cursor = None
        session.add(row)
    assert inbound.poll(context) == 1
    with context.database.read(context.workspace_id) as session:
        query = select(Message).where(Message.direction == "in").order_by(col(Message.at), col(Message.id))
        return next(
            row
            for row in session.exec(query)
            if context.sealer.open(row.subject_sealed or "", context=f"message|subject|{row.id}") == subject
        )


def person(office: Office) -> tuple[str, str, str]:
    """(address, name, their company's domain) of the first one, whom this names Pat at a company of a domain."""
    context, them = office.context, office.people[0]
    domain = them.address.rpartition("@")[2]
    with context.database.write(context.workspace_id) as session:
        contact = session.get_one(Contact, (context.workspace_id, them.contact_id))
        contact.name_sealed = context.sealer.seal("Pat Example", context=f"contact|name|{contact.id}")
        company = session.get_one(Company, (context.workspace_id, contact.company_id))
        company.domain = domain
        session.add_all([contact, company])
    return them.address, "Pat Example", domain


def subject_of(office: Office) -> str:
    context = office.context
    with context.database.read(context.workspace_id) as session:
        row = session.exec(select(Message).where(Message.direction == "out")).one()
    return context.sealer.open(row.subject_sealed or "", context=f"message|subject|{row.id}")


def where(message: Message) -> tuple[Any, Any, Any]:
    return message.lead_id, message.contact_id, message.reading["writer"]


def test_an_answer_to_the_id_that_the_service_wrote_finds_its_mail(office: Office, post: Post) -> None:
    wire = "<0102@eu-central-1.amazonses.com>"
    post.answers = [SendResult(SendOutcome.SENT, "taken", "200", provider_id="0102", wire_message_id=wire)]
    sent(office)
    them = office.people[0]
    assert where(write(office, them.address, answers=wire)) == (them.lead_id, them.contact_id, "contact")


def test_references_do_where_in_reply_to_names_another_mail(office: Office, post: Post) -> None:
    first = sent(office)
    found = write(
        office, "x@elsewhere.example", answers="<theirs@x.example>", references=f"{first.message_id} <theirs@x.example>"
    )
    assert where(found) == (office.people[0].lead_id, office.people[0].contact_id, "other")


@pytest.mark.parametrize("answering", [True, False])
def test_a_tagged_address_is_the_same_person(office: Office, answering: bool) -> None:
    first = sent(office)
    local, _, domain = office.people[0].address.partition("@")
    found = write(office, f"{local}+sales@{domain}", answers=first.message_id if answering else "")
    assert where(found) == (office.people[0].lead_id, office.people[0].contact_id, "alias")


def test_a_second_address_is_known_once_it_answered(office: Office) -> None:
    first = sent(office)
    _, name, _ = person(office)
    assert where(write(office, "own@private.example", "One", name, answers=first.message_id))[2] == "alias"
    again = write(office, "own@private.example", "Something else", name)
    assert where(again) == (office.people[0].lead_id, office.people[0].contact_id, "alias")
    assert write(office, "stranger@private.example", "Third", name).lead_id is None


def test_a_colleague_s_answer_without_a_thread_is_known_by_its_subject(office: Office) -> None:
    sent(office)
    _, _, domain = person(office)
    subject = subject_of(office)
    found = write(office, f"boss@{domain}", f"AW: RE[2]: {subject.upper()}")
    assert where(found) == (office.people[0].lead_id, office.people[0].contact_id, "colleague")


@pytest.mark.parametrize("case", ["no re", "another subject", "another company", "a shared host"])
def test_what_only_looks_like_an_answer_moves_nothing(office: Office, case: str) -> None:
    sent(office)
    _, _, domain = person(office)
    subject = subject_of(office)
    sender, said = {
        "no re": (f"boss@{domain}", subject),
        "another subject": (f"boss@{domain}", "Re: Our party"),
        "another company": ("boss@another-company.example", f"Re: {subject}"),
        "a shared host": ("boss@gmail.com", f"Re: {subject}"),
    }[case]
    assert where(write(office, sender, said)) == (None, None, "unknown")


def test_a_colleague_in_the_thread_is_told_from_the_person_we_wrote_to(office: Office) -> None:
    first = sent(office)
    address, _, domain = person(office)
    assert where(write(office, f"boss@{domain}", "One", answers=first.message_id))[2] == "colleague"
    assert where(write(office, address, "Two", answers=first.message_id))[2] == "contact"
