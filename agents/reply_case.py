"""One message, whom it concerns, and what may be noted about it. Each note is made once, by its source key."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from agents import attention
from agents.attention import Attention
from agents.context import AgentContext
from agents.recipient_clock import clock_of
from agents.step import Outcome, Trigger
from core.ids import stable_id
from scoring.engagement import ActorClass
from scoring.sequence import add_business_days
from store import bulk
from store.models import Alert, Company, Contact, Customer, Lead, Message
from tools.mail.intents import Intent

COLLEAGUE: Final = "colleague"  # as workers.thread_match writes it into a message's reading


@dataclass(frozen=True)
class Case:
    """One message and whom it concerns."""

    session: Session
    context: AgentContext
    message: Message
    subject: Lead | Customer
    contact_id: UUID

    @property
    def lead(self) -> Lead | None:
        return self.subject if isinstance(self.subject, Lead) else None

    @property
    def stage(self) -> str:
        return self.subject.stage.value if isinstance(self.subject, Lead) else self.subject.stage

    @property
    def by_stranger(self) -> bool:
        """A colleague wrote whom we know by this mail alone: its contact is whom we had written to."""
        return self.message.reading.get("writer") == COLLEAGUE

    @property
    def by_colleague(self) -> bool:
        """Somebody at the company wrote, and not the lead's contact."""
        known = self.lead is not None and self.lead.contact_id != self.contact_id
        return self.by_stranger or known

    def event(self, kind: str, actor: ActorClass, raw: dict[str, Any] | None = None) -> bool:
        return attention.add_event(
            self.session,
            self.context,
            contact_id=self.contact_id,
            lead_id=self.lead.id if self.lead else None,
            message_id=self.message.id,
            kind=kind,
            actor=actor,
            rule=str(self.message.reading.get("rule", "")) or self.message.kind,
            source_key=f"message:{self.message.id}",
            at=self.message.at,
            raw=raw,
        )

    def outcome(self, trigger: Trigger, reason: str, found: Attention | None = None, **more: str) -> Outcome:
        found = found or attention.reassess(self.session, self.context, self.contact_id)
        inputs = {"kind": self.message.kind, "intents": [intent.value for intent in self.intents], **found.as_inputs()}
        return Outcome(self.stage, trigger, reason, {"message_id": str(self.message.id), **more}, inputs)

    @property
    def intents(self) -> list[Intent]:
        """In their order of precedence; what an older version wrote and nobody knows any more is left out."""
        named = {str(hit["intent"]) for hit in self.message.reading.get("intents", [])}
        return [intent for intent in Intent if intent.value in named] or [Intent.UNKNOWN]

    @property
    def body(self) -> str:
        sealed = self.message.body_sealed
        return self.context.sealer.open(sealed, context=f"message|body|{self.message.id}") if sealed else ""

    def task(self, key: str, kind: str, title: str, due_at: datetime | None = None, script: str = "") -> None:
        attention.add_task(
            self.session,
            self.context,
            source_key=f"{key}:{self.message.id}",
            subject=self.subject,
            kind=kind,
            title=title,
            due_at=due_at,
            script=script,
        )

    def alert(self, key: str, level: str, text: str) -> None:
        row = {
            "id": stable_id("alert", self.context.workspace_id, key),
            "source_key": key,
            "subject_kind": "lead" if self.lead else "customer",
            "subject_id": self.subject.id,
            "level": level,
            "text": text,
            "created_at": self.context.clock.now(),
        }
        bulk.insert_ignore(self.session, Alert, [row])

    def morning(self, day: date) -> datetime:
        """Nine o'clock of that day, or of the business day after it, by the contact's clock and holidays."""
        contact = self.session.get(Contact, (self.context.workspace_id, self.contact_id))
        if contact is None:
            return datetime.combine(add_business_days(day, 0), time(9), UTC)
        company = self.session.get(Company, (self.context.workspace_id, contact.company_id))
        days = clock_of(contact, company).days(self.context.clock.now(), "UTC", 9 * 60)
        return days.touch_on(add_business_days(day, 0, days.holidays), self.context.clock.now())
