"""Between the claim of a batch and the start of each of its mails: what overtakes one stops it. On both databases."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from agents import attention
from agents.never_again import never_again
from store.models import Contact, Mailbox, MailboxState, OutboxItem, OutboxState, PolicyRow
from store.queries import approvals
from tests.support.crash.office import Office, unsubscribe
from tests.support.crash.race import race
from tests.support.crash.stock import stock
from tools.ports import LookupResult, SendOutcome, SendResult
from workers.dispatcher import Dispatcher
from workers.recovery import recover


def dispatch(office: Office, **options: object) -> int:
    return Dispatcher(unsubscribe, "worker:1", keep_leases=False, **options).run(office.context)  # type: ignore[arg-type]


def items(office: Office) -> list[OutboxItem]:
    with office.context.database.read(office.context.workspace_id) as session:
        return list(session.exec(select(OutboxItem).where(OutboxItem.kind == "mail").order_by(col(OutboxItem.id))))


def _opt_out(session: Session, office: Office) -> None:
    for person in office.people:
        contact = session.get_one(Contact, (office.context.workspace_id, person.contact_id))
        never_again(session, office.context, contact, reason=attention.OPT_OUT, source="page", except_for=None)


def _void(session: Session, office: Office) -> None:
    context = office.context
    for person in office.people:
        approvals.void_for_lead(session, context.clock, context.ids, person.lead_id, "They answered.")


def _kill_switch(session: Session, office: Office) -> None:
    row = PolicyRow(
        workspace_id=office.context.workspace_id,
        id=office.context.ids.new(),
        number=1,
        definition={"kill_switch": True},
        created_at=office.context.clock.now(),
    )
    session.add(row)


def _pause(session: Session, office: Office) -> None:
    session.exec(select(Mailbox)).one().state = MailboxState.PAUSED


@pytest.mark.parametrize("overtakes", [_opt_out, _void, _kill_switch, _pause])
def test_what_overtakes_a_claimed_mail_stops_it(
    office: Office, post, overtakes: Callable[[Session, Office], None]
) -> None:
    def during_the_first() -> None:
        if len(post.envelopes) == 1:
            with office.context.database.write(office.context.workspace_id) as session:
                overtakes(session, office)

    post.on_send = during_the_first
    stock(office, range(3))
    dispatch(office)
    assert len(post.envelopes) == 1, "the others were claimed with it, and not started"
    left = [item for item in items(office) if item.message_id != post.envelopes[0].message_id]
    assert all(item.state in (OutboxState.CANCELLED, OutboxState.READY) for item in left)
    assert [(item.started_at, item.attempts) for item in left] == [(None, 0)] * len(left)


def test_a_worker_that_dies_leaves_one_mail_in_doubt_and_the_others_unsent(office: Office, post) -> None:
    class Killed(BaseException):
        pass

    def die() -> None:
        if len(post.envelopes) == 2:
            raise Killed

    post.on_send = die
    stock(office, range(3))
    with pytest.raises(Killed):
        dispatch(office)
    first, second = (envelope.message_id for envelope in post.envelopes)
    marks = {item.message_id: (item.started_at is not None, item.taken_at is not None) for item in items(office)}
    assert marks[first] == (True, True)
    assert marks[second] == (True, False)
    assert sorted(marks.values()) == [(False, False), (True, False), (True, True)]
    post.on_send, post.lookups = None, [LookupResult.UNSUPPORTED]
    office.context.clock.advance(timedelta(hours=1))
    recover(office.context, "worker:2")
    states = {item.message_id: item.state for item in items(office)}
    assert (states[first], states[second]) == (OutboxState.SENT, OutboxState.UNKNOWN)
    dispatch(office)
    assert len({envelope.message_id for envelope in post.envelopes}) == len(post.envelopes) == 3


def test_a_service_that_takes_a_key_once_gets_the_same_bytes_again(office: Office, post) -> None:
    post.answers = [SendResult(SendOutcome.UNKNOWN, "cut after the final dot")]
    post.lookups = [LookupResult.REPEATABLE]
    stock(office, [0])
    dispatch(office)
    office.context.clock.advance(timedelta(minutes=2))
    dispatch(office)
    one, other = post.envelopes
    assert (one.message_id, one.mime) == (other.message_id, other.mime)
    assert [item.state for item in items(office)] == [OutboxState.SENT]


def test_nothing_leaves_after_an_opt_out(office: Office, post) -> None:
    stock(office, range(len(office.people)))
    in_time, wrongly = race(office, _Recipients(post), seed=1)
    assert wrongly == set()
    assert len(post.envelopes) == len(office.people) - in_time


class _Recipients(list[str]):
    def __init__(self, post) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self._post = post

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(envelope.recipient for envelope in self._post.envelopes)
