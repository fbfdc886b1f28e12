"""Suppressed while mails are queued: none leaves afterwards, and every one says why. Also raced against dispatch."""

import threading
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlmodel import select

from agents import suppressing
from agents.suppressing import Entry
from core.errors import Conflict, NotFound, Rejected
from store.models import Lead, OutboxItem, OutboxState, Suppression
from store.queries import legal_bases, suppression
from store.queries.legal_bases import NewBasis
from tests.support.crash.office import Office, unsubscribe
from workers.dispatcher import Dispatcher


def _dispatch(office: Office) -> None:
    Dispatcher(unsubscribe, "test", keep_leases=False).run(office.context)


def _suppress(office: Office, *entries: Entry) -> int:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        return suppressing.suppress(session, context, entries, source="a list", actor="user:ann")


def _release(office: Office, entry: Entry) -> int:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        return suppressing.release(session, context, entry)


def _entry(office: Office, how: str) -> Entry:
    person = office.people[0]
    address, domain = person.address, person.address.partition("@")[2]
    lead = office.get(Lead, person.lead_id)
    return {
        "address": Entry("address", address.upper()),
        "domain": Entry("domain", domain),
        "wildcard": Entry("domain", f"*.{domain.partition('.')[2]}"),
        "company": Entry("company", str(lead.company_id)),
        "digest": Entry("sha256", sha256(address.encode()).hexdigest()),
    }[how]


@pytest.mark.parametrize("how", ["address", "domain", "company", "digest"])
def test_whatever_names_them_stops_what_is_queued_within_a_minute(office: Office, post, how: str) -> None:  # type: ignore[no-untyped-def]
    sent = office.approved()
    assert _suppress(office, _entry(office, how)) == 1
    assert _suppress(office, _entry(office, how)) == 0
    office.context.clock.advance(timedelta(seconds=60))  # type: ignore[attr-defined]
    _dispatch(office)
    assert post.envelopes == []
    item = office.get(OutboxItem, sent)
    assert item.state is OutboxState.CANCELLED
    assert item.state_reason


def test_a_wildcard_covers_what_is_below_and_not_the_domain_itself(office: Office) -> None:
    context = office.context
    _suppress(office, Entry("domain", "*.acme.example"))
    with context.database.read(context.workspace_id) as session:
        found = suppression.suppressed_among(
            session, context.sealer, ["a@acme.example", "a@mail.acme.example", "a@x.mail.acme.example", "a@cme.example"]
        )
    assert set(found) == {"a@mail.acme.example", "a@x.mail.acme.example"}


def test_an_export_taken_in_again_changes_nothing(office: Office) -> None:
    context = office.context
    _suppress(office, Entry("address", "a@b.example"), Entry("domain", "c.example", "objection"))
    with context.database.read(context.workspace_id) as session:
        rows = session.exec(select(Suppression)).all()
        again = [Entry(f"{row.kind}_key", row.key_index, row.reason) for row in rows]
    assert _suppress(office, *again) == 0


@pytest.mark.parametrize("value", ["", "no at", "a@b@c", "two words@b.example"])
def test_what_is_no_address_is_refused_and_nothing_is_kept(office: Office, value: str) -> None:
    with pytest.raises(Rejected):
        _suppress(office, Entry("address", "good@b.example"), Entry("address", value))
    with office.context.database.read(office.context.workspace_id) as session:
        assert session.exec(select(Suppression)).all() == []


def test_who_said_no_is_let_go_only_by_their_own_later_consent(office: Office) -> None:
    context, person = office.context, office.people[0]
    entry = Entry("address", person.address, "opt_out")
    _suppress(office, entry)

    def consent(basis: str) -> None:
        new = NewBasis(person.contact_id, basis, "form 12", context.clock.now(), "user:ann")
        with context.database.write(context.workspace_id) as session:
            legal_bases.record(session, context.clock, context.sealer, [new])

    consent("consent")  # at the same instant: not since
    context.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]
    consent("legitimate_interest")
    with pytest.raises(Conflict, match="no more messages"):
        _release(office, entry)
    consent("consent")
    assert _release(office, entry) == 1
    with pytest.raises(NotFound):
        _release(office, entry)


def test_a_mistake_of_ours_is_taken_back(office: Office) -> None:
    _suppress(office, Entry("domain", "c.example"))
    assert _release(office, Entry("domain", "c.example")) == 1


def test_raced_against_dispatch_nothing_leaves_after_the_list_is_in(office: Office, post) -> None:  # type: ignore[no-untyped-def]
    """The suppression commits while a batch is under way: whatever was not started by then stays here."""
    for number in range(len(office.people)):
        office.approved(number)
    done = threading.Event()
    after: list[str] = []
    entries = [Entry("address", person.address) for person in office.people]

    def suppress() -> None:
        _suppress(office, *entries)
        done.set()

    racer = threading.Thread(target=suppress)

    def on_send() -> None:
        if not racer.ident:
            racer.start()
            done.wait(300)
        elif done.is_set():
            after.append(post.envelopes[-1].recipient)

    post.on_send = on_send
    _dispatch(office)
    racer.join(300)
    assert done.is_set()
    assert len(post.envelopes) == 1
    assert after == []
