"""Advancing a thread: one holder at a time, its triggers in order, each exactly once, and the resume protocol.

A person's decision is a row (compare-and-set); a worker brings it here as a DECIDED trigger. Three ways on:
  the thread waits in the approval node for this very approval → it is resumed there;
  it was resumed but its worker died in between → it goes on where it stood;
  its position was lost, or something else moved it since → the decision enters it anew.
All three end in the outbox node, whose key makes the effect happen once.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.types import Command
from sqlmodel import Session

from agents.context import AgentContext
from agents.step import Step, SubjectKind, Trigger
from graphs import routing
from graphs.decisions import record_entry
from graphs.state import initial
from graphs.supervisor import Graph
from store.models import Approval, ApprovalState, Cohort, Customer, Lead, Run, ThreadTrigger
from store.queries import locks, triggers

_MAX_HOPS = 12  # the longest honest path has seven; more is a loop in the table


@dataclass(frozen=True)
class Threads:
    graph: Graph
    checkpointer: BaseCheckpointSaver[Any]

    def advance(self, context: AgentContext, kind: SubjectKind, subject_id: UUID, *, owner: str) -> int:
        """Carries out every due trigger of one subject. Returns how many; 0 also when another worker holds it.

        An error is kept on its trigger, which comes back later; the triggers behind it wait, because order matters.
        """
        with context.database.write(context.workspace_id) as session:
            lease = context.settings.lease_seconds
            token = locks.acquire(session, subject_id, owner, context.clock.now(), lease)
        if token is None:
            return 0
        done = 0
        try:
            while (trigger := self._next(context, subject_id)) is not None:
                try:
                    self._carry_out(context, kind, trigger)
                except Exception as error:
                    with context.database.write(context.workspace_id) as session:
                        triggers.mark_failed(session, trigger.id, context.clock.now(), error)
                    break
                with context.database.write(context.workspace_id) as session:
                    triggers.mark_done(session, trigger.id, context.clock.now())
                    locks.renew(session, subject_id, token, context.clock.now(), context.settings.lease_seconds)
                done += 1
        finally:
            with context.database.write(context.workspace_id) as session:
                locks.release(session, subject_id, token)
        return done

    def _next(self, context: AgentContext, subject_id: UUID) -> ThreadTrigger | None:
        with context.database.read(context.workspace_id) as session:
            return triggers.next_due(session, subject_id, context.clock.now())

    def _carry_out(self, context: AgentContext, kind: SubjectKind, trigger: ThreadTrigger) -> None:
        with context.database.read(context.workspace_id) as session:
            stage, run_id = _stage(session, context.workspace_id, kind, trigger.subject_id)
            event = Trigger(trigger.kind)
            approval_id = trigger.payload.get("approval_id", "") if event is Trigger.DECIDED else ""
            if approval_id:
                event = _decision(session, context.workspace_id, UUID(approval_id))
        if stage is None:
            return  # the subject was erased; its triggers have nothing to move
        config: RunnableConfig = {
            "configurable": {"thread_id": thread_id(kind, context.workspace_id, trigger.subject_id)}
        }
        self._move(context, config, Step(kind, trigger.subject_id, stage, event, trigger.payload, run_id), trigger.id)
        if approval_id:
            _mark_resumed(context, UUID(approval_id))

    def _move(self, context: AgentContext, config: RunnableConfig, step: Step, entry: UUID) -> None:
        snapshot = self.graph.get_state(config)
        approval_id = step.payload.get("approval_id")
        waiting = {pending.value["approval_id"]: pending.id for pending in snapshot.interrupts}
        command: Any
        if step.trigger in (Trigger.APPROVED, Trigger.REJECTED) and approval_id in waiting:
            command = Command(resume={waiting[approval_id]: {"approval_id": approval_id}})
        elif snapshot.next and not snapshot.interrupts and snapshot.values.get("entry") == str(entry):
            command = None  # a worker died half way through this very trigger
        else:
            chosen = routing.route(step.subject, step.stage, step.trigger)
            record_entry(context, step, entry, chosen)
            if chosen.next == routing.END:
                return
            command = initial(step, entry)
        limited: RunnableConfig = {**config, "recursion_limit": _MAX_HOPS}
        out = self.graph.invoke(command, limited, context=context, durability="sync", version="v2")
        if not out.interrupts:
            # What happened is in the store; a finished thread's position is of no use to anybody.
            self.checkpointer.delete_thread(str(config["configurable"]["thread_id"]))


def thread_id(kind: SubjectKind, workspace_id: UUID, subject_id: UUID) -> str:
    """Made here and nowhere else: a thread can only be reached through its workspace."""
    return f"{kind.value}:{workspace_id}:{subject_id}"


def _stage(session: Session, workspace_id: UUID, kind: SubjectKind, subject_id: UUID) -> tuple[str | None, UUID | None]:
    match kind:
        case SubjectKind.RUN:
            run = session.get(Run, (workspace_id, subject_id))
            return (run.stage, run.id) if run else (None, None)
        case SubjectKind.COHORT:
            cohort = session.get(Cohort, (workspace_id, subject_id))
            return (cohort.stage.value, cohort.run_id) if cohort else (None, None)
        case SubjectKind.LEAD:
            lead = session.get(Lead, (workspace_id, subject_id))
            return (lead.stage.value, lead.run_id) if lead else (None, None)
        case SubjectKind.CUSTOMER:
            customer = session.get(Customer, (workspace_id, subject_id))
            return (customer.stage, None) if customer else (None, None)


def _decision(session: Session, workspace_id: UUID, approval_id: UUID) -> Trigger:
    approval = session.get(Approval, (workspace_id, approval_id))
    match approval.state if approval else None:
        case ApprovalState.APPROVED:
            return Trigger.APPROVED
        case ApprovalState.REJECTED:
            return Trigger.REJECTED
        case _:
            return Trigger.NOTHING  # voided since: a reply or an opt-out overtook it


def _mark_resumed(context: AgentContext, approval_id: UUID) -> None:
    with context.database.write(context.workspace_id) as session:
        approval = session.get(Approval, (context.workspace_id, approval_id))
        if approval is not None and approval.resumed_at is None:
            approval.resumed_at = context.clock.now()
