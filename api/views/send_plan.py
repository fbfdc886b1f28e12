"""The send plan as it is shown: when it ends, what holds it, and each waiting mail with its day or its rule."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from agents.context import AgentContext
from agents.send_plan import PlannedSend, SendPlan, send_plan
from api import paging

_DAYS = 60  # shown a day each; what is behind them is in the sum


class PlannedDay(BaseModel):
    day: date
    mails: int


class HeldBack(BaseModel):
    code: str
    text: str
    mails: int


class MailboxPlanView(BaseModel):
    mailbox_id: UUID
    address: str
    waiting: int  # mails that will leave as things stand
    finish_on: date | None
    sent_today: int
    limit_today: int
    daily_cap: int
    warming_up: bool
    closed: str  # why nothing leaves from it now; empty: it does


class SendPlanView(BaseModel):
    """A projection, not a promise: `assumptions` says of what."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "at": "2026-06-02T14:00:00Z",
                    "finish_on": "2026-06-19",
                    "leaving": 420,
                    "held": 12,
                    "late": 130,
                    "mailboxes_needed": 3,
                    "days": [{"day": "2026-06-02", "mails": 50}],
                    "days_behind": 0,
                    "mailboxes": [
                        {
                            "mailbox_id": "0192c1a0-0000-7000-8000-000000000004",
                            "address": "ann@sales.example",
                            "waiting": 420,
                            "finish_on": "2026-06-19",
                            "sent_today": 0,
                            "limit_today": 50,
                            "daily_cap": 50,
                            "warming_up": False,
                            "closed": "",
                        }
                    ],
                    "held_back": [
                        {"code": "no_address", "text": "No address that works is known.", "mails": 12},
                    ],
                    "assumptions": ["People decide on 40 drafts a weekday, as in the last two weeks."],
                }
            ]
        }
    )

    at: datetime
    finish_on: date | None  # None: nothing will leave as things stand
    leaving: int
    held: int
    late: int  # leave after the day on which they are due, for want of capacity or of an approval
    mailboxes_needed: int | None
    days: list[PlannedDay]
    days_behind: int  # mails that leave after the days that are shown
    mailboxes: list[MailboxPlanView]
    held_back: list[HeldBack]
    assumptions: list[str]


class PlannedTouchView(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "touch_id": "0192c1a0-0000-7000-8000-000000000005",
                    "lead_id": "0192c1a0-0000-7000-8000-000000000006",
                    "mailbox_id": "0192c1a0-0000-7000-8000-000000000004",
                    "number": 1,
                    "state": "planned",
                    "due_at": "2026-06-02T12:00:00Z",
                    "leaves_on": "2026-06-03",
                    "rule": "cap",
                    "text": "The mailbox's daily cap is reached: 50 mails today.",
                    "needs_person": False,
                }
            ]
        }
    )

    touch_id: UUID
    lead_id: UUID
    mailbox_id: UUID
    number: int
    state: str
    due_at: datetime
    leaves_on: date | None
    rule: str  # the first that keeps it from leaving now
    text: str
    needs_person: bool  # time alone does not lift the rule


def plan_view(plan: SendPlan) -> SendPlanView:
    leaving = sum(plan.by_day.values())
    days = list(plan.by_day.items())
    return SendPlanView(
        at=plan.at,
        finish_on=plan.finish_on,
        leaving=leaving,
        held=sum(count for _, count in plan.held),
        late=plan.late,
        mailboxes_needed=plan.mailboxes_needed,
        days=[PlannedDay(day=day, mails=mails) for day, mails in days[:_DAYS]],
        days_behind=sum(mails for _, mails in days[_DAYS:]),
        mailboxes=[
            MailboxPlanView(
                mailbox_id=box.id,
                address=box.address,
                waiting=box.waiting,
                finish_on=box.finish_on,
                sent_today=box.standing.sent,
                limit_today=box.standing.limit,
                daily_cap=box.daily_cap,
                warming_up=box.standing.warming_up,
                closed=box.closed,
            )
            for box in plan.mailboxes
        ],
        held_back=[HeldBack(code=held.code, text=held.text, mails=count) for held, count in plan.held],
        assumptions=assumptions_of(plan),
    )


def assumptions_of(plan: SendPlan) -> list[str]:
    if plan.approvals_a_day is None:
        decided = "Nobody decided on a draft in the last two weeks: the plan takes each to be approved on its day."
    else:
        decided = f"People decide on {plan.approvals_a_day} drafts a weekday, as in the last two weeks."
    return [
        decided,
        "A mail that leaves late moves the later steps of its sequence by as much.",
        "Nobody answers, opts out or bounces: each of them makes the plan shorter.",
    ]


def touches(
    session: Session,
    context: AgentContext,
    *,
    limit: int,
    cursor: str | None,
    mailbox_id: UUID | None = None,
    lead_id: UUID | None = None,
    rule: str = "",
) -> paging.Page[PlannedTouchView]:
    """By the day on which they leave; those that a person must free come last. Raises Rejected for a foreign cursor."""
    found = send_plan(session, context, mailbox_id=mailbox_id, lead_id=lead_id).touches
    if rule:
        found = [each for each in found if each.held.code == rule]
    start = 0
    if (key := paging.decode(cursor, 2)) is not None:
        at, last = paging.moment_and_id(key)
        start = next((n + 1 for n, each in enumerate(found) if each.touch.id == last), None) or sum(
            each.touch.due_at <= at for each in found
        )
    page = found[start : start + limit]
    more = start + limit < len(found)
    tail = page[-1].touch if page else None
    return paging.Page(
        items=[touch_view(each) for each in page],
        next=paging.encode(tail.due_at.isoformat(), str(tail.id)) if more and tail else None,
    )


def touch_view(each: PlannedSend) -> PlannedTouchView:
    return PlannedTouchView(
        touch_id=each.touch.id,
        lead_id=each.touch.lead_id,
        mailbox_id=each.touch.mailbox_id,
        number=each.touch.number,
        state=each.touch.state,
        due_at=each.touch.due_at,
        leaves_on=each.leaves_on,
        rule=each.held.code,
        text=each.held.text,
        needs_person=each.held.final,
    )
