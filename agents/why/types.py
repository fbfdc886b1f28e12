"""What a report says: gates, the worst first, and how many mails stand before which of them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session

from agents.context import AgentContext
from agents.policy import Policy


class Level(StrEnum):
    """How much a gate holds; in the order in which people should look."""

    STOPS = "stops"  # nothing leaves until a person does something
    HOLDS = "holds"  # some mails wait for a person
    WAITS = "waits"  # time alone opens it
    NOTE = "note"  # good to know; holds nothing


@dataclass(frozen=True, slots=True)
class Part:
    """One line within a gate: a country, a reason, a mailbox."""

    label: str
    count: int | None = None
    until: datetime | None = None
    id: UUID | None = None  # of the thing, where it has a page


@dataclass(frozen=True, slots=True)
class Gate:
    """`code` is stable. `place`: the page that settles it. `count` None: it holds whatever there is."""

    code: str
    level: Level
    text: str
    fix: str = ""
    place: str = ""  # approvals, policies, mailboxes, outbox, leads, runs, settings, budgets
    count: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """How many mails stand where, from the plan to the sent mail."""

    planned: int = 0  # touches by mail of running sequences, not due yet
    due: int = 0  # due, not drafted yet
    waiting: int = 0  # drafts that wait for a person
    queued: int = 0  # approved, in the outbox
    sent_today: int = 0
    last_sent_at: datetime | None = None
    first_due_at: datetime | None = None  # of the touches that are due: the longest waiting
    next_due_at: datetime | None = None  # of the touches that are not due yet
    next_queued_at: datetime | None = None  # when the next queued mail may leave


@dataclass(frozen=True, slots=True)
class Report:
    at: datetime
    pipeline: Pipeline
    gates: list[Gate] = field(default_factory=list)

    @property
    def stopped(self) -> bool:
        return any(gate.level is Level.STOPS for gate in self.gates)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked about: the workspace, one mailbox, or one lead (with its mailbox)."""

    session: Session
    context: AgentContext
    policy: Policy
    now: datetime
    mailbox_id: UUID | None = None
    lead_id: UUID | None = None
    pipeline: Pipeline = field(default_factory=Pipeline)
