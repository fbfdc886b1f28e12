"""Placement tests at work: whether their mails may leave, and where they landed, read from the seeds' folders.

A mail is looked for each minute until it was found, or for an hour: one that is in no folder by then is missing. What
was found first counts, as a person would have found it.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from agents import placement as tests
from agents.content_notes import blocking, notes_on, said_of
from agents.context import AgentContext
from core.errors import SalesOSError
from core.logging import get_logger
from core.redaction import redact_text
from store.models import (
    Mailbox,
    OutboxItem,
    OutboxState,
    Place,
    PlacementResult,
    PlacementState,
    PlacementTest,
    SeedAddress,
)
from store.queries import placement
from tools.mail.compose import OutboundMail
from tools.ports import Unknown
from tools.ports.placement import Landed
from workers.around import Around
from workers.letters import UnsubscribeUrl, Words

_log = get_logger(__name__)
AGAIN: Final = timedelta(minutes=1)
PATIENCE: Final = timedelta(hours=1)
_GONE: Final = (OutboxState.FAILED, OutboxState.CANCELLED, OutboxState.EXPIRED)


def is_of_a_test(item: OutboxItem) -> bool:
    return item.subject_kind == placement.SUBJECT


def letter(
    around: Around,
    context: AgentContext,
    item: OutboxItem,
    words: Words,
    mailbox: Mailbox,
    unsubscribe_url: UnsubscribeUrl,
) -> tuple[OutboundMail, tuple[str, ...]] | str:
    """(The same mail as outreach would be, footer and all, what an opt-out of the seed would be found by); or why it
    may not leave. Its unsubscribe link is of nobody."""
    if words.recipient in around.suppressed:
        return f"Suppressed ({around.suppressed[words.recipient]}): nothing is sent there."
    if around.workspace is None:
        return "The workspace is gone."
    if around.policy.blocking_notes:
        notes = notes_on(
            context,
            around.workspace,
            mailbox.address,
            subject=words.subject,
            body=words.text,
            links=words.links,
            answers=False,
        )
        if found := blocking(around.policy, notes):
            return f"The policy holds it back. {said_of(found)}"
    mail = OutboundMail(
        message_id=item.message_id,
        date=context.clock.now(),
        sender_address=mailbox.address,
        recipient_address=words.recipient,
        subject=words.subject,
        text=words.text,
        unsubscribe_url=unsubscribe_url(item.workspace_id, item.subject_id, None),
        postal_address=around.workspace.postal_address,
        sender_name=mailbox.display_name,
        sender_organisation=around.workspace.name,
    )
    return mail, tuple(key for _, key in around.keyed[words.recipient])


# ---- where they landed


def look(context: AgentContext) -> int:
    """Reads the seeds of tests that are due. Returns how many mails were settled."""
    with context.database.read(context.workspace_id) as session:
        due = placement.due_tests(session, context.clock.now() - AGAIN)
    return sum(_look(context, test_id) for test_id in due)


def _look(context: AgentContext, test_id: UUID) -> int:
    with context.database.read(context.workspace_id) as session:
        rows = [row for row in placement.results_of(session, [test_id])[test_id] if row.place is Place.WAITING]
        items = placement.items_of(session, [row.outbox_item_id for row in rows])
        wire = placement.wire_ids(session, list(items))
        seeds = {seed.id: seed for seed in placement.seeds(session)}
    found = {row.id: _one(context, row, items.get(row.outbox_item_id), wire, seeds.get(row.seed_id)) for row in rows}
    return _keep(context, test_id, found)


Change = Mapping[str, object]  # columns of a result


def _one(
    context: AgentContext,
    row: PlacementResult,
    item: OutboxItem | None,
    wire: Mapping[UUID, str],
    seed: SeedAddress | None,
) -> Change:
    """Outside of any transaction: it asks the seed's server."""
    now = context.clock.now()
    if item is None or item.state in _GONE:
        return {"place": Place.NOT_SENT, "problem": item.state_reason if item else "It is not in the outbox."}
    left_at = item.sent_at or item.started_at
    if left_at is None:
        return {}
    late = now - left_at >= PATIENCE
    if seed is None:
        return {"place": Place.UNREAD, "problem": "The seed was removed.", "sent_at": left_at}
    names = [name for name in (wire.get(item.id, ""), row.message_id) if name]
    answer = _find(context, seed, names)
    if isinstance(answer, Unknown):
        return {"problem": answer.reason, "sent_at": left_at} | ({"place": Place.UNREAD} if late else {})
    landed = next((answer[name] for name in names if name in answer), None)
    if landed is not None:
        place = Place(landed.tab.value)
        return {"place": place, "folder": landed.folder, "found_at": now, "sent_at": left_at, "problem": ""}
    if not late:
        return {"sent_at": left_at, "problem": ""}
    if item.state is OutboxState.SENT:
        return {"place": Place.MISSING, "sent_at": left_at, "problem": ""}
    return {"place": Place.NOT_SENT, "problem": "Nobody knows whether it left: see the outbox."}


def _find(context: AgentContext, seed: SeedAddress, names: Sequence[str]) -> Mapping[str, Landed] | Unknown:
    try:
        return context.tools.seed_reader(seed, tests.password_of(context, seed)).find(names)
    except SalesOSError as error:
        return Unknown(redact_text(str(error)))
    except Exception as error:  # one server that breaks our reading must not keep the others from being read
        _log.exception("a seed could not be read", seed=str(seed.id))
        return Unknown(f"It could not be read ({type(error).__name__}).")


def _keep(context: AgentContext, test_id: UUID, found: Mapping[UUID, Change]) -> int:
    now, settled = context.clock.now(), 0
    with context.database.write(context.workspace_id) as session:
        test = session.get(PlacementTest, (context.workspace_id, test_id), with_for_update=True, populate_existing=True)
        if test is None or test.state is not PlacementState.RUNNING:
            return 0
        rows = placement.results_of(session, [test_id])[test_id]
        for row in rows:
            if row.place is not Place.WAITING:  # another worker was faster
                continue
            for name, value in found.get(row.id, {}).items():
                setattr(row, name, value)
            settled += row.place is not Place.WAITING
            session.add(row)
        test.looked_at = now
        if all(row.place is not Place.WAITING for row in rows):
            test.state, test.finished_at = PlacementState.FINISHED, now
        session.add(test)
    return settled
