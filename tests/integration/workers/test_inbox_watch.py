"""Which inboxes are listened to, and how often a connection is made again."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from agents.context import AgentContext
from core.clock import VirtualClock
from core.errors import FixConfiguration, RetryAt
from store.models import Mailbox, MailboxState
from tests.support.crash.office import Office
from tools.ports.inbox_watch import InboxWatch
from workers.inbox_watch import FIRST_WAIT, LEASE_SECONDS, LEFT_ALONE, LONGEST_WAIT, InboxWatches

_PATIENCE = 300.0


@dataclass
class Server:
    """Says `errors` one after the other, then listens until it is told to stop."""

    errors: list[Exception] = field(default_factory=list)
    listened: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def watch(self, arrived: Callable[[], None], stopping: Callable[[], bool]) -> None:
        if self.errors:
            raise self.errors.pop(0)
        arrived()
        self.listened.release()
        while not stopping():
            threading.Event().wait(0.01)
        self.ended.release()


def listening(context: AgentContext, watch: InboxWatch | None) -> AgentContext:
    return replace(context, tools=replace(context.tools, inbox_watch=lambda _: watch))


def change(office: Office, mailbox: Mailbox, **values: Any) -> None:
    with office.context.database.write(office.context.workspace_id) as session:
        row = session.get(Mailbox, (mailbox.workspace_id, mailbox.id))
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)


def test_what_comes_is_told_and_a_mailbox_is_listened_to_once_as_it_is_now(office: Office, mailbox: Mailbox) -> None:
    server, told = Server(), []
    context = listening(office.context, server)
    watches = InboxWatches(lambda *who: told.append(who))
    watches.keep(context)
    watches.keep(context)
    assert server.listened.acquire(timeout=_PATIENCE)
    change(office, mailbox, inbox_host="other.example")
    watches.keep(context)
    assert server.ended.acquire(timeout=_PATIENCE), "the old settings' connection ends"
    assert server.listened.acquire(timeout=_PATIENCE)
    change(office, mailbox, state=MailboxState.PAUSED)
    watches.keep(context)
    assert server.ended.acquire(timeout=_PATIENCE)
    watches.keep(context)
    watches.close()
    assert not server.listened.acquire(blocking=False)
    assert told == [(mailbox.workspace_id, mailbox.id)] * 2


def test_another_workspace_s_connections_stay(office: Office) -> None:
    server = Server()
    watches = InboxWatches(lambda *_: None)
    watches.keep(listening(office.context, server))
    assert server.listened.acquire(timeout=_PATIENCE)
    watches.keep(replace(listening(office.context, server), workspace_id=UUID(int=7)))
    assert not server.ended.acquire(blocking=False)
    watches.close()
    assert server.ended.acquire(timeout=_PATIENCE)


def test_an_inbox_that_says_nothing_by_itself_has_no_thread(office: Office) -> None:
    before = threading.active_count()
    watches = InboxWatches(lambda *_: None)
    watches.keep(listening(office.context, None))
    assert threading.active_count() == before
    watches.close()


@pytest.mark.parametrize(
    ("errors", "waits"),
    [
        ([RetryAt("gone")] * 9, [min(FIRST_WAIT * 2**n, LONGEST_WAIT) for n in range(9)]),
        ([FixConfiguration("no IDLE")] * 2, [LEFT_ALONE] * 2),
        ([RuntimeError("a fault of ours")], [LEFT_ALONE]),
    ],
    ids=["ended", "refused", "ours"],
)
def test_a_server_that_fails_is_asked_ever_less(office: Office, errors: list[Exception], waits: list[float]) -> None:
    server, waited = Server(list(errors)), []
    watches = InboxWatches(lambda *_: None, pause=lambda _stop, seconds: waited.append(seconds), monotonic=lambda: 0.0)
    watches.keep(listening(office.context, server))
    assert server.listened.acquire(timeout=_PATIENCE)
    watches.close()
    assert waited == waits


def test_a_connection_that_held_for_long_is_made_again_soon(office: Office) -> None:
    times = iter(float(n * 3_600) for n in range(100))
    server, waited = Server([RetryAt("gone")] * 4), []
    watches = InboxWatches(
        lambda *_: None, pause=lambda _stop, seconds: waited.append(seconds), monotonic=lambda: next(times)
    )
    watches.keep(listening(office.context, server))
    assert server.listened.acquire(timeout=_PATIENCE)
    watches.close()
    assert waited == [FIRST_WAIT] * 4


def test_of_two_workers_one_listens_and_the_other_as_soon_as_it_ends(office: Office) -> None:
    first_server, second_server = Server(), Server()
    first, second = InboxWatches(lambda *_: None), InboxWatches(lambda *_: None)
    first.keep(listening(office.context, first_server))
    assert first_server.listened.acquire(timeout=_PATIENCE)
    for _ in range(3):
        second.keep(listening(office.context, second_server))
    first.keep(listening(office.context, first_server))
    assert not second_server.listened.acquire(blocking=False)
    first.close()
    second.keep(listening(office.context, second_server))
    assert second_server.listened.acquire(timeout=_PATIENCE)
    second.close()


def test_a_worker_that_is_gone_is_followed_by_another_and_listens_no_more_if_it_comes_back(
    office: Office, clock: VirtualClock
) -> None:
    first_server, second_server = Server(), Server()
    first, second = InboxWatches(lambda *_: None), InboxWatches(lambda *_: None)
    first.keep(listening(office.context, first_server))
    assert first_server.listened.acquire(timeout=_PATIENCE)
    clock.advance(timedelta(seconds=LEASE_SECONDS - 1))
    first.keep(listening(office.context, first_server))
    clock.advance(timedelta(seconds=LEASE_SECONDS - 1))
    second.keep(listening(office.context, second_server))
    assert not second_server.listened.acquire(blocking=False), "the lease was prolonged"
    clock.advance(timedelta(seconds=2))
    second.keep(listening(office.context, second_server))
    assert second_server.listened.acquire(timeout=_PATIENCE)
    first.keep(listening(office.context, first_server))
    assert first_server.ended.acquire(timeout=_PATIENCE)
    assert not first_server.listened.acquire(blocking=False)
    first.close()
    clock.advance(timedelta(seconds=1))
    third = InboxWatches(lambda *_: None)
    third.keep(listening(office.context, first_server))
    assert not first_server.listened.acquire(blocking=False), "what ended gave nobody else's lease back"
    second.close()


def test_listening_can_be_switched_off(office: Office) -> None:
    server = Server()
    context = listening(office.context, server)
    watches = InboxWatches(lambda *_: None)
    watches.keep(context)
    assert server.listened.acquire(timeout=_PATIENCE)
    off = replace(context, settings=context.settings.model_copy(update={"inbox_idle": False}))
    watches.keep(off)
    assert server.ended.acquire(timeout=_PATIENCE)
    watches.keep(off)
    assert not server.listened.acquire(blocking=False)
    watches.close()
