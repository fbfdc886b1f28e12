"""What an agent is given and what it gives back: ids and enums only, because a checkpoint keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from agents.context import AgentContext


class SubjectKind(StrEnum):
    RUN = "run"
    COHORT = "cohort"
    LEAD = "lead"
    CUSTOMER = "customer"


class Trigger(StrEnum):
    """Why a thread moves. The first group enters a thread (store: thread_trigger); the second is what an agent
    answers, and moves the thread on inside the graph. Values are stored in checkpoints: never rename one."""

    RUN_STEP = "run_step"
    TOUCH_DUE = "touch_due"
    DECIDED = "decided"  # a person or a policy decided an approval; payload: approval_id
    INBOUND = "inbound"  # a message arrived; payload: message_id (ours: store.models.Message.id)
    SLOT_PICKED = "slot_picked"  # payload: hold_id
    MEETING_ENDED = "meeting_ended"  # a person said how it went; payload: meeting_id
    TRANSCRIPT_KEPT = "transcript_kept"  # what was said in a meeting was uploaded; payload: transcript_id
    RECAP_ASKED = "recap_asked"  # a person wants a mail of what was agreed; payload: meeting_id
    DEAL_CLOSED = "deal_closed"  # payload: deal_id
    DAILY = "daily"

    MORE = "more"  # the agent left itself another trigger
    READY = "ready"  # done; the next stage's agent goes on
    DRAFTED = "drafted"  # payload: draft_id, approval_id
    APPROVED = "approved"
    REJECTED = "rejected"
    QUEUED = "queued"  # an outbox item was inserted
    TASKED = "tasked"  # a person got a task: LinkedIn, phone
    BLOCKED = "blocked"  # a rule forbids it; the reason says which
    INTERESTED = "interested"
    QUESTION = "question"
    NOT_NOW = "not_now"
    NEGATIVE = "negative"
    OPTED_OUT = "opted_out"
    BOUNCED = "bounced"
    AUTO_REPLY = "auto_reply"
    SLOTS_HELD = "slots_held"  # payload: meeting_id
    BOOKED = "booked"
    MISSED = "missed"  # nobody came, and nothing since says why; payload: meeting_id
    ASSESSED = "assessed"
    PLAYED = "played"
    MIRRORED = "mirrored"
    NOTHING = "nothing"  # there was nothing to do: already done, or overtaken


@dataclass(frozen=True, slots=True)
class Step:
    """One move of one thread. `stage` is what the store said when the thread was entered or last moved."""

    subject: SubjectKind
    subject_id: UUID
    stage: str
    trigger: Trigger
    payload: Mapping[str, str] = field(default_factory=dict)  # ids as text
    run_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the agent did: the subject's stage now, the trigger that says how to go on, and why, for people."""

    stage: str
    trigger: Trigger
    reason: str
    payload: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)  # what the decision was made from: nothing personal


class Agent(Protocol):
    """An agent may be called twice for the same step (a crash in between): the second time must change nothing."""

    def __call__(self, context: AgentContext, step: Step) -> Outcome: ...
