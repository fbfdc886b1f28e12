"""What a person allows. A policy is data, versioned in the store; the highest number is in force."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from store.models import PolicyRow


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
        }
    )
    contacts_per_company: int = Field(default=3, ge=1, le=10)
    weekly_tier1_capacity: int | None = Field(default=None, ge=0)  # None: no demotion by capacity
    window_start_hour: int = Field(default=8, ge=0, le=23)  # in the recipient's zone, Monday to Friday
    window_end_hour: int = Field(default=18, ge=1, le=24)
    # The balancing test of GDPR Art. 6(1)(f), or where it is filed. Empty: contacts whose country asks for it wait.
    legitimate_interest_assessment: str = ""
    hold_hours: int = Field(default=72, ge=1, le=240)  # how long a proposed time stays free
    meeting_minutes: int = Field(default=30, ge=15, le=180)

    def autonomy_of(self, action: ActionClass) -> Autonomy:
        return self.autonomy.get(action, Autonomy.APPROVE)


def load_policy(session: Session) -> Policy:
    """The policy in force in the session's workspace; the defaults where nobody set one."""
    row = session.exec(select(PolicyRow).order_by(col(PolicyRow.number).desc()).limit(1)).first()
    if row is None:
        return Policy()
    definition: dict[str, Any] = {**row.definition, "number": row.number}
    return Policy.model_validate(definition)
