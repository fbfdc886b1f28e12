"""What was found out about the domains that mail leaves from, what servers said no to, and who may not send for it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from store.models.base import WorkspaceRow, index, json_field, refers, text_field, unique


class MailDomain(WorkspaceRow, table=True):
    """A domain of our mailboxes: what to look at, and what was found when it was last looked at."""

    __tablename__ = "mail_domain"
    __table_args__ = (unique("domain"), index("made_at"))

    domain: str = Field(max_length=253)  # A-labels, lower case
    selectors: list[str] = json_field(list)  # of the DKIM keys that sign
    sends_from: list[str] = json_field(list)  # public addresses that mail leaves from
    blocklists: list[str] = json_field(list)  # zones that a person named: no other is asked
    findings: list[dict[str, Any]] = json_field(list)  # tools.deliverability.findings.Finding, the worst first
    # check → the last severity that was known, and since when: a silent name server must not make us forget.
    standing: dict[str, Any] = json_field()
    made_at: datetime | None = None  # None: never looked at
    ramp: str = Field(default="steps", max_length=16)  # a name in agents.ramps.SCHEDULES
    created_at: datetime


class DeliveryVerdict(WorkspaceRow, table=True):
    """One mail that somebody said no to, once, and whose fault it was (tools.mail.verdicts). No personal data."""

    __tablename__ = "delivery_verdict"
    __table_args__ = (
        refers("mailbox_id", "mailbox", ondelete="CASCADE"),
        unique("source_key"),
        index("domain", "at"),
        index("mailbox_id", "at"),
    )

    mailbox_id: UUID  # that sent it
    domain: str = Field(max_length=253)
    verdict: str = Field(max_length=32)
    source_key: str = Field(max_length=200)  # "<verdict's class>:outbox:<id>": a mail told of twice is one
    accepted: bool = True  # False: refused at the door, so it is not among what was sent
    code: str = Field(default="", max_length=32)  # RFC 3463 where there is one
    at: datetime


class Brake(WorkspaceRow, table=True):
    """A mailbox or a whole domain that may not send: because of what came back, until a time or a person's word."""

    __tablename__ = "brake"
    __table_args__ = (
        index("domain", "made_at"),
        sa.Index(
            "uq_brake_open",
            "workspace_id",
            "scope",
            "cause",
            unique=True,
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        ),
    )

    scope: str = Field(max_length=264)  # "mailbox:<id>" or "domain:<name>"
    domain: str = Field(max_length=253)
    mailbox_id: UUID | None = None  # None: all mailboxes of the domain
    cause: str = Field(max_length=32)  # agents.brakes.Cause
    reason: str = text_field(...)
    hits: int = 0
    sent: int = 0
    since: datetime | None = None  # what was counted began then
    made_at: datetime
    until: datetime | None = None  # None: a person lifts it
    lifted_at: datetime | None = None
    lifted_by: str = Field(default="", max_length=100)  # "user:<id>", or "time"
    lift_reason: str = text_field()
