"""The set-up guide: from nothing to the first approved mail. Each step's state is read from the store, never kept."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, SQLModel, col, select

from agents.context import AgentContext
from agents.policy import load_policy
from api.views.departure import departures
from api.views.settings import workspace_out
from core.settings import DeliveryMode
from store.models import (
    Approval,
    ApprovalState,
    Company,
    Contact,
    Draft,
    DraftState,
    Icp,
    Lead,
    Mailbox,
    MailboxState,
    Run,
    RunState,
    Touch,
    TouchState,
    User,
)
from store.queries import pulse

_LATE = timedelta(minutes=2)  # a worker's pulse is kept every half minute


class StepState(StrEnum):
    DONE = "done"
    TODO = "todo"  # a person does it
    WORKING = "working"  # the machine is at it
    STUCK = "stuck"  # the machine cannot go on; `summary` says why
    LATER = "later"  # a step before it is not done


class SetupStep(BaseModel):
    code: str
    title: str
    state: StepState
    summary: str = Field(description="What is there, or what to do.")
    href: str = Field(description="The page of the console where it is done, or seen.")


class Setup(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "done": 1,
                    "of": 9,
                    "next": "offer",
                    "complete": False,
                    "worker_running": True,
                    "steps": [
                        {"code": "workspace", "title": "Who you are", "state": "done", "summary": "Ledgerline Ltd, IE",
                         "href": "/settings"},
                        {"code": "offer", "title": "What you sell", "state": "todo",
                         "summary": "Drafts say nothing of it that you do not write here.", "href": "/settings"},
                    ],
                    "optional": [
                        {"code": "second_factor", "title": "A second factor", "state": "todo",
                         "summary": "A code beside your password.", "href": "/account"},
                    ],
                    "leaves": {"delivery": "folder", "sent": 0, "at": None, "held": "", "lead_id": None},
                }
            ]
        }
    )  # fmt: skip

    done: int
    of: int
    next: str | None = Field(description="The code of the first step that is not done; null: all are.")
    complete: bool
    worker_running: bool = Field(description="False: nothing is looked up, drafted or sent until one runs.")
    steps: list[SetupStep]
    optional: list[SetupStep]
    leaves: "Leaves"


class Leaves(BaseModel):
    """What became of the first approved mail."""

    delivery: DeliveryMode
    sent: int
    at: datetime | None = Field(description="When the first approved mail leaves, at the earliest.")
    held: str = Field(description="Why it does not.")
    lead_id: UUID | None


class _Step(BaseModel):
    code: str
    title: str
    done: bool
    summary: str
    href: str
    state: StepState = StepState.TODO  # when it is its turn


def setup(session: Session, context: AgentContext, *, user_id: UUID | None = None) -> Setup:
    """In a constant number of statements."""
    now = context.clock.now()
    found = [
        *_own(session, context.workspace_id),
        _policy(session),
        _icp(session),
        _companies(session),
        _run(session),
        _drafts(session, now),
        _approval(session),
    ]
    steps, current = [], None
    for step in found:
        if step.done:
            state = StepState.DONE
        elif current is None:
            current, state = step.code, step.state
        else:
            state = StepState.LATER
        steps.append(SetupStep(code=step.code, title=step.title, state=state, summary=step.summary, href=step.href))
    last = pulse.last(session)
    return Setup(
        done=sum(step.done for step in found),
        of=len(found),
        next=current,
        complete=current is None,
        worker_running=last is not None and now - last.seen_at <= _LATE,
        steps=steps,
        optional=_optional(session, context, user_id),
        leaves=_leaves(session, context),
    )


def is_empty(session: Session) -> bool:
    """Nothing to look at yet: no company, and nothing ever drafted."""
    return not _any(session, Company) and not _any(session, Draft)


def _own(session: Session, workspace_id: UUID) -> list[_Step]:
    shown = workspace_out(session, workspace_id)
    who = f"{shown.name}, {' '.join(shown.postal_address.split())}" if shown.postal_address else ""
    offer = f"{shown.offer.product} {shown.offer.value_line}." if shown.offer else shown.offer_problem
    mailbox = session.exec(
        select(Mailbox).where(Mailbox.state == MailboxState.ACTIVE).order_by(col(Mailbox.created_at), col(Mailbox.id))
    ).first()
    as_files = mailbox is not None and mailbox.transport == "folder"
    return [
        _Step(
            code="workspace", title="Who you are", done=bool(who), href="/settings",
            summary=who or "Your name and postal address stand in every mail, as the law asks.",
        ),
        _Step(
            code="offer", title="What you sell", done=shown.offer is not None, href="/settings",
            summary=offer or "Drafts say nothing of it that you do not write here.",
        ),
        _Step(
            code="mailbox", title="Who writes", done=mailbox is not None, href="/mailboxes",
            summary=f"{mailbox.display_name}, {mailbox.address}{': mails become files' if as_files else ''}"
            if mailbox else "An address of yours. To begin with, its mails become files, and none leaves.",
        ),
    ]  # fmt: skip


def _policy(session: Session) -> _Step:
    policy = load_policy(session)
    there = bool(policy.legitimate_interest_assessment.strip())
    return _Step(
        code="policy", title="Why you may write", done=there, href="/policies",
        summary="The balancing test is on file." if there
        else "In much of Europe, unasked mail at work needs a legitimate interest, weighed and on file (GDPR Art. 6).",
    )  # fmt: skip


def _icp(session: Session) -> _Step:
    query = select(Icp.name).where(col(Icp.archived_at).is_(None)).order_by(col(Icp.created_at).desc(), col(Icp.id))
    name = session.exec(query.limit(1)).first()
    return _Step(
        code="icp", title="Whom you want", done=name is not None, href="/icps",
        summary=name or "The kind of company you want as a customer: its ICP.",
    )  # fmt: skip


def _companies(session: Session) -> _Step:
    companies, people = _count(session, Company), _count(session, Contact)
    if people:
        summary = f"{companies:,} companies, {people:,} people."
    elif companies:
        summary = f"{companies:,} companies are here, and nobody to write to: import people, too."
    else:
        summary = "Import lists of companies and people, or try it with invented ones."
    return _Step(code="companies", title="Companies and people", done=people > 0, href="/imports", summary=summary)


def _run(session: Session) -> _Step:
    run = session.exec(select(Run).order_by(col(Run.created_at).desc(), col(Run.id).desc()).limit(1)).first()
    done = _any(session, Run, col(Run.state) == RunState.DONE)
    step = _Step(
        code="run", title="Let the agents look", done=done, href="/runs",
        summary="Agents keep the companies that fit, find the right people there, and rank them.",
    )  # fmt: skip
    if run is None:
        return step
    step.href = f"/runs/{run.id}"
    if done:
        leads = _count(session, Lead)
        step.summary = f"{leads:,} {'person is' if leads == 1 else 'people are'} ranked."
    elif run.state in (RunState.RUNNING, RunState.PENDING):
        step.state = StepState.WORKING
        step.summary = f"Looked at {run.companies_seen:,} companies so far, and kept {run.companies_kept:,}."
    elif run.state is not RunState.CANCELLED:
        step.state = StepState.STUCK
        step.summary = run.error or "The run is paused: resume it."
    return step


def _drafts(session: Session, now: datetime) -> _Step:
    count = _count(session, Approval)
    step = _Step(code="drafts", title="The first drafts", done=count > 0, href="/approvals", summary="")
    if count:
        step.summary = f"{count:,} {'draft' if count == 1 else 'drafts'} so far."
        return step
    first = sa.and_(col(Touch.number) == 1, col(Touch.state) == TouchState.PLANNED)
    planned, due = session.execute(
        sa.select(
            sa.func.count(),
            sa.func.sum(sa.case((col(Touch.due_at) <= now, 1), else_=0)),
        )
        .select_from(Touch)
        .where(first)
    ).one()
    if due:
        step.state, step.summary = StepState.WORKING, "The first mails are being written."
    elif planned:
        step.summary = (
            f"{planned:,} first mails are planned, each for its recipient's working hours. You need not wait to read "
            "them: what you approve still leaves in those hours only."
        )
    else:
        step.state, step.href = StepState.STUCK, "/leads"
        step.summary = _why_none(session)
    return step


def _why_none(session: Session) -> str:
    blocked = session.exec(
        select(Touch.block_reason).where(Touch.state == TouchState.BLOCKED).order_by(col(Touch.id)).limit(1)
    ).first()
    if blocked:
        return f"The first mails were held back: {blocked}"
    if _any(session, Lead):
        return (
            "Nobody ranked high enough for a sequence: widen the ICP, or import companies that fit it, and run again."
        )
    return "The run found nobody to write to: widen the ICP, or import companies and people that fit it, and run again."


def _approval(session: Session) -> _Step:
    counted = session.execute(sa.select(col(Approval.state), sa.func.count()).group_by(col(Approval.state)))
    states: dict[ApprovalState, int] = dict(counted.all())
    waiting, approved = states.get(ApprovalState.PENDING, 0), states.get(ApprovalState.APPROVED, 0)
    if approved:
        summary = f"{approved:,} approved. Nothing else leaves."
    elif waiting:
        summary = f"{waiting:,} wait for you. Read one, look at where each claim comes from, and approve it."
    else:
        summary = "You read each mail, with where each claim comes from, before it leaves."
    return _Step(
        code="approval", title="Your first approval", done=approved > 0, href="/approvals", summary=summary,
        state=StepState.TODO if waiting else StepState.WORKING,
    )  # fmt: skip


def _leaves(session: Session, context: AgentContext) -> Leaves:
    sent = session.execute(
        sa.select(sa.func.count()).select_from(Draft).where(col(Draft.state) == DraftState.SENT)
    ).scalar_one()
    query = select(Approval).where(Approval.state == ApprovalState.APPROVED)
    first = session.exec(query.order_by(col(Approval.decided_at), col(Approval.id)).limit(1)).first()
    left = departures(session, context, [first.id]).get(first.id) if first is not None else None
    return Leaves(
        delivery=context.settings.delivery,
        sent=sent,
        at=left.at if left else None,
        held=left.held if left else "",
        lead_id=first.lead_id if first is not None else None,
    )


def _optional(session: Session, context: AgentContext, user_id: UUID | None) -> list[SetupStep]:
    user = session.get(User, (context.workspace_id, user_id)) if user_id else None
    colleagues = (
        session.execute(sa.select(sa.func.count()).select_from(User).where(col(User.active).is_(True))).scalar_one() - 1
    )
    settings = context.settings
    model = bool(settings.llm_base_url and settings.llm_model)

    def step(code: str, title: str, done: bool, summary: str, href: str) -> SetupStep:
        state = StepState.DONE if done else StepState.TODO
        return SetupStep(code=code, title=title, state=state, summary=summary, href=href)

    found = [
        step(
            "colleagues", "Colleagues", colleagues > 0,
            f"{colleagues:,} besides you." if colleagues > 0 else "Reps approve their own; roles say who may what.",
            "/people",
        ),
        step(
            "language_model", "A language model", model,
            "It words what agents planned." if model
            else "Templates write until one is set up on the server; it only ever words what agents planned.",
            "/settings",
        ),
    ]  # fmt: skip
    if user is not None:
        proven = user.totp_confirmed_at is not None
        said = "On." if proven else "A code beside your password, from an app on your phone."
        found.insert(0, step("second_factor", "A second factor", proven, said, "/account"))
    return found


def _any(session: Session, model: type[SQLModel], *where: Any) -> bool:
    query = sa.select(sa.literal(1)).select_from(model).where(*where).limit(1)
    return session.execute(query).first() is not None


def _count(session: Session, model: type[SQLModel]) -> int:
    return int(session.execute(sa.select(sa.func.count()).select_from(model)).scalar_one())


Setup.model_rebuild()
