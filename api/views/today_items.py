"""One thing to do, what it may bring, and the sum behind its rank."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from scoring.worth import Action, Worth, worth
from store.models import Workspace
from store.session import workspace_of


class WorthReason(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    code: str
    text: str
    points: float


class TodayItem(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "reply",
                    "id": "0192c1a0-0000-7000-8000-00000000000b",
                    "title": "Answer Pat Weber",
                    "company": "Albrecht Freight",
                    "reason": "They wrote, and no answer is drafted.",
                    "count": 1,
                    "href": "/leads/0192c1a0-0000-7000-8000-00000000000b",
                    "due_at": "2026-06-02T14:00:00Z",
                    "chance": 0.06,
                    "expected_minor": 120000,
                    "currency": "EUR",
                    "minutes": 3.0,
                    "rank": 60000.0,
                    "reasons": [{"code": "urgency", "text": "It is overdue: × 1.5.", "points": 1.5}],
                }
            ]
        }
    )

    kind: Literal["reply", "approval", "meeting", "task", "outbox", "alert"]
    id: UUID
    title: str
    company: str
    reason: str = Field(description="Why it stands here, in a sentence.")
    count: int = Field(description="How many it stands for: drafts that are decided one after the other.")
    href: str = Field(description="The console's page where it is done.")
    due_at: datetime | None
    script: str | None = Field(default=None, description="What to say, for a task that has it.")
    outcomes: list[str] = Field(default=[], description="Words that POST /tasks/{id}/log takes for this task.")
    chance: float = Field(description="0–1: that a deal is won because of this.")
    expected_minor: int | None = Field(
        description="What it may bring, in minor units of money. None: nobody said what a won deal is worth."
    )
    currency: str
    minutes: float
    rank: float = Field(description="Money a minute, with urgency. Only its order means anything.")
    reasons: list[WorthReason] = Field(description="The sum behind the rank, factor by factor.")


class Today(BaseModel):
    items: list[TodayItem]
    next: str | None = Field(default=None, description="Always empty: a day is one page.")


class Ranker:
    """Everything that a rank needs beside the row itself."""

    def __init__(self, session: Session, now: datetime) -> None:
        workspace = session.get(Workspace, workspace_of(session))
        self.deal = workspace.deal_value_minor if workspace else 0
        self.currency = workspace.currency if workspace else ""
        self.now = now

    def item(self, action: Action, priority: float | None, *, due_at: datetime | None, **values: Any) -> TodayItem:
        found: Worth = worth(action, priority, self.deal, self.currency, now=self.now, due_at=due_at)
        count = values.pop("count", 1)
        return TodayItem(
            **values,
            count=count,
            due_at=due_at,
            chance=found.chance,
            expected_minor=found.expected_minor * count if self.deal else None,
            currency=self.currency,
            minutes=found.minutes * count,
            rank=found.rank,
            reasons=found.reasons,  # checked with the item, which is quicker than one by one
        )
