"""Webhooks from the feed to a real receiver on this machine, which verifies each signature.

| what | here |
|---|---|
| receiver | real HTTP over loopback; verifies with `standardwebhooks` |
| sender, worker, store | real, on both databases |
| clock | virtual, begun at the present: signatures are good for five minutes of real time |
"""

import dataclasses
import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from agents.context import AgentContext
from core.clock import SystemClock, VirtualClock
from core.ids import SystemIds
from store import feed
from store.feed import Event
from store.feed_kinds import Kind, VersionData
from store.models import Alert, DeliveryState, FeedEvent, WebhookDelivery, WebhookEndpoint, WebhookState
from store.queries import webhooks as queries
from store.session import Database
from tests.support.crash.office import context_of, open_office
from tests.support.webhook_receiver import Answer, Receiver, receiver
from tools.ports import MailTransport, WebhookAnswer
from tools.providers.webhook_sender.http import HttpWebhookSender
from workers import webhooks
from workers.webhooks import RETRIES, Deliverer

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime.now(UTC))


@pytest.fixture
def context(context: AgentContext) -> AgentContext:
    open_office(context, people=1)
    return context


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as found:
        found.secrets = [SECRET]
        yield found


def endpoint(context: AgentContext, url: str, *kinds: str, secret: str = SECRET) -> UUID:
    endpoint_id = context.ids.new()
    with context.database.write(context.workspace_id) as session:
        session.add(
            WebhookEndpoint(
                workspace_id=context.workspace_id,
                id=endpoint_id,
                url=url,
                kinds=list(kinds),
                secret_sealed=context.sealer.seal(secret, context=queries.sealed_under(endpoint_id)),
                from_seq=feed.newest(session),
                created_by="user:ann",
                created_at=context.clock.now(),
            )
        )
    return endpoint_id


def happen(context: AgentContext, count: int = 1, kind: Kind = Kind.ICP_VERSION_MADE) -> None:
    with context.database.write(context.workspace_id) as session:
        events = [Event(kind, uuid4(), VersionData(number=number)) for number in range(count)]
        feed.publish(session, context.clock, events)


def rows(context: AgentContext) -> list[WebhookDelivery]:
    with context.database.read(context.workspace_id) as session:
        query = select(WebhookDelivery).order_by(col(WebhookDelivery.event_seq), col(WebhookDelivery.replay))
        return list(session.exec(query))


def state_of(context: AgentContext, endpoint_id: UUID) -> WebhookEndpoint:
    with context.database.read(context.workspace_id) as session:
        found = session.get(WebhookEndpoint, (context.workspace_id, endpoint_id))
        assert found is not None
        return found


def test_events_arrive_signed_in_order_and_once(context: AgentContext, hook: Receiver) -> None:
    endpoint_id = endpoint(context, hook.url)
    happen(context, 5)
    assert Deliverer().run(context) > 0
    assert Deliverer().run(context) == 0
    assert hook.seqs == sorted(hook.seqs)
    assert len(set(hook.ids)) == 5
    assert {fits for _, _, fits in hook.got} == {1}
    identity, body, _ = hook.got[0]
    assert identity == webhooks.webhook_id(endpoint_id, body["seq"])
    assert body["type"] == "icp.version_made"
    assert body["subject"]["kind"] == "icp"
    assert body["data"] == {"number": 0}
    assert {row.state for row in rows(context)} == {DeliveryState.DELIVERED}
    assert rows(context)[0].tries[0]["status"] == 204


def test_only_the_chosen_kinds_and_a_ping_for_one_endpoint(context: AgentContext, hook: Receiver) -> None:
    endpoint_id = endpoint(context, hook.url, "policy.changed")
    other = endpoint(context, hook.url.replace("/hook", "/other"), "policy.changed")
    happen(context)
    happen(context, kind=Kind.POLICY_CHANGED)
    with context.database.write(context.workspace_id) as session:
        feed.publish(session, context.clock, [Event(Kind.WEBHOOK_PING, endpoint_id)])
    Deliverer().run(context)
    told = sorted((path, body["type"]) for path, (_, body, _) in zip(hook.paths, hook.got, strict=True))
    assert told == [("/hook", "policy.changed"), ("/hook", "webhook.ping"), ("/other", "policy.changed")]
    assert state_of(context, other).from_seq == state_of(context, endpoint_id).from_seq


def test_a_failing_receiver_is_asked_again_on_the_schedule_under_the_same_id(
    context: AgentContext, hook: Receiver, clock: VirtualClock
) -> None:
    endpoint_id = endpoint(context, hook.url)
    hook.always = Answer(500, body=b"out of order")
    happen(context)
    start = clock.now()
    for number, wait in enumerate(RETRIES, start=1):
        Deliverer().run(context)
        assert len(hook.got) == number
        (row,) = rows(context)
        assert row.state is DeliveryState.WAITING
        assert row.tries[-1]["status"] == 500
        assert row.tries[-1]["error"] == "out of order"
        assert wait <= row.due_at - clock.now() <= wait * 1.1
        Deliverer().run(context)
        assert len(hook.got) == number  # not before its time
        not_before = state_of(context, endpoint_id).not_before
        assert not_before is not None
        clock.move_to(max(row.due_at, not_before))
    Deliverer().run(context)
    (row,) = rows(context)
    assert row.state is DeliveryState.FAILED
    assert row.attempts == len(RETRIES) + 1 == len(row.tries)
    assert timedelta(days=3) < clock.now() - start < timedelta(days=3.7)
    assert len(set(hook.ids)) == 1


def test_while_a_receiver_is_down_one_notification_asks_and_the_others_wait(
    context: AgentContext, hook: Receiver, clock: VirtualClock
) -> None:
    endpoint(context, hook.url)
    hook.answers = [Answer(503)] * 2
    happen(context, 40)
    Deliverer().run(context)
    Deliverer().run(context)
    assert len(hook.got) == 1
    assert [row.attempts for row in rows(context)] == [1] + [0] * 39
    clock.advance(timedelta(seconds=6))
    Deliverer().run(context)
    assert len(hook.got) == 2
    clock.advance(timedelta(minutes=20))
    Deliverer().run(context)
    assert {row.state for row in rows(context)} == {DeliveryState.DELIVERED}
    assert sorted(set(hook.seqs)) == list(range(min(hook.seqs), min(hook.seqs) + 40))


def test_retry_after_is_honoured(context: AgentContext, hook: Receiver, clock: VirtualClock) -> None:
    endpoint_id = endpoint(context, hook.url)
    hook.answers = [Answer(429, {"Retry-After": "3600"})]
    happen(context, 2)
    Deliverer().run(context)
    not_before = state_of(context, endpoint_id).not_before
    assert not_before == clock.now() + timedelta(hours=1)
    clock.advance(timedelta(minutes=59))
    Deliverer().run(context)
    assert len(hook.got) == 1
    clock.advance(timedelta(minutes=2))
    Deliverer().run(context)
    assert sorted(set(hook.seqs)) == sorted(row.event_seq for row in rows(context))


def test_gone_disables_with_an_alert(context: AgentContext, hook: Receiver) -> None:
    endpoint_id = endpoint(context, hook.url)
    hook.always = Answer(410)
    happen(context, 3)
    Deliverer().run(context)
    Deliverer().run(context)
    assert len(hook.got) == 1
    assert state_of(context, endpoint_id).state is WebhookState.DISABLED
    with context.database.read(context.workspace_id) as session:
        alerts = session.exec(select(Alert).where(Alert.subject_id == endpoint_id)).all()
        told = session.exec(select(FeedEvent.kind).order_by(col(FeedEvent.seq).desc())).first()
    assert len(alerts) == 1
    assert told == "webhook.disabled"


def test_days_of_failure_disable(context: AgentContext, hook: Receiver, clock: VirtualClock) -> None:
    endpoint_id = endpoint(context, hook.url)
    hook.always = Answer(500)
    for _ in range(6):
        happen(context)
        Deliverer().run(context)
        clock.advance(timedelta(days=1))
    assert state_of(context, endpoint_id).state is WebhookState.DISABLED


def test_redirects_are_not_followed(context: AgentContext, hook: Receiver) -> None:
    with receiver() as elsewhere:
        endpoint(context, hook.url)
        hook.answers = [Answer(307, {"Location": elsewhere.url})]
        happen(context)
        Deliverer().run(context)
        assert elsewhere.got == []
    assert rows(context)[0].tries[0]["status"] == 307
    assert rows(context)[0].state is DeliveryState.WAITING


def test_a_receiver_that_does_not_answer_is_left_in_time(context: AgentContext, hook: Receiver) -> None:
    context = _with_sender(context, HttpWebhookSender(allow_private=True, max_seconds=0.3))
    endpoint(context, hook.url)
    never = threading.Event()
    hook.answers = [Answer(after=never)]
    happen(context)
    Deliverer().run(context)
    never.set()
    assert rows(context)[0].tries[0]["error"] == "It did not answer within 0.3 seconds."


def test_private_addresses_are_refused_unless_allowed(context: AgentContext, hook: Receiver) -> None:
    context = _with_sender(context, HttpWebhookSender(resolve=lambda _: ["127.0.0.1"]))
    endpoint(context, hook.url)
    endpoint(context, "https://hooks.example/salesos")
    happen(context)
    Deliverer().run(context)
    assert hook.got == []
    said = sorted(row.tries[0]["error"] for row in rows(context))
    assert said == [
        "It cannot be used because it is not https.",
        "Nothing was sent because 127.0.0.1 is not a public address.",
    ]


def test_an_endless_answer_is_read_no_further(context: AgentContext, hook: Receiver) -> None:
    endpoint(context, hook.url)
    hook.answers = [Answer(500, body=b"x" * 3_000_000)]
    happen(context)
    Deliverer().run(context)
    assert rows(context)[0].tries[0]["status"] == 500
    assert len(rows(context)[0].tries[0]["error"]) <= 300


def test_both_secrets_sign_during_a_rotation(context: AgentContext, hook: Receiver, clock: VirtualClock) -> None:
    endpoint_id = endpoint(context, hook.url)
    new = "whsec_" + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    with context.database.write(context.workspace_id) as session:
        row = session.get(WebhookEndpoint, (context.workspace_id, endpoint_id))
        assert row is not None
        row.secret_sealed = context.sealer.seal(new, context=queries.sealed_under(endpoint_id))
        under = queries.sealed_under(endpoint_id, previous=True)
        row.previous_secret_sealed = context.sealer.seal(SECRET, context=under)
        row.previous_until = clock.now() + timedelta(minutes=1)
        session.add(row)
    hook.secrets = [SECRET, new]
    happen(context)
    Deliverer().run(context)
    clock.advance(timedelta(minutes=2))
    hook.secrets = [SECRET]
    happen(context)
    Deliverer().run(context)
    assert [fits for _, _, fits in hook.got] == [2, 0]


def test_a_slow_endpoint_does_not_hold_the_others_up(context: AgentContext, hook: Receiver) -> None:
    context = _with_sender(context, HttpWebhookSender(allow_private=True, max_seconds=600))
    with receiver() as slow:
        later = threading.Event()
        slow.always = Answer(after=later)
        endpoint(context, slow.url)
        endpoint(context, hook.url)
        happen(context, 10)
        deliverer = Deliverer(parallel=True)
        began = time.monotonic()
        deliverer.run(context)
        while len(hook.got) < 10 and time.monotonic() - began < 300:
            time.sleep(0.01)
        assert len(hook.got) == 10
        assert len(slow.got) <= 1
        deliverer.run(context)  # asked again meanwhile: the slow one is not begun a second time
        assert len(slow.got) <= 1
        later.set()
        stopping = dataclasses.replace(deliverer)
        stopping.close()


def test_a_lease_that_ran_out_is_taken_over_and_its_late_mark_is_refused(
    context: AgentContext, hook: Receiver, clock: VirtualClock
) -> None:
    endpoint_id = endpoint(context, hook.url)
    happen(context)
    webhooks.fan_out(context)
    lost = webhooks._claim(context, endpoint_id)
    assert lost is not None
    Deliverer().run(context)
    assert hook.got == []
    clock.advance(timedelta(minutes=3))
    Deliverer().run(context)
    assert len(hook.got) == 1
    with context.database.write(context.workspace_id) as session:
        assert not queries.complete(session, lost.claimed[0], {"state": DeliveryState.FAILED})
    assert rows(context)[0].state is DeliveryState.DELIVERED


def test_a_replay_has_the_id_of_the_first(context: AgentContext, hook: Receiver, clock: VirtualClock) -> None:
    endpoint_id = endpoint(context, hook.url)
    happen(context, 3)
    Deliverer().run(context)
    with context.database.write(context.workspace_id) as session:
        row = session.get(WebhookEndpoint, (context.workspace_id, endpoint_id))
        assert row is not None
        upto = row.from_seq
        assert queries.replay(session, row, clock.now(), after=upto - 2, upto=upto, limit=10) == 2
        assert queries.replay(session, row, clock.now(), after=upto - 2, upto=upto, limit=10) == 0  # they wait already
        only = (DeliveryState.FAILED,)
        assert queries.replay(session, row, clock.now(), after=0, upto=upto, limit=10, only=only) == 0
    Deliverer().run(context)
    assert hook.ids[3:] == hook.ids[1:3]
    assert [row.replay for row in rows(context)] == [0, 0, 1, 0, 1]


def test_ten_thousand_events_are_made_deliveries_in_seconds(context: AgentContext) -> None:
    first, second = endpoint(context, "https://a.example/"), endpoint(context, "https://b.example/", "policy.changed")
    happen(context, 10_000)
    began = time.process_time()  # a machine that has other things to do is no slower by it
    while webhooks.fan_out(context):
        pass
    took = time.process_time() - began
    print(f"10,000 events for two endpoints in {took:.2f} s of a core")
    with context.database.read(context.workspace_id) as session:
        found = session.exec(select(WebhookDelivery.endpoint_id)).all()
    assert found.count(first) == 10_000
    assert found.count(second) == 0
    assert took < 15


def _with_sender(context: AgentContext, sender: HttpWebhookSender) -> AgentContext:
    return dataclasses.replace(context, tools=dataclasses.replace(context.tools, webhook_sender=sender))


class _DiesAfterSending(HttpWebhookSender):
    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> WebhookAnswer:
        super().post(url, body, headers)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def _worker_that_is_killed(url: str, workspace_id: UUID, data_dir: Path) -> None:
    def none(_: object) -> MailTransport:
        raise AssertionError

    database = Database(url)
    context = context_of(database, workspace_id, SystemClock(), SystemIds(), none, data_dir=data_dir)
    Deliverer().run(_with_sender(context, _DiesAfterSending(allow_private=True)))


def test_a_worker_killed_between_sending_and_marking_sends_again_under_the_same_id(
    context: AgentContext, hook: Receiver, clock: VirtualClock, tmp_path: Path
) -> None:
    endpoint(context, hook.url)
    happen(context, 3)
    url = context.database.engine.url.render_as_string(hide_password=False)
    arguments = (url, context.workspace_id, tmp_path)
    child = multiprocessing.get_context("spawn").Process(target=_worker_that_is_killed, args=arguments)
    child.start()
    child.join(300)
    assert child.exitcode == -signal.SIGKILL
    assert len(hook.got) == 1
    clock.advance(timedelta(minutes=5))  # the lease of the dead has run out
    Deliverer().run(context)
    counts = Counter(hook.ids)
    assert sorted(counts.values()) == [1, 1, 2]  # each at least once; the one in flight again, with its own id
    assert counts[hook.ids[0]] == 2
    assert {row.state for row in rows(context)} == {DeliveryState.DELIVERED}
