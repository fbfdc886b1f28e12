"""What the feed tells of: one table of kinds, each with a sentence, what it is about, and the shape of its data.

Data hold ids, enums, numbers and instants, and codes of ours. There is no field for free text, so nothing personal can
get in: a field is a UUID, a number, an instant, a StrEnum or a `Code` (a test holds every model to that).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from store.models import LeadStage, MeetingState, RunState

# A word of ours: a class of reply, a reason's code. Neither white space, "@", "+" nor a capital letter fits in it.
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.:\-]{0,64}$")]


def code_of(text: str) -> str:
    """A code where the text is one; else "other": somebody typed it."""
    word = text.strip().lower().replace(" ", "_")
    return word if re.fullmatch(r"[a-z0-9_.:\-]{0,64}", word) else "other"


class Kind(StrEnum):
    APPROVAL_WAITING = "approval.waiting"
    APPROVAL_APPROVED = "approval.approved"
    APPROVAL_REJECTED = "approval.rejected"
    APPROVAL_UNDONE = "approval.undone"
    DRAFT_VOID = "draft.void"
    DRAFT_REPLACED = "draft.replaced"
    MAIL_SENT = "mail.sent"
    MAIL_FAILED = "mail.failed"
    MAIL_UNKNOWN = "mail.unknown"
    MESSAGE_RECEIVED = "message.received"
    CONTACT_OPTED_OUT = "contact.opted_out"
    CONTACT_BOUNCED = "contact.bounced"
    SUPPRESSION_ADDED = "suppression.added"
    MEETING_PROPOSED = "meeting.proposed"
    MEETING_BOOKED = "meeting.booked"
    MEETING_MOVED = "meeting.moved"
    MEETING_HELD = "meeting.held"
    MEETING_NO_SHOW = "meeting.no_show"
    MEETING_CANCELLED = "meeting.cancelled"
    MEETING_EXPIRED = "meeting.expired"
    LEAD_STAGE_CHANGED = "lead.stage_changed"
    LEAD_TIER_CHANGED = "lead.tier_changed"
    RUN_STARTED = "run.started"
    RUN_PAUSED = "run.paused"
    RUN_RESUMED = "run.resumed"
    RUN_DONE = "run.done"
    RUN_FAILED = "run.failed"
    RUN_CANCELLED = "run.cancelled"
    TASK_MADE = "task.made"
    TASK_DONE = "task.done"
    CUSTOMER_AT_RISK = "customer.at_risk"
    CUSTOMER_STAGE_CHANGED = "customer.stage_changed"
    CUSTOMER_CHURNED = "customer.churned"
    PLAY_STARTED = "play.started"
    ICP_VERSION_MADE = "icp.version_made"
    POLICY_CHANGED = "policy.changed"
    MAILBOX_PAUSED = "mailbox.paused"
    MAILBOX_RESUMED = "mailbox.resumed"
    WEBHOOK_DISABLED = "webhook.disabled"
    WEBHOOK_PING = "webhook.ping"


class Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(Data):
    """No more than which kind, and of what."""


class ApprovalData(Data):
    draft_id: UUID
    lead_id: UUID | None = None
    customer_id: UUID | None = None
    action: Code = ""  # first_mail, follow_up, …: what the draft is


class DraftData(Data):
    lead_id: UUID | None = None
    customer_id: UUID | None = None
    outbox_items_cancelled: int = 0


class MailData(Data):
    about_kind: Code  # lead, customer
    about_id: UUID
    contact_id: UUID | None = None
    mailbox_id: UUID | None = None
    draft_id: UUID | None = None
    attempts: int = 0


class MessageData(Data):
    category: Code  # interested, not_now, objection, out_of_office, opt_out, bounce, … ; empty: not classified
    lead_id: UUID | None = None
    customer_id: UUID | None = None
    contact_id: UUID | None = None
    mailbox_id: UUID | None = None


class ContactData(Data):
    reason: Code = ""
    lead_ids: tuple[UUID, ...] = ()


class SuppressionData(Data):
    reason: Code
    keys_new: int


class MeetingData(Data):
    lead_id: UUID | None = None
    state: MeetingState
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class LeadStageData(Data):
    before: LeadStage | None
    after: LeadStage
    company_id: UUID
    contact_id: UUID


class LeadTierData(Data):
    before: int | None  # 1–4; None: it had none yet
    after: int
    priority: float | None  # 0–1
    company_id: UUID
    contact_id: UUID
    run_id: UUID | None = None


class RunData(Data):
    state: RunState
    icp_version_id: UUID
    companies_seen: int = 0
    companies_kept: int = 0


class TaskData(Data):
    task_kind: Code
    about_kind: Code
    about_id: UUID
    assignee_id: UUID | None = None
    due_at: datetime | None = None


class CustomerData(Data):
    company_id: UUID | None = None
    before: Code = ""
    after: Code = ""
    churn_risk: float | None = None  # 0–1; high is bad


class PlayData(Data):
    customer_id: UUID
    playbook_id: UUID | None = None


class VersionData(Data):
    number: int


class MailboxData(Data):
    by_us: bool  # False: a person did it


@dataclass(frozen=True, slots=True)
class About:
    text: str
    subject_kind: str
    data: type[Data]


KINDS: Final[dict[Kind, About]] = {
    Kind.APPROVAL_WAITING: About("A draft waits for a person's word.", "approval", ApprovalData),
    Kind.APPROVAL_APPROVED: About("A draft was approved, by a person or by a policy.", "approval", ApprovalData),
    Kind.APPROVAL_REJECTED: About("A draft was rejected.", "approval", ApprovalData),
    Kind.APPROVAL_UNDONE: About(
        "An approval was taken back before the mail left; it waits again.", "approval", ApprovalData
    ),
    Kind.DRAFT_VOID: About(
        "Something overtook a draft (a reply, an opt-out, a change); it will not be sent.", "draft", DraftData
    ),
    Kind.DRAFT_REPLACED: About(
        "A draft was edited: a new version, with an approval of its own, replaces it.", "draft", DraftData
    ),
    Kind.MAIL_SENT: About("A mail left.", "outbox_item", MailData),
    Kind.MAIL_FAILED: About("A mail could not be sent, for good.", "outbox_item", MailData),
    Kind.MAIL_UNKNOWN: About("Nobody can say whether a mail arrived; a person decides.", "outbox_item", MailData),
    Kind.MESSAGE_RECEIVED: About("A mail came in: an answer, a bounce, an absence.", "message", MessageData),
    Kind.CONTACT_OPTED_OUT: About("A contact said no; nobody writes to them again.", "contact", ContactData),
    Kind.CONTACT_BOUNCED: About(
        "A contact's address does not exist; nobody writes to it again.", "contact", ContactData
    ),
    Kind.SUPPRESSION_ADDED: About("An address or a domain is never written to again.", "suppression", SuppressionData),
    Kind.MEETING_PROPOSED: About("Times for a meeting are held and drafted into a mail.", "meeting", MeetingData),
    Kind.MEETING_BOOKED: About("A held time was picked.", "meeting", MeetingData),
    Kind.MEETING_MOVED: About(
        "A booked meeting is at another time: the prospect or the rep moved it.", "meeting", MeetingData
    ),
    Kind.MEETING_HELD: About("A person says that the meeting took place.", "meeting", MeetingData),
    Kind.MEETING_NO_SHOW: About("A person says that nobody came.", "meeting", MeetingData),
    Kind.MEETING_CANCELLED: About("A meeting, or the proposal of one, was called off.", "meeting", MeetingData),
    Kind.MEETING_EXPIRED: About("Nobody picked a time before they ran out.", "meeting", MeetingData),
    Kind.LEAD_STAGE_CHANGED: About("A lead moved to another stage.", "lead", LeadStageData),
    Kind.LEAD_TIER_CHANGED: About("A lead's tier is another than before.", "lead", LeadTierData),
    Kind.RUN_STARTED: About("A run began.", "run", RunData),
    Kind.RUN_PAUSED: About("A run takes no further companies.", "run", RunData),
    Kind.RUN_RESUMED: About("A paused run goes on.", "run", RunData),
    Kind.RUN_DONE: About("A run ended: all its companies are scored.", "run", RunData),
    Kind.RUN_FAILED: About("A run ended because of an error.", "run", RunData),
    Kind.RUN_CANCELLED: About("A person ended a run; what it found stays.", "run", RunData),
    Kind.TASK_MADE: About("There is something for a person to do.", "task", TaskData),
    Kind.TASK_DONE: About("A task was done.", "task", TaskData),
    Kind.CUSTOMER_AT_RISK: About("A customer's churn risk became high.", "customer", CustomerData),
    Kind.CUSTOMER_STAGE_CHANGED: About("A customer's churn risk moved to another band.", "customer", CustomerData),
    Kind.CUSTOMER_CHURNED: About("A customer left.", "customer", CustomerData),
    Kind.PLAY_STARTED: About("A playbook's play began for a customer.", "play", PlayData),
    Kind.ICP_VERSION_MADE: About("An ICP has a new version.", "icp", VersionData),
    Kind.POLICY_CHANGED: About("The policy has a new version.", "policy", VersionData),
    Kind.MAILBOX_PAUSED: About("A mailbox sends nothing until it is resumed.", "mailbox", MailboxData),
    Kind.MAILBOX_RESUMED: About("A paused mailbox sends again.", "mailbox", MailboxData),
    Kind.WEBHOOK_DISABLED: About(
        "A webhook endpoint failed for too long, or said that it is gone.", "webhook_endpoint", Nothing
    ),
    Kind.WEBHOOK_PING: About("A test, sent to one endpoint only.", "webhook_endpoint", Nothing),
}  # fmt: skip
