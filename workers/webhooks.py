"""Sends the feed's events to the endpoints that people named. Standard Webhooks; at least once, with a stable id.

    events → deliveries (by cursor)  →  lease, commit  →  POST, outside any transaction  →  write down what happened

A crash after the POST and before the mark sends it again under the same webhook-id: the receiver drops what it has.
One endpoint at a time is sent to in the order of the feed; a try that fails has the others of that endpoint wait with
it, so a receiver that is down is asked by one notification, not by all. Endpoints do not wait for each other.
"""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlmodel import Session
from standardwebhooks import Webhook

from agents.context import AgentContext
from core.ids import stable_id
from core.logging import get_logger
from core.redaction import redact_text
from store import audit, bulk, feed
from store.feed_kinds import Kind
from store.models import Alert, DeliveryState, FeedEvent, WebhookEndpoint, WebhookState
from store.queries import webhooks
from store.queries.webhooks import Claimed
from tools.ports import WebhookAnswer

_log = get_logger(__name__)

# Standard Webhooks' own schedule: at once, then after these; the last try is three days and some hours after the first.
RETRIES: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
MAX_ATTEMPTS: Final = len(RETRIES) + 1
GIVE_UP_AFTER: Final = timedelta(days=5)  # of nothing but failures: longer than one notification's schedule
_QUIET_FIRST, _QUIET_LONGEST = timedelta(seconds=5), timedelta(minutes=15)  # between two tries at a failing endpoint
_LONGEST_WISH = timedelta(hours=24)  # of a Retry-After
_BATCH = 16
_SIDE_BY_SIDE = 4  # of one endpoint, and only when a whole batch waits: then speed counts more than order
_LEASE = timedelta(seconds=120)
_SLOWEST = timedelta(seconds=20)  # of one POST: a lease with less left is not used for another
_ENDPOINTS = 16  # side by side in one process
_KEPT_TRIES = 30


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Deliverer:
    """`parallel`: endpoints have threads of their own and `run` does not wait for them. Else all is done in it."""

    parallel: bool = False
    stopping: Callable[[], bool] = _never
    _busy: set[UUID] = field(default_factory=set)  # endpoints that a thread of this process is at
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _pools: list[ThreadPoolExecutor] = field(default_factory=list)

    def run(self, context: AgentContext) -> int:
        """What is due in one workspace. Returns how many events were looked at and deliveries tried (or begun)."""
        moved = fan_out(context)
        with context.database.read(context.workspace_id) as session:
            endpoints = webhooks.due_endpoints(session, context.clock.now())
        if not self.parallel:
            return moved + sum(self._endpoint(context, endpoint_id) for endpoint_id in endpoints)
        for endpoint_id in endpoints:
            with self._lock:
                if endpoint_id in self._busy or self.stopping():
                    continue
                if not self._pools:
                    self._pools.append(ThreadPoolExecutor(_ENDPOINTS, "webhooks"))
                self._busy.add(endpoint_id)
                self._pools[0].submit(self._in_thread, context, endpoint_id)
                moved += 1
        return moved

    def close(self) -> None:
        """Waits for what is on its way."""
        with self._lock:
            pools = list(self._pools)
            self._pools.clear()
        for pool in pools:
            pool.shutdown(wait=True, cancel_futures=True)

    def _in_thread(self, context: AgentContext, endpoint_id: UUID) -> None:
        try:
            self._endpoint(context, endpoint_id)
        except Exception:  # the next sweep tries again: what is due stands in the store
            _log.exception("deliveries to a webhook endpoint failed", endpoint=str(endpoint_id))
        finally:
            with self._lock:
                self._busy.discard(endpoint_id)

    def _endpoint(self, context: AgentContext, endpoint_id: UUID) -> int:
        moved = 0
        while not self.stopping():
            batch = _claim(context, endpoint_id)
            if batch is None:
                break
            tried = (
                self._side_by_side(context, batch) if len(batch.claimed) == _BATCH else self._in_order(context, batch)
            )
            moved += tried
            if tried < len(batch.claimed):  # one of them failed, or the lease ran short: the rest was given back
                break
        return moved

    def _in_order(self, context: AgentContext, batch: "_Batch") -> int:
        for number, claimed in enumerate(batch.claimed):
            rest = batch.claimed[number:]
            if self.stopping() or context.clock.now() + _SLOWEST > batch.lease_until:
                _give_back(context, rest)
                return number
            if not _deliver(context, batch, claimed):
                _give_back(context, rest[1:])
                return number + 1 if len(rest) > 1 else number
        return len(batch.claimed)

    def _side_by_side(self, context: AgentContext, batch: "_Batch") -> int:
        """The first alone, to learn whether the endpoint answers at all; then the others, four at a time."""
        first, *others = batch.claimed
        if not _deliver(context, batch, first):
            _give_back(context, others)
            return 1
        gate = threading.Event()  # set: one failed, or time is short; what has not begun is given back

        def one(claimed: Claimed) -> bool:
            if gate.is_set() or self.stopping() or context.clock.now() + _SLOWEST > batch.lease_until:
                _give_back(context, [claimed])
                return False
            if not _deliver(context, batch, claimed):
                gate.set()
            return True

        with ThreadPoolExecutor(_SIDE_BY_SIDE, "webhook") as pool:
            tried = 1 + sum(pool.map(one, others))
        return min(tried, len(batch.claimed) - 1) if gate.is_set() else tried


@dataclass(frozen=True, slots=True)
class _Batch:
    endpoint: WebhookEndpoint
    claimed: list[Claimed]
    events: dict[int, FeedEvent]
    signers: list[Webhook]
    lease_until: datetime


def fan_out(context: AgentContext) -> int:
    """Deliveries of the next events, for every active endpoint. Returns how many events were looked at."""
    with context.database.read(context.workspace_id) as session:
        if not webhooks.behind(session):
            return 0
    with context.database.write(context.workspace_id) as session:
        return webhooks.fan_out(session, context.clock.now())


def body_of(event: FeedEvent) -> bytes:
    """The notification, byte for byte the same at every try: what GET /api/v1/events shows of the event."""
    return orjson.dumps(feed.told(event))


def webhook_id(endpoint_id: UUID, seq: int) -> str:
    """The same at every try and every replay, another for every endpoint."""
    return f"msg_{stable_id('webhook', endpoint_id, seq).hex}"


def _claim(context: AgentContext, endpoint_id: UUID) -> _Batch | None:
    now = context.clock.now()
    with context.database.write(context.workspace_id) as session:
        claimed = webhooks.claim(session, endpoint_id, now, lease=_LEASE, limit=_BATCH)
        endpoint = session.get(WebhookEndpoint, (context.workspace_id, endpoint_id))
        if not claimed or endpoint is None:
            return None
        events = webhooks.events_of(session, [one.event_seq for one in claimed])
        for one in [one for one in claimed if one.event_seq not in events]:
            gone = {
                "state": DeliveryState.CANCELLED,
                "tries": _with(one, now, WebhookAnswer(error="The event is too old and no longer kept.")),
            }
            webhooks.complete(session, one, gone)
            claimed.remove(one)
    if not claimed:
        return None
    return _Batch(endpoint, claimed, events, _signers(context, endpoint, now), now + _LEASE)


def _signers(context: AgentContext, endpoint: WebhookEndpoint, now: datetime) -> list[Webhook]:
    """The new secret, and the one before it for as long as both count."""
    opened = [context.sealer.open(endpoint.secret_sealed, context=webhooks.sealed_under(endpoint.id))]
    if endpoint.previous_secret_sealed and endpoint.previous_until and now < endpoint.previous_until:
        under = webhooks.sealed_under(endpoint.id, previous=True)
        opened.append(context.sealer.open(endpoint.previous_secret_sealed, context=under))
    return [Webhook(secret) for secret in opened]


def _deliver(context: AgentContext, batch: _Batch, claimed: Claimed) -> bool:
    """One POST. False: it did not arrive."""
    body, at = body_of(batch.events[claimed.event_seq]), context.clock.now().astimezone(UTC)
    identity = webhook_id(batch.endpoint.id, claimed.event_seq)
    headers = {
        "webhook-id": identity,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signer.sign(identity, at, body.decode()) for signer in batch.signers),
    }
    answer = context.tools.webhook_sender.post(batch.endpoint.url, body, headers)
    if not _record(context, batch.endpoint.id, claimed, answer):
        _log.warning("a lease was lost while a webhook was sent", delivery=str(claimed.id))
    return answer.arrived


def _record(context: AgentContext, endpoint_id: UUID, claimed: Claimed, answer: WebhookAnswer) -> bool:
    now = context.clock.now()
    with context.database.write(context.workspace_id) as session:
        tries = _with(claimed, now, answer)
        if answer.arrived:
            values: dict[str, Any] = {"state": DeliveryState.DELIVERED, "delivered_at": now, "tries": tries}
        elif claimed.attempts >= MAX_ATTEMPTS:
            values = {"state": DeliveryState.FAILED, "tries": tries}
        else:
            values = {"state": DeliveryState.WAITING, "due_at": now + _wait(claimed, answer, now), "tries": tries}
        if not webhooks.complete(session, claimed, values):
            return False
        endpoint = session.get(WebhookEndpoint, (context.workspace_id, endpoint_id), with_for_update=True)
        if endpoint is not None:
            _endpoint_after(session, context, endpoint, answer, now)
    return True


def _endpoint_after(
    session: Session, context: AgentContext, endpoint: WebhookEndpoint, answer: WebhookAnswer, now: datetime
) -> None:
    if answer.arrived:
        if endpoint.failures or endpoint.failing_since or endpoint.not_before:
            endpoint.failures, endpoint.failing_since, endpoint.not_before = 0, None, None
            session.add(endpoint)
        return
    quiet = min(_QUIET_FIRST * 2 ** min(endpoint.failures, 10), _QUIET_LONGEST)
    endpoint.not_before = now + max(quiet, _wish(answer, now) or timedelta(0))
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    session.add(endpoint)
    if answer.status == 410:
        _disable(session, context, endpoint, "It answered 410 Gone.", now)
    elif now - endpoint.failing_since >= GIVE_UP_AFTER:
        _disable(session, context, endpoint, f"Nothing arrived for {GIVE_UP_AFTER.days} days.", now)


def _disable(session: Session, context: AgentContext, endpoint: WebhookEndpoint, why: str, now: datetime) -> None:
    if endpoint.state is not WebhookState.ACTIVE:
        return
    endpoint.state, endpoint.state_reason = WebhookState.DISABLED, why
    session.add(endpoint)
    key = f"webhook:{endpoint.id}:{now.isoformat()}"
    alert = {
        "id": stable_id("alert", context.workspace_id, key),
        "source_key": key,
        "subject_kind": "webhook_endpoint",
        "subject_id": endpoint.id,
        "level": "warning",
        "text": f"A webhook endpoint is disabled. {why} Mend it, then resume it: what happened meanwhile is sent then.",
        "created_at": now,
    }
    bulk.insert_ignore(session, Alert, [alert])
    audit.append(
        session,
        context.clock,
        context.ids,
        actor="system",
        action="webhook.disabled",
        subject_kind="webhook_endpoint",
        subject_id=endpoint.id,
        details={"failures": endpoint.failures},
    )
    feed.publish(session, context.clock, [feed.Event(Kind.WEBHOOK_DISABLED, endpoint.id)])


def _give_back(context: AgentContext, claimed: list[Claimed]) -> None:
    if claimed:
        with context.database.write(context.workspace_id) as session:
            webhooks.release(session, claimed)


def _wait(claimed: Claimed, answer: WebhookAnswer, now: datetime) -> timedelta:
    """The schedule's next, with up to a tenth more so that many do not come back at once; longer where asked for."""
    base = RETRIES[min(claimed.attempts, len(RETRIES)) - 1]
    jitter = random.Random(f"{claimed.id}:{claimed.attempts}").random() / 10
    return max(base * (1 + jitter), _wish(answer, now) or timedelta(0))


def _wish(answer: WebhookAnswer, now: datetime) -> timedelta | None:
    """Retry-After: seconds or a date, a day at most."""
    text = answer.retry_after.strip()
    if not text or answer.status not in (429, 503):
        return None
    if text.isdigit():
        return min(timedelta(seconds=int(text[:9])), _LONGEST_WISH)
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return min(max(at.astimezone(UTC) - now, timedelta(0)), _LONGEST_WISH) if at.tzinfo else None


def _with(claimed: Claimed, now: datetime, answer: WebhookAnswer) -> list[dict[str, Any]]:
    said = redact_text(answer.error or answer.excerpt)[:300]
    row = {"at": now.isoformat(), "status": answer.status, "error": said, "ms": answer.ms}
    return [*claimed.tries, row][-_KEPT_TRIES:]
