"""What is due, asked of the store. An enqueue is only a hint: a lost hint or an empty queue loses nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from agents.context import AgentContext
from agents.uploads import to_take_in
from store.queries import inbound, outbox, pulse, team_notices, triggers, webhooks, workspaces
from store.session import Database
from workers import calendar_sync

ContextFor = Callable[[UUID], AgentContext]
_LIMIT = 1_000  # subjects a sweep hands out: the next one comes in seconds


@dataclass(frozen=True, slots=True)
class Due:
    """What one workspace has to do now."""

    workspace_id: UUID
    subjects: list[tuple[str, UUID]] = field(default_factory=list)
    outbox: bool = False
    webhooks: bool = False
    notices: bool = False
    inbound_events: bool = False
    calendars: bool = False
    imports: Sequence[UUID] = ()

    def __bool__(self) -> bool:
        return (
            bool(self.subjects)
            or self.outbox
            or self.webhooks
            or self.notices
            or self.inbound_events
            or self.calendars
            or bool(self.imports)
        )


def sweep_workspace(context: AgentContext, worker: str = "") -> Due:
    """Turns touches whose time has come into triggers, and says which threads and whether the outbox is due."""
    now = context.clock.now()
    with context.database.write(context.workspace_id) as session:
        pulse.beat(session, now, worker)
        triggers.due_touches_to_triggers(session, context.clock, _LIMIT)
        subjects = triggers.due_subjects(session, now, _LIMIT)
        next_item = outbox.next_ready_at(session)
        next_delivery = webhooks.next_due_at(session, now)
        next_notice = team_notices.next_due_at(session, now)
        next_event = inbound.next_due_at(session)
        imports = to_take_in(session, context)
        calendars = calendar_sync.has_notices(session, now)
    return Due(
        context.workspace_id,
        subjects,
        outbox=next_item is not None and next_item <= now,
        webhooks=next_delivery is not None and next_delivery <= now,
        notices=next_notice is not None and next_notice <= now,
        inbound_events=next_event is not None and next_event <= now,
        calendars=calendars,
        imports=imports,
    )


def sweep(database: Database, context_for: ContextFor) -> list[Due]:
    """Every workspace that has something to do, oldest first."""
    found = (sweep_workspace(context_for(workspace_id)) for workspace_id in workspaces.list_ids(database))
    return [due for due in found if due]
