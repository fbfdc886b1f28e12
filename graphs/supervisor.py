"""The supervisor graph: ten agents, the approval gate and the outbox, moved by the table in graphs.routing.

There is no supervisor node to come back to: every node asks the table where to go and goes there, which saves a
super-step and a checkpoint a hop. A node either interrupts (approval) or writes (all others), never both.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import UUID

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt

from agents.context import AgentContext
from agents.step import Agent, Outcome, Step, SubjectKind, Trigger
from graphs import routing
from graphs.decisions import record
from graphs.state import ThreadState, moved, step_of
from store.models import Approval, ApprovalState

Graph = CompiledStateGraph[ThreadState, AgentContext, ThreadState, ThreadState]
Policy = Callable[[SubjectKind, str, Trigger], routing.Route]
Recorder = Callable[[AgentContext, ThreadState, str, Step, Outcome, routing.Route], None]


class _Node(Protocol):
    def __call__(self, state: ThreadState, runtime: Runtime[AgentContext]) -> Command[Any]: ...


def build_supervisor(
    agents: Mapping[str, Agent],
    checkpointer: BaseCheckpointSaver[Any] | None,
    *,
    policy: Policy = routing.route,
    recorder: Recorder = record,
) -> Graph:
    """The compiled graph. `agents` has one callable for each of routing.AGENTS and for routing.OUTBOX.

    Raises KeyError naming the agent that is missing.
    """

    def go(context: AgentContext, state: ThreadState, name: str, step: Step, outcome: Outcome) -> Command[Any]:
        if outcome.trigger not in routing.EMITS[name]:
            raise RuntimeError(f"The {name} node answered {outcome.trigger}; graphs.routing.EMITS does not list it.")
        chosen = policy(step.subject, outcome.stage, outcome.trigger)
        recorder(context, state, name, step, outcome, chosen)
        return Command(goto=chosen.next, update=moved(state, outcome))

    def agent_node(name: str, agent: Agent) -> _Node:
        def run(state: ThreadState, runtime: Runtime[AgentContext]) -> Command[Any]:
            step = step_of(state)
            return go(runtime.context, state, name, step, agent(runtime.context, step))

        return run

    def approval_node(state: ThreadState, runtime: Runtime[AgentContext]) -> Command[Any]:
        # First statement: what stands before an interrupt runs again at every resume.
        interrupt({"v": 1, "kind": "approval", "approval_id": state["payload"]["approval_id"]})
        # The answer is not in the resume value but in the row: the store is the truth.
        step = step_of(state)
        return go(runtime.context, state, routing.APPROVAL, step, _decided(runtime.context, step))

    def enter(state: ThreadState) -> str:
        step = step_of(state)
        return policy(step.subject, step.stage, step.trigger).next

    graph = StateGraph(ThreadState, context_schema=AgentContext)
    for name in (*routing.AGENTS, routing.OUTBOX):
        graph.add_node(name, agent_node(name, agents[name]), destinations=routing.destinations(name))
    graph.add_node(routing.APPROVAL, approval_node, destinations=routing.destinations(routing.APPROVAL))
    graph.add_conditional_edges(START, enter, list(routing.entries()))
    return graph.compile(checkpointer=checkpointer, name="supervisor")


def _decided(context: AgentContext, step: Step) -> Outcome:
    with context.database.read(context.workspace_id) as session:
        approval = session.get(Approval, (context.workspace_id, UUID(step.payload["approval_id"])))
    state = approval.state if approval else ApprovalState.VOID
    by = approval.decided_by if approval else ""
    match state:
        case ApprovalState.APPROVED:
            return Outcome(step.stage, Trigger.APPROVED, f"Approved by {by}.")
        case ApprovalState.REJECTED:
            return Outcome(step.stage, Trigger.REJECTED, f"Rejected by {by}.")
        case _:
            return Outcome(step.stage, Trigger.NOTHING, f"The approval is {state}: nothing is sent.")
