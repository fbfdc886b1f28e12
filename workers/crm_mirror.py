"""Steps to the CRM, in batches. Its keys make each step happen once, so a repeated batch changes nothing there."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from agents.context import AgentContext
from core.errors import Rejected, RetryAt
from core.ids import stable_id
from core.redaction import redact_text
from store import bulk
from store.models import Alert, OutboxItem, OutboxState
from store.queries import outbox
from tools.ports import Crm, CrmActivity
from workers.outcomes import backoff

BATCH = 100  # what the large CRMs take in one call
_MAX_ATTEMPTS = 60  # with hours between them: a CRM may be down for a week


def mirror(context: AgentContext, owner: str, limit: int = BATCH) -> int:
    """Carries out up to `limit` due steps. Returns how many it took; 0: nothing was due."""
    now = context.clock.now()
    with context.database.write(context.workspace_id) as session:
        items = outbox.claim(
            session,
            now,
            owner=owner,
            lease_seconds=context.settings.lease_seconds,
            limit=limit,
            kinds=[outbox.CRM],
        )
    if items:
        _carry_out(context, owner, items, context.tools.crm(context.workspace_id))
    return len(items)


def _carry_out(context: AgentContext, owner: str, items: Sequence[OutboxItem], crm: Crm) -> None:
    try:
        crm.mirror([_activity(context, item) for item in items])
    except RetryAt as error:
        _later(context, owner, items, error)
        return
    except Rejected as error:
        if len(items) > 1:  # one bad step of a hundred must not hold the others up
            for item in items:
                _carry_out(context, owner, [item], crm)
        else:
            _dead_letter(context, owner, items[0], redact_text(str(error)))
        return
    done = context.clock.now()
    with context.database.write(context.workspace_id) as session:
        outbox.complete_many(session, [item.id for item in items], owner, OutboxState.SENT, sent_at=done)


def _later(context: AgentContext, owner: str, items: Sequence[OutboxItem], error: RetryAt) -> None:
    now = context.clock.now()
    reason = redact_text(str(error))[:1_000]
    with context.database.write(context.workspace_id) as session:
        for item in items:
            attempts = item.attempts + 1
            if attempts >= _MAX_ATTEMPTS:
                _fail(session, context, owner, item, reason)
                continue
            wait: timedelta = backoff(item.id, attempts)
            at: datetime = error.retry_at or now + wait
            outbox.complete(
                session,
                item.id,
                item.lease_token,
                OutboxState.READY,
                not_before=max(at, now),
                attempts=attempts,
                state_reason=reason,
            )


def _dead_letter(context: AgentContext, owner: str, item: OutboxItem, reason: str) -> None:
    with context.database.write(context.workspace_id) as session:
        _fail(session, context, owner, item, reason)


def _fail(session: Any, context: AgentContext, owner: str, item: OutboxItem, reason: str) -> None:
    outbox.complete_many(session, [item.id], owner, OutboxState.FAILED, state_reason=reason[:1_000])
    key = f"crm_rejected:{item.id}"
    alert = {
        "id": stable_id("alert", context.workspace_id, key),
        "source_key": key,
        "subject_kind": item.subject_kind,
        "subject_id": item.subject_id,
        "level": "warning",
        "text": f"The CRM refused a step ({item.payload.get('kind', '?')}): {reason[:500]}",
        "created_at": context.clock.now(),
    }
    bulk.insert_ignore(session, Alert, [alert])


def _activity(context: AgentContext, item: OutboxItem) -> CrmActivity:
    payload = item.payload
    summary = context.sealer.open(item.payload_sealed or "", context=outbox.payload_context(item.id))
    return CrmActivity(
        key=item.key,
        record_kind=payload["record_kind"],
        record_id=UUID(payload["record_id"]),
        kind=payload["kind"],
        occurred_at=datetime.fromisoformat(payload["occurred_at"]),
        summary=summary,
        fields=payload.get("fields", {}),
    )
