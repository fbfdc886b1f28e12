"""Mail by SMTP is signed when it is frozen, by the keys whose record was seen: on both databases."""

import re
from datetime import timedelta

import dkim
import pytest
from sqlmodel import select

from agents import sending_domains as keys
from agents.sending_domains import SIGNED_BY_US
from core.clock import VirtualClock
from store.models import Mailbox, OutboxItem, SendingDomain
from store.queries import sending_domains
from tests.support.crash.office import Office, unsubscribe
from tests.support.crash.stock import sign_for, stock
from tools.mail.dkim import KeyKind, load_key
from workers.dispatcher import Dispatcher
from workers.rules import sha256_of

DOMAIN = "sender.example"


def by(office: Office, transport: str) -> None:
    with office.context.database.write(office.context.workspace_id) as session:
        session.exec(select(Mailbox)).one().transport = transport


def dispatch(office: Office) -> None:
    Dispatcher(unsubscribe, "worker:1", keep_leases=False).run(office.context)


def verifies(mime: bytes, *pems: tuple[bytes, str]) -> list[bool]:
    records = {}
    for pem, selector in pems:
        found = load_key(pem, domain=DOMAIN, selector=selector).publish()
        records[f"{found.host}.".encode()] = found.value.encode()

    def txt(name: bytes, timeout: int = 5) -> bytes | None:
        return records.get(name)

    return [bool(dkim.DKIM(mime).verify(index, dnsfunc=txt)) for index in range(mime.count(b"DKIM-Signature:"))]


def test_the_bytes_that_are_frozen_are_the_signed_ones_and_leave_as_they_are(office: Office, post) -> None:
    by(office, "smtp")
    pem = sign_for(office)
    stock(office, [0, 1])
    dispatch(office)
    assert [verifies(envelope.mime, (pem, "s1")) for envelope in post.envelopes] == [[True], [True]]
    with office.context.database.read(office.context.workspace_id) as session:
        frozen = {row.message_id: row.mime_sha256 for row in session.exec(select(OutboxItem)) if row.mime_sha256}
    assert {envelope.message_id: sha256_of(envelope.mime) for envelope in post.envelopes} == frozen


def test_the_signature_covers_the_unsubscribe_fields_and_breaks_with_any_of_them(office: Office, post) -> None:
    by(office, "smtp")
    pem = sign_for(office)
    stock(office, [0])
    dispatch(office)
    (mime,) = [envelope.mime for envelope in post.envelopes]
    signature = re.sub(rb"\s", b"", mime.partition(b"From:")[0])
    assert b"list-unsubscribe:list-unsubscribe-post" in signature
    for field, other in ((b"One-Click", b"Two-Click"), (b"sales.example/u/", b"sales.evil/u/")):
        assert verifies(mime.replace(field, other, 1), (pem, "s1")) == [False]


def test_both_kinds_sign_side_by_side(office: Office, post) -> None:
    by(office, "smtp")
    rsa, ed = sign_for(office), sign_for(office, kind=KeyKind.ED25519, selector="e1")
    stock(office, [0])
    dispatch(office)
    assert verifies(post.envelopes[0].mime, (rsa, "s1"), (ed, "e1")) == [True, True]


@pytest.mark.parametrize("transport", ["folder", "gmail", "graph", "ses", "sendgrid"])
def test_services_that_sign_themselves_get_no_second_signature(office: Office, post, transport: str) -> None:
    assert transport not in SIGNED_BY_US
    by(office, transport)
    sign_for(office)
    stock(office, [0])
    dispatch(office)
    assert b"DKIM-Signature" not in post.envelopes[0].mime


def test_a_key_that_nobody_could_verify_signs_nothing_and_a_rotation_leaves_no_gap(office: Office, post) -> None:
    by(office, "smtp")
    old, context, clock = sign_for(office), office.context, office.context.clock
    assert isinstance(clock, VirtualClock)
    clock.advance(timedelta(minutes=1))
    with context.database.write(context.workspace_id) as session:
        made = keys.make(session, context, DOMAIN, kind=KeyKind.RSA, by="user:ann")
    stock(office, [0])
    dispatch(office)
    assert verifies(post.envelopes[-1].mime, (old, "s1")) == [True], "the new one waits for its record"
    with context.database.write(context.workspace_id) as session:
        session.get_one(SendingDomain, (context.workspace_id, made.id)).published_at = clock.now()
    stock(office, [1])
    dispatch(office)
    signed = post.envelopes[-1].mime
    assert signed.count(b"DKIM-Signature:") == 1
    assert f"s={made.selector};".encode() in signed


def test_another_domains_key_signs_nothing(office: Office, post) -> None:
    by(office, "smtp")
    context = office.context
    with context.database.write(context.workspace_id) as session:
        made = keys.make(session, context, "other.example", kind=KeyKind.RSA, by="user:ann")
        made.published_at = context.clock.now()
    stock(office, [0])
    dispatch(office)
    assert b"DKIM-Signature" not in post.envelopes[0].mime


def test_the_private_key_is_sealed_for_its_row(office: Office) -> None:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        made = keys.make(session, context, "Sender.Example", kind=KeyKind.RSA, by="user:ann")
    assert (made.domain, made.selector) == (DOMAIN, "salesos1")
    assert "PRIVATE KEY" not in made.private_key_sealed
    assert "PRIVATE KEY" in context.sealer.open(made.private_key_sealed, context=sending_domains.key_context(made.id))
