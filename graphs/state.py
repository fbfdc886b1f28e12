"""The state of a thread: ids and small frozen values, JSON only. Checkpoints hold nothing personal."""

from typing import TypedDict
from uuid import UUID

from agents.step import Outcome, Step, SubjectKind, Trigger


class ThreadState(TypedDict, total=False):
    """New keys only ever added: parked threads of an older version are read with this type."""

    subject: str
    subject_id: str
    run_id: str
    stage: str
    trigger: str
    payload: dict[str, str]
    entry: str  # the thread_trigger that entered the thread
    hops: int  # moves so far: with `entry`, the identity of a decision


def initial(step: Step, entry: UUID) -> ThreadState:
    return ThreadState(
        subject=step.subject.value,
        subject_id=str(step.subject_id),
        run_id=str(step.run_id) if step.run_id else "",
        stage=step.stage,
        trigger=step.trigger.value,
        payload=dict(step.payload),
        entry=str(entry),
        hops=0,
    )


def step_of(state: ThreadState) -> Step:
    run_id = state.get("run_id")
    return Step(
        subject=SubjectKind(state["subject"]),
        subject_id=UUID(state["subject_id"]),
        stage=state["stage"],
        trigger=Trigger(state["trigger"]),
        payload=state.get("payload", {}),
        run_id=UUID(run_id) if run_id else None,
    )


def moved(state: ThreadState, outcome: Outcome) -> ThreadState:
    return ThreadState(
        stage=outcome.stage,
        trigger=outcome.trigger.value,
        payload={**state.get("payload", {}), **outcome.payload},
        hops=state.get("hops", 0) + 1,
    )
