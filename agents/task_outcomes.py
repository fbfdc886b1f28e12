"""How a call, a LinkedIn note or a text message went, and what follows from it: in the transaction that says so.

reached        the sequence waits for a person; a task asks what comes next
voicemail      nothing: the next step is taken as planned
no_answer      a call is tried again in the next business hours, three times in all
wrong_number   the number is forgotten, and with it every step by phone or text message
not_interested the lead is lost: no further step, drafts and proposals are taken back
call_back      a task at the hour that they named; the sequence waits until then
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlmodel import Session, col

from agents import by_hand, stopping
from agents.context import AgentContext
from agents.policy import load_policy
from agents.recipient_clock import clock_of
from core.errors import Conflict, Rejected
from core.ids import stable_id
from store import audit, bulk, feed
from store.feed_kinds import Kind
from store.models import Company, Contact, Customer, FieldEdit, Lead, LeadStage, Task, TaskState, Workspace


class TaskResult(StrEnum):
    REACHED = "reached"
    VOICEMAIL = "voicemail"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    NOT_INTERESTED = "not_interested"
    CALL_BACK = "call_back"


_CALL: Final = tuple(TaskResult)
_TEXT: Final = (TaskResult.REACHED, TaskResult.WRONG_NUMBER, TaskResult.NOT_INTERESTED, TaskResult.CALL_BACK)
_NOTE: Final = (TaskResult.REACHED, TaskResult.NOT_INTERESTED, TaskResult.CALL_BACK)
RESULTS: Final[Mapping[str, tuple[TaskResult, ...]]] = {
    "phone": _CALL,
    "call": _CALL,
    "sms": _TEXT,
    "linkedin": _NOTE,
}
FINAL_RESULTS: Final = (TaskResult.REACHED, TaskResult.WRONG_NUMBER, TaskResult.NOT_INTERESTED, TaskResult.CALL_BACK)
CALLS_IN_ALL: Final = 3  # a fourth unanswered call is a nuisance, and says nothing that the third did not
_PAUSE: Final = timedelta(hours=2)  # between two calls that nobody answered
_FURTHEST: Final = timedelta(days=366)
_AGAIN: Final = ":again"
_BY_NUMBER: Final = ("phone", "call", "sms")


def log_task(
    session: Session,
    context: AgentContext,
    task: Task,
    result: TaskResult,
    *,
    actor: str,
    note: str = "",
    call_back_at: datetime | None = None,
) -> str:
    """Ends the task, which the caller has locked. Returns what follows, in a sentence.

    The same word a second time changes nothing. Raises Conflict (dropped, or ended with another word), Rejected.
    """
    if result not in RESULTS.get(task.kind, ()):
        raise Rejected(
            f"“{result.value}” is no outcome of a task of the kind {task.kind}.",
            hint=f"It takes: {', '.join(RESULTS.get(task.kind, ())) or 'done, with a note'}.",
            code="wrong_outcome",
        )
    if task.state is not TaskState.OPEN:
        if task.result == result.value:
            return "It was logged before."
        raise Conflict(
            f"The task is {task.state.value} already{f' ({task.result})' if task.result else ''}.",
            hint="Somebody was faster: reload the page.",
        )
    now = context.clock.now()
    if result is TaskResult.CALL_BACK:
        _check_time(call_back_at, now)
    task.state, task.done_at, task.result, task.outcome = TaskState.DONE, now, result.value, note.strip()[:1_000]
    session.add(task)
    session.flush()
    feed.publish(session, context.clock, [feed.task(Kind.TASK_DONE, task.model_dump(), actor)])
    follows = _consequence(session, context, task, result, actor, call_back_at)
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=actor,
        action="task.logged",
        subject_kind="task",
        subject_id=task.id,
        details={"kind": task.kind, "result": result.value},
    )
    return follows


def drop_retry(session: Session, task: Task) -> None:
    """The call that was to follow an unanswered one, where that one is open after all."""
    session.execute(
        sa.update(Task)
        .where(col(Task.source_key) == task.source_key + _AGAIN, col(Task.state) == TaskState.OPEN)
        .values(state=TaskState.DROPPED)
        .execution_options(synchronize_session="fetch")
    )


def _consequence(
    session: Session, context: AgentContext, task: Task, result: TaskResult, actor: str, at: datetime | None
) -> str:
    lead = _lead(session, context, task)
    match result:
        case TaskResult.VOICEMAIL:
            return "The next step is taken as planned."
        case TaskResult.REACHED:
            if lead is not None:
                by_hand.pause_leads(session, context, [lead], actor=actor)
            _follow_up(
                session, context, task, "next_step", "Say what comes next: they were reached", context.clock.now()
            )
            return "The sequence waits; a task asks you what comes next."
        case TaskResult.NO_ANSWER:
            return _try_again(session, context, task)
        case TaskResult.CALL_BACK:
            assert at is not None  # checked above
            _follow_up(session, context, task, task.kind, task.title, at)
            if lead is not None:
                stopping.wait_until(session, context, lead, at, "They asked to be called back.")
            return "A task waits for the hour that they named, and so does the sequence."
        case TaskResult.WRONG_NUMBER:
            return _forget_number(session, context, task, actor)
        case TaskResult.NOT_INTERESTED:
            if lead is None:
                return "It is kept with the task."
            stopping.stop_lead(session, context, lead, LeadStage.LOST, "They said no.")
            _drop_others(session, task, tuple(RESULTS))
            return "The lead is lost: nothing more is sent in its sequence."


def _try_again(session: Session, context: AgentContext, task: Task) -> str:
    if task.source_key.count(_AGAIN) + 1 >= CALLS_IN_ALL:
        return f"That was call {CALLS_IN_ALL}: none follows. The next step is taken as planned."
    earliest = context.clock.now() + _PAUSE
    contact = _contact(session, context, task)
    due_at = earliest
    if contact is not None:
        company = session.get(Company, (context.workspace_id, contact.company_id))
        workspace = session.get(Workspace, context.workspace_id)
        home = workspace.time_zone if workspace is not None else "UTC"
        due_at = clock_of(contact, company).opening(earliest, home, load_policy(session))
    _follow_up(session, context, task, task.kind, task.title, due_at)
    return "It is tried again in their next business hours."


def _forget_number(session: Session, context: AgentContext, task: Task, actor: str) -> str:
    """As a person's edit: who said so, and what stood there, is kept."""
    _drop_others(session, task, _BY_NUMBER)
    contact = _contact(session, context, task)
    if contact is None or contact.phone_sealed is None:
        return "No number was known of them; nothing else changes."
    number = context.sealer.open(contact.phone_sealed, context=f"contact|phone|{contact.id}")
    edit = FieldEdit(
        workspace_id=context.workspace_id,
        id=context.ids.new(),
        subject_kind="contact",
        subject_id=contact.id,
        company_id=contact.company_id,
        field="phone",
        by=actor,
        at=context.clock.now(),
    )
    edit.before_sealed = context.sealer.seal(number, context=f"field_edit|before|{edit.id}")
    edit.after_sealed = context.sealer.seal("", context=f"field_edit|after|{edit.id}")
    contact.phone_sealed, contact.updated_at = None, context.clock.now()
    session.add_all([contact, edit])
    return "The number is forgotten; steps that need one are skipped."


def _follow_up(session: Session, context: AgentContext, task: Task, kind: str, title: str, due_at: datetime) -> None:
    key = task.source_key + (_AGAIN if kind == task.kind else f":{kind}")
    task_id = stable_id("task", context.workspace_id, key)
    script = None
    if task.script_sealed and kind == task.kind:
        words = context.sealer.open(task.script_sealed, context=f"task|script|{task.id}")
        script = context.sealer.seal(words, context=f"task|script|{task_id}")
    row = {
        "id": task_id,
        "source_key": key,
        "subject_kind": task.subject_kind,
        "subject_id": task.subject_id,
        "play_id": task.play_id,
        "kind": kind,
        "title": title,
        "script_sealed": script,
        "assignee_id": task.assignee_id,
        "due_at": due_at,
        "created_at": context.clock.now(),
    }
    if bulk.insert_ignore(session, Task, [row]):
        feed.publish(session, context.clock, [feed.task(Kind.TASK_MADE, row, "system")])
        return
    # The first call was reopened and nobody answered again: the one that was dropped with it waits anew.
    session.execute(
        sa.update(Task)
        .where(col(Task.source_key) == key, col(Task.state) == TaskState.DROPPED)
        .values(state=TaskState.OPEN, due_at=due_at)
        .execution_options(synchronize_session="fetch")
    )


def _drop_others(session: Session, task: Task, kinds: tuple[str, ...]) -> None:
    session.execute(
        sa.update(Task)
        .where(
            col(Task.subject_id) == task.subject_id,
            col(Task.kind).in_(kinds),
            col(Task.state) == TaskState.OPEN,
            col(Task.id) != task.id,
        )
        .values(state=TaskState.DROPPED)
        .execution_options(synchronize_session="fetch")
    )


def _lead(session: Session, context: AgentContext, task: Task) -> Lead | None:
    if task.subject_kind != "lead":
        return None
    return session.get(Lead, (context.workspace_id, task.subject_id), with_for_update=True)


def _contact(session: Session, context: AgentContext, task: Task) -> Contact | None:
    key = (context.workspace_id, task.subject_id)
    subject = session.get(Lead, key) if task.subject_kind == "lead" else session.get(Customer, key)
    if subject is None or subject.contact_id is None:
        return None
    return session.get(Contact, (context.workspace_id, subject.contact_id), with_for_update=True)


def _check_time(at: datetime | None, now: datetime) -> None:
    if at is None or not now < at <= now + _FURTHEST:
        raise Rejected(
            "Say when to call back: a time from now on, within a year.",
            hint="As in 2026-06-03T10:30.",
            code="call_back_at",
        )
