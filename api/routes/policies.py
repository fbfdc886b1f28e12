"""The policy: what agents may do alone, when and how much; each change a new version."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from agents.policy import ActionClass, Autonomy, Policy
from agents.reply_policy import ReplyAction
from api import etags, paging
from api.actions import policies as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.views import policies as views
from api.views.policies import PolicyOut, PolicyVersion
from tools.deliverability.content import NoteRule
from tools.mail.intents import Intent

router = APIRouter(route_class=ControlRoute, tags=["policies"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


class PolicyInput(BaseModel):
    """The whole policy: what is left out has its careful default."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [Policy().model_dump(mode="json", exclude={"number"})]},
    )

    kill_switch: bool = Field(default=False, description="True: nothing is sent, whatever was approved.")
    autonomy: dict[ActionClass, Autonomy] = Field(
        default_factory=lambda: views.autonomy_of(Policy()),
        description="Of each kind of effect. Changing it needs the right `autonomy:write`.",
    )
    contacts_per_company: int = Field(default=3, ge=1, le=10)
    weekly_tier1_capacity: int | None = Field(default=None, ge=0, le=1_000_000)
    window_start_hour: int = Field(default=8, ge=0, le=23, description="In the recipient's zone, Monday to Friday.")
    window_end_hour: int = Field(default=18, ge=1, le=24)
    touches_per_contact: int = Field(default=10, ge=1, le=100, description="Unasked touches of one person.")
    touches_per_company: int = Field(default=30, ge=1, le=1_000, description="Of all people of one company together.")
    touch_budget_days: int = Field(default=30, ge=1, le=365, description="Both budgets, within so many days.")
    same_sender_per_company: bool = Field(default=True, description="One company is written to by one mailbox.")
    resume_after_colleague_days: int | None = Field(
        default=None, ge=1, le=250, description="Business days after which a sequence goes on. None: a person says so."
    )
    resume_undecided_days: int | None = Field(
        default=5, ge=1, le=250, description="Business days after a draft expired undecided. None: a person says so."
    )
    reentry_days: int | None = Field(
        default=90, ge=30, le=1_000, description="Days before a lead may come in again. None: never."
    )
    reentry_needs_signal: bool = Field(default=True, description="Only with a signal newer than the last touch.")
    track_clicks: bool = Field(default=False, description="Links lead through ours; never in the EU, EEA and UK.")
    track_opens: bool = Field(default=False, description="Images are loaded; never in the EU, EEA and UK.")
    legitimate_interest_assessment: str = Field(default="", max_length=10_000)
    buy_data: bool = Field(default=True, description="False: vendors are asked for what is free, and for nothing else.")
    right_tier_worth_minor: int = Field(
        default=200,
        ge=0,
        le=1_000_000,
        description="What one company in its right tier is worth, in minor units of money.",
    )
    company_data_ceiling_minor: int = Field(
        default=500,
        ge=0,
        le=10_000_000,
        description="The most that data of one company may cost in a year, in minor units.",
    )
    guess_at_catch_all: bool = Field(
        default=False,
        description="True: a likely address is used, as doubtful, at domains that take mail for any name.",
    )
    replies: dict[Intent, list[ReplyAction]] = Field(
        default_factory=lambda: Policy().replies,
        description="What each intent of a reply leads to. Opt-outs, erasures and legal threats always suppress.",
    )
    model_reads_replies: bool = Field(
        default=True, description="Replies that no rule understands are shown to the language model, where one is set."
    )
    blocking_notes: list[NoteRule] = Field(
        default_factory=list,
        max_length=len(NoteRule),
        description="Notes on words and links that hold a draft back until it is mended; the others are advice.",
    )
    hold_hours: int = Field(default=72, ge=1, le=240, description="How long a proposed time stays free.")
    meeting_minutes: int = Field(default=30, ge=15, le=180)


class KillSwitch(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"on": True}]})

    on: bool


@router.get("/policy", summary="The policy in force")
def get_policy(deps: Deps, caller: Caller) -> PolicyOut:
    with deps.database.read(caller.workspace_id) as session:
        return views.policy_out(session)


@router.put("/policy", summary="Put a policy in force, as a new version")
def put_policy(body: PolicyInput, deps: Deps, caller: Caller, if_match: etags.IfMatch = None) -> PolicyOut:
    """Mails that were approved under the version before are drafted and approved again."""
    return acts.put(deps, caller, Policy.model_validate(body.model_dump()), if_match=if_match)


@router.put("/policy/kill-switch", summary="Stop everything, or let it go on")
def put_kill_switch(body: KillSwitch, deps: Deps, caller: Caller) -> PolicyOut:
    return acts.kill_switch(deps, caller, on=body.on)


@router.get("/policy/versions", summary="Every version, the newest first, with what it changed")
def list_policy_versions(
    deps: Deps, caller: Caller, limit: paging.Limit = 50, cursor: paging.Cursor = None
) -> paging.Page[PolicyVersion]:
    with deps.database.read(caller.workspace_id) as session:
        return views.versions(session, limit=limit, cursor=cursor)


@router.get("/policy/versions/{number}", summary="One version of the policy")
def get_policy_version(number: Number, deps: Deps, caller: Caller) -> PolicyOut:
    with deps.database.read(caller.workspace_id) as session:
        return views.version(session, number)


@router.post("/policy/versions/{number}/restore", summary="Put what a version said in force again")
def restore_policy_version(number: Number, deps: Deps, caller: Caller) -> PolicyOut:
    """As a new version. The kill switch stays as it is."""
    return acts.go_back(deps, caller, number)
