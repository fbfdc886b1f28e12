"""What a person allows. A policy is data, versioned in the store; the highest number is in force."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlmodel import Session, col, select

from agents.reply_policy import CAREFUL, ReplyAction, actions_on, below_floor, in_order
from core.clock import Clock
from core.errors import NotFound, Rejected
from core.ids import Ids, stable_id
from store import audit, feed
from store.feed_kinds import Kind, VersionData
from store.models import PolicyRow
from store.session import workspace_of
from tools.deliverability.content import NoteRule
from tools.mail.intents import Intent


class Autonomy(StrEnum):
    PROPOSE = "propose"  # a draft is shown; sending it is the person's own doing
    APPROVE = "approve"  # goes out when a person approved it
    AUTO = "auto"  # goes out when the gate passed it


class ActionClass(StrEnum):
    """Kinds of effects; draft kinds carry the same names."""

    FIRST_MAIL = "first_mail"
    FOLLOW_UP = "follow_up"
    REPLY = "reply"
    MEETING_PROPOSAL = "meeting_proposal"
    MEETING_INVITATION = "meeting_invitation"
    INTERVENTION = "intervention"
    MISSED_MEETING = "missed_meeting"
    MEETING_RECAP = "meeting_recap"
    TEXT_MESSAGE = "text_message"
    CALL = "call"


class Policy(BaseModel):
    """Every default is the careful one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int = 0  # 0: nobody set one yet
    kill_switch: bool = False  # True: nothing is sent, whatever was approved
    autonomy: dict[ActionClass, Autonomy] = Field(
        default_factory=lambda: {
            ActionClass.FIRST_MAIL: Autonomy.APPROVE,
            ActionClass.FOLLOW_UP: Autonomy.APPROVE,
            ActionClass.REPLY: Autonomy.APPROVE,
            ActionClass.MEETING_PROPOSAL: Autonomy.APPROVE,
            # The prospect picked this very time: the invitation only confirms what both sides agreed.
            ActionClass.MEETING_INVITATION: Autonomy.AUTO,
            ActionClass.INTERVENTION: Autonomy.APPROVE,
            ActionClass.MISSED_MEETING: Autonomy.APPROVE,
            ActionClass.MEETING_RECAP: Autonomy.APPROVE,
            # A rep's own phone, until somebody says otherwise. A call is never automatic: a person speaks in it.
            ActionClass.TEXT_MESSAGE: Autonomy.PROPOSE,
            ActionClass.CALL: Autonomy.PROPOSE,
        }
    )
    contacts_per_company: int = Field(default=3, ge=1, le=10)
    weekly_tier1_capacity: int | None = Field(default=None, ge=0)  # None: no demotion by capacity
    window_start_hour: int = Field(default=8, ge=0, le=23)  # in the recipient's zone, Monday to Friday
    window_end_hour: int = Field(default=18, ge=1, le=24)
    # One budget of unasked touches, of sales and customer success together: mails, and what reps do by hand.
    touches_per_contact: int = Field(default=10, ge=1, le=100)
    touches_per_company: int = Field(default=30, ge=1, le=1_000)
    touch_budget_days: int = Field(default=30, ge=1, le=365)  # both within so many days
    same_sender_per_company: bool = True  # colleagues compare their mail
    # Business days after which a sequence goes on by itself. None: a person says so.
    resume_after_colleague_days: int | None = Field(default=None, ge=1, le=250)  # since a colleague answered
    resume_undecided_days: int | None = Field(default=5, ge=1, le=250)  # since a draft expired undecided
    # Days after the last touch of a finished sequence before a lead may come in again. None: never.
    reentry_days: int | None = Field(default=90, ge=30, le=1_000)
    reentry_needs_signal: bool = True  # only with a signal newer than that touch
    # Whether links of mails lead through ours, and images are loaded. Never in the EU, the EEA and the UK.
    track_clicks: bool = False
    track_opens: bool = False
    # The balancing test of GDPR Art. 6(1)(f), or where it is filed. Empty: contacts whose country asks for it wait.
    legitimate_interest_assessment: str = ""
    # Vendors of data. Off, nothing is paid for; what is free is asked all the same.
    buy_data: bool = True
    # What it is worth to place one company in its right tier, in minor units: how far buying goes. Two units of a
    # currency: some minutes of a rep's time on a company that did not deserve them.
    right_tier_worth_minor: int = Field(default=200, ge=0, le=1_000_000)
    company_data_ceiling_minor: int = Field(default=500, ge=0, le=10_000_000)  # of one company, in a year
    # Addresses made by the pattern of a domain that takes mail for any name, so that nobody can confirm them. Off, they
    # are not used: a person who knows better types the address.
    guess_at_catch_all: bool = False
    # What each intent of a reply leads to; floors hold whatever stands here (agents/reply_policy.py).
    replies: dict[Intent, list[ReplyAction]] = Field(
        default_factory=lambda: {intent: in_order(actions) for intent, actions in CAREFUL.items()}
    )
    model_reads_replies: bool = True  # where a model is set, and only replies that no rule understands
    # Notes on words and links (tools/deliverability/content.py) that hold a mail back until it is mended. Empty: all of
    # them are advice.
    blocking_notes: list[NoteRule] = Field(default_factory=list, max_length=len(NoteRule))
    hold_hours: int = Field(default=72, ge=1, le=240)  # how long a proposed time stays free
    meeting_minutes: int = Field(default=30, ge=15, le=180)

    @field_validator("blocking_notes")
    @classmethod
    def _once_each(cls, named: list[NoteRule]) -> list[NoteRule]:
        """In one order, so that the same choice is the same policy."""
        return [rule for rule in NoteRule if rule in named]

    def on_reply(self, intent: Intent) -> list[ReplyAction]:
        return actions_on(self.replies, intent)

    def autonomy_of(self, action: ActionClass) -> Autonomy:
        by_phone = action in (ActionClass.TEXT_MESSAGE, ActionClass.CALL)  # policies from before there was any
        return self.autonomy.get(action, Autonomy.PROPOSE if by_phone else Autonomy.APPROVE)


def set_policy(
    session: Session, clock: Clock, ids: Ids, policy: Policy, *, by: str, action: str = "policy.set"
) -> Policy:
    """Puts a policy in force as a new version, unless it says what the one in force says already.

    Approvals given under the version before are asked for again: a mail is approved under one policy. `action`: what
    the audit chain calls it. Raises Rejected.
    """
    if policy.window_start_hour >= policy.window_end_hour:
        raise Rejected(
            f"The hours from {policy.window_start_hour} to {policy.window_end_hour} leave no time to send in.",
            hint="The first hour must be before the last one.",
        )
    if below := below_floor(policy.replies):
        raise Rejected(f"This cannot be taken away: {'; '.join(below)}.", hint="Leave these actions in `replies`.")
    current = load_policy(session)
    if current.number and policy.model_copy(update={"number": current.number}) == current:
        return current
    number = current.number + 1
    row = PolicyRow(
        workspace_id=workspace_of(session),
        id=stable_id("policy", workspace_of(session), number),
        number=number,
        definition=policy.model_dump(mode="json", exclude={"number"}),
        created_by=by,
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    audit.append(
        session,
        clock,
        ids,
        actor=by,
        action=action,
        subject_kind="policy",
        subject_id=row.id,
        details={"number": number},
    )
    told = feed.Event(Kind.POLICY_CHANGED, row.id, VersionData(number=number), by)
    feed.publish(session, clock, [told])
    return policy.model_copy(update={"number": number})


def policy_version(session: Session, number: int) -> Policy:
    """Raises NotFound."""
    row = session.exec(select(PolicyRow).where(PolicyRow.number == number)).first()
    if row is None:
        raise NotFound(f"There is no policy {number}.")
    return Policy.model_validate({**row.definition, "number": row.number})


def load_policy(session: Session) -> Policy:
    """The policy in force in the session's workspace; the defaults where nobody set one."""
    row = session.exec(select(PolicyRow).order_by(col(PolicyRow.number).desc()).limit(1)).first()
    if row is None:
        return Policy()
    definition: dict[str, Any] = {**row.definition, "number": row.number}
    return Policy.model_validate(definition)
