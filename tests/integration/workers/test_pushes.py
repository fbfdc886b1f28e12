"""A service's word that an inbox changed: it is read now; and the service is asked to tell before its promise ends."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from agents.context import AgentContext
from core.clock import VirtualClock
from core.errors import FixConfiguration, RetryAt
from store.models import InboundEvent, Mailbox, MailboxState
from store.queries import inbound
from tests.support.agent_office import rows_of
from tests.support.crash.office import Office
from workers import inbound_events
from workers.push_sources import DAILY, LATER, SOON, PushSources


@dataclass
class Inbox:
    looks: int = 0

    def fetch(self, _after: str | None, _limit: int) -> list[Any]:
        self.looks += 1
        return []


def change(office: Office, **values: Any) -> Mailbox:
    with office.context.database.write(office.context.workspace_id) as session:
        row = session.get_one(Mailbox, (office.context.workspace_id, office.mailbox_id))
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)
    return row


def told(context: AgentContext, address: str, key: str = "1") -> None:
    raw = json.dumps({"emailAddress": address, "historyId": 1}).encode()
    event = inbound.NewEvent(key, "arrived", raw, context.clock.now(), address)
    with context.database.write(context.workspace_id) as session:
        inbound.keep(session, context.sealer, context.clock.now(), "google", None, [event])


def reading(office: Office, inbox: Inbox) -> AgentContext:
    return replace(office.context, tools=replace(office.context.tools, inbox=lambda _: inbox))


@pytest.mark.parametrize(
    ("values", "address", "looks"),
    [
        ({"inbox": "gmail"}, "", 1),
        ({"inbox": "gmail"}, "the-account-s-own@sender.example", 1),
        ({"inbox": "imap"}, "", 0),
        ({"inbox": "gmail", "state": MailboxState.PAUSED}, "", 0),
    ],
    ids=["named", "an-alias", "another-inbox", "paused"],
)
def test_the_inbox_that_changed_is_read_once(office: Office, values: dict[str, Any], address: str, looks: int) -> None:
    mailbox, inbox = change(office, **values), Inbox()
    context = reading(office, inbox)
    for key in ("1", "2", "2"):
        told(context, address or mailbox.address.upper(), key)
    inbound_events.apply_due(context)
    assert inbox.looks == looks
    assert {row.state.value for row in rows_of(context, InboundEvent)} == {"applied"}
    inbound_events.apply_due(context)
    assert inbox.looks == looks


@dataclass
class Source:
    answers: list[Callable[[], datetime]]
    asked: list[datetime] = field(default_factory=list)
    clock: VirtualClock | None = None

    def renew(self) -> datetime:
        assert self.clock is not None
        self.asked.append(self.clock.now())
        return self.answers.pop(0)() if self.answers else self.clock.now() + timedelta(days=7)


def fails(error: Exception) -> Callable[[], datetime]:
    def say() -> datetime:
        raise error

    return say


@pytest.mark.parametrize(
    ("first", "wait"),
    [
        (None, DAILY),
        (timedelta(hours=10), timedelta(hours=5)),
        (timedelta(minutes=-5), SOON),
        (RetryAt("down"), SOON),
        (FixConfiguration("no such topic"), LATER),
    ],
    ids=["week", "short", "over", "down", "topic"],
)
def test_it_is_asked_again_before_it_ends(office: Office, clock: VirtualClock, first: Any, wait: timedelta) -> None:
    until = clock.now() + first if isinstance(first, timedelta) else None
    answers = [fails(first)] if isinstance(first, Exception) else [lambda: until] if until else []
    source = Source(answers, clock=clock)  # type: ignore[arg-type]
    context = replace(office.context, tools=replace(office.context.tools, push_source=lambda _: source))
    sources = PushSources()
    assert sources.renew(context) == 1
    assert sources.renew(context) == 0
    clock.advance(wait - timedelta(seconds=1))
    assert sources.renew(context) == 0
    clock.advance(timedelta(seconds=1))
    assert sources.renew(context) == 1
    assert len(source.asked) == 2
    assert source.asked[1] - source.asked[0] == wait


def test_a_mailbox_that_is_connected_anew_is_asked_at_once_and_a_paused_one_not(
    office: Office, clock: VirtualClock
) -> None:
    source = Source([], clock=clock)
    context = replace(office.context, tools=replace(office.context.tools, push_source=lambda _: source))
    sources = PushSources()
    assert sources.renew(context) == 1
    change(office, connection_number=9)
    assert sources.renew(context) == 1
    change(office, state=MailboxState.PAUSED, connection_number=10)
    assert sources.renew(context) == 0


def test_an_inbox_that_nobody_posts_of_is_left_alone(office: Office) -> None:
    assert PushSources().renew(office.context) == 0
