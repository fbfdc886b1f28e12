"""A row for every choice: what the agent chose and where the supervisor went on, each with its reason."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from agents.context import AgentContext
from agents.step import Outcome, Step
from core.ids import stable_id
from graphs.routing import Route
from graphs.state import ThreadState
from store.bulk import insert_ignore
from store.models import Decision

SUPERVISOR = "supervisor"


def record(context: AgentContext, state: ThreadState, name: str, step: Step, outcome: Outcome, chosen: Route) -> None:
    """Writes both choices of one hop. Repeating a hop after a crash writes nothing new."""
    entry, hop = state.get("entry", ""), state.get("hops", 0)
    rows = [
        _row(context, step, entry, hop, name, outcome.stage, outcome.trigger.value, outcome.reason, outcome.inputs),
        _row(context, step, entry, hop, SUPERVISOR, outcome.stage, chosen.next, chosen.reason, {}),
    ]
    with context.database.write(context.workspace_id) as session:
        insert_ignore(session, Decision, rows)


def record_entry(context: AgentContext, step: Step, entry: UUID, chosen: Route) -> None:
    """The supervisor's first choice, when a trigger enters a thread."""
    row = _row(context, step, str(entry), -1, SUPERVISOR, step.stage, chosen.next, chosen.reason, {})
    with context.database.write(context.workspace_id) as session:
        insert_ignore(session, Decision, [row])


def _row(
    context: AgentContext,
    step: Step,
    entry: str,
    hop: int,
    actor: str,
    stage: str,
    choice: str,
    reason: str,
    inputs: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "workspace_id": context.workspace_id,
        "id": stable_id("decision", context.workspace_id, entry, hop, actor),
        "subject_kind": step.subject.value,
        "subject_id": step.subject_id,
        "run_id": step.run_id,
        "actor": actor,
        "stage": stage,
        "trigger": step.trigger.value,
        "choice": choice,
        "reason": reason,
        "inputs": dict(inputs),
        "at": context.clock.now(),
    }
